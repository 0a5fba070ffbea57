#ifndef PROVOST_AUDIT_EVENT_H_
#define PROVOST_AUDIT_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/call_facts.h"
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
  // Null: nothing beyond the registers is known.
  const CallFacts* facts = nullptr;
  // The same number whenever this event is offered to a sink again; 0: unknown.
  uint64_t offer = 0;
};

// A task was given, or refused, a container's identifier: a CONTAINER_OP record, op=set.
struct ContainerEvent {
  const Identity* identity = nullptr;  // who asked
  int32_t pid = 0;                     // the task it is for
  uint64_t contid = UINT64_MAX;
  uint64_t old_contid = UINT64_MAX;  // UINT64_MAX is "unset"
  bool succeeded = true;
};

// What a process or a container was before it was marked as audited, or no more, and is now.
struct AuditedMark {
  int32_t pid = 0;               // 0: it is a container
  uint64_t contid = UINT64_MAX;  // of that
  bool audited = false;
  bool was_audited = false;
};

// What is recorded of a run was changed: a CONFIG_CHANGE record. The list of actions,
// op=seccomp-logging (audit_seccomp_actions_logged in kernel/auditsc.c), or, where there is a
// `mark`, that, op=audited.
struct ConfigChangeEvent {
  const Identity* identity = nullptr;  // the supervisor's own
  std::string actions = {};            // names separated by commas, "(none)", or "?" if refused
  std::string old_actions = {};
  bool succeeded = true;
  const Identity* asked_by = nullptr;  // who had it changed; null: the run began so
  std::optional<AuditedMark> mark = std::nullopt;
};

// What the supervisor says of itself: a record of its own (RecordTypeOf in wording.h),
// op=supervisor-start when a run begins, op=supervisor-end when it ends, op=events-lost (written by
// a sink of its own accord) where events before it could not be recorded, op=supervisor-hung when
// its guardian has killed it, op=supervisor-reload when it is about to go on under other policies.
struct SupervisorEvent {
  enum class What : uint8_t { kStart, kEnd, kEventsLost, kHung, kReload };
  What what;
  const Identity* identity = nullptr;           // the supervisor's own; kReload: who asked for it
  uint64_t events = 0;                          // kEnd: decisions recorded
  uint64_t lost = 0;                            // kEnd, kEventsLost: events that could not be
  std::string reason = {};                      // kEnd: why, if tasks were left or killed for it
  std::optional<uint64_t> seed = std::nullopt;  // kStart: what random decisions are drawn from
  // kStart, kReload: where the run's policies come from, as `provost why` takes them.
  std::vector<std::string> policies = {};  // files, by absolute paths
  std::vector<std::string> rules = {};     // statements, which together make one policy
  // kStart of a run that took processes which ran already: them, and the calls that were in the
  // kernel then and finish undecided (`nr` is -1 if it is not known which).
  struct UnseenCall {
    int32_t tid = 0;
    int32_t nr = -1;
  };
  std::vector<int32_t> attached = {};
  std::vector<UnseenCall> unseen = {};
  uint64_t generation = 0;  // kReload: how many reloads there were, this one too
};

using Event = std::variant<DecisionEvent, SupervisorEvent, ContainerEvent, ConfigChangeEvent>;

}  // namespace provost

#endif  // PROVOST_AUDIT_EVENT_H_
