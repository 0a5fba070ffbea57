#include "audit/wording.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace provost {
namespace {

struct NameOf {
  absl::string_view operator()(const Allow&) const { return "allow"; }
  absl::string_view operator()(const Log&) const { return "log"; }
  absl::string_view operator()(const Deny&) const { return "deny"; }
  absl::string_view operator()(const Return&) const { return "return"; }
  absl::string_view operator()(const Trap&) const { return "trap"; }
  absl::string_view operator()(const Kill&) const { return "kill"; }
  absl::string_view operator()(const Emulate&) const { return "emulate"; }
  absl::string_view operator()(const Rewrite&) const { return "rewrite"; }
  absl::string_view operator()(const Ask&) const { return "ask"; }
};

}  // namespace

absl::string_view OperationName(const Verdict& verdict) { return std::visit(NameOf{}, verdict); }

absl::string_view RecordTypeOf(const SupervisorEvent& event) {
  switch (event.what) {
    case SupervisorEvent::What::kStart:
      return "SERVICE_START";
    case SupervisorEvent::What::kEnd:
    case SupervisorEvent::What::kHung:
      return "SERVICE_STOP";
    case SupervisorEvent::What::kReload:
      return "USYS_CONFIG";
    case SupervisorEvent::What::kEventsLost:
      return "TRUSTED_APP";
  }
  return "TRUSTED_APP";
}

absl::string_view OperationName(SupervisorEvent::What what) {
  switch (what) {
    case SupervisorEvent::What::kStart:
      return "supervisor-start";
    case SupervisorEvent::What::kEnd:
      return "supervisor-end";
    case SupervisorEvent::What::kHung:
      return "supervisor-hung";
    case SupervisorEvent::What::kReload:
      return "supervisor-reload";
    case SupervisorEvent::What::kEventsLost:
      break;
  }
  return "events-lost";
}

std::string UnseenCalls(const SupervisorEvent& event) {
  return absl::StrJoin(event.unseen, ",",
                       [](std::string* out, const SupervisorEvent::UnseenCall& call) {
                         absl::StrAppend(out, call.tid, ":", call.nr);
                       });
}

absl::string_view NameTypeName(PathFact::NameType type) {
  switch (type) {
    case PathFact::NameType::kNormal:
      return "NORMAL";
    case PathFact::NameType::kParent:
      return "PARENT";
    case PathFact::NameType::kCreate:
      return "CREATE";
    case PathFact::NameType::kDelete:
      return "DELETE";
    case PathFact::NameType::kUnknown:
      break;
  }
  return "UNKNOWN";
}

absl::string_view ClockValueName(ClockChange::Value::What what) {
  using What = ClockChange::Value::What;
  switch (what) {
    case What::kOffset:
      return "offset";
    case What::kFreq:
      return "freq";
    case What::kStatus:
      return "status";
    case What::kTai:
      return "tai";
    case What::kTick:
      return "tick";
    case What::kAdjust:
      break;
  }
  return "adjust";
}

void AppendMode(uint32_t mode, std::string& out) {
  mode &= 0xffff;
  out.push_back('0');
  if (mode == 0) return;
  int shift = 15;
  while ((mode >> shift) == 0) shift -= 3;
  for (; shift >= 0; shift -= 3) out.push_back(static_cast<char>('0' + (mode >> shift & 7)));
}

}  // namespace provost
