// What `provost check --cost` says, held against what a run does.

#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "audit/collecting_sink.h"
#include "audit/log_decision.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "policy/decider.h"
#include "policy/filter_compiler.h"
#include "policy/filter_paths.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "supervisor/filters.h"
#include "supervisor/rule_cost.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Decides as the policy does, and counts which of its questions are about getppid.
class CountingDecider final : public Decider {
 public:
  explicit CountingDecider(const Policy& policy) : policy_(policy) {}
  Decision Decide(const SyscallRequest& request, ArgumentReader& arguments) override {
    if (request.IsX86_64() && request.nr == SYS_getppid) ++asked;
    return policy_.Decide(request, arguments);
  }
  bool counts() const override { return policy_.counts(); }

  int asked = 0;

 private:
  PolicyDecider policy_;
};

struct Case {
  std::vector<std::string> statements;  // about getppid
  int answer;
};

// What the report says of getppid, by whatever rule it may be decided.
bool MayStop(const PolicyCost& cost, bool& may_not) {
  bool may = false;
  may_not = false;
  for (const RuleCost& rule : cost.rules) {
    for (const CallCost& call : rule.calls) {
      if (call.arch != Arch::kX86_64 || call.nr != SYS_getppid) continue;
      may = may || call.by_tracer;
      may_not = may_not || call.by_kernel;
    }
  }
  return may;
}

TEST(CostTest, CallsStopWhereTheReportSaysSo) {
  const std::vector<Case> cases = {
      {{"deny EPERM getppid"}, -1},
      {{"deny EPERM getppid quiet"}, -1},
      {{"log getppid"}, 0},
      {{"return 7 getppid"}, 7},
      {{"return 0 getppid"}, 0},
      {{"deny EPERM getppid log"}, -1},
      {{"deny EPERM getppid if proc.comm == \"nobody\"", "deny EIO getppid quiet"}, -5},
      {{"deny EPERM getppid if nth(99)", "deny EIO getppid quiet"}, -5},
      {{"deny EPERM ptrace", "deny EIO getppid quiet"}, -5},
  };
  for (const bool logs : {false, true}) {
    for (const Case& each : cases) {
      const Policy policy = PolicyOf(each.statements);
      PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost cost, CostOf(policy, logs));
      CountingDecider decider(policy);
      CollectingSink sink;
      Options options = OptionsOf(each.statements);
      options.decider = &decider;
      options.sink = &sink;
      options.logging = logs;
      RunSupervised(options, {Victim("getppid_answers"), std::to_string(each.answer)});
      bool may_not = false;
      const bool may = MayStop(cost, may_not);
      EXPECT_NE(may, may_not) << each.statements.front() << ": nothing hangs on registers here";
      EXPECT_EQ(decider.asked > 0, may) << each.statements.front() << (logs ? ", logged" : "");
    }
  }
}

const CallCost* FindCall(const RuleCost& rule, Arch arch, const std::string& name) {
  const auto found = std::find_if(rule.calls.begin(), rule.calls.end(), [&](const CallCost& call) {
    return call.arch == arch && call.name == name;
  });
  return found == rule.calls.end() ? nullptr : &*found;
}

TEST(CostTest, SaysWhy) {
  const Policy policy =
      PolicyOf({"deny EACCES openat if path ~ \"/etc/**\"", "allow openat",
                "log close if fd == 7 log result", "deny EPERM execve if argv == 0 quiet"});
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost cost, CostOf(policy, false));
  ASSERT_EQ(cost.rules.size(), 5u);
  const CallCost* path = FindCall(cost.rules[0], Arch::kX86_64, "openat");
  ASSERT_NE(path, nullptr);
  EXPECT_TRUE(path->by_tracer && !path->by_kernel && !path->copies && !path->recorded);
  EXPECT_EQ(path->stops, 1);
  EXPECT_THAT(path->reasons, ElementsAre("reads path"));
  const CallCost* behind = FindCall(cost.rules[1], Arch::kX86_64, "openat");
  ASSERT_NE(behind, nullptr);
  EXPECT_TRUE(behind->by_tracer && !behind->by_kernel && behind->copies);
  EXPECT_THAT(behind->reasons, ElementsAre(HasSubstr("stands behind")));
  EXPECT_EQ(FindCall(cost.rules[1], Arch::kI386, "openat")->stops, 2);
  const CallCost* close = FindCall(cost.rules[2], Arch::kX86_64, "close");
  ASSERT_NE(close, nullptr);
  EXPECT_EQ(close->stops, 2);
  EXPECT_TRUE(close->recorded);
  // What does not match goes on to the default.
  const CallCost* rest = FindCall(cost.rules[4], Arch::kX86_64, "close");
  ASSERT_NE(rest, nullptr);
  EXPECT_TRUE(rest->by_kernel && rest->by_tracer);
  const CallCost* program = FindCall(cost.rules[3], Arch::kX86_64, "execve");
  ASSERT_NE(program, nullptr);
  EXPECT_THAT(program->reasons, ElementsAre("starts programs"));
}

TEST(CostTest, NamesWhatIsAskedAboutInAnyCase) {
  const Policy policy = PolicyOf({"allow chroot, prctl, seccomp", "log unlink"});
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost cost, CostOf(policy, false));
  const CallCost* chroot = FindCall(cost.rules[0], Arch::kX86_64, "chroot");
  ASSERT_NE(chroot, nullptr);
  EXPECT_TRUE(chroot->by_tracer && !chroot->by_kernel);
  EXPECT_THAT(chroot->reasons, ElementsAre("changes what records say of a task"));
  for (const std::string name : {"prctl", "seccomp"}) {
    const CallCost* call = FindCall(cost.rules[0], Arch::kX86_64, name);
    ASSERT_NE(call, nullptr) << name;
    EXPECT_TRUE(call->by_tracer && call->by_kernel) << name;
    EXPECT_THAT(call->reasons, Contains("may install a filter")) << name;
  }
}

// A rule that needs no stop has a filter that makes none, and the other way round.
TEST(CostTest, TheReportAgreesWithTheFilters) {
  const Policy policy =
      PolicyOf({"deny EACCES open, openat if path ~ \"/etc/**\"",
                "deny EPERM fchmodat, unlinkat, connect quiet", "log write if fd == 2",
                "deny EIO read quiet", "kill process ptrace", "harden off"});
  for (const bool logs : {false, true}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost cost, CostOf(policy, logs));
    std::map<int32_t, std::pair<bool, bool>> said;
    for (const RuleCost& rule : cost.rules) {
      for (const CallCost& call : rule.calls) {
        if (call.arch != Arch::kX86_64) continue;
        said[call.nr].first |= call.by_kernel;
        said[call.nr].second |= call.by_tracer;
      }
    }
    const auto wants = [logs](const Decision& decision) {
      return LogDecision(decision, ActionsLogged::All(), logs, false);
    };
    PROVOST_ASSERT_OK_AND_ASSIGN(
        const std::vector<BpfProgram> filters,
        CompileFilters(absl::MakeConstSpan(&policy, 1), false, ControlNumbers(), wants));
    for (const auto& [nr, by] : said) {
      PROVOST_ASSERT_OK_AND_ASSIGN(
          const FilterPaths paths,
          ExploreFilter(filters.back(), static_cast<uint32_t>(Arch::kX86_64), nr));
      EXPECT_EQ(by.first, paths.MayAnswer()) << nr;
      EXPECT_EQ(by.second, paths.MayTrace()) << nr;
    }
  }
}

TEST(CostTest, CountsTheCallsOfTheFilters) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost open, CostOf(PolicyOf({"harden off"}), false));
  EXPECT_EQ(open.filters.filters, 1u);
  EXPECT_EQ(open.filters.by_kernel + open.filters.by_either + open.filters.by_tracer,
            open.filters.calls);
  EXPECT_EQ(open.filters.hardening, 0u);
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost hardened, CostOf(PolicyOf({}), false));
  EXPECT_EQ(hardened.filters.filters, 1u);
  EXPECT_GT(hardened.filters.hardening, 0u);
  EXPECT_GT(hardened.filters.instructions, open.filters.instructions);
  // Everything recorded: nothing but what no filter sees is left to the kernel.
  const Policy all = PolicyOf({"log *"});
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyCost logged, CostOf(all, false));
  EXPECT_GT(logged.filters.by_tracer, logged.filters.calls * 9 / 10);
}

Ended Check(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {Runfile("tools/cli/provost"), "check"});
  return RunNatively(arguments);
}

TEST(CostTest, TheCommandPrintsIt) {
  const std::vector<std::string> rules = {"-e", "deny EPERM getppid", "-e", "log unlink"};
  std::vector<std::string> arguments = {"--cost"};
  arguments.insert(arguments.end(), rules.begin(), rules.end());
  const Ended text = Check(arguments);
  EXPECT_EQ(text.exit_code, 0) << text;
  EXPECT_THAT(text.out, HasSubstr("deny EPERM getppid\n  getppid: kernel\n"));
  EXPECT_THAT(text.out, HasSubstr("unlink: tracer, 1 stop, a record; it is recorded\n"));
  EXPECT_THAT(text.out, HasSubstr("without an audit log"));
  arguments.emplace_back("--log");
  EXPECT_THAT(Check(arguments).out, HasSubstr("getppid: tracer, 1 stop, a record"));
  arguments.emplace_back("--json");
  const Ended json = Check(arguments);
  const auto parsed = nlohmann::json::parse(json.out, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(parsed.is_array()) << json;
  EXPECT_EQ(parsed[0]["log"], true);
  EXPECT_EQ(parsed[0]["rules"][0]["calls"][0]["call"], "getppid");
}

TEST(CostTest, WhatDoesNotGoTogetherIsAnError) {
  const Ended bpf = Check({"--cost", "--bpf", "-e", "log unlink"});
  EXPECT_EQ(bpf.exit_code, 2) << bpf;
  EXPECT_THAT(bpf.out, IsEmpty());
  const Ended log = Check({"--log", "-e", "log unlink"});
  EXPECT_EQ(log.exit_code, 2) << log;
  const Ended wrong = Check({"--cost", "-e", "deny EPERM nosuchcall"});
  EXPECT_EQ(wrong.exit_code, 2) << wrong;
}

}  // namespace
}  // namespace provost
