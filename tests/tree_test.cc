// Trees of processes and threads look and end under supervision as they do without.

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <variant>

#include "gtest/gtest.h"
#include "tests/support/sinks.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tests/support/ways.h"

namespace provost {
namespace {

class TreeTest : public testing::TestWithParam<VictimWay> {};

TEST_P(TreeTest, IsAsNatively) {
  const auto& [victim, way] = GetParam();
  ExpectSuccess(victim, way);
}

INSTANTIATE_TEST_SUITE_P(
    Victims, TreeTest,
    testing::Combine(testing::Values("fork_exit_codes",   //
                                     "fork_nested_200",   //
                                     "fork_at_once_200",  //
                                     "fork_one_after_another_1000",
                                     "vfork_exec",            //
                                     "vfork_exit",            //
                                     "clone_parent",          //
                                     "clone_parent_of_root",  //
                                     "clone_ptrace",          //
                                     "clone_vm_process",      //
                                     "clone_bare_threads",    //
                                     "threads_fork_exec_64",  //
                                     "exec_10_times",         //
                                     "exec_from_thread",      //
                                     "exec_from_thread_storm", "exec_after_leader_exited",
                                     "leader_exits_first",      //
                                     "newpid_child",            //
                                     "newpid_init_dies",        //
                                     "orphan_reparented",       //
                                     "wait_stopped_continued",  //
                                     "waitid_info",             //
                                     "exit_group_in_storm",     //
                                     "kill_in_storm", "busy_younger_threads", "fork_bomb_511",
                                     "exec_in_loop_300", "unmaps_everything", "runs_out_of_stack"),
                     AllWays()),
    VictimWayName);

class UnhardenedTreeTest : public testing::TestWithParam<VictimWay> {};

TEST_P(UnhardenedTreeTest, IsAsNatively) {
  const auto& [victim, way] = GetParam();
  ExpectSuccess(victim, way, Hardened::kNo);
}

INSTANTIATE_TEST_SUITE_P(Victims, UnhardenedTreeTest,
                         testing::Combine(testing::Values("clone3_pidfd"), AllWays()),
                         VictimWayName);

// What a run leaves behind in its thread: nothing that could be waited for.
void ExpectNoChildren() {
  errno = 0;
  EXPECT_EQ(waitpid(-1, nullptr, __WALL | __WNOTHREAD | WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(TreeTest, RunWaitsForADaemonThatOutlivesTheProgram) {
  const std::string file = TemporaryPath("daemon");
  bool daemon_was_done = true;
  Options options;
  options.on_ended = [&] { daemon_was_done = std::filesystem::exists(file); };
  EXPECT_THAT(RunSupervised(options, {Victim("daemon_outlives_parent"), file}), Succeeded());
  EXPECT_FALSE(daemon_was_done);
  EXPECT_EQ(ReadFile(file), "daemon");
  ExpectNoChildren();
}

TEST(TreeTest, ATracedTaskCanTraceNobody) {
  EXPECT_NE(RunNatively({Victim("traceme_refused")}).exit_code, 0);
  EXPECT_THAT(RunSupervised(Options(), {Victim("traceme_refused")}), Succeeded());
}

TEST(TreeTest, TracedTasksCannotTraceEachOther) {
  EXPECT_NE(RunNatively({Victim("ptraces_relatives_refused")}).exit_code, 0);
  for (const char* statement : {"default allow", "default log"}) {
    EXPECT_THAT(RunSupervised(OptionsOf({statement}), {Victim("ptraces_relatives_refused")}),
                Succeeded());
  }
}

// A parent in vfork answers no request of its tracer; its end must not wait for one.
TEST(TreeTest, AParentThatWaitsForItsVforkChildIsKilledByIt) {
  for (const char* statement : {"default allow", "default log", "default log log result"}) {
    CountingSink sink;
    Options options = OptionsOf({statement});
    options.sink = &sink;
    const SupervisedRun run = RunSupervised(options, {Victim("kills_parent_in_vfork")});
    EXPECT_THAT(run, EndedWith(KilledBy{SIGKILL}));
    EXPECT_EQ(run.output, kExitSuccess);
    ExpectNoChildren();
  }
}

TEST(TreeTest, KillingTheTreeTakesAVforkingParentToo) {
  CountingSink log;
  RefusingSink sink(log, [](uint64_t attempt) { return attempt > 100; });
  Options options = OptionsOf({"log getppid"});
  options.sink = &sink;
  options.on_audit_failure = OnAuditFailure::kKill;
  const SupervisedRun run = RunSupervised(options, {Victim("calls_in_vfork_child")});
  ASSERT_TRUE(run.outcome.ok()) << run;
  EXPECT_TRUE(std::holds_alternative<RecordingFailed>(*run.outcome)) << run;
  EXPECT_FALSE(run.timed_out);
  EXPECT_EQ(log.decisions(), 100);
  ExpectNoChildren();
}

// Lets everything through and kills a task's process at the call number `at`.
class KillingDecider final : public Decider {
 public:
  explicit KillingDecider(uint64_t at) : at_(at) {}
  void set_victim(pid_t pid) { pid_ = pid; }
  Decision Decide(const SyscallRequest& /*request*/, ArgumentReader& /*arguments*/) override {
    if (++calls_ == at_) kill(pid_, SIGKILL);
    return {Allow{}, RecordWish::kUnsaid, "let through"};
  }

 private:
  uint64_t at_;
  uint64_t calls_ = 0;
  pid_t pid_ = 0;
};

// The moment of the kill wanders over fork, setsid, wait and exit of four threads: whatever the
// program was doing, nothing of its tree is left unsupervised or unreaped.
TEST(TreeTest, NothingIsLeftWhenTheProgramIsKilledWhileItForks) {
  for (uint64_t at = 100; at < 400; at += 2) {
    KillingDecider decider(at);
    Options options = OptionsOf({"default log"});
    options.decider = &decider;
    options.on_started = [&](pid_t pid) { decider.set_victim(pid); };
    EXPECT_THAT(RunSupervised(options, {Victim("fork_until_killed")}),
                EndedWith(KilledBy{SIGKILL}));
    ExpectNoChildren();
  }
}

}  // namespace
}  // namespace provost
