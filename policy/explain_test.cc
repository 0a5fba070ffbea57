#include "policy/explain.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/parser.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// "LINE or name" of the rule, then of the nearest, with what failed: "3; 2: CONDITION; ACTUAL".
std::string Brief(const Explanation& explanation) {
  const auto name = [](const Rule& rule) {
    return rule.where.line > 0 ? absl::StrCat(rule.where.line) : rule.name;
  };
  std::string text = name(*explanation.rule);
  if (explanation.by_unknown) text += " by unknown";
  for (const Rule* rule : explanation.possible) absl::StrAppend(&text, " or ", name(*rule));
  if (!explanation.nearest.has_value()) return text;
  absl::StrAppend(&text, "; ", name(*explanation.nearest->rule));
  for (const FailedCondition& failed : explanation.nearest->failed) {
    absl::StrAppend(&text, ": ", failed.condition, "; ", failed.actual);
  }
  return text;
}

constexpr char kPolicy[] = R"(default deny EPERM
allow openat if path ~ "/lib/**" && (flags & O_ACCMODE) == O_RDONLY
allow openat if path ~ {"/usr/**", "/opt/**"} && !(flags & O_CREAT)
deny EACCES openat if path ~ "/etc/shadow*"
allow openat if path under "/etc" && (mode == 0 || (mode == 0600 && dfd > 2))
allow close if fd > 2
allow kill if !(pid == 1 || sig in {SIGKILL, SIGSTOP})
allow mmap if arg4 == 7
allow read
)";

std::string Ask(const char* call, Arch arch = Arch::kX86_64) {
  const auto parsed = ParsePolicyText(kPolicy, "t");
  EXPECT_THAT(parsed, IsOk());
  auto text = ParseCallText(call, arch);
  EXPECT_THAT(text, IsOk()) << call;
  if (!parsed.ok() || !text.ok()) return "";
  KnownCall known{text->request, std::move(text->memory)};
  return Brief(Explain(parsed->policy, known));
}

TEST(ExplainTest, NamesTheRuleAndTheNearest) {
  struct Case {
    const char* call;
    const char* answer;
  };
  const std::vector<Case> cases = {
      {"openat(0, \"/lib/x\", O_RDONLY)", "2"},
      {"openat(0, \"/lib/x\", O_WRONLY)",
       "default; 2: (flags & O_ACCMODE) == O_RDONLY; flags is O_WRONLY"},
      {"openat(0, \"/opt/x\", O_CREAT|O_RDWR)",
       "default; 3: (flags & O_CREAT) == 0; flags is O_RDWR|O_CREAT"},
      {"openat(0, \"/usr/x\", O_RDWR)",
       "3; 2: path ~ \"/lib/**\"; path is \"/usr/x\": (flags & O_ACCMODE) == O_RDONLY; flags is "
       "O_RDWR"},
      // Ties go to the earlier rule.
      {"openat(0, \"/etc/shadow\", O_RDONLY)", "4; 2: path ~ \"/lib/**\"; path is \"/etc/shadow\""},
      {"openat(0, \"/etc/x\", O_RDWR|O_CREAT, 0600)",
       "default; 4: path ~ \"/etc/shadow*\"; path is \"/etc/x\""},
      {"openat(0, NULL, O_RDONLY)",
       "4 by unknown; 2: path ~ \"/lib/**\"; what path points at is not known"},
      {"close(1)", "default; 6: fd > 2; fd is 1"},
      {"kill(1, SIGKILL)", "default; 7: pid != 1; pid is 1: sig != 9; sig is SIGKILL"},
      {"mmap(0, 1)", "default; 8: arg4 == 7; fd is 0"},
      {"read(0)", "9"},
      {"write(0)", "default"},
      {"exit_group(0)", "always"},
      {"syscall_0xfff()", "default"},
      {"syscall_0x40000000()", "arch"},
  };
  for (const Case& one : cases) EXPECT_EQ(Ask(one.call), one.answer) << one.call;
}

// Explain and Decide are two walks over the rules.
TEST(ExplainTest, AgreesWithThePolicy) {
  const auto parsed = ParsePolicyText(kPolicy, "t");
  ASSERT_THAT(parsed, IsOk());
  for (const Arch arch : kAllArches) {
    for (const char* path : {"\"/lib/a\"", "\"/usr/a\"", "\"/etc/shadow\"", "\"/x\"", "NULL"}) {
      for (const char* flags : {"O_RDONLY", "O_RDWR", "O_CREAT|O_WRONLY"}) {
        auto text = ParseCallText(absl::StrCat("openat(0, ", path, ", ", flags, ")"), arch);
        ASSERT_THAT(text, IsOk());
        KnownCall known{text->request, text->memory};
        PolicyState state;
        const Decision decision = parsed->policy.Decide(text->request, text->memory, state);
        EXPECT_EQ(Explain(parsed->policy, known).rule->decision(), decision);
        EXPECT_EQ(DecidingRule(parsed->policy, known).decision(), decision);
      }
    }
  }
}

TEST(ExplainTest, WhatIsNotKnownLeavesSeveralRules) {
  const auto parsed = ParsePolicyText(kPolicy, "t");
  ASSERT_THAT(parsed, IsOk());
  const auto ask = [&](const char* text, uint8_t known_args) {
    auto call = ParseCallText(text, Arch::kX86_64);
    EXPECT_THAT(call, IsOk());
    KnownCall known{call->request, CallMemory(), known_args, /*memory_is_known=*/false};
    return Brief(Explain(parsed->policy, known));
  };
  EXPECT_EQ(
      ask("openat(0, \"/etc/shadow\", O_WRONLY, 0644)", 0xf),
      "4 by unknown or 3 or default; 3: path ~ \"/usr/**\" || path ~ \"/opt/**\"; what path points "
      "at is not known");
  EXPECT_EQ(ask("mmap(0, 0, 0, 0, 7)", 0xf), "default or 8; 8: arg4 == 7; fd is not known");
  EXPECT_EQ(ask("mmap(0, 0, 0, 0, 7)", 0x3f), "8");
  EXPECT_EQ(ask("close(5)", 0xf), "6");
  EXPECT_EQ(ask("close(1)", 0xf), "default; 6: fd > 2; fd is 1");
}

TEST(ExplainTest, ArchesThatAreNotListedAreTheArchRules) {
  const auto parsed = ParsePolicyText("arch i386\ndefault allow\n", "t");
  ASSERT_THAT(parsed, IsOk());
  KnownCall call;
  call.request.arch = static_cast<uint32_t>(Arch::kX86_64);
  call.request.nr = 0;
  EXPECT_EQ(Explain(parsed->policy, call).rule, &parsed->policy.ArchRule());
  call.request.arch = 5;
  EXPECT_EQ(Explain(parsed->policy, call).rule, &parsed->policy.ArchRule());
}

}  // namespace
}  // namespace provost
