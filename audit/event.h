#ifndef PROVOST_AUDIT_EVENT_H_
#define PROVOST_AUDIT_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "base/identity.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// One recorded decision, before it has a time and a serial (the sink gives both). A view:
// everything it refers to outlives the call that takes it.
struct DecisionEvent {
  const Identity* identity = nullptr;
  SyscallRequest request;
  Decision decision;
  // What the task was told: the verdict's own value for a refusal (-error, the returned value), the
  // kernel's answer where it was awaited (`log result`), nothing for a call let through without
  // waiting and for a kill.
  std::optional<int64_t> result;
};

// What the supervisor says of itself: a TRUSTED_APP record, op=supervisor-start when a run begins,
// op=supervisor-end when it ends, op=events-lost (written by a sink of its own accord) where events
// before it could not be recorded.
struct SupervisorEvent {
  enum class What : uint8_t { kStart, kEnd, kEventsLost };
  What what;
  const Identity* identity = nullptr;           // the supervisor's own
  uint64_t events = 0;                          // kEnd: decisions recorded
  uint64_t lost = 0;                            // kEnd, kEventsLost: events that could not be
  std::optional<uint64_t> seed = std::nullopt;  // kStart: what random decisions are drawn from
};

using Event = std::variant<DecisionEvent, SupervisorEvent>;

}  // namespace provost

#endif  // PROVOST_AUDIT_EVENT_H_
