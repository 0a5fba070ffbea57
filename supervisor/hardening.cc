#include "supervisor/hardening.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "base/scheduling.h"
#include "base/status_macros.h"
#include "policy/harden.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/named_task.h"
#include "tracee/registers.h"

namespace provost {
namespace {

// linux/pidfd.h; since Linux 6.9.
constexpr uint32_t kSignalProcessGroup = 4;

std::weak_ptr<const Aside>& CurrentAside() {
  static thread_local std::weak_ptr<const Aside> current;
  return current;
}

absl::string_view NameOf(const SyscallRequest& request) {
  const Syscall* call = SyscallTable::Get().Find(request);
  return call == nullptr ? absl::string_view() : call->signature->name;
}

int32_t Int(uint64_t argument) { return static_cast<int32_t>(argument); }

// True if the tasks that may trace others of their user are kept from it by the kernel itself
// (Yama's ptrace_scope, Documentation/admin-guide/LSM/Yama.rst): only descendants are left to them.
bool KernelGuardsMemory(bool may_gain_privilege) {
  if (geteuid() == 0 || may_gain_privilege) return false;
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  return file >> scope && scope > 0;
}

template <typename T>
std::optional<T> ReadValue(ArgumentReader& arguments, uint64_t address) {
  T value = {};
  const absl::Span<char> bytes(reinterpret_cast<char*>(&value), sizeof(value));
  if (!arguments.ReadBytes(address, bytes).ok()) return std::nullopt;
  return value;
}

// ---- Whom a call names ----

bool IsSupervisor(pid_t tid, int32_t number) {
  return number > 0 && IsOurOwn(TaskNumbered(tid, number));
}

// fcntl(2), F_SETOWN: a process, or a group with a minus.
bool OwnsSupervisor(pid_t tid, int64_t number) {
  if (number >= 0) return IsSupervisor(tid, static_cast<int32_t>(number));
  return number >= INT32_MIN && TaskNumbered(tid, static_cast<int32_t>(-number)) == getpgrp();
}

bool IsForeignMemory(pid_t tid, int32_t number) {
  if (number <= 0) return false;
  const pid_t task = TaskNumbered(tid, number);
  return task != 0 && !IsTracedByUs(task);
}

// The group a signal goes to; nullopt: to none that the supervisor could be in.
bool GoesToOurGroup(absl::string_view call, pid_t tid, const SyscallRequest& runs) {
  const int32_t target = Int(runs.args[0]);
  if (Int(runs.args[1]) == 0) return false;
  if (call == "kill") {
    // Whose group the task is in may change until the call runs: it may be ours then.
    if (target == 0) return true;
    return target < -1 && TaskNumbered(tid, -target) == getpgrp();
  }
  if (call != "pidfd_send_signal" || (runs.args[3] & kSignalProcessGroup) == 0) return false;
  const std::optional<pid_t> leader = TaskOfPidfd(tid, target);
  // A descriptor below 0 is the caller, who may be a leader.
  return target < 0 || !leader.has_value() || *leader == getpgrp();
}

bool IsRefusedSignal(absl::string_view call, pid_t tid, const SyscallRequest& runs) {
  const int32_t target = Int(runs.args[0]);
  const int32_t signal = Int(runs.args[1]);
  if (GoesToOurGroup(call, tid, runs)) {
    // Of what can be caught the supervisor knows whom it is from.
    const bool is_caught = signal != SIGKILL && signal != SIGSTOP;
    return !is_caught && Aside::Step() == nullptr;
  }
  if (call == "pidfd_send_signal") {
    const std::optional<pid_t> process = TaskOfPidfd(tid, target);
    return !process.has_value() || IsOurOwn(*process);
  }
  // Everybody whom the task sees, and so us if it sees us.
  if (call == "kill" && target == -1) return TaskNumbered(tid, getpid()) == getpid();
  // A group other than ours can be that of what stands beside us.
  if (call == "kill" && target < -1) return IsSupervisor(tid, -target);
  return IsSupervisor(tid, target);
}

// fcntl(2) and ioctl(2) that say whom signals of a descriptor go to.
bool IsRefusedOwner(absl::string_view call, pid_t tid, const SyscallRequest& runs,
                    ArgumentReader& arguments) {
  const uint64_t value = runs.args[2];
  if (call == "ioctl") {
    const auto owner = ReadValue<int32_t>(arguments, value);
    return owner.has_value() && OwnsSupervisor(tid, *owner);
  }
  if (Int(runs.args[1]) == F_SETOWN) return OwnsSupervisor(tid, Int(value));
  const auto owner = ReadValue<f_owner_ex>(arguments, value);
  if (!owner.has_value()) return false;
  const int64_t number = owner->pid;
  return OwnsSupervisor(tid, owner->type == F_OWNER_PGRP ? -number : number);
}

// ---- Others' memory by its file ----

// How openat2(2) opens: nullopt where it cannot be read.
std::optional<open_how> HowOf(const SyscallRequest& runs, ArgumentReader& arguments) {
  open_how how = {};
  if (!arguments.ReadBytes(runs.args[2], {reinterpret_cast<char*>(&how), sizeof(how)}).ok()) {
    return std::nullopt;
  }
  return how;
}

bool IsRefusedFile(absl::string_view call, pid_t tid, const SyscallRequest& runs,
                   ArgumentReader& arguments) {
  const bool has_directory = absl::StartsWith(call, "openat");
  TaskPath path = {.descriptor = has_directory ? Int(runs.args[0]) : AT_FDCWD};
  if (call == "openat2") {
    const std::optional<open_how> how = HowOf(runs, arguments);
    if (!how.has_value() || (how->flags & O_ACCMODE) == O_RDONLY) return false;
    path.in_root = (how->resolve & RESOLVE_IN_ROOT) != 0;
  }
  const absl::StatusOr<absl::string_view> text = arguments.ReadString(runs.args[has_directory]);
  if (!text.ok() || text->empty()) return false;
  path.path = std::string(*text);
  const absl::StatusOr<std::optional<pid_t>> owner = MemoryBehind(tid, path);
  // A mount that nobody shows us: nothing can be looked up there, and its own name must do.
  if (absl::IsUnavailable(owner.status())) {
    return path.path == "mem" || absl::EndsWith(path.path, "/mem");
  }
  if (!owner.ok() || *owner == 0) return false;
  return !owner->has_value() || !IsTracedByUs(**owner);
}

void EndHost(pid_t host) {
  kill(host, SIGKILL);
  while (waitpid(host, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// A child that leads a process group of its own and does nothing; -1 if there is none to be had.
pid_t StartHost() {
  if (getsid(0) == getpid()) return -1;
  const pid_t host = fork();
  if (host == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    TakeOrdinaryScheduling();
    for (;;) pause();
  }
  if (host > 0 && setpgid(host, host) == 0) return host;
  if (host > 0) EndHost(host);
  return -1;
}

// `decision` in place of a policy's, which let the call run: what that wanted on record stays so.
Decision Beside(const Decision& policys, Decision decision) {
  if (!std::holds_alternative<Log>(policys.verdict)) return decision;
  decision.wish = policys.wish == RecordWish::kUnsaid ? RecordWish::kLog : policys.wish;
  return decision;
}

int ErrorOf(absl::string_view rule) { return rule == "harden:proc-mem" ? EACCES : EPERM; }

}  // namespace

// ---- The process group ----

std::shared_ptr<const Aside> Aside::Step() {
  if (std::shared_ptr<const Aside> current = CurrentAside().lock()) return current;
  const pid_t home = getpgrp();
  // Who leads a group can leave it for another's only, and there may be none in the session.
  const pid_t host = home == getpid() ? StartHost() : 0;
  std::shared_ptr<const Aside> aside(new Aside(home, host));
  if (host < 0 || setpgid(0, host) != 0) return nullptr;
  CurrentAside() = aside;
  return aside;
}

Aside::~Aside() {
  // Fails if the group is no more: who was in it is dead.
  setpgid(0, home_);
  if (host_ > 0) EndHost(host_);
}

// ---- Hardening ----

absl::StatusOr<std::unique_ptr<Hardening>> Hardening::Create(absl::Span<const Policy> policies,
                                                             bool may_gain_privilege,
                                                             pid_t guardian) {
  PROVOST_ASSIGN_OR_RETURN(
      Policy policy,
      HardenPolicy(policies, {.supervisor = getpid(),
                              .guardian = guardian,
                              .watch_memory_files = !KernelGuardsMemory(may_gain_privilege)}));
  return std::unique_ptr<Hardening>(new Hardening(std::move(policy)));
}

Judgement Hardening::Judge(pid_t tid, Judgement judged, ArgumentReader& arguments) {
  if (!LeavesToHarden(judged.decision)) return judged;
  const Decision decision = policy_.Decide(judged.runs, arguments, state_);
  if (std::holds_alternative<Allow>(decision.verdict)) return judged;
  if (std::holds_alternative<Log>(decision.verdict)) {
    if (std::holds_alternative<Allow>(judged.decision.verdict)) judged.decision = decision;
    return judged;
  }
  if (!std::holds_alternative<Ask>(decision.verdict)) {
    judged.decision = Beside(judged.decision, decision);
    return judged;
  }
  const absl::string_view call = NameOf(judged.runs);
  if (call == "clone") return WithoutUntraced(tid, std::move(judged), decision);
  if (Refuses(call, tid, judged.runs, arguments)) {
    const Decision refusal = {Deny{ErrorOf(decision.rule)}, decision.wish, decision.rule};
    judged.decision = Beside(judged.decision, refusal);
  }
  return judged;
}

bool Hardening::Refuses(absl::string_view call, pid_t tid, const SyscallRequest& runs,
                        ArgumentReader& arguments) {
  if (call == "fcntl" || call == "fcntl64" || call == "ioctl") {
    return IsRefusedOwner(call, tid, runs, arguments);
  }
  if (absl::StartsWith(call, "open") || call == "creat") {
    return IsRefusedFile(call, tid, runs, arguments);
  }
  if (absl::StartsWith(call, "process_vm_")) return IsForeignMemory(tid, Int(runs.args[0]));
  if (call == "pidfd_getfd") {
    const std::optional<pid_t> process = TaskOfPidfd(tid, Int(runs.args[0]));
    return !process.has_value() || (*process != 0 && !IsTracedByUs(*process));
  }
  if (call == "setpriority" || call == "ioprio_set") return IsSupervisor(tid, Int(runs.args[1]));
  if (call == "prlimit64" || absl::StartsWith(call, "sched_set") || call == "migrate_pages" ||
      call == "move_pages") {
    return IsSupervisor(tid, Int(runs.args[0]));
  }
  return IsRefusedSignal(call, tid, runs);
}

Judgement Hardening::WithoutUntraced(pid_t tid, Judgement judged, const Decision& decision) {
  const SyscallRequest asked = judged.runs;
  const uint64_t flags = asked.args[0] & ~static_cast<uint64_t>(CLONE_UNTRACED);
  auto settings = std::make_shared<const std::vector<Setting>>(
      std::vector<Setting>{{.argument = "flags", .value = flags}});
  const Decision rewrite = {Rewrite{std::move(settings)}, decision.wish, decision.rule};
  judged.decision = Beside(judged.decision, rewrite);
  judged.runs.args[0] = flags;
  cloning_[tid] = {asked, flags};
  return judged;
}

std::shared_ptr<const Aside> Hardening::AsideFor(pid_t tid, const SyscallRequest& runs) {
  const absl::string_view call = NameOf(runs);
  if (call != "kill" && call != "pidfd_send_signal") return nullptr;
  return GoesToOurGroup(call, tid, runs) ? Aside::Step() : nullptr;
}

// A child's first stop comes before its creator's event as often as behind it: before it, it is
// known by its registers, which are its creator's; behind it by its number.
void Hardening::OnBirth(pid_t creator, pid_t child, bool was_seen) {
  const auto clone = cloning_.find(creator);
  if (clone == cloning_.end()) return;
  if (!was_seen) cloned_[child] = clone->second;
  cloning_.erase(clone);
}

absl::Status Hardening::OnStop(const Stopped& stopped) {
  if (const auto clone = cloned_.find(stopped.tid()); clone != cloned_.end()) {
    const Changed changed = clone->second;
    cloned_.erase(clone);
    return RestoreCloneFlags(stopped, changed.asked, changed.flags).status();
  }
  for (const auto& [creator, changed] : cloning_) {
    PROVOST_ASSIGN_OR_RETURN(const bool is_child,
                             RestoreCloneFlags(stopped, changed.asked, changed.flags));
    if (is_child) break;
  }
  return absl::OkStatus();
}

void Hardening::OnCallDone(pid_t tid) {
  cloning_.erase(tid);
  cloned_.erase(tid);
}

}  // namespace provost
