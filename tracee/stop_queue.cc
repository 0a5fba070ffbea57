#include "tracee/stop_queue.h"

#include <cerrno>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "tracee/died.h"

namespace provost {

absl::StatusOr<StoppedTask> StopQueue::NextStopOf(pid_t tid) {
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Next());
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
