#ifndef PROVOST_TRACEE_TASK_IN_DIRECTORY_H_
#define PROVOST_TRACEE_TASK_IN_DIRECTORY_H_

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {

// For tests: a task with a directory of its own, a child of this process that waits to be killed,
// as a stopped task does. Of its paths it sees what the test makes before it starts.
class TaskInDirectory : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = absl::StrCat(testing::TempDir(), "/task_XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    char real[PATH_MAX];
    ASSERT_NE(realpath(name.c_str(), real), nullptr);
    top_ = real;
  }
  void TearDown() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    std::filesystem::remove_all(top_);
  }

  std::string In(const std::string& name) const { return absl::StrCat(top_, "/", name); }
  void Touch(const std::string& name, mode_t mode) const {
    EXPECT_TRUE(UniqueFd(open(In(name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, mode)).valid());
  }

  // Starts the task in `top_`, after `prepare`, and waits until it is ready.
  void Start(const std::function<bool()>& prepare = [] { return true; }) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      const char answer = chdir(top_.c_str()) == 0 && prepare() ? 'y' : 'n';
      if (write(ready[1], &answer, 1) == 1) pause();
      _exit(0);
    }
    char answer = 0;
    EXPECT_EQ(read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    close(ready[0]);
    close(ready[1]);
  }

  std::string top_;
  pid_t child_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_IN_DIRECTORY_H_
