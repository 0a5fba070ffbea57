#include "policy/policy.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/fake_argument_reader.h"
#include "policy/predicate_builders.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr uint32_t kX86_64 = static_cast<uint32_t>(Arch::kX86_64);
constexpr uint32_t kI386 = static_cast<uint32_t>(Arch::kI386);
constexpr uint32_t kAarch64 = AUDIT_ARCH_AARCH64;

int32_t Nr(Arch arch, absl::string_view name) { return SyscallTable::Get().Find(arch, name)->nr; }
int32_t Nr(absl::string_view name) { return Nr(Arch::kX86_64, name); }

Decision Decide(const Policy& policy, const SyscallRequest& request) {
  FakeArgumentReader nothing;
  PolicyState state;
  return policy.Decide(request, nothing, state);
}

Decision Decide(const Policy& policy, absl::string_view name, std::array<uint64_t, 6> args = {}) {
  return Decide(policy, {.arch = kX86_64, .nr = Nr(name), .args = args});
}

TEST(Policy, DefaultConstructedAllows) {
  const Policy policy;
  EXPECT_EQ(Decide(policy, "openat"), (Decision{Allow{}, RecordWish::kUnsaid, "default"}));
  EXPECT_EQ(Decide(policy, "exit_group").rule, "always");
  EXPECT_TRUE(policy.Lists(Arch::kX86_64));
  EXPECT_TRUE(policy.Lists(Arch::kI386));
  EXPECT_FALSE(policy.logging());
  EXPECT_TRUE(policy.rules().empty());
}

TEST(Policy, RefusesForeignEntries) {
  const Decision arch = {Deny{ENOSYS}, RecordWish::kUnsaid, "arch"};
  const int32_t getpid = Nr("getpid");
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy native,
      PolicyBuilder().Arches({Arch::kX86_64}).Default(Kill{}, RecordWish::kLog).Build());
  for (const Policy& policy : {Policy(), native}) {
    const std::vector<SyscallRequest> refused = {
        {.arch = kX86_64, .nr = getpid | static_cast<int32_t>(kX32Bit)},
        {.arch = kX86_64, .nr = -1},
        {.arch = kX86_64, .nr = INT32_MIN},
        {.arch = kX86_64, .nr = static_cast<int32_t>(kX32Bit)},
        {.arch = kI386, .nr = -1},
        {.arch = kI386, .nr = static_cast<int32_t>(kX32Bit) + 20},
        {.arch = kAarch64, .nr = 172},
        {.arch = 0, .nr = 0},
    };
    for (const SyscallRequest& request : refused) {
      EXPECT_EQ(Decide(policy, request), arch) << std::hex << request.arch << " " << request.nr;
    }
  }
  EXPECT_EQ(Decide(native, {.arch = kI386, .nr = 20}), arch);
  EXPECT_FALSE(native.Lists(Arch::kI386));
  EXPECT_TRUE(native.RulesFor(Arch::kI386, 20).empty());
  EXPECT_EQ(&native.OtherwiseFor(Arch::kI386, 20), &native.ArchRule());
  EXPECT_EQ(&native.OtherwiseFor(Arch::kX86_64, -1), &native.ArchRule());
}

TEST(Policy, UnknownNumbersDoNotRun) {
  const int32_t beyond = SyscallTable::Get().Limit(Arch::kX86_64) + 1000;
  int32_t gap = 0;
  while (SyscallTable::Get().Find(Arch::kX86_64, gap) != nullptr) ++gap;
  ASSERT_LT(gap, SyscallTable::Get().Limit(Arch::kX86_64)) << "x86_64's numbers have a gap at 335";

  struct Row {
    Verdict by_default;
    Decision decision;
  };
  const std::vector<Row> rows = {
      {Allow{}, {Deny{ENOSYS}, RecordWish::kUnsaid, "unknown"}},
      {Log{}, {Deny{ENOSYS}, RecordWish::kUnsaid, "unknown"}},
      {Deny{EPERM}, {Deny{EPERM}, RecordWish::kLog, "default"}},
      {Kill{}, {Kill{}, RecordWish::kLog, "default"}},
  };
  for (const Row& row : rows) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                                 PolicyBuilder().Default(row.by_default, RecordWish::kLog).Build());
    for (const int32_t nr : {gap, beyond}) {
      EXPECT_EQ(Decide(policy, {.arch = kX86_64, .nr = nr}), row.decision);
      EXPECT_EQ(policy.OtherwiseFor(Arch::kX86_64, nr).decision(), row.decision);
    }
  }
}

TEST(Policy, FirstMatchDecides) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Default(Deny{EPERM})
          .Add({.name = "stdin", .verdict = Allow{}}, {"read", "write"},
               Always(Arg(0, ArgWidth::kS32, CompareOp::kEq, 0)))
          .Add({.name = "low", .verdict = Deny{EIO}, .wish = RecordWish::kLogResult}, {"read"},
               Always(Arg(0, ArgWidth::kS32, CompareOp::kLt, 3)))
          .Add({.verdict = Trap{}}, {"read"})
          .Add({.name = "never", .verdict = Kill{}}, {"read"})
          .Build());
  EXPECT_EQ(Decide(policy, "read", {0}), (Decision{Allow{}, RecordWish::kUnsaid, "stdin"}));
  EXPECT_EQ(Decide(policy, "read", {2}), (Decision{Deny{EIO}, RecordWish::kLogResult, "low"}));
  EXPECT_EQ(Decide(policy, "read", {3}), (Decision{Trap{}, RecordWish::kUnsaid, "rule-3"}));
  EXPECT_EQ(Decide(policy, "write", {0}).rule, "stdin");
  EXPECT_EQ(Decide(policy, "write", {1}), (Decision{Deny{EPERM}, RecordWish::kUnsaid, "default"}));
  EXPECT_EQ(Decide(policy, "openat").rule, "default");
  ASSERT_EQ(policy.rules().size(), 4u);
  EXPECT_EQ(policy.rules()[2]->name, "rule-3");
  EXPECT_EQ(policy.RulesFor(Arch::kX86_64, Nr("read")).size(), 4u);
  EXPECT_EQ(policy.RulesFor(Arch::kX86_64, Nr("write")).size(), 1u);
  EXPECT_TRUE(policy.RulesFor(Arch::kX86_64, -1).empty());
  EXPECT_TRUE(policy.RulesFor(Arch::kX86_64, INT32_MAX).empty());
}

TEST(Policy, UnreadableArgumentsMatchRefusalsOnly) {
  constexpr uint64_t kReadable = 0x1000;
  constexpr uint64_t kOther = 0x2000;
  constexpr uint64_t kUnreadable = 0x3000;
  FakeArgumentReader memory({{kReadable, "/x"}, {kOther, "/y"}});
  PolicyState state;
  const auto rule_for = [&](const Verdict& verdict, uint64_t address) {
    const Policy policy =
        *PolicyBuilder()
             .Default(Deny{EPERM})
             .Add({.name = "path", .verdict = verdict}, {"openat"}, Always(StringIs(1, "/x")))
             .Build();
    return std::string(
        policy.Decide({.arch = kX86_64, .nr = Nr("openat"), .args = {0, address}}, memory, state)
            .rule);
  };
  const std::vector<Verdict> refusing = {Deny{EACCES}, Return{0}, Trap{}, Kill{}};
  for (const Verdict& verdict : refusing) {
    EXPECT_EQ(rule_for(verdict, kReadable), "path");
    EXPECT_EQ(rule_for(verdict, kOther), "default");
    EXPECT_EQ(rule_for(verdict, kUnreadable), "path");
  }
  const std::vector<Verdict> letting_run = {Allow{}, Log{}};
  for (const Verdict& verdict : letting_run) {
    EXPECT_EQ(rule_for(verdict, kReadable), "path");
    EXPECT_EQ(rule_for(verdict, kOther), "default");
    EXPECT_EQ(rule_for(verdict, kUnreadable), "default");
  }
}

TEST(Policy, SomeCallsAreNeverRefused) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy policy,
      PolicyBuilder()
          .Default(Kill{})
          .Add({.verdict = Deny{EPERM}},
               {"exit", "exit_group", "rt_sigreturn", "sigreturn", "restart_syscall", "getpid"})
          .Add({.name = "seen", .verdict = Log{}}, {"exit"},
               Always(Arg(0, ArgWidth::kS32, CompareOp::kEq, 1)))
          .Build());
  const Decision always = {Allow{}, RecordWish::kUnsaid, "always"};
  for (const Arch arch : kAllArches) {
    for (const char* name : {"exit_group", "rt_sigreturn", "restart_syscall", "exit"}) {
      const SyscallRequest request = {.arch = static_cast<uint32_t>(arch), .nr = Nr(arch, name)};
      EXPECT_TRUE(Policy::IsNeverRefused(arch, request.nr)) << name;
      EXPECT_EQ(Decide(policy, request), always) << name;
    }
  }
  EXPECT_EQ(Decide(policy, {.arch = kI386, .nr = Nr(Arch::kI386, "sigreturn")}), always);
  EXPECT_EQ(Decide(policy, "exit", {1}), (Decision{Log{}, RecordWish::kUnsaid, "seen"}));
  EXPECT_EQ(Decide(policy, "getpid").verdict, Verdict(Deny{EPERM}));
  EXPECT_FALSE(Policy::IsNeverRefused(Arch::kX86_64, Nr("getpid")));
  EXPECT_FALSE(Policy::IsNeverRefused(Arch::kX86_64, -1));
}

TEST(PolicyBuilder, BindsOnEveryListedArchitectureThatHasTheCall) {
  std::vector<std::pair<Arch, std::string>> bound;
  const auto binder = [&bound](const Syscall& syscall) -> absl::StatusOr<Predicate> {
    bound.emplace_back(syscall.arch, syscall.signature->name);
    return Predicate(nullptr);
  };
  EXPECT_THAT(PolicyBuilder()
                  .Add({.verdict = Deny{EPERM}}, {"socketcall", "getpid", "getpid"}, binder)
                  .Build(),
              IsOk());
  EXPECT_EQ(bound,
            (std::vector<std::pair<Arch, std::string>>{
                {Arch::kI386, "socketcall"}, {Arch::kX86_64, "getpid"}, {Arch::kI386, "getpid"}}));
}

TEST(PolicyBuilder, TakesARuleThatBindsNothing) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                               PolicyBuilder().Add({.verdict = Deny{EPERM}}, {}).Build());
  EXPECT_EQ(policy.rules().size(), 1u);
}

TEST(PolicyBuilder, KeepsItsFirstError) {
  const auto failing = [](const Syscall&) -> absl::StatusOr<Predicate> {
    return absl::OutOfRangeError("no such argument");
  };
  struct Row {
    PolicyBuilder builder;
    absl::StatusCode code;
    const char* message;
  };
  const std::vector<Row> rows = {
      {PolicyBuilder().Add({.name = "r", .verdict = Allow{}}, {"opennat"}),
       absl::StatusCode::kInvalidArgument, "rule \"r\": no architecture"},
      {PolicyBuilder().Arches({Arch::kX86_64}).Add({.verdict = Allow{}}, {"socketcall"}),
       absl::StatusCode::kInvalidArgument, "socketcall"},
      {PolicyBuilder().Arches({}), absl::StatusCode::kInvalidArgument, "no architecture"},
      {PolicyBuilder().Arches({static_cast<Arch>(7)}), absl::StatusCode::kInvalidArgument, "0x7"},
      {PolicyBuilder().Default(Deny{0}), absl::StatusCode::kInvalidArgument, "no errno is 0"},
      {PolicyBuilder().Default(Deny{4096}), absl::StatusCode::kInvalidArgument, "4096"},
      {PolicyBuilder().Add({.verdict = Return{-1}}, {"read"}), absl::StatusCode::kInvalidArgument,
       "errno 1"},
      {PolicyBuilder().Add({.verdict = Return{-4095}}, {"read"}),
       absl::StatusCode::kInvalidArgument, "errno 4095"},
      {PolicyBuilder().Add({.verdict = Allow{}}, {"read"}, failing), absl::StatusCode::kOutOfRange,
       "no such argument"},
      {PolicyBuilder().Default(Deny{0}).Default(Deny{5000}), absl::StatusCode::kInvalidArgument,
       "errno is 0"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(row.builder.Build(), StatusIs(row.code, HasSubstr(row.message)));
  }
  EXPECT_THAT(PolicyBuilder().Add({.verdict = Return{-4096}}, {"read"}).Build(), IsOk());
  EXPECT_THAT(PolicyBuilder().Default(Deny{4095}).Build(), IsOk());
}

TEST(PolicyBuilder, BuildsAgainAndPoliciesOutliveIt) {
  Decision decision;
  Policy first;
  {
    PolicyBuilder builder;
    builder.Logging(true).Add({.name = "one", .verdict = Deny{EPERM}}, {"getpid"});
    first = *builder.Build();
    builder.Add({.name = "two", .verdict = Deny{EPERM}}, {"getuid"});
    const Policy second = *builder.Build();
    EXPECT_EQ(Decide(first, "getuid").rule, "default");
    decision = Decide(second, "getuid");
    EXPECT_EQ(decision.rule, "two");
  }
  EXPECT_TRUE(first.logging());
  EXPECT_EQ(Decide(first, "getpid").rule, "one");
}

TEST(Policy, LoggingMakesRefusalsWishToBeRecorded) {
  for (const bool logging : {false, true}) {
    const Policy policy =
        *PolicyBuilder()
             .Logging(logging)
             .Arches({Arch::kX86_64})
             .Default(Deny{EPERM})
             .Add({.name = "plain", .verdict = Trap{}}, {"getpid"})
             .Add({.name = "silent", .verdict = Trap{}, .wish = RecordWish::kQuiet}, {"getuid"})
             .Add({.name = "open", .verdict = Allow{}}, {"getgid"})
             .Build();
    const RecordWish refused = logging ? RecordWish::kLog : RecordWish::kUnsaid;
    EXPECT_EQ(Decide(policy, "getpid").wish, refused);
    EXPECT_EQ(Decide(policy, "getppid").wish, refused);  // the default
    EXPECT_EQ(policy.ArchRule().wish, refused);
    EXPECT_EQ(Decide(policy, "getuid").wish, RecordWish::kQuiet);
    EXPECT_EQ(Decide(policy, "getgid").wish, RecordWish::kUnsaid);
  }
}

TEST(PolicyBuilder, NeverShowsAProgramTheKernelsRestartNumbers) {
  for (int error = 512; error <= 516; ++error) {
    EXPECT_THAT(PolicyBuilder().Default(Deny{error}).Build(),
                StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("restarts calls")));
  }
  EXPECT_THAT(PolicyBuilder().Default(Deny{517}).Build(), IsOk());
}

TEST(PolicyDecider, DecidesAsItsPolicy) {
  PolicyDecider decider(*PolicyBuilder().Default(Deny{EXDEV}).Build());
  FakeArgumentReader nothing;
  EXPECT_EQ(decider.Decide({.arch = kX86_64, .nr = Nr("getpid")}, nothing).verdict,
            Verdict(Deny{EXDEV}));
}

}  // namespace
}  // namespace provost
