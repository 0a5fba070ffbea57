#include "supervisor/recorder.h"

#include <unistd.h>

#include "base/status_macros.h"
#include "tracee/identity.h"

namespace provost {

PendingRecord Recorder::Make(pid_t tid, const SyscallRequest& request, const Decision& decision) {
  const auto [entry, is_new] = programs_.try_emplace(tid);
  Identity& identity = entry->second;
  // A task can be killed at any moment; what could be read of it until then is what the record
  // says.
  if (is_new) (void)ReadProgramIdentity(tid, identity);
  (void)ReadTaskIdentity(tid, identity);
  return PendingRecord{identity, request, decision, std::nullopt};
}

absl::Status Recorder::Write(const PendingRecord& record) {
  PROVOST_RETURN_IF_ERROR(sink_->Write(DecisionEvent{.identity = &record.identity,
                                                     .request = record.request,
                                                     .decision = record.decision,
                                                     .result = record.result}));
  ++written_;
  unflushed_ = true;
  return absl::OkStatus();
}

absl::Status Recorder::Flush() {
  if (!unflushed_) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(sink_->Flush());
  unflushed_ = false;
  return absl::OkStatus();
}

absl::Status Recorder::WriteStart(uint64_t seed) {
  return WriteSupervisorEvent({.what = SupervisorEvent::What::kStart, .seed = seed});
}

absl::Status Recorder::WriteEnd() {
  return WriteSupervisorEvent(
      {.what = SupervisorEvent::What::kEnd, .events = written_, .lost = lost_});
}

absl::Status Recorder::WriteSupervisorEvent(SupervisorEvent event) {
  if (sink_ == nullptr) return absl::OkStatus();
  Identity self;
  PROVOST_RETURN_IF_ERROR(ReadProgramIdentity(getpid(), self));
  PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(getpid(), self));
  event.identity = &self;
  PROVOST_RETURN_IF_ERROR(sink_->Write(event));
  return sink_->Flush();
}

}  // namespace provost
