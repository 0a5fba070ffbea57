#include "supervisor/call_return.h"

#include <sys/mman.h>

#include <array>
#include <cstring>

#include "gtest/gtest.h"

namespace provost {
namespace {

// Goes to `entry` with `registers` (rdi, rsi, rdx, r10, r8, r9), and comes back from there to the
// address that `address` gets; `registers` are then as they are found there. True if rcx is that
// address.
bool GoBack(uint64_t entry, std::array<uint64_t, 6>& registers, char* address) {
  register uint64_t r10 asm("r10") = registers[3];
  register uint64_t r8 asm("r8") = registers[4];
  register uint64_t r9 asm("r9") = registers[5];
  uint64_t is_there = 0;
  asm volatile(
      "leaq 1f(%%rip), %%rcx\n\t"
      "movq %%rcx, (%%rbx)\n\t"
      "xorl %%ecx, %%ecx\n\t"
      "jmpq *%%rax\n"
      "1:\n\t"
      "cmpq %%rcx, (%%rbx)\n\t"
      "sete %%al\n\t"
      "movzbl %%al, %%eax\n\t"
      : "=a"(is_there), "+D"(registers[0]), "+S"(registers[1]), "+d"(registers[2]), "+r"(r10),
        "+r"(r8), "+r"(r9)
      : "0"(entry), "b"(address)
      : "rcx", "cc", "memory");
  registers[3] = r10;
  registers[4] = r8;
  registers[5] = r9;
  return is_there != 0;
}

class CallReturnTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    void* page = mmap(nullptr, CallReturn::kCodeSize, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(page, MAP_FAILED);
    code_ = static_cast<char*>(page);
    CallReturn::WriteCode(code_);
    ASSERT_EQ(mprotect(code_, CallReturn::kCodeSize, PROT_READ | PROT_EXEC), 0);
  }
  void TearDown() override { munmap(code_, CallReturn::kCodeSize); }

  char* code_ = nullptr;
};

// Behind its system call, which is what two bytes before it are.
TEST_P(CallReturnTest, RegistersAreAsTheyWereAsked) {
  const size_t base = GetParam();
  SyscallRequest asked;
  asked.args = {~uint64_t{0}, 0x8000000000000001, 3, 0x123456789abcdef0, 5, 6};
  alignas(16) std::array<char, CallReturn::kHeaderSize + 16> memory = {};
  CallReturn::WriteHeader(memory.data(), asked);
  std::array<uint64_t, 6> registers = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66};
  registers[base] = reinterpret_cast<uintptr_t>(memory.data() + CallReturn::kHeaderSize);
  const uint64_t entry = CallReturn(asked, base, reinterpret_cast<uintptr_t>(code_)).entry();
  EXPECT_EQ(memcmp(reinterpret_cast<const char*>(entry), "\x0f\x05", 2), 0);
  EXPECT_TRUE(GoBack(entry + 2, registers, memory.data() + 6 * sizeof(uint64_t)));
  EXPECT_EQ(registers, asked.args);
}

INSTANTIATE_TEST_SUITE_P(Bases, CallReturnTest, testing::Range(0, 6));

}  // namespace
}  // namespace provost
