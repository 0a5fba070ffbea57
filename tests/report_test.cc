// The program `provost report`, beside ausearch and aureport (Debian package auditd), and
// `provost ps`.

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Json = nlohmann::json;

std::string Program() { return Runfile("tools/cli/provost"); }
std::string KernelLog() { return Runfile("tools/report/testdata/kernel.log"); }

Ended Report(std::vector<std::string> argv) {
  argv.insert(argv.begin(), {Program(), "report"});
  return RunNatively(argv);
}

// In one time zone and language, as the readers format both.
Ended Shell(const std::string& command) {
  return RunNatively({"/bin/sh", "-c", absl::StrCat("export LC_ALL=C TZ=UTC; ", command)});
}

// The log of a run with a verdict of each kind; made once.
const std::string& OurLog() {
  static const std::string& path = *new std::string([] {
    std::string log = TemporaryPath("ours.log");
    const std::string policy = TemporaryPath("ours.policy");
    std::ofstream(policy) << "default allow\n"
                             "deny EACCES openat if path == \"/etc/shadow\" as \"no-shadow\"\n"
                             "deny EPERM getppid\n"
                             "log mkdir, mkdirat, rename, renameat2 as \"a key=1\" log result\n"
                             "trap getsid as \"no-getsid\"\n"
                             "kill process sethostname\n";
    const std::string script = absl::StrCat("cat /etc/shadow; head /etc/shadow; mkdir '",
                                            TemporaryPath("made"), "' /proc/x; hostname x");
    const Ended ended =
        RunNatively({Program(), "run", "-p", policy, "-o", log, "--", "/bin/sh", "-c", script});
    EXPECT_EQ(ended.signal, 0) << ended;
    return log;
  }());
  return path;
}

// What a summary of aureport says: counts by value.
std::map<std::string, uint64_t> Aureport(const std::string& log, const std::string& option) {
  const Ended ended =
      Shell(absl::StrCat("aureport -i ", option, " --summary -if '", log, "' </dev/null"));
  std::map<std::string, uint64_t> counts;
  for (const absl::string_view line : absl::StrSplit(ended.out, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits("  ", 1));
    uint64_t count = 0;
    if (words.size() == 2 && absl::SimpleAtoi(words[0], &count)) {
      counts[std::string(words[1])] = count;
    }
  }
  EXPECT_FALSE(counts.empty()) << option << ended;
  return counts;
}

std::map<std::string, uint64_t> Ours(const std::string& log, const std::string& dimension) {
  const Ended ended = Report({"--json", "--by", dimension, log});
  std::map<std::string, uint64_t> counts;
  const Json json = Json::parse(ended.out);
  for (const Json& row : json["rows"]) {
    if (!row[dimension].is_null()) counts[row[dimension]] = row["events"];
  }
  return counts;
}

TEST(ReportTest, CountsAsAureportDoes) {
  for (const std::string& log : {OurLog(), KernelLog()}) {
    EXPECT_EQ(Ours(log, "syscall"), Aureport(log, "-s")) << log;
    EXPECT_EQ(Ours(log, "rule"), Aureport(log, "-k")) << log;
    EXPECT_EQ(Ours(log, "program"), Aureport(log, "-x")) << log;
    EXPECT_EQ(Ours(log, "path"), Aureport(log, "-f")) << log;
  }
}

std::set<std::string> SerialsIn(const std::string& raw) {
  std::set<std::string> serials;
  for (const absl::string_view line : absl::StrSplit(raw, '\n')) {
    const size_t stamp = line.find("msg=audit(");
    if (stamp == absl::string_view::npos) continue;
    const absl::string_view rest = line.substr(line.find(':', stamp) + 1);
    serials.emplace(rest.substr(0, rest.find(')')));
  }
  return serials;
}

TEST(ReportTest, FiltersAsAusearchDoes) {
  const char* const kFilters[] = {
      "-sc openat",
      "-sc 257",
      "-sc kill",
      "-sc getppid",
      "-k shadow",
      "-k no-shadow",
      "-k 'a key=1'",
      "-w -k shadow",
      "-x /usr/bin/cat",
      "-x bin",
      "-x cat -sv no",
      "-c cat",
      "-c at",
      "-w -c at",
      "-ui 65534",
      "-ui nobody",
      "-ul -1",
      "-ua 0",
      "-ue 65534",
      "-e -13",
      "-e -EACCES",
      "-e -EPERM",
      "-sv no",
      "-sv yes",
      "-f /etc/shadow",
      "-f shadow",
      "-f 'a b'",
      "-m SECCOMP",
      "-m OBJ_PID",
      "-m SERVICE_START,CONFIG_CHANGE",
      "-m PATH -sv yes",
      "--arch x86_64 -sc mkdir",
      "--arch b32",
      "-ts 11/22/26 00:00:00",
      "-te 01/01/20 00:00:00",
      "-te 11/22/26 08:28:21 -sc openat",
      "--session 4294967295",
      "-n nowhere",
      "-p 1",
      "-tm '(none)'",
      "-tm none",
      "-w -tm none",
      "-tm pts",
  };
  for (const std::string& log : {OurLog(), KernelLog()}) {
    for (const char* filter : kFilters) {
      const Ended theirs =
          Shell(absl::StrCat("ausearch -if '", log, "' --raw ", filter, " </dev/null"));
      const Ended ours =
          Shell(absl::StrCat("'", Program(), "' report --raw ", filter, " '", log, "'"));
      EXPECT_EQ(SerialsIn(ours.out), SerialsIn(theirs.out)) << log << " " << filter << ours.err;
      EXPECT_EQ(ours.exit_code, theirs.exit_code) << filter;
      EXPECT_THAT(ours.err, IsEmpty());
    }
  }
}

TEST(ReportTest, OverviewSaysWhatAPersonAsksFirst) {
  const Ended ended = Report({OurLog()});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr("events    8: 6 calls, 4 of them refused\n"
                                   "verdicts  3 deny, 2 log, 1 kill\n"
                                   "runs      1 began, 1 ended\n"
                                   "lost      none\n"));
  EXPECT_THAT(ended.out, HasSubstr("refused calls\n"
                                   "events  syscall      errno\n"
                                   "     2  openat       EACCES\n"
                                   "     1  getppid      EPERM\n"
                                   "     1  sethostname  -\n"));
  EXPECT_THAT(ended.out, HasSubstr("     2  no-shadow\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
  const Json json = Json::parse(Report({"--json", OurLog()}).out);
  EXPECT_EQ(json["events"], 8);
  EXPECT_EQ(json["refused"], 4);
  EXPECT_EQ(json["lost"], 0);
  EXPECT_EQ(json["refused_calls"][2]["syscall"], "sethostname");
  EXPECT_TRUE(json["refused_calls"][2]["errno"].is_null());
}

TEST(ReportTest, CountsBySeveralAndListsWithJson) {
  const Ended table =
      Report({"--by", "verdict,syscall,errno", "--top", "2", "-sv", "no", OurLog()});
  EXPECT_EQ(table.out,
            "events  verdict  syscall  errno\n"
            "     2  deny     openat   EACCES\n"
            "     1  deny     getppid  EPERM\n")
      << table;
  const Ended list = Report({"--json", "--list", "-sc", "openat", OurLog()});
  const std::vector<std::string> lines = absl::StrSplit(list.out, '\n');
  ASSERT_EQ(lines.size(), 3U) << list;
  const Json first = Json::parse(lines[0]);
  EXPECT_EQ(first["op"], "deny");
  EXPECT_EQ(first["exit"], -13);
  EXPECT_EQ(first["key"], Json({"no-shadow"}));
  EXPECT_EQ(first["proctitle"], "cat /etc/shadow");
  const Ended by_day = Report({"--by", "time", "--every", "1d", KernelLog()});
  EXPECT_THAT(by_day.out, HasSubstr("16  2026-11-2")) << by_day;
}

TEST(ReportTest, ColourIsForTerminals) {
  const Ended ended = Shell(absl::StrCat("unset NO_COLOR; script -qec \"'", Program(), "' report '",
                                         KernelLog(), "'\" /dev/null </dev/null"));
  EXPECT_THAT(ended.out, HasSubstr("\x1b[1mrefused calls\x1b[0m")) << ended;
}

constexpr char kStart[] = "type=SYSCALL msg=audit(";
constexpr char kRest[] =
    "): arch=c000003e syscall=39 success=yes exit=1 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid=2 "
    "auid=1 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm=\"x\" "
    "exe=\"/x\" key=\"k\"\n";

// Where the serials of AnEvent count from; those of supervisors begin above 2^30.
constexpr int64_t kSerials = 2'000'000'000;

// An event of getpid, whole.
std::string AnEvent(int serial) {
  const std::string stamp = absl::StrCat("1795315209.", 100 + serial, ":", kSerials + serial);
  return absl::StrCat(kStart, stamp, kRest, "type=PROCTITLE msg=audit(", stamp,
                      "): proctitle=\"x\"\n");
}

void Append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

TEST(ReportTest, NamesMalformedLinesAndGoesOn) {
  const std::string log = TemporaryPath("malformed.log");
  Append(log, absl::StrCat(AnEvent(1), "garbage\n   \n", AnEvent(2), std::string(9000, 'x'), "\n"));
  for (int i = 0; i < 10; ++i) Append(log, "type=SYSCALL\n");
  Append(log, absl::StrCat(AnEvent(3), "torn"));
  const Ended ended = Report({"--by", "rule", log});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "events  rule\n     3  k\n") << ended;
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat("provost: ", log, ":3: no type= ")));
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat(log, ":7: a line of more than the 8969 bytes")));
  EXPECT_THAT(ended.err, HasSubstr("; more of this file are only counted"));
  EXPECT_THAT(ended.err, HasSubstr("provost: report: 13 lines were no audit record"));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 6);
}

TEST(ReportTest, ReadsRotatedSetsOldestFirstAndStandardInput) {
  const std::string directory = TemporaryPath("rotated");
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  const std::string log = directory + "/audit.log";
  Append(log + ".10", AnEvent(1));
  // An event that rotation tore apart is one.
  const std::string torn = AnEvent(2);
  const size_t middle = torn.find('\n') + 1;
  Append(log + ".2", torn.substr(0, middle));
  Append(log + ".1", torn.substr(middle) + AnEvent(3));
  Append(log, AnEvent(4));
  Append(log + ".1.gz", "no log");
  const std::string whole = AnEvent(1) + AnEvent(2) + AnEvent(3) + AnEvent(4);
  EXPECT_EQ(Report({"--raw", log}).out, whole);
  EXPECT_EQ(Report({"--raw", directory}).out, whole);
  EXPECT_EQ(Report({"--raw", log, log + ".1", directory}).out, whole) << "each file once";
  EXPECT_EQ(Report({"--raw", "--no-rotated", log}).out, AnEvent(4));
  EXPECT_EQ(Report({"--raw", log + ".10", "--no-rotated", log}).out, AnEvent(1) + AnEvent(4));
  const Ended piped = Shell(absl::StrCat("cat '", log, "' | '", Program(), "' report --raw -"));
  EXPECT_EQ(piped.out, AnEvent(4)) << piped;
}

TEST(ReportTest, FollowsThroughRotationAndTruncation) {
  const std::string log = TemporaryPath("followed.log");
  Append(log, AnEvent(1));
  Subprocess follower({Program(), "report", "--follow", "--raw", log});
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(1)));
  Append(log, AnEvent(2));
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(2)));
  // Twice renamed before it can look: nothing is skipped.
  ASSERT_EQ(kill(follower.pid(), SIGSTOP), 0);
  Append(log, AnEvent(3));
  ASSERT_EQ(rename(log.c_str(), (log + ".1").c_str()), 0);
  Append(log, AnEvent(4));
  ASSERT_EQ(rename((log + ".1").c_str(), (log + ".2").c_str()), 0);
  ASSERT_EQ(rename(log.c_str(), (log + ".1").c_str()), 0);
  Append(log, AnEvent(5) + AnEvent(6));
  ASSERT_EQ(kill(follower.pid(), SIGCONT), 0);
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(3) + AnEvent(4) + AnEvent(5) + AnEvent(6)));
  ASSERT_EQ(truncate(log.c_str(), 0), 0);
  Append(log, AnEvent(7).substr(0, 40));
  Append(log, AnEvent(7).substr(40));
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(7)));
  ASSERT_EQ(kill(follower.pid(), SIGINT), 0);
  const Ended ended = follower.Wait();
  EXPECT_EQ(ended.signal, SIGINT) << ended;
  std::string all;
  for (int serial = 1; serial <= 7; ++serial) all += AnEvent(serial);
  EXPECT_EQ(ended.out, all);
  EXPECT_THAT(ended.err, HasSubstr("was truncated: reading it from its beginning"));
}

// A log that is rotated with `keep` files left, as provost does it.
void Rotate(const std::string& log, int keep) {
  for (int number = keep; number > 1; --number) {
    const std::string from = absl::StrCat(log, ".", number - 1);
    if (access(from.c_str(), F_OK) != 0) continue;
    ASSERT_EQ(rename(from.c_str(), absl::StrCat(log, ".", number).c_str()), 0);
  }
  ASSERT_EQ(rename(log.c_str(), (log + ".1").c_str()), 0);
}

TEST(ReportTest, FollowsWhatRotationDeletedAndSaysWhatItNeverSaw) {
  const std::string log = TemporaryPath("deleted.log");
  Append(log, AnEvent(1));
  Subprocess follower({Program(), "report", "--follow", "--raw", log});
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(1)));
  // It has the file open that loses its name: nothing is missing.
  ASSERT_EQ(kill(follower.pid(), SIGSTOP), 0);
  Append(log, AnEvent(2));
  Rotate(log, 1);
  Append(log, AnEvent(3));
  Rotate(log, 1);
  Append(log, AnEvent(4));
  ASSERT_EQ(kill(follower.pid(), SIGCONT), 0);
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(2) + AnEvent(3) + AnEvent(4)));
  // A file that came and went meanwhile.
  ASSERT_EQ(kill(follower.pid(), SIGSTOP), 0);
  Append(log, AnEvent(5));
  Rotate(log, 1);
  Append(log, AnEvent(6) + AnEvent(7));
  Rotate(log, 1);
  Append(log, AnEvent(8));
  Rotate(log, 1);
  Append(log, AnEvent(9));
  ASSERT_EQ(kill(follower.pid(), SIGCONT), 0);
  ASSERT_TRUE(follower.AwaitOutput(AnEvent(5) + AnEvent(8) + AnEvent(9)));
  ASSERT_EQ(kill(follower.pid(), SIGINT), 0);
  const Ended ended = follower.Wait();
  EXPECT_EQ(ended.err, absl::StrCat("provost: ", log,
                                    ": 2 events were deleted before they could be read, of those "
                                    "with the serials 2000000006 to 2000000007\n"));
}

// While it reads, it opens what comes: a reader that is slower than its log misses nothing.
TEST(ReportTest, FollowsALogThatIsRotatedWhileItReads) {
  const std::string log = TemporaryPath("busy.log");
  const std::string script = absl::StrCat("i=0; while [ $i -lt 400 ]; do mkdir '",
                                          TemporaryPath("busy"), "'; i=$((i+1)); done");
  Append(log, "");
  Subprocess follower({Program(), "report", "--follow", "--raw", log});
  const Ended run =
      RunNatively({Program(), "run", "-e", "deny EPERM mkdir", "--audit-max-size", "16K",
                   "--audit-keep", "2", "-o", log, "--", "/bin/sh", "-c", script});
  ASSERT_TRUE(follower.AwaitOutput("op=supervisor-end")) << run;
  ASSERT_EQ(kill(follower.pid(), SIGINT), 0);
  const Ended ended = follower.Wait();
  size_t events = 0;
  for (const absl::string_view line : absl::StrSplit(ended.out, '\n')) {
    events += absl::StartsWith(line, "type=SECCOMP ") ? 1 : 0;
  }
  // What it missed it says.
  uint64_t missed = 0;
  for (const absl::string_view line : absl::StrSplit(ended.err, '\n', absl::SkipEmpty())) {
    const size_t at = line.find(" event");
    ASSERT_NE(at, absl::string_view::npos) << line;
    const size_t number = line.rfind(' ', at - 1) + 1;
    uint64_t count = 0;
    ASSERT_TRUE(absl::SimpleAtoi(line.substr(number, at - number), &count)) << line;
    missed += count;
  }
  EXPECT_EQ(events + missed, 400U) << ended.err;
}

TEST(ReportTest, ReadsLinesThatEndInCrLf) {
  std::ifstream stream(KernelLog());
  const std::string text((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  const std::string log = TemporaryPath("crlf.log");
  Append(log, absl::StrReplaceAll(text, {{"\n", "\r\n"}}));
  EXPECT_EQ(Report({"--raw", log}).out, Report({"--raw", KernelLog()}).out);
  EXPECT_EQ(Report({"--json", log}).out, Report({"--json", KernelLog()}).out);
  EXPECT_EQ(Report({"--raw", log}).err, "");
}

TEST(ReportTest, FollowsAPipeToItsEnd) {
  const Ended ended =
      Shell(absl::StrCat("'", Program(), "' run -o - -e 'deny EPERM getppid' -- '",
                         Victim("getppid_answers"), "' -1 | '", Program(), "' report --follow -"));
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr("deny     getppid = -EPERM"));
  EXPECT_THAT(ended.out, HasSubstr("supervisor-end"));
}

TEST(ReportTest, WrongUsageIsSaidWithItsMend) {
  const struct {
    std::vector<std::string> argv;
    const char* complaint;
  } kTable[] = {
      {{}, "logs is required"},
      {{"--by", "colour", KernelLog()}, "--by: `colour` is none of syscall, rule"},
      {{"--by", "time", "--every", "1", KernelLog()}, "`1` is no span of time"},
      {{"--by", "rule", "--list", KernelLog()}, "leave one of them out"},
      {{"--by", "", KernelLog()}, "--by: `` is none of syscall, rule"},
      {{"--every", "banana", KernelLog()}, "`banana` is no span of time"},
      {{"--every", "1h", "--by", "rule", KernelLog()}, "--every: it goes with --by time"},
      {{"--top", "0", KernelLog()}, "--top: `0` is not a whole number from 1"},
      {{"--top", "-1", KernelLog()}, "--top: `-1` is not a whole number from 1"},
      {{"--raw", "--json", KernelLog()}, "--raw is no JSON"},
      {{"-sc", "opennat", KernelLog()}, "did you mean openat"},
      {{"-ts", "2026-02-30", "--list", KernelLog()}, "is no time"},
      {{"-k"}, "--key"},
      {{"--nonsense", KernelLog()}, "--nonsense"},
      {{"/nonexistent.log"}, "/nonexistent.log: No such file or directory"},
      {{"/"}, "/: is a directory without an audit.log: name the log in it"},
      {{"/dev/zero"}, "/dev/zero: is a device, not an audit log"},
  };
  for (const auto& row : kTable) {
    const Ended ended = Report(row.argv);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(row.complaint));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  const Ended nothing = Report({"-sc", "reboot", KernelLog()});
  EXPECT_EQ(nothing.exit_code, 1) << nothing;
}

// `provost ps` with run states in a directory of this test's own.
Json Ps(const std::string& states) {
  const Ended ended =
      Shell(absl::StrCat("PROVOST_RUNTIME_DIR='", states, "' exec '", Program(), "' ps --json"));
  EXPECT_EQ(ended.exit_code, 0) << ended;
  return Json::parse(ended.out);
}

// The tree of this supervisor in what `provost ps` says; null if it is not there.
Json TreeOf(const Json& trees, pid_t supervisor) {
  for (const Json& tree : trees) {
    if (tree["supervisor"] == supervisor) return tree;
  }
  return nullptr;
}

TEST(PsTest, ListsTreesWhileTheyRun) {
  const std::string states = TemporaryPath("states");
  const auto in_states = [&] { setenv("PROVOST_RUNTIME_DIR", states.c_str(), 1); };
  Subprocess run({Program(), "run", "--mode", "complain", "--contid", "7001", "-e",
                  "deny EPERM getppid", "--", Victim("ready_then_pause")},
                 in_states);
  ASSERT_TRUE(run.AwaitOutput("\n"));
  const Json tree = TreeOf(Ps(states), run.pid());
  ASSERT_FALSE(tree.is_null());
  EXPECT_EQ(tree["mode"], "complain");
  ASSERT_EQ(tree["processes"].size(), 1U);
  const Json& process = tree["processes"][0];
  EXPECT_EQ(process["ppid"], run.pid());
  EXPECT_EQ(process["command"], Victim("ready_then_pause"));
  EXPECT_EQ(process["threads"], 1);
  EXPECT_EQ(process["contid"], 7001);
  const Ended text = Shell(absl::StrCat("PROVOST_RUNTIME_DIR='", states, "' '", Program(), "' ps"));
  EXPECT_THAT(text.out, HasSubstr("supervisor  pid"));
  EXPECT_THAT(text.out, testing::ContainsRegex("7001 +complain .* 1 +/.*ready_then_pause"));

  // Without its word the tree is known by its tracer.
  const Json unsaid = TreeOf(Ps(TemporaryPath("elsewhere")), run.pid());
  ASSERT_FALSE(unsaid.is_null());
  EXPECT_TRUE(unsaid["mode"].is_null());
  EXPECT_TRUE(unsaid["processes"][0]["contid"].is_null());

  // What it leaves behind when it is killed is not taken for a tree.
  ASSERT_EQ(kill(run.pid(), SIGKILL), 0);
  run.Wait();
  EXPECT_TRUE(TreeOf(Ps(states), run.pid()).is_null());
}

}  // namespace
}  // namespace provost
