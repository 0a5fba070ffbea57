#include <string>
#include <utility>

#include "supervisor/loop.h"

namespace provost {

absl::Status Supervisor::Loop::Depart(const Departure& how) {
  if (departure_ || killing_) {
    return absl::FailedPreconditionError("the tree is being left, or killed, already");
  }
  departure_ = how;
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::Leave() {
  if (!reason_.empty() || killing_ || !program_runs_) return absl::OkStatus();
  if (!departure_ && options_.leave) departure_ = options_.leave();
  if (!departure_) return absl::OkStatus();
  if (const auto* release = std::get_if<ReleaseTasks>(&*departure_)) return BeginRelease(*release);
  reason_ = "detach-kill";
  KillTree();
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::BeginRelease(const ReleaseTasks& how) {
  reason_ = "detach-release";
  release_.emplace(how, filters_);
  for (auto& [tid, task] : tasks_) {
    if (TreeRelease::MayBeAsked(task.state)) PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(tid));
    if (!IsHeld(task.state)) continue;
    --held_;
    const absl::Status status = GiveUpHeld(std::exchange(task.state, Running()));
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::AskForRelease(const Stopped& stopped, const Task& task) {
  if (!release_ || !TreeRelease::MayBeAsked(task.state)) return absl::OkStatus();
  return TreeRelease::Ask(stopped.tid());
}

absl::Status Supervisor::Loop::GiveUpHeld(TaskState held) {
  if (auto* after = std::get_if<HeldAfterCall>(&held)) {
    recorder_.CountLost(after->record);
    return std::move(after->stopped).Restart(Resume::Continue());
  }
  const auto refuse = [this](auto& before) -> absl::Status {
    recorder_.CountLost(before.record);
    PROVOST_RETURN_IF_ERROR(Apply(release_->AnswerToHeld(), before.stopped, before.record.request,
                                  before.runs, control_)
                                .status());
    return std::move(before.stopped).Restart(Resume::Continue());
  };
  if (auto* before = std::get_if<HeldForResult>(&held)) return refuse(*before);
  return refuse(std::get<HeldBeforeCall>(held));
}

absl::Status Supervisor::Loop::Release(Stopped stopped) {
  const pid_t tid = stopped.tid();
  PROVOST_RETURN_IF_ERROR(release_->LetGo(std::move(stopped)));
  recorder_.Forget(tid);
  run_control_->Ended(tid);
  if (protection_.pages().Ended(tid)) PROVOST_RETURN_IF_ERROR(LetWaitersGo());
  tasks_.erase(tid);
  return absl::OkStatus();
}

}  // namespace provost
