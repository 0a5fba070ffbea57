#ifndef PROVOST_AUDIT_SINK_H_
#define PROVOST_AUDIT_SINK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "audit/event.h"

namespace provost {

// Where recorded events go. Called from the tracing thread alone.
class AuditSink {
 public:
  virtual ~AuditSink() = default;

  // Takes one event whole. An error means that it is not on record and may be offered again, as
  // often as one likes; nothing is counted for it. kFailedPrecondition: nothing ever will be taken
  // again (the reader of a pipe is gone).
  virtual absl::Status Write(const Event& event) = 0;
  // So many events that Write refused will not be offered again: they are lost. A sink that keeps a
  // log says so in it as soon as it can write again.
  virtual void CountLost(uint64_t events) { (void)events; }
  // The same of the one event that was offered as `offer` (see DecisionEvent).
  virtual void GiveUp(uint64_t offer) {
    (void)offer;
    CountLost(1);
  }
  // Hands on what is buffered. The supervisor calls it before it blocks and at the end.
  virtual absl::Status Flush() = 0;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_SINK_H_
