// A program that single-steps itself with the trap flag gets one SIGTRAP for each instruction.
#include "victim.h"

static volatile int seen;

static void OnTrap(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  EXPECT_EQ(info->si_code, TRAP_TRACE);
  ++seen;
}

int main(void) {
  SetHandler(SIGTRAP, OnTrap, 0);
  __asm__ volatile(
      "subq $128, %%rsp\n"  // past the red zone
      "pushfq\n"
      "orq $0x100, (%%rsp)\n"
      "popfq\n"
      "nop\n"
      "nop\n"
      "nop\n"
      "pushfq\n"
      "andq $~0x100, (%%rsp)\n"
      "popfq\n"
      "addq $128, %%rsp\n"
      :
      :
      : "memory", "cc");
  // Three nops, pushfq, andq, popfq.
  EXPECT_EQ(seen, 6);
  Succeed();
}
