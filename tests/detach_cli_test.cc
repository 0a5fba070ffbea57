// `provost detach`: what it says, does and refuses.

#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/live_run.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::Not;

class DetachCliTest : public LiveRunTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(LiveRunTest::SetUp());
    // umask(1) is two calls.
    run_ = std::make_unique<Subprocess>(
        CommandLine({"-e", "log umask", "-e", "deny EPERM mkdir, mkdirat", "-o", Log()},
                    {"/bin/sh", "-c",
                     "umask; echo ready; read x < $FIFO; umask; mkdir /nonexistent/a; echo end"}));
    ASSERT_TRUE(run_->AwaitOutput("ready"));
  }

  Ended Detach(const std::vector<std::string>& options) {
    return Ask("detach", run_->pid(), options);
  }
  // Lets the shell go on, and waits for all that has its output, released or not.
  Ended GoOn() {
    Go();
    return run_->Wait();
  }

  std::unique_ptr<Subprocess> run_;
};

TEST_F(DetachCliTest, SaysWhatItWouldMeanAndDoesNothing) {
  const Ended detach = Detach({});
  EXPECT_EQ(detach.exit_code, 2) << detach;
  EXPECT_THAT(detach.err, HasSubstr("those of 2 of 3 rules"));
  EXPECT_THAT(detach.err, HasSubstr("nothing was done"));
  const Ended run = GoOn();
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
  const Ended run = GoOn();
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
  EXPECT_EQ(GoOn().exit_code, 0);
}

}  // namespace
}  // namespace provost
