#include "policy/filter_compiler.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/fake_argument_reader.h"
#include "policy/policy.h"
#include "policy/predicate_builders.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Args = std::array<uint64_t, 6>;

constexpr ArgWidth kS32 = ArgWidth::kS32;
constexpr ArgWidth kU32 = ArgWidth::kU32;
constexpr ArgWidth kS64 = ArgWidth::kS64;
constexpr ArgWidth kU64 = ArgWidth::kU64;
constexpr uint64_t kAllBits = ~uint64_t{0};
constexpr CompareOp kOps[] = {CompareOp::kEq, CompareOp::kNe, CompareOp::kLt,
                              CompareOp::kLe, CompareOp::kGt, CompareOp::kGe};
constexpr uint32_t kTrace = SECCOMP_RET_TRACE | kTraceData;
constexpr uint32_t Errno(int error) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(error); }

// Errnos that differ for differing indices, up to 4000 of them; 512 to 516 are none.
int DistinctErrno(int index) { return index < 511 ? index + 1 : index + 6; }

int32_t Nr(Arch arch, absl::string_view name) { return SyscallTable::Get().Find(arch, name)->nr; }

BpfProgram Compile(const Policy& policy, const FilterOptions& options = {}) {
  absl::StatusOr<BpfProgram> program = CompileFilter(policy, options);
  EXPECT_THAT(program, IsOk());
  if (!program.ok()) return {};
  EXPECT_THAT(VerifyBpf(*program), IsOk());
  return *std::move(program);
}

uint32_t Answer(const BpfProgram& program, const SyscallRequest& request) {
  const absl::StatusOr<uint32_t> answer = RunBpf(program, ToSeccompData(request));
  EXPECT_THAT(answer, IsOk());
  return answer.value_or(0xdeadbeef);
}

uint32_t Answer(const BpfProgram& program, Arch arch, absl::string_view name,
                const Args& args = {}) {
  return Answer(program, {.arch = static_cast<uint32_t>(arch), .nr = Nr(arch, name), .args = args});
}

uint32_t Answer(const BpfProgram& program, absl::string_view name, const Args& args = {}) {
  return Answer(program, Arch::kX86_64, name, args);
}

// A policy of one rule, for getpriority on every architecture.
Policy OneRule(Rule rule, Predicate condition, Verdict by_default = Allow{}) {
  absl::StatusOr<Policy> policy =
      PolicyBuilder()
          .Default(std::move(by_default))
          .Add(std::move(rule), {"getpriority"}, Always(std::move(condition)))
          .Build();
  EXPECT_THAT(policy, IsOk());
  return *std::move(policy);
}

struct AnswerRow {
  Verdict verdict;
  RecordWish wish;
  uint32_t answer;
};

TEST(CompileFilter, AnswersWhatTheKernelCanAndAsksTheRest) {
  const AnswerRow rows[] = {
      {Allow{}, RecordWish::kUnsaid, SECCOMP_RET_ALLOW},
      {Allow{}, RecordWish::kLog, SECCOMP_RET_ALLOW},
      {Log{}, RecordWish::kUnsaid, kTrace},
      {Log{}, RecordWish::kQuiet, kTrace},
      {Deny{EACCES}, RecordWish::kUnsaid, Errno(EACCES)},
      {Deny{4095}, RecordWish::kQuiet, Errno(4095)},
      {Deny{EACCES}, RecordWish::kLog, kTrace},
      {Deny{EACCES}, RecordWish::kLogResult, kTrace},
      {Return{0}, RecordWish::kUnsaid, Errno(0)},
      {Return{0}, RecordWish::kLog, kTrace},
      {Return{1}, RecordWish::kUnsaid, kTrace},
      {Return{-4096}, RecordWish::kUnsaid, kTrace},
      {Trap{}, RecordWish::kUnsaid, SECCOMP_RET_TRAP},
      {Trap{}, RecordWish::kLog, kTrace},
      {Kill{}, RecordWish::kUnsaid, SECCOMP_RET_KILL_PROCESS},
      {Kill{Kill::Scope::kThread}, RecordWish::kUnsaid, SECCOMP_RET_KILL_THREAD},
      {Kill{}, RecordWish::kLogResult, kTrace},
  };
  for (const AnswerRow& row : rows) {
    SCOPED_TRACE(VerdictToString(row.verdict));
    const BpfProgram by_rule =
        Compile(OneRule({.verdict = row.verdict, .wish = row.wish}, nullptr));
    EXPECT_EQ(Answer(by_rule, "getpriority"), row.answer);
    EXPECT_EQ(Answer(by_rule, Arch::kI386, "getpriority"), row.answer);
    EXPECT_EQ(Answer(by_rule, "getpid"), SECCOMP_RET_ALLOW);
    const BpfProgram by_default = Compile(*PolicyBuilder().Default(row.verdict, row.wish).Build());
    EXPECT_EQ(Answer(by_default, "getpid"), row.answer);
    EXPECT_EQ(Answer(by_default, "exit_group"), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(by_default, Arch::kI386, "sigreturn"), SECCOMP_RET_ALLOW);
  }
}

TEST(CompileFilter, AsksForWhatTheTracerMustApply) {
  std::vector<std::string> asked;
  const FilterOptions options = {.needs_tracer = [&asked](const Decision& decision) {
    asked.emplace_back(decision.rule);
    return decision.rule != "quiet";
  }};
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy, PolicyBuilder()
                               .Add({.name = "loud", .verdict = Deny{EPERM}}, {"getpid", "getuid"})
                               .Add({.name = "quiet", .verdict = Deny{EPERM}}, {"getgid"})
                               .Add({.name = "let", .verdict = Allow{}}, {"getppid"})
                               .Build());
  const BpfProgram program = Compile(policy, options);
  EXPECT_EQ(Answer(program, "getpid"), kTrace);
  EXPECT_EQ(Answer(program, "getuid"), kTrace);
  EXPECT_EQ(Answer(program, "getgid"), Errno(EPERM));
  EXPECT_EQ(Answer(program, "getppid"), SECCOMP_RET_ALLOW);
  const uint32_t x86_64 = static_cast<uint32_t>(Arch::kX86_64);
  EXPECT_EQ(Answer(program, {.arch = AUDIT_ARCH_AARCH64, .nr = 1}), kTrace);
  EXPECT_EQ(Answer(program, {.arch = x86_64, .nr = -1}), kTrace);
  EXPECT_EQ(Answer(program, {.arch = x86_64, .nr = 5000}), kTrace);
  std::sort(asked.begin(), asked.end());
  EXPECT_EQ(asked, (std::vector<std::string>{"arch", "loud", "quiet", "unknown"}));
}

TEST(CompileFilter, RefusesForeignEntries) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy native,
                               PolicyBuilder().Arches({Arch::kX86_64}).Build());
  const uint32_t x86_64 = static_cast<uint32_t>(Arch::kX86_64);
  const uint32_t i386 = static_cast<uint32_t>(Arch::kI386);
  const int32_t getpid = Nr(Arch::kX86_64, "getpid");
  for (const Policy& policy : {Policy(), native}) {
    const BpfProgram program = Compile(policy);
    EXPECT_EQ(Answer(program, "getpid"), SECCOMP_RET_ALLOW);
    for (const SyscallRequest& request : std::vector<SyscallRequest>{
             {.arch = x86_64, .nr = getpid | static_cast<int32_t>(kX32Bit)},
             {.arch = x86_64, .nr = static_cast<int32_t>(kX32Bit)},
             {.arch = x86_64, .nr = -1},
             {.arch = x86_64, .nr = INT32_MIN},
             {.arch = x86_64, .nr = SyscallTable::Get().Limit(Arch::kX86_64)},
             {.arch = x86_64, .nr = ControlNumbers().kill_process - 1},
             {.arch = x86_64, .nr = ControlNumbers().trap + 1},
             {.arch = x86_64, .nr = 0x3fffffff},
             {.arch = i386, .nr = -1},
             {.arch = i386, .nr = 0x40000014},
             {.arch = AUDIT_ARCH_AARCH64, .nr = 172},
             {.arch = 0, .nr = 0}}) {
      EXPECT_EQ(Answer(program, request), Errno(ENOSYS)) << std::hex << request.nr;
    }
  }
  EXPECT_EQ(Answer(Compile(native), Arch::kI386, "getpid"), Errno(ENOSYS));
  EXPECT_EQ(Answer(Compile(Policy()), Arch::kI386, "getpid"), SECCOMP_RET_ALLOW);
}

TEST(CompileFilter, HasTheTracersOwnNumbers) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy native,
      PolicyBuilder().Arches({Arch::kX86_64}).Default(Deny{EPERM}, RecordWish::kLog).Build());
  for (const Policy& policy : {Policy(), native}) {
    const BpfProgram program = Compile(policy);
    for (const Arch arch : kAllArches) {
      const auto answer = [&](int32_t nr) {
        return Answer(program, {.arch = static_cast<uint32_t>(arch), .nr = nr});
      };
      EXPECT_EQ(answer(ControlNumbers().kill_process), SECCOMP_RET_KILL_PROCESS);
      EXPECT_EQ(answer(ControlNumbers().kill_thread), SECCOMP_RET_KILL_THREAD);
      EXPECT_EQ(answer(ControlNumbers().trap), SECCOMP_RET_TRAP);
    }
  }
}

// What a tracer has a task do runs at its instruction pointer, and there alone.
TEST(CompileFilter, LetsTheTracersCallsThroughAtTheGate) {
  constexpr uint64_t kGate = 0xffff812345678abc;
  const FilterOptions gated = {.gated = {kGate, {"getpriority"}}};
  const auto at = [](Arch arch, absl::string_view name, uint64_t ip) {
    return SyscallRequest{.arch = static_cast<uint32_t>(arch), .nr = Nr(arch, name), .ip = ip};
  };
  for (const Verdict& refusal : std::vector<Verdict>{Deny{EACCES}, Kill{}, Trap{}}) {
    const Policy policy = OneRule({.verdict = refusal}, nullptr, Deny{EPERM});
    const BpfProgram program = Compile(policy, gated);
    for (const Arch arch : kAllArches) {
      EXPECT_EQ(Answer(program, at(arch, "getpriority", kGate)), SECCOMP_RET_ALLOW);
      EXPECT_EQ(Answer(program, at(arch, "getpid", kGate)), Errno(EPERM));
      const uint32_t refused = Answer(Compile(policy), at(arch, "getpriority", kGate));
      EXPECT_NE(refused, SECCOMP_RET_ALLOW);
      for (const uint64_t elsewhere : {uint64_t{0}, uint64_t{0x401000}, kGate + 1,
                                       kGate ^ (uint64_t{1} << 40), kGate & uint64_t{UINT32_MAX}}) {
        EXPECT_EQ(Answer(program, at(arch, "getpriority", elsewhere)), refused);
      }
    }
  }
  // What runs or is traced anyhow is left as it is.
  for (const Verdict& runs : std::vector<Verdict>{Allow{}, Log{}}) {
    const Policy policy = OneRule({.verdict = runs}, nullptr, Deny{EPERM});
    EXPECT_EQ(Compile(policy, gated).size(), Compile(policy).size());
  }
}

TEST(CompileFilter, AsksForEveryExecThatIsNotAllowed) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Default(Deny{EPERM})
          .Add({.verdict = Allow{}}, {"execveat"}, Always(Arg(4, kS32, CompareOp::kEq, 0)))
          .Build());
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy only_i386,
                               PolicyBuilder().Arches({Arch::kI386}).Default(Deny{EPERM}).Build());
  const BpfProgram traced = Compile(policy);
  const BpfProgram plain = Compile(policy, {.trace_exec = false});
  for (const Arch arch : kAllArches) {
    EXPECT_EQ(Answer(traced, arch, "execve"), kTrace);
    EXPECT_EQ(Answer(traced, arch, "execveat", {0, 0, 0, 0, 1}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "execveat"), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(plain, arch, "execve"), Errno(EPERM));
    EXPECT_EQ(Answer(plain, arch, "execveat", {0, 0, 0, 0, 1}), Errno(EPERM));
    EXPECT_EQ(Answer(traced, arch, "getpid"), Errno(EPERM));
  }
  // The first exec is the launcher's, whatever architectures the policy lists.
  EXPECT_EQ(Answer(Compile(only_i386), Arch::kX86_64, "execve"), kTrace);
  EXPECT_EQ(Answer(Compile(only_i386), Arch::kX86_64, "getpid"), Errno(ENOSYS));
  EXPECT_EQ(Answer(Compile(only_i386, {.trace_exec = false}), Arch::kX86_64, "execve"),
            Errno(ENOSYS));
}

TEST(CompileFilter, AsksForEveryPrSetMmThatMayRun) {
  constexpr uint64_t kSetMm = 35;
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy some, PolicyBuilder()
                                                      .Add({.verdict = Deny{EPERM}}, {"prctl"},
                                                           Always(Arg(0, kS32, CompareOp::kEq, 4)))
                                                      .Build());
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy none,
                               PolicyBuilder().Add({.verdict = Deny{EPERM}}, {"prctl"}).Build());
  const BpfProgram traced = Compile(some, {.trace_task_changes = true});
  for (const Arch arch : kAllArches) {
    // The option is an int.
    EXPECT_EQ(Answer(traced, arch, "prctl", {kSetMm}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "prctl", {kSetMm | uint64_t{1} << 32}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "prctl", {4}), Errno(EPERM));
    EXPECT_EQ(Answer(traced, arch, "prctl", {15}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(traced, arch, "getpid", {kSetMm}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(Compile(some), arch, "prctl", {kSetMm}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(Compile(none, {.trace_task_changes = true}), arch, "prctl", {kSetMm}),
              Errno(EPERM));
  }
}

TEST(CompileFilter, AsksForEveryChangeOfATaskThatMayBeMade) {
  constexpr uint64_t kNewNamespace = 0x20000;
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy some,
                               PolicyBuilder()
                                   .Add({.verdict = Deny{EPERM}}, {"unshare"},
                                        Always(Arg(0, kS32, CompareOp::kEq, kNewNamespace)))
                                   .Add({.verdict = Deny{EPERM}}, {"chroot"})
                                   .Build());
  const BpfProgram traced = Compile(some, {.trace_task_changes = true});
  const BpfProgram plain = Compile(some);
  for (const Arch arch : kAllArches) {
    for (const char* call : {"pivot_root", "setns", "setsid", "unshare"}) {
      EXPECT_EQ(Answer(traced, arch, call, {1}), kTrace) << call;
      EXPECT_EQ(Answer(plain, arch, call, {1}), SECCOMP_RET_ALLOW) << call;
    }
    // What does not run changes nothing.
    EXPECT_EQ(Answer(traced, arch, "unshare", {kNewNamespace}), Errno(EPERM));
    EXPECT_EQ(Answer(traced, arch, "chroot"), Errno(EPERM));
    EXPECT_EQ(Answer(traced, arch, "chdir"), SECCOMP_RET_ALLOW);
  }
}

TEST(CompileFilter, AsksForEveryFilterThatMayBeInstalled) {
  constexpr uint64_t kSetFilter = 1;    // SECCOMP_SET_MODE_FILTER
  constexpr uint64_t kSetSeccomp = 22;  // PR_SET_SECCOMP
  constexpr uint64_t kSetMm = 35;
  const FilterOptions ask = {.trace_task_changes = true, .gated = {.trace_filters = true}};
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy all, PolicyBuilder().Build());
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy none,
      PolicyBuilder().Add({.verdict = Deny{EPERM}}, {"prctl", "seccomp"}).Build());
  const BpfProgram traced = Compile(all, ask);
  for (const Arch arch : kAllArches) {
    EXPECT_EQ(Answer(traced, arch, "seccomp", {kSetFilter, 1}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "seccomp", {2}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(traced, arch, "prctl", {kSetSeccomp, 2}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "prctl", {kSetMm}), kTrace);
    EXPECT_EQ(Answer(traced, arch, "prctl", {15}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(Compile(all), arch, "seccomp", {kSetFilter}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(Answer(Compile(none, ask), arch, "seccomp", {kSetFilter}), Errno(EPERM));
  }
}

// Every width, operator and mask at values around the edges of 32 and 64 bits, against Holds (which
// a table of its own holds to the language).
TEST(CompileFilter, ComparesEveryWidthAsTheEvaluatorDoes) {
  const uint64_t values[] = {0,
                             1,
                             2,
                             0x7fffffff,
                             0x80000000,
                             0x80000001,
                             0xfffffffe,
                             0xffffffff,
                             0x100000000,
                             0x100000001,
                             0x7fffffffffffffff,
                             0x8000000000000000,
                             0xffffffff00000000,
                             0xffffffff7fffffff,
                             0xffffffff80000000,
                             0xfffffffffffffffe,
                             kAllBits};
  const uint64_t masks[] = {kAllBits,           0,          1,          0x80000000,
                            0x7fffffff,         0xffffffff, 0x80000001, 0xffffffff00000000,
                            0x8000000000000000, 0x100000001};
  const int32_t nr = Nr(Arch::kX86_64, "getpriority");
  for (const ArgWidth width : {kS32, kU32, kS64, kU64}) {
    for (const uint64_t mask : masks) {
      for (const uint64_t value : values) {
        for (const CompareOp op : kOps) {
          const Compare compare = {
              .arg = 3, .width = width, .mask = mask, .op = op, .value = value};
          const BpfProgram program =
              Compile(OneRule({.verdict = Deny{EDOM}}, MakePredicate({compare})));
          for (const uint64_t raw : values) {
            const uint32_t answer = Answer(
                program, {.arch = AUDIT_ARCH_X86_64, .nr = nr, .args = {1, 2, 3, raw, 5, 6}});
            ASSERT_EQ(answer, Holds(compare, raw) ? Errno(EDOM) : SECCOMP_RET_ALLOW)
                << "width " << static_cast<int>(width) << std::hex << " mask " << mask << " value "
                << value << " op " << static_cast<int>(op) << " raw " << raw << "\n"
                << DisassembleBpf(program);
          }
        }
      }
    }
  }
}

TEST(CompileFilter, FindsMembersOfSets) {
  const std::vector<uint64_t> members = {
      0, 1, 2, 5, 7, 9, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000005, 0x100000009, kAllBits};
  for (const ArgWidth width : {kS32, kU32, kS64, kU64}) {
    for (const size_t size : {size_t{3}, members.size()}) {
      std::vector<Predicate> equal;
      std::vector<Predicate> unequal;
      for (size_t i = 0; i < size; ++i) {
        equal.push_back(Arg(0, width, CompareOp::kEq, members[i]));
        unequal.push_back(Arg(0, width, CompareOp::kNe, members[i]));
      }
      const BpfProgram in = Compile(OneRule({.verdict = Deny{EDOM}}, Any(equal)));
      const BpfProgram not_in = Compile(OneRule({.verdict = Deny{EDOM}}, All(unequal)));
      std::vector<uint64_t> raws = members;
      for (const uint64_t member : members) raws.insert(raws.end(), {member - 1, member + 1});
      for (const uint64_t raw : raws) {
        bool is_member = false;
        for (size_t i = 0; i < size; ++i) {
          is_member |=
              Holds({.arg = 0, .width = width, .op = CompareOp::kEq, .value = members[i]}, raw);
        }
        const uint32_t denied = Errno(EDOM);
        EXPECT_EQ(Answer(in, "getpriority", {raw}), is_member ? denied : SECCOMP_RET_ALLOW);
        EXPECT_EQ(Answer(not_in, "getpriority", {raw}), is_member ? SECCOMP_RET_ALLOW : denied);
      }
    }
  }
}

TEST(CompileFilter, FirstMatchAnswers) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Default(Deny{EPERM})
          .Add({.verdict = Allow{}}, {"read", "write"}, Always(Arg(0, kS32, CompareOp::kEq, 0)))
          .Add({.verdict = Deny{EIO}}, {"read"}, Always(Arg(0, kS32, CompareOp::kLt, 3)))
          .Add({.verdict = Trap{}}, {"read"})
          .Add({.verdict = Kill{}}, {"read"})
          .Build());
  const BpfProgram program = Compile(policy);
  EXPECT_EQ(Answer(program, "read", {0}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Answer(program, "read", {0x500000000}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Answer(program, "read", {2}), Errno(EIO));
  EXPECT_EQ(Answer(program, "read", {0xffffffff}), Errno(EIO));
  EXPECT_EQ(Answer(program, "read", {3}), SECCOMP_RET_TRAP);
  EXPECT_EQ(Answer(program, "write", {1}), Errno(EPERM));
  EXPECT_EQ(Answer(program, "exit", {1}), SECCOMP_RET_ALLOW);
}

TEST(CompileFilter, AsksOnlyForCallsThatMayMatchByTheirRegisters) {
  const Predicate path = StringIs(1, "/x");
  const Predicate writes = Arg(2, kS32, CompareOp::kNe, 0, 3);
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Add({.verdict = Trap{}}, {"openat"}, Always(Arg(0, kS32, CompareOp::kEq, 9)))
          .Add({.verdict = Deny{EACCES}}, {"openat"}, Always(All({path, writes})))
          .Add({.verdict = Deny{EROFS}}, {"openat"},
               Always(Any({path, Arg(3, kU32, CompareOp::kEq, 0777)})))
          .Add({.verdict = Allow{}}, {"openat"})
          .Build());
  const BpfProgram program = Compile(policy);
  // Before the rule: registers alone.
  EXPECT_EQ(Answer(program, "openat", {9, 0, 1}), SECCOMP_RET_TRAP);
  // The second rule may match, and so may the third.
  EXPECT_EQ(Answer(program, "openat", {0, 0, 1}), kTrace);
  EXPECT_EQ(Answer(program, "openat", {0, 0, 0}), kTrace);
  // The second cannot; the third does, whatever the path.
  EXPECT_EQ(Answer(program, "openat", {0, 0, 0, 0777}), Errno(EROFS));
  EXPECT_EQ(Answer(program, "openat", {0, 0, 1, 0777}), kTrace);
}

TEST(CompileFilter, AsksNotWhereEveryOutcomeIsTheSame) {
  const Policy allowing = OneRule({.verdict = Allow{}}, StringIs(0, "x"));
  EXPECT_EQ(Answer(Compile(allowing), "getpriority"), SECCOMP_RET_ALLOW);
  const Policy denying = OneRule({.verdict = Deny{EPERM}}, StringIs(0, "x"), Deny{EPERM});
  EXPECT_EQ(Answer(Compile(denying), "getpriority"), Errno(EPERM));
  const Policy differing = OneRule({.verdict = Deny{EPERM}}, StringIs(0, "x"), Deny{EACCES});
  EXPECT_EQ(Answer(Compile(differing), "getpriority"), kTrace);
}

TEST(CompileFilter, SharesTheCodeOfEqualRules) {
  const std::vector<absl::string_view> calls = {"read",  "write",  "lseek",    "fstat", "pread64",
                                                "readv", "writev", "pwrite64", "ioctl", "fsync"};
  const auto size = [](absl::Span<const absl::string_view> names) {
    return Compile(*PolicyBuilder()
                        .Arches({Arch::kX86_64})
                        .Add({.verdict = Deny{EBADF}}, names,
                             Always(All({Arg(0, kS32, CompareOp::kGe, 3),
                                         Arg(0, kS32, CompareOp::kNe, 7),
                                         Arg(1, kU64, CompareOp::kGt, 0x123456789)})))
                        .Build())
        .size();
  };
  // Each further call costs tests of its number, not another copy of the rule.
  EXPECT_LE(size(calls), size(absl::MakeConstSpan(calls).first(1)) + 2 * calls.size());
}

// Thousands of answers, none within reach of one branch.
TEST(CompileFilter, JumpsFar) {
  constexpr int kRules = 1200;
  PolicyBuilder builder;
  builder.Default(Deny{4001});
  for (int i = 0; i < kRules; ++i) {
    builder.Add({.verdict = Deny{DistinctErrno(i)}}, {i % 2 == 0 ? "getpriority" : "setpriority"},
                Always(Arg(0, kU32, CompareOp::kEq, static_cast<uint64_t>(i))));
  }
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy, builder.Arches({Arch::kX86_64}).Build());
  const BpfProgram program = Compile(policy);
  EXPECT_GT(program.size(), 2u * kRules);
  EXPECT_LE(program.size(), size_t{BPF_MAXINSNS});
  for (uint64_t i = 0; i < kRules; ++i) {
    const int error = DistinctErrno(static_cast<int>(i));
    EXPECT_EQ(Answer(program, "getpriority", {i}), Errno(i % 2 == 0 ? error : 4001));
    EXPECT_EQ(Answer(program, "setpriority", {i}), Errno(i % 2 == 1 ? error : 4001));
  }
  EXPECT_EQ(Answer(program, "getpriority", {kRules}), Errno(4001));
  EXPECT_EQ(Answer(program, "getpid"), Errno(4001));
}

TEST(CompileFilter, AnswersEveryCallOfItsOwn) {
  PolicyBuilder builder;
  std::vector<std::pair<const Syscall*, int>> expected;
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      const int error = DistinctErrno(static_cast<int>(expected.size()));
      expected.emplace_back(&syscall, error);
      builder.Add({.verdict = Deny{error}}, {syscall.signature->name},
                  [arch](const Syscall& bound) -> absl::StatusOr<Predicate> {
                    return Constant(bound.arch == arch);
                  });
    }
  }
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy, builder.Build());
  const BpfProgram program = Compile(policy, {.trace_exec = false});
  for (const auto& [syscall, error] : expected) {
    const SyscallRequest request = {.arch = static_cast<uint32_t>(syscall->arch),
                                    .nr = syscall->nr};
    const bool never = Policy::IsNeverRefused(syscall->arch, syscall->nr);
    EXPECT_EQ(Answer(program, request), never ? SECCOMP_RET_ALLOW : Errno(error))
        << syscall->signature->name;
  }
}

// `count` rules for each of three calls, one of which has twice as many.
Policy BigPolicy(int count) {
  PolicyBuilder builder;
  builder.Arches({Arch::kX86_64});
  const auto add = [&builder](absl::string_view call, int rules) {
    for (int i = 0; i < rules; ++i) {
      builder.Add({.verdict = Deny{DistinctErrno(i % 4000)}}, {call},
                  Always(Arg(0, kU32, CompareOp::kEq, static_cast<uint64_t>(i))));
    }
  };
  add("openat", 2 * count);
  add("getpriority", count);
  add("setpriority", count / 2);
  return *builder.Build();
}

TEST(CompileFilter, LeavesTheBiggestCallsToTheTracer) {
  const Policy policy = BigPolicy(1100);
  const BpfProgram program = Compile(policy);
  EXPECT_EQ(Answer(program, "openat", {3}), kTrace);
  EXPECT_EQ(Answer(program, "openat", {5000}), kTrace);
  EXPECT_EQ(Answer(program, "getpriority", {1099}), Errno(DistinctErrno(1099)));
  EXPECT_EQ(Answer(program, "setpriority", {549}), Errno(DistinctErrno(549)));
  EXPECT_EQ(Answer(program, "setpriority", {550}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Answer(program, "getpid"), SECCOMP_RET_ALLOW);
  // With less room, more of them; the smallest stays as long as it fits.
  const BpfProgram smaller = Compile(policy, {.max_instructions = 2000});
  EXPECT_LE(smaller.size(), 2000u);
  EXPECT_EQ(Answer(smaller, "getpriority", {1}), kTrace);
  EXPECT_EQ(Answer(smaller, "setpriority", {549}), Errno(DistinctErrno(549)));
}

TEST(CompileFilter, NamesTheBiggestCallsWhenNothingHelps) {
  EXPECT_THAT(CompileFilter(BigPolicy(1100), {.max_instructions = 8}),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr(" instructions and may have 8; the biggest calls: openat "
                                       "(x86_64, "),
                             HasSubstr("), getpriority (x86_64, "),
                             HasSubstr("), setpriority (x86_64, "))));
  EXPECT_THAT(CompileFilter(Policy(), {.max_instructions = 3}),
              StatusIs(absl::StatusCode::kResourceExhausted, Not(HasSubstr("biggest"))));
}

TEST(CompileFilter, MakesShortPrograms) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Arches({Arch::kX86_64})
          .Default(Deny{EPERM})
          .Add({.verdict = Deny{EACCES}}, {"socket"}, Always(Arg(0, kS32, CompareOp::kNe, 1)))
          .Add({.verdict = Allow{}}, {"socket"})
          .Add({.verdict = Kill{}}, {"ptrace"})
          .Build());
  EXPECT_EQ(DisassembleBpf(Compile(policy, {.trace_exec = false})),
            "   0: A = arch\n"
            "   1: if arch == x86_64 goto 7\n"
            "   2: unless arch == i386 goto 29\n"
            "   3: A = nr\n"
            "   4: if nr == 0x2f707200 goto 23\n"
            "   5: if nr == 0x2f707201 goto 24\n"
            "   6: if nr == 0x2f707202 goto 26 else 29\n"
            "   7: A = nr\n"
            "   8: if nr >= 219 (restart_syscall) goto 17\n"
            "   9: if nr >= 42 (connect) goto 15\n"
            "  10: if nr == 15 (rt_sigreturn) goto 20\n"
            "  11: unless nr == 41 (socket) goto 28\n"
            "  12: A = args[0].lo\n"
            "  13: if args[0].lo == 0x1 goto 20\n"
            "  14: return ERRNO(EACCES)\n"
            "  15: if nr == 60 (exit) goto 20\n"
            "  16: if nr == 101 (ptrace) goto 23 else 28\n"
            "  17: if nr >= 0x2f707200 goto 21\n"
            "  18: if nr == 219 (restart_syscall) goto 20\n"
            "  19: unless nr == 231 (exit_group) goto 28\n"
            "  20: return ALLOW\n"
            "  21: if nr >= 0x2f707202 goto 25\n"
            "  22: if nr >= 0x2f707201 goto 24\n"
            "  23: return KILL_PROCESS\n"
            "  24: return KILL_THREAD\n"
            "  25: if nr >= 0x2f707203 goto 27\n"
            "  26: return TRAP\n"
            "  27: if nr >= 0x40000000 goto 29\n"
            "  28: return ERRNO(EPERM)\n"
            "  29: return ERRNO(ENOSYS)\n");
}

}  // namespace
}  // namespace provost
