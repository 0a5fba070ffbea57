// The subcommands that explain: provost explain, why, check, diff, doctor.

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

Ended Provost(std::vector<std::string> argv) {
  argv.insert(argv.begin(), Runfile("tools/cli/provost"));
  return RunNatively(argv);
}

std::string PolicyFile(const std::string& name, const std::string& text) {
  std::string path = TemporaryPath(name);
  std::ofstream(path) << text;
  return path;
}

constexpr char kShadow[] = "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)";

TEST(ExplainTest, SaysVerdictGiverRuleAndNearest) {
  const std::string file = PolicyFile("explain.policy",
                                      "default deny EPERM\n"
                                      "allow openat if path ~ \"/lib/**\"\n"
                                      "deny EACCES openat if path ~ \"/etc/shadow*\" as \"x\"\n");
  const Ended ended = Provost({"explain", "-p", file, kShadow});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, absl::StrCat("openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY, 0): deny EACCES, "
                                    "given by the tracer (the filter answers TRACE(0x5076))\n"
                                    "  rule: ",
                                    file,
                                    ":3: deny EACCES openat if path ~ \"/etc/shadow*\" as \"x\"\n"
                                    "  nearest that did not match: ",
                                    file,
                                    ":2: allow openat if path ~ \"/lib/**\"\n"
                                    "    failed: path ~ \"/lib/**\"; path is \"/etc/shadow\"\n"));
  const Ended i386 = Provost({"explain", "-p", file, "--arch", "i386", "stat64(NULL)"});
  EXPECT_EQ(i386.out,
            "stat64(NULL, NULL): deny EPERM, given by the kernel (the filter answers "
            "ERRNO(EPERM))\n  rule: the default, deny EPERM\n")
      << i386;
}

TEST(ExplainTest, SaysWhichOfAStackWins) {
  const std::string file = PolicyFile("stack.policy", "default allow\ndeny EACCES getppid\n");
  const Ended ended = Provost({"explain", "-p", file, "-e", "kill getppid", "--json", "getppid()"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["call"], "getppid()");
  EXPECT_EQ(json["verdict"], "kill process");
  EXPECT_EQ(json["winner"], 1);
  EXPECT_EQ(json["by"], "tracer");
  EXPECT_EQ(json["policies"].size(), 2U);
  EXPECT_EQ(json["policies"][0]["rule"]["line"], 2);
  EXPECT_EQ(json["policies"][0]["verdict"], "deny EACCES");
  EXPECT_EQ(json["policies"][1]["policy"], "-e");
  const Ended text = Provost({"explain", "-p", file, "-e", "kill getppid", "getppid()"});
  EXPECT_THAT(text.out, HasSubstr("kill process, given by the tracer: -e is the most restrictive"));
}

TEST(ExplainTest, FollowsRewrites) {
  const std::string rewrite = "rewrite listen set backlog = 16 if backlog > 16";
  const std::vector<std::string> policy = {"explain", "-e", rewrite, "-e",
                                           "deny EPERM listen if backlog == 16"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), policy.begin(), policy.end());
    return Provost(more);
  };
  const Ended text = with({"listen(3, 128)"});
  EXPECT_EQ(text.exit_code, 0) << text;
  EXPECT_THAT(text.out, HasSubstr("listen(3, 128): rewrite set backlog = 16, given by the tracer"));
  EXPECT_THAT(text.out, HasSubstr("\nrewritten: listen(3, 16): deny EPERM, given by the "));
  const Json json = Json::parse(with({"--json", "listen(3, 128)"}).out);
  EXPECT_EQ(json["rewritten"]["call"], "listen(3, 16)");
  EXPECT_EQ(json["rewritten"]["verdict"], "deny EPERM");
  EXPECT_FALSE(Json::parse(with({"--json", "listen(3, 8)"}).out).contains("rewritten"));
}

TEST(ExplainTest, KnowsDescriptorsAndTasksThatAreNamed) {
  const Ended descriptor = Provost({"explain", "-e", "deny EPERM write if fd.path ~ \"/var/**\"",
                                    "write(3</var/log/app>, x\"0a\", 1)"});
  EXPECT_THAT(descriptor.out, HasSubstr(", 1): deny EPERM, given by the tracer")) << descriptor;
  const Ended task = Provost({"explain", "-e", "deny EPERM ptrace if proc.uid != 0",
                              "ptrace(PTRACE_ATTACH, 1) by proc.uid=0"});
  EXPECT_THAT(task.out, HasSubstr("by proc.uid=0: allow, given by the ")) << task;
  const Ended unnamed =
      Provost({"explain", "-e", "log write if fd.path ~ \"/var/**\"", "write(3, NULL, 1)"});
  EXPECT_THAT(unnamed.out, HasSubstr("what fd names is not known")) << unnamed;
}

TEST(ExplainTest, ControlCharactersDoNotReachTheTerminal) {
  for (const std::vector<std::string>& named : std::vector<std::vector<std::string>>{
           {"\x1b[31m"},
           {"run", "-e", "default allow", "--", "/nonexistent/\x1b[31m"},
           {"import", "oci", "/nonexistent/\x1b[31m"},
           {"why", "-e", "default allow", "/nonexistent/\xc2\x9b", "1"},
           {"run", "--mode", "\x1b[31m", "--", "true"},
       }) {
    const Ended ended = Provost(named);
    EXPECT_NE(ended.exit_code, 0) << ended;
    EXPECT_EQ(ended.err.find('\x1b'), std::string::npos) << ended;
    EXPECT_EQ(ended.err.find("\xc2\x9b"), std::string::npos) << ended;
    EXPECT_THAT(ended.err, testing::AnyOf(HasSubstr("\\x1b"), HasSubstr("\\x9b"))) << ended;
  }
}

TEST(ExplainTest, WrongCallsAndOptionsAreUsageErrors) {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"explain"},
           {"explain", kShadow},
           {"explain", "-e", "default allow"},
           {"explain", "-e", "default allow", "opennat(1)"},
           {"explain", "-e", "default allow", "--arch", "arm", kShadow},
           {"explain", "-p", "/nonexistent.policy", kShadow},
       }) {
    const Ended ended = Provost(wrong);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, Not(IsEmpty()));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  EXPECT_THAT(Provost({"explain", "-e", "default allow", "opennat(1)"}).err,
              HasSubstr("did you mean `openat`"));
}

uint64_t SerialOf(const std::string& log, const std::string& record) {
  const size_t at = log.find(record);
  const size_t colon = log.find(':', log.find("msg=audit(", at));
  return at == std::string::npos ? 0 : std::stoull(log.substr(colon + 1));
}

TEST(WhyTest, FindsTheRuleOfARecordedEvent) {
  const std::string file = PolicyFile("why.policy",
                                      "default allow\n"
                                      "allow socket if family == AF_UNIX\n"
                                      "deny EACCES socket as \"unix-only\"\n");
  const std::string log = TemporaryPath("why.log");
  const Ended run = Provost({"run", "-p", file, "-o", log, "--", Victim("socket_answers"), "-13"});
  ASSERT_EQ(run.exit_code, 0) << run;
  const std::string text = ReadFile(log);
  const uint64_t serial = SerialOf(text, "type=SECCOMP");
  const Ended ended = Provost({"why", "-p", file, log, absl::StrCat(serial)});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, testing::StartsWith(absl::StrCat("event ", serial, ": socket(AF_INET, ")));
  EXPECT_THAT(ended.out, HasSubstr("recorded as deny, exit -13, rule \"unix-only\"\n"));
  EXPECT_THAT(ended.out, HasSubstr(":3: deny EACCES socket as \"unix-only\"\n"));
  EXPECT_THAT(ended.out, HasSubstr("failed: family == AF_UNIX; family is AF_INET\n"));

  const Json json =
      Json::parse(Provost({"why", "-p", file, log, absl::StrCat(serial), "--json"}).out);
  EXPECT_EQ(json["serial"], serial);
  EXPECT_EQ(json["recorded"]["rule"], "unix-only");
  EXPECT_EQ(json["agrees"], true);

  const Ended other =
      Provost({"why", "-e", "deny EPERM socket if type == 77", log, absl::StrCat(serial)});
  EXPECT_EQ(other.exit_code, 0) << other;
  EXPECT_THAT(other.out, HasSubstr("none of these policies decides so now"));
}

TEST(WhyTest, TakesThePoliciesOfTheRunAndThePathOfTheRecord) {
  const std::string file = PolicyFile("why of run.policy",
                                      "default allow\n"
                                      "deny EPERM openat if path == \"/nonexistent/other\"\n"
                                      "deny EACCES openat if path ~ \"/nonexistent/**\"\n");
  const std::string log = TemporaryPath("why-of-run.log");
  const Ended run = Provost({"run", "-p", file, "-e", "log mkdir", "-e", "deny EIO symlink", "-o",
                             log, "--", "/bin/cat", "/nonexistent/file"});
  ASSERT_EQ(run.exit_code, 1) << run;
  const uint64_t serial = SerialOf(ReadFile(log), "type=SECCOMP");
  const Ended ended = Provost({"why", log, absl::StrCat(serial)});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr("openat(AT_FDCWD<"));
  EXPECT_THAT(ended.out, HasSubstr(">, \"/nonexistent/file\", O_RDONLY, 0): recorded as deny"));
  EXPECT_THAT(ended.out, HasSubstr("why of run.policy:3: deny EACCES openat"));
  EXPECT_THAT(ended.out, HasSubstr("failed: path == \"/nonexistent/other\"; path is "));
  EXPECT_THAT(ended.out, HasSubstr("-e: allow"));
  EXPECT_EQ(ended.err, "");
  // Another policy than that of the run is asked all the same, and said to be another.
  std::ofstream(file, std::ios::app) << "# more\n";
  ASSERT_EQ(RunNatively({"/usr/bin/touch", "-d", "2100-01-01", file}).exit_code, 0);
  const Ended changed = Provost({"why", log, absl::StrCat(serial)});
  EXPECT_THAT(changed.err, HasSubstr("was changed after the run began"));
}

// The run's first record, and the event, in files that rotation has put away; a program's path
// among those of its interpreters.
TEST(WhyTest, LooksInEveryFileOfARotatedLog) {
  const std::string log = TemporaryPath("why-rotated.log");
  const Ended run = Provost({"run", "-e", "log execve if path ~ \"/nonexistent/**\"", "-e",
                             "log execve if path == \"/usr/bin/env\" log result", "-o", log, "--",
                             "/bin/sh", "-c", "/usr/bin/env true; mkdir /"});
  ASSERT_EQ(run.exit_code, 1) << run;
  const std::string text = ReadFile(log);
  const uint64_t serial = SerialOf(text, "type=EXECVE");
  ASSERT_NE(serial, 0U) << text;
  const size_t event = text.find("type=SECCOMP");
  std::ofstream(log + ".2") << text.substr(0, event);
  std::ofstream(log + ".1") << text.substr(event);
  std::ofstream(log, std::ios::trunc) << "";
  const Ended ended = Provost({"why", log, absl::StrCat(serial)});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr(": execve(\"/usr/bin/env\", "));
  EXPECT_THAT(ended.out, HasSubstr("rule: -e #2:1: log execve if path == \"/usr/bin/env\""));
}

TEST(WhyTest, SaysWhatIsMissing) {
  const std::string log = TemporaryPath("why-missing.log");
  const Ended run = Provost(
      {"run", "-e", "deny EPERM getppid", "-o", log, "--", Victim("getppid_answers"), "-1"});
  ASSERT_EQ(run.exit_code, 0) << run;
  const std::string text = ReadFile(log);
  const uint64_t first = SerialOf(text, "type=SERVICE_START");
  const std::string headless = TemporaryPath("why-headless.log");
  std::ofstream(headless) << text.substr(text.find('\n') + 1);
  const Ended no_policy = Provost({"why", headless, absl::StrCat(first + 1)});
  EXPECT_EQ(no_policy.exit_code, 2) << no_policy;
  EXPECT_THAT(no_policy.err, HasSubstr("give them with -p or -e"));
  const Ended unknown =
      Provost({"why", "-e", "deny EPERM getppid", log, absl::StrCat(first + 1000)});
  EXPECT_EQ(unknown.exit_code, 2) << unknown;
  EXPECT_THAT(unknown.err, HasSubstr(absl::StrCat("it holds ", first, " to ")));
  const Ended own = Provost({"why", "-e", "deny EPERM getppid", log, absl::StrCat(first)});
  EXPECT_EQ(own.exit_code, 2) << own;
  EXPECT_THAT(own.err, HasSubstr("is not of a call"));
  EXPECT_EQ(Provost({"why", "-e", "default allow", "/nonexistent.log", "1"}).exit_code, 2);
  for (const char* wrong :
       {"one", "-1", "0x10", "18446744073709551616", "99999999999999999999999"}) {
    const Ended ended = Provost({"why", "-e", "default allow", log, "--", wrong});
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(absl::StrCat("`", wrong, "` is no serial")));
  }
  const Ended huge = Provost({"why", "-e", "default allow", log, "18446744073709551615"});
  EXPECT_EQ(huge.exit_code, 2) << huge;
  EXPECT_THAT(huge.err, HasSubstr("no event has the serial 18446744073709551615: it holds"));
  for (const std::string& no_log : {std::string("/"), std::string("/dev/zero")}) {
    const Ended ended = Provost({"why", "-e", "default allow", no_log, "1"});
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(absl::StrCat("provost: ", no_log, ": is a d")));
  }
}

TEST(CheckTest, WarnsAndExitsWithZero) {
  const std::string file = PolicyFile("check.policy",
                                      "arch x86_64\n"
                                      "default allow\n"
                                      "deny EACCES openat if realpath(path) ~ \"/etc/shadow*\"\n"
                                      "deny EPERM openat if flags has O_CREAT && mode < 0\n");
  const Ended ended = Provost({"check", file});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out,
              HasSubstr(file + ":3:1: warning: what `realpath(path)` leads to can be changed"));
  EXPECT_THAT(ended.out, HasSubstr("but open, openat2, creat (opening files) are never refused "
                                   "[twins]\n  name them in the rule as well"));
  const Ended json = Provost({"check", "--json", file});
  EXPECT_EQ(json.exit_code, 0) << json;
  const Json findings = Json::parse(json.out);
  ASSERT_GE(findings.size(), 4U);
  for (const Json& finding : findings) {
    EXPECT_EQ(finding["file"], file);
    EXPECT_EQ(finding.size(), 6U);
  }
  const Ended silent = Provost({"check", "--json", "-e", "default deny EPERM"});
  EXPECT_EQ(silent.out, "[]\n") << silent;
  EXPECT_EQ(Provost({"check", "--json", "--bpf", file}).exit_code, 2);
}

TEST(DiffTest, PrintsAWitnessThatExplainTakes) {
  const std::string one =
      PolicyFile("one.policy", "arch x86_64\ndefault deny EPERM\nallow close if fd < 8\n");
  const std::string two =
      PolicyFile("two.policy", "arch x86_64\ndefault deny EPERM\nallow close if fd <= 8\n");
  const Ended same = Provost({"diff", one, one});
  EXPECT_EQ(same.exit_code, 0) << same;
  EXPECT_THAT(same.out, testing::StartsWith("no difference found: "));
  const Ended ended = Provost({"diff", one, two});
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_THAT(ended.out, testing::StartsWith(
                             absl::StrCat("x86_64 close(8): runs under the second only\n  ", one,
                                          ": deny EPERM: the default, deny EPERM\n  ", two,
                                          ": allow: ", two, ":3: allow close if fd <= 8\n")));
  const Json json = Json::parse(Provost({"diff", "--json", "--seed", "5", one, two}).out);
  ASSERT_EQ(json["differences"].size(), 1U);
  EXPECT_EQ(json["seed"], 5);
  EXPECT_GT(json["tried"], 800);
  const Json explained =
      Json::parse(Provost({"explain", "-p", two, "--json", json["differences"][0]["call"]}).out);
  EXPECT_EQ(explained["verdict"], "allow");
  EXPECT_EQ(Provost({"diff", one}).exit_code, 2);
  EXPECT_EQ(Provost({"diff", one, "/nonexistent.policy"}).exit_code, 2);
  EXPECT_EQ(Provost({"diff", "--samples", "-1", one, two}).exit_code, 2);
}

TEST(DoctorTest, SaysThatProvostCanRunHere) {
  const Ended ended = Provost({"doctor"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.out, HasSubstr("present  seccomp action trace\n"));
  EXPECT_THAT(ended.out, testing::EndsWith("provost can run here\n"));
  const Json json = Json::parse(Provost({"doctor", "--json"}).out);
  EXPECT_EQ(json["can_run"], true);
  EXPECT_GT(json["features"].size(), 15U);
}

// Kernels that lack something, as provost itself makes them.
TEST(DoctorTest, SaysWhatIsMissing) {
  const std::string provost = Runfile("tools/cli/provost");
  const std::string no_actions = "deny EOPNOTSUPP seccomp if op == SECCOMP_GET_ACTION_AVAIL";
  const Ended doctor =
      Provost({"run", "-e", no_actions, "-e", "deny ENOSYS mseal", "--", provost, "doctor"});
  EXPECT_EQ(doctor.exit_code, 1) << doctor;
  EXPECT_THAT(doctor.out,
              HasSubstr("missing  seccomp action trace: provost cannot run: calls do not come to "
                        "it\n"));
  EXPECT_THAT(doctor.out, HasSubstr("missing  mseal: rules on paths"));
  EXPECT_THAT(doctor.out, testing::EndsWith("provost cannot run here\n"));

  const Ended run = Provost({"run", "-e", no_actions, "--", provost, "run", "-e", "default allow",
                             "--", Victim("succeeds")});
  EXPECT_EQ(run.exit_code, 125) << run;
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(run.err, HasSubstr("this kernel has no seccomp action"));
  EXPECT_THAT(run.err, HasSubstr("see `provost doctor`"));
}

}  // namespace
}  // namespace provost
