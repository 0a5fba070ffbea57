#include "audit/path_watch.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "audit/testing.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

// On a file system that changes are told of, and without links in its path.
class PathWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/dev/shm/path_watch_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = std::filesystem::canonical(name);
    ASSERT_EQ(mkdir(In("outer").c_str(), 0700), 0);
    ASSERT_EQ(mkdir(In("outer/inner").c_str(), 0700), 0);
    WriteFile(Path(), "");
    WriteFile(In("outer/inner/other"), "");
  }
  void TearDown() override { std::filesystem::remove_all(top_); }

  std::string In(const std::string& name) const { return absl::StrCat(top_, "/", name); }
  std::string Path() const { return In("outer/inner/log"); }

  // Whether a change is noticed, and noticed before its call returns.
  void ExpectNoticed(const char* what, const std::function<int()>& change, bool noticed = true) {
    const std::optional<PathWatch> watch = PathWatch::Begin(Path());
    ASSERT_TRUE(watch.has_value()) << what;
    EXPECT_FALSE(watch->MayHaveChanged()) << what;
    EXPECT_EQ(change(), 0) << what;
    EXPECT_EQ(watch->MayHaveChanged(), noticed) << what;
    EXPECT_EQ(watch->MayHaveChanged(), noticed) << what << ": it stays so";
  }

  std::string top_;
};

TEST_F(PathWatchTest, WhatIsDoneToTheFile) {
  const std::string path = Path();
  const std::string other = In("outer/inner/other");
  ExpectNoticed("renamed", [&] { return rename(path.c_str(), (path + ".1").c_str()); });
  WriteFile(path, "");
  ExpectNoticed("replaced", [&] { return rename((path + ".1").c_str(), path.c_str()); });
  ExpectNoticed("exchanged", [&] {
    return static_cast<int>(
        syscall(SYS_renameat2, AT_FDCWD, path.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE));
  });
  ExpectNoticed("removed", [&] { return unlink(path.c_str()); });
  WriteFile(path, "");
  const UniqueFd kept(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ExpectNoticed("removed while it is open", [&] { return unlink(path.c_str()); });
}

TEST_F(PathWatchTest, WhatIsDoneToADirectoryOnTheWay) {
  const auto move = [&](const char* from, const char* to) {
    return rename(In(from).c_str(), In(to).c_str());
  };
  ExpectNoticed("outer renamed", [&] { return move("outer", "former"); });
  ASSERT_EQ(move("former", "outer"), 0);
  ExpectNoticed("inner renamed", [&] { return move("outer/inner", "inner"); });
  ASSERT_EQ(move("inner", "outer/inner"), 0);
  ExpectNoticed("rights", [&] { return chmod(In("outer").c_str(), 0500); });
}

TEST_F(PathWatchTest, WhatGoesOnBesideIt) {
  const std::string path = Path();
  const auto quiet = [&](const char* what, const std::function<int()>& change) {
    ExpectNoticed(what, change, false);
  };
  const auto append = [&] {
    const UniqueFd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    return write(file.get(), "more\n", 5) == 5 ? 0 : -1;
  };
  quiet("written to", append);
  quiet("a new neighbour", [&] { return WriteFile(path + ".new", ""), 0; });
  quiet("a neighbour renamed",
        [&] { return rename((path + ".new").c_str(), (path + ".newer").c_str()); });
  quiet("a neighbour removed", [&] { return unlink((path + ".newer").c_str()); });
  quiet("a new directory", [&] { return mkdir(In("outer/more").c_str(), 0700); });
}

TEST_F(PathWatchTest, WhatIsMountedOnTheWay) {
  const std::string told = InChild([&]() -> std::string {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return "unshare";
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "private";
    const std::string outer = In("outer");
    std::string said;
    const auto ask = [&](const std::function<int()>& change) {
      const std::optional<PathWatch> watch = PathWatch::Begin(Path());
      if (!watch || watch->MayHaveChanged()) return;
      if (change() == 0) said += watch->MayHaveChanged() ? "noticed " : "missed ";
    };
    ask([&] { return mount(outer.c_str(), outer.c_str(), nullptr, MS_BIND, nullptr); });
    ask([&] { return umount2(outer.c_str(), MNT_DETACH); });
    ask([&] {
      return mount(In("outer/inner/other").c_str(), Path().c_str(), nullptr, MS_BIND, nullptr);
    });
    return said;
  });
  if (told == "unshare" || told == "private") GTEST_SKIP() << "no mount namespace to be had";
  EXPECT_EQ(told, "noticed noticed noticed ");
}

TEST_F(PathWatchTest, NothingIsPromisedWhereChangesAreNotTold) {
  EXPECT_FALSE(PathWatch::Begin("/proc/self/status").has_value());
  EXPECT_FALSE(PathWatch::Begin(In("outer/absent")).has_value());
}

}  // namespace
}  // namespace provost
