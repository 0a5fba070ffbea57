#include "policy/stack.h"

#include <cerrno>
#include <vector>

#include "gtest/gtest.h"

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
}

}  // namespace
}  // namespace provost
