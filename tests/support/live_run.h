#ifndef PROVOST_TESTS_SUPPORT_LIVE_RUN_H_
#define PROVOST_TESTS_SUPPORT_LIVE_RUN_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/subprocess.h"

namespace provost {

// For tests that ask something of runs which go on: a runtime directory of the test's own, a FIFO,
// $FIFO, by which a program that reads it is let go on, and the name $PID for a file.
class LiveRunTest : public testing::Test {
 protected:
  void SetUp() override;

  // Makes another FIFO in the directory.
  void MakeFifo(const std::string& name) const;
  // Lets a program go on that reads this FIFO.
  void Go(const std::string& fifo = "fifo") const;
  // `provost COMMAND RUN OPTIONS`, to its end.
  static Ended Ask(const std::string& command, pid_t run,
                   const std::vector<std::string>& options = {});
  // Waits until it is so, of what tells nobody; false if time was up before.
  static bool Await(const std::function<bool()>& is_so);
  // Waits until the process whose number is in the directory's file `pid` waits in that call; false
  // if it never does.
  bool AwaitCall(int nr) const;
  std::string Log() const { return directory_ + "/log"; }
  std::string LogText() const;
  // The serials of the log's events rise by one from each to the next, and an event's lines are
  // together.
  void ExpectGaplessSerials() const;

  std::string directory_;
};

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_LIVE_RUN_H_
