#include "supervisor/kernel_features.h"

#include <fcntl.h>
#include <libaudit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

// Newer than Debian 12's headers (linux/ptrace.h and asm/unistd_64.h of Linux 6.16 and 6.10).
constexpr int kPtraceSetSyscallInfo = 0x4212;
constexpr long kMseal = 462;

struct Action {
  const char* name;
  uint32_t action;
  const char* cost;
  bool needed;
};

constexpr char kNoVerdict[] = "provost cannot run: verdicts of policies need it";
constexpr std::array kActions = {
    Action{"kill_process", SECCOMP_RET_KILL_PROCESS, kNoVerdict, true},
    Action{"kill_thread", SECCOMP_RET_KILL_THREAD, kNoVerdict, true},
    Action{"trap", SECCOMP_RET_TRAP, kNoVerdict, true},
    Action{"errno", SECCOMP_RET_ERRNO, kNoVerdict, true},
    Action{"trace", SECCOMP_RET_TRACE, "provost cannot run: calls do not come to it", true},
    Action{"log", SECCOMP_RET_LOG, "nothing: provost writes its records itself", false},
    Action{"user_notif", SECCOMP_RET_USER_NOTIF, "nothing: provost does not use it", false},
    Action{"allow", SECCOMP_RET_ALLOW, kNoVerdict, true},
};

struct Flag {
  const char* name;
  unsigned bits;
};

constexpr std::array kFlags = {
    Flag{"tsync", SECCOMP_FILTER_FLAG_TSYNC},
    Flag{"log", SECCOMP_FILTER_FLAG_LOG},
    Flag{"spec_allow", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    Flag{"new_listener", SECCOMP_FILTER_FLAG_NEW_LISTENER},
    Flag{"tsync_esrch", SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
    // Known only together with the listener that it is about.
    Flag{"wait_killable_recv",
         SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

constexpr std::array kSysctls = {"kernel.seccomp.actions_avail", "kernel.seccomp.actions_logged",
                                 "kernel.yama.ptrace_scope", "kernel.unprivileged_userns_clone"};

Presence ToPresence(bool present) { return present ? Presence::kPresent : Presence::kMissing; }

Presence ProbeAction(uint32_t action) {
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return Presence::kPresent;
  return errno == EOPNOTSUPP ? Presence::kMissing : Presence::kUnknown;
}

// No filter is installed: a flag that is known gets as far as reading the missing program.
Presence ProbeFlag(unsigned bits) {
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, bits, nullptr) == 0) return Presence::kUnknown;
  if (errno == EFAULT) return Presence::kPresent;
  return errno == EINVAL ? Presence::kMissing : Presence::kUnknown;
}

std::optional<std::string> ReadSysctl(std::string name) {
  for (char& c : name) c = c == '.' ? '/' : c;
  std::ifstream file("/proc/sys/" + name);
  std::string value;
  if (!std::getline(file, value)) return std::nullopt;
  return std::string(absl::StripAsciiWhitespace(value));
}

void Reap(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

// What ptrace(2) can do with a child of ours that waits.
void ProbePtrace(KernelFacts& facts) {
  const pid_t pid = fork();
  if (pid < 0) return;
  if (pid == 0) {
    while (true) pause();
  }
  facts.ptrace_seize = ToPresence(ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0);
  int status = 0;
  const bool stopped = facts.ptrace_seize == Presence::kPresent &&
                       ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0 &&
                       waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
  if (stopped) {
    __ptrace_syscall_info info = {};
    facts.get_syscall_info =
        ToPresence(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
    // The stop is of no system call, so that a kernel that has the request refuses it with EINVAL
    // (kernel/ptrace.c, ptrace_set_syscall_info); one that has not says EIO.
    info = {};
    const long set = syscall(SYS_ptrace, kPtraceSetSyscallInfo, pid, sizeof(info), &info);
    facts.set_syscall_info = ToPresence(set == 0 || errno == EINVAL);
  }
  Reap(pid);
}

// Whether `body`, which may be a fatal mistake to run, returns true in a child.
template <typename Body>
Presence ProbeInChild(Body body) {
  const pid_t pid = fork();
  if (pid < 0) return Presence::kUnknown;
  if (pid == 0) {
    signal(SIGSEGV, SIG_DFL);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
  }
  return ToPresence(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

bool Int80Works() {
  constexpr long kGetpid = 20;  // i386
  long result = kGetpid;
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result == getpid();
}

bool X32Works() {
  constexpr long kX32Getpid = 0x40000000 | SYS_getpid;
  return syscall(kX32Getpid) == getpid();
}

Presence ProbeFreezer() {
  std::ifstream own("/proc/self/cgroup");
  std::string line;
  while (std::getline(own, line)) {
    if (!absl::StartsWith(line, "0::")) continue;
    const std::string directory = "/sys/fs/cgroup" + line.substr(3);
    const bool is_cgroup2 = access((directory + "/cgroup.procs").c_str(), F_OK) == 0 &&
                            access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
    return ToPresence(is_cgroup2 && access(directory.c_str(), W_OK) == 0);
  }
  return Presence::kMissing;
}

Presence ProbeAudit() {
  const UniqueFd fd(audit_open());
  if (!fd.valid()) return Presence::kMissing;
  // Needs CAP_AUDIT_CONTROL.
  const int enabled = audit_is_enabled(fd.get());
  return enabled < 0 ? Presence::kUnknown : ToPresence(enabled > 0);
}

Presence Find(const std::map<std::string, Presence>& answers, const std::string& name) {
  const auto found = answers.find(name);
  return found == answers.end() ? Presence::kUnknown : found->second;
}

// What a value of a sysctl means; "" where it is as provost wants it.
std::string CostOf(const std::string& name, const std::string& value) {
  if (name == "kernel.yama.ptrace_scope" && value == "2") {
    return "provost needs CAP_SYS_PTRACE";
  }
  if (name == "kernel.yama.ptrace_scope" && value == "3") {
    return "provost cannot run: nobody may trace until the next boot";
  }
  if (name == "kernel.seccomp.actions_logged") {
    return "the kernel logs these of its own; provost's records have --actions-logged";
  }
  return "";
}

void DescribeSysctls(const KernelFacts& facts, std::vector<KernelFeature>& features) {
  for (const char* name : kSysctls) {
    const auto found = facts.sysctls.find(name);
    if (found == facts.sysctls.end()) continue;
    const std::string cost = CostOf(name, found->second);
    const bool fatal = absl::StartsWith(cost, "provost cannot run");
    features.push_back({absl::StrCat("sysctl ", name),
                        fatal ? Presence::kMissing : Presence::kPresent, found->second, cost,
                        fatal});
  }
}

}  // namespace

KernelFacts ProbeActions() {
  KernelFacts facts;
  for (const Action& action : kActions) facts.actions[action.name] = ProbeAction(action.action);
  return facts;
}

Presence ProbeMseal() {
  // A flag that mseal(2) does not know: EINVAL, whatever the addresses.
  const long sealed = syscall(kMseal, nullptr, 0, 1);
  return ToPresence(sealed == 0 || errno != ENOSYS);
}

KernelFacts ProbeKernel() {
  KernelFacts facts = ProbeActions();
  for (const Flag& flag : kFlags) facts.filter_flags[flag.name] = ProbeFlag(flag.bits);
  for (const char* name : kSysctls) {
    if (std::optional<std::string> value = ReadSysctl(name)) facts.sysctls[name] = *value;
  }
  ProbePtrace(facts);
  facts.mseal = ProbeMseal();
  facts.cgroup_freezer = ProbeFreezer();
  facts.audit = ProbeAudit();
  facts.i386 = ProbeInChild(Int80Works);
  facts.x32 = ProbeInChild(X32Works);
  return facts;
}

std::vector<KernelFeature> DescribeKernel(const KernelFacts& facts) {
  std::vector<KernelFeature> features;
  features.reserve(kActions.size() + kFlags.size());
  for (const Action& action : kActions) {
    features.push_back({absl::StrCat("seccomp action ", action.name),
                        Find(facts.actions, action.name), "", action.cost, action.needed});
  }
  for (const Flag& flag : kFlags) {
    features.push_back({absl::StrCat("seccomp filter flag ", flag.name),
                        Find(facts.filter_flags, flag.name), "",
                        "nothing: provost installs its filters without flags", false});
  }
  features.push_back({"ptrace of a child", facts.ptrace_seize, "",
                      "provost cannot run: it is traced itself, or may not trace", true});
  features.push_back({"PTRACE_GET_SYSCALL_INFO", facts.get_syscall_info, "",
                      "provost cannot run: it reads calls by it (Linux 5.3 has it)", true});
  features.push_back({"PTRACE_SET_SYSCALL_INFO", facts.set_syscall_info, "",
                      "nothing: provost writes registers instead (Linux 6.16 has it)", false});
  features.push_back({"mseal", facts.mseal, "",
                      "rules on paths, addresses and structures run under --arguments trust alone "
                      "(Linux 6.10 has it)",
                      false});
  features.push_back({"cgroup v2 freezer", facts.cgroup_freezer, "",
                      "nothing yet: a tree cannot be frozen as a whole", false});
  features.push_back({"kernel audit", facts.audit, "",
                      "the kernel writes no records of its own; provost's log does not need it",
                      false});
  features.push_back({"i386 calls", facts.i386, "", "32-bit programs do not run at all", false});
  features.push_back({"x32 calls", facts.x32, "", "nothing: every policy refuses them", false});
  DescribeSysctls(facts, features);
  return features;
}

absl::Status CheckActions(const KernelFacts& facts) {
  for (const Action& action : kActions) {
    if (!action.needed || Find(facts.actions, action.name) != Presence::kMissing) continue;
    return absl::UnimplementedError(
        absl::StrCat("this kernel has no seccomp action ", action.name,
                     ": Linux 4.14 or later is needed; see `provost doctor`"));
  }
  return absl::OkStatus();
}

}  // namespace provost
