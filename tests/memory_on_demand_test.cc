// Memory that is there only when somebody says so: a task must not hold its supervisor up with it.

#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/sinks.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

// With vm.unprivileged_userfaultfd 0, as usual, only the privileged have one that stops the kernel.
bool HasUserfaultfd() {
  const auto fd = static_cast<int>(syscall(SYS_userfaultfd, 0));
  if (fd >= 0) close(fd);
  return fd >= 0;
}

class MemoryOnDemandTest : public testing::TestWithParam<const char*> {};

TEST_P(MemoryOnDemandTest, IsTheEndOfWhoNamesItInACall) {
  if (!HasUserfaultfd()) GTEST_SKIP() << "no userfaultfd without privilege";
  CountingSink sink;
  Options options = OptionsOf({GetParam()});
  options.sink = &sink;
  // Hardening refuses such descriptors; a FUSE server's memory is no less on demand.
  options.unsafe_harden_off = true;
  options.read_bounds = {.tick = std::chrono::milliseconds(20), .ticks = 5};
  // With the descriptor in its hands alone, and in those of another task, for which the tree dies.
  for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"held"}}) {
    std::vector<std::string> argv = {Victim("path_behind_userfaultfd")};
    argv.insert(argv.end(), how.begin(), how.end());
    const SupervisedRun run = RunSupervised(options, argv);
    EXPECT_THAT(run, EndedWith(KilledBy{SIGKILL}));
    EXPECT_EQ(run.output, "READY\n");
  }
}

// Read by a condition; by a record.
INSTANTIATE_TEST_SUITE_P(Reading, MemoryOnDemandTest,
                         testing::Values("deny EACCES access if path under \"/secret\"",
                                         "log access"),
                         [](const testing::TestParamInfo<const char*>& test) {
                           return test.index == 0 ? "ByACondition" : "ByARecord";
                         });

}  // namespace
}  // namespace provost
