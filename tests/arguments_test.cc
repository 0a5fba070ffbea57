// What a decision read is what the call then does, whoever writes to the memory meanwhile.

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;

// Of flips_argument.
constexpr int kWon = 3;

std::vector<std::string> Statements() {
  return {"deny EACCES open, openat if path == \"./r\"",
          "deny EACCES linkat if oldpath == \"./r\" && newpath == \"./linked\"",
          "deny EACCES openat2 if (how.flags & O_ACCMODE) != O_RDONLY",
          "deny EACCES connect if addr.path ~ \"@r*\"",
          "deny EACCES sendmsg if msg.name.path ~ \"@r*\""};
}

SupervisedRun RunUnder(ArgumentMode mode, const std::vector<std::string>& argv) {
  Options options = OptionsOf(Statements());
  options.arguments = mode;
  return RunSupervised(std::move(options), argv);
}

struct Flip {
  const char* what;
  const char* way;
  const char* program = "flips_argument";
  const char* tries = "2000";
};
void PrintTo(const Flip& flip, std::ostream* stream) {
  *stream << flip.program << " " << flip.what << " " << flip.way;
}

class FlippedArgumentTest : public testing::TestWithParam<Flip> {};

TEST_P(FlippedArgumentTest, NeverWins) {
  const Flip& flip = GetParam();
  EXPECT_THAT(
      RunUnder(ArgumentMode::kProtect, {Victim(flip.program), flip.what, flip.way, flip.tries}),
      Succeeded());
}

// The test above can fail: without the copy the flipper wins, sooner or later.
TEST_P(FlippedArgumentTest, WinsWhereArgumentsAreTrusted) {
  const Flip& flip = GetParam();
  EXPECT_THAT(
      RunUnder(ArgumentMode::kTrust, {Victim(flip.program), flip.what, flip.way, "10000000"}),
      EndedWith(Exited{kWon}));
}

INSTANTIATE_TEST_SUITE_P(
    All, FlippedArgumentTest,
    testing::Values(Flip{"open", "thread", "flips_argument", "20000"},
                    Flip{"open", "shared", "flips_argument", "20000"}, Flip{"open", "clone_vm"},
                    Flip{"open", "vfork"}, Flip{"open", "writev"}, Flip{"link", "thread"},
                    Flip{"openat2", "thread"}, Flip{"openat2", "shared"}, Flip{"connect", "thread"},
                    Flip{"connect", "shared"}, Flip{"sendmsg", "thread"},
                    Flip{"open", "thread", "flips_argument_i386"},
                    Flip{"connect", "thread", "flips_argument_i386"},
                    Flip{"sendmsg", "shared", "flips_argument_i386"}),
    [](const testing::TestParamInfo<Flip>& test) {
      const bool is_i386 = std::string(test.param.program) != "flips_argument";
      return absl::StrCat(test.param.what, "_", test.param.way, is_i386 ? "_i386" : "");
    });

class ProtectedVictimTest : public testing::TestWithParam<const char*> {};

TEST_P(ProtectedVictimTest, SeesNothingOfIt) {
  EXPECT_THAT(RunUnder(ArgumentMode::kProtect, {Victim(GetParam())}), Succeeded());
}

// The same where the policy refuses what a region comes in by, and where it counts calls.
TEST_P(ProtectedVictimTest, NeedsNothingThatThePolicyAllows) {
  std::vector<std::string> statements = Statements();
  statements.insert(statements.begin(),
                    {"deny EPERM mseal, socketpair, recvmsg",
                     "deny EMFILE openat if path == \"./a\" && after(1000000)"});
  EXPECT_THAT(RunSupervised(OptionsOf(statements), {Victim(GetParam())}), Succeeded());
}

INSTANTIATE_TEST_SUITE_P(Victims, ProtectedVictimTest,
                         testing::Values("argument_page_attacked", "argument_page_forged",
                                         "argument_page_everywhere", "argument_page_unsealed",
                                         "opens_under_signals", "returns_from_opens",
                                         "steps_through_opens"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ArgumentsTest, ATasksOwnFilterMayKeepThemOut) {
  for (const char* how : {"trap", "0", "1"}) {
    EXPECT_THAT(RunUnder(ArgumentMode::kProtect, {Victim("argument_page_refused"), how}),
                Succeeded())
        << how;
  }
}

TEST(ArgumentsTest, AProgramMayFilterItselfFirst) {
  for (const char* how : {"refuses", "lies"}) {
    EXPECT_THAT(RunUnder(ArgumentMode::kProtect, {Victim("filters_itself_first"), how}),
                Succeeded())
        << how;
  }
}

TEST(ArgumentsTest, KillsAtEveryMomentAreSurvived) {
  EXPECT_THAT(RunUnder(ArgumentMode::kProtect, {Victim("killed_while_opening"), "300"}),
              Succeeded());
}

// What is counted is counted once, though the call is made anew after a region came in.
TEST(ArgumentsTest, CallsAreCountedOnce) {
  EXPECT_THAT(RunSupervised(OptionsOf({"deny EMFILE openat if path == \"./a\" && after(9)"}),
                            {Victim("argument_page_counted"), "9"}),
              Succeeded());
}

TEST(ArgumentsTest, RecordsShowTheCallAsItWasMade) {
  CollectingSink sink;
  Options options = OptionsOf({"log openat if path == \"./a\" as \"opens\" log result"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(std::move(options), {Victim("argument_page_counted"), "12"}),
              Succeeded());
  int seen = 0;
  for (const auto& event : sink.decisions()) {
    if (event.rule != "opens") continue;
    ++seen;
    EXPECT_GE(event.result.value_or(-1), 0);
    // A static program's string, not a mapping's address.
    EXPECT_LT(event.request.args[1], 0x10000000u);
  }
  EXPECT_EQ(seen, 12);
}

TEST(ArgumentsTest, TheCommandLineSaysHow) {
  const std::vector<std::string> flips = {Victim("flips_argument"), "open", "thread"};
  const auto run = [&](const std::string& how, const std::string& tries) {
    std::vector<std::string> program = flips;
    program.push_back(tries);
    return Provost(
        {"--arguments", how, "-e", "default allow", "-e", "deny EACCES openat if path == \"./r\""},
        program);
  };
  EXPECT_EQ(run("protect", "1000").exit_code, 0);
  EXPECT_EQ(run("trust", "10000000").exit_code, kWon);
  const Ended wrong = run("hope", "1");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("--arguments"));
}

}  // namespace
}  // namespace provost
