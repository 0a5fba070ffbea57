#include "syscalls/twins.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

TEST(TwinsTest, MembersAreCallsAndStandOnceInAFamily) {
  for (const TwinFamily& family : AllTwinFamilies()) {
    std::set<absl::string_view> seen;
    for (const auto* members : {&family.full, &family.lesser}) {
      for (const absl::string_view member : *members) {
        EXPECT_TRUE(SyscallTable::Get().IsKnownName(member)) << member;
        EXPECT_TRUE(seen.insert(member).second) << family.name << ": " << member;
      }
    }
    EXPECT_GE(seen.size(), 2U) << family.name;
  }
}

TEST(TwinsTest, FamiliesHaveNamesOfTheirOwn) {
  std::set<absl::string_view> names;
  for (const TwinFamily& family : AllTwinFamilies()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
  }
  EXPECT_GT(names.size(), 40U);
}

}  // namespace
}  // namespace provost
