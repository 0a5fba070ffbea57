#include "supervisor/recorder.h"

#include <unistd.h>

#include "base/status_macros.h"
#include "tracee/identity.h"

namespace provost {

PendingRecord Recorder::Make(pid_t tid, const SyscallRequest& request, const Decision& decision) {
  PendingRecord record{.request = request, .decision = decision, .offer = ++made_};
  record.unread = ReadIdentity(tid, record.identity);
  return record;
}

absl::Status Recorder::ReadIdentity(pid_t tid, Identity& identity) {
  identity.tid = tid;
  const auto known = programs_.find(tid);
  if (known != programs_.end()) {
    identity = known->second;
  } else {
    PROVOST_RETURN_IF_ERROR(ReadProgramIdentity(tid, identity));
    programs_.emplace(tid, identity);
  }
  return ReadTaskIdentity(tid, identity);
}

absl::Status Recorder::Write(PendingRecord& record) {
  if (!record.unread.ok()) {
    record.unread = ReadIdentity(record.identity.tid, record.identity);
    PROVOST_RETURN_IF_ERROR(record.unread);
  }
  PROVOST_RETURN_IF_ERROR(sink_->Write(DecisionEvent{.identity = &record.identity,
                                                     .request = record.request,
                                                     .decision = record.decision,
                                                     .result = record.result,
                                                     .offer = record.offer}));
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
  if (!self_) {
    Identity self;
    PROVOST_RETURN_IF_ERROR(ReadProgramIdentity(getpid(), self));
    PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(getpid(), self));
    self_ = std::move(self);
  }
  event.identity = &*self_;
  PROVOST_RETURN_IF_ERROR(sink_->Write(event));
  return sink_->Flush();
}

}  // namespace provost
