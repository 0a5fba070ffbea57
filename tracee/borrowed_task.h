#ifndef PROVOST_TRACEE_BORROWED_TASK_H_
#define PROVOST_TRACEE_BORROWED_TASK_H_

#include <sys/types.h>
#include <sys/user.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "syscalls/request.h"
#include "tracee/stop.h"
#include "tracee/stop_queue.h"

namespace provost {

// A task taken out of whatever it was doing, to make calls of ours, and put back as if nothing had
// been. For a task at an event stop (TrapStop, GroupStop), where the kernel has its registers ready
// to be looked at: it may have been computing, or in a call that the stop interrupted.
//
// The calls are made at a `syscall` (or `int $0x80`) instruction that the task has, in the vDSO as
// a rule. Meanwhile its signals are blocked; what cannot be (SIGSTOP) comes to it afterwards. It is
// given back at an event stop again, so that the kernel itself restarts the call that it was in, or
// ends it for a handler, as after any stop (arch_do_signal_or_restart in arch/x86/kernel/signal.c).
//
// Lives on the tracing thread. If the task dies, every call says so (IsDied), and its end is kept
// in the queue.
class BorrowedTask {
 public:
  // `queue` is not owned. kFailedPrecondition: it has no instruction to make calls with; `stopped`
  // is then as it was.
  static absl::StatusOr<BorrowedTask> Begin(Stopped& stopped, StopQueue& queue);

  BorrowedTask(BorrowedTask&&) = default;
  BorrowedTask& operator=(BorrowedTask&&) = delete;

  pid_t tid() const { return stopped_.tid(); }
  // Which of the two it runs: its calls and structures are that architecture's.
  Arch arch() const { return arch_; }

  // True once it was killed, for a stop that it did not come to.
  bool was_killed() const { return was_killed_; }

  // Lets the task make the call, named as on x86_64; what it gave, a value or -errno. If `seen_at`
  // is not 0, filters see the call as made by an instruction there. kDeadlineExceeded: it waits, as
  // for who answers calls in the kernel's place (seccomp_unotify(2)), and was ended.
  absl::StatusOr<int64_t> Call(absl::string_view name, const std::array<uint64_t, 6>& args,
                               uint64_t seen_at = 0);

  // Puts it back. Restart it as that event's stop wants.
  absl::StatusOr<StoppedTask> Return() &&;

 private:
  BorrowedTask(Stopped stopped, StopQueue& queue) : stopped_(std::move(stopped)), queue_(&queue) {}

  absl::Status Prepare();
  absl::Status LeaveRestartableSequence();
  absl::Status FindInstruction();
  absl::Status SetRegisters(const user_regs_struct& registers) const;
  absl::Status SetSignalMask(uint64_t mask) const;
  // The next stop of the task, if it is still the one that was borrowed. One that could, and does
  // not stop though it was asked to, is killed.
  absl::StatusOr<StoppedTask> NextStop(pid_t tid);
  // Restarts it until the next stop of a call.
  absl::Status RunToSyscallStop();

  Stopped stopped_;
  StopQueue* queue_;
  Arch arch_ = Arch::kX86_64;
  user_regs_struct saved_ = {};
  uint64_t saved_mask_ = 0;
  uint64_t instruction_ = 0;
  std::vector<int> late_signals_;  // came while the task was ours
  bool is_late_ = false;           // it was asked to stop, since it did not by itself
  bool was_killed_ = false;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_BORROWED_TASK_H_
