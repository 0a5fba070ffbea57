// A run that another program goes on with, in place: no call is lost, no count, and no serial.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/live_run.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tests/support/watchdog.h"

namespace provost {
namespace {

using testing::HasSubstr;

// A storm asks so often that no more would be learned of it.
constexpr int kMostPieces = 200;

// Suspends and goes on again, in this program, at every hundredth question.
absl::StatusOr<Outcome> RunInPieces(Options options, const std::vector<std::string>& argv,
                                    int& pieces) {
  int asked = 0;
  options.leave = [&asked]() -> std::optional<Departure> {
    if (++asked % 100 != 0 || asked / 100 > kMostPieces) return std::nullopt;
    return SuspendRun{"/itself"};
  };
  absl::StatusOr<Outcome> outcome = Supervisor(options).Run(argv);
  while (outcome.ok() && std::holds_alternative<Suspended>(*outcome)) {
    ++pieces;
    const std::string state = std::get<Suspended>(*outcome).state;
    EXPECT_TRUE(Supervisor(options).CheckResume(state).ok());
    outcome = Supervisor(options).Resume(state);
  }
  return outcome;
}

class PiecesTest : public testing::TestWithParam<const char*> {};

// Every call stops, and its result is waited for.
TEST_P(PiecesTest, ARunInPiecesIsAsInOne) {
  const Watchdog watchdog;
  CollectingSink sink;
  Options options = OptionsOf({"default log log result"});
  options.sink = &sink;
  int pieces = 0;
  const absl::StatusOr<Outcome> outcome = RunInPieces(options, {Victim(GetParam())}, pieces);
  EXPECT_EQ(Describe(outcome), "exited with 0");
  EXPECT_GT(pieces, 0);
  EXPECT_FALSE(watchdog.timed_out());
  EXPECT_EQ(sink.supervisor_events().size(), 2u);
  EXPECT_EQ(sink.supervisor_events().back().events, sink.decisions().size());
  EXPECT_TRUE(
      std::all_of(sink.decisions().begin(), sink.decisions().end(), [](const auto& decision) {
        return decision.rule == "default" || absl::StartsWith(decision.rule, "harden");
      }));
}

INSTANTIATE_TEST_SUITE_P(Victims, PiecesTest,
                         testing::Values("fork_nested_200", "vfork_exec", "threads_fork_exec_64",
                                         "exec_10_times", "exec_from_thread_storm", "kill_in_storm",
                                         "signals_during_calls", "stop_cont_in_calls"));

TEST(UpgradeTest, CountersAreKept) {
  const Watchdog watchdog;
  int pieces = 0;
  const absl::StatusOr<Outcome> outcome =
      RunInPieces(OptionsOf({"deny EIO write if every(150)"}),
                  {Victim("write_denied_at"), "500", "150", "300", "450"}, pieces);
  EXPECT_EQ(Describe(outcome), "exited with 0");
  EXPECT_GT(pieces, 0);
}

TEST(UpgradeTest, WhatIsNoStateIsRefused) {
  const Supervisor supervisor(OptionsOf({"log getppid"}));
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(100, '\xff')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(supervisor.CheckResume(bytes)));
  }
}

// `provost upgrade` of a run of `provost run`.
class UpgradeCliTest : public LiveRunTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(LiveRunTest::SetUp());
    WriteFile(
        directory_ + "/policy",
        "default allow\ninclude \"rules\"\nlog getppid, umask, clone, vfork, clone3 log result\n");
    WriteFile(directory_ + "/rules", "deny EPERM mkdir, mkdirat as \"no-mkdir\"\n");
  }

  static void WriteFile(const std::string& path, const std::string& text) {
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::unique_ptr<Subprocess> Start(const std::vector<std::string>& program) {
    return std::make_unique<Subprocess>(
        CommandLine({"-p", directory_ + "/policy", "-o", Log()}, program));
  }
  static Ended Upgrade(pid_t run, const std::vector<std::string>& options = {}) {
    return Ask("upgrade", run, options);
  }

  size_t InLog(const std::string& words) const {
    const std::string text = LogText();
    size_t count = 0;
    for (size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) ++count;
    return count;
  }

  // The run's last record counts all of its decisions.
  void ExpectAllCounted() const {
    const std::string end =
        absl::StrCat("op=supervisor-end events=", InLog("type=SYSCALL"), " lost=0");
    EXPECT_THAT(LogText(), HasSubstr(end));
  }
};

TEST_F(UpgradeCliTest, TheRunGoesOnUnderThePoliciesItBeganWith) {
  const auto run = Start(
      {"/bin/sh", "-c", "umask; echo ready; read x < $FIFO; umask; mkdir /nonexistent/a; exit 7"});
  ASSERT_TRUE(run->AwaitOutput("ready"));
  WriteFile(directory_ + "/rules", "deny ENOTTY mkdir, mkdirat\n");
  const Ended upgrade = Upgrade(run->pid());
  EXPECT_EQ(upgrade.exit_code, 0) << upgrade;
  EXPECT_EQ(Upgrade(run->pid()).exit_code, 0);
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Operation not permitted"));
  EXPECT_THAT(LogText(), HasSubstr("key=\"no-mkdir\""));
  ExpectAllCounted();
  ExpectGaplessSerials();
}

// The argument pages are gone with the old program, the guardian too; containers' marks are not.
TEST_F(UpgradeCliTest, ProtectionGuardAndMarksGoOn) {
  WriteFile(directory_ + "/rules",
            "deny EACCES open, openat if path == \"/etc/hostname\" as \"host\"\n");
  Subprocess run(CommandLine({"-p", directory_ + "/policy", "-o", Log(), "--guardian", "30"},
                             {"/bin/sh", "-c",
                              "cat /etc/hostname; echo $$ > $PID; echo ready; read x < $FIFO; "
                              "cat /etc/hostname; exit 7"}));
  ASSERT_TRUE(run.AwaitOutput("ready"));
  const std::string shell(absl::StripAsciiWhitespace(ReadFile(directory_ + "/pid")));
  const Ended set = Ask("set", run.pid(), {"--audited", shell});
  EXPECT_EQ(set.exit_code, 0) << set;
  ASSERT_EQ(Upgrade(run.pid()).exit_code, 0);
  ASSERT_EQ(Upgrade(run.pid()).exit_code, 0);
  const Ended ps = Subprocess({Runfile("tools/cli/provost"), "ps", "--json"}).Wait();
  EXPECT_THAT(ps.out, HasSubstr("\"audited\": true")) << ps;
  Go();
  const Ended ended = run.Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_EQ(InLog("key=\"host\""), 2u);
  ExpectGaplessSerials();
}

// One whose copy of its path the old program made: it comes back by what that left behind.
TEST_F(UpgradeCliTest, AProtectedCallThatWaitsGoesOn) {
  Subprocess run(CommandLine({"-e", "deny EACCES openat if path == \"/etc/hostname\""},
                             {"/bin/sh", "-c",
                              "echo $$ > $PID; echo ready; read x < $FIFO; "
                              "cat /etc/hostname || exit 7"}));
  ASSERT_TRUE(run.AwaitOutput("ready"));
  ASSERT_TRUE(AwaitCall(SYS_openat));
  for (int i = 0; i < 3; ++i) {
    const Ended upgrade = Upgrade(run.pid());
    ASSERT_EQ(upgrade.exit_code, 0) << upgrade;
  }
  EXPECT_TRUE(AwaitCall(SYS_openat));
  Go();
  const Ended ended = run.Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Permission denied"));
}

TEST_F(UpgradeCliTest, WhatCannotGoOnIsRefusedAndTheRunGoesOn) {
  const auto run = Start({"/bin/sh", "-c", "echo ready; read x < $FIFO; umask; exit 7"});
  ASSERT_TRUE(run->AwaitOutput("ready"));
  for (const char* binary : {"/bin/false", "/bin/true/nothing"}) {
    const Ended upgrade = Upgrade(run->pid(), {"--binary", binary});
    EXPECT_EQ(upgrade.exit_code, 1) << upgrade;
    EXPECT_THAT(upgrade.err, HasSubstr(binary));
  }
  Go();
  EXPECT_EQ(run->Wait().exit_code, 7);
  ExpectGaplessSerials();
}

// It waits for a reload, which waits for a parent in vfork.
TEST_F(UpgradeCliTest, ARunThatEndsMeanwhileIsNotWaitedFor) {
  const auto run = Start({Victim("vfork_child_waits"), directory_ + "/fifo"});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  const std::string pid = absl::StrCat(run->pid());
  const std::vector<std::string> rule = {"-e", "deny EXDEV umask"};
  const auto reload_says = [&](const std::string& words) {
    return absl::StrContains(Ask("reload", run->pid(), rule).err, words);
  };
  const Subprocess reload({Runfile("tools/cli/provost"), "reload", pid, rule[0], rule[1]});
  ASSERT_TRUE(Await([&] { return reload_says("under way"); }));
  Subprocess upgrade({Runfile("tools/cli/provost"), "upgrade", pid});
  ASSERT_TRUE(Await([&] { return reload_says("is being left"); }));
  EXPECT_EQ(kill(run->pid(), SIGKILL), 0);
  const Ended ended = upgrade.Wait();
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_THAT(ended.err, HasSubstr("the run ended"));
}

TEST_F(UpgradeCliTest, ATreeIsUpgradedAgainAndAgain) {
  const char* const number = getenv("PROVOST_UPGRADES");
  const int rounds = number == nullptr ? 10 : atoi(number);
  const auto run = Start({Victim("calls_until_told"), directory_ + "/fifo"});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  for (int i = 0; i < rounds; ++i) {
    const Ended upgrade = Upgrade(run->pid());
    ASSERT_EQ(upgrade.exit_code, 0) << upgrade;
  }
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectAllCounted();
  ExpectGaplessSerials();
}

}  // namespace
}  // namespace provost
