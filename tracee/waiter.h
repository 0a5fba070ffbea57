#ifndef PROVOST_TRACEE_WAITER_H_
#define PROVOST_TRACEE_WAITER_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

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
//
// wait4(-1) walks the list of all tracees, which beside thousands of idle ones costs more than
// everything else. With kMany of them or more, and where SIGCHLD may be used (UseSignals), this
// waits by number, which walks nothing:
//  - The tasks that had something last are asked first.
//  - Each stop and each end sends the process a SIGCHLD, whose si_pid is the task
//    (do_notify_parent_cldstop in kernel/signal.c), after it can be waited for. It stays pending,
//    being blocked, and says whom to ask next.
//  - One SIGCHLD at most is pending. Of what happens while one is, nobody is told. So all are
//  asked,
//    as with few: once for so many results that the walks do not matter, kSweepSoon after the last
//    time while anything happens, before a wait if several tasks had something, or one ended, and
//    kSweepAfter into it if one had; then nothing is left that no signal tells of. A number in a
//    signal or remembered may be nobody's any more, or another's, or have nothing to say: that is
//    what it is asked for.
//  - Whatever becomes of the signals (another thread may have taken one), all are asked every
//    kSweepAlways.
class Waiter {
 public:
  static constexpr size_t kMany = 48;
  static constexpr std::chrono::milliseconds kSweepSoon{1};
  // Longer than a tick of the kernel's clock: a shorter time-out costs each wait as much as a stop.
  static constexpr std::chrono::milliseconds kSweepAfter{10};
  static constexpr std::chrono::milliseconds kSweepAlways{1000};

  // SIGCHLD is blocked in all threads of the process, and nobody else waits for it. It is not used
  // if it is not blocked in this thread, or its disposition keeps it from being sent.
  void UseSignals();
  // About how many tasks there are.
  void Expect(size_t tasks) { tasks_ = tasks; }
  // How often all of them were asked, for tests.
  uint64_t sweeps() const { return sweeps_; }

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
  // Of that task, or of all (kAnyone).
  static absl::StatusOr<WaitResult> Wait(pid_t tid, int flags, OnSignal on_signal);
  // False if there are no tasks.
  bool TakeBatch();

  // The same by number.
  absl::StatusOr<WaitResult> NextByNumber(int flags, OnSignal on_signal);
  // What those have that had something last; NothingYet.
  absl::StatusOr<WaitResult> AskRecent();
  // What those have that signals name; NothingYet. Waits for a signal for so long.
  absl::StatusOr<WaitResult> AskNamed(std::chrono::nanoseconds limit, bool& interrupted);
  absl::StatusOr<WaitResult> AskOne(pid_t tid);
  void Remember(pid_t tid);
  bool MustSweep() const;
  std::chrono::milliseconds BlockFor() const;
  // Asks all; what they have is the batch. False if there are none.
  bool Sweep();

  // A task that had something last, and how often it had nothing since.
  struct Recent {
    pid_t tid = 0;
    int misses = 0;
  };

  std::deque<WaitResult> batch_;
  absl::Status batch_status_;
  int unbatched_ = 0;

  bool uses_signals_ = false;
  size_t tasks_ = 0;
  std::vector<Recent> recent_;  // served longest ago first
  bool is_dirty_ = true;        // something happened since all were asked
  // Something else is likely to have happened with what happened last: tasks end in numbers.
  bool come_together_ = false;
  size_t since_sweep_ = 0;  // results
  std::chrono::steady_clock::time_point swept_;
  uint64_t sweeps_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_WAITER_H_
