#include "policy/stack.h"

#include <cerrno>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

TEST(MoreRestrictive, FollowsTheKernelsOrder) {
  const std::vector<Verdict> strictest_first = {Kill{Kill::Scope::kProcess},
                                                Kill{Kill::Scope::kThread},
                                                Trap{},
                                                Deny{EPERM},
                                                Deny{EACCES},
                                                Return{0},
                                                Log{},
                                                Allow{}};
  for (size_t i = 0; i < strictest_first.size(); ++i) {
    for (size_t j = i + 1; j < strictest_first.size(); ++j) {
      const Decision strict{strictest_first[i]};
      const Decision lax{strictest_first[j]};
      EXPECT_EQ(MoreRestrictive(strict, lax).verdict, strict.verdict) << i << " " << j;
      EXPECT_EQ(MoreRestrictive(lax, strict).verdict, strict.verdict) << i << " " << j;
    }
  }
}

TEST(MoreRestrictive, TheEarlierWinsATie) {
  const Decision earlier{Return{1}, RecordWish::kUnsaid, "earlier"};
  const Decision later{Return{2}, RecordWish::kUnsaid, "later"};
  EXPECT_EQ(MoreRestrictive(earlier, later).rule, "earlier");
  const auto settings = std::make_shared<std::vector<Setting>>(std::vector<Setting>{{"fd", 0}});
  const auto emulation = std::make_shared<Emulation>(Emulation{"uname", {}});
  const std::vector<Verdict> traced = {Return{1}, Rewrite{settings}, Emulate{emulation}, Ask{}};
  for (const Verdict& first : traced) {
    for (const Verdict& second : traced) {
      EXPECT_EQ(MoreRestrictive({first, RecordWish::kUnsaid, "earlier"},
                                {second, RecordWish::kUnsaid, "later"})
                    .rule,
                "earlier");
    }
    EXPECT_EQ(MoreRestrictive({first, RecordWish::kUnsaid, ""}, {Deny{EPERM}}).verdict,
              Verdict(Deny{EPERM}));
    EXPECT_EQ(MoreRestrictive({Log{}}, {first, RecordWish::kUnsaid, ""}).verdict, first);
  }
}

TEST(CommonContainer, IsOneOrNone) {
  const auto policy = [](const char* name, const char* text) {
    return ParsePolicyText(absl::StrCat("default allow\n", text), name)->policy;
  };
  const Policy none = policy("none", "");
  const Policy five = policy("a.policy", "container 5\n");
  const Policy also_five = policy("b.policy", "allow read\ncontainer 0x5\n");
  const Policy six = policy("c.policy", "container 6\n");
  EXPECT_FALSE((*CommonContainer({})).has_value());
  EXPECT_FALSE((*CommonContainer({none, none})).has_value());
  for (const std::vector<Policy>& stack : {std::vector{none, five}, {five, none, also_five}}) {
    const auto common = CommonContainer(stack);
    ASSERT_TRUE(common.ok() && common->has_value());
    EXPECT_EQ((*common)->contid, 5u);
    EXPECT_EQ((*common)->where.file, "a.policy");
    EXPECT_EQ((*common)->where.line, 2);
  }
  EXPECT_EQ(CommonContainer({also_five, none, six}).status().message(),
            "c.policy:2: error: `container 6` contradicts `container 5` at b.policy:3: a run has "
            "one container; leave one out");
}

TEST(CommonHardening, IsOnUnlessOneSaysOff) {
  const auto policy = [](const char* name, const char* text) {
    return ParsePolicyText(absl::StrCat("default allow\n", text), name)->policy;
  };
  const Policy none = policy("none", "");
  const Policy on = policy("on.policy", "harden on\n");
  const Policy off = policy("off.policy", "harden off\n");
  EXPECT_TRUE(*CommonHardening({}));
  EXPECT_TRUE(*CommonHardening({none, none}));
  EXPECT_TRUE(*CommonHardening({none, on, on}));
  EXPECT_FALSE(*CommonHardening({none, off}));
  EXPECT_FALSE(*CommonHardening({off, none, off}));
  EXPECT_EQ(CommonHardening({on, none, off}).status().message(),
            "off.policy:2: error: `harden off` contradicts `harden on` at on.policy:2: a run is "
            "hardened or not; leave one out");
}

}  // namespace
}  // namespace provost
