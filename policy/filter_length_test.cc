#include "policy/filter_length.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/parser.h"

namespace provost {
namespace {

// Installs it again and again; how often the kernel takes it, told by a child's pipe.
int TimesTaken(const BpfProgram& filter) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const sock_fprog program = {static_cast<uint16_t>(filter.size()),
                                const_cast<sock_filter*>(filter.data())};
    int taken = 0;
    while (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) ++taken;
    if (errno != ENOMEM) taken = -errno;
    if (write(ends[1], &taken, sizeof(taken)) != sizeof(taken)) _exit(1);
    _exit(0);
  }
  close(ends[1]);
  int taken = 0;
  EXPECT_EQ(read(ends[0], &taken, sizeof(taken)), ssize_t{sizeof(taken)});
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return taken;
}

TEST(FilterLengthTest, IsWhatTheKernelCounts) {
  for (const char* text :
       {"default allow\ndeny EPERM mkdir\n",
        "default allow\ndeny EACCES socket if family in {AF_NETLINK, AF_PACKET}\n"
        "deny EPERM ioctl if cmd == 0x80045430\nlog getppid\n"}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyText(text, "text"));
    PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram filter, CompileFilter(parsed.policy, {}));
    const int taken = TimesTaken(filter);
    ASSERT_GT(taken, 10) << text;
    // So many fit, and not one more; the last counts without its overhead.
    const size_t each = KernelLength(filter) + kFilterOverhead;
    EXPECT_LE(each * taken, kMostFilterInstructions + kFilterOverhead) << text;
    EXPECT_GT(each * (taken + 1), kMostFilterInstructions) << text;
  }
}

}  // namespace
}  // namespace provost
