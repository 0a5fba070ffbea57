// The example in embed_example.cc does what it says.

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

std::string Example() { return Runfile("tests/embed_example"); }

TEST(EmbedExampleTest, RefusesSocketsAndSaysHowTheProgramEnded) {
  const Ended refused =
      RunNatively({Example(), Victim("socket_answers"), std::to_string(-EAFNOSUPPORT)});
  EXPECT_EQ(refused.exit_code, 0) << refused;
  EXPECT_EQ(refused.out, kExitSuccess);
  EXPECT_EQ(refused.err, "exited with 0\n");
  EXPECT_NE(RunNatively({Victim("socket_answers"), std::to_string(-EAFNOSUPPORT)}).exit_code, 0);
}

TEST(EmbedExampleTest, SaysEveryOutcome) {
  EXPECT_EQ(RunNatively({Example(), Victim("exits_with"), "5"}).err, "exited with 5\n");
  EXPECT_EQ(RunNatively({Example(), Victim("dies_by"), "9"}).err, "killed by signal 9\n");
  EXPECT_EQ(RunNatively({Example(), "/nonexistent"}).err, "not started, errno 2\n");
  EXPECT_EQ(RunNatively({Example()}).exit_code, 125);
}

}  // namespace
}  // namespace provost
