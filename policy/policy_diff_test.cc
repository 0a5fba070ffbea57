#include "policy/policy_diff.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/call_text.h"
#include "policy/explain.h"
#include "policy/parser.h"
#include "policy/verdict.h"

namespace provost {
namespace {

struct Pair {
  const char* name;
  const char* first;
  const char* second;
  // The call that must be found, by its name; "" for none.
  const char* call;
};

// Each pair differs in one place that a reader may overlook.
constexpr Pair kPairs[] = {
    {"same text", "allow close if fd > 2", "allow close if fd > 2", ""},
    {"same meaning", "allow close if fd > 2", "allow close if fd >= 3", ""},
    {"the bound itself", "allow close if fd > 2", "allow close if fd > 3", "close"},
    {"a negative int", "allow kill if pid < 3", "allow kill if pid in 0..2", "kill"},
    {"one bit", "allow openat if flags only O_RDWR|O_CREAT", "allow openat if flags only O_RDWR",
     "openat"},
    {"a bit under a mask", "allow openat if (flags & O_ACCMODE) == O_RDONLY",
     "allow openat if flags == O_RDONLY", "openat"},
    {"the upper half", "allow socket if arg0 == 2", "allow socket if family == AF_INET", "socket"},
    {"component or prefix", "allow openat if path under \"/etc\"",
     "allow openat if path ~ \"/etc*\" || path ~ \"/etc/**\"", "openat"},
    {"one star or two", "allow openat if path ~ \"/usr/*\"", "allow openat if path ~ \"/usr/**\"",
     "openat"},
    {"glob or regex", "allow openat if path ~ \"/lib/*.so\"",
     "allow openat if path =~ \"^/lib/[^/]*.so$\"", "openat"},
    {"a set's member", "deny EACCES chdir if path in {\"/a\", \"/b\"}",
     "deny EACCES chdir if path == \"/a\"", "chdir"},
    {"two arguments at once", "allow kill if !(pid == 1 && sig == 9)", "allow kill", "kill"},
    {"an unreadable path", "deny EPERM chdir if path ~ \"/x\"\nallow chdir",
     "allow chdir if path !~ \"/x\"", ""},
    {"i386 alone", "allow stat64", "deny EPERM stat64", "stat64"},
    {"a field of a structure", "allow openat2 if how.flags only O_RDWR|O_CREAT",
     "allow openat2 if how.flags only O_RDWR", "openat2"},
    {"two fields of it",
     "allow openat2 if how.flags == O_RDONLY && how.resolve has RESOLVE_BENEATH",
     "allow openat2 if how.resolve has RESOLVE_BENEATH", "openat2"},
    {"a port", "allow connect if addr.port == 443", "allow connect if addr.port in 443..444",
     "connect"},
    {"a port of one family", "allow connect if addr.port == 443",
     "allow connect if addr.family == AF_INET && addr.port == 443", "connect"},
    {"the end of a network", "allow connect if addr.ip in 10.0.0.0/8",
     "allow connect if addr.ip in 10.0.0.0/9", "connect"},
    {"a host and its network", "allow connect if addr.ip in fd00::/64",
     "allow connect if addr.ip == fd00::1", "connect"},
    {"an abstract name", "allow connect if addr.path ~ \"@x*\"",
     "allow connect if addr.path == \"@x\"", "connect"},
    {"a message's address", "allow sendmsg if msg.name.port == 53",
     "allow sendmsg if msg.name.port >= 53", "sendmsg"},
    {"what a descriptor names", "allow write if fd.path ~ \"/tmp/*\"",
     "allow write if fd.path ~ \"/tmp/**\"", "write"},
    {"a path resolved", "allow chdir if realpath(path) == \"/x\"", "allow chdir if path == \"/x\"",
     "chdir"},
    {"who asks", "allow ptrace if proc.uid == 0", "allow ptrace if proc.uid <= 1", "ptrace"},
    {"two things of who asks", "allow ptrace if proc.uid == 0 && proc.exe == \"/usr/bin/gdb\"",
     "allow ptrace if proc.uid == 0", "ptrace"},
    {"same structure", "allow openat2 if how.flags has O_PATH",
     "allow openat2 if how.flags & O_PATH", ""},
    {"what a rewrite comes to", "rewrite listen set backlog = 16 if backlog > 16\nallow listen",
     "rewrite listen set backlog = 8 if backlog > 16\nallow listen", "listen"},
    {"a rewrite that is refused in the end",
     "rewrite listen set backlog = 16 if backlog > 16\ndeny EPERM listen", "deny EPERM listen", ""},
    {"other errnos", "deny EACCES getpid", "deny EPERM getpid", "getpid"},
};

ParsedPolicy Parse(const std::string& rules) {
  auto parsed = ParsePolicyText(absl::StrCat("default deny EPERM\n", rules, "\n"), "t");
  EXPECT_THAT(parsed, IsOk()) << rules;
  return parsed.ok() ? *std::move(parsed) : ParsedPolicy();
}

TEST(PolicyDiffTest, FindsWhatDiffersAndNothingElse) {
  for (const Pair& pair : kPairs) {
    SCOPED_TRACE(pair.name);
    const ParsedPolicy first = Parse(pair.first);
    const ParsedPolicy second = Parse(pair.second);
    const DiffResult result = DiffPolicies(first.policy, second.policy, DiffOptions());
    EXPECT_GT(result.tried, 700U);
    bool found = false;
    for (const Difference& difference : result.differences) {
      found |= absl::StartsWith(difference.call, absl::StrCat(pair.call, "("));
      // The witness, given again, is one.
      auto call = ParseCallText(difference.call, difference.arch);
      ASSERT_THAT(call, IsOk()) << difference.call;
      KnownCall known{call->request, std::move(call->memory)};
      EXPECT_EQ(&DecidingRule(first.policy, known), difference.first) << difference.call;
      EXPECT_EQ(&DecidingRule(second.policy, known), difference.second) << difference.call;
    }
    EXPECT_EQ(found, *pair.call != '\0');
    EXPECT_EQ(result.differences.empty(), *pair.call == '\0');
  }
}

TEST(PolicyDiffTest, CallsThatTheSameRulesDecideStandTogether) {
  const ParsedPolicy first = Parse("");
  const auto second = ParsePolicyText("default allow\n", "u");
  ASSERT_THAT(second, IsOk());
  const DiffResult result = DiffPolicies(first.policy, second->policy, DiffOptions());
  // Calls and an unknown number, on each of two architectures.
  ASSERT_EQ(result.differences.size(), 4U);
  EXPECT_EQ(result.differences[0].call, "read(0, NULL, 0)");
  EXPECT_GT(result.differences[0].also.size(), 300U);
  EXPECT_EQ(VerdictToString(result.differences[1].second->verdict), "deny ENOSYS");
  EXPECT_EQ(result.differences[2].arch, Arch::kI386);
}

TEST(PolicyDiffTest, TheSameSeedFindsTheSame) {
  const ParsedPolicy first = Parse("allow openat if path ~ \"/a/**\" && flags has O_CREAT");
  const ParsedPolicy second = Parse("allow openat if path ~ \"/a/**\" && mode == 0644");
  std::vector<std::string> calls[2];
  for (auto& found : calls) {
    for (const Difference& difference :
         DiffPolicies(first.policy, second.policy, {.seed = 7}).differences) {
      found.push_back(difference.call);
    }
  }
  EXPECT_EQ(calls[0], calls[1]);
  EXPECT_FALSE(calls[0].empty());
}

}  // namespace
}  // namespace provost
