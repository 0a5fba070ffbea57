#ifndef PROVOST_SUPERVISOR_HARDENING_H_
#define PROVOST_SUPERVISOR_HARDENING_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/policy.h"
#include "policy/policy_state.h"
#include "policy/rewrite.h"
#include "policy/verdict.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// The supervisor out of its process group, for as long as one lives.
class Aside {
 public:
  // Null if it cannot leave: it leads its session.
  static std::shared_ptr<const Aside> Step();
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

 private:
  Aside(pid_t home, pid_t host) : home_(home), host_(host) {}
  const pid_t home_;
  const pid_t host_;  // a child that leads the group which a leader went to; 0: there is none
};

// A run's hardening (policy/harden.h) with what takes a supervisor to answer: whom a number means,
// and how a call is made harmless. One a run; lives on the tracing thread, which must be the one
// that calls Create.
class Hardening {
 public:
  // `may_gain_privilege`: tasks may get capabilities that this process does not have. `guardian`:
  // the process that looks on, or 0.
  static absl::StatusOr<std::unique_ptr<Hardening>> Create(absl::Span<const Policy> policies,
                                                           bool may_gain_privilege, pid_t guardian);

  // The rules, for the filter.
  const Policy& policy() const { return policy_; }

  // What becomes of a call of the stopped task `tid` on which the policies decided so. What they
  // refuse stays as it is.
  Judgement Judge(pid_t tid, Judgement judged, ArgumentReader& arguments);

  // Asked when a call is about to run: not null, if the supervisor must be out of its process group
  // until the call is done, for it is a signal to that group.
  std::shared_ptr<const Aside> AsideFor(pid_t tid, const SyscallRequest& runs);

  // A task is the child of `creator`; `was_seen`: its first stop is over.
  void OnBirth(pid_t creator, pid_t child, bool was_seen);
  // A task stopped by itself: perhaps for the first time.
  absl::Status OnStop(const Stopped& stopped);
  // The call of a task is done, or the task is no more.
  void OnCallDone(pid_t tid);

  // A clone that was changed.
  struct Changed {
    SyscallRequest asked;
    uint64_t flags;
  };
  // What another process needs to go on with the same run.
  struct Saved {
    std::map<pid_t, Changed> cloning;
    std::map<pid_t, Changed> cloned;
  };
  Saved Save() const { return {cloning_, cloned_}; }
  void Restore(Saved saved) {
    cloning_ = std::move(saved.cloning);
    cloned_ = std::move(saved.cloned);
  }

 private:
  explicit Hardening(Policy policy) : policy_(std::move(policy)) {}

  // Whether what a rule asks about is to be refused.
  bool Refuses(absl::string_view call, pid_t tid, const SyscallRequest& runs,
               ArgumentReader& arguments);
  Judgement WithoutUntraced(pid_t tid, Judgement judged, const Decision& decision);

  const Policy policy_;
  PolicyState state_;
  // Clones whose CLONE_UNTRACED was taken away: by creator, and by child that is yet to stop.
  std::map<pid_t, Changed> cloning_;
  std::map<pid_t, Changed> cloned_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_HARDENING_H_
