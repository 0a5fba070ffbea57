#include "policy/harden.h"

#include <algorithm>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/parser.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// clone3 is refused of every new thread, quietly: a record of each would say nothing.
// USERFAULTFD_IOC_NEW is _IO(0xAA, 0) in linux/userfaultfd.h, and 1 is UFFD_USER_MODE_ONLY; who
// opens /dev/userfaultfd gets a descriptor as from userfaultfd(2), whatever
// vm.unprivileged_userfaultfd says. PR_SYS_DISPATCH_ON is 1. A process whose leader ends before its
// last thread sends the signal that it is to end with to its tracer (release_task in
// kernel/exit.c), if that has executed as many programs as it (do_notify_parent in
// kernel/signal.c); 17 is SIGCHLD, 0xff is CSIGNAL.
constexpr absl::string_view kRules = R"(default allow
deny ENOSYS io_uring_setup, io_uring_enter, io_uring_register as "harden:io_uring"
deny EPERM userfaultfd if !(flags has UFFD_USER_MODE_ONLY) as "harden:userfaultfd"
deny EPERM ioctl if cmd == 0xaa00 && !(arg has 1) as "harden:userfaultfd"
deny EBUSY seccomp if op == SECCOMP_SET_MODE_FILTER && flags has SECCOMP_FILTER_FLAG_NEW_LISTENER as "harden:listener"
deny ENOSYS clone3 as "harden:clone3" quiet
deny EPERM clone if (flags & 0xff) != 0 && (flags & 0xff) != 17 as "harden:exit-signal"
ask clone if flags has CLONE_UNTRACED as "harden:clone-untraced"
deny EPERM ptrace if request in {PTRACE_ATTACH, PTRACE_SEIZE} as "harden:ptrace"
ask process_vm_readv, process_vm_writev as "harden:memory"
ask kill, tkill, rt_sigqueueinfo, pidfd_send_signal if sig != 0 as "harden:signal"
ask fcntl, fcntl64 if cmd in {F_SETOWN, F_SETOWN_EX} as "harden:signal"
ask ioctl if cmd in {FIOSETOWN, SIOCSPGRP} as "harden:signal"
ask pidfd_getfd as "harden:pidfd"
ask prlimit64 if pid != 0 && arg2 != 0 as "harden:limits"
ask sched_setscheduler, sched_setparam, sched_setattr, sched_setaffinity if pid != 0 as "harden:limits"
ask migrate_pages, move_pages if pid != 0 as "harden:limits"
ask setpriority if which == PRIO_PROCESS && who != 0 as "harden:limits"
ask ioprio_set if which == IOPRIO_WHO_PROCESS && who != 0 as "harden:limits"
log prctl if option == PR_SET_SYSCALL_USER_DISPATCH && arg1 == 1 as "harden:dispatch"
)";

// O_CREAT with O_EXCL never opens what is there.
constexpr absl::string_view kMemoryFiles =
    R"(ask open, openat if flags & O_ACCMODE && !(flags has O_CREAT|O_EXCL) as "harden:proc-mem"
ask creat, openat2 as "harden:proc-mem"
)";

constexpr absl::string_view kExecveat = R"(deny ENOSYS execveat as "harden:execveat"
)";

bool MayRefuse(const Rule& rule) { return !LeavesToHarden(rule.decision()); }

bool SaysMoreThanAllow(const Rule& rule) { return !std::holds_alternative<Allow>(rule.verdict); }

// True if the policy may decide the call by a rule of which `holds` holds.
template <typename Holds>
bool MayDecide(const Policy& policy, Arch arch, int32_t nr, Holds holds) {
  for (const BoundRule& bound : policy.RulesFor(arch, nr)) {
    if (holds(*bound.rule)) return true;
    if (bound.IsUnconditional()) return false;
  }
  return holds(policy.OtherwiseFor(arch, nr));
}

bool MayRefuseCall(const Policy& policy, absl::string_view name) {
  return std::any_of(kAllArches.begin(), kAllArches.end(), [&](Arch arch) {
    const Syscall* call = SyscallTable::Get().Find(arch, name);
    return call != nullptr && policy.Lists(arch) && MayDecide(policy, arch, call->nr, MayRefuse);
  });
}

}  // namespace

bool LeavesToHarden(const Decision& decision) {
  return !Refuses(decision.verdict) || std::holds_alternative<Rewrite>(decision.verdict);
}

absl::StatusOr<Policy> HardenPolicy(absl::Span<const Policy> policies,
                                    const HardenTargets& targets) {
  std::string text(kRules);
  for (const pid_t own : {targets.supervisor, targets.guardian}) {
    if (own == 0) continue;
    absl::StrAppend(&text, "ask tgkill, rt_tgsigqueueinfo if tgid == ", own,
                    " && sig != 0 as \"harden:signal\"\n");
  }
  if (targets.watch_memory_files) absl::StrAppend(&text, kMemoryFiles);
  // A program is executed by either: who rules the one and forgets the other has ruled nothing. A
  // program that is told of no such call uses execve (fexecve(3)).
  const bool forgotten = std::any_of(policies.begin(), policies.end(), [](const Policy& policy) {
    return MayRefuseCall(policy, "execve") && !MayRefuseCall(policy, "execveat");
  });
  if (forgotten) absl::StrAppend(&text, kExecveat);
  PROVOST_ASSIGN_OR_RETURN(ParsedPolicy parsed, ParsePolicyText(text, "harden"));
  return std::move(parsed.policy);
}

absl::flat_hash_set<std::string> AlsoRuledBy(absl::Span<const Policy> policies,
                                             const Policy& harden) {
  absl::flat_hash_set<std::string> names;
  for (const Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      const auto rules = harden.RulesFor(arch, call.nr);
      if (rules.empty()) continue;
      const bool also = std::any_of(policies.begin(), policies.end(), [&](const Policy& policy) {
        // An ABI that it is not for it refuses as the kernel would, silently unless asked.
        return policy.Lists(arch) ? MayDecide(policy, arch, call.nr, SaysMoreThanAllow)
                                  : AsksForRecord(policy.ArchRule().wish);
      });
      if (!also) continue;
      for (const BoundRule& bound : rules) names.insert(bound.rule->name);
    }
  }
  return names;
}

}  // namespace provost
