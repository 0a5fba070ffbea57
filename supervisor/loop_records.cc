#include <poll.h>

#include <string>
#include <utility>

#include "spdlog/spdlog.h"
#include "supervisor/loop.h"

namespace provost {

bool IsHeld(const TaskState& state) {
  return std::holds_alternative<HeldBeforeCall>(state) ||
         std::holds_alternative<HeldForResult>(state) ||
         std::holds_alternative<HeldAfterCall>(state);
}

PendingRecord* HeldRecord(TaskState& state) {
  if (auto* before = std::get_if<HeldBeforeCall>(&state)) return &before->record;
  if (auto* after = std::get_if<HeldAfterCall>(&state)) return &after->record;
  return nullptr;
}

bool Supervisor::Loop::WaitsForLog() const {
  return said_failing_ && options_.on_audit_failure == OnAuditFailure::kStop && !killing_;
}

absl::StatusOr<bool> Supervisor::Loop::PutOnRecord(PendingRecord& record) {
  const absl::Status status = recorder_.Write(record);
  if (status.ok()) {
    if (said_failing_ && options_.logger != nullptr)
      options_.logger->info("the audit log can be written again");
    said_failing_ = false;
    return true;
  }
  // A closed pipe does not open again: waiting for it would be waiting for ever.
  const bool hopeless = absl::IsFailedPrecondition(status);
  const OnAuditFailure consequence = hopeless && options_.on_audit_failure == OnAuditFailure::kStop
                                         ? OnAuditFailure::kKill
                                         : options_.on_audit_failure;
  if (!said_failing_) SayFailing(status, record, consequence);
  said_failing_ = true;
  switch (consequence) {
    case OnAuditFailure::kStop:
      return false;
    case OnAuditFailure::kContinue:
      recorder_.CountLost(record);
      return true;
    case OnAuditFailure::kKill:
      recorder_.CountLost(record);
      recording_status_ = status;
      KillTree();
      return true;
  }
  return absl::InternalError("no such OnAuditFailure");
}

void Supervisor::Loop::FlushRecords() {
  const absl::Status status = recorder_.Flush();
  if (!status.ok() && !said_unflushed_ && options_.logger != nullptr) {
    options_.logger->error("the audit log cannot be written for now: {}",
                           std::string(status.message()));
  }
  said_unflushed_ = !status.ok();
}

void Supervisor::Loop::SayFailing(const absl::Status& status, const PendingRecord& record,
                                  OnAuditFailure what) {
  if (options_.logger == nullptr) return;
  const char* consequence = "";
  switch (what) {
    case OnAuditFailure::kStop:
      consequence = "tasks wait at their calls until it can; make room, or interrupt to kill them";
      break;
    case OnAuditFailure::kContinue:
      consequence = "tasks go on, unrecorded";
      break;
    case OnAuditFailure::kKill:
      consequence = "the program is killed";
      break;
  }
  options_.logger->error("{} of task {} cannot be recorded: {}; {}", CallName(record.request),
                         record.identity.tid, std::string(status.message()), consequence);
}

absl::Status Supervisor::Loop::Hold(TaskState held, Task& task) {
  if (release_) return GiveUpHeld(std::move(held));
  ++held_;
  task.state = std::move(held);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::LetGo(TaskState held, Task& task) {
  if (auto* before = std::get_if<HeldBeforeCall>(&held)) {
    return ApplyAndResume(std::move(before->stopped), task, before->record.request,
                          {before->record.decision, before->runs});
  }
  if (auto* before = std::get_if<HeldForResult>(&held)) {
    recorder_.BeginAgain(before->record);
    return RunForResult(std::move(before->stopped), task, std::move(before->record), before->runs);
  }
  return std::get<HeldAfterCall>(std::move(held)).stopped.Restart(Resume::Continue());
}

absl::Status Supervisor::Loop::RetryHeld() {
  while (PendingRecord* left = recorder_.first_left()) {
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*left));
    if (!recorded) return absl::OkStatus();
    recorder_.DropLeft();
  }
  for (auto& [tid, task] : tasks_) {
    PendingRecord* record = HeldRecord(task.state);
    if (record == nullptr) continue;
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*record));
    if (!recorded) return absl::OkStatus();
    --held_;
    absl::Status status = LetGo(std::exchange(task.state, Running()), task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  // Nothing is in hand any more, so the log is as good as its last answer; if that was bad, its
  // event was lost with its task.
  said_failing_ = false;
  for (auto& [tid, task] : tasks_) {
    if (!std::holds_alternative<HeldForResult>(task.state)) continue;
    --held_;
    absl::Status status = LetGo(std::exchange(task.state, Running()), task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

void Supervisor::Loop::AwaitLeft() {
  bool said = false;
  while (PendingRecord* left = recorder_.first_left()) {
    const absl::Status status = recorder_.Write(*left);
    if (status.ok()) {
      recorder_.DropLeft();
      continue;
    }
    if (absl::IsFailedPrecondition(status) || killing_ || release_ || GiveUp()) break;
    if (!said && options_.logger != nullptr) {
      options_.logger->error(
          "waiting for the audit log, which lacks {} events of tasks that are gone; make room, or "
          "interrupt to give them up",
          recorder_.left());
    }
    said = true;
    poll(nullptr, 0, kRetryMilliseconds);
  }
  recorder_.GiveUpLeft();
}

}  // namespace provost
