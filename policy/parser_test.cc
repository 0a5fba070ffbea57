#include "policy/parser.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_matchers.h"
#include "policy/decider.h"
#include "policy/fake_argument_reader.h"
#include "policy/policy.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using ::absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Args = std::array<uint64_t, 6>;

// A policy under test, asked as the supervisor asks it. Strings stand at the addresses given.
class Asked {
 public:
  explicit Asked(absl::string_view text, FakeArgumentReader memory = FakeArgumentReader())
      : parsed_(ParsePolicyText(text, "t")), memory_(std::move(memory)) {
    EXPECT_THAT(parsed_, IsOk());
  }

  Decision Decide(absl::string_view call, Args args = {}, Arch arch = Arch::kX86_64) {
    const Syscall* syscall = SyscallTable::Get().Find(arch, call);
    if (!parsed_.ok() || syscall == nullptr) {
      ADD_FAILURE() << "cannot ask for " << call;
      return {};
    }
    SyscallRequest request;
    request.arch = static_cast<uint32_t>(arch);
    request.nr = syscall->nr;
    request.args = args;
    PolicyDecider decider(parsed_->policy);
    return decider.Decide(request, memory_);
  }
  Verdict VerdictFor(absl::string_view call, Args args = {}, Arch arch = Arch::kX86_64) {
    return Decide(call, args, arch).verdict;
  }
  bool Allows(absl::string_view call, Args args = {}, Arch arch = Arch::kX86_64) {
    return VerdictFor(call, args, arch) == Verdict(Allow{});
  }

  const Policy& policy() const { return parsed_->policy; }
  const std::vector<PolicyWarning>& warnings() const { return parsed_->warnings; }

 private:
  absl::StatusOr<ParsedPolicy> parsed_;
  FakeArgumentReader memory_;
};

// Whether `condition` holds for a call whose other arguments are 0.
bool ConditionHolds(absl::string_view call, absl::string_view condition, Args args,
                    Arch arch = Arch::kX86_64) {
  return Asked(absl::StrCat("default deny EPERM\nallow ", call, " if ", condition))
      .Allows(call, args, arch);
}

std::string ErrorOf(absl::string_view text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

// ---- Statements ----

TEST(ParserTest, EveryAction) {
  Asked asked(
      "default allow\n"
      "log read\n"
      "deny EACCES write\n"
      "return 0 open\n"
      "return -4096 close\n"
      "return 0x7fffffff stat\n"
      "trap fstat\n"
      "kill lstat\n"
      "kill process poll\n"
      "kill thread lseek\n"
      "kill kill\n"
      "allow tkill\n");
  EXPECT_EQ(asked.VerdictFor("read"), Verdict(Log{}));
  EXPECT_EQ(asked.VerdictFor("write"), Verdict(Deny{EACCES}));
  EXPECT_EQ(asked.VerdictFor("open"), Verdict(Return{0}));
  EXPECT_EQ(asked.VerdictFor("close"), Verdict(Return{-4096}));
  EXPECT_EQ(asked.VerdictFor("stat"), Verdict(Return{0x7fffffff}));
  EXPECT_EQ(asked.VerdictFor("fstat"), Verdict(Trap{}));
  EXPECT_EQ(asked.VerdictFor("lstat"), Verdict(Kill{Kill::Scope::kProcess}));
  EXPECT_EQ(asked.VerdictFor("poll"), Verdict(Kill{Kill::Scope::kProcess}));
  EXPECT_EQ(asked.VerdictFor("lseek"), Verdict(Kill{Kill::Scope::kThread}));
  EXPECT_EQ(asked.VerdictFor("kill"), Verdict(Kill{Kill::Scope::kProcess}));
  EXPECT_EQ(asked.Decide("tkill").rule, "t:12");
  EXPECT_EQ(asked.Decide("getpid").rule, "default");
}

TEST(ParserTest, EveryDefault) {
  EXPECT_EQ(Asked("default allow").VerdictFor("read"), Verdict(Allow{}));
  EXPECT_EQ(Asked("default log").VerdictFor("read"), Verdict(Log{}));
  EXPECT_EQ(Asked("default deny ENOSYS").VerdictFor("read"), Verdict(Deny{ENOSYS}));
  EXPECT_EQ(Asked("default return 7").VerdictFor("read"), Verdict(Return{7}));
  EXPECT_EQ(Asked("default trap").VerdictFor("read"), Verdict(Trap{}));
  EXPECT_EQ(Asked("default kill").VerdictFor("read"), Verdict(Kill{Kill::Scope::kProcess}));
  EXPECT_EQ(Asked("default kill thread").VerdictFor("read"), Verdict(Kill{Kill::Scope::kThread}));
  EXPECT_EQ(Asked("default deny EPERM log").Decide("read").wish, RecordWish::kLog);
  EXPECT_EQ(Asked("default deny EPERM log result").Decide("read").wish, RecordWish::kLogResult);
  EXPECT_EQ(Asked("default kill quiet").Decide("read").wish, RecordWish::kQuiet);
  EXPECT_EQ(Asked("default kill audited").Decide("read").wish, RecordWish::kAudited);
}

TEST(ParserTest, Containers) {
  EXPECT_FALSE(Asked("default allow").policy().container().has_value());
  for (const auto& [text, contid] : std::vector<std::pair<const char*, uint64_t>>{
           {"0", 0}, {"0x10", 16}, {"18446744073709551614", UINT64_MAX - 1}}) {
    const Asked asked(absl::StrCat("default allow\ndeny EPERM read audited\ncontainer ", text));
    ASSERT_TRUE(asked.policy().container().has_value());
    EXPECT_EQ(asked.policy().container()->contid, contid);
    EXPECT_EQ(asked.policy().container()->where.line, 3);
  }
  EXPECT_EQ(Asked("default allow\ndeny EPERM read as \"a\" audited").Decide("read"),
            (Decision{Deny{EPERM}, RecordWish::kAudited, "a"}));
}

TEST(ParserTest, Hardening) {
  EXPECT_FALSE(Asked("default allow").policy().harden().has_value());
  for (const auto& [text, on] :
       std::vector<std::pair<const char*, bool>>{{"harden on", true}, {"harden off", false}}) {
    const Asked asked(absl::StrCat("default allow\n", text));
    ASSERT_TRUE(asked.policy().harden().has_value());
    EXPECT_EQ(asked.policy().harden()->on, on);
    EXPECT_EQ(asked.policy().harden()->where.line, 2);
  }
}

TEST(ParserTest, TheFirstRuleThatMatchesDecides) {
  Asked asked(
      "default deny EPERM\n"
      "deny EIO read if fd == 3\n"
      "allow read if fd < 10\n"
      "deny EACCES read if fd < 20\n");
  EXPECT_EQ(asked.Decide("read", {3}).rule, "t:2");
  EXPECT_EQ(asked.Decide("read", {4}).rule, "t:3");
  EXPECT_EQ(asked.Decide("read", {10}).rule, "t:4");
  EXPECT_EQ(asked.Decide("read", {20}).rule, "default");
}

TEST(ParserTest, NamesAndWishes) {
  Asked asked(
      "default allow\n"
      "deny EPERM read as \"no reading\" log\n"
      "deny EPERM write if fd == 0 as \"no reading\" log result\n"
      "deny EPERM write quiet\n"
      "log close log result\n"
      "deny EPERM openat if dfd == 0\n");
  EXPECT_EQ(asked.Decide("read"), (Decision{Deny{EPERM}, RecordWish::kLog, "no reading"}));
  EXPECT_EQ(asked.Decide("write"), (Decision{Deny{EPERM}, RecordWish::kLogResult, "no reading"}));
  EXPECT_EQ(asked.Decide("write", {1}), (Decision{Deny{EPERM}, RecordWish::kQuiet, "t:4"}));
  EXPECT_EQ(asked.Decide("close"), (Decision{Log{}, RecordWish::kLogResult, "t:5"}));
  EXPECT_EQ(asked.Decide("openat"), (Decision{Deny{EPERM}, RecordWish::kUnsaid, "t:6"}));
}

TEST(ParserTest, KeepsWhatTheRuleSaysAndWhere) {
  const Asked asked(
      "default allow\n\n"
      "  deny EPERM openat if (flags&O_CREAT  # why\n"
      "      || dfd==1)   as \"x\"\n");
  ASSERT_EQ(asked.policy().rules().size(), 1U);
  const Rule& rule = *asked.policy().rules()[0];
  EXPECT_EQ(rule.text, "deny EPERM openat if (flags&O_CREAT || dfd==1) as \"x\"");
  EXPECT_EQ(rule.where.file, "t");
  EXPECT_EQ(rule.where.line, 3);
  EXPECT_EQ(rule.where.column, 3);
}

TEST(ParserTest, Logging) {
  EXPECT_TRUE(Asked("default allow\nlogging on").policy().logging());
  EXPECT_FALSE(Asked("default allow\nlogging off").policy().logging());
  EXPECT_FALSE(Asked("default allow").policy().logging());
}

TEST(ParserTest, ArchListsWhatIsRuled) {
  const Asked only_x86_64("arch x86_64\ndefault allow\ndeny EPERM read");
  EXPECT_TRUE(only_x86_64.policy().Lists(Arch::kX86_64));
  EXPECT_FALSE(only_x86_64.policy().Lists(Arch::kI386));
  Asked both("arch i386, x86_64\ndefault allow\ndeny EPERM read, socketcall");
  EXPECT_EQ(both.VerdictFor("read"), Verdict(Deny{EPERM}));
  EXPECT_EQ(both.VerdictFor("read", {}, Arch::kI386), Verdict(Deny{EPERM}));
  EXPECT_EQ(both.VerdictFor("socketcall", {}, Arch::kI386), Verdict(Deny{EPERM}));
  Asked none("default allow\ndeny EPERM read");
  EXPECT_EQ(none.VerdictFor("read", {}, Arch::kI386), Verdict(Deny{EPERM}));
}

TEST(ParserTest, LinesGoOnInsideBracketsAndCommentsEndThem) {
  Asked asked(
      "# a policy\r\n"
      "default deny EPERM # default\r\n"
      "\r\n"
      "let some = {   # elements\r\n"
      "  1,\r\n"
      "  # nothing\r\n"
      "  2,\r\n"
      "}\r\n"
      "allow read if (fd in some\r\n"
      "    || fd == 7\r\n"
      ")\r\n"
      "allow write");
  EXPECT_TRUE(asked.Allows("read", {2}));
  EXPECT_TRUE(asked.Allows("read", {7}));
  EXPECT_FALSE(asked.Allows("read", {3}));
  EXPECT_TRUE(asked.Allows("write"));
}

TEST(ParserTest, AByteOrderMarkIsSkipped) {
  EXPECT_THAT(ParsePolicyText("\xef\xbb\xbf"
                              "default allow",
                              "t"),
              IsOk());
}

// ---- Calls ----

TEST(ParserTest, GroupsClassesAndAll) {
  Asked asked(
      "default allow\n"
      "deny EIO @basic-io, %network\n"
      "deny EACCES *\n");
  EXPECT_EQ(asked.VerdictFor("read"), Verdict(Deny{EIO}));
  EXPECT_EQ(asked.VerdictFor("socket"), Verdict(Deny{EIO}));
  EXPECT_EQ(asked.VerdictFor("getpid"), Verdict(Deny{EACCES}));
  EXPECT_EQ(asked.VerdictFor("socketcall", {}, Arch::kI386), Verdict(Deny{EIO}));
}

TEST(ParserTest, ACallNamedTwiceIsRuledOnce) {
  const Asked asked("default allow\ndeny EIO read, @basic-io, read");
  const Syscall* read = SyscallTable::Get().Find(Arch::kX86_64, "read");
  EXPECT_EQ(asked.policy().RulesFor(Arch::kX86_64, read->nr).size(), 1U);
}

TEST(ParserTest, QuestionMarksLeaveOutWhatIsNotThere) {
  const Asked asked(
      "arch x86_64\n"
      "default allow\n"
      "deny EIO ?read, ?socketcall, ?opennat\n");
  const Syscall* read = SyscallTable::Get().Find(Arch::kX86_64, "read");
  EXPECT_EQ(asked.policy().RulesFor(Arch::kX86_64, read->nr).size(), 1U);
  ASSERT_EQ(asked.warnings().size(), 1U);
  EXPECT_EQ(asked.warnings()[0].where.line, 3);
  EXPECT_EQ(asked.warnings()[0].where.column, 31);
  EXPECT_THAT(asked.warnings()[0].message, HasSubstr("`opennat`"));
  EXPECT_THAT(asked.warnings()[0].message, HasSubstr("did you mean `openat`"));
}

TEST(ParserTest, CallsThatAreNeverRefusedAreLeftOutOfGroups) {
  Asked asked("default deny EPERM\ndeny EIO *\nkill @process");
  for (const char* call : {"exit", "exit_group", "rt_sigreturn", "restart_syscall"}) {
    EXPECT_EQ(asked.Decide(call).rule, "always") << call;
  }
  EXPECT_EQ(asked.Decide("sigreturn", {}, Arch::kI386).rule, "always");
  EXPECT_THAT(asked.warnings(), IsEmpty());
  EXPECT_EQ(Asked("default deny EPERM\nlog exit_group").Decide("exit_group").rule, "t:2");
}

TEST(ParserTest, RulesMayBeForNoCall) {
  const Asked asked("arch x86_64\ndefault allow\ndeny EIO ?socketcall if call == 1");
  ASSERT_EQ(asked.policy().rules().size(), 1U);
  EXPECT_THAT(asked.warnings(), IsEmpty());
}

// ---- Numbers: the width of an argument ----

constexpr uint64_t kHigh = uint64_t{1} << 32;

TEST(WidthTest, AnIntIsTheLowHalfOfItsRegister) {
  for (const Arch arch : kAllArches) {
    EXPECT_TRUE(ConditionHolds("socket", "family == AF_INET", {2}, arch));
    EXPECT_TRUE(ConditionHolds("socket", "family == AF_INET", {kHigh | 2}, arch));
    EXPECT_FALSE(ConditionHolds("socket", "family == AF_INET", {kHigh}, arch));
  }
}

TEST(WidthTest, ArgNIsTheWholeRegister) {
  EXPECT_FALSE(ConditionHolds("socket", "arg0 == AF_INET", {kHigh | 2}));
  EXPECT_TRUE(ConditionHolds("socket", "arg0 == 0x100000002", {kHigh | 2}));
  EXPECT_TRUE(ConditionHolds("socket", "arg0 > 0xffffffff", {kHigh}));
  EXPECT_TRUE(ConditionHolds("socket", "arg0 & 0xffffffff00000000", {kHigh}));
  EXPECT_TRUE(ConditionHolds("getpid", "arg5 == 7", {0, 0, 0, 0, 0, 7}));
  // i386's have 32 bits.
  EXPECT_TRUE(ConditionHolds("socket", "arg0 == AF_INET", {kHigh | 2}, Arch::kI386));
  EXPECT_FALSE(ConditionHolds("socket", "arg0 == 0x100000002", {kHigh | 2}, Arch::kI386));
  // umode_t and old_uid_t: the kernel keeps 16 bits, and so must we.
  EXPECT_TRUE(ConditionHolds("chmod", "mode == 0777", {0, 0x101ff}));
  EXPECT_FALSE(ConditionHolds("chmod", "mode > 0777", {0, 0x101ff}));
  EXPECT_TRUE(ConditionHolds("setuid", "uid == 0", {0x10000}, Arch::kI386));
  EXPECT_FALSE(ConditionHolds("setuid", "uid == 0", {0x10000}));
  EXPECT_FALSE(ConditionHolds("socket", "arg0 > 0xffffffff", {kHigh}, Arch::kI386));
  EXPECT_THAT(ErrorOf("arch i386\ndefault allow\ndeny EIO read if arg0 == 0x100000000"),
              HasSubstr("`arg0` is an unsigned 32-bit number"));
}

TEST(WidthTest, ASignedIntHasItsSign) {
  constexpr uint64_t kMinus100 = 0xffffff9c;
  for (const Arch arch : kAllArches) {
    EXPECT_TRUE(ConditionHolds("openat", "dfd == AT_FDCWD", {kMinus100}, arch));
    EXPECT_TRUE(ConditionHolds("openat", "dfd == -100", {0xffffffffffffff9c}, arch));
    EXPECT_TRUE(ConditionHolds("openat", "dfd == -100", {0x12345678ffffff9c}, arch));
    EXPECT_TRUE(ConditionHolds("openat", "dfd < 0", {kMinus100}, arch));
    EXPECT_FALSE(ConditionHolds("openat", "dfd > 0", {kMinus100}, arch));
    EXPECT_FALSE(ConditionHolds("openat", "dfd < 0", {uint64_t{1} << 63}, arch));
    EXPECT_TRUE(ConditionHolds("openat", "dfd in -200..-1", {kMinus100}, arch));
    EXPECT_FALSE(ConditionHolds("openat", "dfd in 0..0x7fffffff", {kMinus100}, arch));
  }
}

TEST(WidthTest, AnUnsignedIntHasNone) {
  EXPECT_TRUE(ConditionHolds("setuid", "uid == 0xffffffff", {~uint64_t{0}}));
  EXPECT_TRUE(ConditionHolds("setuid", "uid > 1000", {0xffffffff}));
  EXPECT_FALSE(ConditionHolds("setuid", "uid > 1000", {kHigh | 5}));
}

TEST(WidthTest, LongsHave64BitsAnd32OnI386) {
  EXPECT_TRUE(ConditionHolds("lseek", "offset == -1", {0, ~uint64_t{0}}));
  EXPECT_FALSE(ConditionHolds("lseek", "offset == -1", {0, 0xffffffff}));
  EXPECT_TRUE(ConditionHolds("lseek", "offset == -1", {0, 0xffffffff}, Arch::kI386));
  EXPECT_FALSE(ConditionHolds("read", "count == 5", {0, 0, kHigh | 5}));
  EXPECT_TRUE(ConditionHolds("read", "count == 5", {0, 0, kHigh | 5}, Arch::kI386));
}

TEST(WidthTest, WhatOneArchitectureCannotHoldComesOutAsArithmetic) {
  const auto on_i386 = [](absl::string_view condition, uint64_t count) {
    return ConditionHolds("read", condition, {0, 0, count}, Arch::kI386);
  };
  EXPECT_FALSE(on_i386("count == 0x100000000", 0));
  EXPECT_TRUE(on_i386("count != 0x100000000", 0));
  EXPECT_TRUE(on_i386("count < 0x100000000", 0xffffffff));
  EXPECT_FALSE(on_i386("count >= 0x100000000", 0xffffffff));
  EXPECT_TRUE(on_i386("count in 5..0x100000000", 6));
  EXPECT_FALSE(on_i386("count in 5..0x100000000", 4));
  EXPECT_FALSE(on_i386("count in 0x100000000..0x200000000", 4));
  EXPECT_FALSE(on_i386("count has 0x100000001", 1));
  EXPECT_TRUE(on_i386("count only 0x100000001", 1));
  EXPECT_FALSE(on_i386("count only 0x100000001", 2));
  EXPECT_FALSE(on_i386("count & 0x100000000", 0xffffffff));
  EXPECT_TRUE(on_i386("count & 0x100000001", 1));
  EXPECT_TRUE(on_i386("(count & 0x100000001) == 1", 3));
  EXPECT_FALSE(on_i386("(count & 0x100000001) == 0x100000001", 3));
  EXPECT_TRUE(on_i386("(count & 0x100000001) != 0x100000001", 3));
  EXPECT_TRUE(on_i386("(count & 0x100000000) == 0", 3));
  EXPECT_FALSE(on_i386("(count & 0x100000000) == 0x100000000", 3));
  EXPECT_TRUE(on_i386("(count & 0x1000000ff) < 0x1000000ff", 0xff));
  EXPECT_FALSE(on_i386("(count & 0x1000000ff) in 0x100000000..0x1000000ff", 0xff));
}

TEST(WidthTest, FlagsMayBeWrittenAsBits) {
  // An int, whose highest bit is its sign.
  EXPECT_TRUE(ConditionHolds("openat", "flags == 0x80000000", {0, 0, 0x80000000}));
  EXPECT_TRUE(ConditionHolds("openat", "flags has 0x80000000", {0, 0, 0x80000001}));
  EXPECT_TRUE(ConditionHolds("openat", "(flags & 0x80000000) == 0x80000000", {0, 0, 0x80000001}));
  EXPECT_TRUE(ConditionHolds("openat", "(flags & 0x80000003) != 0x80000000", {0, 0, 0x80000001}));
  EXPECT_FALSE(ConditionHolds("openat", "flags only 0x7fffffff", {0, 0, 0x80000001}));
  EXPECT_TRUE(ConditionHolds("openat", "flags only -1", {0, 0, 0x80000001}));
  EXPECT_TRUE(ConditionHolds("reboot", "magic1 == LINUX_REBOOT_MAGIC1", {0xfee1dead}));
  EXPECT_TRUE(ConditionHolds("reboot", "magic1 in {LINUX_REBOOT_MAGIC1}", {0xfee1dead}));
}

// ---- Operators, held against the arithmetic they stand for ----

struct Operator {
  const char* condition;
  bool (*holds)(int64_t value);
};

class OperatorTest : public testing::TestWithParam<Operator> {};

TEST_P(OperatorTest, MeansItsArithmetic) {
  // lseek's offset is a signed long: the whole register counts.
  Asked asked(absl::StrCat("default deny EPERM\nallow lseek if ", GetParam().condition));
  for (const int64_t value :
       {int64_t{INT64_MIN}, int64_t{-1025}, int64_t{-8},        int64_t{-7},
        int64_t{-1},        int64_t{0},     int64_t{1},         int64_t{2},
        int64_t{3},         int64_t{4},     int64_t{5},         int64_t{6},
        int64_t{7},         int64_t{8},     int64_t{12},        int64_t{1023},
        int64_t{1024},      int64_t{kHigh}, int64_t{kHigh + 4}, int64_t{INT64_MAX}}) {
    EXPECT_EQ(asked.Allows("lseek", {0, static_cast<uint64_t>(value)}), GetParam().holds(value))
        << GetParam().condition << " of " << value;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, OperatorTest,
    testing::ValuesIn<Operator>({
        {"offset == 4", [](int64_t v) { return v == 4; }},
        {"offset != -1", [](int64_t v) { return v != -1; }},
        {"offset < 0", [](int64_t v) { return v < 0; }},
        {"offset <= 4", [](int64_t v) { return v <= 4; }},
        {"offset > -8", [](int64_t v) { return v > -8; }},
        {"offset >= 1K", [](int64_t v) { return v >= 1024; }},
        {"offset in 2..6", [](int64_t v) { return v >= 2 && v <= 6; }},
        {"offset in -8..-1", [](int64_t v) { return v >= -8 && v <= -1; }},
        {"offset in {1, 4..6, -1}",
         [](int64_t v) { return v == 1 || (v >= 4 && v <= 6) || v == -1; }},
        {"offset in -9223372036854775808..3", [](int64_t v) { return v <= 3; }},
        {"offset in 3..0x7fffffffffffffff", [](int64_t v) { return v >= 3; }},
        {"offset in -9223372036854775808..0x7fffffffffffffff", [](int64_t) { return true; }},
        {"offset has 6", [](int64_t v) { return (v & 6) == 6; }},
        {"offset has -8", [](int64_t v) { return (v & -8) == -8; }},
        {"offset only 5", [](int64_t v) { return (v & ~5) == 0; }},
        {"offset only -8", [](int64_t v) { return (v & 7) == 0; }},
        {"offset only 0", [](int64_t v) { return v == 0; }},
        {"offset & 3", [](int64_t v) { return (v & 3) != 0; }},
        {"(offset & 3)", [](int64_t v) { return (v & 3) != 0; }},
        {"offset & 1|2", [](int64_t v) { return (v & 3) != 0; }},
        {"offset & (1|(2|4))", [](int64_t v) { return (v & 7) != 0; }},
        {"(offset & 3) == 1", [](int64_t v) { return (v & 3) == 1; }},
        {"((offset & 3)) == 1", [](int64_t v) { return (v & 3) == 1; }},
        {"(offset & 6) != 2", [](int64_t v) { return (v & 6) != 2; }},
        {"(offset & 7) < 3", [](int64_t v) { return (v & 7) < 3; }},
        {"(offset & 7) >= 3", [](int64_t v) { return (v & 7) >= 3; }},
        {"(offset & 7) in {0, 5..7}",
         [](int64_t v) { return (v & 7) == 0 || ((v & 7) >= 5 && (v & 7) <= 7); }},
        {"(offset & 12) in 4..8", [](int64_t v) { return (v & 12) >= 4 && (v & 12) <= 8; }},
        {"(offset & -8) == -8", [](int64_t v) { return (v & -8) == -8; }},
        {"offset == 1 || offset == 2 && offset == 3", [](int64_t v) { return v == 1; }},
        {"(offset == 1 || offset == 2) && offset != 1", [](int64_t v) { return v == 2; }},
        {"offset > 1 && offset < 7 && offset != 4",
         [](int64_t v) { return v > 1 && v < 7 && v != 4; }},
        {"!(offset == 1)", [](int64_t v) { return v != 1; }},
        {"!!(offset == 1)", [](int64_t v) { return v == 1; }},
        {"!(offset & 1) && !(offset < 0 || offset > 6)",
         [](int64_t v) { return (v & 1) == 0 && v >= 0 && v <= 6; }},
        {"arg1 == 0xffffffffffffffff", [](int64_t v) { return v == -1; }},
        {"arg1 > 0x7fffffffffffffff", [](int64_t v) { return v < 0; }},
        {"arg1 has -1", [](int64_t v) { return v == -1; }},
    }));

TEST(ParserTest, SymbolsAreNumbers) {
  EXPECT_TRUE(ConditionHolds("openat", "(flags & O_ACCMODE) == O_RDWR", {0, 0, 2}));
  EXPECT_TRUE(ConditionHolds("openat", "flags has O_CREAT|O_EXCL", {0, 0, 0xc1}));
  EXPECT_FALSE(ConditionHolds("openat", "flags has O_CREAT|O_EXCL", {0, 0, 0x41}));
  EXPECT_TRUE(ConditionHolds("kill", "sig == SIGKILL", {0, 9}));
  EXPECT_TRUE(ConditionHolds("exit", "error_code == EPERM", {1}));
  EXPECT_TRUE(ConditionHolds("mprotect", "prot only PROT_READ|PROT_WRITE", {0, 0, 2}));
  EXPECT_FALSE(ConditionHolds("mprotect", "prot only PROT_READ|PROT_WRITE", {0, 0, 6}));
}

// ---- Strings ----

Asked AskedOf(absl::string_view condition, std::string path) {
  return Asked(absl::StrCat("default deny EPERM\nallow openat if ", condition),
               FakeArgumentReader({{0x1000, std::move(path)}}));
}

bool StringHolds(absl::string_view condition, std::string path) {
  return AskedOf(condition, std::move(path)).Allows("openat", {0, 0x1000});
}

TEST(ParserTest, StringOperators) {
  EXPECT_TRUE(StringHolds("path == \"/a\"", "/a"));
  EXPECT_FALSE(StringHolds("path == \"/a\"", "/b"));
  EXPECT_TRUE(StringHolds("path != \"/a\"", "/b"));
  EXPECT_FALSE(StringHolds("path != \"/a\"", "/a"));
  EXPECT_TRUE(StringHolds("path in {\"/a\", \"/b\"}", "/b"));
  EXPECT_FALSE(StringHolds("path in {\"/a\", \"/b\"}", "/*"));
  EXPECT_TRUE(StringHolds("path ~ \"/lib/**\"", "/lib/x/y"));
  EXPECT_FALSE(StringHolds("path ~ \"/lib/*\"", "/lib/x/y"));
  EXPECT_TRUE(StringHolds("path ~ {\"/a\", \"/lib/*\"}", "/lib/x"));
  EXPECT_FALSE(StringHolds("path !~ {\"/a\", \"/lib/*\"}", "/lib/x"));
  EXPECT_TRUE(StringHolds("path !~ {\"/a\", \"/lib/*\"}", "/x"));
  EXPECT_TRUE(StringHolds("path =~ \"^/[a-c]+$\"", "/abc"));
  EXPECT_FALSE(StringHolds("path =~ \"^/[a-c]+$\"", "/abcd"));
  EXPECT_TRUE(StringHolds("path =~ {\"x\", \"\\\\.so$\"}", "/a.so"));
  EXPECT_TRUE(StringHolds("path under \"/etc\"", "/etc/x"));
  EXPECT_FALSE(StringHolds("path under \"/etc\"", "/etcetera"));
  EXPECT_TRUE(StringHolds("path under {\"/etc\", \"/usr\"}", "/usr"));
  EXPECT_TRUE(StringHolds("path == \"a\\\\b\\\"c\\n\\t\\xff\"", "a\\b\"c\n\t\xff"));
}

TEST(ParserTest, StringsAndNumbersTogether) {
  const char* const condition = "path ~ \"/lib/**\" && (flags & O_ACCMODE) == O_RDONLY";
  EXPECT_TRUE(AskedOf(condition, "/lib/x").Allows("openat", {0, 0x1000, 0x80000}));
  EXPECT_FALSE(AskedOf(condition, "/lib/x").Allows("openat", {0, 0x1000, 1}));
  EXPECT_FALSE(AskedOf(condition, "/etc/x").Allows("openat", {0, 0x1000, 0}));
}

TEST(ParserTest, AnUnreadableStringMatchesOnlyRulesThatRefuse) {
  Asked asked(
      "default log\n"
      "allow openat if path == \"/a\"\n"
      "allow openat if path != \"/a\"\n"
      "deny EACCES openat if path == \"/a\" && flags == 1\n"
      "deny EIO openat if !(path == \"/a\") && flags == 2\n");
  EXPECT_EQ(asked.VerdictFor("openat", {0, 0x1000, 0}), Verdict(Log{}));
  EXPECT_EQ(asked.VerdictFor("openat", {0, 0x1000, 1}), Verdict(Deny{EACCES}));
  EXPECT_EQ(asked.VerdictFor("openat", {0, 0x1000, 2}), Verdict(Deny{EIO}));
}

TEST(ParserTest, AnArgumentThatI386HasElsewhereIsUnknownThere) {
  Asked allows("default deny EPERM\nallow mmap if prot only PROT_READ || arg5 == 1");
  EXPECT_TRUE(allows.Allows("mmap", {0, 0, 1}));
  EXPECT_FALSE(allows.Allows("mmap", {0, 0, 4}));
  EXPECT_FALSE(allows.Allows("mmap", {0, 0, 1}, Arch::kI386));
  EXPECT_TRUE(allows.Allows("mmap", {0, 0, 1, 0, 0, 1}, Arch::kI386));
  ASSERT_EQ(allows.warnings().size(), 1U);
  EXPECT_THAT(allows.warnings()[0].message, HasSubstr("`mmap` of i386 has no argument `prot`"));
  EXPECT_THAT(allows.warnings()[0].message, HasSubstr("takes it for false"));
  Asked denies("default allow\ndeny EPERM mmap if !(prot has PROT_EXEC) && arg5 == 1");
  EXPECT_TRUE(denies.Allows("mmap", {0, 0, 4, 0, 0, 1}));
  EXPECT_FALSE(denies.Allows("mmap", {0, 0, 4, 0, 0, 1}, Arch::kI386));
  EXPECT_TRUE(denies.Allows("mmap", {0, 0, 4, 0, 0, 0}, Arch::kI386));
}

// ---- let ----

TEST(ParserTest, LetsNameEveryKindOfValue) {
  Asked asked(
      "default deny EPERM\n"
      "let one = 1\n"
      "let bits = O_CREAT|O_EXCL\n"
      "let more = bits|O_TRUNC\n"
      "let low = 1..9\n"
      "let numbers = {low, 20, one}\n"
      "let etc = \"/etc/*\"\n"
      "let places = {etc, \"/usr/*\"}\n"
      "allow read if fd == one\n"
      "allow write if fd in low\n"
      "allow close if fd in numbers\n"
      "allow dup if fd in {numbers, 30..31}\n"
      "allow openat if path ~ places && flags has more\n"
      "allow open if path ~ etc && flags == bits|one\n",
      FakeArgumentReader({{0x1000, "/usr/x"}, {0x2000, "/etc/x"}}));
  EXPECT_TRUE(asked.Allows("read", {1}));
  EXPECT_FALSE(asked.Allows("read", {2}));
  EXPECT_TRUE(asked.Allows("write", {9}));
  EXPECT_FALSE(asked.Allows("write", {10}));
  EXPECT_TRUE(asked.Allows("close", {5}));
  EXPECT_TRUE(asked.Allows("close", {20}));
  EXPECT_FALSE(asked.Allows("close", {21}));
  EXPECT_TRUE(asked.Allows("dup", {20}));
  EXPECT_TRUE(asked.Allows("dup", {31}));
  EXPECT_TRUE(asked.Allows("openat", {0, 0x1000, 01300}));
  EXPECT_FALSE(asked.Allows("openat", {0, 0x1000, 0300}));
  EXPECT_TRUE(asked.Allows("open", {0x2000, 0301}));
  EXPECT_FALSE(asked.Allows("open", {0x1000, 0301}));
}

TEST(ParserTest, ErrorsInANamedValuePointToItsUse) {
  EXPECT_THAT(ErrorOf("default allow\nlet big = {1, 0x100000000}\ndeny EIO read if fd in big\n"),
              StartsWith("t:3:24: error: `fd` is an unsigned 32-bit number: it can never be"));
}

// ---- Warnings ----

std::vector<std::string> WarningsOf(absl::string_view text) {
  std::vector<std::string> warnings;
  const Asked asked(text);
  for (const PolicyWarning& warning : asked.warnings()) {
    warnings.push_back(
        absl::StrCat(warning.where.line, ":", warning.where.column, ": ", warning.message));
  }
  return warnings;
}

TEST(WarningTest, ConstantsOfOtherArguments) {
  EXPECT_THAT(
      WarningsOf("arch x86_64\ndefault allow\n"
                 "deny EIO mmap if prot has O_CREAT|PROT_READ && flags & MAP_SHARED|PROT_EXEC\n"
                 "deny EIO socket if family in {AF_UNIX, SOCK_DGRAM}\n"),
      ElementsAre("3:27: `O_CREAT` is not a flag of mmap's `prot`",
                  "3:67: `PROT_EXEC` is not a flag of mmap's `flags`",
                  "4:40: `SOCK_DGRAM` is not a value of socket's `family`"));
}

TEST(WarningTest, OncePerRuleForCallsThatAreAlike) {
  EXPECT_THAT(WarningsOf("default allow\ndeny EIO openat, open if flags has PROT_EXEC\n").size(),
              2U);
  EXPECT_THAT(WarningsOf("default allow\ndeny EIO sendto, recvfrom if flags has O_PATH\n").size(),
              1U);
}

TEST(WarningTest, NoneForConstantsWithoutASet) {
  EXPECT_THAT(WarningsOf("default allow\ndeny EIO read if fd == O_CREAT && arg0 == O_CREAT\n"),
              IsEmpty());
}

// Language and tables must not take each other's words.
TEST(WarningTest, RegistersThatACallNumbersOtherwise) {
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      for (int i = 0; i < 6; ++i) {
        const std::string name = absl::StrCat("arg", i);
        const int own = syscall.signature->IndexOf(name);
        const bool otherwise = own >= 0 && own != i;
        const std::string text = absl::StrCat("arch ", ArchName(arch), "\ndefault allow\nlog ",
                                              syscall.signature->name, " if ", name, " == 1");
        const auto expected = absl::StrCat("`", name, "` is a register, counted from 0: what ",
                                           syscall.signature->name, " itself calls `", name,
                                           "` is in `arg", own, "`");
        const std::vector<std::string> warnings = WarningsOf(text);
        const bool warned = std::any_of(
            warnings.begin(), warnings.end(),
            [&](const std::string& warning) { return absl::StrContains(warning, expected); });
        EXPECT_EQ(warned, otherwise) << text;
        EXPECT_TRUE(otherwise || warnings.empty()) << text << ": " << warnings.front();
      }
    }
  }
}

TEST(WarningTest, NoArgumentIsCalledLikeAWordAfterOne) {
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      for (const Argument& argument : syscall.signature->args) {
        for (const char* word : {"in", "only", "has", "under", "as", "log", "quiet", "not", "ip"}) {
          EXPECT_NE(argument.name, word) << syscall.signature->name;
        }
      }
    }
  }
}

TEST(WarningTest, InOrderOfPlace) {
  EXPECT_THAT(WarningsOf("default allow\n"
                         "deny EIO ?nothing, mmap if flags & O_CREAT && prot & O_CREAT\n"),
              ElementsAre(StartsWith("2:11: "), StartsWith("2:28: "), StartsWith("2:36: "),
                          StartsWith("2:47: "), StartsWith("2:54: ")));
}

// ---- Files ----

// A directory of its own, gone with the object.
class PolicyFiles {
 public:
  PolicyFiles() {
    std::string name = absl::StrCat(testing::TempDir(), "/policyXXXXXX");
    directory_ = mkdtemp(name.data());
  }
  ~PolicyFiles() {
    for (auto it = paths_.rbegin(); it != paths_.rend(); ++it) remove(it->c_str());
    rmdir(directory_.c_str());
  }
  PolicyFiles(const PolicyFiles&) = delete;
  PolicyFiles& operator=(const PolicyFiles&) = delete;

  std::string Path(absl::string_view name) const { return absl::StrCat(directory_, "/", name); }
  void Write(absl::string_view name, const std::string& text) {
    paths_.push_back(Path(name));
    std::ofstream(paths_.back(), std::ios::binary) << text;
  }
  void MakeDirectory(absl::string_view name) {
    paths_.push_back(Path(name));
    ASSERT_EQ(mkdir(paths_.back().c_str(), 0700), 0);
  }
  void Link(absl::string_view target, absl::string_view name) {
    paths_.push_back(Path(name));
    ASSERT_EQ(symlink(std::string(target).c_str(), paths_.back().c_str()), 0);
  }

 private:
  std::string directory_;
  std::vector<std::string> paths_;
};

TEST(IncludeTest, IsRelativeToItsFileAndSharesLets) {
  PolicyFiles files;
  files.MakeDirectory("sub");
  files.Write("root.policy",
              "default deny EPERM\ninclude \"sub/a.policy\"\nallow write if fd in low\n");
  files.Write("sub/a.policy", "let low = 1..9\ninclude \"b.policy\"\nlogging on\n");
  files.Write("sub/b.policy", "allow read if fd in low\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed,
                               ParsePolicyFile(files.Path("root.policy")));
  ASSERT_EQ(parsed.policy.rules().size(), 2U);
  EXPECT_EQ(parsed.policy.rules()[0]->name, absl::StrCat(files.Path("sub/b.policy"), ":1"));
  EXPECT_EQ(parsed.policy.rules()[1]->name, absl::StrCat(files.Path("root.policy"), ":3"));
  EXPECT_TRUE(parsed.policy.logging());
}

TEST(IncludeTest, TextIncludesRelativeToItsDirectory) {
  PolicyFiles files;
  files.Write("a.policy", "deny EIO read\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const ParsedPolicy parsed,
      ParsePolicyText("default allow\ninclude \"a.policy\"", "t", files.Path("")));
  EXPECT_EQ(parsed.policy.rules().size(), 1U);
  EXPECT_THAT(ParseStatements({absl::StrCat("include \"", files.Path("a.policy"), "\"")}), IsOk());
}

TEST(IncludeTest, TheSameFileTwiceIsNoCycle) {
  PolicyFiles files;
  files.Write("r", "default allow\ninclude \"a\"\ninclude \"a\"\n");
  files.Write("a", "deny EIO read\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyFile(files.Path("r")));
  EXPECT_EQ(parsed.policy.rules().size(), 2U);
}

TEST(IncludeTest, CyclesAreSeenThroughLinks) {
  PolicyFiles files;
  files.Write("r", "default allow\ninclude \"a\"\n");
  files.Write("a", "include \"b\"\n");
  files.Link("r", "b");
  EXPECT_THAT(ParsePolicyFile(files.Path("r")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("includes itself")));
}

TEST(IncludeTest, DepthIsBounded) {
  const auto parse = [](int depth) {
    PolicyFiles files;
    files.Write("f0", "default allow\ninclude \"f1\"\n");
    for (int i = 1; i < depth; ++i) {
      files.Write(absl::StrCat("f", i), absl::StrCat("include \"f", i + 1, "\"\n"));
    }
    files.Write(absl::StrCat("f", depth), "");
    return ParsePolicyFile(files.Path("f0"));
  };
  EXPECT_THAT(parse(16), IsOk());
  EXPECT_THAT(parse(17), StatusIs(StatusCode::kInvalidArgument, HasSubstr("more than 16 deep")));
}

TEST(IncludeTest, NumberIsBounded) {
  PolicyFiles files;
  files.Write("a", "");
  std::string text = "default allow\n";
  for (int i = 0; i < 1001; ++i) absl::StrAppend(&text, "include \"", files.Path("a"), "\"\n");
  EXPECT_THAT(ErrorOf(text), HasSubstr("at most 1000 files"));
}

// The calling thread's capabilities (capabilities(7)).
class Capabilities {
 public:
  Capabilities() { EXPECT_EQ(syscall(SYS_capget, &header_, data_.data()), 0); }
  void Leave(const std::vector<int>& capabilities) {
    std::array<__user_cap_data_struct, 2> fewer = data_;
    for (const int capability : capabilities) {
      fewer[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
    }
    EXPECT_EQ(syscall(SYS_capset, &header_, fewer.data()), 0);
  }
  void Restore() { EXPECT_EQ(syscall(SYS_capset, &header_, data_.data()), 0); }

 private:
  __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data_ = {};
};

TEST(FileTest, FailuresOfTheFileItself) {
  PolicyFiles files;
  EXPECT_THAT(ParsePolicyFile(files.Path("none")),
              StatusIs(StatusCode::kNotFound, absl::StrCat(files.Path("none"),
                                                           ": error: cannot read it: No such file "
                                                           "or directory")));
  EXPECT_THAT(ParsePolicyFile(files.Path("")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Is a directory")));
  files.Write("secret", "default allow\n");
  ASSERT_EQ(chmod(files.Path("secret").c_str(), 0), 0);
  // Root reads what it likes unless it leaves these capabilities aside.
  Capabilities capabilities;
  capabilities.Leave({CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH});
  const auto parsed = ParsePolicyFile(files.Path("secret"));
  capabilities.Restore();
  EXPECT_THAT(parsed, StatusIs(StatusCode::kPermissionDenied, HasSubstr("Permission denied")));
}

TEST(FileTest, SizeIsBounded) {
  PolicyFiles files;
  files.Write("big", absl::StrCat("default allow\n", std::string(1 << 20, '#')));
  EXPECT_THAT(ParsePolicyFile(files.Path("big")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("larger than 1048576 bytes")));
  EXPECT_THAT(ParsePolicyFile("/dev/zero"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("larger than 1048576 bytes")));
}

// ---- Statements one by one ----

TEST(StatementsTest, MakeOnePolicyThatAllows) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed,
                               ParseStatements({"let low = 1..9", "deny EIO read if fd in low",
                                                "deny EPERM read\nlog write"}));
  ASSERT_EQ(parsed.policy.rules().size(), 3U);
  EXPECT_EQ(parsed.policy.rules()[0]->name, "-e #2:1");
  EXPECT_EQ(parsed.policy.rules()[2]->name, "-e #3:2");
  EXPECT_EQ(parsed.policy.default_rule().verdict, Verdict(Allow{}));
  EXPECT_THAT(ParseStatements({}), IsOk());
}

TEST(StatementsTest, MayHaveADefault) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed,
                               ParseStatements({"allow read", "default trap"}));
  EXPECT_EQ(parsed.policy.default_rule().verdict, Verdict(Trap{}));
  EXPECT_THAT(ParseStatements({"default trap", "default trap"}),
              StatusIs(StatusCode::kInvalidArgument,
                       "-e #2:1:1: error: `default` stands here a second time\n"
                       "  default trap\n"
                       "  ^~~~~~~\n"
                       "  the first is at -e #1:1:1"));
}

// ---- Limits ----

TEST(LimitTest, Nesting) {
  const auto nested = [](int depth) {
    return absl::StrCat("default allow\ndeny EIO read if ", std::string(depth, '('), "fd == 1",
                        std::string(depth, ')'));
  };
  EXPECT_THAT(ParsePolicyText(nested(200), "t"), IsOk());
  EXPECT_THAT(ErrorOf(nested(201)), HasSubstr("nested more than 200 deep"));
  EXPECT_THAT(ErrorOf(nested(100000)), HasSubstr("nested more than 200 deep"));
  EXPECT_THAT(ErrorOf(absl::StrCat("default allow\ndeny EIO read if ", std::string(100000, '!'))),
              HasSubstr("nested more than 200 deep"));
  EXPECT_THAT(ErrorOf(absl::StrCat("default allow\nlet x = ", std::string(100000, '('))),
              HasSubstr("nested more than 200 deep"));
}

TEST(LimitTest, SetSize) {
  const auto set = [](int size) {
    std::string text = "default allow\nlet s = {";
    for (int i = 0; i < size; ++i) absl::StrAppend(&text, i, ",");
    return absl::StrCat(text, "}\n");
  };
  EXPECT_THAT(ParsePolicyText(absl::StrCat(set(10000), "deny EIO read if fd in s"), "t"), IsOk());
  EXPECT_THAT(ErrorOf(set(10001)), HasSubstr("at most 10000 elements"));
  EXPECT_THAT(ErrorOf(absl::StrCat(set(5001), "let t = {s, s}")),
              HasSubstr("at most 10000 elements"));
}

TEST(LimitTest, Rules) {
  const auto rules = [](int count) {
    std::string text = "default allow\n";
    for (int i = 0; i < count; ++i) absl::StrAppend(&text, "deny EIO read if fd == ", i, "\n");
    return text;
  };
  EXPECT_THAT(ParsePolicyText(rules(20000), "t"), IsOk());
  EXPECT_THAT(ErrorOf(rules(20001)), StartsWith("t:20002:1: error: a policy has at most 20000"));
}

TEST(LimitTest, WhatRulesBecome) {
  std::string for_all = "default allow\n";
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&for_all, "log *\n");
  EXPECT_THAT(ErrorOf(for_all), HasSubstr("the policy is too large"));
  std::string comparisons = "default allow\nlet s = {";
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&comparisons, 2 * i, ",");
  absl::StrAppend(&comparisons, "}\n");
  for (int i = 0; i < 100; ++i) absl::StrAppend(&comparisons, "deny EIO read if fd in s\n");
  EXPECT_THAT(ErrorOf(comparisons), HasSubstr("the policy is too large"));
}

TEST(LimitTest, RuleNames) {
  const auto named = [](size_t length) {
    return absl::StrCat("default allow\ndeny EIO read as \"", std::string(length, 'n'), "\"");
  };
  EXPECT_THAT(ParsePolicyText(named(100), "t"), IsOk());
  EXPECT_THAT(ErrorOf(named(101)), HasSubstr("at most 100 bytes"));
}

}  // namespace
}  // namespace provost
