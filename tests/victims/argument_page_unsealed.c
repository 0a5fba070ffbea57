// Installs a filter that answers 0 to mseal without running it, and then puts memory of its own,
// which says "./r" all over, where its calls are made from. Needs a policy that refuses openat of
// "./r".
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "flipped_files.h"

enum { kMseal = 462 };

static void PretendToSeal(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMseal, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
  EXPECT_EQ(syscall(kMseal, NULL, 0, ~0UL), 0);
}

// Replaces every mapping of the supervisor's that it finds.
static void* Replace(void* unused) {
  while (1) {
    FILE* maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) continue;  // refused like the others
    char line[512];
    unsigned long begin = 0;
    unsigned long end = 0;
    while (fgets(line, sizeof(line), maps) != NULL) {
      if (strstr(line, "provost-arguments") == NULL) continue;
      EXPECT(sscanf(line, "%lx-%lx", &begin, &end) == 2);
      char* memory = mmap((void*)begin, end - begin, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      if (memory == MAP_FAILED) continue;
      for (size_t at = 0; at < end - begin; at += 4) memcpy(memory + at, "./r", 4);
    }
    fclose(maps);
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc == 1) {
    MakeFiles();
    PretendToSeal();
    // Nothing is there any more that was sealed.
    char inode[32];
    snprintf(inode, sizeof(inode), "%lu", (unsigned long)refused_file);
    execl("/proc/self/exe", argv[0], inode, NULL);
    Fail("execl: errno %d", errno);
  }
  refused_file = strtoul(argv[1], NULL, 10);
  pthread_t thread;
  EXPECT(pthread_create(&thread, NULL, Replace, NULL) == 0);
  for (int i = 0; i < 30; ++i) {
    const int opened = OpenOne("./a");
    EXPECT(opened == 0 || (opened == -1 && errno == ENOMEM));
  }
  RemoveFiles();
  Succeed();
}
