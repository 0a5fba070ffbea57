// Opens files, whose names a policy looks at, by every kind of task and in every kind of place: a
// fork, a vfork and a CLONE_VM child, threads, after execve, in a root without /proc, in namespaces
// of its own, with all descriptors closed. Finds no descriptor that it did not open, and its
// registers as they were. Needs a policy that refuses openat of "./r".
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>

#include "flipped_files.h"

static int Descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void ExpectOpens(void) {
  const int before = Descriptors();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(OpenOne("./a"), 0);
    EXPECT_EQ(OpenOne("./r"), -1);
    EXPECT_EQ(errno, EACCES);
  }
  EXPECT_EQ(Descriptors(), before);
}

static void ExpectRegisters(void) {
  static const char kPath[] = "./none";
  register uint64_t r10 __asm__("r10") = 0x123456789abcdef0;
  register uint64_t r8 __asm__("r8") = ~0ULL;
  register uint64_t r9 __asm__("r9") = 0x8000000000000000;
  uint64_t rdi = (uint64_t)AT_FDCWD;
  uint64_t rsi = (uintptr_t)kPath;
  uint64_t rdx = 0xffffffff00000000;
  uint64_t rbx = 77;
  int64_t rax = SYS_openat;
  __asm__ volatile("syscall"
                   : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9),
                     "+b"(rbx)
                   :
                   : "rcx", "r11", "memory");
  EXPECT_EQ(rax, -ENOENT);
  EXPECT_EQ(rdi, AT_FDCWD);
  EXPECT(rsi == (uintptr_t)kPath);
  EXPECT(rdx == 0xffffffff00000000);
  EXPECT(r10 == 0x123456789abcdef0 && r8 == ~0ULL && r9 == 0x8000000000000000 && rbx == 77);
}

static int CloneChild(void* unused) {
  ExpectOpens();
  return unused == NULL ? 4 : 5;
}

static void* ThreadMain(void* unused) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(OpenOne("./a"), 0);
  return unused;
}

static void InThreads(void) {
  enum { kThreads = 8 };
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    EXPECT(pthread_create(&threads[i], NULL, ThreadMain, NULL) == 0);
  }
  for (int i = 0; i < kThreads; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void InChildren(void) {
  static char stack[65536] __attribute__((aligned(16)));
  pid_t child = fork();
  if (child == 0) {
    ExpectOpens();
    InThreads();
    _exit(2);
  }
  ExpectExit(child, 2);
  child = vfork();
  if (child == 0) _exit(OpenOne("./a") == 0 && OpenOne("./r") == -1 ? 3 : 1);
  ExpectExit(child, 3);
  child = clone(CloneChild, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
  ExpectExit(child, 4);
}

// In a root of its own with nothing in it but the two files, where that is allowed.
static void InEmptyRoot(void) {
  const pid_t child = fork();
  if (child == 0) {
    const int is_alone =
        unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET) == 0;
    if (is_alone || geteuid() == 0) EXPECT(chroot(".") == 0);
    const pid_t inner = fork();
    if (inner == 0) {
      EXPECT(syscall(SYS_close_range, 3, ~0U, 0) == 0);
      ExpectOpens();
      InThreads();
      _exit(6);
    }
    ExpectExit(inner, 6);
    _exit(7);
  }
  ExpectExit(child, 7);
}

int main(int argc, char** argv) {
  if (argc == 1) {
    ExpectRegisters();
    MakeFiles();
  } else {
    struct stat status;
    EXPECT(stat("r", &status) == 0);
    refused_file = status.st_ino;
  }
  ExpectOpens();
  ExpectRegisters();
  InChildren();
  InEmptyRoot();
  if (argc < 3) {
    char* again[] = {argv[0], argc == 1 ? "again" : argv[1], argc == 1 ? NULL : "last", NULL};
    execv("/proc/self/exe", again);
    Fail("execv: errno %d", errno);
  }
  RemoveFiles();
  Succeed();
}
