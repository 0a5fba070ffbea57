#include <algorithm>
#include <string>
#include <utility>

#include "supervisor/loop.h"

namespace provost {

absl::Status Supervisor::Loop::Depart(const Departure& how) {
  if (departure_ || killing_) {
    return absl::FailedPreconditionError("the tree is being left, or killed, already");
  }
  const bool goes_on =
      std::holds_alternative<SuspendRun>(how) || std::holds_alternative<HandOver>(how);
  if (goes_on && options_.decider != nullptr) {
    return absl::FailedPreconditionError("its calls are decided by what cannot be handed on");
  }
  departure_ = how;
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::Leave() {
  if (!reason_.empty() || killing_ || !program_runs_) return absl::OkStatus();
  if (!departure_ && options_.leave) departure_ = options_.leave();
  if (!departure_) return absl::OkStatus();
  if (const auto* release = std::get_if<ReleaseTasks>(&*departure_)) return BeginRelease(*release);
  if (std::holds_alternative<SuspendRun>(*departure_)) return EndLooks();
  if (const auto* how = std::get_if<HandOver>(&*departure_)) {
    return handover_ ? absl::OkStatus() : BeginHandOver(HandOver(*how));
  }
  reason_ = "detach-kill";
  KillTree();
  return absl::OkStatus();
}

// What emulators wait for at the exits of calls cannot be handed on: those calls are made again.
absl::Status Supervisor::Loop::EndLooks() const {
  for (const auto& [tid, task] : tasks_) {
    if (!task.emulated) continue;
    absl::Status status = Interrupt(tid);
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::BeginRelease(const ReleaseTasks& how) {
  reason_ = "detach-release";
  switch_.reset();  // each goes as it is
  release_.emplace(how, filters_);
  for (auto& [tid, task] : tasks_) {
    if (TreeRelease::MayBeAsked(task.state)) PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(tid));
    if (!IsHeld(task.state)) continue;
    --held_;
    absl::Status status = GiveUpHeld(std::exchange(task.state, Running()));
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::AskToStop(const Stopped& stopped, Task& task) const {
  const bool is_wanted = release_ || (handover_ && IsWantedForHandOver(stopped.tid(), task)) ||
                         (switch_ && IsToSwitch(task));
  if (!is_wanted || !TreeRelease::MayBeAsked(task.state)) return absl::OkStatus();
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

bool Supervisor::Loop::MaySuspend() const {
  return departure_ && std::holds_alternative<SuspendRun>(*departure_) && program_runs_ &&
         !killing_ && !waiter_.has_taken() && recorder_.left() == 0 &&
         !protection_.pages().IsInstalling() && !switch_ &&
         std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) {
           return CanBeSaved(task.second.state) && !task.second.emulated;
         });
}

std::string Supervisor::Loop::Save() {
  SavedRun run = {.resumed = resumed_,
                  .seed = options_.seed,
                  .control = control_,
                  .gate = protection_.pages().gate().instruction(),
                  .filters = filters_,
                  .filter_count = protection_.pages().filters(),
                  .own_filters = protection_.pages().own_filters(),
                  .arguments = options_.arguments,
                  .root = root_,
                  .root_end = root_end_,
                  .recorder = recorder_.Save(),
                  .lineage = lineage_.Save(),
                  .counters = newest().stack.Save(),
                  .generation = newest().number,
                  .refusals = refusals_};
  if (hardening_ != nullptr) run.hardening = hardening_->Save();
  if (newest().emulators != nullptr) run.emulators = newest().emulators->Save();
  for (auto& [tid, task] : tasks_) {
    if (std::holds_alternative<ReturnsItself>(task.state)) task.slot.Leave();
    run.tasks.push_back({tid, task.process, std::move(task.state), task.repeated.Save()});
  }
  return FormatSavedRun(run, PointersOf(newest().stack));
}

absl::Status Supervisor::Loop::Restore(absl::string_view state) {
  SavedPointers pointers = PointersOf(newest().stack);
  pointers.name = [this](const std::string& name) -> absl::string_view {
    return *rule_names_.insert(name).first;
  };
  PROVOST_ASSIGN_OR_RETURN(SavedRun run, ParseSavedRun(state, pointers));
  resumed_ = run.resumed + 1;
  root_ = run.root;
  root_end_ = run.root_end;
  program_runs_ = true;
  newest().number = run.generation;
  // That of a child which has slept since before: nobody decides by it, it comes over at once.
  if (run.generation > 0) {
    generations_.insert(generations_.begin(),
                        MakeGeneration(run.generation - 1, newest().policies));
  }
  refusals_ = std::move(run.refusals);
  for (SavedTask& saved : run.tasks) {
    Task& task = tasks_[saved.tid];
    task.state = std::move(saved.state);
    task.generation = &newest();
    task.process = saved.process;
    task.repeated.Restore(std::move(saved.repeated));
  }
  protection_.pages().SetFilters(run.filter_count);
  if (run.own_filters) protection_.pages().SetOwnFilters();
  if (newest().emulators != nullptr) {
    PROVOST_RETURN_IF_ERROR(newest().emulators->Restore(run.emulators));
  }
  if (hardening_ != nullptr && run.hardening) hardening_->Restore(*std::move(run.hardening));
  // They put the signal mask in order, which the control socket's wake signal is part of.
  if (!root_end_ && options_.on_started) options_.on_started(root_);
  if (root_end_ && options_.on_ended) options_.on_ended();
  BeginControl();
  lineage_.Restore(run.lineage);
  PROVOST_RETURN_IF_ERROR(newest().stack.Restore(run.counters));
  return recorder_.Restore(run.recorder);
}

}  // namespace provost
