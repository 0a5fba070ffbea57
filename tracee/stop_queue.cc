#include "tracee/stop_queue.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
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

// What /proc/TID/stat says of how a task does (proc_pid_stat(5)).
struct Progress {
  bool is_ready = false;  // it runs, or waits for a processor
  uint64_t ticks = 0;     // of time it has run for
};

Progress ProgressOf(pid_t tid) {
  constexpr size_t kUserTime = 14 - 3;  // fields behind the name, which may hold anything
  std::ifstream file(ProcPath(tid, "stat"));
  const std::string stat{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return {};
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(stat).substr(name_end + 2), ' ');
  uint64_t user = 0;
  uint64_t system = 0;
  if (fields.size() <= kUserTime + 1 || !absl::SimpleAtoi(fields[kUserTime], &user) ||
      !absl::SimpleAtoi(fields[kUserTime + 1], &system)) {
    return {};
  }
  return {fields[0] == "R", user + system};
}

// True of a task that waits for a processor, and has had next to no time on one since `before`, or
// is frozen with its cgroup: what it does not do says nothing of it.
bool HadNoChance(pid_t tid, const Progress& before) {
  constexpr uint64_t kFewTicks = 10;  // a tenth of a second
  const Progress now = ProgressOf(tid);
  return (now.is_ready && now.ticks < before.ticks + kFewTicks) || IsFrozen(tid);
}

}  // namespace

absl::StatusOr<StoppedTask> StopQueue::NextStopOf(pid_t tid, std::chrono::milliseconds limit) {
  Clock::time_point deadline = Clock::now() + limit;
  int looks = 0;
  bool is_slow = false;
  Progress before;
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
    if (std::holds_alternative<NothingYet>(result)) {
      if (Clock::now() > deadline) {
        if (!HadNoChance(tid, before)) {
          return absl::DeadlineExceededError(absl::StrCat("task ", tid, " does not stop"));
        }
        deadline += limit;
      }
      if (!is_slow && looks == kYields) {
        is_slow = true;
        before = ProgressOf(tid);
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
