// A call leaves every register alone but rax, rcx (the next instruction's address) and r11 (the
// flags).
#include <stdint.h>

#include "victim.h"

enum { kRbx, kRdx, kRsi, kRdi, kR8, kR9, kR10, kR12, kR13, kR14, kR15, kCount };

// Loads the registers from `values`, makes call `nr`, stores them back.
static uint64_t Call(uint64_t nr, uint64_t values[kCount], uint64_t* rcx, uint64_t* next) {
  uint64_t result;
  uint64_t after;
  uint64_t following;
  __asm__ volatile(
      "subq $128, %%rsp\n"  // past the red zone
      "pushq %%rbp\n"
      "pushq %[values]\n"
      "movq %[values], %%rbp\n"
      "movq 0(%%rbp), %%rbx\n"
      "movq 8(%%rbp), %%rdx\n"
      "movq 16(%%rbp), %%rsi\n"
      "movq 24(%%rbp), %%rdi\n"
      "movq 32(%%rbp), %%r8\n"
      "movq 40(%%rbp), %%r9\n"
      "movq 48(%%rbp), %%r10\n"
      "movq 56(%%rbp), %%r12\n"
      "movq 64(%%rbp), %%r13\n"
      "movq 72(%%rbp), %%r14\n"
      "movq 80(%%rbp), %%r15\n"
      "syscall\n"
      "1:\n"
      "popq %%rbp\n"
      "movq %%rbx, 0(%%rbp)\n"
      "movq %%rdx, 8(%%rbp)\n"
      "movq %%rsi, 16(%%rbp)\n"
      "movq %%rdi, 24(%%rbp)\n"
      "movq %%r8, 32(%%rbp)\n"
      "movq %%r9, 40(%%rbp)\n"
      "movq %%r10, 48(%%rbp)\n"
      "movq %%r12, 56(%%rbp)\n"
      "movq %%r13, 64(%%rbp)\n"
      "movq %%r14, 72(%%rbp)\n"
      "movq %%r15, 80(%%rbp)\n"
      "popq %%rbp\n"
      "addq $128, %%rsp\n"
      "leaq 1b(%%rip), %%rdx\n"
      : "=a"(result), "=c"(after), "=d"(following)
      : "0"(nr), [values] "1"(values)
      : "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
  *rcx = after;
  *next = following;
  return result;
}

int main(void) {
  uint64_t parent = getppid();
  for (uint64_t i = 1; i < 2000; ++i) {
    uint64_t values[kCount];
    uint64_t rcx;
    uint64_t next;
    for (uint64_t r = 0; r < kCount; ++r) values[r] = (i << 40) + i * 97 + r;
    EXPECT_EQ(Call(SYS_getppid, values, &rcx, &next), parent);
    for (uint64_t r = 0; r < kCount; ++r) EXPECT_EQ(values[r], (i << 40) + i * 97 + r);
    EXPECT_EQ(rcx, next);
  }
  Succeed();
}
