// A supervisor that leaves its tree on purpose: what becomes of every task, and of the log.

#include <sys/wait.h>

#include <cerrno>
#include <string>
#include <variant>

#include "audit/collecting_sink.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/departing.h"
#include "tests/support/sinks.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

constexpr char kTraced[] = "log getppid, pause, clock_nanosleep";

// Runs the victim until it is there in all its states, and departs.
struct Left {
  SupervisedRun run;
  int status = -1;  // the program's own, as waitpid(2) has it, if it was released
};

Left Leave(Options options, const Departure& departure) {
  const auto* release = std::get_if<ReleaseTasks>(&departure);
  // Whose rules stop kill(2), which the victim makes afterwards.
  options.unsafe_harden_off = true;
  const int refused = release != nullptr ? release->refuse.value_or(ENOSYS) : ENOSYS;
  Departing departing(departure);
  pid_t program = 0;
  options.leave = [&] { return departing.Ask(); };
  options.on_started = [&](pid_t pid) {
    program = pid;
    departing.Started();
  };
  Left left = {RunSupervised(std::move(options), {Victim("runs_on_released"), departing.ready(),
                                                  departing.go(), std::to_string(refused)})};
  departing.End();
  // What is released is our child still.
  if (waitpid(program, &left.status, 0) != program) left.status = -1;
  return left;
}

MATCHER(WasReleased, "") {
  *result_listener << Describe(arg.run.outcome) << (arg.run.timed_out ? ", timed out" : "")
                   << ", status " << arg.status;
  if (arg.run.timed_out || !arg.run.outcome.ok()) return false;
  const auto* released = std::get_if<Released>(&*arg.run.outcome);
  // The program and its eleven children; of their threads and children as many as there were.
  return released != nullptr && released->tasks >= 12 && arg.status == 0;
}

TEST(DetachTest, ReleasedTasksRunOnWhateverTheyWereDoing) {
  for (int round = 0; round < 5; ++round) {
    CollectingSink sink;
    Options options = OptionsOf({kTraced});
    options.sink = &sink;
    EXPECT_THAT(Leave(options, ReleaseTasks()), WasReleased());
    ASSERT_EQ(sink.supervisor_events().size(), 2u);
    const SupervisorEvent& end = sink.supervisor_events()[1];
    EXPECT_EQ(end.what, SupervisorEvent::What::kEnd);
    EXPECT_EQ(end.reason, "detach-release");
    EXPECT_EQ(end.events, sink.decisions().size());
    EXPECT_EQ(end.lost, 0u);
  }
}

TEST(DetachTest, WhatHasToBeAwaitedIsAwaitedBefore) {
  CollectingSink sink;
  Options options = OptionsOf({"log getppid, pause, clock_nanosleep log result"});
  options.sink = &sink;
  EXPECT_THAT(Leave(options, ReleaseTasks()), WasReleased());
  // Each has its result: those that waited were ended by the release.
  int interrupted = 0;
  for (const CollectingSink::Recorded& decision : sink.decisions()) {
    ASSERT_TRUE(decision.result.has_value());
    interrupted += *decision.result == -EINTR ? 1 : 0;
  }
  EXPECT_EQ(interrupted, 2);
}

// Nothing more can be recorded when all are there, so that their calls are held.
TEST(DetachTest, WhatCannotBeRecordedDoesNotRun) {
  for (const ReleaseTasks how : {ReleaseTasks(), ReleaseTasks{EACCES}}) {
    CollectingSink sink;
    RefusingSink refusing(sink, [](uint64_t attempt) { return attempt > 2; });
    Options options = OptionsOf({kTraced});
    options.sink = &refusing;
    EXPECT_THAT(Leave(options, how), WasReleased());
    EXPECT_EQ(sink.decisions().size(), 2u);
    ASSERT_EQ(sink.supervisor_events().size(), 2u);
    // Threads and processes that call, as many as have come to it.
    EXPECT_GE(sink.supervisor_events()[1].lost, 3u);
  }
}

TEST(DetachTest, PendingCallsAreRefusedAsAsked) {
  int refused = 0;
  // Whether a call waits at the moment of leaving is the scheduler's to say: nearly always one
  // does.
  for (int round = 0; round < 20 && refused == 0; ++round) {
    CollectingSink sink;
    Options options = OptionsOf({kTraced});
    options.sink = &sink;
    ASSERT_THAT(Leave(options, ReleaseTasks{EACCES}), WasReleased());
    for (const CollectingSink::Recorded& decision : sink.decisions()) {
      if (decision.rule != "detach") continue;
      ++refused;
      EXPECT_EQ(decision.verdict, Verdict(Deny{EACCES}));
      EXPECT_EQ(decision.result, -EACCES);
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(DetachTest, KilledTasksAreGoneAndTheLogSaysWhy) {
  CollectingSink sink;
  Options options = OptionsOf({kTraced});
  options.sink = &sink;
  EXPECT_THAT(Leave(options, KillTasks()).run, EndedWith(KilledBy{SIGKILL}));
  ASSERT_EQ(sink.supervisor_events().size(), 2u);
  EXPECT_EQ(sink.supervisor_events()[1].reason, "detach-kill");
}

}  // namespace
}  // namespace provost
