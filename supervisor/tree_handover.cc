#include "supervisor/tree_handover.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "supervisor/handover_channel.h"
#include "tracee/died.h"
#include "tracee/frozen_tasks.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// How long all may take. Tasks that come to no stop in that time (a child in vfork that waits, a
// disk that does not answer) may take for ever.
constexpr std::chrono::seconds kLimit(5);
// How long others wait for those that do not come, and how long they then go on.
constexpr std::chrono::milliseconds kMoment(3);

// The processes of tasks that no signal reaches.
std::set<pid_t> Unreachable(const std::vector<pid_t>& tids) {
  std::set<pid_t> processes;
  for (const pid_t tid : tids) {
    const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
    if (task.ok() && !task->ended) processes.insert(task->process);
  }
  return processes;
}

bool IsChildOf(pid_t tid, const std::set<pid_t>& processes) {
  const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
  return task.ok() && processes.contains(task->parent);
}

// True if our end may leave the task's process group without a parent in another group of its
// session; then the kernel sends SIGHUP to those that are stopped (kill_orphaned_pgrp in
// kernel/exit.c).
bool IsOrphanedByOurEnd(pid_t tid) {
  if (getsid(tid) != getsid(0)) return false;
  // A group of its children's is one that we are the link of; ours is linked by our parent.
  if (getpgid(tid) != getpgrp()) return true;
  return getsid(getppid()) == getsid(0) && getpgid(getppid()) != getpgrp();
}

}  // namespace

TreeHandover::TreeHandover(HandOver how)
    : how_(std::move(how)),
      freezer_([successor = how_.successor](const std::string& cgroup) {
        // Who is not there to hear it is found out soon enough.
        successor->Send({{"cgroup", cgroup}}).IgnoreError();
      }),
      begun_(Clock::now()),
      progress_(begun_) {}

absl::Status TreeHandover::Take(const std::set<pid_t>& processes) {
  for (const pid_t process : processes) PROVOST_RETURN_IF_ERROR(freezer_.Take(process));
  return absl::OkStatus();
}

bool TreeHandover::Wants(pid_t tid) const {
  const auto moving = moving_.find(tid);
  return moving == moving_.end() || moving->second < Clock::now();
}

void TreeHandover::Hold(StoppedTask stop) {
  progress_ = Clock::now();
  if (held_.empty()) since_ = progress_.time_since_epoch();
  const pid_t tid = stop.stopped.tid();
  held_.insert_or_assign(tid, std::move(stop));
}

absl::StatusOr<bool> TreeHandover::IsComplete() const {
  PROVOST_ASSIGN_OR_RETURN(const std::vector<pid_t> threads, freezer_.Threads());
  return std::all_of(threads.begin(), threads.end(),
                     [&](pid_t tid) { return held_.contains(tid); });
}

std::vector<StoppedTask> TreeHandover::TakeToMove(const std::vector<pid_t>& awaited) {
  const Clock::time_point now = Clock::now();
  if (now - progress_ < kMoment || held_.empty()) return {};
  progress_ = now;
  const std::set<pid_t> parents = Unreachable(awaited);
  std::vector<StoppedTask> chosen;
  for (auto& [tid, stop] : held_) {
    if (IsChildOf(tid, parents)) chosen.push_back(std::move(stop));
  }
  for (const StoppedTask& stop : chosen) held_.erase(stop.stopped.tid());
  if (chosen.empty()) chosen = TakeAll();
  moving_.clear();
  for (const StoppedTask& stop : chosen) moving_[stop.stopped.tid()] = now + kMoment;
  return chosen;
}

std::vector<StoppedTask> TreeHandover::TakeAll() {
  std::vector<StoppedTask> all;
  for (auto& [tid, stop] : held_) all.push_back(std::move(stop));
  held_.clear();
  return all;
}

absl::Status TreeHandover::Check() const {
  if (how_.successor->IsOver()) return absl::CancelledError("whoever asked for it is gone");
  if (Clock::now() - begun_ < kLimit) return absl::OkStatus();
  return absl::DeadlineExceededError(
      "some task comes to no stop (a child in vfork that waits, a disk that does not answer); try "
      "again");
}

absl::Status TreeHandover::CheckStopped() const {
  for (const auto& [tid, stop] : held_) {
    if (!std::holds_alternative<GroupStop>(stop.event) || !IsOrphanedByOurEnd(tid)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("task ", tid,
                     " is stopped, and would get SIGHUP by this supervisor's end, which leaves its "
                     "process group an orphan: continue it first (SIGCONT)"));
  }
  return absl::OkStatus();
}

// Somebody else may move processes between cgroups, too.
absl::Status TreeHandover::CheckAllFrozen() const {
  PROVOST_ASSIGN_OR_RETURN(const std::vector<pid_t> threads, freezer_.Threads());
  for (const auto& [tid, stop] : held_) {
    if (std::find(threads.begin(), threads.end(), tid) != threads.end()) continue;
    const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
    if (!task.ok() || task->ended) continue;
    return absl::UnavailableError(
        absl::StrCat("somebody took task ", tid, " out of the cgroup that it was frozen in"));
  }
  return absl::OkStatus();
}

// The kernel hangs up a terminal for those whose session's leader ends (disassociate_ctty in
// drivers/tty/tty_jobctrl.c).
absl::Status TreeHandover::CheckTerminal() const {
  if (getsid(0) != getpid()) return absl::OkStatus();
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) return absl::OkStatus();
  for (const auto& [tid, stop] : held_) {
    if (getsid(tid) != getpid()) continue;
    return absl::FailedPreconditionError(
        "this supervisor leads its terminal's session: its end would hang up the terminal, and "
        "send the program SIGHUP; start runs that are to be handed over from a shell, without "
        "exec");
  }
  return absl::OkStatus();
}

absl::Status TreeHandover::Freeze() {
  for (const auto& [tid, stop] : held_) {
    absl::Status status = CheckSeizable(tid);
    if (!status.ok() && !IsDied(status)) return status;
  }
  PROVOST_RETURN_IF_ERROR(CheckStopped());
  PROVOST_RETURN_IF_ERROR(CheckTerminal());
  PROVOST_RETURN_IF_ERROR(freezer_.Freeze());
  PROVOST_ASSIGN_OR_RETURN(const bool is_complete, IsComplete());
  if (!is_complete) {
    return absl::UnavailableError("a process that is not the run's was put beside its own");
  }
  return CheckAllFrozen();
}

absl::StatusOr<std::set<pid_t>> TreeHandover::LetGo() {
  std::set<pid_t> gone;
  for (auto& [tid, stop] : held_) {
    const absl::Status status = std::move(stop.stopped).Detach();
    if (IsDied(status)) {
      gone.insert(tid);
    } else if (!status.ok()) {
      return status;
    }
  }
  held_.clear();
  return gone;
}

absl::Status TreeHandover::Undo(absl::string_view why) {
  absl::Status status = freezer_.GiveBack();
  how_.successor->Send({{"failed", std::string(why)}}).IgnoreError();
  return status;
}

}  // namespace provost
