#include "tracee/stop_queue.h"

#include <poll.h>
#include <sched.h>

#include <cerrno>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"

namespace provost {

namespace {

using Clock = std::chrono::steady_clock;

// wait4(2) takes no time: what does not come while others are given the processor a few times is
// looked for every millisecond.
constexpr int kYields = 100;

}  // namespace

absl::StatusOr<StoppedTask> StopQueue::NextStopOf(pid_t tid, std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  int looks = 0;
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
    if (std::holds_alternative<NothingYet>(result)) {
      if (Clock::now() > deadline) {
        return absl::DeadlineExceededError(absl::StrCat("task ", tid, " does not stop"));
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

absl::StatusOr<WaitResult> StopQueue::Poll() {
  if (kept_.empty()) return waiter_.Poll();
  WaitResult result = std::move(kept_.front());
  kept_.pop_front();
  return result;
}

}  // namespace provost
