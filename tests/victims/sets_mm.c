// Changes by prctl(PR_SET_MM) what the kernel says of its command line or of its program, in the
// way that its argument names; calls getppid(0xcafe) before and after.
//   map     the command line
//   int80   the same through the i386 entry
//   shared  by a child that shares its memory
//   exe     the program, to /usr/bin/true, once nothing of its own is mapped any more; it needs a
//           user namespace, and prints "may not" where it gets none
// All by PR_SET_MM_MAP (prctl(2)), the way that needs no privilege.
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "raw_syscall.h"
#include "victim.h"

enum { SAID = 0xcafe, I386_PRCTL = 172 };

// What is used through the i386 entry, and when nothing of the program is there.
struct place {
  char title[64];
  struct prctl_mm_map map;
};

static struct place* NewPlace(const char* way) {
  struct place* place = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  EXPECT(place != MAP_FAILED);
  snprintf(place->title, sizeof(place->title), "moved by %s", way);
  char stat[2048] = {0};
  const int fd = open("/proc/self/stat", O_RDONLY);
  EXPECT(read(fd, stat, sizeof(stat) - 1) > 0);
  close(fd);
  unsigned long long field[53] = {0};
  char* at = strrchr(stat, ')') + 4;  // behind the third field
  for (int i = 4; i <= 51; ++i) field[i] = strtoull(at, &at, 10);
  place->map =
      (struct prctl_mm_map){.start_code = field[26],
                            .end_code = field[27],
                            .start_stack = field[28],
                            .start_data = field[45],
                            .end_data = field[46],
                            .start_brk = field[47],
                            .brk = (unsigned long)sbrk(0),
                            .arg_start = (unsigned long)place->title,
                            .arg_end = (unsigned long)place->title + strlen(place->title) + 1,
                            .env_start = field[50],
                            .env_end = field[51],
                            .exe_fd = (uint32_t)-1};
  return place;
}

static int ByMap(void* place) {
  struct prctl_mm_map* map = &((struct place*)place)->map;
  EXPECT_EQ(prctl(PR_SET_MM, PR_SET_MM_MAP, map, sizeof(*map), 0), 0);
  return 0;
}

static void ByInt80(struct place* place) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "0"(I386_PRCTL), "b"(PR_SET_MM), "c"(PR_SET_MM_MAP), "d"(&place->map),
                     "S"(sizeof(place->map)), "D"(0)
                   : "r8", "r9", "r10", "r11", "memory");
  EXPECT_EQ(result, 0);
}

static void ByChild(struct place* place) {
  static char stack[65536];
  const pid_t child = clone(ByMap, stack + sizeof(stack), CLONE_VM | SIGCHLD, place);
  EXPECT(child > 0);
  ExpectExit(child, 0);
}

struct call {
  long nr, a, b, c, d, e;
  long expected;
  int is_checked;
};

// Makes the calls one after the other and never returns. Knows nothing but its argument: it runs
// from a copy when nothing else of the program is there.
__attribute__((noinline, noreturn, noclone)) static void Runs(const struct call* call) {
  for (;; ++call) {
    long result;
    register long r10 __asm__("r10") = call->d;
    register long r8 __asm__("r8") = call->e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(call->nr), "D"(call->a), "S"(call->b), "d"(call->c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    if (call->is_checked && result != call->expected) {
      __asm__ volatile("syscall" : : "a"((long)SYS_exit_group), "D"(3L) : "rcx", "r11", "memory");
    }
  }
}

static void ByExe(struct place* place) {
  if (unshare(CLONE_NEWUSER) != 0) {
    EXPECT(write(1, "may not\n", 8) == 8);
    Succeed();
  }
  const int fd = open("/usr/bin/true", O_RDONLY);
  EXPECT(fd >= 0);
  place->map.exe_fd = fd;
  char* code = (char*)place + 4096;
  struct call* calls = (struct call*)(code + 4096);
  char* last = code + 32768;
  memcpy(code, (const void*)Runs, 1024);
  strcpy(last, "EXIT-SUCCESS\n");
  int count = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  EXPECT(maps != NULL);
  char line[4096];
  unsigned long start, end;
  while (fgets(line, sizeof(line), maps) != NULL) {
    EXPECT_EQ(sscanf(line, "%lx-%lx", &start, &end), 2);
    if (strstr(line, "sets_mm") == NULL) continue;
    calls[count++] = (struct call){SYS_munmap, start, end - start, 0, 0, 0, 0, 1};
  }
  EXPECT(count > 0);
  calls[count++] = (struct call){
      SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&place->map, sizeof(place->map), 0, 0, 1};
  calls[count++] = (struct call){SYS_getppid, SAID, 0, 0, 0, 0, 0, 0};
  calls[count++] = (struct call){SYS_write, 1, (long)last, 13, 0, 0, 13, 1};
  calls[count++] = (struct call){SYS_exit_group, 0, 0, 0, 0, 0, 0, 0};
  ((void (*)(const struct call*))code)(calls);
}

int main(int argc, char** argv) {
  if (argc != 2) Fail("usage: sets_mm WAY");
  const char* way = argv[1];
  struct place* place = NewPlace(way);
  syscall(SYS_getppid, SAID);
  if (strcmp(way, "map") == 0) ByMap(place);
  if (strcmp(way, "int80") == 0) ByInt80(place);
  if (strcmp(way, "shared") == 0) ByChild(place);
  if (strcmp(way, "exe") == 0) ByExe(place);
  syscall(SYS_getppid, SAID);
  Succeed();
}
