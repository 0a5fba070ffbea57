// clone with CLONE_UNTRACED, by both ABIs: the child is traced all the same (it cannot ask to be,
// ptrace(2)), and neither it nor its parent finds another number in the register of the flags than
// was put there.
#include <sched.h>
#include <stdint.h>
#include <sys/ptrace.h>

#include "victim.h"

enum { kChildren = 100, kSawAll = 7 };

// In the child too: what is in the flags' register behind the call.
static long Clone(uint64_t* flags) {
  long result;
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result), "+D"(*flags)
                   : "a"((long)SYS_clone), "S"(0L), "d"(0L), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

static long CloneByInt80(uint64_t* flags) {
  const long kClone = 120;
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result), "+b"(*flags)
                   : "a"(kClone), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
                   : "r8", "r9", "r10", "r11", "memory");
  return (int)result;
}

static void Try(long (*clone)(uint64_t*), uint64_t more) {
  const uint64_t asked = CLONE_UNTRACED | SIGCHLD | more;
  uint64_t flags = asked;
  const long pid = clone(&flags);
  if (pid == 0) {
    const int is_traced = ptrace(PTRACE_TRACEME, 0, 0, 0) == -1 && errno == EPERM;
    _exit(is_traced && flags == asked ? kSawAll : 1);
  }
  EXPECT(pid > 0);
  EXPECT_EQ(flags, asked);
  ExpectExit(pid, kSawAll);
}

int main(void) {
  for (int i = 0; i < kChildren; ++i) {
    Try(Clone, 0);
    Try(Clone, CLONE_PTRACE);
    Try(CloneByInt80, 0);
  }
  // What the kernel does not look at stays as it was, too.
  Try(Clone, 0x500000000);
  Succeed();
}
