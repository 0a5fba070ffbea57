#ifndef PROVOST_TRACEE_WAITER_H_
#define PROVOST_TRACEE_WAITER_H_

#include <sys/types.h>

#include <deque>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracee/stop.h"

namespace provost {

// One stopped task, with the reason.
struct StoppedTask {
  Stopped stopped;
  StopEvent event;
};
// One task that is no more. A leader is reported after its last thread.
struct EndedTask {
  pid_t tid;
  TaskEnd end;
};
// The calling thread traces no task any more.
struct NoTasks {};
// Nothing happened in the time given.
struct NothingYet {};

using WaitResult = std::variant<StoppedTask, EndedTask, NoTasks, NothingYet>;

// Every wait of the supervisor goes through here. Waits are wait4(-1, __WCLONE | __WNOTHREAD),
// which wait for the calling thread's tracees, all of them, and for no ordinary child of anybody: a
// tracee matches whatever __WALL and __WCLONE say (since Linux 4.7; eligible_child in
// kernel/exit.c), and of the others __WCLONE takes only those children of the calling thread that
// clone(2) made with another exit signal than SIGCHLD.
//
// It is fair: wait4 offers the youngest tracee's stop first, so that one busy thread could keep all
// older tasks waiting for ever. Stops are therefore taken in batches, each task at most once in
// each. A stop in a batch is dropped if its task is gone when its turn comes: to restart it then
// would be to restart the thread that has taken its number over, out of a stop that nobody has
// looked at. One instance for all the waits of a thread.
class Waiter {
 public:
  // What is there now, or NothingYet. Does not block.
  absl::StatusOr<WaitResult> Poll();
  // Blocks until something happens. A handled signal does not end the wait.
  absl::StatusOr<WaitResult> Next();
  // The same, but a signal whose handler was set without SA_RESTART ends it: NothingYet. A signal
  // that comes just before the wait does not.
  absl::StatusOr<WaitResult> NextOrSignal();
  // Takes results that it gave out, in order, to give them out again before all others.
  void GiveBack(std::deque<WaitResult> results);
  // True if results were taken from the kernel and not given out yet: they are lost unless they
  // are.
  bool has_taken() const { return !batch_.empty() || !batch_status_.ok(); }

 private:
  // How many results may come straight from wait4 before all there are must be taken.
  static constexpr int kMaxUnbatched = 8;

  enum class OnSignal : bool { kGoOn, kReturn };
  absl::StatusOr<WaitResult> NextFair(int flags, OnSignal on_signal);
  static absl::StatusOr<WaitResult> Wait(int flags, OnSignal on_signal);
  void TakeBatch();

  std::deque<WaitResult> batch_;
  absl::Status batch_status_;
  int unbatched_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_WAITER_H_
