// Has a filter of its own that says 0 for every seccomp(2) which no code of its own makes, and a
// thread that stays in such a call, for all threads (SECCOMP_FILTER_FLAG_TSYNC): the filter is in
// memory that nobody provides (userfaultfd(2)). Prints READY when it is there.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "own_filter.h"

static void LieToOthers(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x80000000, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
}

static void* MemoryOfNobody(void) {
  const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  EXPECT(fd >= 0);
  struct uffdio_api api = {.api = UFFD_API};
  EXPECT_EQ(ioctl(fd, UFFDIO_API, &api), 0);
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(page != MAP_FAILED);
  struct uffdio_register all = {{(uintptr_t)page, 4096}, UFFDIO_REGISTER_MODE_MISSING, 0};
  EXPECT_EQ(ioctl(fd, UFFDIO_REGISTER, &all), 0);
  return page;
}

static void* Installs(void* filter) {
  struct sock_fprog program = {1, filter};
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  Fail("it came back: errno %d", errno);
  return NULL;
}

// Nobody else can tell: the call is made, and waits.
static void AwaitCallOf(const char* path) {
  char call[16] = "";
  while (strncmp(call, "317 ", 4) != 0) {
    const int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    EXPECT(read(fd, call, sizeof(call) - 1) > 0);
    close(fd);
    sched_yield();
  }
}

static pid_t installer;

static void* Begins(void* filter) {
  __atomic_store_n(&installer, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
  return Installs(filter);
}

int main(void) {
  LieToOthers();
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Begins, MemoryOfNobody()), 0);
  while (__atomic_load_n(&installer, __ATOMIC_ACQUIRE) == 0) sched_yield();
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", installer);
  AwaitCallOf(path);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  while (1) pause();
}
