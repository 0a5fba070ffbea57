#include "policy/checker.h"

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "policy/fake_argument_reader.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Policy Parse(absl::string_view text) {
  const auto parsed = ParsePolicyText(absl::StrCat("default deny EPERM\n", text), "t");
  EXPECT_THAT(parsed, IsOk());
  return parsed.ok() ? parsed->policy : Policy();
}

// "LINE: message"; the first line of `rules` is line 2.
std::vector<std::string> Findings(absl::string_view rules) {
  std::vector<std::string> findings;
  for (const PolicyWarning& warning : CheckPolicy(Parse(rules))) {
    findings.push_back(absl::StrCat(warning.where.line, ": ", warning.message));
  }
  return findings;
}

// The lines of the rules found.
std::vector<int> Lines(absl::string_view rules) {
  std::vector<int> lines;
  for (const PolicyWarning& warning : CheckPolicy(Parse(rules)))
    lines.push_back(warning.where.line);
  return lines;
}

TEST(CheckerTest, NamesTheRuleBefore) {
  EXPECT_THAT(Findings("allow read\ndeny EIO read if fd == 3\n"),
              ElementsAre("3: this rule can never match: the rule at t:2 decides every such call "
                          "before it"));
  EXPECT_THAT(
      Findings("allow read as \"reading\"\ndeny EIO read\n"),
      ElementsAre("3: this rule can never match: rule \"reading\" at t:2 decides every such "
                  "call before it"));
  EXPECT_THAT(
      Findings("allow read if fd in 1..5\nallow read if fd in 6..9\ndeny EIO read if fd in "
               "2..8\n"),
      ElementsAre("4: this rule can never match: the rule at t:2 and the rule at t:3 decide "
                  "every such call before it"));
  EXPECT_THAT(
      Findings("allow read if fd == 1\nallow read if fd == 2\nallow read if fd == 3\n"
               "allow read if fd == 4\ndeny EIO read if fd in 1..4\n"),
      ElementsAre("6: this rule can never match: the rule at t:2, the rule at t:3, the rule "
                  "at t:4 and 1 more decide every such call before it"));
  EXPECT_THAT(Findings("deny EIO read if fd == 3 && fd == 4\n"),
              ElementsAre("2: this rule can never match: its condition is never true"));
}

TEST(CheckerTest, BlamesOnlyRulesThatAreNeeded) {
  EXPECT_THAT(
      Findings("allow read if fd == 100\nallow read if fd in 1..5\n"
               "allow read if count == 0\nallow read if fd in 6..9\n"
               "deny EIO read if fd in 2..8\n"),
      ElementsAre("6: this rule can never match: the rule at t:3 and the rule at t:5 decide "
                  "every such call before it"));
}

TEST(CheckerTest, FindsConditionsThatAreNeverTrue) {
  for (const char* condition :
       {"fd == 3 && fd == 4", "fd < 3 && fd > 3", "fd < 0", "fd > 3 && fd < 5 && fd != 4",
        "fd in 1..5 && fd in 6..9", "fd & 4 && fd == 3", "fd has 6 && fd only 2",
        "fd only 3 && fd > 3", "(fd & 12) == 4 && fd has 8",
        "count < 5 && (count == 7 || count == 8)", "!(fd == 1 || fd != 1)",
        "(fd == 1 || fd == 2) && (fd == 3 || fd == 4)", "fd == 1 && !(fd < 5)",
        "(fd & 7) in 3..5 && fd == 8"}) {
    EXPECT_THAT(Lines(absl::StrCat("deny EIO read if ", condition)), ElementsAre(2)) << condition;
  }
  for (const char* condition :
       {"path == \"a\" && path == \"b\"", "path == \"/etc/x\" && path !~ \"/etc/*\"",
        "path ~ \"/x*\" && path == \"/y\"", "dfd < 0 && dfd > -1"}) {
    EXPECT_THAT(Lines(absl::StrCat("allow openat if ", condition)), ElementsAre(2)) << condition;
  }
}

TEST(CheckerTest, FindsRulesBehindThoseThatDecide) {
  for (const char* rules : {
           "allow read if fd < 10\ndeny EIO read if fd == 3\n",
           "allow read if fd < 10\ndeny EIO read if fd == 3 && count == 1\n",
           "allow read if fd < 10 || count > 5\ndeny EIO read if fd == 3\n",
           "allow @basic-io\ndeny EIO read, write\n",
           "allow openat if flags has O_CREAT\ndeny EIO openat if flags has O_CREAT|O_EXCL\n",
           "allow openat if !(flags has O_CREAT)\ndeny EIO openat if flags only O_EXCL\n",
           "deny EIO openat if path ~ \"/a*\"\ndeny EACCES openat if path ~ \"/a*\"\n",
           "deny EIO openat if path ~ \"/a*\"\nallow openat if path ~ \"/a*\" && flags == 0\n",
           "allow openat if path ~ \"/a*\"\nallow openat if path ~ \"/a*\"\n",
           "allow openat if path ~ \"/a*\"\nlog openat if path == \"/ab\"\n",
           "deny EIO openat if path under \"/a\"\ndeny EIO openat if path in {\"/a\", \"/a/b\"}\n",
       }) {
    EXPECT_THAT(Lines(rules), ElementsAre(3)) << rules;
  }
}

TEST(CheckerTest, LeavesOtherRulesAlone) {
  for (const char* rules : {
           "allow read if fd == 3\ndeny EIO read if fd in 3..4\n",
           "allow read if fd == 3\ndeny EIO write if fd == 3\n",
           "allow read, write\ndeny EIO write, close\n",
           "allow read if count == 3\ndeny EIO read if fd == 3\n",
           "allow openat if flags has O_CREAT\ndeny EIO openat if flags & (O_CREAT|O_EXCL)\n",
           "allow openat if path ~ \"/a*\"\ndeny EIO openat if path ~ \"/ab*\"\n",
           "deny EIO ?socketcall_\n",
           "allow exit_group\n",
           "allow socket if family == AF_INET\ndeny EIO socket if arg0 == 2\n",
       }) {
    EXPECT_THAT(Lines(rules), IsEmpty()) << rules;
  }
}

// An unreadable path does not match the first rule and matches the second.
TEST(CheckerTest, KnowsThatUnknownMatchesRulesThatRefuse) {
  EXPECT_THAT(Lines("allow openat if path ~ \"/a*\"\ndeny EIO openat if path ~ \"/a*\"\n"),
              IsEmpty());
  EXPECT_THAT(Lines("deny EIO openat if path == \"a\" && path == \"b\"\n"), IsEmpty());
  EXPECT_THAT(Lines("allow openat if !(path ~ \"/a*\")\nallow openat if path ~ \"/a*\"\n"
                    "deny EIO openat\n"),
              IsEmpty());
  EXPECT_THAT(Lines("deny EIO openat if !(path ~ \"/a*\")\nallow openat if path ~ \"/a*\"\n"
                    "deny EIO openat\n"),
              ElementsAre(4));
}

TEST(CheckerTest, ChecksPoliciesMadeInCode) {
  const auto policy = PolicyBuilder()
                          .Add({.name = "first", .verdict = Allow{}}, {"read"})
                          .Add({.name = "second", .verdict = Deny{1}}, {"read"})
                          .Build();
  PROVOST_ASSERT_OK(policy);
  const std::vector<PolicyWarning> warnings = CheckPolicy(*policy);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0].message, HasSubstr("rule \"first\" decides"));
  EXPECT_THAT(CheckPolicy(Policy()), IsEmpty());
}

TEST(CheckerTest, GivesUpInTime) {
  // Each rule doubles the cases; an answer within the budget is all that is asked for.
  std::string rules;
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&rules, "allow openat if (flags & ", 1 << (i % 20), " || mode == ", i,
                    ") && (dfd == ", i, " || path ~ \"/", i, "*\")\n");
  }
  absl::StrAppend(&rules, "deny EIO openat if dfd < 500 && mode < 400\n");
  EXPECT_THAT(Lines(rules), IsEmpty());
}

TEST(CheckerTest, ManyRulesForOneCall) {
  std::string rules;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&rules, "allow read if fd == ", i, "\n");
  absl::StrAppend(&rules, "deny EIO read if fd == 5\n");
  EXPECT_THAT(Lines(rules), ElementsAre(3002));
}

// ---- Never a false report ----

class RandomPolicy {
 public:
  explicit RandomPolicy(uint32_t seed) : random_(seed) {}

  std::string Text() {
    std::string text = "default deny EXDEV\n";
    for (size_t left = 2 + Below(5); left > 0; --left) {
      absl::StrAppend(&text, Of({"allow", "deny EIO", "log", "kill", "return 0"}), " openat",
                      Below(8) == 0 ? "" : absl::StrCat(" if ", Condition(2)), "\n");
    }
    return text;
  }

  std::string Of(const std::vector<std::string>& choices) { return choices[Below(choices.size())]; }
  size_t Below(size_t limit) { return random_() % limit; }

 private:
  std::string Condition(int depth) {
    if (depth == 0 || Below(3) == 0) return Test();
    switch (Below(3)) {
      case 0:
        return absl::StrCat("(", Condition(depth - 1), ") && (", Condition(depth - 1), ")");
      case 1:
        return absl::StrCat("(", Condition(depth - 1), ") || (", Condition(depth - 1), ")");
      default:
        return absl::StrCat("!(", Condition(depth - 1), ")");
    }
  }

  std::string Test() {
    const std::string pattern = Of({"== \"/a\"", "!= \"/a\"", "~ \"/a*\"", "!~ \"/a*\"", "~ \"/*\"",
                                    "under \"/a\"", "in {\"/a\", \"/b\"}", "=~ \"b\""});
    if (Below(3) == 0) return absl::StrCat("path ", pattern);
    const std::string argument = Of({"dfd", "arg0", "dfd", "arg2"});
    const size_t value = 1 + Below(5);
    switch (Below(6)) {
      case 0:
        return absl::StrCat(argument, " ", Of({"has", "only", "&"}), " ", value);
      case 1:
        return absl::StrCat("(", argument, " & 6) == ", 2 * Below(4));
      case 2:
        return absl::StrCat(argument, " in ", value, "..", value + Below(4));
      case 3:
        return absl::StrCat("dfd ", Of({"<", ">=", "=="}), " -", value);
      default:
        return absl::StrCat(argument, " ", Of({"==", "!=", "<", "<=", ">", ">="}), " ", value);
    }
  }

  std::mt19937 random_;
};

TEST(CheckerTest, NeverReportsARuleThatMatches) {
  constexpr uint64_t kValues[] = {0,          1,          2,          3,
                                  4,          5,          6,          7,
                                  8,          9,          15,         ~uint64_t{0},
                                  0xffffffff, 0xfffffffe, 0xfffffffd, uint64_t{1} << 32,
                                  0x80000000};
  FakeArgumentReader memory({{0x1000, "/a"},
                             {0x2000, "/b"},
                             {0x3000, "/ab"},
                             {0x4000, "/a/b"},
                             {0x5000, "x"},
                             {0x6000, "b"}});
  const Syscall& openat = *SyscallTable::Get().Find(Arch::kX86_64, "openat");
  size_t reported = 0;
  size_t rules = 0;
  for (uint32_t seed = 0; seed < 1000; ++seed) {
    RandomPolicy generator(seed);
    const std::string text = absl::StrCat("arch x86_64\n", generator.Text());
    const auto parsed = ParsePolicyText(text, "t");
    ASSERT_THAT(parsed, IsOk()) << text;
    rules += parsed->policy.rules().size();
    std::set<std::string> dead;
    for (const PolicyWarning& warning : CheckPolicy(parsed->policy)) {
      dead.insert(absl::StrCat("t:", warning.where.line));
    }
    reported += dead.size();
    if (dead.empty()) continue;
    for (const uint64_t dfd : kValues) {
      for (const uint64_t flags : kValues) {
        for (uint64_t path = 0; path <= 0x6000; path += 0x1000) {
          SyscallRequest request;
          request.arch = static_cast<uint32_t>(Arch::kX86_64);
          request.nr = openat.nr;
          request.args = {dfd, path, flags};
          PolicyState state;
          const Decision decision = parsed->policy.Decide(request, memory, state);
          ASSERT_FALSE(dead.contains(std::string(decision.rule)))
              << decision.rule << " matches dfd=" << dfd << " path=" << path << " flags=" << flags
              << " in\n"
              << text;
        }
      }
    }
  }
  EXPECT_GT(reported, rules / 10);
}

}  // namespace
}  // namespace provost
