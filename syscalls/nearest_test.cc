#include "syscalls/nearest.h"

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kNames[] = {"open", "openat", "openat2", "read", "readv", "write"};

TEST(Nearest, NearestFirst) {
  EXPECT_THAT(Nearest("opennat", kNames), ElementsAre("openat", "openat2"));
  EXPECT_THAT(Nearest("raed", kNames), ElementsAre("read"));
  EXPECT_THAT(Nearest("readw", kNames), ElementsAre("read", "readv"));
}

TEST(Nearest, IgnoresCase) { EXPECT_THAT(Nearest("WRITE", kNames), ElementsAre("write")); }

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  EXPECT_THAT(Nearest("futex", kNames), IsEmpty());
  EXPECT_THAT(Nearest("", kNames), IsEmpty());
  EXPECT_THAT(Nearest("open", {}), IsEmpty());
}

TEST(Nearest, KeepsToItsLimitAndNamesEachOnce) {
  EXPECT_THAT(Nearest("opennat", kNames, 1), ElementsAre("openat"));
  const absl::string_view twice[] = {"openat", "openat"};
  EXPECT_THAT(Nearest("opennat", twice), ElementsAre("openat"));
}

}  // namespace
}  // namespace provost
