#include "tracee/read_watch.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/quiet_thread.h"

namespace provost {
namespace {

// No task's number: something is being killed for the reading.
constexpr pid_t kKilling = -1;

thread_local ReadWatch* g_watch = nullptr;

// The thread that traces `pid`; 0 if none does, or it is gone.
pid_t TracerOf(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    pid_t tracer = 0;
    if (absl::ConsumePrefix(&rest, "TracerPid:\t") && absl::SimpleAtoi(rest, &tracer)) {
      return tracer;
    }
  }
  return 0;
}

// A process that is traced cannot be reaped by others while the tracer has not waited for it.
void KillTraceesOf(pid_t tracer) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (TracerOf(pid) == tracer) kill(pid, SIGKILL);
  }
}

}  // namespace

ReadWatch::ReadWatch(const Bounds& bounds, Notice notice)
    : bounds_(bounds), notice_(std::move(notice)), tracer_(gettid()) {
  g_watch = this;
}

ReadWatch::~ReadWatch() {
  g_watch = nullptr;
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

ReadWatch::Reading::Reading(pid_t tid) : watch_(g_watch), tid_(tid) {
  if (watch_ != nullptr) outermost_ = watch_->Enter(tid);
}

ReadWatch::Reading::~Reading() {
  if (outermost_) watch_->Leave(tid_);
}

bool ReadWatch::Reading::was_cut_off() const {
  return watch_ != nullptr && watch_->cut_off_.load(std::memory_order_relaxed) == tid_;
}

bool ReadWatch::Enter(pid_t tid) {
  if (!thread_.joinable()) Start();
  entered_.fetch_add(1, std::memory_order_relaxed);
  if (reading_.load(std::memory_order_relaxed) != 0) return false;
  cut_off_.store(0, std::memory_order_relaxed);
  reading_ = tid;
  return true;
}

void ReadWatch::Leave(pid_t tid) {
  if (reading_.compare_exchange_strong(tid, 0)) return;
  const std::lock_guard lock(killing_);
  reading_ = 0;
}

void ReadWatch::Start() {
  thread_ = StartQuietThread([this] { Look(); });
}

void ReadWatch::Look() {
  uint64_t seen = 0;
  int unchanged = 0;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, bounds_.tick, [this] { return done_; })) {
    const pid_t tid = reading_;
    const uint64_t entered = entered_;
    if (tid <= 0 || entered != seen) {
      seen = entered;
      unchanged = 0;
      continue;
    }
    ++unchanged;
    if (unchanged == bounds_.ticks && Kill(tid, Killed::kProcess)) {
      notice_(tid, Killed::kProcess);
    } else if (unchanged > bounds_.ticks && unchanged % bounds_.ticks == 0 &&
               Kill(tid, Killed::kTree) && unchanged == 2 * bounds_.ticks) {
      // Said once; a task that was just made may have been missed, so it is done again.
      notice_(tid, Killed::kTree);
    }
  }
}

bool ReadWatch::Kill(pid_t tid, Killed what) {
  const std::lock_guard lock(killing_);
  pid_t expected = tid;
  if (!reading_.compare_exchange_strong(expected, kKilling)) return false;
  cut_off_ = tid;
  if (what == Killed::kProcess) {
    kill(tid, SIGKILL);
  } else {
    KillTraceesOf(tracer_);
  }
  reading_ = tid;
  return true;
}

}  // namespace provost
