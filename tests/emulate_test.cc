// What emulators do to calls: by those of provost that change least, and by some of the test's own.

#include <signal.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "audit/collecting_sink.h"
#include "base/status_matchers.h"
#include "emulate/handler.h"
#include "emulate/handler_table.h"
#include "policy/parser.h"
#include "policy/presets.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// ---- uname ----

std::string Names(const std::vector<std::string>& rules, const char* victim,
                  const std::string& personality = "") {
  std::vector<std::string> argv = {Victim(victim)};
  if (!personality.empty()) argv.push_back(personality);
  const SupervisedRun run = RunSupervised(OptionsOf(rules), argv);
  EXPECT_THAT(run, EndedWith(Exited{0}));
  return run.output;
}

TEST(EmulateUnameTest, SaysWhatItIsTold) {
  utsname real = {};
  ASSERT_EQ(uname(&real), 0);
  const std::string rule =
      "emulate uname with release = \"2.4.37\", nodename = \"a-long-name\", machine = \"i586\"";
  EXPECT_EQ(Names({rule}, "prints_names"),
            absl::StrCat("uname ", real.sysname, "\nuname a-long-name\nuname 2.4.37\nuname ",
                         real.version, "\nuname i586\nuname ", real.domainname, "\n"));
  const std::string of_i386 = Names({rule}, "prints_names_i386");
  EXPECT_THAT(of_i386, HasSubstr("uname a-long-name\nuname 2.4.37\n"));
  EXPECT_THAT(of_i386, HasSubstr("\nolduname a-long-name\nolduname 2.4.37\n"));
  // Nine bytes a field.
  EXPECT_THAT(of_i386, HasSubstr("\noldolduname a-long-n\noldolduname 2.4.37\n"));
  EXPECT_THAT(Names({}, "prints_names"), Not(HasSubstr("2.4.37")));
}

TEST(EmulateUnameTest, RulesStandBehindEachOther) {
  EXPECT_THAT(Names({"emulate uname with release = \"2.4.1\", version = \"#7\"",
                     "emulate uname with release = \"5.5.5\", machine = \"m68k\""},
                    "prints_names"),
              HasSubstr("uname 2.4.1\nuname #7\nuname m68k\n"));
  // A rule that refuses decides what an emulator lets on.
  const SupervisedRun run =
      RunSupervised(OptionsOf({"emulate uname with release = \"2.4.1\"", "deny EPERM uname"}),
                    {Victim("prints_names")});
  EXPECT_THAT(run, EndedWith(Exited{1}));
  // And one that stands before it, what it gets.
  EXPECT_THAT(Names({"allow uname if proc.comm == \"prints_names\"",
                     "emulate uname with release = \"2.4.1\""},
                    "prints_names"),
              Not(HasSubstr("2.4.1")));
}

// As the kernel itself says it of its own release.
TEST(EmulateUnameTest, KnowsThePersonalityThatAsksFor26) {
  constexpr char kUname26[] = "0x20000";
  const auto release = [&](const std::string& told) {
    const std::string output = Names({absl::StrCat("emulate uname with release = \"", told, "\"")},
                                     "prints_names", kUname26);
    return std::string(std::vector<std::string>(absl::StrSplit(output, '\n'))[2]);
  };
  EXPECT_EQ(release("2.6.32"), "uname 2.6.32");
  EXPECT_EQ(release("3.16.7-x"), "uname 2.6.56-x");
  EXPECT_EQ(release("5.10.0-28-amd64"), "uname 2.6.70-28-amd64");
  utsname real = {};
  ASSERT_EQ(uname(&real), 0);
  const Ended native = RunNatively({Victim("prints_names"), kUname26});
  const std::vector<std::string> lines = absl::StrSplit(native.out, '\n');
  EXPECT_EQ(release(real.release), lines[2]);
}

TEST(EmulateUnameTest, IsOnRecord) {
  CollectingSink sink;
  Options options = OptionsOf({"emulate uname with release = \"2.4.1\" as \"old\" log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("prints_names")}), EndedWith(Exited{0}));
  ASSERT_THAT(sink.decisions(), SizeIs(2));
  EXPECT_EQ(sink.decisions()[0].rule, "old");
  EXPECT_EQ(sink.decisions()[0].result, 0);
  EXPECT_EQ(sink.decisions()[1].result, -EFAULT);
}

TEST(EmulateUnameTest, WrongSettingsAreErrors) {
  const auto error = [](const std::string& rule) {
    const auto parsed = ParseStatements({rule}, HandlerTable::Builtin().specs());
    return parsed.ok() ? "" : std::string(parsed.status().message());
  };
  EXPECT_THAT(error("emulate uname"), HasSubstr("nothing is told"));
  EXPECT_THAT(error("emulate uname with relese = \"2\""), HasSubstr("did you mean `release`?"));
  EXPECT_THAT(error(absl::StrCat("emulate uname with release = \"", std::string(65, '1'), "\"")),
              HasSubstr("`release` has 65 bytes: the kernel has 64"));
  EXPECT_THAT(error("emulate unnme"), HasSubstr("did you mean `uname`?"));
}

// ---- random ----

class EmulateRandomTest : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<std::string> Run(const std::vector<std::string>& rules) {
    const SupervisedRun run = RunSupervised(OptionsOf(rules), {Victim(GetParam())});
    EXPECT_THAT(run, EndedWith(Exited{0}));
    return absl::StrSplit(run.output, '\n', absl::SkipEmpty());
  }
};

TEST_P(EmulateRandomTest, ASeedGivesTheSameNumbersAgain) {
  const std::vector<std::string> first = Run({"emulate random with seed = 7"});
  ASSERT_THAT(first, SizeIs(9));
  EXPECT_EQ(Run({"emulate random with seed = 7"}), first);
  const std::vector<std::string> other = Run({"emulate random with seed = 8"});
  std::set<std::string> numbers;
  for (const auto* lines : {&first, &other}) {
    for (const std::string& line : *lines) numbers.insert(line.substr(line.find(' ')));
  }
  EXPECT_THAT(numbers, SizeIs(18));
  EXPECT_NE(Run({}), Run({}));
}

INSTANTIATE_TEST_SUITE_P(Programs, EmulateRandomTest,
                         testing::Values("prints_random", "prints_random_i386"));

TEST(EmulateRandomTest, WhatReadsByOtherWaysIsMadeToRead) {
  const auto output = [] {
    const SupervisedRun run = RunSupervised(OptionsOf({"emulate random with seed = 1"}),
                                            {"/bin/sh", "-c", "head -c 100 /dev/urandom | od -x"});
    EXPECT_THAT(run, EndedWith(Exited{0}));
    return run.output;
  };
  const std::string first = output();
  EXPECT_THAT(std::vector<std::string>(absl::StrSplit(first, '\n')), SizeIs(9));
  EXPECT_EQ(output(), first);
}

// ---- removed ----

TEST(EmulateRemovedTest, AnswersWhatIsNoMore) {
  for (const char* victim : {"removed_answers", "removed_answers_i386"}) {
    EXPECT_THAT(RunSupervised(OptionsOf({"emulate removed"}), {Victim(victim)}), Succeeded())
        << victim;
    EXPECT_NE(RunNatively({Victim(victim)}).exit_code, 0) << victim;
  }
}

// What sets the clock by a call that is gone sets it by one that a rule can be for.
TEST(EmulateRemovedTest, WhatItMakesOfACallIsDecided) {
  const SupervisedRun run =
      RunSupervised(OptionsOf({"emulate removed", "deny EPERM access if path under \"/proc\""}),
                    {Victim("removed_answers")});
  EXPECT_THAT(run, EndedWith(Exited{1}));
}

// ---- older ----

TEST(EmulateOlderTest, MakesNewerCallsByOlderOnes) {
  for (const char* release : {"2.6.10", "2.6.32"}) {
    const std::string rule = absl::StrCat("emulate older with release = \"", release, "\"");
    for (const char* victim : {"older_answers", "older_answers_i386"}) {
      EXPECT_THAT(RunSupervised(OptionsOf({rule}), {Victim(victim), release}), Succeeded())
          << victim << " " << release;
      EXPECT_NE(RunNatively({Victim(victim), release}).exit_code, 0);
    }
  }
}

// The oldest that Debian's C library is made for.
TEST(EmulateOlderTest, ProgramsFallBack) {
  for (const std::vector<std::string>& argv : std::vector<std::vector<std::string>>{
           {"/bin/ls", "-ln", "/usr/include/linux", "/dev/null"},
           {"/usr/bin/python3", "-c",
            "import os, subprocess, tempfile; t = tempfile.mkdtemp(); os.rename(t, t + 'x'); "
            "os.rmdir(t + 'x'); print(subprocess.check_output(['echo', 'hello']), "
            "os.stat('/usr').st_ino, len(os.urandom(8)))"},
           {"/bin/bash", "-c", "echo $(ls / | sort | head -3) | tr a-z A-Z"}}) {
    const Ended native = RunNatively(argv);
    ASSERT_EQ(native.exit_code, 0) << native;
    const SupervisedRun run =
        RunSupervised(OptionsOf({"emulate older with release = \"3.2.0\""}), argv);
    EXPECT_THAT(run, EndedWith(Exited{0})) << argv[0];
    EXPECT_EQ(run.output, native.out);
  }
}

TEST(EmulateOlderTest, OnlyNewerCallsAreTouched) {
  CollectingSink sink;
  Options options = OptionsOf({"emulate older with release = \"5.5\" log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {"/bin/ls", "-l", "/"}), EndedWith(Exited{0}));
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_NE(recorded.request.nr, SYS_openat);
    EXPECT_NE(recorded.request.nr, SYS_statx);
  }
  const auto parsed = [](const std::string& release) {
    return ParseStatements({absl::StrCat("emulate older with release = \"", release, "\"")},
                           HandlerTable::Builtin().specs())
        .status();
  };
  EXPECT_THAT(parsed("2.4.0"), IsOk());
  for (const char* wrong : {"", "2.2.26", "new", "5"}) {
    EXPECT_THAT(parsed(wrong), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("is no release of Linux from 2.4 on")));
  }
}

// ---- machine ----

TEST(EmulateMachineTest, SaysWhatItIsTold) {
  const std::string rule =
      "emulate machine with cpus = 5, memory = 6G, load = \"0.5 1.25 2\", uptime = 4711, "
      "hostname = \"elsewhere\", limits = {\"nofile\" => \"1000:3000\"}";
  for (const char* victim : {"prints_machine", "prints_machine_i386"}) {
    EXPECT_EQ(Names({rule}, victim),
              "cpus 5\ncpus 1 1\nsysinfo 4711 32768 81920 131072 6442450944 3221225472\n"
              "host elsewhere\nlimit 1000 3000\nchild 512 2048\n")
        << victim;
  }
}

TEST(EmulateMachineTest, ProgramsAgree) {
  const std::string rule =
      "emulate machine with cpus = 5, memory = 6G, load = \"0.5 1.25 2\", hostname = "
      "\"elsewhere\", limits = {\"nofile\" => \"1000:3000\"}, files = {\"/proc/version\" => "
      "\"Linux version 2.4.37\\n\", \"/proc/cpuinfo\" => \"processor : 0\\n\"}";
  const auto output = [&](const std::vector<std::string>& argv) {
    const SupervisedRun run = RunSupervised(OptionsOf({rule}), argv);
    EXPECT_THAT(run, EndedWith(Exited{0})) << argv[0];
    return run.output;
  };
  EXPECT_EQ(output({"/usr/bin/nproc"}), "5\n");
  EXPECT_EQ(output({"/usr/bin/nproc", "--all"}), "5\n");
  EXPECT_EQ(output({"/bin/uname", "-n"}), "elsewhere\n");
  EXPECT_EQ(output({"/bin/bash", "-c", "ulimit -Sn; ulimit -Hn; cd /proc && cat version cpuinfo"}),
            "1000\n3000\nLinux version 2.4.37\nprocessor : 0\n");
  EXPECT_EQ(output({"/usr/bin/python3", "-c",
                    "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)), "
                    "os.getloadavg(), os.sysconf('SC_PHYS_PAGES') * 4096)"}),
            "5 5 (0.5, 1.25, 2.0) 6442450944\n");
  // It is not written to, and nothing is left of it.
  const SupervisedRun refused =
      RunSupervised(OptionsOf({rule}), {"/bin/sh", "-c", "echo x > /proc/version"});
  EXPECT_THAT(refused, EndedWith(Exited{2}));
  EXPECT_THAT(output({"/bin/sh", "-c", "ls -d /tmp/provost-*/0 2>&1; exit 0"}),
              HasSubstr("No such file"));
}

TEST(EmulateMachineTest, WrongSettingsAreErrors) {
  const auto error = [](const std::string& told) {
    return std::string(
        ParseStatements({absl::StrCat("emulate machine", told)}, HandlerTable::Builtin().specs())
            .status()
            .message());
  };
  EXPECT_THAT(error(""), HasSubstr("nothing is told"));
  EXPECT_THAT(error(" with cpus = 0"), HasSubstr("`cpus` is a number from 1 to"));
  EXPECT_THAT(error(" with memory = 1"), HasSubstr("`memory` is a number of bytes"));
  EXPECT_THAT(error(" with load = \"1 2\""), HasSubstr("`load` is three numbers"));
  EXPECT_THAT(error(" with hostname = \"\""), HasSubstr("`hostname` has 1 to 64 bytes"));
  EXPECT_THAT(error(" with limits = {\"files\" => \"1\"}"),
              HasSubstr("no resource is called \"files\"; there are cpu, fsize"));
  EXPECT_THAT(error(" with limits = {\"nofile\" => \"2:1\"}"), HasSubstr("is no limit"));
  EXPECT_THAT(error(" with files = {\"version\" => \"x\"}"), HasSubstr("no absolute path"));
}

// ---- Presets ----

const char* TextOf(const char* preset) {
  const PolicyPreset* found = FindPreset(preset);
  EXPECT_NE(found, nullptr) << preset;
  return found->text.data();
}

SupervisedRun RunUnder(const char* preset, const std::vector<std::string>& argv) {
  Options options;
  const auto parsed = ParsePolicyText(TextOf(preset), preset, ".", HandlerTable::Builtin().specs());
  EXPECT_THAT(parsed, IsOk());
  if (parsed.ok()) options.policies = {parsed->policy};
  return RunSupervised(options, argv);
}

TEST(EmulatePresetTest, OnAFrozenMachineEverythingIsTheSame) {
  const auto output = [](const std::vector<std::string>& argv) {
    const SupervisedRun run = RunUnder("frozen-machine", argv);
    EXPECT_THAT(run, EndedWith(Exited{0})) << argv.back();
    return run.output;
  };
  const std::vector<std::string> python = {
      "/usr/bin/python3", "-c",
      "import datetime, os, random, socket, time, uuid; print(random.random(), time.time(), "
      "time.monotonic(), uuid.uuid4(), os.getuid(), socket.gethostname(), "
      "os.cpu_count(), datetime.datetime.now(), hash('x'), os.getloadavg())"};
  const std::string first = output(python);
  EXPECT_THAT(first, HasSubstr(" 1577836800.0 3600.0 "));
  EXPECT_EQ(output(python), first);
  EXPECT_NE(RunNatively(python).out, RunNatively(python).out);

  const std::string source = TemporaryPath("now.c");
  std::ofstream(source) << "const char now[] = __DATE__ __TIME__; int main(void) { return 0; }\n";
  std::string compiled[2];
  for (std::string& program : compiled) {
    const std::string path = TemporaryPath("now");
    output({"/usr/bin/gcc", "-g", source, "-o", path});
    program = ReadFile(path);
    EXPECT_TRUE(absl::StrContains(program, "Jan  1 2020"));
  }
  EXPECT_EQ(compiled[0], compiled[1]);
}

TEST(EmulatePresetTest, ProgramsRunUnderOldKernels) {
  for (const auto& [preset, release] :
       {std::pair("kernel-2.4", "2.4.37"), std::pair("kernel-2.6.32", "2.6.32")}) {
    const SupervisedRun run =
        RunUnder(preset, {"/bin/sh", "-c",
                          "uname -r; cat /proc/sys/kernel/osrelease; cut -c -20 /proc/version; "
                          "[ -d /usr/include/linux/../linux ] && echo there"});
    EXPECT_THAT(run, EndedWith(Exited{0})) << preset;
    EXPECT_EQ(run.output,
              absl::StrCat(release, "\n", release, "\nLinux version ", release, "\nthere\n"));
  }
  EXPECT_EQ(RunUnder("kernel-2.6.32", {"/bin/ls", "-d", "/usr/include"}).output, "/usr/include\n");
}

// ---- Scripts ----

class EmulateScriptTest : public testing::Test {
 protected:
  // A rule that has `calls` emulated by that program.
  static std::string Rule(const std::string& calls, const std::string& program,
                          const std::string& more = "") {
    const std::string path = TemporaryPath("script.lua");
    std::ofstream(path) << program;
    return absl::StrCat("emulate ", calls, " with script = \"", path, "\"", more);
  }
  static std::string ErrorOf(const std::string& rule) {
    return std::string(ParseStatements({rule}, HandlerTable::Builtin().specs()).status().message());
  }
  static SupervisedRun Run(const std::string& rule, const std::vector<std::string>& argv,
                           std::vector<std::string> behind = {}) {
    behind.insert(behind.begin(), rule);
    return RunSupervised(OptionsOf(behind), argv);
  }
};

TEST_F(EmulateScriptTest, Answers) {
  for (const char* victim : {"getppid_answers", "getppid_answers_i386", "getppid_answers_int80"}) {
    const std::string result = std::to_string(-EXDEV);
    EXPECT_THAT(
        Run(Rule("getppid", "function on_call(call) return 'EXDEV' end"), {Victim(victim), result}),
        Succeeded())
        << victim;
    EXPECT_THAT(Run(Rule("getppid",
                         "function on_call(call)\n"
                         "  assert(call.name == 'getppid' and call.pid == call.tid)\n"
                         "  return {result = 4711}\n"
                         "end"),
                    {Victim(victim), "4711"}),
                Succeeded())
        << victim;
  }
}

TEST_F(EmulateScriptTest, KeepsStateBetweenCalls) {
  // The victim makes the call so often that every result is right only if they are counted.
  const SupervisedRun run =
      Run(Rule("getppid",
               "local calls = 0\n"
               "function on_call(call) calls = calls + 1; return calls end"),
          {"/usr/bin/python3", "-c", "import os; print([os.getppid() for i in range(5)])"});
  EXPECT_THAT(run, EndedWith(Exited{0}));
  EXPECT_EQ(run.output, "[1, 2, 3, 4, 5]\n");
}

TEST_F(EmulateScriptTest, ReadsAndWritesMemory) {
  const std::string program =
      "function on_call(call)\n"
      "  return {run = true, after = function(call, result)\n"
      "    if result ~= 0 then return end\n"
      "    local name = call:bytes('name', 65)\n"
      "    assert(name:match('^Linux%z'))\n"
      "    return {result = 0, writes = {{call.args.name + 130, 'from Lua\\0'}}}\n"
      "  end}\n"
      "end\n";
  EXPECT_THAT(Names({Rule("uname", program)}, "prints_names"), HasSubstr("uname from Lua\n"));
  EXPECT_THAT(Names({Rule("uname", program)}, "prints_names_i386"), HasSubstr("uname from Lua\n"));
}

TEST_F(EmulateScriptTest, ChangesArgumentsAndCalls) {
  const std::string path = TemporaryPath("elsewhere");
  std::ofstream(path) << "found by Lua\n";
  const std::string rule =
      Rule("openat, open", absl::StrCat("function on_call(call)\n"
                                        "  if call:string('path') == '/nowhere' then\n"
                                        "    return {run = true, args = {path = '",
                                        path,
                                        "'}}\n"
                                        "  end\n"
                                        "end\n"));
  const SupervisedRun run = Run(rule, {"/bin/cat", "/nowhere"});
  EXPECT_THAT(run, EndedWith(Exited{0}));
  EXPECT_EQ(run.output, "found by Lua\n");
  const SupervisedRun refused = Run(rule, {"/bin/cat", "/nowhere"},
                                    {absl::StrCat("deny EACCES openat if path == \"", path, "\"")});
  EXPECT_THAT(refused, EndedWith(Exited{1}));
  EXPECT_THAT(Run(Rule("getppid",
                       "function on_call(call)\n"
                       "  return {run = 'sched_get_priority_max', args = {1}}\n"
                       "end"),
                  {Victim("getppid_answers"), "99"}),
              Succeeded());
}

// What the default says, once said, and on record.
TEST_F(EmulateScriptTest, ErrorsGiveTheDefault) {
  for (const char* program :
       {"function on_call(call) error('no idea') end", "function on_call(call) return {} end",
        "function on_call(call) return 1.5 end", "function on_call(call) return 'ENOTHING' end",
        "function on_call(call) while true do end end", "function on_call(call) return -514 end",
        "function on_call(call) local s = 'x' while true do s = s .. s end end",
        "function on_call(call) return {run = 'no_such_call'} end",
        "function on_call(call) return {run = true, args = {nothing = 1}} end",
        "function on_call(call) return {result = 1, writes = {7}} end",
        "function on_call(call) return call:string('path') end",
        "local function f() return f() + 1 end function on_call(call) return f() end",
        "function on_call(call) return os.getenv('HOME') end"}) {
    CollectingSink sink;
    Options options = OptionsOf({Rule("getppid", program, ", instructions = 100000, memory = 1M"),
                                 "default deny EDOM", "allow *"});
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), std::to_string(-EDOM)}),
                Succeeded())
        << program;
    ASSERT_FALSE(sink.decisions().empty()) << program;
    EXPECT_EQ(sink.decisions()[0].verdict, Verdict(Deny{EDOM}));
    EXPECT_EQ(sink.decisions()[0].rule, "-e #1:1");
  }
  const std::string parent = std::to_string(getpid());
  EXPECT_THAT(Run(Rule("getppid", "function on_call(call) error('no idea') end"),
                  {Victim("getppid_answers"), parent}),
              Succeeded());
}

TEST_F(EmulateScriptTest, WrongScriptsAreErrorsOfThePolicy) {
  EXPECT_THAT(ErrorOf(Rule("getppid", "function on_call(")), HasSubstr("script.lua:1:"));
  EXPECT_THAT(ErrorOf(Rule("getppid", "x = 1")), HasSubstr("has no function `on_call`"));
  EXPECT_THAT(ErrorOf(Rule("getppid", "error('at once')")), HasSubstr("at once"));
  EXPECT_THAT(ErrorOf(Rule("getppid", "while true do end")), HasSubstr("instructions"));
  EXPECT_THAT(ErrorOf(Rule("getpppid", "function on_call() end")),
              HasSubstr("did you mean `getppid`"));
  EXPECT_THAT(ErrorOf(Rule("getppid", "function on_call() end", ", memory = 1")),
              HasSubstr("`memory` is 128K at least"));
  EXPECT_THAT(ErrorOf("emulate getppid with script = \"/no/such.lua\""),
              HasSubstr("cannot read /no/such.lua"));
  EXPECT_THAT(ErrorOf("emulate getppid"), HasSubstr("calls are emulated `with script = …`"));
  EXPECT_THAT(ErrorOf("emulate uname, getppid with release = \"2\""),
              HasSubstr("a rule names one emulator"));
}

// ---- Handlers of one's own ----

// Asks a function.
class Asking final : public Handler {
 public:
  using Function = std::function<Reaction(const EmulatedCall&)>;
  explicit Asking(Function function) : function_(std::move(function)) {}
  Reaction OnCall(const EmulatedCall& call) override { return function_(call); }

 private:
  Function function_;
};

// Options with `emulate own`, which asks `function` about `calls`, before `rules`.
Options Own(const std::vector<std::string>& calls, const Asking::Function& function,
            std::vector<std::string> rules = {}) {
  Options options;
  options.handlers.Add({.name = "own", .keys = {}, .calls = calls},
                       [function](const Emulation&) { return std::make_unique<Asking>(function); });
  rules.insert(rules.begin(), "emulate own log");
  absl::StatusOr<ParsedPolicy> parsed = ParseStatements(rules, options.handlers.specs());
  EXPECT_THAT(parsed, IsOk());
  if (parsed.ok()) options.policies = {parsed->policy};
  return options;
}

TEST(HandlerTest, AnswersInTheKernelsPlace) {
  for (const char* victim : {"getppid_answers", "getppid_answers_i386", "getppid_answers_int80"}) {
    const Options options =
        Own({"getppid"}, [](const EmulatedCall&) -> Reaction { return Answer{4711}; });
    EXPECT_THAT(RunSupervised(options, {Victim(victim), "4711"}), Succeeded()) << victim;
  }
}

TEST(HandlerTest, AnotherCallIsMadeAndItsResultChanged) {
  for (const char* victim : {"getppid_answers", "getppid_answers_i386", "getppid_answers_int80"}) {
    int looked = 0;
    const Options options = Own({"getppid"}, [&](const EmulatedCall& call) -> Reaction {
      absl::StatusOr<SyscallRequest> other =
          OtherCall(call.request(), "sched_get_priority_max", {SCHED_FIFO});
      EXPECT_THAT(other, IsOk());
      return RunCall{*other, {}, [&](const EmulatedCall& made, int64_t result) {
                       EXPECT_EQ(made.name(), "getppid");
                       ++looked;
                       return Answer{result + 1};
                     }};
    });
    EXPECT_THAT(RunSupervised(options, {Victim(victim), "100"}), Succeeded()) << victim;
    EXPECT_GT(looked, 0);
  }
}

// What a call is turned into is a call like any other.
TEST(HandlerTest, RulesDecideWhatItIsTurnedInto) {
  const auto other = [](const EmulatedCall& call) -> Reaction {
    return RunCall{*OtherCall(call.request(), "getpgrp", {})};
  };
  CollectingSink sink;
  Options options = Own({"getppid"}, other, {"deny EXDEV getpgrp as \"behind\" log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), std::to_string(-EXDEV)}),
              Succeeded());
  ASSERT_FALSE(sink.decisions().empty());
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_EQ(recorded.rule, "behind");
    EXPECT_EQ(recorded.verdict, Verdict(Deny{EXDEV}));
  }
}

TEST(HandlerTest, AMistakeThatGoesRoundIsEnded) {
  const auto self = [](const EmulatedCall& call) -> Reaction { return RunAsItIs(call); };
  const std::string parent = std::to_string(getpid());
  EXPECT_THAT(RunSupervised(Own({"getppid"}, self), {Victim("getppid_answers"), parent}),
              Succeeded());
}

TEST(HandlerTest, ACallReadsWhatItIsGiven) {
  const std::string path = TemporaryPath("elsewhere");
  std::ofstream(path) << "found elsewhere\n";
  for (const ArgumentMode mode : {ArgumentMode::kProtect, ArgumentMode::kTrust}) {
    Options options =
        Own({"openat"},
            [&](const EmulatedCall& call) -> Reaction {
              const auto asked = call.ReadString(call.argument(1));
              if (!asked.ok() || *asked != "/nowhere/at/all") return RunAsItIs(call);
              return RunCall{call.request(), {{1, path}}};
            },
            {absl::StrCat("deny EACCES openat if path == \"", path, "\" && flags has O_WRONLY")});
    options.arguments = mode;
    const SupervisedRun run = RunSupervised(options, {"/bin/cat", "/nowhere/at/all"});
    EXPECT_THAT(run, EndedWith(Exited{0}));
    EXPECT_EQ(run.output, "found elsewhere\n");
    // What it reads is what later rules look at.
    const SupervisedRun refused =
        RunSupervised(options, {"/bin/sh", "-c", "echo > /nowhere/at/all"});
    EXPECT_THAT(refused, EndedWith(Exited{2}));
  }
}

TEST(HandlerTest, A32BitProgramReadsWhatItIsGiven) {
  const std::string path = TemporaryPath("elsewhere");
  std::ofstream(path) << "x";
  // The victim looks for getppid's answer; its own access to memory shows that nothing else moved.
  const Options options = Own({"getppid"}, [&](const EmulatedCall& call) -> Reaction {
    absl::StatusOr<SyscallRequest> access = OtherCall(call.request(), "access", {0, R_OK});
    EXPECT_THAT(access, IsOk());
    return RunCall{*access, {{0, path}}, [](const EmulatedCall&, int64_t result) {
                     return Answer{result == 0 ? 77 : result};
                   }};
  });
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers_i386"), "77"}), Succeeded());
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), "77"}), Succeeded());
}

TEST(HandlerTest, MemoryThatCannotBeWrittenIsEfault) {
  CollectingSink sink;
  Options options = Own({"getppid"}, [](const EmulatedCall&) -> Reaction {
    return Answer{5, {{0x1000, "x"}}};
  });
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), std::to_string(-EFAULT)}),
              Succeeded());
  ASSERT_FALSE(sink.decisions().empty());
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_EQ(recorded.result, -EFAULT);
  }
}

// A call that a signal interrupts and the kernel makes again is looked at once, when it is done.
TEST(HandlerTest, RestartsAreNoResults) {
  for (const char* victim : {"read_interrupted", "sleep_interrupted_by_stop"}) {
    std::vector<int64_t> results;
    const Options options =
        Own({"read", "nanosleep", "clock_nanosleep"}, [&](const EmulatedCall& call) -> Reaction {
          return RunCall{call.request(), {}, [&](const EmulatedCall&, int64_t result) {
                           results.push_back(result);
                           return Answer{result};
                         }};
        });
    EXPECT_THAT(RunSupervised(options, {Victim(victim)}), Succeeded()) << victim;
    EXPECT_FALSE(results.empty()) << victim;
    for (const int64_t result : results) EXPECT_GT(result, -512) << victim;
  }
}

TEST(HandlerTest, OneThatIsMissingIsSaidBeforeAnythingRuns) {
  Options options = Own({"getppid"}, [](const EmulatedCall&) -> Reaction { return Answer{1}; });
  options.handlers = HandlerTable::Builtin();
  const SupervisedRun run = RunSupervised(options, {Victim("getppid_answers"), "1"});
  EXPECT_THAT(run.outcome, StatusIs(absl::StatusCode::kNotFound, HasSubstr("`own`")));
}

TEST(HandlerTest, IsToldOfTasks) {
  class Watching final : public Handler {
   public:
    explicit Watching(std::vector<std::string>& events) : events_(events) {}
    Reaction OnCall(const EmulatedCall& call) override { return RunAsItIs(call); }
    void OnTaskMade(pid_t /*creator*/, pid_t /*child*/) override { events_.push_back("made"); }
    void OnExec(pid_t /*process*/) override { events_.push_back("exec"); }
    void OnTaskEnded(pid_t /*tid*/) override { events_.push_back("ended"); }
    absl::Status Finish() override {
      events_.push_back("finish");
      return absl::OkStatus();
    }

   private:
    std::vector<std::string>& events_;
  };
  std::vector<std::string> events;
  Options options = Own({"getppid"}, nullptr);
  options.handlers.Add({.name = "own", .keys = {}, .calls = {"getppid"}},
                       [&](const Emulation&) { return std::make_unique<Watching>(events); });
  EXPECT_THAT(RunSupervised(options, {"/bin/sh", "-c", "/bin/true; exit 3"}), EndedWith(Exited{3}));
  EXPECT_THAT(events, ElementsAre("exec", "made", "exec", "ended", "ended", "finish"));
}

}  // namespace
}  // namespace provost
