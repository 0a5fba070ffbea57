#include "tests/support/live_run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "tests/support/victims.h"

namespace provost {

void LiveRunTest::SetUp() {
  const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  directory_ = TemporaryPath(absl::StrCat(name, ".", getpid()));
  ASSERT_EQ(mkdir(directory_.c_str(), 0700), 0);
  ASSERT_EQ(setenv("PROVOST_RUNTIME_DIR", (directory_ + "/run").c_str(), 1), 0);
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

std::string LiveRunTest::LogText() const { return ReadFile(Log()); }

}  // namespace provost
