#include "tracee/frozen_tasks.h"

#include <linux/capability.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"
#include "tracee/stop.h"
#include "tracee/task_status.h"
#include "tracee/trace_options.h"

namespace provost {
namespace {

// What is frozen stops at once. In milliseconds.
constexpr int kStopLimit = 10'000;

class Seizure {
 public:
  Seizure(const Freezer& freezer, Waiter& waiter) : freezer_(freezer), waiter_(waiter) {}

  absl::Status Run() {
    for (int waited = 0; waited < kStopLimit;) {
      PROVOST_ASSIGN_OR_RETURN(const bool any, SeizeAll());
      PROVOST_ASSIGN_OR_RETURN(const bool heard, TakeResults());
      if (any || heard) continue;
      if (awaited_.empty()) return Guard();
      poll(nullptr, 0, 1);
      ++waited;
    }
    return absl::UnavailableError(absl::StrCat("task ", *awaited_.begin(), " does not stop"));
  }

  std::deque<WaitResult> Release() {
    std::deque<WaitResult> results;
    for (const EndedTask& ended : ended_) results.emplace_back(ended);
    for (auto& [tid, stop] : held_) results.emplace_back(std::move(stop));
    return results;
  }

  // They stay frozen.
  void LetGo() {
    for (auto& [tid, stop] : held_) std::move(stop.stopped).Detach().IgnoreError();
    held_.clear();
  }

 private:
  // True if there was any that is new.
  absl::StatusOr<bool> SeizeAll() {
    bool any = false;
    PROVOST_ASSIGN_OR_RETURN(const std::vector<pid_t> threads, freezer_.Threads());
    for (const pid_t tid : threads) {
      if (seized_.contains(tid)) continue;
      PROVOST_ASSIGN_OR_RETURN(const bool is_new, Seize(tid));
      any = any || is_new;
    }
    return any;
  }

  absl::StatusOr<bool> Seize(pid_t tid) {
    if (ptrace(PTRACE_SEIZE, tid, nullptr, kTraceOptions) < 0) {
      const int error = errno;
      const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
      if (error == ESRCH || !task.ok() || task->ended) return false;
      const absl::Status status = TraceeError("PTRACE_SEIZE", tid, error);
      const std::string tracer =
          task->tracer == 0 ? "" : absl::StrCat(": process ", task->tracer, " traces it");
      return absl::PermissionDeniedError(absl::StrCat(status.message(), tracer));
    }
    seized_.insert(tid);
    if (absl::Status asked = Interrupt(tid); !asked.ok() && !IsDied(asked)) return asked;
    awaited_.insert(tid);
    return true;
  }

  // True if there were any.
  absl::StatusOr<bool> TakeResults() {
    for (bool any = false;; any = true) {
      PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
      if (auto* stop = std::get_if<StoppedTask>(&result)) {
        const pid_t tid = stop->stopped.tid();
        awaited_.erase(tid);
        held_.insert_or_assign(tid, std::move(*stop));
      } else if (const auto* ended = std::get_if<EndedTask>(&result)) {
        awaited_.erase(ended->tid);
        held_.erase(ended->tid);
        ended_.push_back(*ended);
      } else {
        return any;
      }
    }
  }

  absl::Status Guard() const {
    for (const auto& [tid, stop] : held_) {
      if (ptrace(PTRACE_SETOPTIONS, tid, nullptr, kGuardedTraceOptions) < 0 && errno != ESRCH) {
        return TraceeError("PTRACE_SETOPTIONS", tid, errno);
      }
    }
    return absl::OkStatus();
  }

  const Freezer& freezer_;
  Waiter& waiter_;
  std::set<pid_t> seized_;
  std::set<pid_t> awaited_;  // of these, those that have not stopped yet
  std::map<pid_t, StoppedTask> held_;
  std::vector<EndedTask> ended_;
};

// Of this thread, in its user namespace.
bool MayPtraceAnybody() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data = {};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[0].effective & (1U << CAP_SYS_PTRACE)) != 0;
}

// True where a tracer may take only its own descendants (Documentation/admin-guide/LSM/Yama.rst):
// the kernel makes an exception for who traces already, and none for who comes after.
bool IsScopeLimited() {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  return scope != 0;
}

}  // namespace

absl::StatusOr<std::deque<WaitResult>> SeizeFrozen(const Freezer& freezer, Waiter& waiter) {
  Seizure seizure(freezer, waiter);
  if (const absl::Status status = seizure.Run(); !status.ok()) {
    seizure.LetGo();
    return status;
  }
  return seizure.Release();
}

absl::Status CheckSeizable(pid_t tid) {
  if (MayPtraceAnybody()) return absl::OkStatus();
  if (IsScopeLimited()) {
    return absl::PermissionDeniedError(
        "kernel.yama.ptrace_scope lets nobody trace tasks that are not its own; it takes "
        "CAP_SYS_PTRACE");
  }
  // The same check as PTRACE_SEIZE's stands before any memory is looked at (mm_access in
  // kernel/fork.c); nothing is mapped at 0.
  char byte = 0;
  iovec local = {&byte, 1};
  iovec remote = {nullptr, 1};
  if (process_vm_readv(tid, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT) {
    return absl::OkStatus();
  }
  if (errno == ESRCH) return TraceeError("process_vm_readv", tid, ESRCH);
  return absl::PermissionDeniedError(
      absl::StrCat("task ", tid, " takes no other tracer; it takes CAP_SYS_PTRACE"));
}

}  // namespace provost
