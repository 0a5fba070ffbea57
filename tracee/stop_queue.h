#ifndef PROVOST_TRACEE_STOP_QUEUE_H_
#define PROVOST_TRACEE_STOP_QUEUE_H_

#include <sys/types.h>

#include <chrono>
#include <deque>

#include "absl/status/statusor.h"
#include "tracee/waiter.h"

namespace provost {

// The waits of somebody who is interested in one task for a while: what others do meanwhile is
// kept, in order, for whoever comes after. Lives on the tracing thread.
class StopQueue {
 public:
  // `waiter` is not owned.
  explicit StopQueue(Waiter& waiter) : waiter_(waiter) {}

  // The next thing that happens to `tid` within `limit`. IsDied (died.h) if that is its end, which
  // is kept, or if it is no task of ours; kDeadlineExceeded: nothing happened. While it waits for a
  // processor, or is frozen with its cgroup, what it does not do says nothing: that is waited for.
  absl::StatusOr<StoppedTask> NextStopOf(pid_t tid, std::chrono::milliseconds limit);
  // What was kept first, then what is there now, or NothingYet. Does not block.
  absl::StatusOr<WaitResult> Poll();

  // True if something that happened to `tid` is kept.
  bool HasKept(pid_t tid) const;
  void Keep(WaitResult result) { kept_.push_back(std::move(result)); }
  // All that was kept, to be handled as if it had just been waited for.
  std::deque<WaitResult> TakeAll() { return std::exchange(kept_, {}); }

 private:
  Waiter& waiter_;
  std::deque<WaitResult> kept_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_STOP_QUEUE_H_
