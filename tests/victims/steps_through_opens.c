// A program that single-steps itself through a call whose path is looked at gets one SIGTRAP for
// each of its instructions, and nowhere else. Needs a policy that looks at the path of openat.
#include <stdint.h>
#include <ucontext.h>

#include "flipped_files.h"

extern const char first_step, last_step;

static volatile int seen;

static void OnTrap(int signal, siginfo_t* info, void* context) {
  (void)signal;
  EXPECT_EQ(info->si_code, TRAP_TRACE);
  const uintptr_t at = ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
  EXPECT(at > (uintptr_t)&first_step && at <= (uintptr_t)&last_step);
  ++seen;
}

static long OpenInSteps(const char* path) {
  long result = SYS_openat;
  __asm__ volatile(
      "subq $128, %%rsp\n"  // past the red zone
      "pushfq\n"
      "orq $0x100, (%%rsp)\n"
      "popfq\n"
      "first_step: nop\n"
      "syscall\n"
      "nop\n"
      "nop\n"
      "pushfq\n"
      "andq $~0x100, (%%rsp)\n"
      "popfq\n"
      "last_step: addq $128, %%rsp\n"
      : "+a"(result)
      : "D"((long)AT_FDCWD), "S"(path), "d"((long)(O_RDONLY | O_CLOEXEC))
      : "rcx", "r11", "memory", "cc");
  return result;
}

int main(void) {
  MakeFiles();
  SetHandler(SIGTRAP, OnTrap, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(OpenOne("./a"), 0);
    seen = 0;
    const long fd = OpenInSteps("./a");
    EXPECT(fd >= 0);
    close((int)fd);
    // A nop, the call with the nop behind it, another, pushfq, andq, popfq.
    EXPECT_EQ(seen, 6);
  }
  RemoveFiles();
  Succeed();
}
