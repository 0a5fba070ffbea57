#ifndef PROVOST_AUDIT_LOG_DECISION_H_
#define PROVOST_AUDIT_LOG_DECISION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/verdict.h"

namespace provost {

// The actions whose decisions may be recorded: our counterpart of the sysctl
// kernel.seccomp.actions_logged, with its names and its canonical order. A small immutable set.
class ActionsLogged {
 public:
  enum Action : uint8_t {
    kKillProcess,
    kKillThread,
    kTrap,
    kErrno,
    kUserNotif,
    kTrace,
    kLog,
    kNumActions,
  };

  // Every action (the kernel's default).
  static ActionsLogged All();
  // From names with single or several blanks between; order and duplicates are free; "" is none.
  // kInvalidArgument for an unknown name, upper case, commas, and for `allow`, whose EINVAL the
  // kernel has too: what is allowed is never recorded.
  static absl::StatusOr<ActionsLogged> Parse(absl::string_view names);
  // Canonical, as Parse takes it back: "kill_process kill_thread trap errno user_notif trace log",
  // "" for none.
  std::string ToString() const;
  // The same for a CONFIG_CHANGE record: commas between, "(none)" for none (audit_actions_logged()
  // in kernel/seccomp.c).
  std::string ToList() const;
  bool Has(Action action) const { return (bits_ & (1u << action)) != 0; }

  bool operator==(const ActionsLogged&) const = default;

 private:
  uint32_t bits_ = 0;
};

// Will this decision be recorded? Pure. `logging` is the policy-wide wish (`logging on`, or an
// audit log named by the user), `audited` marks the task.
//
//   verdict                recorded when
//   allow                  never
//   kill, log              its action is in the list and the rule is not `quiet`
//   deny, trap, return     its action (errno, trap, trace) is in the list and the rule asks (`log`)
//                          or, unless the rule is `quiet`, the policy does
//   any but allow          the task is audited, whatever the list and the rule say, or the rule
//   says
//                          `audited`, whatever the list says
//
// The kernel's counterpart is seccomp_log() in kernel/seccomp.c. `return` counts as `trace`: only a
// tracer can do it.
bool LogDecision(const Decision& decision, const ActionsLogged& actions, bool logging,
                 bool audited);

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_DECISION_H_
