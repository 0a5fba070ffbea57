#include "tracee/stop_queue.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"
#include "tracee/freezer.h"
#include "tracee/proc_path.h"

namespace provost {

namespace {

using Clock = std::chrono::steady_clock;

// wait4(2) takes no time: what does not come while others are given the processor a few times is
// looked for every millisecond.
constexpr int kYields = 100;

// False of a task that waits for a processor, or is frozen with its cgroup: what it does not do
// says nothing of it.
bool MayRun(pid_t tid) {
  std::ifstream file(ProcPath(tid, "stat"));
  const std::string stat{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  // After the name, which may hold anything (proc_pid_stat(5)).
  const size_t name_end = stat.rfind(')');
  const bool is_ready = name_end != std::string::npos && absl::StartsWith(&stat[name_end], ") R");
  return !is_ready && !IsFrozen(tid);
}

}  // namespace

absl::StatusOr<StoppedTask> StopQueue::NextStopOf(pid_t tid, std::chrono::milliseconds limit) {
  Clock::time_point deadline = Clock::now() + limit;
  int looks = 0;
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
    if (std::holds_alternative<NothingYet>(result)) {
      if (Clock::now() > deadline) {
        if (MayRun(tid)) {
          return absl::DeadlineExceededError(absl::StrCat("task ", tid, " does not stop"));
        }
        deadline += limit;
      }
      if (++looks < kYields) {
        sched_yield();
      } else {
        poll(nullptr, 0, 1);
      }
      continue;
    }
    looks = 0;
    if (auto* stop = std::get_if<StoppedTask>(&result); stop != nullptr) {
      if (stop->stopped.tid() == tid) return std::move(*stop);
      Keep(std::move(result));
      continue;
    }
    const auto* ended = std::get_if<EndedTask>(&result);
    const bool is_its_end = ended == nullptr || ended->tid == tid;
    if (ended != nullptr) Keep(std::move(result));
    if (is_its_end) return TraceeError("wait4", tid, ESRCH);
  }
}

bool StopQueue::HasKept(pid_t tid) const {
  return std::any_of(kept_.begin(), kept_.end(), [tid](const WaitResult& result) {
    const auto* stop = std::get_if<StoppedTask>(&result);
    const auto* ended = std::get_if<EndedTask>(&result);
    return (stop != nullptr && stop->stopped.tid() == tid) ||
           (ended != nullptr && ended->tid == tid);
  });
}

absl::StatusOr<WaitResult> StopQueue::Poll() {
  if (kept_.empty()) return waiter_.Poll();
  WaitResult result = std::move(kept_.front());
  kept_.pop_front();
  return result;
}

}  // namespace provost
