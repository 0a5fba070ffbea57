#include <fcntl.h>

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return absl::InvalidArgumentError("odd");
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  PROVOST_ASSIGN_OR_RETURN(const int half, Half(number));
  PROVOST_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(StatusMacros, ReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_THAT(Quarter(7), StatusIs(absl::StatusCode::kInvalidArgument, testing::Eq("odd")));
  EXPECT_THAT(Quarter(6), StatusIs(absl::StatusCode::kInvalidArgument, testing::Eq("odd")));
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(first.valid());
  const int raw = first.get();
  UniqueFd second = std::move(first);
  EXPECT_EQ(second.get(), raw);
  second.reset();
  EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace provost
