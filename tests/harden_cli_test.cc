// Hardening as people meet it: options, presets, doctor --attack, and scripts that signal their
// group.

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;

std::vector<std::string> Sh(const std::string& script) { return {"sh", "-c", script}; }

Ended Command(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {Runfile("tools/cli/provost")};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return Subprocess(argv).Wait();
}

// As natively: the script dies of its own signal; provost does not, and says so by its status.
TEST(KillGroupTest, EndsTheScriptAndNotItsSupervisor) {
  struct Signal {
    const char* name;
    int number;
  };
  for (const Signal& signal : {Signal{"KILL", SIGKILL}, Signal{"TERM", SIGTERM},
                               Signal{"USR1", SIGUSR1}, Signal{"IO", SIGIO}}) {
    for (const char* group : {"0", "-$(ps -o pgid= $$ | tr -d ' ')"}) {
      const Ended ended =
          Provost({"-e", "allow *"}, Sh(absl::StrCat("sleep 1000 & kill -", signal.name, " ", group,
                                                     "; wait; echo not reached")));
      EXPECT_EQ(ended.exit_code, 128 + signal.number) << signal.name << ended;
      EXPECT_EQ(ended.out, "") << ended;
    }
  }
}

TEST(KillGroupTest, IsSeenByWhoeverCatchesIt) {
  const Ended ended =
      Provost({"-e", "log kill"}, Sh("trap 'echo caught; exit 7' TERM; kill 0; echo not reached"));
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_EQ(ended.out, "caught\n");
}

TEST(KillGroupTest, TheGroupIsAsBefore) {
  const Ended ended =
      Provost({"-e", "allow *"},
              Sh("trap '' URG; before=$(ps -o pgid= $PPID); for i in 1 2 3; do kill -URG 0; done; "
                 "test \"$before\" = \"$(ps -o pgid= $PPID)\""));
  EXPECT_EQ(ended.exit_code, 0) << ended;
}

TEST(KillGroupTest, ASessionsLeaderCannotStepAside) {
  const std::vector<std::string> command = CommandLine(
      {"-e", "allow *"}, Sh("kill -KILL 0 || echo refused; trap 'exit 7' TERM; kill 0"));
  std::vector<std::string> argv = {"setsid", "--wait"};
  argv.insert(argv.end(), command.begin(), command.end());
  const Ended ended = Subprocess(argv).Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_EQ(ended.out, "refused\n");
}

TEST(HardenOptionTest, SwitchesItOff) {
  const std::vector<std::string> through = {"sh", "-c", "kill -URG $PPID && echo through"};
  EXPECT_EQ(Provost({"-e", "allow *"}, through).out, "");
  EXPECT_EQ(Provost({"-e", "allow *", "--unsafe-harden-off"}, through).out, "through\n");
  EXPECT_EQ(Provost({"-e", "harden off"}, through).out, "through\n");
  const Ended ended = Provost({"-e", "harden off", "-p", "preset:strict"}, through);
  EXPECT_EQ(ended.out, "through\n") << ended;
}

TEST(HardenOptionTest, ContradictionsAreAnError) {
  const std::string file = TemporaryPath("on.policy");
  std::ofstream(file) << "default allow\nharden on\n";
  const Ended ended = Provost({"-e", "harden off", "-p", file}, {"true"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("contradicts"));
}

TEST(PresetOptionTest, StrictRefuses) {
  EXPECT_EQ(Provost({"-p", "preset:strict"}, {"unshare", "--user", "true"}).exit_code, 1);
  EXPECT_EQ(Provost({"-p", "preset:strict"}, {"true"}).exit_code, 0);
  const Ended ended = Provost({"-p", "preset:strikt"}, {"true"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there are: fakeroot, "));
}

TEST(DoctorAttackTest, NothingGetsThroughByDefault) {
  const Ended ended = Command({"doctor", "--attack"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr("refused  io_uring: "));
  EXPECT_THAT(ended.out, HasSubstr(" attacks, 0 got through\n"));
  EXPECT_EQ(Command({"doctor", "--attack", "-p", "preset:strict"}).exit_code, 0);
  EXPECT_EQ(Command({"doctor", "--attack", "-e", "default deny EPERM"}).exit_code, 0);
}

TEST(DoctorAttackTest, FailsWithoutHardening) {
  const Ended ended = Command({"doctor", "--attack", "--json", "-e", "harden off"});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  const auto json = nlohmann::json::parse(ended.out);
  int got_through = 0;
  for (const auto& attack : json["attacks"]) {
    if (attack["result"] == "got through") ++got_through;
    if (attack["name"] == "clone-untraced") {
      EXPECT_EQ(attack["result"], "got through");
    }
  }
  EXPECT_EQ(json["got_through"], got_through);
}

TEST(DoctorAttackTest, PoliciesAreForAttacks) {
  EXPECT_EQ(Command({"doctor", "-e", "harden off"}).exit_code, 2);
}

TEST(ExplainHardenTest, SaysWhatHardeningDoes) {
  const Ended off = Command({"explain", "-e", "harden off", "io_uring_setup(8, NULL)"});
  EXPECT_THAT(off.out, testing::Not(HasSubstr("harden:")));
  const Ended on = Command({"explain", "-e", "allow io_uring_setup", "io_uring_setup(8, NULL)"});
  EXPECT_THAT(on.out, HasSubstr("hardening (harden:io_uring): deny ENOSYS\n"));
  const Ended json = Command({"explain", "--json", "-e", "allow kill", "kill(1, SIGTERM)"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["harden"]["verdict"], "ask");
}

TEST(WhyHardenTest, AgreesWithTheRecord) {
  const std::string log = TemporaryPath("why.log");
  EXPECT_EQ(Provost({"-e", "allow *", "-o", log}, Sh("kill -URG $PPID; true")).exit_code, 0);
  const std::string text = ReadFile(log);
  const size_t record = text.find("harden:signal");
  ASSERT_NE(record, std::string::npos) << text;
  const size_t begin = text.rfind("msg=audit(", record);
  const size_t colon = text.find(':', begin);
  const std::string serial = text.substr(colon + 1, text.find(')', colon) - colon - 1);
  const Ended why = Command({"why", "--json", log, serial});
  ASSERT_EQ(why.exit_code, 0) << why;
  EXPECT_EQ(nlohmann::json::parse(why.out)["agrees"], true) << why;
}

}  // namespace
}  // namespace provost
