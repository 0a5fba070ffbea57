#include "tracee/paths.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tracee/task_in_directory.h"

namespace provost {
namespace {

using ::absl::StatusCode;

class PathsTest : public TaskInDirectory {
 protected:
  void SetUp() override {
    TaskInDirectory::SetUp();
    ASSERT_EQ(mkdir(In("dir").c_str(), 0755), 0);
    ASSERT_EQ(mkdir(In("dir/sub").c_str(), 0755), 0);
    Touch("file");
    Touch("dir/file");
    ASSERT_EQ(mkfifo(In("fifo").c_str(), 0600), 0);
    Link("dir", "relative");
    Link(In("dir/file"), "absolute");
    Link("missing", "dangling");
    Link("loop", "loop");
    Link("../file", "dir/up");
    Link("relative/", "slash");
  }

  void Touch(const std::string& name) const { TaskInDirectory::Touch(name, 0600); }
  void Link(const std::string& target, const std::string& name) const {
    EXPECT_EQ(symlink(target.c_str(), In(name).c_str()), 0);
  }

  std::string Resolved(const std::string& path, bool follow = true, int32_t fd = AT_FDCWD,
                       bool in_root = false) const {
    const auto name = ResolveTaskPath(
        child_, {.descriptor = fd, .path = path, .follow_last = follow, .in_root = in_root});
    return name.ok() ? *name : absl::StrCat("error ", name.status().raw_code());
  }
  static std::string Error(StatusCode code) {
    return absl::StrCat("error ", static_cast<int>(code));
  }
};

TEST_F(PathsTest, ResolvesAsTheKernelDoes) {
  Start();
  const struct {
    std::string path;
    std::string name;
  } cases[] = {
      {"file", In("file")},
      {"./dir/../file", In("file")},
      {"dir//sub/.", In("dir/sub")},
      {"/", "/"},
      {"/../..", "/"},
      {In("file"), In("file")},
      {"relative/file", In("dir/file")},
      {"relative", In("dir")},
      {"slash/file", In("dir/file")},
      {"absolute", In("dir/file")},
      {"relative/up", In("file")},
      {"relative/sub/../up", In("file")},
      // What is not there yet is where it would be.
      {"new", In("new")},
      {"relative/new", In("dir/new")},
      {"dangling", In("missing")},
      {"new/", In("new")},
      {"/no-such-file-of-ours", "/no-such-file-of-ours"},
      {"fifo", In("fifo")},
  };
  for (const auto& test : cases) EXPECT_EQ(Resolved(test.path), test.name) << test.path;
  EXPECT_EQ(Resolved("new/file"), Error(StatusCode::kNotFound));
  EXPECT_EQ(Resolved("file/x"), Error(StatusCode::kFailedPrecondition));
  EXPECT_EQ(Resolved("file/."), Error(StatusCode::kFailedPrecondition));
  EXPECT_EQ(Resolved("loop"), Error(StatusCode::kFailedPrecondition));
}

TEST_F(PathsTest, TheLastLinkIsFollowedOrNot) {
  Start();
  EXPECT_EQ(Resolved("absolute", false), In("absolute"));
  EXPECT_EQ(Resolved("relative/up", false), In("dir/up"));
  EXPECT_EQ(Resolved("loop", false), In("loop"));
  // A slash behind it asks for the directory.
  EXPECT_EQ(Resolved("relative/", false), In("dir"));
}

TEST_F(PathsTest, FortyLinksAndNoMore) {
  Link("file", "link1");
  for (int i = 2; i <= 41; ++i) Link(absl::StrCat("link", i - 1), absl::StrCat("link", i));
  Start();
  EXPECT_EQ(Resolved("link40"), In("file"));
  EXPECT_EQ(Resolved("link41"), Error(StatusCode::kFailedPrecondition));
}

TEST_F(PathsTest, Descriptors) {
  int pipe_ends[2] = {-1, -1};
  const UniqueFd directory(open(In("dir").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd gone(open(In("gone").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_EQ(unlink(In("gone").c_str()), 0);
  ASSERT_EQ(pipe(pipe_ends), 0);
  Start();
  EXPECT_EQ(*ReadDescriptorPath(child_, directory.get()), In("dir"));
  EXPECT_EQ(*ReadDescriptorPath(child_, AT_FDCWD), top_);
  EXPECT_EQ(*ReadDescriptorPath(child_, gone.get()), absl::StrCat(In("gone"), " (deleted)"));
  EXPECT_EQ(ReadDescriptorPath(child_, pipe_ends[0])->rfind("pipe:[", 0), 0U);
  EXPECT_EQ(ReadDescriptorPath(child_, 1000).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Resolved("file", true, directory.get()), In("dir/file"));
  EXPECT_EQ(Resolved("../file", true, directory.get()), In("file"));
  EXPECT_EQ(Resolved("/", true, directory.get()), "/");
  EXPECT_EQ(Resolved("x", true, 1000), Error(StatusCode::kNotFound));
  // The directory as the root.
  EXPECT_EQ(Resolved("/file", true, directory.get(), true), In("dir/file"));
  EXPECT_EQ(Resolved("../../file", true, directory.get(), true), In("dir/file"));
  // Through the magic links of /proc, where `self` is the task.
  const std::string fd = absl::StrCat("/proc/self/fd/", directory.get());
  EXPECT_EQ(Resolved(fd), In("dir"));
  EXPECT_EQ(Resolved(absl::StrCat(fd, "/file")), In("dir/file"));
  EXPECT_EQ(Resolved(fd, false), absl::StrCat("/proc/", child_, "/fd/", directory.get()));
  EXPECT_EQ(Resolved("/proc/self/cwd/relative/file"), In("dir/file"));
  EXPECT_EQ(Resolved("/proc/thread-self/cwd"), top_);
  EXPECT_EQ(Resolved("/proc/self/comm"), absl::StrCat("/proc/", child_, "/comm"));
  EXPECT_EQ(Resolved("/proc/mounts"), absl::StrCat("/proc/", child_, "/mounts"));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

// In a user namespace of its own, or as root, a task has a root of its own.
TEST_F(PathsTest, TheTasksRoot) {
  Link("/file", "dir/from_root");
  const std::string root = In("dir");
  Start([&root] {
    if (chroot(root.c_str()) == 0) return chdir("/") == 0;
    return unshare(CLONE_NEWUSER) == 0 && chroot(root.c_str()) == 0 && chdir("/") == 0;
  });
  EXPECT_EQ(Resolved("/file"), In("dir/file"));
  EXPECT_EQ(Resolved("/from_root"), In("dir/file"));
  EXPECT_EQ(Resolved("../../file"), In("dir/file"));
  EXPECT_EQ(Resolved("/sub/../../new"), In("dir/new"));
}

}  // namespace
}  // namespace provost
