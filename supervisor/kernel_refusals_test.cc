#include "supervisor/kernel_refusals.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool Nothing(const Decision&) { return false; }

std::vector<Policy> PoliciesOf(const std::vector<std::string>& statements) {
  absl::StatusOr<ParsedPolicy> parsed = ParseStatements(statements);
  EXPECT_THAT(parsed, IsOk());
  return {parsed.ok() ? parsed->policy : Policy()};
}

// "rule: calls" of what stays, from the one policy under the other.
std::vector<std::string> Kept(const std::vector<std::string>& before,
                              const std::vector<std::string>& after) {
  std::vector<std::string> kept;
  for (const KeptRefusal& refusal : KeptUnder(KernelRefusalsOf(PoliciesOf(before), false, Nothing),
                                              PoliciesOf(after), false, Nothing)) {
    kept.push_back(absl::StrCat(refusal.rule, ": ", absl::StrJoin(refusal.calls, " ")));
  }
  return kept;
}

TEST(KernelRefusalsTest, WhatIsLoosenedIsKept) {
  const std::vector<std::string> before = {"deny EPERM mkdir, mkdirat as \"no-mkdir\"",
                                           "deny EPERM socket if family == AF_NETLINK as \"net\""};
  EXPECT_THAT(Kept(before, {"default allow"}),
              ElementsAre("net: socket", "no-mkdir: mkdir mkdirat"));
  EXPECT_THAT(Kept(before, {"deny EPERM mkdirat as \"other\""}),
              ElementsAre("net: socket", "no-mkdir: mkdir"));
  EXPECT_THAT(Kept(before, before), IsEmpty());
  // More than that is no loosening.
  EXPECT_THAT(Kept(before, {"deny EPERM mkdir, mkdirat, socket"}), IsEmpty());
  EXPECT_THAT(Kept(before, {"allow socket if family == AF_UNIX", before[1], before[0]}),
              ElementsAre("net: socket"));
}

TEST(KernelRefusalsTest, ADefaultKeepsWhatANewerOneAllows) {
  EXPECT_THAT(Kept({"default deny EPERM", "allow read", "allow openat if path ~ \"/lib/**\""},
                   {"default deny EPERM", "allow read, write, openat"}),
              ElementsAre("default: write"));
}

TEST(KernelRefusalsTest, WhatComesToTheTracerIsNotKept) {
  EXPECT_THAT(Kept({"deny EPERM mkdir log", "deny EPERM rmdir if path == \"/x\"",
                    "deny EPERM chmod if nth(2)", "return 7 getppid", "deny EPERM execve"},
                   {"default allow"}),
              IsEmpty());
}

TEST(KernelRefusalsTest, TheNewerErrnoWinsWhereTheKernelGivesIt) {
  EXPECT_THAT(Kept({"deny EPERM mkdir as \"x\""}, {"deny EACCES mkdir"}), IsEmpty());
  EXPECT_THAT(Kept({"deny EPERM mkdir as \"x\""}, {"deny EACCES mkdir log"}),
              ElementsAre("x: mkdir"));
  EXPECT_THAT(Kept({"trap mkdir as \"x\""}, {"deny EACCES mkdir"}), ElementsAre("x: mkdir"));
}

}  // namespace
}  // namespace provost
