#ifndef PROVOST_SUPERVISOR_TREE_HANDOVER_H_
#define PROVOST_SUPERVISOR_TREE_HANDOVER_H_

#include <sys/types.h>

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "supervisor/departure.h"
#include "tracee/freezer.h"
#include "tracee/waiter.h"

namespace provost {

// Brings a tree to where another process can take it (HandOver). The tasks are put into a freezer
// while they run, are asked for a stop that is no call's and no signal's, and are held there; when
// all are, the freezer is frozen and all are let go of at once, so that none ever runs without a
// tracer. That all are there is the freezer's word: it knows those that have not reported
// themselves yet.
//
// A parent in vfork(2) does not come before its child has run execve or ended: then its children,
// or, if that does not help, all go on for a moment. Lives on the tracing thread.
class TreeHandover {
 public:
  explicit TreeHandover(HandOver how);

  // Puts processes into the freezer. Errors are Freezer::Take's.
  absl::Status Take(const std::set<pid_t>& processes);

  // True if the task is to be asked for its stop, and held at it.
  bool Wants(pid_t tid) const;
  // At a TrapStop or a GroupStop.
  void Hold(StoppedTask stop);
  bool Holds(pid_t tid) const { return held_.contains(tid); }
  // It has ended, or is stopped at something else.
  void Forget(pid_t tid) { held_.erase(tid); }

  // True if every task of the freezer is held. When nothing is to be waited for at the moment.
  absl::StatusOr<bool> IsComplete() const;
  // Those that are to go on for a moment so that others come; none while some came just now.
  // `awaited` are the tasks that are not held. They are not held any more.
  std::vector<StoppedTask> TakeToMove(const std::vector<pid_t>& awaited);
  // What is held, which then is not any more.
  std::vector<StoppedTask> TakeAll();
  // OK as long as it makes sense to go on: the successor is there, and it has not taken too long.
  absl::Status Check() const;

  // When all are held: freezes them, if another process can take them all.
  absl::Status Freeze();
  // Lets go of all that are held, and frozen. Those that were killed meanwhile, and have no tracer
  // but us.
  absl::StatusOr<std::set<pid_t>> LetGo();

  // All goes on where it was before. Nothing is held.
  absl::Status Undo(absl::string_view why);

  FrozenTree tree() const { return {freezer_.cgroups(), since_}; }
  const HandOver& how() const { return how_; }

 private:
  absl::Status CheckStopped() const;
  absl::Status CheckTerminal() const;
  absl::Status CheckAllFrozen() const;

  using Clock = std::chrono::steady_clock;

  const HandOver how_;
  Freezer freezer_;
  const Clock::time_point begun_;
  Clock::time_point progress_;  // when the last task was held, or moved on
  std::chrono::nanoseconds since_ = std::chrono::nanoseconds(0);
  std::map<pid_t, StoppedTask> held_;
  std::map<pid_t, Clock::time_point> moving_;  // those that go on, until when
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TREE_HANDOVER_H_
