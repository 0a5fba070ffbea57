// The public API: what Options do and what Run returns.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "audit/collecting_sink.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tests/support/sinks.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

std::string Parent() { return std::to_string(getpid()); }

TEST(OutcomeTest, AnExitCodeIsTheProgramsOwn) {
  for (const int code : {0, 1, 2, 125, 126, 127, 128, 255}) {
    EXPECT_THAT(RunSupervised(Options(), {Victim("exits_with"), std::to_string(code)}),
                EndedWith(Exited{code}));
  }
}

TEST(ModeTest, ComplainLetsThroughAndRecords) {
  for (const char* verdict : {"deny EPERM", "return 5", "trap", "kill process", "kill thread"}) {
    CollectingSink sink;
    Options options = OptionsOf({absl::StrCat(verdict, " getppid as \"rule\"")});
    options.mode = Mode::kComplain;
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), Parent()}), Succeeded())
        << verdict;
    ASSERT_EQ(sink.decisions().size(), 3) << verdict;
    for (const CollectingSink::Recorded& recorded : sink.decisions()) {
      EXPECT_EQ(recorded.verdict, Verdict(Log{}));
      EXPECT_EQ(recorded.rule, "rule");
    }
  }
}

TEST(ModeTest, ComplainWithoutASinkLetsThrough) {
  Options options = OptionsOf({"deny EPERM getppid"});
  options.mode = Mode::kComplain;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), Parent()}), Succeeded());
}

TEST(ModeTest, UnrestrictedHasNoFilter) {
  CollectingSink sink;
  Options options = OptionsOf({"deny EPERM getppid", "log write"});
  options.mode = Mode::kUnrestricted;
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), Parent()}), Succeeded());
  EXPECT_TRUE(sink.decisions().empty());
  EXPECT_THAT(RunSupervised(options, {Victim("seccomp_mode_is"), "0"}), Succeeded());
  options.mode = Mode::kEnforce;
  EXPECT_THAT(RunSupervised(options, {Victim("seccomp_mode_is"), "2"}), Succeeded());
}

TEST(StackTest, TheStrictestAnswerWins) {
  struct Case {
    std::vector<const char*> statements;
    std::string answer;
  };
  for (const Case& test : {
           Case{{"allow getppid", "allow getppid"}, Parent()},
           Case{{"allow getppid", "deny EACCES getppid"}, "-13"},
           Case{{"deny EACCES getppid", "allow getppid"}, "-13"},
           Case{{"deny EACCES getppid", "deny EPERM getppid"}, "-1"},
           Case{{"deny EPERM getppid", "deny EACCES getppid"}, "-1"},
           Case{{"return 7 getppid", "deny EACCES getppid"}, "-13"},
           Case{{"return 7 getppid", "return 9 getppid"}, "7"},
           Case{{"return 0 getppid", "return 9 getppid"}, "0"},
           Case{{"log getppid", "return 9 getppid", "allow getppid"}, "9"},
           Case{{"log getppid", "allow getppid"}, Parent()},
       }) {
    for (const bool recorded : {false, true}) {
      Options options;
      CollectingSink sink;
      options.sink = &sink;
      options.logging = recorded;
      for (const char* statement : test.statements) {
        options.policies.push_back(PolicyOf({statement}));
      }
      EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), test.answer}), Succeeded())
          << absl::StrJoin(test.statements, "; ");
    }
  }
}

TEST(StackTest, TrapAndKillBeatTheRest) {
  Options options;
  for (const char* statement : {"deny EPERM getppid", "trap getppid", "return 5 getppid"}) {
    options.policies.push_back(PolicyOf({statement}));
  }
  EXPECT_THAT(RunSupervised(options, {Victim("trap_siginfo")}), Succeeded());
  options.policies.push_back(PolicyOf({"kill thread getppid"}));
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_kills_thread")}), Succeeded());
}

// Answers every call that stops, whatever the policies say.
class AnsweringDecider final : public Decider {
 public:
  Decision Decide(const SyscallRequest& /*request*/, ArgumentReader& /*arguments*/) override {
    ++calls_;
    return {Return{4711}, RecordWish::kUnsaid, "the decider's"};
  }
  int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

TEST(DeciderTest, AnswersInThePoliciesPlace) {
  AnsweringDecider decider;
  Options options = OptionsOf({"log getppid"});
  options.decider = &decider;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), "4711"}), Succeeded());
  EXPECT_EQ(decider.calls(), 3);
}

TEST(CallbacksTest, TellOfTheStartTheStopAndTheEnd) {
  pid_t started = 0;
  std::vector<std::pair<pid_t, int>> stopped;
  int ended = 0;
  Options options = OptionsOf({"default log"});
  options.on_started = [&](pid_t pid) { started = pid; };
  options.on_stopped = [&](pid_t pid, int signal) {
    stopped.emplace_back(pid, signal);
    kill(pid, SIGCONT);
  };
  options.on_ended = [&] { ++ended; };
  EXPECT_THAT(RunSupervised(options, {Victim("stops_itself"), std::to_string(SIGSTOP)}),
              testing::Field(&SupervisedRun::output, "READY\nEXIT-SUCCESS\n"));
  EXPECT_GT(started, 0);
  EXPECT_EQ(ended, 1);
  const std::vector<std::pair<pid_t, int>> once = {{started, SIGSTOP}};
  EXPECT_EQ(stopped, once);
}

TEST(ThreadsTest, TwoSupervisorsInOneProcess) {
  const auto run = [](const char* statement, const char* answer) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_THAT(RunSupervisedUncaught(OptionsOf({statement}),
                                        {Victim("getppid_many_threads"), answer, "200"}),
                  EndedWith(Exited{0}));
    }
  };
  std::thread one([&] { run("deny EPERM getppid log", "-1"); });
  std::thread two([&] { run("return 22 getppid", "22"); });
  one.join();
  two.join();
}

TEST(ThreadsTest, ChildrenOfOtherThreadsAreNotTaken) {
  // One child that ends before the run, one that lives through it.
  std::array<int, 2> fds;
  ASSERT_EQ(pipe(fds.data()), 0);
  const pid_t early = fork();
  if (early == 0) _exit(33);
  const pid_t late = fork();
  if (late == 0) {
    char byte;
    close(fds[1]);
    _exit(read(fds[0], &byte, 1) == 0 ? 44 : 1);
  }
  std::thread supervising([] {
    EXPECT_THAT(RunSupervised(OptionsOf({"default log"}), {Victim("fork_exit_codes")}),
                Succeeded());
  });
  supervising.join();
  int status = 0;
  EXPECT_EQ(waitpid(early, &status, 0), early);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 33) << status;
  EXPECT_EQ(waitpid(late, &status, WNOHANG), 0);
  close(fds[1]);
  close(fds[0]);
  EXPECT_EQ(waitpid(late, &status, 0), late);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 44) << status;
}

TEST(EmbeddingTest, OrdinaryChildrenOfTheSameThreadAreNotTakenNorWaitedFor) {
  std::array<int, 2> fds;
  ASSERT_EQ(pipe(fds.data()), 0);
  const pid_t early = fork();
  if (early == 0) _exit(33);
  const pid_t late = fork();
  if (late == 0) {
    char byte;
    close(fds[1]);
    _exit(read(fds[0], &byte, 1) == 0 ? 44 : 1);
  }
  EXPECT_THAT(RunSupervised(OptionsOf({"default log"}), {Victim("fork_exit_codes")}), Succeeded());
  int status = 0;
  EXPECT_EQ(waitpid(early, &status, 0), early);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 33) << status;
  EXPECT_EQ(waitpid(late, &status, WNOHANG), 0);
  close(fds[1]);
  close(fds[0]);
  EXPECT_EQ(waitpid(late, &status, 0), late);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 44) << status;
}

TEST(EmbeddingTest, SignalsOfTheEmbedderAreLeftAlone) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old_action = {};
  sigset_t mask;
  sigset_t old_mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  // With SIGCHLD ignored the kernel reaps ordinary children by itself.
  sigaction(SIGCHLD, &ignore, &old_action);
  pthread_sigmask(SIG_BLOCK, &mask, &old_mask);
  EXPECT_THAT(RunSupervised(OptionsOf({"default log"}), {Victim("exits_with"), "7"}),
              EndedWith(Exited{7}));
  struct sigaction now_action = {};
  sigset_t now_mask;
  sigaction(SIGCHLD, &old_action, &now_action);
  pthread_sigmask(SIG_SETMASK, &old_mask, &now_mask);
  EXPECT_EQ(now_action.sa_handler, SIG_IGN);
  EXPECT_TRUE(sigismember(&now_mask, SIGUSR1));
  EXPECT_FALSE(sigismember(&now_mask, SIGUSR2));
}

// Recording.

int CountLines(const std::string& text, absl::string_view start) {
  int count = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    count += absl::StartsWith(line, start) ? 1 : 0;
  }
  return count;
}

TEST(RecordingTest, EveryRecordedDecisionIsOneEvent) {
  for (const char* statement : {"deny EPERM getppid log", "deny EPERM getppid"}) {
    CollectingSink sink;
    Options options = OptionsOf({statement});
    options.logging = true;
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_many_threads"), "-1", "250"}), Succeeded());
    EXPECT_EQ(sink.decisions().size(), 8 * 250);
    EXPECT_EQ(CountLines(sink.text(), "type=SECCOMP "), 8 * 250);
    EXPECT_EQ(CountLines(sink.text(), "type=SYSCALL "), 8 * 250);
    ASSERT_EQ(sink.supervisor_events().size(), 2);
    EXPECT_EQ(sink.supervisor_events()[0].what, SupervisorEvent::What::kStart);
    EXPECT_EQ(sink.supervisor_events()[1].what, SupervisorEvent::What::kEnd);
    EXPECT_EQ(sink.supervisor_events()[1].events, 8 * 250);
    EXPECT_EQ(sink.supervisor_events()[1].lost, 0);
  }
}

TEST(RecordingTest, QuietRulesAndUnaskedRefusalsAreNotRecorded) {
  for (const auto& [statement, logging] :
       {std::pair("deny EPERM getppid quiet", true), std::pair("deny EPERM getppid", false)}) {
    CollectingSink sink;
    Options options = OptionsOf({statement});
    options.logging = logging;
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), "-1"}), Succeeded());
    EXPECT_TRUE(sink.decisions().empty());
  }
}

TEST(RecordingTest, OnlyActionsInTheListAreRecorded) {
  CollectingSink sink;
  Options options = OptionsOf({"deny EPERM getppid log", "log write"});
  options.sink = &sink;
  options.actions_logged = *ActionsLogged::Parse("log");
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), "-1"}), Succeeded());
  ASSERT_EQ(sink.decisions().size(), 1);
  EXPECT_EQ(sink.decisions()[0].verdict, Verdict(Log{}));
}

TEST(RecordingTest, TheRunItselfIsRecordedOnlyOnDemand) {
  CollectingSink sink;
  Options options;
  options.sink = &sink;
  options.record_run = false;
  EXPECT_THAT(RunSupervised(options, {Victim("succeeds")}), Succeeded());
  EXPECT_TRUE(sink.supervisor_events().empty());
}

// Says by a signal to `program` that it was asked to hand on what it holds.
class SignallingSink final : public AuditSink {
 public:
  absl::Status Write(const Event& /*event*/) override {
    holds_ = true;
    return absl::OkStatus();
  }
  absl::Status Flush() override {
    if (holds_ && program != 0) kill(program, SIGUSR1);
    holds_ = false;
    return absl::OkStatus();
  }
  pid_t program = 0;

 private:
  bool holds_ = false;
};

TEST(RecordingTest, WhatIsBufferedIsHandedOnBeforeASupervisorBlocks) {
  SignallingSink sink;
  Options options = OptionsOf({"log write"});
  options.sink = &sink;
  options.record_run = false;
  options.on_started = [&](pid_t pid) { sink.program = pid; };
  // It waits for nothing but the signal.
  EXPECT_THAT(RunSupervised(options, {Victim("awaits_signal"), std::to_string(SIGUSR1)}),
              testing::Field(&SupervisedRun::output, absl::StrCat("READY\n", kExitSuccess)));
}

TEST(AuditFailureTest, StopHoldsTasksUntilTheRecordIsWritten) {
  for (const char* statement : {"deny EPERM getppid log", "log getppid log result"}) {
    CollectingSink log;
    // Three attempts each fail at the start and amid the run.
    RefusingSink sink(
        log, [](uint64_t attempt) { return attempt <= 3 || (attempt >= 100 && attempt < 103); });
    Options options = OptionsOf({statement});
    options.sink = &sink;
    const std::string answer = absl::StartsWith(statement, "deny") ? "-1" : Parent();
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_many_threads"), answer, "25"}), Succeeded())
        << statement;
    EXPECT_EQ(log.decisions().size(), 8 * 25);
    EXPECT_GE(sink.refused(), 6);
    ASSERT_EQ(log.supervisor_events().size(), 2);
    EXPECT_EQ(log.supervisor_events()[1].events, 8 * 25);
    EXPECT_EQ(log.supervisor_events()[1].lost, 0);
  }
}

TEST(AuditFailureTest, StopLetsNothingRunUnrecorded) {
  // Nothing of the call is done when its record is first refused: the trap comes after it, once.
  CollectingSink log;
  RefusingSink sink(log, [](uint64_t attempt) { return attempt % 2 == 1; });
  Options options = OptionsOf({"trap getppid log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("trap_siginfo")}), Succeeded());
  EXPECT_EQ(log.decisions().size(), 3);
  EXPECT_EQ(sink.refused(), 3);
}

TEST(AuditFailureTest, ContinueCountsWhatIsLost) {
  for (const char* statement : {"deny EPERM getppid log", "log getppid log result"}) {
    CollectingSink log;
    RefusingSink sink(log, [](uint64_t attempt) { return attempt > 10 && attempt <= 15; });
    Options options = OptionsOf({statement});
    options.sink = &sink;
    options.on_audit_failure = OnAuditFailure::kContinue;
    const std::string answer = absl::StartsWith(statement, "deny") ? "-1" : Parent();
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_many"), answer, "50"}), Succeeded());
    EXPECT_EQ(log.decisions().size(), 45);
    ASSERT_EQ(log.supervisor_events().size(), 2);
    EXPECT_EQ(log.supervisor_events()[1].events, 45);
    EXPECT_EQ(log.supervisor_events()[1].lost, 5);
  }
}

TEST(AuditFailureTest, KillEndsTheTree) {
  for (const char* statement : {"deny EPERM getppid log", "log getppid log result"}) {
    CollectingSink log;
    RefusingSink sink(log, [](uint64_t attempt) { return attempt > 20; });
    Options options = OptionsOf({statement});
    options.sink = &sink;
    options.on_audit_failure = OnAuditFailure::kKill;
    const std::string answer = absl::StartsWith(statement, "deny") ? "-1" : Parent();
    const SupervisedRun run =
        RunSupervised(options, {Victim("getppid_many_threads"), answer, "1000"});
    ASSERT_TRUE(run.outcome.ok()) << run;
    const auto* failed = std::get_if<RecordingFailed>(&*run.outcome);
    ASSERT_NE(failed, nullptr) << run;
    EXPECT_EQ(failed->status.message(), "no room for this record");
    EXPECT_FALSE(run.timed_out);
    EXPECT_EQ(run.output, "");
    EXPECT_EQ(log.decisions().size(), 20);
    EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }
}

TEST(AuditFailureTest, StopDoesNotWaitForWhatCannotCome) {
  CollectingSink log;
  RefusingSink sink(
      log, [](uint64_t attempt) { return attempt > 1; },
      absl::FailedPreconditionError("the reader is gone"));
  Options options = OptionsOf({"deny EPERM getppid log"});
  options.sink = &sink;
  const SupervisedRun run = RunSupervised(options, {Victim("getppid_many"), "-1", "10"});
  ASSERT_TRUE(run.outcome.ok()) << run;
  const auto* failed = std::get_if<RecordingFailed>(&*run.outcome);
  ASSERT_NE(failed, nullptr) << run;
  EXPECT_EQ(failed->status.message(), "the reader is gone");
  EXPECT_FALSE(run.timed_out);
}

TEST(AuditFailureTest, GivingUpKillsWhatIsHeld) {
  for (const char* statement : {"deny EPERM getppid log", "log getppid log result"}) {
    CollectingSink log;
    RefusingSink sink(log, [](uint64_t) { return true; });
    int asked = 0;
    Options options = OptionsOf({statement});
    options.sink = &sink;
    options.give_up = [&] { return ++asked == 3; };
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_many_threads"), "-1", "10"}),
                EndedWith(KilledBy{SIGKILL}));
    EXPECT_EQ(asked, 3);
    EXPECT_TRUE(log.decisions().empty());
  }
}

TEST(AuditFailureTest, AHeldTaskCanBeKilled) {
  CollectingSink log;
  RefusingSink sink(log, [](uint64_t) { return true; });
  pid_t program = 0;
  Options options = OptionsOf({"deny EPERM getppid log"});
  options.sink = &sink;
  options.on_started = [&](pid_t pid) { program = pid; };
  bool ended = false;
  options.on_ended = [&] { ended = true; };
  int asked_at_end = 0;
  options.give_up = [&] {
    if (ended) return ++asked_at_end == 3;
    kill(program, SIGTERM);  // stays pending: the task is held
    kill(program, SIGKILL);
    return false;
  };
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_many"), "-1", "10"}),
              EndedWith(KilledBy{SIGKILL}));
  EXPECT_EQ(asked_at_end, 3) << "its event is in hand until it is given up";
  ASSERT_EQ(log.supervisor_events().size(), 2);
  EXPECT_EQ(log.supervisor_events()[1].events, 0);
  EXPECT_EQ(log.supervisor_events()[1].lost, 1);
}

TEST(AuditFailureTest, TheEventOfAHeldTaskOutlivesIt) {
  for (const char* statement : {"deny EPERM getppid log", "log getppid log result"}) {
    CollectingSink log;
    bool refuses = true;
    RefusingSink sink(log, [&](uint64_t) { return refuses; });
    pid_t program = 0;
    Options options = OptionsOf({statement});
    options.sink = &sink;
    options.on_started = [&](pid_t pid) { program = pid; };
    options.on_ended = [&] { refuses = false; };
    options.give_up = [&] {
      kill(program, SIGKILL);
      return false;
    };
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_many"), "-1", "10"}),
                EndedWith(KilledBy{SIGKILL}));
    ASSERT_EQ(log.decisions().size(), 1) << statement;
    ASSERT_EQ(log.supervisor_events().size(), 2);
    EXPECT_EQ(log.supervisor_events()[1].events, 1);
    EXPECT_EQ(log.supervisor_events()[1].lost, 0);
  }
}

// Three processes make a directory each, with its result to be recorded: the second and third when
// the log has refused the first's event.
class ThreeDirectories : public Decider, public AuditSink {
 public:
  explicit ThreeDirectories(const std::string& place) : place_(place) {
    EXPECT_EQ(mkdir(place.c_str(), 0700), 0);
    EXPECT_EQ(mkfifo((place + "/gate").c_str(), 0600), 0);
    gate_.reset(open((place + "/gate").c_str(), O_RDWR | O_CLOEXEC));
  }
  std::vector<std::string> Program() const {
    constexpr absl::string_view kScript =
        "cd $0; mkdir 1 & for i in 2 3; do (read line <gate; exec mkdir $i) & done; wait";
    return {"/bin/sh", "-c", std::string(kScript), place_};
  }

  Decision Decide(const SyscallRequest& request, ArgumentReader&) override {
    if (request.nr != SYS_mkdir) return {};
    ++decided_;
    return {Log{}, RecordWish::kLogResult, "mkdir"};
  }
  void TaskEnded(pid_t tid) override { ended_.insert(tid); }

  absl::Status Write(const Event& event) override {
    if (const auto* decision = std::get_if<DecisionEvent>(&event); decision && refuses_) {
      if (refused_ == 0) {
        EXPECT_EQ(write(gate_.get(), "\n\n", 2), 2);
      }
      refused_ = decision->identity->tid;
      return absl::ResourceExhaustedError("no room");
    }
    return log_.Write(event);
  }
  absl::Status Flush() override { return absl::OkStatus(); }

  // Whenever nothing happens while a task is held.
  void Look() {
    if (decided_ < 3) return;
    if (ended_.count(refused_) == 0) {
      kill(refused_, SIGKILL);
      return;
    }
    looked_ = true;
    EXPECT_EQ(Made(), 1)
        << "the others wait before their calls, also for an event whose task is gone";
    refuses_ = false;
  }
  int Made() const {
    int made = 0;
    for (const char* name : {"/1", "/2", "/3"}) made += access((place_ + name).c_str(), F_OK) == 0;
    return made;
  }
  bool looked() const { return looked_; }
  const CollectingSink& log() const { return log_; }

 private:
  const std::string place_;
  UniqueFd gate_;
  CollectingSink log_;
  std::set<pid_t> ended_;
  pid_t refused_ = 0;
  int decided_ = 0;
  bool refuses_ = true;
  bool looked_ = false;
};

TEST(AuditFailureTest, StopRunsNoCallForItsResultOnceTheLogRefuses) {
  ThreeDirectories three(TemporaryPath("directories"));
  Options options = OptionsOf({"log mkdir log result"});
  options.decider = &three;
  options.sink = &three;
  options.give_up = [&] {
    three.Look();
    return false;
  };
  EXPECT_THAT(RunSupervised(options, three.Program()), EndedWith(Exited{0}));
  EXPECT_TRUE(three.looked());
  EXPECT_EQ(three.Made(), 3);
  ASSERT_EQ(three.log().decisions().size(), 3);
  for (const auto& recorded : three.log().decisions()) EXPECT_EQ(recorded.result, 0);
  ASSERT_EQ(three.log().supervisor_events().size(), 2);
  EXPECT_EQ(three.log().supervisor_events()[1].lost, 0);
}

// Refuses the run's own records.
class RefusingRuns final : public AuditSink {
 public:
  absl::Status Write(const Event& event) override {
    return std::holds_alternative<SupervisorEvent>(event) ? absl::DataLossError("no log")
                                                          : absl::OkStatus();
  }
  absl::Status Flush() override { return absl::OkStatus(); }
};

TEST(AuditFailureTest, NothingStartsUnlessItsStartIsRecorded) {
  for (const OnAuditFailure what : {OnAuditFailure::kStop, OnAuditFailure::kKill}) {
    RefusingRuns sink;
    Options options;
    options.sink = &sink;
    options.on_audit_failure = what;
    bool started = false;
    options.on_started = [&](pid_t) { started = true; };
    const SupervisedRun run = RunSupervised(options, {Victim("succeeds")});
    ASSERT_TRUE(run.outcome.ok()) << run;
    EXPECT_TRUE(std::holds_alternative<RecordingFailed>(*run.outcome)) << run;
    EXPECT_FALSE(started);
  }
  RefusingRuns sink;
  Options options;
  options.sink = &sink;
  options.on_audit_failure = OnAuditFailure::kContinue;
  EXPECT_THAT(RunSupervised(options, {Victim("succeeds")}), Succeeded());
}

// A storm in which the leader's call is under way when another thread execs: its decision is still
// one event.
TEST(RecordingTest, ACallCutOffByAnotherThreadsExecIsStillRecorded) {
  uint64_t decisions = 0;
  class CountingDecider final : public Decider {
   public:
    explicit CountingDecider(uint64_t& decisions) : decisions_(decisions) {}
    Decision Decide(const SyscallRequest&, ArgumentReader&) override {
      ++decisions_;
      return {Log{}, RecordWish::kLogResult, "all"};
    }

   private:
    uint64_t& decisions_;
  } decider(decisions);
  CountingSink sink;
  Options options = OptionsOf({"default log log result"});
  options.decider = &decider;
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("exec_from_thread_storm")}), Succeeded());
  EXPECT_EQ(sink.decisions(), decisions);
}

}  // namespace
}  // namespace provost
