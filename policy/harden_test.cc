#include "policy/harden.h"

#include <linux/seccomp.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/call_text.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "policy/presets.h"

namespace provost {
namespace {

constexpr pid_t kSupervisor = 4711;

Policy PolicyOf(const std::string& text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  return parsed.ok() ? parsed->policy : Policy();
}

Policy Harden(const std::vector<Policy>& policies = {}) {
  auto harden = HardenPolicy(policies, {.supervisor = kSupervisor});
  EXPECT_THAT(harden, IsOk());
  return *harden;
}

// What the filter of `policy` answers.
uint32_t Answer(const Policy& policy, const std::string& call, Arch arch) {
  FilterOptions options;
  options.trace_exec = false;
  const auto filter = CompileFilter(policy, options);
  const auto text = ParseCallText(call, arch);
  EXPECT_THAT(filter, IsOk());
  EXPECT_THAT(text, IsOk()) << call;
  if (!filter.ok() || !text.ok()) return 0;
  const auto answer = RunBpf(*filter, ToSeccompData(text->request));
  EXPECT_THAT(answer, IsOk());
  return answer.ok() ? *answer : 0;
}

constexpr uint32_t kTrace = SECCOMP_RET_TRACE | kTraceData;
uint32_t Errno(int error) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(error); }

TEST(HardenPolicyTest, RegistersAreDecidedInTheKernelForEveryAbi) {
  struct Case {
    const char* call;
    uint32_t answer;
  };
  for (const Case& test : {
           Case{"io_uring_setup(8, NULL)", Errno(ENOSYS)},
           Case{"io_uring_enter(3)", Errno(ENOSYS)},
           Case{"io_uring_register(3)", Errno(ENOSYS)},
           Case{"clone3(NULL, 88)", Errno(ENOSYS)},
           Case{"clone(CLONE_UNTRACED)", kTrace},
           Case{"userfaultfd(0)", Errno(EPERM)},
           Case{"userfaultfd(O_CLOEXEC)", Errno(EPERM)},
           Case{"userfaultfd(UFFD_USER_MODE_ONLY|O_CLOEXEC)", SECCOMP_RET_ALLOW},
           Case{"ioctl(3, 0xaa00, 0)", Errno(EPERM)},
           Case{"ioctl(3, 0xaa00, 1)", SECCOMP_RET_ALLOW},
           Case{"seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL)",
                Errno(EBUSY)},
           Case{"seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER|"
                "SECCOMP_FILTER_FLAG_TSYNC, NULL)",
                Errno(EBUSY)},
           Case{"ptrace(PTRACE_SEIZE, 1)", Errno(EPERM)},
           Case{"ptrace(PTRACE_ATTACH, 1)", Errno(EPERM)},
           Case{"kill(1, SIGTERM)", kTrace},
           Case{"kill(0, SIGTERM)", kTrace},
           Case{"tgkill(4711, 1, SIGTERM)", kTrace},
           Case{"rt_tgsigqueueinfo(4711, 1, SIGTERM)", kTrace},
           Case{"pidfd_getfd(3, 1)", kTrace},
           Case{"process_vm_writev(1)", kTrace},
           Case{"prlimit64(1, RLIMIT_CORE, arg2=1)", kTrace},
           Case{"openat(AT_FDCWD, NULL, O_WRONLY|O_CREAT)", kTrace},
           Case{"open(NULL, O_RDWR)", kTrace},
       }) {
    for (const Arch arch : kAllArches) {
      EXPECT_EQ(Answer(Harden(), test.call, arch), test.answer) << test.call;
    }
  }
}

TEST(HardenPolicyTest, OrdinaryCallsStayInTheKernel) {
  for (const char* call : {"read(0)",
                           "write(1)",
                           "openat(AT_FDCWD, NULL, O_RDONLY|O_CLOEXEC)",
                           "openat(AT_FDCWD, NULL, O_RDWR|O_CREAT|O_EXCL)",
                           "close(3)",
                           "mmap()",
                           "execve()",
                           "execveat()",
                           "clone(CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SIGHAND)",
                           "clone(SIGCHLD)",
                           "fcntl(3, F_SETFL, 0)",
                           "ioctl(0, TCGETS)",
                           "kill(1, 0)",
                           "tgkill(1, 1, SIGURG)",
                           "prlimit64(0, RLIMIT_NOFILE, arg2=1)",
                           "prlimit64(1, RLIMIT_NOFILE)",
                           "sched_setaffinity(0)",
                           "setpriority(PRIO_PROCESS, 0, 1)",
                           "futex()",
                           "prctl(PR_SET_NAME)",
                           "seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL)",
                           "ptrace(PTRACE_TRACEME)",
                           "pidfd_open(1)",
                           "wait4()"}) {
    for (const Arch arch : kAllArches) {
      EXPECT_EQ(Answer(Harden(), call, arch), SECCOMP_RET_ALLOW) << call;
    }
  }
}

TEST(HardenPolicyTest, ExecveatGoesWithExecve) {
  const auto answer = [](const std::string& policy) {
    return Answer(Harden({PolicyOf(policy)}), "execveat()", Arch::kX86_64);
  };
  EXPECT_EQ(answer("default allow\n"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer("default allow\nlog execve\n"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer("default allow\ndeny EPERM execve if path ~ \"/x\"\n"), Errno(ENOSYS));
  EXPECT_EQ(answer("default deny EPERM\nallow execve if path ~ \"/x\"\nallow execveat\n"),
            Errno(ENOSYS));
  // Who has thought of it has decided it.
  EXPECT_EQ(answer("default deny EPERM\nallow execve if path ~ \"/x\"\n"), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer("default allow\ndeny EPERM execve, execveat if path ~ \"/x\"\n"),
            SECCOMP_RET_ALLOW);
}

TEST(HardenPolicyTest, RulesAreSharedWithPoliciesThatMayRefuse) {
  const auto shared = [](const std::string& policy, const char* rule) {
    const std::vector<Policy> policies = {PolicyOf(policy)};
    return AlsoRuledBy(policies, Harden(policies)).contains(rule);
  };
  EXPECT_FALSE(shared("default allow\ndeny EPERM read\n", "harden:io_uring"));
  EXPECT_FALSE(
      shared("default deny EPERM\nallow io_uring_setup, io_uring_enter, io_uring_register\n",
             "harden:io_uring"));
  EXPECT_TRUE(shared("default deny EPERM\n", "harden:io_uring"));
  EXPECT_TRUE(shared("default allow\nlog io_uring_setup\n", "harden:io_uring"));
  EXPECT_TRUE(shared("default allow\nkill io_uring_enter if fd == 3\n", "harden:io_uring"));
  EXPECT_FALSE(shared("default allow\nkill io_uring_enter if fd == 3\n", "harden:listener"));
  EXPECT_FALSE(shared("arch x86_64\ndefault allow\n", "harden:io_uring"));
  EXPECT_TRUE(shared("arch x86_64\ndefault allow\nlogging on\n", "harden:io_uring"));
}

TEST(HardenPolicyTest, OnlyWhatRunsIsLeftToIt) {
  EXPECT_TRUE(LeavesToHarden({Allow{}}));
  EXPECT_TRUE(LeavesToHarden({Log{}}));
  EXPECT_TRUE(LeavesToHarden({Rewrite{}}));
  for (const Verdict& verdict : std::vector<Verdict>{Deny{EPERM}, Return{0}, Trap{}, Kill{}}) {
    EXPECT_FALSE(LeavesToHarden({verdict}));
  }
}

TEST(PresetTest, StrictIsAPolicyThatRefuses) {
  const PolicyPreset* strict = FindPreset("strict");
  ASSERT_NE(strict, nullptr);
  EXPECT_EQ(FindPreset("stric"), nullptr);
  EXPECT_EQ(NamesOfPresets(), "strict, faketime");
  const auto parsed = ParsePolicyText(strict->text, "preset:strict");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_TRUE(parsed->warnings.empty());
  for (const char* call :
       {"bpf()", "perf_event_open()", "init_module()", "kexec_load()", "mount()", "unshare()",
        "setns()", "pidfd_getfd()", "clone(CLONE_NEWUSER)", "ioctl(0, TIOCSTI)", "userfaultfd()"}) {
    EXPECT_EQ(Answer(parsed->policy, call, Arch::kX86_64), Errno(EPERM)) << call;
  }
  for (const char* call :
       {"read()", "openat()", "clone(CLONE_VM)", "execve()", "ioctl(0, TCGETS)"}) {
    EXPECT_EQ(Answer(parsed->policy, call, Arch::kX86_64), SECCOMP_RET_ALLOW) << call;
  }
}

}  // namespace
}  // namespace provost
