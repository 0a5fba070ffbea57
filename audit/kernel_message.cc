#include "audit/kernel_message.h"

#include <string.h>

#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/untrusted.h"
#include "audit/wording.h"
#include "base/identity.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr size_t kMaxKey = 256;   // AUDIT_MAX_KEY_LEN
constexpr size_t kMaxExe = 1024;  // a message has room for 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH)

// Inside msg='…' an apostrophe would end the message.
void AppendField(absl::string_view name, absl::string_view value, std::string& out) {
  absl::StrAppend(&out, " ", name, "=");
  if (value.find('\'') != absl::string_view::npos) {
    AppendHex(value, out);
  } else {
    AppendUntrusted(value, out);
  }
}

std::string CallName(const SyscallRequest& request) {
  const Syscall* call = SyscallTable::Get().Find(request);
  return call == nullptr ? absl::StrCat("unknown-", request.nr)
                         : std::string(call->signature->name);
}

// Who had the supervisor do it, whose own the message's other fields are.
void AppendAsker(const Identity& who, std::string& out) {
  absl::StrAppend(&out, " by-pid=", who.pid, " by-auid=", who.auid, " by-uid=", who.uid);
  AppendField("by-comm", who.comm, out);
}

// The message itself always says res=success: it is that of having been written.
void AppendRefusal(bool succeeded, std::string& out) {
  if (!succeeded) absl::StrAppend(&out, " result=refused");
}

struct Line {
  std::string& out;

  void operator()(const DecisionEvent& event) const {
    absl::StrAppend(&out, "op=seccomp verdict=", OperationName(event.decision.verdict),
                    " call=", CallName(event.request));
    AppendField("key", event.decision.rule.substr(0, kMaxKey), out);
    if (event.result.has_value()) {
      const char* error =
          IsError(*event.result) ? strerrorname_np(static_cast<int>(-*event.result)) : nullptr;
      absl::StrAppend(&out, " result=");
      error != nullptr ? absl::StrAppend(&out, error) : absl::StrAppend(&out, *event.result);
    }
    if (event.identity != nullptr) {
      const Identity& who = *event.identity;
      absl::StrAppend(&out, " opid=", who.pid, " oauid=", who.auid, " ouid=", who.uid,
                      " oses=", who.ses);
      AppendField("ocomm", who.comm, out);
      AppendField("oexe", absl::string_view(who.exe).substr(0, kMaxExe), out);
    }
    if (event.facts != nullptr && event.facts->contid.has_value()) {
      absl::StrAppend(&out, " contid=", *event.facts->contid);
    }
  }
  void operator()(const SupervisorEvent& event) const {
    absl::StrAppend(&out, "op=", OperationName(event.what));
    switch (event.what) {
      case SupervisorEvent::What::kStart:
        if (event.seed.has_value()) absl::StrAppend(&out, " seed=", *event.seed);
        return;
      case SupervisorEvent::What::kEnd:
        absl::StrAppend(&out, " events=", event.events, " lost=", event.lost);
        if (!event.reason.empty()) absl::StrAppend(&out, " reason=", event.reason);
        return;
      case SupervisorEvent::What::kEventsLost:
        absl::StrAppend(&out, " lost=", event.lost);
        return;
      case SupervisorEvent::What::kReload:
        absl::StrAppend(&out, " generation=", event.generation);
        if (event.identity != nullptr) AppendAsker(*event.identity, out);
        return;
      case SupervisorEvent::What::kHung:
        return;
    }
  }
  void operator()(const ContainerEvent& event) const {
    absl::StrAppend(&out, "op=container-set opid=", event.pid, " contid=", event.contid,
                    " old-contid=", event.old_contid);
    AppendRefusal(event.succeeded, out);
    if (event.identity != nullptr) AppendAsker(*event.identity, out);
  }
  void operator()(const ConfigChangeEvent& event) const {
    if (!event.mark) {
      absl::StrAppend(&out, "op=seccomp-logging");
      AppendField("actions", event.actions, out);
      AppendField("old-actions", event.old_actions, out);
    } else {
      const AuditedMark& mark = *event.mark;
      absl::StrAppend(&out, "op=audited");
      mark.pid != 0 ? absl::StrAppend(&out, " opid=", mark.pid)
                    : absl::StrAppend(&out, " contid=", mark.contid);
      absl::StrAppend(&out, " audited=", mark.audited ? 1 : 0,
                      " old-audited=", mark.was_audited ? 1 : 0);
    }
    AppendRefusal(event.succeeded, out);
    if (event.asked_by != nullptr) AppendAsker(*event.asked_by, out);
  }
};

}  // namespace

void AppendKernelMessage(const Event& event, std::string& out) {
  std::visit(Line{out}, event);
  out.push_back('\n');
}

}  // namespace provost
