#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spdlog/spdlog.h"
#include "supervisor/loop.h"
#include "tracee/address_space.h"
#include "tracee/freezer.h"
#include "tracee/frozen_tasks.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// How long tasks that were killed may take to be reaped, and those that are being born to come to
// their first stops, in milliseconds.
constexpr int kEndLimit = 5000;
// How long the latter are given where it cannot be told whether there are any.
constexpr int kLastBirths = 20;

// Of a zombie, or of one that is gone.
TaskEnd EndOfUnseen(pid_t tid) {
  const int status = ReadWaitStatus(tid).value_or(SIGKILL);
  if (WIFEXITED(status)) return Exited{WEXITSTATUS(status)};
  return KilledBy{WTERMSIG(status), WCOREDUMP(status) != 0};
}

}  // namespace

absl::Status Supervisor::Loop::BeginHandOver(const HandOver& how) {
  handover_.emplace(how);
  if (switch_) return UndoHandOver("a reload is under way; try again");
  if (const absl::Status taken = handover_->Take(Processes()); !taken.ok()) {
    return UndoHandOver(taken.message());
  }
  return AskForHandOver();
}

std::set<pid_t> Supervisor::Loop::Processes() const {
  std::set<pid_t> processes;
  for (const auto& [tid, task] : tasks_) {
    if (const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid); status.ok()) {
      processes.insert(status->process);
    }
  }
  return processes;
}

// Again and again: any other stop that a task comes to uses the question up.
absl::Status Supervisor::Loop::AskForHandOver() {
  for (auto& [tid, task] : tasks_) {
    if (handover_->Holds(tid) || !IsWantedForHandOver(tid, task) ||
        !TreeRelease::MayBeAsked(task.state)) {
      continue;
    }
    PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(tid));
  }
  return absl::OkStatus();
}

bool Supervisor::Loop::IsWantedForHandOver(pid_t tid, Task& task) const {
  return handover_->Wants(tid) && !protection_.pages().IsInstalling(ProcessOf(tid, task));
}

bool Supervisor::Loop::HoldsForHandOver(const Stopped& stopped, Task& task) const {
  return handover_ && IsWantedForHandOver(stopped.tid(), task) && TreeRelease::IsReady(task.state);
}

absl::StatusOr<bool> Supervisor::Loop::IsReadyForHandOver() {
  PROVOST_RETURN_IF_ERROR(handover_->Check());
  if (killing_) return absl::CancelledError("the tree is killed");
  if (held_ > 0 || recorder_.left() > 0) {
    return absl::UnavailableError("calls wait because they cannot be recorded; try again");
  }
  PROVOST_ASSIGN_OR_RETURN(const bool are_held, handover_->IsComplete());
  if (!are_held || protection_.pages().IsInstalling()) return false;
  // Those that were born while their creators were moved are not in the freezer yet.
  PROVOST_RETURN_IF_ERROR(handover_->Take(Processes()));
  return handover_->IsComplete();
}

absl::StatusOr<WaitResult> Supervisor::Loop::NextHandOverEvent() {
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
  if (!std::holds_alternative<NothingYet>(result)) return result;
  const absl::StatusOr<bool> is_ready = IsReadyForHandOver();
  if (!is_ready.ok()) {
    PROVOST_RETURN_IF_ERROR(UndoHandOver(is_ready.status().message()));
  } else if (*is_ready) {
    PROVOST_RETURN_IF_ERROR(CompleteHandOver());
  } else {
    PROVOST_RETURN_IF_ERROR(MoveForHandOver());
    PROVOST_RETURN_IF_ERROR(AskForHandOver());
    poll(nullptr, 0, 1);
  }
  return result;
}

absl::Status Supervisor::Loop::MoveForHandOver() {
  std::vector<pid_t> awaited;
  for (const auto& [tid, task] : tasks_) {
    if (!handover_->Holds(tid)) awaited.push_back(tid);
  }
  for (StoppedTask& stop : handover_->TakeToMove(awaited)) {
    WaitResult result(std::move(stop));
    PROVOST_RETURN_IF_ERROR(Handle(result));
  }
  return absl::OkStatus();
}

// Those that have not come to their first stop yet, and whose creators did not live to name them,
// are known to the kernel alone: it still has tasks of ours to be waited for.
absl::Status Supervisor::Loop::LetGoOfHeld(std::set<pid_t>& left) {
  std::set<pid_t> gone;
  for (int waited = 0; waited < kEndLimit;) {
    for (const auto& [tid, task] : tasks_) {
      if (handover_->Holds(tid)) left.insert(tid);
    }
    PROVOST_ASSIGN_OR_RETURN(std::set<pid_t> more, handover_->LetGo());
    gone.merge(more);
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
    if (std::holds_alternative<NoTasks>(result)) return absl::OkStatus();
    if (const auto* ended = std::get_if<EndedTask>(&result)) gone.erase(ended->tid);
    const bool is_quiet = std::holds_alternative<NothingYet>(result);
    PROVOST_RETURN_IF_ERROR(Handle(result));
    PROVOST_RETURN_IF_ERROR(handover_->Take(Processes()));
    if (!is_quiet) continue;
    // Leaders that ended before their other threads are ours as long as these live.
    const bool has_leaders = tasks_.size() > left.size();
    if (gone.empty() && has_leaders && waited >= kLastBirths) return absl::OkStatus();
    poll(nullptr, 0, 1);
    ++waited;
  }
  return absl::UnavailableError("a task of the tree neither stops nor ends");
}

absl::Status Supervisor::Loop::CompleteHandOver() {
  absl::Status status = handover_->Freeze();
  if (status.ok() && !root_end_ && !handover_->Holds(root_)) {
    status = absl::FailedPreconditionError(
        "the program's first thread has ended before its others: nobody else would see its end");
  }
  if (!status.ok()) return UndoHandOver(status.message());
  std::set<pid_t> left;
  status = LetGoOfHeld(left);
  // Nobody would take what has been let go of.
  if (!status.ok()) KillFrozen(handover_->tree()).IgnoreError();
  PROVOST_RETURN_IF_ERROR(status);
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    if (left.contains(task->first)) {
      ++task;
    } else {
      tasks_.erase(task++);
    }
  }
  suspended_ = true;
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::UndoHandOver(absl::string_view why) {
  std::vector<StoppedTask> held = handover_->TakeAll();
  const absl::Status undone = handover_->Undo(why);
  handover_.reset();
  departure_.reset();
  if (options_.logger != nullptr) {
    options_.logger->warn("the run is not handed over: {}", std::string(why));
    if (!undone.ok()) options_.logger->error("{}", std::string(undone.message()));
  }
  for (StoppedTask& stop : held) {
    WaitResult result(std::move(stop));
    PROVOST_RETURN_IF_ERROR(Handle(result));
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> Supervisor::Loop::Adopt(absl::string_view state, const FrozenTree& tree,
                                                const Adoption& adoption) {
  std::optional<Undumpable> undumpable;
  if (hardening_ != nullptr && !options_.unsafe_debuggable) undumpable.emplace();
  Freezer freezer(tree.cgroups);
  PROVOST_ASSIGN_OR_RETURN(taken_, SeizeFrozen(freezer, waiter_));
  if (adoption.taken) adoption.taken();
  absl::Status status = Restore(state);
  if (status.ok()) status = EndUnseen();
  const absl::Status thawed = freezer.GiveBack();
  if (!thawed.ok() && options_.logger != nullptr) {
    options_.logger->error("{}", std::string(thawed.message()));
  }
  if (adoption.thawed) {
    adoption.thawed(std::chrono::steady_clock::now().time_since_epoch() - tree.since);
  }
  if (!status.ok()) {
    KillTree();
    (void)Supervise();
    return status;
  }
  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  return EndOfRun();
}

// Nobody says of tasks that ended between two tracers how they did, but their parents' view of them
// does. One that lives was taken out of the freezer meanwhile, and has run without a tracer.
absl::Status Supervisor::Loop::EndUnseen() {
  std::set<pid_t> seen;
  for (const WaitResult& result : taken_) {
    if (const auto* stop = std::get_if<StoppedTask>(&result)) seen.insert(stop->stopped.tid());
    if (const auto* ended = std::get_if<EndedTask>(&result)) seen.insert(ended->tid);
  }
  std::vector<pid_t> unseen;
  for (const auto& [tid, task] : tasks_) {
    if (!seen.contains(tid)) unseen.push_back(tid);
  }
  for (const pid_t tid : unseen) {
    const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
    // Our filters are on it: it is the one, and not another of its number.
    const bool is_stray = status.ok() && !status->ended && CountFilters(tid).value_or(0) > 0;
    if (is_stray) {
      if (options_.logger != nullptr) {
        options_.logger->error(
            "task {} is killed: somebody took it out of its frozen cgroup, and nobody traced it",
            tid);
      }
      kill(tid, SIGKILL);
    }
    const TaskEnd end = is_stray ? KilledBy{SIGKILL} : EndOfUnseen(tid);
    PROVOST_RETURN_IF_ERROR(OnEnd({tid, end}));
  }
  return absl::OkStatus();
}

}  // namespace provost
