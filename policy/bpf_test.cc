#include "policy/bpf.h"

#include <asm/unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;
using Program = std::vector<sock_filter>;

constexpr sock_filter Statement(int code, uint32_t k) {
  return {static_cast<uint16_t>(code), 0, 0, k};
}
constexpr sock_filter Branch(int op, uint32_t k, uint8_t jt, uint8_t jf, int source = BPF_K) {
  return {static_cast<uint16_t>(BPF_JMP | op | source), jt, jf, k};
}
constexpr sock_filter kReturnA = Statement(BPF_RET | BPF_A, 0);
constexpr sock_filter Ret(uint32_t k) { return Statement(BPF_RET | BPF_K, k); }
constexpr sock_filter LoadA(uint32_t k) { return Statement(BPF_LD | BPF_IMM, k); }
constexpr sock_filter LoadX(uint32_t k) { return Statement(BPF_LDX | BPF_IMM, k); }
constexpr sock_filter Field(uint32_t offset) { return Statement(BPF_LD | BPF_W | BPF_ABS, offset); }
constexpr sock_filter Alu(int op, uint32_t k) { return Statement(BPF_ALU | op | BPF_K, k); }
constexpr sock_filter AluX(int op) { return Statement(BPF_ALU | op | BPF_X, 0); }

seccomp_data Data() {
  return ToSeccompData(
      {.arch = AUDIT_ARCH_X86_64,
       .nr = 257,
       .args = {0x1111111122222222, 0x3333333344444444, 3, 4, 5, 0xaaaaaaaabbbbbbbb},
       .ip = 0x7766554433221100,
       .sp = 1});
}

TEST(ToSeccompData, HasWhatTheKernelGives) {
  const seccomp_data data = Data();
  EXPECT_EQ(data.nr, 257);
  EXPECT_EQ(data.arch, uint32_t{AUDIT_ARCH_X86_64});
  EXPECT_EQ(data.instruction_pointer, 0x7766554433221100u);
  EXPECT_EQ(data.args[0], 0x1111111122222222u);
  EXPECT_EQ(data.args[5], 0xaaaaaaaabbbbbbbbu);
}

struct RunRow {
  const char* what;
  Program program;
  uint32_t answer;
  int executed;
};

const RunRow kRunRows[] = {
    {"nr", {Field(0), kReturnA}, 257, 2},
    {"arch", {Field(4), kReturnA}, AUDIT_ARCH_X86_64, 2},
    {"ip, low half", {Field(8), kReturnA}, 0x33221100, 2},
    {"ip, high half", {Field(12), kReturnA}, 0x77665544, 2},
    {"args[0], low half", {Field(16), kReturnA}, 0x22222222, 2},
    {"args[0], high half", {Field(20), kReturnA}, 0x11111111, 2},
    {"args[5], high half", {Field(60), kReturnA}, 0xaaaaaaaa, 2},
    {"A starts as 0", {kReturnA}, 0, 1},
    {"X starts as 0", {LoadA(5), Statement(BPF_MISC | BPF_TXA, 0), kReturnA}, 0, 3},
    {"length", {Statement(BPF_LD | BPF_W | BPF_LEN, 0), kReturnA}, 64, 2},
    {"length into X",
     {Statement(BPF_LDX | BPF_W | BPF_LEN, 0), Statement(BPF_MISC | BPF_TXA, 0), kReturnA},
     64,
     3},
    {"scratch",
     {LoadA(7), Statement(BPF_ST, 15), LoadA(1), Statement(BPF_LD | BPF_MEM, 15), kReturnA},
     7,
     5},
    {"scratch by X",
     {LoadX(9), Statement(BPF_STX, 0), LoadX(1), Statement(BPF_LDX | BPF_MEM, 0),
      Statement(BPF_MISC | BPF_TXA, 0), kReturnA},
     9,
     6},
    {"copy to X",
     {LoadA(6), Statement(BPF_MISC | BPF_TAX, 0), LoadA(1), AluX(BPF_ADD), kReturnA},
     7,
     5},
    {"add wraps", {LoadA(0xffffffff), Alu(BPF_ADD, 2), kReturnA}, 1, 3},
    {"subtract wraps", {LoadA(1), Alu(BPF_SUB, 2), kReturnA}, 0xffffffff, 3},
    {"multiply wraps", {LoadA(0x10000), Alu(BPF_MUL, 0x10001), kReturnA}, 0x10000, 3},
    {"divide is unsigned", {LoadA(0xfffffffe), Alu(BPF_DIV, 2), kReturnA}, 0x7fffffff, 3},
    {"divide by X", {LoadA(7), LoadX(2), AluX(BPF_DIV), kReturnA}, 3, 4},
    {"divide by 0 returns 0", {LoadA(7), AluX(BPF_DIV), Ret(9)}, 0, 2},
    {"and", {LoadA(0xff), Alu(BPF_AND, 0xf0), kReturnA}, 0xf0, 3},
    {"or by X", {LoadA(0x0f), LoadX(0xf0), AluX(BPF_OR), kReturnA}, 0xff, 4},
    {"xor", {LoadA(0xff), Alu(BPF_XOR, 0x0f), kReturnA}, 0xf0, 3},
    {"shift left", {LoadA(0x80000001), Alu(BPF_LSH, 31), kReturnA}, 0x80000000, 3},
    {"shift right is logical", {LoadA(0x80000000), Alu(BPF_RSH, 31), kReturnA}, 1, 3},
    {"shift by X is masked", {LoadA(1), LoadX(33), AluX(BPF_LSH), kReturnA}, 2, 4},
    {"negate", {LoadA(1), Statement(BPF_ALU | BPF_NEG, 0), kReturnA}, 0xffffffff, 3},
    {"jump", {Statement(BPF_JMP | BPF_JA, 1), Ret(1), Ret(2)}, 2, 2},
    {"equal", {LoadA(5), Branch(BPF_JEQ, 5, 1, 0), Ret(1), Ret(2)}, 2, 3},
    {"not equal", {LoadA(5), Branch(BPF_JEQ, 6, 1, 0), Ret(1), Ret(2)}, 1, 3},
    {"greater is unsigned", {LoadA(0x80000000), Branch(BPF_JGT, 1, 1, 0), Ret(1), Ret(2)}, 2, 3},
    {"not greater than itself", {LoadA(5), Branch(BPF_JGT, 5, 1, 0), Ret(1), Ret(2)}, 1, 3},
    {"at least itself", {LoadA(5), Branch(BPF_JGE, 5, 1, 0), Ret(1), Ret(2)}, 2, 3},
    {"a bit set", {LoadA(6), Branch(BPF_JSET, 3, 1, 0), Ret(1), Ret(2)}, 2, 3},
    {"no bit set", {LoadA(8), Branch(BPF_JSET, 3, 1, 0), Ret(1), Ret(2)}, 1, 3},
    {"compare with X", {LoadA(5), LoadX(5), Branch(BPF_JEQ, 0, 1, 0, BPF_X), Ret(1), Ret(2)}, 2, 4},
};

TEST(RunBpf, DoesWhatTheKernelDoes) {
  for (const RunRow& row : kRunRows) {
    int executed = 0;
    const absl::StatusOr<uint32_t> answer = RunBpf(row.program, Data(), &executed);
    ASSERT_THAT(answer, IsOk()) << row.what;
    EXPECT_EQ(*answer, row.answer) << row.what;
    EXPECT_EQ(executed, row.executed) << row.what;
    EXPECT_THAT(VerifyBpf(row.program), IsOk()) << row.what;
  }
}

struct BadRow {
  Program program;
  const char* message;
};

const BadRow kBadRows[] = {
    {{}, "empty"},
    {Program(BPF_MAXINSNS + 1, Ret(0)), "4097"},
    {{Field(0)}, "instruction 0: the last instruction does not return"},
    {{Field(64), Ret(0)}, "outside seccomp_data"},
    {{Field(0xfffff000), Ret(0)}, "outside seccomp_data"},
    {{Field(2), Ret(0)}, "not aligned"},
    {{Statement(BPF_LD | BPF_H | BPF_ABS, 0), Ret(0)}, "no instruction"},
    {{Statement(BPF_LD | BPF_B | BPF_ABS, 0), Ret(0)}, "no instruction"},
    {{Statement(BPF_LD | BPF_W | BPF_IND, 0), Ret(0)}, "no instruction"},
    {{Statement(BPF_LDX | BPF_B | BPF_MSH, 0), Ret(0)}, "no instruction"},
    {{LoadA(7), Alu(BPF_MOD, 3), Ret(0)}, "instruction 1: 0x94 is no instruction"},
    {{Statement(BPF_RET | BPF_X, 0)}, "no instruction"},
    {{Statement(0xffff, 0), Ret(0)}, "no instruction"},
    {{Alu(BPF_DIV, 0), Ret(0)}, "division by zero"},
    {{Alu(BPF_LSH, 32), Ret(0)}, "shift"},
    {{Alu(BPF_RSH, 0xffffffff), Ret(0)}, "shift"},
    {{Statement(BPF_ST, 16), Ret(0)}, "scratch word outside"},
    {{Statement(BPF_LD | BPF_MEM, 16), Ret(0)}, "scratch word outside"},
    {{Statement(BPF_LD | BPF_MEM, 0), Ret(0)}, "never stored"},
    {{Statement(BPF_ST, 1), Statement(BPF_LDX | BPF_MEM, 0), Ret(0)}, "never stored"},
    {{Statement(BPF_JMP | BPF_JA, 1), Ret(0)}, "jump outside"},
    {{Statement(BPF_JMP | BPF_JA, 0xffffffff), Ret(0)}, "jump outside"},
    {{Branch(BPF_JEQ, 0, 1, 0), Ret(0)}, "jump outside"},
    {{Branch(BPF_JEQ, 0, 0, 1), Ret(0)}, "jump outside"},
    {{Branch(BPF_JEQ, 0, 255, 255), Ret(0)}, "instruction 0: jump outside"},
};

TEST(VerifyBpf, RefusesWhatTheKernelRefuses) {
  for (const BadRow& row : kBadRows) {
    EXPECT_THAT(VerifyBpf(row.program),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(row.message)));
  }
}

TEST(VerifyBpf, FollowsStoresAlongEveryPath) {
  const auto program = [](bool on_both) {
    return Program{
        Branch(BPF_JEQ, 0, 0, 2),                                // 0: to 1 or 3
        Statement(BPF_ST, 3),                                    // 1
        Statement(BPF_JMP | BPF_JA, 1),                          // 2: to 4
        on_both ? Statement(BPF_STX, 3) : Statement(BPF_ST, 4),  // 3
        Statement(BPF_LD | BPF_MEM, 3),                          // 4
        kReturnA,
    };
  };
  EXPECT_THAT(VerifyBpf(program(true)), IsOk());
  EXPECT_THAT(VerifyBpf(program(false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("instruction 4")));
}

TEST(VerifyBpf, TakesTheLongestProgram) {
  EXPECT_THAT(VerifyBpf(Program(BPF_MAXINSNS, Ret(0))), IsOk());
}

TEST(RunBpf, FailsWhereItComesToABadInstruction) {
  const Program program = {Field(0), Branch(BPF_JEQ, 257, 0, 1), Ret(1), Field(3), Ret(2)};
  seccomp_data data = Data();
  EXPECT_EQ(*RunBpf(program, data), 1u);
  data.nr = 1;
  EXPECT_THAT(RunBpf(program, data),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("instruction 3")));
  EXPECT_THAT(RunBpf(Program{Field(0)}, data),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("past the end")));
  EXPECT_THAT(RunBpf(Program{Statement(BPF_LD | BPF_MEM, 2), kReturnA}, data),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("never stored")));
}

TEST(SeccompActionToString, NamesEveryAction) {
  struct Row {
    uint32_t action;
    const char* text;
  };
  const Row rows[] = {
      {SECCOMP_RET_ALLOW, "ALLOW"},
      {SECCOMP_RET_LOG, "LOG"},
      {SECCOMP_RET_TRACE | 0x5076, "TRACE(0x5076)"},
      {SECCOMP_RET_TRACE, "TRACE(0x0)"},
      {SECCOMP_RET_USER_NOTIF, "USER_NOTIF"},
      {SECCOMP_RET_ERRNO | EACCES, "ERRNO(EACCES)"},
      {SECCOMP_RET_ERRNO, "ERRNO(0)"},
      {SECCOMP_RET_ERRNO | 4000, "ERRNO(4000)"},
      {SECCOMP_RET_TRAP, "TRAP"},
      {SECCOMP_RET_TRAP | 9, "TRAP(0x9)"},
      {SECCOMP_RET_KILL_THREAD, "KILL_THREAD"},
      {SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS"},
      {0x12340001, "0x12340001"},
  };
  for (const Row& row : rows) EXPECT_EQ(SeccompActionToString(row.action), row.text);
}

TEST(DisassembleBpf, NamesFieldsCallsAndActions) {
  const Program program = {
      Field(4),
      Branch(BPF_JEQ, AUDIT_ARCH_X86_64, 2, 0),
      Branch(BPF_JEQ, AUDIT_ARCH_I386, 8, 0),
      Ret(SECCOMP_RET_KILL_PROCESS),
      Field(0),
      Branch(BPF_JGE, __NR_openat, 0, 4),
      Branch(BPF_JEQ, __NR_openat, 0, 3),
      Field(32),
      Statement(BPF_ALU | BPF_AND | BPF_K, 3),
      Branch(BPF_JEQ, 1, 0, 1),
      Ret(SECCOMP_RET_ERRNO | EACCES),
      Field(0),
      Branch(BPF_JEQ, 5, 1, 2),
      Statement(BPF_JMP | BPF_JA, 0),
      Field(20),
      Branch(BPF_JSET, 0x80000000, 0, 0),
      Ret(SECCOMP_RET_TRACE | 0x5076),
  };
  ASSERT_THAT(VerifyBpf(program), IsOk());
  EXPECT_EQ(DisassembleBpf(program),
            "   0: A = arch\n"
            "   1: if arch == x86_64 goto 4\n"
            "   2: if arch == i386 goto 11\n"
            "   3: return KILL_PROCESS\n"
            "   4: A = nr\n"
            "   5: unless nr >= 257 (openat) goto 10\n"
            "   6: unless nr == 257 (openat) goto 10\n"
            "   7: A = args[2].lo\n"
            "   8: A &= 0x3\n"
            "   9: unless (args[2].lo & 0x3) == 0x1 goto 11\n"
            "  10: return ERRNO(EACCES)\n"
            // Reached from both architectures: 5 has no name.
            "  11: A = nr\n"
            "  12: if nr == 5 goto 14 else 15\n"
            "  13: goto 14\n"
            "  14: A = args[0].hi\n"
            // From 12 A is the number, from 14 it is not.
            "  15: if (A & 0x80000000) != 0 goto 16\n"
            "  16: return TRACE(0x5076)\n");
}

TEST(DisassembleBpf, ShowsEveryInstruction) {
  const Program program = {
      Statement(BPF_LD | BPF_W | BPF_LEN, 0),
      Statement(BPF_ST, 1),
      Statement(BPF_LDX | BPF_MEM, 1),
      LoadX(0x20),
      AluX(BPF_ADD),
      Alu(BPF_SUB, 1),
      Alu(BPF_MUL, 2),
      AluX(BPF_DIV),
      Alu(BPF_OR, 0x10),
      Alu(BPF_XOR, 0x80000000),
      Alu(BPF_LSH, 3),
      Alu(BPF_RSH, 4),
      Statement(BPF_ALU | BPF_NEG, 0),
      Statement(BPF_MISC | BPF_TAX, 0),
      Statement(BPF_MISC | BPF_TXA, 0),
      Statement(BPF_STX, 2),
      Field(8),
      Branch(BPF_JGT, 0, 0, 1, BPF_X),
      Statement(0x94, 3),
      kReturnA,
  };
  EXPECT_EQ(DisassembleBpf(program),
            "   0: A = 64\n"
            "   1: M[1] = A\n"
            "   2: X = M[1]\n"
            "   3: X = 0x20\n"
            "   4: A += X\n"
            "   5: A -= 0x1\n"
            "   6: A *= 0x2\n"
            "   7: A /= X\n"
            "   8: A |= 0x10\n"
            "   9: A ^= 0x80000000\n"
            "  10: A <<= 0x3\n"
            "  11: A >>= 0x4\n"
            "  12: A = -A\n"
            "  13: X = A\n"
            "  14: A = X\n"
            "  15: M[2] = X\n"
            "  16: A = ip.lo\n"
            "  17: unless ip.lo > X goto 19\n"
            "  18: ? (0x94, 0x3)\n"
            "  19: return A\n");
}

TEST(DisassembleBpf, NamesCallsOfTheArchitectureAtHand) {
  const Program program = {
      Field(4),
      Branch(BPF_JEQ, AUDIT_ARCH_I386, 0, 2),
      Field(0),
      Branch(BPF_JEQ, 5, 0, 0),
      Ret(SECCOMP_RET_ALLOW),
  };
  EXPECT_THAT(DisassembleBpf(program), HasSubstr("nr == 5 (open)"));
  EXPECT_EQ(DisassembleBpf({}), "");
}

}  // namespace
}  // namespace provost
