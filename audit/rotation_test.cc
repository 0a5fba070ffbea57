#include "audit/rotation.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

// A directory with a file for each letter of `files`: 'L' the live log, a digit a rotated one, each
// holding its letter. What is there after a rotation, in the order L, 1, 2 …; '-' is none.
std::string AfterRotation(const std::string& files, int keep) {
  const std::string directory = FreshPath("rotation");
  EXPECT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string path = directory + "/audit.log";
  for (const char file : files) {
    WriteFile(file == 'L' ? path : absl::StrCat(path, ".", std::string(1, file)),
              std::string(1, file));
  }
  PROVOST_EXPECT_OK(RotateByRename(path, keep));
  std::string found;
  for (int number = 0; number <= 5; ++number) {
    const std::string name = number == 0 ? path : absl::StrCat(path, ".", number);
    found += access(name.c_str(), F_OK) == 0 ? ReadFile(name) : "-";
    unlink(name.c_str());
  }
  EXPECT_EQ(rmdir(directory.c_str()), 0) << "nothing else was made";
  return found;
}

TEST(RotateByRename, MovesNumbersUpToTheFirstFreeOne) {
  EXPECT_EQ(AfterRotation("L", 3), "-L----");
  EXPECT_EQ(AfterRotation("L1", 3), "-L1---");
  EXPECT_EQ(AfterRotation("L12", 3), "-L12--");
  EXPECT_EQ(AfterRotation("L123", 3), "-L12--") << "the oldest goes";
  EXPECT_EQ(AfterRotation("L1", 1), "-L----");
  EXPECT_EQ(AfterRotation("L2345", 5), "-L2345") << "cut off between the last two steps";
  EXPECT_EQ(AfterRotation("L134", 5), "-L134-");
  EXPECT_EQ(AfterRotation("L12345", 3), "-L1245") << "what an earlier, longer set left is not ours";
}

TEST(RotateByRename, NamesWhatItCannotRename) {
  const absl::Status status = RotateByRename("/nonexistent/audit.log", 3);
  EXPECT_EQ(std::string(status.message()),
            "cannot rotate audit log '/nonexistent/audit.log': No such file or directory");
}

}  // namespace
}  // namespace provost
