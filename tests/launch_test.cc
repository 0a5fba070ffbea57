// Starting a program under supervision, from its first instruction on.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "tests/support/sinks.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

bool HasSysAdmin() {
  // Installing a filter without no_new_privs takes it; the effective set is hexadecimal.
  const std::string status = ReadFile("/proc/self/status");
  const size_t at = status.find("CapEff:\t");
  constexpr uint64_t kSysAdmin = uint64_t{1} << 21;
  return at != std::string::npos &&
         (std::stoull(status.substr(at + 8, 16), nullptr, 16) & kSysAdmin) != 0;
}

std::string WriteFile(const std::string& name, const std::string& text, mode_t mode) {
  std::string path = TemporaryPath(name);
  std::ofstream(path) << text;
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

TEST(LaunchTest, TheFirstInstructionIsTraced) {
  // Without a tracer in place at that moment it would see ENOSYS and fail.
  for (int i = 0; i < 200; ++i) {
    CountingSink sink;
    Options options = OptionsOf({"log getppid"});
    options.sink = &sink;
    ASSERT_THAT(RunSupervised(options, {Victim("first_call_is_traced")}), Succeeded()) << i;
    ASSERT_EQ(sink.decisions(), 1);
  }
  EXPECT_THAT(RunSupervised(OptionsOf({"deny ENOSYS getppid"}), {Victim("first_call_is_traced")}),
              EndedWith(Exited{1}));
}

TEST(LaunchTest, WhatCannotBeStartedIsNotStarted) {
  const std::string directory = TemporaryPath("directory");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string data = WriteFile("data", "no program\n", 0600);
  const std::string no_interpreter = WriteFile("script", "#!/nonexistent/interpreter\n", 0700);
  struct Case {
    std::string program;
    int error;
  };
  for (const char* statement : {"default allow", "default log", "default deny EPERM"}) {
    for (const Case& test :
         {Case{"/nonexistent", ENOENT}, Case{"nonexistent-anywhere", ENOENT},
          Case{directory, EACCES}, Case{data, EACCES}, Case{no_interpreter, ENOENT},
          Case{"", ENOENT}, Case{Victim("succeeds") + "/below", ENOTDIR}}) {
      CollectingSink sink;
      Options options = OptionsOf({statement});
      options.sink = &sink;
      const SupervisedRun run = RunSupervised(options, {test.program});
      ASSERT_TRUE(run.outcome.ok()) << run;
      const auto* not_started = std::get_if<NotStarted>(&*run.outcome);
      ASSERT_NE(not_started, nullptr) << test.program << ": " << run;
      EXPECT_EQ(not_started->failure.step, LaunchFailure::Step::kExec);
      EXPECT_EQ(not_started->failure.error, test.error) << test.program;
      // What never ran has made no call.
      EXPECT_TRUE(sink.decisions().empty());
    }
  }
}

TEST(LaunchTest, NoProgramIsAnError) { EXPECT_FALSE(RunSupervised(Options(), {}).outcome.ok()); }

TEST(LaunchTest, AProgramIsFoundInPath) {
  const std::string victim = Victim("succeeds");
  const std::string directory = victim.substr(0, victim.rfind('/'));
  const char* path = getenv("PATH");
  ASSERT_NE(path, nullptr);
  const std::string old_path = path;
  // execvp tries each directory in turn; those calls are the launcher's, not the program's.
  setenv("PATH", absl::StrCat("/nonexistent:/dev/null:", directory, ":/usr/bin").c_str(), 1);
  CollectingSink sink;
  Options options = OptionsOf({"log execve log result"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {"succeeds"}), Succeeded());
  setenv("PATH", old_path.c_str(), 1);
  ASSERT_EQ(sink.decisions().size(), 1);
  EXPECT_EQ(sink.decisions()[0].result, 0);
  EXPECT_TRUE(absl::EndsWith(sink.decisions()[0].identity.exe, "/succeeds"))
      << sink.decisions()[0].identity.exe;
}

TEST(LaunchTest, AScriptRunsByItsInterpreter) {
  const std::string script =
      WriteFile("ok-script", absl::StrCat("#!/bin/sh\nexec ", Victim("succeeds"), "\n"), 0700);
  for (const char* statement : {"default allow", "default log log result"}) {
    EXPECT_THAT(RunSupervised(OptionsOf({statement}), {script}), Succeeded());
  }
}

TEST(LaunchTest, NoNewPrivsIsSet) {
  EXPECT_THAT(RunSupervised(Options(), {Victim("no_new_privs_is"), "1"}), Succeeded());
  EXPECT_THAT(RunSupervised(OptionsOf({"default log"}), {Victim("no_new_privs_is"), "1"}),
              Succeeded());
}

TEST(LaunchTest, NoNewPrivsIsLeftAloneOnDemand) {
  Options options = OptionsOf({"default log"});
  options.unsafe_allow_new_privs = true;
  const SupervisedRun run = RunSupervised(options, {Victim("no_new_privs_is"), "0"});
  if (HasSysAdmin()) {
    EXPECT_THAT(run, Succeeded());
    return;
  }
  ASSERT_TRUE(run.outcome.ok()) << run;
  const auto* not_started = std::get_if<NotStarted>(&*run.outcome);
  ASSERT_NE(not_started, nullptr) << run;
  EXPECT_EQ(not_started->failure.step, LaunchFailure::Step::kFilter);
  EXPECT_EQ(not_started->failure.error, EACCES);
}

class Inheritance {
 public:
  // Blocks and ignores a few signals, opens a few descriptors.
  Inheritance() : fd_(open("/dev/null", O_RDONLY)), closed_(open("/dev/zero", O_RDWR | O_CLOEXEC)) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGUSR1, SIGTERM, SIGRTMIN + 7}) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, &old_mask_);
    ::signal(SIGUSR2, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
  }
  ~Inheritance() {
    sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    for (const int signal : {SIGUSR2, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
    close(fd_);
    close(closed_);
  }
  Inheritance(const Inheritance&) = delete;
  Inheritance& operator=(const Inheritance&) = delete;

 private:
  int fd_;
  int closed_;
  sigset_t old_mask_;
};

TEST(LaunchTest, AProgramInheritsWhatItWouldNatively) {
  const Inheritance inheritance;
  const std::string provost = Runfile("tools/cli/provost");
  const std::string log = TemporaryPath("inheritance.log");
  const std::vector<std::string> program = {Victim("prints_inheritance"), "an argument", ""};
  // Opened to pass on what Subprocess itself does not: a number far up.
  const auto in_child = [] { dup2(open("/dev/null", O_WRONLY), 77); };
  const auto run = [&](std::vector<std::string> argv) {
    argv.insert(argv.end(), program.begin(), program.end());
    return Subprocess(argv, in_child).Wait();
  };
  const auto comparable = [](const Ended& ended) {
    // Pipes are new each time, and so is the process group.
    std::string text;
    for (absl::string_view line : absl::StrSplit(ended.out, '\n')) {
      if (absl::StartsWith(line, "fd 1:") || absl::StartsWith(line, "fd 2:")) {
        line = line.substr(0, line.find(", file"));
      }
      absl::StrAppend(&text, line.substr(0, line.find(", pgrp")), "\n");
    }
    return text;
  };
  const Ended natively = run({});
  ASSERT_EQ(natively.exit_code, 0) << natively;
  ASSERT_TRUE(absl::StrContains(natively.out, "fd 77:")) << natively;
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"-e", "default allow"},
                                             {"-o", log},
                                             {"-o", log, "-e", "default log"},
                                             {"--mode", "unrestricted"}}) {
    std::vector<std::string> argv = {provost, "run"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    const Ended supervised = run(argv);
    EXPECT_EQ(supervised.exit_code, 0) << supervised;
    EXPECT_EQ(comparable(supervised), comparable(natively)) << options[0];
  }
}

TEST(LaunchTest, DefaultDenyStartsTheProgramAndRefusesLaterExecs) {
  // Only what a static program without a filter of its own needs.
  const std::vector<std::string> start = {
      "default deny EPERM",
      "allow read, write, brk, mmap, munmap, mprotect, arch_prctl, set_tid_address, "
      "set_robust_list, rseq, prlimit64, readlink, readlinkat, getrandom, uname, fstat, "
      "newfstatat"};
  for (const char* wish : {"", " log"}) {
    std::vector<std::string> statements = start;
    statements[0] += wish;
    CollectingSink sink;
    Options options = OptionsOf(statements);
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("succeeds")}), Succeeded());
    EXPECT_TRUE(sink.decisions().empty()) << sink.text();
    EXPECT_THAT(RunSupervised(options, {Victim("exec_answers"), std::to_string(-EPERM)}),
                Succeeded());
    // execve and execveat.
    EXPECT_EQ(sink.decisions().size(), *wish == '\0' ? 0 : 2) << sink.text();
  }
}

TEST(LaunchTest, EveryVerdictOnExecveLetsTheFirstOneThrough) {
  for (const char* verdict : {"deny EACCES", "return 0", "trap", "kill process", "kill thread"}) {
    for (const char* wish : {"", " log"}) {
      EXPECT_THAT(RunSupervised(OptionsOf({absl::StrCat(verdict, " execve, execveat", wish)}),
                                {Victim("succeeds")}),
                  Succeeded())
          << verdict << wish;
    }
  }
  EXPECT_THAT(RunSupervised(OptionsOf({"deny EACCES execve, execveat"}),
                            {Victim("exec_answers"), std::to_string(-EACCES)}),
              Succeeded());
}

// Several filters: the second is installed under the first.
TEST(LaunchTest, StackedPoliciesThatRefuseEverythingElseStartTheProgram) {
  for (const char* verdict : {"deny EPERM", "trap", "kill process", "return 3"}) {
    Options options;
    for (int i = 0; i < 4; ++i) {
      options.policies.push_back(
          PolicyOf({absl::StrCat("default ", verdict),
                    "allow write, brk, mmap, munmap, mprotect, arch_prctl, set_tid_address, "
                    "set_robust_list, rseq, prlimit64, readlink, readlinkat, getrandom, uname, "
                    "fstat, newfstatat"}));
    }
    EXPECT_THAT(RunSupervised(options, {Victim("succeeds")}), Succeeded()) << verdict;
  }
}

}  // namespace
}  // namespace provost
