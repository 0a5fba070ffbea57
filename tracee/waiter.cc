#include "tracee/waiter.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"

namespace provost {
namespace {

using Clock = std::chrono::steady_clock;

constexpr pid_t kAnyone = -1;
constexpr std::chrono::nanoseconds kNoTime{0};
// So many tasks are asked before all others.
constexpr size_t kMostRecent = 4;
// A task that had nothing so many times in a row is no recent one any more.
constexpr int kMostMisses = 16;
// All are asked once for so many results at least, and for more the more there are.
constexpr size_t kLeastBetweenSweeps = 8;
constexpr size_t kTasksAResult = 32;

sigset_t OnlySigchld() {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGCHLD);
  return only;
}

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

bool IsEnd(const WaitResult& result) { return std::holds_alternative<EndedTask>(result); }

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
  if (uses_signals_ && tasks_ >= kMany) return NextByNumber(flags, on_signal);
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, Wait(kAnyone, flags, on_signal));
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
bool Waiter::TakeBatch() {
  bool are_there = true;
  while (true) {
    absl::StatusOr<WaitResult> more = Wait(kAnyone, WNOHANG, OnSignal::kGoOn);
    if (!more.ok()) {
      // Handed out in its turn.
      batch_status_ = more.status();
      break;
    }
    if (!IsEvent(*more)) {
      are_there = !batch_.empty() || !std::holds_alternative<NoTasks>(*more);
      break;
    }
    std::erase_if(batch_, [&](const WaitResult& earlier) { return Replaces(*more, earlier); });
    batch_.push_back(*std::move(more));
  }
  unbatched_ = batch_.empty() ? 0 : kMaxUnbatched;
  return are_there;
}

void Waiter::UseSignals() {
  sigset_t blocked;
  struct sigaction action = {};
  uses_signals_ = pthread_sigmask(SIG_BLOCK, nullptr, &blocked) == 0 &&
                  sigismember(&blocked, SIGCHLD) == 1 &&
                  sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler != SIG_IGN &&
                  (action.sa_flags & SA_NOCLDSTOP) == 0;
}

absl::StatusOr<WaitResult> Waiter::NextByNumber(int flags, OnSignal on_signal) {
  while (true) {
    if (MustSweep()) {
      if (!Sweep()) return WaitResult(NoTasks());
      if (has_taken()) return NextFair(flags, on_signal);
    }
    const bool blocks = (flags & WNOHANG) == 0;
    WaitResult result = NothingYet();
    // One alone is named by its signal.
    if (!blocks || recent_.size() > 1) {
      PROVOST_ASSIGN_OR_RETURN(result, AskRecent());
      if (IsEvent(result)) return result;
    }
    // Where several have something at a time, no signal may have told of one of them.
    if (blocks && is_dirty_ && (recent_.size() > 1 || come_together_)) {
      swept_ = {};
      continue;
    }
    bool interrupted = false;
    PROVOST_ASSIGN_OR_RETURN(result, AskNamed(blocks ? BlockFor() : kNoTime, interrupted));
    const bool is_over = !blocks || (interrupted && on_signal == OnSignal::kReturn);
    if (IsEvent(result) || is_over) return result;
  }
}

std::chrono::milliseconds Waiter::BlockFor() const {
  return is_dirty_ ? kSweepAfter : kSweepAlways;
}

bool Waiter::MustSweep() const {
  const auto limit = is_dirty_ ? kSweepSoon : kSweepAlways;
  return since_sweep_ >= std::max(kLeastBetweenSweeps, tasks_ / kTasksAResult) ||
         Clock::now() - swept_ >= limit;
}

bool Waiter::Sweep() {
  // What happens from here on has a signal of its own.
  const sigset_t only = OnlySigchld();
  const timespec none = {};
  while (sigtimedwait(&only, nullptr, &none) > 0) {
  }
  ++sweeps_;
  const bool are_there = TakeBatch();
  for (const WaitResult& result : batch_) {
    if (const auto* stop = std::get_if<StoppedTask>(&result)) Remember(stop->stopped.tid());
  }
  // They go on before all are asked again, and may be overlooked then.
  is_dirty_ = !batch_.empty();
  come_together_ = batch_.size() > 1 || std::any_of(batch_.begin(), batch_.end(), IsEnd);
  since_sweep_ = 0;
  swept_ = Clock::now();
  return are_there;
}

absl::StatusOr<WaitResult> Waiter::AskRecent() {
  for (size_t i = 0; i < recent_.size();) {
    const pid_t tid = recent_[i].tid;
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, AskOne(tid));
    if (IsEvent(result)) return result;
    if (++recent_[i].misses > kMostMisses) {
      recent_.erase(recent_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return WaitResult(NothingYet());
}

absl::StatusOr<WaitResult> Waiter::AskNamed(std::chrono::nanoseconds limit, bool& interrupted) {
  const sigset_t only = OnlySigchld();
  const timespec wait = {.tv_sec = limit / std::chrono::seconds(1),
                         .tv_nsec = limit % std::chrono::seconds(1) / std::chrono::nanoseconds(1)};
  siginfo_t info = {};
  if (sigtimedwait(&only, &info, &wait) < 0) {
    interrupted = errno == EINTR;
    return WaitResult(NothingYet());
  }
  is_dirty_ = true;
  return AskOne(info.si_pid);
}

absl::StatusOr<WaitResult> Waiter::AskOne(pid_t tid) {
  if (tid <= 0) return WaitResult(NothingYet());
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, Wait(tid, WNOHANG, OnSignal::kGoOn));
  // That there is no such task says nothing of the others.
  if (!IsEvent(result)) return WaitResult(NothingYet());
  is_dirty_ = true;
  ++since_sweep_;
  if (IsEnd(result)) {
    come_together_ = true;
  } else {
    Remember(tid);
  }
  return result;
}

void Waiter::Remember(pid_t tid) {
  std::erase_if(recent_, [tid](const Recent& recent) { return recent.tid == tid; });
  if (recent_.size() >= kMostRecent) recent_.erase(recent_.begin());
  recent_.push_back({tid});
}

absl::StatusOr<WaitResult> Waiter::Wait(pid_t asked, int flags, OnSignal on_signal) {
  while (true) {
    int status = 0;
    const pid_t tid = wait4(asked, &status, flags | __WCLONE | __WNOTHREAD, nullptr);
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
