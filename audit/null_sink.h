#ifndef PROVOST_AUDIT_NULL_SINK_H_
#define PROVOST_AUDIT_NULL_SINK_H_

#include "absl/status/status.h"
#include "audit/sink.h"

namespace provost {

// Takes every event and keeps none.
class NullSink final : public AuditSink {
 public:
  absl::Status Write(const Event& /*event*/) override { return absl::OkStatus(); }
  absl::Status Flush() override { return absl::OkStatus(); }
};

}  // namespace provost

#endif  // PROVOST_AUDIT_NULL_SINK_H_
