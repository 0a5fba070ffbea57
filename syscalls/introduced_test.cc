#include "syscalls/introduced.h"

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "re2/re2.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

TEST(IntroducedTest, Releases) {
  EXPECT_EQ(ParseRelease("2.6.32"), (KernelVersion{2, 6, 32}));
  EXPECT_EQ(ParseRelease("5.10.0-28-amd64"), (KernelVersion{5, 10, 0}));
  EXPECT_EQ(ParseRelease("6.1-rc3"), (KernelVersion{6, 1, 0}));
  EXPECT_EQ(ParseRelease("4.19+"), (KernelVersion{4, 19, 0}));
  EXPECT_EQ(ParseRelease("2.6."), (KernelVersion{2, 6, 0}));
  for (const char* none : {"", "6", "six.one", ".6", "99999999999.1"}) {
    EXPECT_EQ(ParseRelease(none), std::nullopt) << none;
  }
  EXPECT_LT((KernelVersion{2, 6, 39}), (KernelVersion{3, 0}));
}

TEST(IntroducedTest, EveryNameIsFound) {
  EXPECT_EQ(IntroducedIn("openat2"), (KernelVersion{5, 6}));
  EXPECT_EQ(IntroducedIn("accept4"), (KernelVersion{2, 6, 28}));
  EXPECT_EQ(IntroducedIn("waitid"), (KernelVersion{2, 6, 10}));
  EXPECT_EQ(IntroducedIn("read"), std::nullopt);
  EXPECT_EQ(IntroducedIn("no_such_call"), std::nullopt);
}

// What the manual (Debian's manpages-dev) says, by name.
std::map<std::string, KernelVersion> OfTheManual() {
  const std::unique_ptr<FILE, int (*)(FILE*)> page(
      popen("zcat /usr/share/man/man2/syscalls.2.gz", "r"), pclose);
  std::map<std::string, KernelVersion> versions;
  char line[512];
  while (fgets(line, sizeof(line), page.get()) != nullptr) {
    std::string name;
    std::string version;
    static const RE2* const kRow = new RE2("^\\\\fB(\\w+)\\\\fP\\(2\\)\t(\\d[\\d.]*)");
    if (!RE2::PartialMatch(line, *kRow, &name, &version)) continue;
    if (const auto parsed = ParseRelease(version)) versions[name] = *parsed;
  }
  return versions;
}

TEST(IntroducedTest, AgreesWithTheManual) {
  // fstatat64 and newfstatat are one row there; membarrier came with 4.3, as its own page says.
  const std::set<std::string> wrong_there = {"membarrier"};
  size_t compared = 0;
  const std::map<std::string, KernelVersion> manual = OfTheManual();
  ASSERT_GT(manual.size(), 300u) << "manpages-dev is not installed";
  for (const auto& [name, version] : manual) {
    const bool is_ours = SyscallTable::Get().Find(Arch::kX86_64, name) != nullptr ||
                         SyscallTable::Get().Find(Arch::kI386, name) != nullptr;
    // What was new in the series before 2.6 is of no account here.
    if (!is_ours || wrong_there.contains(name)) continue;
    if (version < KernelVersion{2, 6, 0}) {
      const std::optional<KernelVersion> known = IntroducedIn(name);
      EXPECT_TRUE(!known.has_value() || *known == (KernelVersion{2, 6, 0})) << name;
      continue;
    }
    EXPECT_EQ(IntroducedIn(name), version) << name;
    ++compared;
  }
  EXPECT_GT(compared, 100u);
}

}  // namespace
}  // namespace provost
