// Signals reach a program under supervision as they do without.

#include <signal.h>

#include <string>

#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tests/support/ways.h"

namespace provost {
namespace {

class SignalsTest : public testing::TestWithParam<VictimWay> {};

TEST_P(SignalsTest, AreAsNatively) {
  const auto& [victim, way] = GetParam();
  ExpectSuccess(victim, way);
}

INSTANTIATE_TEST_SUITE_P(
    Victims, SignalsTest,
    testing::Combine(testing::Values("abort_status", "blocked_signals", "futex_wait_continued",
                                     "group_stop_stops_threads", "raises_sigsys",
                                     "read_interrupted", "realtime_signals_queue",
                                     "registers_survive", "sigaltstack_handler", "sigchld_siginfo",
                                     "signals_during_calls", "sigqueue_siginfo", "sigtrap_handler",
                                     "sleep_interrupted_by_stop", "stop_cont_in_calls",
                                     "stop_self_continued_by_child", "timers_signal",
                                     "trap_flag_steps"),
                     AllWays()),
    VictimWayName);

// SIGQUIT and its like leave no core file: the limit is 0.
TEST(SignalsTest, TheProgramsOwnDeathIsTheOutcome) {
  for (const int signal :
       {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
        SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGSYS, SIGRTMIN + 5}) {
    for (const char* statement : {"default allow", "default log"}) {
      EXPECT_THAT(
          RunSupervised(OptionsOf({statement}), {Victim("dies_by"), std::to_string(signal)}),
          EndedWith(KilledBy{signal}))
          << statement << ", signal " << signal;
    }
    EXPECT_EQ(RunNatively({Victim("dies_by"), std::to_string(signal)}).signal, signal);
  }
}

// It comes back to the program, and so has a result to be recorded.
TEST(SignalsTest, AContinuedCallHasAResult) {
  CollectingSink sink;
  Options options = OptionsOf({"log restart_syscall log result"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("futex_wait_continued")}), Succeeded());
  ASSERT_EQ(sink.decisions().size(), 1U);
  EXPECT_EQ(sink.decisions()[0].result, 0);
}

TEST(SignalsTest, AbortIsTheOutcome) {
  EXPECT_THAT(RunSupervised(OptionsOf({"default log"}), {Victim("aborts")}),
              EndedWith(KilledBy{SIGABRT}));
}

}  // namespace
}  // namespace provost
