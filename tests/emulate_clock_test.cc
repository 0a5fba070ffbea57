// `emulate clock`: what programs see of a virtual time, beside what libfaketime shows them.

#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "audit/collecting_sink.h"
#include "base/status_matchers.h"
#include "emulate/handler_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/parser.h"
#include "syscalls/syscall_table.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Seconds = std::chrono::duration<double>;

constexpr char kFast[] = "emulate clock with start = \"@1000000000\", rate = 100";
// 2001-09-09 01:46:40 UTC.
constexpr char kFrozen[] = "emulate clock with start = \"@1000000000\", frozen = 1";

// How long something really takes, of which programs are told otherwise.
class Stopwatch {
 public:
  Seconds Elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Ended Under(const std::string& rule, const std::vector<std::string>& program) {
  return Provost({"-e", "default allow", "-e", rule}, program);
}

std::string OutputOf(const Ended& ended) {
  EXPECT_EQ(ended.exit_code, 0) << ended;
  return std::string(absl::StripAsciiWhitespace(ended.out));
}

bool IsInstalled(const std::string& program) {
  return RunNatively({"/bin/sh", "-c", absl::StrCat("command -v ", program)}).exit_code == 0;
}

int64_t NowOf(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

bool MaySetTheClock() {
  timex same = {};
  if (adjtimex(&same) < 0) return false;
  same.modes = ADJ_TICK;
  return adjtimex(&same) >= 0;
}

// ---- What each call does ----

class ClockVictimTest : public testing::TestWithParam<std::string> {
 protected:
  static std::string Of(const std::string& name) { return Victim("clock_" + name + GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Architectures, ClockVictimTest, testing::Values("", "_i386"),
                         [](const auto& name) { return name.param.empty() ? "x86_64" : "i386"; });

TEST_P(ClockVictimTest, AllThatTellsTheTimeSaysSo) {
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", kFast}), {Of("readings"), "1000000000"}),
              Succeeded());
}

TEST_P(ClockVictimTest, WaitsAreAsLongAsTheClockSays) {
  const Stopwatch watch;
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", kFast}), {Of("waits")}), Succeeded());
  // More than 20 waits of 20 seconds each, a hundredth of which is 4.
  EXPECT_GT(watch.Elapsed(), Seconds(4));
  EXPECT_LT(watch.Elapsed(), Seconds(90));
}

TEST_P(ClockVictimTest, TimersComeWhenTheClockSays) {
  const Stopwatch watch;
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", kFast}), {Of("timers")}), Succeeded());
  EXPECT_GT(watch.Elapsed(), Seconds(2));
  EXPECT_LT(watch.Elapsed(), Seconds(60));
}

TEST_P(ClockVictimTest, InterruptedWaitsEndWhenTheyShould) {
  const Stopwatch watch;
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", kFast}), {Of("interruptions")}),
              Succeeded());
  EXPECT_LT(watch.Elapsed(), Seconds(60));
}

TEST_P(ClockVictimTest, SettingItSetsTheVirtualOneAlone) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  const int64_t offset = NowOf(CLOCK_REALTIME) - NowOf(CLOCK_MONOTONIC);
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", "emulate clock"}), {Of("setting")}),
              Succeeded());
  constexpr int64_t kSecond = 1'000'000'000;
  EXPECT_LT(std::abs(NowOf(CLOCK_REALTIME) - NowOf(CLOCK_MONOTONIC) - offset), kSecond);
}

TEST_P(ClockVictimTest, SettingItTakesThePrivilegeThatItTakes) {
  if (geteuid() != 0) GTEST_SKIP() << "cannot take a capability away";
  const Ended ended =
      Under("emulate clock", {"setpriv", "--inh-caps", "-sys_time", "--bounding-set", "-sys_time",
                              Of("setting"), "unprivileged"});
  EXPECT_EQ(OutputOf(ended), "EXIT-SUCCESS");
}

TEST(EmulateClockTest, TheVsyscallPageTellsItToo) {
  if (!absl::StrContains(ReadFile("/proc/self/maps"), "[vsyscall]")) {
    GTEST_SKIP() << "the kernel was started with vsyscall=none";
  }
  for (const char* wish : {"", " log"}) {
    EXPECT_THAT(RunSupervised(OptionsOf({"default allow", absl::StrCat(kFrozen, wish)}),
                              {Victim("vsyscall_time_answers"), "1000000000"}),
                Succeeded());
  }
}

TEST(EmulateClockTest, ChangesOfTheVirtualClockAreOnRecord) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  CollectingSink sink;
  Options options = OptionsOf({"default allow", absl::StrCat(kFrozen, " log")});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("clock_setting")}), Succeeded());
  EXPECT_THAT(sink.text(), HasSubstr("type=TIME_INJOFFSET"));
  // From 1000000000 to 2000010000, and 5 ns.
  EXPECT_THAT(sink.text(), HasSubstr("sec=1000010000 nsec=5"));
  EXPECT_THAT(sink.text(), HasSubstr("op=tick old="));
  EXPECT_THAT(sink.text(), HasSubstr(" new=37"));
  size_t changed = 0;
  for (const CollectingSink::Recorded& decision : sink.decisions()) {
    if (!decision.facts.clock.injected) continue;
    ++changed;
    EXPECT_GE(decision.result.value_or(-1), 0);
  }
  // clock_settime, settimeofday in the child, ADJ_SETOFFSET.
  EXPECT_EQ(changed, 3U);
}

// ---- Programs ----

TEST(EmulateClockTest, AHundredSecondsPassInOne) {
  const Stopwatch watch;
  EXPECT_EQ(OutputOf(Under("emulate clock with rate = 100", {"sleep", "100"})), "");
  EXPECT_GT(watch.Elapsed(), Seconds(0.5));
  EXPECT_LT(watch.Elapsed(), Seconds(10));
}

TEST(EmulateClockTest, ItCanBeSlow) {
  const Stopwatch watch;
  OutputOf(Under("emulate clock with rate = \"0.5\"", {"sleep", "0.5"}));
  EXPECT_GT(watch.Elapsed(), Seconds(1));
}

TEST(EmulateClockTest, FrozenItStandsStill) {
  const std::vector<std::string> date = {"date", "+%s.%N"};
  EXPECT_EQ(OutputOf(Under(kFrozen, date)), "1000000000.000000000");
  EXPECT_EQ(OutputOf(Under(kFrozen, {"sh", "-c", "date +%s.%N; sleep 0.3; date +%s.%N"})),
            "1000000000.000000000\n1000000000.000000000");
}

TEST(EmulateClockTest, AnOffsetIsFromNow) {
  struct Case {
    const char* offset;
    int64_t seconds;
  };
  for (const Case& offset : {Case{"-3600", -3600}, Case{"\"+1y\"", 365 * 86400},
                             Case{"\"-2d12h\"", -216000}, Case{"\"1.5m\"", 90}}) {
    int64_t now = 0;
    const std::string said = OutputOf(
        Under(absl::StrCat("emulate clock with offset = ", offset.offset), {"date", "+%s"}));
    ASSERT_TRUE(absl::SimpleAtoi(said, &now)) << said;
    const int64_t expected = time(nullptr) + offset.seconds;
    EXPECT_LE(now, expected) << offset.offset;
    EXPECT_GT(now, expected - 120) << offset.offset;
  }
}

TEST(EmulateClockTest, MakeWorks) {
  const std::string directory = TemporaryPath("made");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  std::ofstream(directory + "/Makefile")
      << "all: one two three\none two three: first\n\tsleep 20\n\tcp first $@\n"
         "first:\n\tsleep 20\n\tdate -u +%Y >$@\n";
  const Stopwatch watch;
  const Ended ended = Under(kFast, {"make", "-j3", "-C", directory});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_LT(watch.Elapsed(), Seconds(15));
  EXPECT_GT(watch.Elapsed(), Seconds(0.4));
  EXPECT_EQ(ReadFile(directory + "/three"), "2001\n");
}

constexpr char kPython[] = "import time; print(time.time(), time.gmtime()[:6])";
constexpr char kPerl[] = "use Time::HiRes; printf '%.3f', Time::HiRes::time(); print scalar gmtime";

TEST(EmulateClockTest, ProgramsSeeWhatFaketimeShowsThem) {
  if (!IsInstalled("faketime")) GTEST_SKIP() << "needs faketime";
  ASSERT_EQ(setenv("TZ", "UTC", 1), 0);
  for (const std::vector<std::string>& program : std::vector<std::vector<std::string>>{
           {"date", "+%s.%N %F %T"}, {"python3", "-c", kPython}, {"perl", "-e", kPerl}}) {
    if (!IsInstalled(program.front())) continue;
    std::vector<std::string> faked = {"faketime", "-f", "2001-09-09 01:46:40"};
    faked.insert(faked.end(), program.begin(), program.end());
    EXPECT_EQ(OutputOf(Under(kFrozen, program)), OutputOf(RunNatively(faked))) << program.front();
  }
  // One that goes on, ten times as fast.
  const std::vector<std::string> sleeps = {
      "python3", "-c",
      "import time; a = time.monotonic(); time.sleep(5); "
      "print(5 <= time.monotonic() - a < 60, time.gmtime()[:2])"};
  std::vector<std::string> faked = {"faketime", "-f", "@2001-09-09 01:46:40 x10"};
  faked.insert(faked.end(), sleeps.begin(), sleeps.end());
  const std::string rule = "emulate clock with start = \"2001-09-09T01:46:40Z\", rate = 10";
  EXPECT_EQ(OutputOf(Under(rule, sleeps)), OutputOf(RunNatively(faked)));
}

constexpr char kStatic[] = R"(
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  time_t start = time(NULL);
  printf("%ld\n", (long)start);
  sleep(20);
  printf("%ld\n", (long)(time(NULL) - start) / 20);
  return 0;
}
)";

TEST(EmulateClockTest, StaticMuslProgramsSeeItToo) {
  if (!IsInstalled("musl-gcc")) GTEST_SKIP() << "needs musl-tools";
  const std::string program = TemporaryPath("static_musl");
  std::ofstream(program + ".c") << kStatic;
  ASSERT_EQ(RunNatively({"musl-gcc", "-static", "-o", program, program + ".c"}).exit_code, 0);
  const Stopwatch watch;
  EXPECT_THAT(OutputOf(Under(kFast, {program})), testing::MatchesRegex("100000000[0-9]\n1"));
  EXPECT_LT(watch.Elapsed(), Seconds(10));
}

TEST(EmulateClockTest, StaticGoProgramsSeeItToo) {
  if (!IsInstalled("go")) GTEST_SKIP() << "needs golang-go";
  const std::string program = TemporaryPath("static_go");
  const std::string source = Runfile("tests/programs/clock.go");
  const Ended built = Subprocess({"go", "build", "-o", program, source}, [] {
                        setenv("CGO_ENABLED", "0", 1);
                        setenv("HOME", TemporaryPath("home").c_str(), 1);
                      }).Wait();
  ASSERT_EQ(built.exit_code, 0) << built;
  if (IsInstalled("faketime")) {
    // What asks the kernel itself, others cannot tell.
    const Ended real = RunNatively({"faketime", "-f", "2001-09-09 01:46:40", program, "now"});
    EXPECT_EQ(real.exit_code, 0) << real;
    EXPECT_FALSE(absl::StartsWith(real.out, "1000000")) << real;
  }
  const Stopwatch watch;
  EXPECT_THAT(OutputOf(Under(kFast, {program})), testing::MatchesRegex("10000000[0-9]+\n1\n2"));
  EXPECT_LT(watch.Elapsed(), Seconds(10));
}

TEST(EmulateClockTest, ThePresetIsOfThePast) {
  EXPECT_THAT(OutputOf(Provost({"-p", "preset:faketime"}, {"date", "-u", "+%F %T"})),
              StartsWith("1999-12-31 23:59:"));
}

// ---- Settings and state ----

TEST(EmulateClockTest, WrongSettingsAreErrors) {
  struct Case {
    const char* settings;
    const char* error;
  };
  for (const Case& wrong :
       {Case{"start = \"garbage\"", "is no time: write it as \"1999-12-31T23:59:00Z\""},
        Case{"start = \"1969-12-31\"", "is not between 1970 and 2199"},
        Case{"start = \"2300-01-01\"", "is not between 1970 and 2199"},
        Case{"start = \"2000-02-30T00:00:00Z\"", "is no time"},
        Case{"offset = \"1x\"", "write seconds, -3600, or with units"},
        Case{"offset = \"-100y\"", "from now is not between"}, Case{"offset = \"\"", "is no time"},
        Case{"start = \"@5\", offset = 5", "leave one of them out"},
        Case{"rate = 0", "it is more than 0"}, Case{"rate = -1", "it is more than 0"},
        Case{"rate = \"fast\"", "it is more than 0"}, Case{"rate = 1000001", "it is more than 0"},
        Case{"rate = 2, frozen = 1", "leave one of them out"},
        Case{"frozen = 2", "it is 1, for a clock that stands still, or 0"}}) {
    const auto parsed =
        ParsePolicyText(absl::StrCat("default allow\nemulate clock with ", wrong.settings, "\n"),
                        "t", ".", HandlerTable::Builtin().specs());
    ASSERT_FALSE(parsed.ok()) << wrong.settings;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(wrong.error)) << wrong.settings;
  }
}

class NoMemory final : public ArgumentMemory {
 public:
  absl::StatusOr<absl::string_view> ReadString(uint64_t) override {
    return absl::OutOfRangeError("none");
  }
  absl::Status ReadBytes(uint64_t, absl::Span<char>) override {
    return absl::OutOfRangeError("none");
  }
};

// What time(NULL) gives.
int64_t TimeOf(Handler& clock) {
  NoMemory memory;
  SyscallRequest request;
  request.arch = static_cast<uint32_t>(Arch::kX86_64);
  request.nr = SyscallTable::Get().Find(Arch::kX86_64, "time")->nr;
  const Reaction reaction = clock.OnCall(EmulatedCall(request, getpid(), getpid(), memory));
  const auto* answer = std::get_if<Answer>(&reaction);
  return answer == nullptr ? -1 : answer->result;
}

TEST(EmulateClockTest, AnotherSupervisorGoesOnWithIt) {
  const auto made = [](const char* start) {
    Emulation told;
    told.emulator = "clock";
    told.settings = {{"start", EmulatorValue(std::string(start))},
                     {"frozen", EmulatorValue(int64_t{1})}};
    return HandlerTable::Builtin().Make(told);
  };
  PROVOST_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Handler> first, made("@1000000000"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Handler> second, made("@1500000000"));
  EXPECT_EQ(TimeOf(*second), 1500000000);
  PROVOST_ASSERT_OK(second->Restore(first->Save()));
  EXPECT_EQ(TimeOf(*second), 1000000000);
  EXPECT_EQ(second->Save(), first->Save());
  for (const char* wrong : {"clock 1", "zone 1", "sleep 1 2 3", "alarm x 1 2", "discipline", "?"}) {
    EXPECT_FALSE(second->Restore(wrong).ok()) << wrong;
  }
}

TEST(EmulateClockTest, AnUpgradeInTheMiddleOfASleepChangesNothing) {
  Subprocess run(CommandLine({"-e", "default allow", "-e", kFast},
                             {"sh", "-c", "date +%s; sleep 200; date +%s"}));
  ASSERT_TRUE(run.AwaitOutput("\n"));
  const Ended upgrade =
      RunNatively({Runfile("tools/cli/provost"), "upgrade", absl::StrCat(run.pid())});
  EXPECT_EQ(upgrade.exit_code, 0) << upgrade;
  const std::vector<std::string> told = absl::StrSplit(OutputOf(run.Wait()), '\n');
  ASSERT_EQ(told.size(), 2U);
  int64_t before = 0;
  int64_t after = 0;
  ASSERT_TRUE(absl::SimpleAtoi(told[0], &before) && absl::SimpleAtoi(told[1], &after));
  EXPECT_GE(before, 1000000000);
  EXPECT_GE(after - before, 200);
  EXPECT_LT(after - before, 2000);
}

}  // namespace
}  // namespace provost
