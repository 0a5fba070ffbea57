#include "tracee/waiter.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"

namespace provost {
namespace {

bool IsStopSignal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

absl::StatusOr<pid_t> EventMessage(pid_t tid) {
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) < 0) {
    return TraceeError("PTRACE_GETEVENTMSG", tid, errno);
  }
  return static_cast<pid_t>(message);
}

// The event of a status for which WIFSTOPPED holds (ptrace(2), "Stopped tracees").
absl::StatusOr<StopEvent> Classify(pid_t tid, int status) {
  const int signal = WSTOPSIG(status);
  switch (status >> 16) {
    case 0:
      // PTRACE_O_TRACESYSGOOD tells syscall stops from SIGTRAPs.
      if (signal == (SIGTRAP | 0x80)) return SyscallExitStop{};
      return SignalStop{signal};
    case PTRACE_EVENT_STOP:
      if (IsStopSignal(signal)) return GroupStop{signal};
      return TrapStop{};
    case PTRACE_EVENT_SECCOMP:
      return SeccompStop{};
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: {
      absl::StatusOr<pid_t> child = EventMessage(tid);
      if (!child.ok()) return child.status();
      return NewChildStop{*child};
    }
    case PTRACE_EVENT_EXEC: {
      absl::StatusOr<pid_t> former = EventMessage(tid);
      if (!former.ok()) return former.status();
      return ExecStop{*former};
    }
    default:
      return absl::InternalError(
          absl::StrCat("task ", tid, " is in a stop nobody asked for, status ", status));
  }
}

// True if there is no stop `earlier` any more once there is `later`: a task does nothing while it
// is stopped, so who does something under its number is another. A thread that calls execve takes
// the leader's number over, whatever the leader was stopped at (ptrace(2), "execve(2) under
// ptrace").
bool Replaces(const WaitResult& later, const WaitResult& earlier) {
  const auto* before = std::get_if<StoppedTask>(&earlier);
  if (before == nullptr) return false;
  if (const auto* ended = std::get_if<EndedTask>(&later))
    return ended->tid == before->stopped.tid();
  const auto* stop = std::get_if<StoppedTask>(&later);
  return stop != nullptr && stop->stopped.tid() == before->stopped.tid();
}

// The same where the kernel has something to say of the number that was not waited for yet.
bool IsOutdated(const WaitResult& result) {
  const auto* stop = std::get_if<StoppedTask>(&result);
  if (stop == nullptr) return false;
  siginfo_t info = {};
  const int flags = WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WCLONE | __WNOTHREAD;
  return waitid(P_PID, stop->stopped.tid(), &info, flags) == 0 && info.si_pid != 0;
}

bool IsEvent(const WaitResult& result) {
  return std::holds_alternative<StoppedTask>(result) || std::holds_alternative<EndedTask>(result);
}

}  // namespace

absl::StatusOr<WaitResult> Waiter::Poll() { return NextFair(WNOHANG, OnSignal::kGoOn); }

absl::StatusOr<WaitResult> Waiter::Next() { return NextFair(0, OnSignal::kGoOn); }

absl::StatusOr<WaitResult> Waiter::NextOrSignal() { return NextFair(0, OnSignal::kReturn); }

absl::StatusOr<WaitResult> Waiter::NextFair(int flags, OnSignal on_signal) {
  while (!batch_.empty()) {
    WaitResult result = std::move(batch_.front());
    batch_.pop_front();
    if (!IsOutdated(result)) return result;
  }
  PROVOST_RETURN_IF_ERROR(std::exchange(batch_status_, absl::OkStatus()));
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, Wait(flags, on_signal));
  if (IsEvent(result) && ++unbatched_ >= kMaxUnbatched) TakeBatch();
  return result;
}

void Waiter::GiveBack(std::deque<WaitResult> results) {
  for (WaitResult& later : batch_) results.push_back(std::move(later));
  batch_.clear();
  for (WaitResult& result : results) {
    std::erase_if(batch_, [&](const WaitResult& earlier) { return Replaces(result, earlier); });
    batch_.push_back(std::move(result));
  }
  if (!batch_.empty()) unbatched_ = kMaxUnbatched;
}

// While there is more than one task to serve, every result comes in a batch; a task alone costs one
// wait more for every few.
void Waiter::TakeBatch() {
  while (true) {
    absl::StatusOr<WaitResult> more = Wait(WNOHANG, OnSignal::kGoOn);
    if (!more.ok()) {
      // Handed out in its turn.
      batch_status_ = more.status();
      break;
    }
    if (!IsEvent(*more)) break;
    std::erase_if(batch_, [&](const WaitResult& earlier) { return Replaces(*more, earlier); });
    batch_.push_back(*std::move(more));
  }
  unbatched_ = batch_.empty() ? 0 : kMaxUnbatched;
}

absl::StatusOr<WaitResult> Waiter::Wait(int flags, OnSignal on_signal) {
  while (true) {
    int status = 0;
    const pid_t tid = wait4(-1, &status, flags | __WCLONE | __WNOTHREAD, nullptr);
    if (tid == 0) return NothingYet{};
    if (tid < 0) {
      if (errno == EINTR && on_signal == OnSignal::kReturn) return NothingYet{};
      if (errno == EINTR) continue;
      if (errno == ECHILD) return NoTasks{};
      return absl::ErrnoToStatus(errno, "wait4");
    }
    if (WIFEXITED(status)) return EndedTask{tid, Exited{WEXITSTATUS(status)}};
    if (WIFSIGNALED(status)) {
      return EndedTask{tid, KilledBy{WTERMSIG(status), WCOREDUMP(status) != 0}};
    }
    absl::StatusOr<StopEvent> event = Classify(tid, status);
    if (event.ok()) return StoppedTask{Stopped(tid), *event};
    // Killed between its stop and our question: its end is the next thing wait4 says of it.
    if (!IsDied(event.status())) return event.status();
  }
}

}  // namespace provost
