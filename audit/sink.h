#ifndef PROVOST_AUDIT_SINK_H_
#define PROVOST_AUDIT_SINK_H_

#include "absl/status/status.h"
#include "audit/event.h"

namespace provost {

// Where recorded events go. Called from the tracing thread alone.
class AuditSink {
 public:
  virtual ~AuditSink() = default;

  // Takes one event whole. An error means that it is not on record and counts as lost, unless
  // Retry brings it in.
  virtual absl::Status Write(const Event& event) = 0;
  // Offers again the event that the last call refused; when it is taken, it was not lost.
  virtual absl::Status Retry(const Event& event) { return Write(event); }
  // Hands on what is buffered. The supervisor calls it before it blocks and at the end.
  virtual absl::Status Flush() = 0;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_SINK_H_
