#include "supervisor/run_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

std::string FreshDirectory(const std::string& name) {
  std::string path = absl::StrCat(testing::TempDir(), "/", name, ".", getpid());
  EXPECT_NE(path.size(), 0U);
  return path;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

TEST(RunStateTest, IsReadAsItWasWritten) {
  const RunState state = {.pid = 12,
                          .start = UINT64_MAX - 1,
                          .mode = "complain",
                          .contid = 7,
                          .network = {4, 4026531833},
                          .containers = {{13, 8}, {14, UINT64_MAX}}};
  PROVOST_ASSERT_OK_AND_ASSIGN(const RunState read, ParseRunState(FormatRunState(state)));
  EXPECT_EQ(read, state);
  const std::string good = FormatRunState(state);
  for (const std::string& wrong :
       {std::string(), std::string("provost run 1\n"), good.substr(0, good.size() - 1),
        good + "container 1\n", good + "container x 1\n", "x" + good, good + "\n"}) {
    EXPECT_THAT(ParseRunState(wrong),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no state of a run")));
  }
}

TEST(RunStateTest, LivesAsLongAsItsObject) {
  const std::string directory = FreshDirectory("published");
  const std::string path = absl::StrCat(directory, "/", getpid());
  {
    PROVOST_ASSERT_OK_AND_ASSIGN(
        const auto published,
        PublishedRunState::Publish(directory, {.mode = "enforce", .contid = 5}));
    struct stat status = {};
    ASSERT_EQ(stat(directory.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    published->SetContainers({{77, 6}, {78, 8}});
    published->SetContainers({{77, 6}});
    PROVOST_ASSERT_OK_AND_ASSIGN(const RunState read, ReadRunState(directory, getpid(), geteuid()));
    EXPECT_EQ(read.mode, "enforce");
    EXPECT_EQ(read.contid, 5U);
    EXPECT_EQ(read.network, ReadNetworkNamespace(getpid()));
    EXPECT_EQ(read.containers, (std::map<pid_t, uint64_t>{{77, 6}}));
  }
  EXPECT_FALSE(Exists(path));
  EXPECT_THAT(ReadRunState(directory, getpid(), geteuid()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("No such file")));
}

TEST(RunStateTest, RemovesWhatADeadRunLeftAndNothingElse) {
  const std::string directory = FreshDirectory("stale");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  // No process has such a number (PID_MAX_LIMIT is 2^22).
  constexpr pid_t kNobody = 1 << 23;
  const std::string stale = absl::StrCat(directory, "/", kNobody);
  const std::string foreign = absl::StrCat(directory, "/", kNobody + 1);
  RunState left;
  left.pid = kNobody;
  left.mode = "enforce";
  std::ofstream(stale) << FormatRunState(left);
  std::ofstream(foreign) << "precious\n";
  const std::string socket_of_one = ControlSocketPath(directory, kNobody);
  const std::string no_socket = ControlSocketPath(directory, kNobody + 1);
  const std::string socket_of_us = ControlSocketPath(directory, getpid());
  for (const std::string& path : {socket_of_one, socket_of_us}) {
    ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
  }
  std::ofstream(no_socket) << "precious\n";
  ASSERT_THAT(PublishedRunState::Publish(directory, RunState()), IsOk());
  EXPECT_FALSE(Exists(stale));
  EXPECT_TRUE(Exists(foreign));
  EXPECT_FALSE(Exists(socket_of_one));
  EXPECT_TRUE(Exists(no_socket));
  EXPECT_TRUE(Exists(socket_of_us));
}

TEST(RunStateTest, WhatOthersCouldHaveWrittenIsRefused) {
  const std::string directory = FreshDirectory("open");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  ASSERT_EQ(chmod(directory.c_str(), 0770), 0);
  EXPECT_THAT(PublishedRunState::Publish(directory, {.mode = "enforce"}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(directory)));
  ASSERT_EQ(chmod(directory.c_str(), 0700), 0);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto published,
                               PublishedRunState::Publish(directory, {.mode = "enforce"}));
  PROVOST_EXPECT_OK(ReadRunState(directory, getpid(), geteuid()));
  EXPECT_THAT(ReadRunState(directory, getpid(), geteuid() + 1),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("could have written")));
  const std::string path = absl::StrCat(directory, "/", getpid());
  ASSERT_EQ(chmod(path.c_str(), 0620), 0);
  EXPECT_THAT(ReadRunState(directory, getpid(), geteuid()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("could have written")));
  // A symbolic link, or a pipe that would keep us waiting.
  ASSERT_EQ(rename(path.c_str(), (path + ".moved").c_str()), 0);
  ASSERT_EQ(symlink((path + ".moved").c_str(), path.c_str()), 0);
  EXPECT_FALSE(ReadRunState(directory, getpid(), geteuid()).ok());
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(ReadRunState(directory, getpid(), geteuid()).ok());
  const std::string link = directory + ".link";
  ASSERT_EQ(symlink(directory.c_str(), link.c_str()), 0);
  EXPECT_FALSE(PublishedRunState::Publish(link, {.mode = "enforce"}).ok());
}

TEST(RunStateTest, TellsAProcessFromOneThatHadItsNumber) {
  const std::string directory = FreshDirectory("stale");
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto published,
                               PublishedRunState::Publish(directory, {.mode = "enforce"}));
  PROVOST_ASSERT_OK_AND_ASSIGN(RunState state, ReadRunState(directory, getpid(), geteuid()));
  ++state.start;
  std::ofstream(absl::StrCat(directory, "/", getpid())) << FormatRunState(state);
  EXPECT_THAT(ReadRunState(directory, getpid(), geteuid()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("of a process that is gone")));
  // What a killed supervisor left goes with the next that begins.
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const std::string left = absl::StrCat(directory, "/", gone);
  state.pid = gone;
  std::ofstream(left) << FormatRunState(state);
  PROVOST_ASSERT_OK(PublishedRunState::Publish(directory, {.mode = "enforce"}).status());
  EXPECT_FALSE(Exists(left));
}

TEST(RunStateTest, AProcessThatEndsWhileItIsReadHasNoStart) {
  for (const char* stat : {"", "1", "1 (sh", "1 (sh)", "1 (sh) ", "1 (sh) S 1 1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseProcessStart(stat).status())) << stat;
  }
  const auto start =
      ParseProcessStart("1 (a) b) S 1 1 1 0 -1 4 1 1 1 1 1 1 1 1 20 0 1 0 4711 1 1 1");
  EXPECT_EQ(start.value_or(0), 4711u);
}

}  // namespace
}  // namespace provost
