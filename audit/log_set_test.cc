#include "audit/log_set.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "audit/rotation.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

std::vector<std::string> PathsOf(const std::vector<OpenedLog>& set) {
  std::vector<std::string> paths;
  paths.reserve(set.size());
  for (const OpenedLog& file : set) paths.push_back(file.path);
  return paths;
}

TEST(LogSetTest, IsOldestFirstAndByNumber) {
  const std::string directory = FreshPath("set");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string log = directory + "/audit.log";
  for (const char* name : {"", ".1", ".2", ".10", ".1.gz", ".01", ".x", ".-1"}) {
    WriteFile(log + name, name);
  }
  WriteFile(directory + "/other.log.1", "");
  const std::vector<std::string> expected = {log + ".10", log + ".2", log + ".1", log};
  for (const std::string& named : {log, directory, directory + "/"}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const std::vector<OpenedLog> set, OpenLogSet(named));
    EXPECT_EQ(PathsOf(set), expected) << named;
  }
  // While it is rotated the live file may not be there.
  ASSERT_EQ(remove(log.c_str()), 0);
  PROVOST_ASSERT_OK_AND_ASSIGN(const std::vector<OpenedLog> rest, OpenLogSet(log));
  EXPECT_EQ(rest.size(), 3U);
}

TEST(LogSetTest, NamesWhatIsNotThere) {
  EXPECT_THAT(OpenLogSet("/nonexistent/audit.log"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/audit.log: No such")));
  EXPECT_THAT(OpenLogSet("/"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("without an audit.log: name the")));
  EXPECT_THAT(OpenLogSet("/dev/zero"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a device")));
}

// Another process rotates while a set is opened and listed: the files that are found are in
// order, and none between them is missing.
TEST(LogSetTest, IsWholeWhileItIsRenamed) {
  const std::string log = FreshPath("renamed.log");
  WriteFile(log, "0");
  std::array<int, 2> looks = {-1, -1};
  std::array<int, 2> turns = {-1, -1};
  ASSERT_EQ(pipe2(looks.data(), O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(turns.data(), O_CLOEXEC), 0);
  const pid_t rotator = Fork([&] {
    close(looks[1]);
    char look = 0;
    for (int i = 1; read(looks[0], &look, 1) == 1; ++i) {
      WriteFile(log + ".new", absl::StrCat(i));
      if (!RotateByRename(log, 8).ok() || rename((log + ".new").c_str(), log.c_str()) != 0 ||
          write(turns[1], "!", 1) != 1) {
        _exit(1);
      }
    }
  });
  close(looks[0]);
  close(turns[1]);
  for (int look = 0; look < 500; ++look) {
    ASSERT_EQ(write(looks[1], "!", 1), 1);
    PROVOST_ASSERT_OK_AND_ASSIGN(const std::vector<OpenedLog> set, OpenLogSet(log));
    int last = -1;
    for (const OpenedLog& file : set) {
      std::array<char, 16> text = {};
      ASSERT_GT(pread(file.fd.get(), text.data(), text.size() - 1, 0), 0);
      int number = 0;
      ASSERT_TRUE(absl::SimpleAtoi(text.data(), &number));
      if (last >= 0) {
        ASSERT_EQ(number, last + 1) << file.path;
      }
      last = number;
    }
    char turn = 0;
    ASSERT_EQ(read(turns[0], &turn, 1), 1);
  }
  close(looks[1]);
  EXPECT_TRUE(EndsWell(rotator));
  close(turns[0]);
}

}  // namespace
}  // namespace provost
