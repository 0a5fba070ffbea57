#ifndef PROVOST_TRACEE_STOP_H_
#define PROVOST_TRACEE_STOP_H_

// The stops of ptrace(2) as types. A task is stopped while somebody holds its Stopped; giving the
// token up with a Resume is the only way to restart it, so a handler can neither forget to resume a
// task nor resume it twice.

#include <sys/types.h>

#include <utility>
#include <variant>

#include "absl/status/status.h"

namespace provost {

// How a stopped task goes on. Says, for each stop, what ptrace(2) allows there.
class Resume {
 public:
  // Run until the next event; `signal` is delivered if the stop was a signal-delivery stop (0:
  // none).
  static Resume Continue(int signal = 0) { return Resume(Kind::kContinue, signal); }
  // Run until the exit of the call the task is in (from a seccomp stop the entry stop does not come
  // again).
  static Resume UntilSyscallExit(int signal = 0) { return Resume(Kind::kSyscall, signal); }
  // Stay in group-stop, but report SIGCONT. Only from a group-stop (PTRACE_LISTEN; restarting there
  // breaks job control).
  static Resume Listen() { return Resume(Kind::kListen, 0); }

  enum class Kind { kContinue, kSyscall, kListen };
  Kind kind() const { return kind_; }
  int signal() const { return signal_; }
  bool operator==(const Resume&) const = default;

 private:
  Resume(Kind kind, int signal) : kind_(kind), signal_(signal) {}
  Kind kind_;
  int signal_;
};

// The right to act on a task in a ptrace-stop. Move-only; only Waiter makes them. Lives on the
// tracing thread.
class Stopped {
 public:
  Stopped(Stopped&& other) noexcept : tid_(std::exchange(other.tid_, 0)) {}
  Stopped& operator=(Stopped&& other) noexcept {
    tid_ = std::exchange(other.tid_, 0);
    return *this;
  }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  ~Stopped() = default;

  pid_t tid() const { return tid_; }

  // Restarts the task and uses the token up. IsDied (died.h) if it was killed meanwhile.
  absl::Status Restart(Resume resume) &&;
  // Lets go of the task (PTRACE_DETACH) and uses the token up: it runs on, untraced, or stays
  // stopped if its group is. At a TrapStop or a GroupStop; elsewhere the call or signal it is at
  // comes to nothing good. IsDied if it was killed meanwhile.
  absl::Status Detach() &&;

 private:
  friend class Waiter;
  explicit Stopped(pid_t tid) : tid_(tid) {}
  pid_t tid_;
};

// Why a task stopped; a closed variant.

// The filter answered RET_TRACE; the call has not run. Resume: Continue or UntilSyscallExit.
struct SeccompStop {};
// The call a task was resumed out of with UntilSyscallExit is done. Resume: Continue.
struct SyscallExitStop {};
// A signal is about to be delivered. Resume: Continue(signal) delivers it, Continue(0) swallows it.
struct SignalStop {
  int signal;
};
// The task's group has stopped (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU). Resume: Listen.
struct GroupStop {
  int signal;
};
// PTRACE_EVENT_STOP that is no group-stop: a new task's first stop, the end of a group-stop,
// PTRACE_INTERRUPT. Resume: Continue.
struct TrapStop {};
// fork, vfork or clone made `child`, traced as well; its first stop may come before this event.
// Resume: Continue.
struct NewChildStop {
  pid_t child;
};
// execve succeeded; `former` is the tid of the thread that called it (it is now the leader's).
// Resume: Continue.
struct ExecStop {
  pid_t former;
};

using StopEvent = std::variant<SeccompStop, SyscallExitStop, SignalStop, GroupStop, TrapStop,
                               NewChildStop, ExecStop>;

// How a task ended.
struct Exited {
  int code;
  bool operator==(const Exited&) const = default;
};
struct KilledBy {
  int signal;
  bool core_dumped = false;
  bool operator==(const KilledBy&) const = default;
};
using TaskEnd = std::variant<Exited, KilledBy>;

// Makes a running task, or one that is left in its group-stop, come to a TrapStop or a GroupStop,
// which the next waits report (PTRACE_INTERRUPT). A call that waits ends as by a signal. A task in
// vfork(2) comes to it when its child has run execve or ended. A second one before that adds
// nothing, and any other stop that it comes to first uses it up (ptrace_stop in kernel/signal.c);
// asked at that stop, it comes after it. IsDied: the task is gone, or a zombie.
absl::Status Interrupt(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_STOP_H_
