#include "tests/support/watchdog.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace provost {
namespace {

// The number behind `field` in a task's /proc status; 0 if the task is gone.
pid_t StatusField(pid_t tid, absl::string_view field) {
  std::ifstream status(absl::StrCat("/proc/", tid, "/status"));
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    pid_t value = 0;
    if (absl::ConsumePrefix(&rest, field) && absl::SimpleAtoi(rest, &value)) return value;
  }
  return 0;
}

bool IsThreadOfOurs(pid_t tid) {
  std::error_code error;
  return std::filesystem::exists(absl::StrCat("/proc/self/task/", tid), error);
}

void KillTracees() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const pid_t tracer = StatusField(pid, "TracerPid:\t");
    if (tracer == 0 || !IsThreadOfOurs(tracer)) continue;
    fprintf(stderr, "timed out: killing task %d, %s\n", pid,
            std::filesystem::read_symlink(absl::StrCat("/proc/", pid, "/exe"), error).c_str());
    kill(pid, SIGKILL);
  }
}

}  // namespace

Watchdog::Watchdog(std::chrono::seconds timeout) : thread_([this, timeout] { Watch(timeout); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::Watch(std::chrono::seconds timeout) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [this] { return done_; })) return;
  timed_out_ = true;
  for (int i = 0; i < 100; ++i) {
    KillTracees();
    if (changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return done_; })) return;
  }
  fprintf(stderr, "timed out: the supervisor does not come back\n");
  abort();
}

}  // namespace provost
