// Rules that emulate, rewrite and ask: from text to what becomes of a call.
#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/emulator_table.h"
#include "policy/fake_argument_reader.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/rewrite.h"
#include "policy/stack.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

const EmulatorTable& Emulators() {
  static const auto* const table = new EmulatorTable{
      {.name = "uname",
       .keys = {{"release", EmulatorKey::Kind::kString, ""},
                {"bits", EmulatorKey::Kind::kInteger, ""},
                {"rate", EmulatorKey::Kind::kText, ""},
                {"files", EmulatorKey::Kind::kMap, ""}},
       .calls = {"uname", "oldolduname", "no_such_call"},
       .what = "",
       .calls_when = nullptr,
       .check =
           [](const Emulation& emulation) {
             return emulation.Find("rate") != nullptr && emulation.Find("bits") != nullptr
                        ? absl::InvalidArgumentError("`rate` and `bits` exclude each other")
                        : absl::OkStatus();
           }},
      {.name = "removed",
       .keys = {},
       .calls = {"read", "write"},
       .what = "",
       .calls_when = [](const Emulation&) { return std::vector<std::string>{"read"}; },
       .check = nullptr},
  };
  return *table;
}

SyscallRequest Request(absl::string_view call, std::array<uint64_t, 6> args = {},
                       Arch arch = Arch::kX86_64) {
  SyscallRequest request;
  request.arch = static_cast<uint32_t>(arch);
  request.nr = SyscallTable::Get().Find(arch, call)->nr;
  request.args = args;
  return request;
}

Policy Parsed(absl::string_view rules) {
  const auto parsed =
      ParsePolicyText(absl::StrCat("default allow\n", rules), "t", ".", Emulators());
  EXPECT_THAT(parsed, IsOk()) << rules;
  return parsed.ok() ? parsed->policy : Policy();
}

Judgement JudgeBy(Policy policy, const SyscallRequest& request, CountedCall* counted = nullptr) {
  // The name of the rule in a decision is its policy's.
  static auto* const kept = new std::vector<Policy>;
  kept->push_back(policy);
  PolicyDecider decider(std::move(policy));
  FakeArgumentReader nothing;
  nothing.SetCounted(counted);
  return Judge(decider, request, nothing);
}

Verdict VerdictFor(absl::string_view rules, const SyscallRequest& request) {
  return JudgeBy(Parsed(rules), request).decision.verdict;
}

std::string ErrorOf(absl::string_view rules) {
  const auto parsed =
      ParsePolicyText(absl::StrCat("default allow\n", rules), "t", ".", Emulators());
  EXPECT_FALSE(parsed.ok()) << rules;
  return std::string(parsed.status().message());
}

// ---- ask ----

TEST(AskTest, TheDefaultAnswersWhereThereIsNobody) {
  const std::string rules = "ask unlink as \"asks\"\nask rmdir log\nask rename quiet\n";
  struct Case {
    const char* head;
    const char* call;
    Decision expected;
  };
  for (const Case& test : std::vector<Case>{
           {"default deny EPERM\n", "unlink", {Deny{EPERM}, RecordWish::kUnsaid, "asks"}},
           {"default deny EPERM log\n", "unlink", {Deny{EPERM}, RecordWish::kLog, "asks"}},
           {"default deny EPERM\nlogging on\n", "unlink", {Deny{EPERM}, RecordWish::kLog, "asks"}},
           {"default deny EPERM log\n", "rename", {Deny{EPERM}, RecordWish::kQuiet, ""}},
           {"default allow\n", "unlink", {Allow{}, RecordWish::kUnsaid, "asks"}},
           {"default allow\nlogging on\n", "unlink", {Allow{}, RecordWish::kUnsaid, "asks"}},
           {"default allow\n", "rmdir", {Log{}, RecordWish::kLog, ""}},
       }) {
    const auto parsed = ParsePolicyText(absl::StrCat(test.head, rules), "t");
    ASSERT_THAT(parsed, IsOk());
    Decision decision = JudgeBy(parsed->policy, Request(test.call)).decision;
    if (test.expected.rule.empty()) decision.rule = "";
    EXPECT_EQ(decision, test.expected) << test.head << test.call;
  }
}

TEST(AskTest, WhoCanAskSeesTheQuestion) {
  FakeArgumentReader nothing;
  PolicyState state;
  EXPECT_EQ(Parsed("ask unlink").Decide(Request("unlink"), nothing, state).verdict, Verdict(Ask{}));
}

TEST(AskTest, TheDefaultRanksInAStack) {
  const auto asks = ParsePolicyText("default deny EPERM\nask unlink", "t");
  ASSERT_THAT(asks, IsOk());
  PolicyStack stack({Parsed("return 0 unlink"), asks->policy});
  FakeArgumentReader nothing;
  EXPECT_EQ(stack.Decide(Request("unlink"), nothing).verdict, Verdict(Deny{EPERM}));
}

TEST(AskTest, AnUnknownConditionAsks) {
  const auto parsed =
      ParsePolicyText("default deny EPERM\nask openat if path == \"/\"\nallow openat", "t");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(JudgeBy(parsed->policy, Request("openat")).decision.verdict, Verdict(Deny{EPERM}));
}

// ---- emulate ----

TEST(EmulateTest, TheEmulatorNamesTheCalls) {
  const Policy policy =
      Parsed("emulate uname with release = \"2.6.32\", bits = 0x20 as \"old\" log");
  const Decision decision = JudgeBy(policy, Request("uname")).decision;
  EXPECT_EQ(VerdictToString(decision.verdict),
            "emulate uname with release = \"2.6.32\", bits = 32");
  EXPECT_EQ(decision.rule, "old");
  EXPECT_EQ(decision.wish, RecordWish::kLog);
  EXPECT_TRUE(std::holds_alternative<Emulate>(
      JudgeBy(policy, Request("oldolduname", {}, Arch::kI386)).decision.verdict));
  EXPECT_EQ(JudgeBy(policy, Request("read")).decision.verdict, Verdict(Allow{}));
  EXPECT_EQ(VerdictFor("emulate removed if fd == 3", Request("read", {4})), Verdict(Allow{}));
}

TEST(EmulateTest, IsToldTextsAndMaps) {
  const Policy policy = Parsed(
      "let more = {\"/c\" => \"/d\"}\n"
      "emulate uname with rate = 100, files = {\"/a\" => \"/b\", more}");
  EXPECT_EQ(VerdictToString(policy.rules()[0]->verdict),
            "emulate uname with rate = \"100\", files = {\"/a\" => \"/b\", \"/c\" => \"/d\"}");
  EXPECT_EQ(VerdictToString(Parsed("emulate uname with rate = \"0.5\"").rules()[0]->verdict),
            "emulate uname with rate = \"0.5\"");
  EXPECT_EQ(VerdictFor("emulate removed", Request("write")), Verdict(Allow{}));
  EXPECT_THAT(ErrorOf("emulate uname with files = {\"/a\"}"), testing::HasSubstr("is a map"));
  EXPECT_THAT(ErrorOf("emulate uname with files = {\"/a\" => \"/b\", \"/c\"}"),
              testing::HasSubstr("every string leads to another"));
  EXPECT_THAT(ErrorOf("emulate uname with files = {1 => \"/b\"}"),
              testing::HasSubstr("what stands before `=>` is a string"));
  EXPECT_THAT(ErrorOf("emulate uname with files = {\"/a\" => 1}"),
              testing::HasSubstr("a string after `=>`"));
  EXPECT_THAT(ErrorOf("emulate uname with release = {\"/a\" => \"/b\"}"),
              testing::HasSubstr("`release` is a string"));
  EXPECT_THAT(ErrorOf("deny EPERM open if path == {\"/a\" => \"/b\"}"),
              testing::HasSubstr("a map is no value to compare with"));
  EXPECT_THAT(ErrorOf("emulate uname with rate = 1, bits = 2"),
              testing::HasSubstr("`rate` and `bits` exclude each other"));
}

TEST(EmulateTest, Errors) {
  EXPECT_THAT(ErrorOf("emulate unme"), testing::HasSubstr("did you mean `uname`?"));
  EXPECT_THAT(ErrorOf("emulate clock"), testing::HasSubstr("there are `uname`, `removed`"));
  EXPECT_THAT(ErrorOf("emulate uname with relase = \"2\""), testing::HasSubstr("`release`"));
  EXPECT_THAT(ErrorOf("emulate uname with release = 2"),
              testing::HasSubstr("`release` is a string"));
  EXPECT_THAT(ErrorOf("emulate uname with bits = {1, 2}"), testing::HasSubstr("is a number"));
  EXPECT_THAT(ErrorOf("emulate uname with bits = 1, bits = 2"),
              testing::HasSubstr("`bits` is set already"));
  EXPECT_THAT(ErrorOf("emulate removed with bits = 1"), testing::HasSubstr("it has no settings"));
  EXPECT_THAT(ErrorOf("rewrite exit set error_code = 0"),
              testing::HasSubstr("`exit` is never rewritten"));
  EXPECT_THAT(ErrorOf("ask rt_sigreturn"), testing::HasSubstr("is never asked about"));
}

// ---- rewrite ----

TEST(RewriteTest, ChangesWhatItNames) {
  const Judgement judged =
      JudgeBy(Parsed("rewrite openat set flags = O_RDONLY|O_CLOEXEC, mode = 0 as \"reads\""),
              Request("openat", {1, 2, 0x241, 0644, 5, 6}));
  EXPECT_TRUE(std::holds_alternative<Rewrite>(judged.decision.verdict));
  EXPECT_EQ(judged.decision.rule, "reads");
  EXPECT_EQ(judged.runs.args, (std::array<uint64_t, 6>{1, 2, 0x80000, 0, 5, 6}));
}

TEST(RewriteTest, ValuesAreWhatTheKernelReads) {
  const auto argument = [](const char* rule, const SyscallRequest& request) {
    return JudgeBy(Parsed(rule), request).runs.args[0];
  };
  EXPECT_EQ(argument("rewrite close set fd = 7", Request("close", {0x100000003})), 7U);
  EXPECT_EQ(argument("rewrite kill set pid = -1", Request("kill", {5})), ~uint64_t{0});
  EXPECT_EQ(argument("rewrite kill set pid = -1", Request("kill", {5}, Arch::kI386)), 0xffffffffU);
  EXPECT_EQ(argument("rewrite setuid set uid = 0xffffffff", Request("setuid", {5})), 0xffffffffU);
  EXPECT_EQ(argument("arch x86_64\nrewrite close set arg0 = 0x100000003", Request("close", {5})),
            0x100000003U);
}

TEST(RewriteTest, WhatComesOfItIsJudgedAsACall) {
  struct Case {
    const char* rules;
    Verdict verdict;
    uint64_t fd;
    const char* rule;
  };
  const Verdict to_4 =
      Rewrite{std::make_shared<std::vector<Setting>>(std::vector<Setting>{{"fd", 4}})};
  for (const Case& test : std::vector<Case>{
           {"rewrite read set fd = 4 if fd == 3\ndeny EIO read if fd == 4", Deny{EIO}, 4, "t:3"},
           {"deny EIO read if fd == 4\nrewrite read set fd = 4", Deny{EIO}, 4, "t:2"},
           {"rewrite read set fd = 4 if fd == 3\ndeny EIO read if fd == 3", to_4, 4, "t:2"},
           {"rewrite read set fd = 4", to_4, 4, "t:2"},
           {"rewrite read set fd = 4 if fd == 5\nrewrite read set fd = 5 if fd == 3", to_4, 4,
            "t:2"},
           {"kill read if fd == 4\nrewrite read set fd = 4", Kill{}, 4, "t:2"},
           // Round and round.
           {"rewrite read set fd = 4 if fd == 3\nrewrite read set fd = 3 if fd == 4", Deny{ELOOP},
            3, "t:2"},
       }) {
    const Judgement judged = JudgeBy(Parsed(test.rules), Request("read", {3}));
    EXPECT_EQ(judged.decision.verdict, test.verdict) << test.rules;
    EXPECT_EQ(judged.decision.rule, test.rule) << test.rules;
    if (!Refuses(test.verdict)) {
      EXPECT_EQ(judged.runs.args[0], test.fd) << test.rules;
    }
  }
}

TEST(RewriteTest, WhatTheNewCallWantsOnRecordIsRecorded) {
  const auto wish = [](const char* rules) {
    return JudgeBy(Parsed(rules), Request("read", {3})).decision.wish;
  };
  EXPECT_EQ(wish("rewrite read set fd = 4 if fd == 3"), RecordWish::kUnsaid);
  EXPECT_EQ(wish("rewrite read set fd = 4 if fd == 3\nlog read"), RecordWish::kLog);
  EXPECT_EQ(wish("rewrite read set fd = 4 if fd == 3\nlog read log result"),
            RecordWish::kLogResult);
  EXPECT_EQ(wish("rewrite read set fd = 4 if fd == 3 quiet\nallow read"), RecordWish::kQuiet);
}

TEST(RewriteTest, ACallIsCountedOnce) {
  CountedCall counted;
  const Judgement judged =
      JudgeBy(Parsed("rewrite read set fd = 4 if nth(1)"), Request("read", {3}), &counted);
  EXPECT_TRUE(std::holds_alternative<Rewrite>(judged.decision.verdict));
  EXPECT_EQ(judged.runs.args[0], 4U);
}

TEST(RewriteTest, TheFilterLeavesThemToTheTracer) {
  for (const auto& [rule, call] : std::vector<std::pair<const char*, const char*>>{
           {"rewrite read set fd = 4", "read"}, {"ask read", "read"}, {"emulate uname", "uname"}}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram filter, CompileFilter(Parsed(rule), {}));
    EXPECT_EQ(*RunBpf(filter, ToSeccompData(Request(call))) & SECCOMP_RET_ACTION_FULL,
              SECCOMP_RET_TRACE)
        << rule;
  }
}

TEST(RewriteTest, TheBuilderRefusesWhatSaysNothing) {
  EXPECT_FALSE(PolicyBuilder().Add({.verdict = Rewrite{}}, {"read"}).Build().ok());
  EXPECT_FALSE(PolicyBuilder().Add({.verdict = Emulate{}}, {"read"}).Build().ok());
  EXPECT_FALSE(PolicyBuilder().Default(Ask{}).Build().ok());
  const auto flags = std::make_shared<std::vector<Setting>>(std::vector<Setting>{{"flags", 0}});
  EXPECT_FALSE(PolicyBuilder().Add({.verdict = Rewrite{flags}}, {"read"}).Build().ok());
  EXPECT_TRUE(PolicyBuilder().Add({.verdict = Rewrite{flags}}, {"open"}).Build().ok());
}

}  // namespace
}  // namespace provost
