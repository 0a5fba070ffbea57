// `provost detach`: what it says, does and refuses.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::Not;

class DetachCliTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = TemporaryPath(absl::StrCat(name, ".", getpid()));
    ASSERT_EQ(mkdir(directory_.c_str(), 0700), 0);
    ASSERT_EQ(setenv("PROVOST_RUNTIME_DIR", (directory_ + "/run").c_str(), 1), 0);
    ASSERT_EQ(setenv("FIFO", (directory_ + "/fifo").c_str(), 1), 0);
    ASSERT_EQ(mkfifo((directory_ + "/fifo").c_str(), 0600), 0);
    // umask(1) is two calls.
    run_ = std::make_unique<Subprocess>(CommandLine(
        {"-e", "log umask", "-e", "deny EPERM mkdir, mkdirat", "-o", directory_ + "/log"},
        {"/bin/sh", "-c",
         "umask; echo ready; read x < $FIFO; umask; mkdir /nonexistent/a; echo end"}));
    ASSERT_TRUE(run_->AwaitOutput("ready"));
  }

  Ended Detach(const std::vector<std::string>& options) {
    std::vector<std::string> argv = {Runfile("tools/cli/provost"), "detach",
                                     absl::StrCat(run_->pid())};
    argv.insert(argv.end(), options.begin(), options.end());
    return Subprocess(argv).Wait();
  }
  // Lets the shell go on, and waits for all that has its output, released or not.
  Ended Go() {
    const UniqueFd fifo(open((directory_ + "/fifo").c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(write(fifo.get(), "go\n", 3), 3);
    return run_->Wait();
  }
  std::string LogText() const { return ReadFile(directory_ + "/log"); }

  std::string directory_;
  std::unique_ptr<Subprocess> run_;
};

TEST_F(DetachCliTest, SaysWhatItWouldMeanAndDoesNothing) {
  const Ended detach = Detach({});
  EXPECT_EQ(detach.exit_code, 2) << detach;
  EXPECT_THAT(detach.err, HasSubstr("those of 2 of 3 rules"));
  EXPECT_THAT(detach.err, HasSubstr("nothing was done"));
  const Ended run = Go();
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("end\n"));
  EXPECT_THAT(LogText(), Not(HasSubstr("reason=")));
}

TEST_F(DetachCliTest, ReleasesARun) {
  const Ended detach = Detach({"--unsafe-release"});
  EXPECT_EQ(detach.exit_code, 0) << detach;
  EXPECT_THAT(detach.err, HasSubstr("those of 2 of 3 rules"));
  EXPECT_THAT(detach.out, HasSubstr("was released\n"));
  // Its log is closed.
  EXPECT_THAT(LogText(), HasSubstr("op=supervisor-end events=2 lost=0 reason=detach-release"));
  const Ended run = Go();
  EXPECT_EQ(run.exit_code, 0) << run;
  EXPECT_THAT(run.err, HasSubstr("1 task was released"));
  // Of mkdir(1): what was refused with EPERM is ENOSYS.
  EXPECT_THAT(run.err, HasSubstr("Function not implemented"));
  EXPECT_THAT(run.out, HasSubstr("end\n"));
}

TEST_F(DetachCliTest, KillsARun) {
  const Ended detach = Detach({"--kill"});
  EXPECT_EQ(detach.exit_code, 0) << detach;
  EXPECT_EQ(detach.err, "");
  EXPECT_EQ(run_->Wait().exit_code, 128 + SIGKILL);
  EXPECT_THAT(LogText(), HasSubstr("op=supervisor-end events=2 lost=0 reason=detach-kill"));
}

TEST_F(DetachCliTest, WrongOptionsAreSaid) {
  EXPECT_EQ(Detach({"--kill", "--unsafe-release"}).exit_code, 2);
  EXPECT_EQ(Detach({"--refuse", "EPERM"}).exit_code, 2);
  EXPECT_THAT(Detach({"--unsafe-release", "--refuse", "ENOTHING"}).err,
              HasSubstr("`ENOTHING` is no errno"));
  EXPECT_EQ(Go().exit_code, 0);
}

}  // namespace
}  // namespace provost
