#include "tests/support/live_run.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "tests/support/victims.h"
#include "tests/support/watchdog.h"

namespace provost {

void LiveRunTest::SetUp() {
  std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  // That of a test with parameters has one.
  std::replace(name.begin(), name.end(), '/', '.');
  directory_ = TemporaryPath(absl::StrCat(name, ".", getpid()));
  ASSERT_EQ(mkdir(directory_.c_str(), 0700), 0);
  ASSERT_EQ(setenv("PROVOST_RUNTIME_DIR", (directory_ + "/run").c_str(), 1), 0);
  ASSERT_EQ(setenv("PID", (directory_ + "/pid").c_str(), 1), 0);
  ASSERT_EQ(setenv("FIFO", (directory_ + "/fifo").c_str(), 1), 0);
  MakeFifo("fifo");
}

void LiveRunTest::MakeFifo(const std::string& name) const {
  ASSERT_EQ(mkfifo((directory_ + "/" + name).c_str(), 0600), 0);
}

void LiveRunTest::Go(const std::string& fifo) const {
  const UniqueFd fd(open((directory_ + "/" + fifo).c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(write(fd.get(), "go\n", 3), 3);
}

Ended LiveRunTest::Ask(const std::string& command, pid_t run,
                       const std::vector<std::string>& options) {
  std::vector<std::string> argv = {Runfile("tools/cli/provost"), command, absl::StrCat(run)};
  argv.insert(argv.end(), options.begin(), options.end());
  return Subprocess(argv).Wait();
}

bool LiveRunTest::Await(const std::function<bool()>& is_so) {
  const Watchdog watchdog;
  while (!is_so()) {
    if (watchdog.timed_out()) return false;
    sched_yield();
  }
  return true;
}

bool LiveRunTest::AwaitCall(int nr) const {
  return Await([&] {
    const std::string pid(absl::StripAsciiWhitespace(ReadFile(directory_ + "/pid")));
    // proc_pid_syscall(5): "running", or the number of the call that it is blocked in.
    const std::string call = ReadFile(absl::StrCat("/proc/", pid, "/syscall"));
    return absl::StartsWith(call, absl::StrCat(nr, " "));
  });
}

std::string LiveRunTest::LogText() const { return ReadFile(Log()); }

void LiveRunTest::ExpectGaplessSerials() const {
  uint64_t last = 0;
  const std::string log = LogText();
  for (const absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::ByAnyChar(":)"));
    uint64_t serial = 0;
    ASSERT_GT(parts.size(), 1u) << line;
    ASSERT_TRUE(absl::SimpleAtoi(parts[1], &serial)) << line;
    if (last != 0) {
      EXPECT_LE(serial - last, 1u) << line;
    }
    last = serial;
  }
  EXPECT_GT(last, 0u);
}

}  // namespace provost
