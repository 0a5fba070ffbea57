#include "audit/id_names.h"

#include <pwd.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

class CountedNames {
 public:
  const std::string& Name(uint32_t id, int64_t now) { return names_.Name(id, now); }
  std::vector<uint32_t> TakeLookUps() { return std::exchange(look_ups_, {}); }

 private:
  std::vector<uint32_t> look_ups_;
  IdNames names_{[this](uint32_t id) -> std::optional<std::string> {
    look_ups_.push_back(id);
    if (id % 2 == 1) return std::nullopt;
    return absl::StrCat("name", id);
  }};
};

using Ids = std::vector<uint32_t>;

TEST(IdNames, WordsThemAsAuparseDoes) {
  CountedNames names;
  EXPECT_EQ(names.Name(0, 0), "root");
  EXPECT_EQ(names.Name(UINT32_MAX, 0), "unset");
  EXPECT_EQ(names.TakeLookUps(), Ids());  // the two need none
  EXPECT_EQ(names.Name(1000, 0), "name1000");
  EXPECT_EQ(names.Name(1001, 0), "unknown(1001)");
  EXPECT_EQ(names.Name(UINT32_MAX - 2, 0), "unknown(-3)");
}

TEST(IdNames, LooksUpOnceAMinute) {
  CountedNames names;
  for (const int64_t now : {1000, 1001, 1059}) {
    EXPECT_EQ(names.Name(2, now), "name2");
    EXPECT_EQ(names.Name(3, now), "unknown(3)");
  }
  EXPECT_EQ(names.TakeLookUps(), (Ids{2, 3}));
  names.Name(2, 1060);
  names.Name(2, 1061);
  EXPECT_EQ(names.TakeLookUps(), (Ids{2}));
}

TEST(IdNames, IdsOfOneSlotTakeTurns) {
  CountedNames names;
  const uint32_t other = 2 + IdNames::kSlots;
  EXPECT_EQ(names.Name(2, 0), "name2");
  EXPECT_EQ(names.Name(other, 0), absl::StrCat("name", other));
  EXPECT_EQ(names.Name(2, 0), "name2");
  EXPECT_EQ(names.Name(IdNames::kSlots, 0), absl::StrCat("name", IdNames::kSlots));
  EXPECT_EQ(names.TakeLookUps(), (Ids{2, other, 2, IdNames::kSlots}));
}

TEST(IdNames, ThisMachinesNames) {
  std::string out;
  AppendUserName(0, out);
  AppendGroupName(UINT32_MAX, out);
  AppendUserName(4294000000, out);
  EXPECT_EQ(out, "\"root\"\"unset\"\"unknown(-967296)\"");
  const passwd* const daemon = getpwuid(1);
  ASSERT_NE(daemon, nullptr);
  out.clear();
  AppendUserName(1, out);
  EXPECT_EQ(out, absl::StrCat("\"", daemon->pw_name, "\""));
}

}  // namespace
}  // namespace provost
