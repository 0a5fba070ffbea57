#ifndef PROVOST_AUDIT_WORDING_H_
#define PROVOST_AUDIT_WORDING_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "base/call_facts.h"
#include "policy/verdict.h"

namespace provost {

// What values are called in records of every format.

// "op=" of a decision ("deny") and of the supervisor's own events ("supervisor-start").
absl::string_view OperationName(const Verdict& verdict);
absl::string_view OperationName(SupervisorEvent::What what);

// The type of the record that says it: a run begins and ends as a service does, and is
// reconfigured as a system is.
absl::string_view RecordTypeOf(const SupervisorEvent& event);
// "unseen=" of a run that took running processes: "TID:NR,…"; empty if there is none.
std::string UnseenCalls(const SupervisorEvent& event);
// "res=failed", and no success.
inline bool IsFailure(const SupervisorEvent& event) {
  return event.what == SupervisorEvent::What::kEventsLost ||
         event.what == SupervisorEvent::What::kHung;
}
// Has a "lost=". Who records that a supervisor hung does not know its counts.
inline bool HasLostCount(const SupervisorEvent& event) {
  return event.what == SupervisorEvent::What::kEnd ||
         event.what == SupervisorEvent::What::kEventsLost;
}
// "nametype=": "NORMAL" and so on.
absl::string_view NameTypeName(PathFact::NameType type);
// "op=" of a TIME_ADJNTPVAL record: "offset" and so on.
absl::string_view ClockValueName(ClockChange::Value::What what);
// A file's type and permissions: printf's %#ho.
void AppendMode(uint32_t mode, std::string& out);
// True for a result that is -ERRNO: -4095…-1 (MAX_ERRNO, linux/err.h).
inline bool IsError(int64_t result) { return result < 0 && result >= -4095; }

}  // namespace provost

#endif  // PROVOST_AUDIT_WORDING_H_
