#include "supervisor/kernel_features.h"

#include <string>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

const KernelFeature* Find(const std::vector<KernelFeature>& features, const std::string& name) {
  for (const KernelFeature& feature : features) {
    if (feature.name == name) return &feature;
  }
  return nullptr;
}

// This test runs where provost's other tests do, which need all of this.
TEST(KernelFeaturesTest, ThisKernelHasWhatIsNeeded) {
  const KernelFacts facts = ProbeKernel();
  PROVOST_EXPECT_OK(CheckActions(facts));
  for (const KernelFeature& feature : DescribeKernel(facts)) {
    if (feature.needed) {
      EXPECT_EQ(feature.presence, Presence::kPresent) << feature.name;
    }
  }
  // Flags of Linux 4.14 and before, which has the actions.
  EXPECT_EQ(facts.filter_flags.at("tsync"), Presence::kPresent);
  EXPECT_EQ(facts.filter_flags.at("log"), Presence::kPresent);
  EXPECT_EQ(facts.sysctls.count("kernel.seccomp.actions_avail"), 1U);
  EXPECT_EQ(ProbeActions().actions, facts.actions);
}

TEST(KernelFeaturesTest, WhatIsMissingIsSaidWithItsCost) {
  KernelFacts facts = ProbeActions();
  for (auto& [name, presence] : facts.actions) presence = Presence::kPresent;
  PROVOST_EXPECT_OK(CheckActions(facts));
  facts.actions["log"] = Presence::kMissing;
  PROVOST_EXPECT_OK(CheckActions(facts));
  facts.actions["kill_process"] = Presence::kMissing;
  EXPECT_THAT(CheckActions(facts),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "this kernel has no seccomp action kill_process: Linux 4.14 or later is "
                       "needed; see `provost doctor`"));
  facts.ptrace_seize = Presence::kMissing;
  facts.mseal = Presence::kMissing;
  facts.audit = Presence::kUnknown;
  facts.sysctls["kernel.yama.ptrace_scope"] = "3";
  const auto features = DescribeKernel(facts);
  for (const auto& [name, needed] : std::map<std::string, bool>{
           {"seccomp action kill_process", true},
           {"seccomp action log", false},
           {"ptrace of a child", true},
           {"mseal", false},
           {"sysctl kernel.yama.ptrace_scope", true},
       }) {
    const KernelFeature* feature = Find(features, name);
    ASSERT_NE(feature, nullptr) << name;
    EXPECT_EQ(feature->presence, Presence::kMissing) << name;
    EXPECT_EQ(feature->needed, needed) << name;
    EXPECT_FALSE(feature->cost.empty()) << name;
  }
  EXPECT_EQ(Find(features, "kernel audit")->presence, Presence::kUnknown);
  facts.sysctls["kernel.yama.ptrace_scope"] = "1";
  EXPECT_EQ(Find(DescribeKernel(facts), "sysctl kernel.yama.ptrace_scope")->cost, "");
}

// A sandbox that refuses the question leaves the answer open.
TEST(KernelFeaturesTest, WhatIsNotKnownIsNotMissing) {
  PROVOST_EXPECT_OK(CheckActions(KernelFacts()));
  for (const KernelFeature& feature : DescribeKernel(KernelFacts())) {
    EXPECT_EQ(feature.presence, Presence::kUnknown) << feature.name;
  }
}

}  // namespace
}  // namespace provost
