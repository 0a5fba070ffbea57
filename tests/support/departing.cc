#include "tests/support/departing.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace provost {
namespace {

// Between two attempts to end the supervisor's wait: the first may come just before it.
constexpr std::chrono::milliseconds kAgain{20};

void Nothing(int /*signal*/) {}

}  // namespace

Departing::Departing(Departure departure)
    : departure_(std::move(departure)), tracer_(pthread_self()) {
  std::array<int, 2> fds;
  if (pipe(fds.data()) == 0) {
    ready_read_ = UniqueFd(fds[0]);
    ready_write_ = UniqueFd(fds[1]);
  }
  if (pipe(fds.data()) == 0) {
    go_read_ = UniqueFd(fds[0]);
    go_write_ = UniqueFd(fds[1]);
  }
  // The program has no writing end of what it waits for.
  for (const int fd : {ready_read_.get(), go_write_.get()}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  struct sigaction action = {};
  action.sa_handler = Nothing;  // without SA_RESTART
  sigaction(SIGUSR1, &action, nullptr);
  thread_ = std::thread([this] { Wake(); });
}

Departing::~Departing() {
  Started();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    was_asked_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

std::string Departing::ready() const { return std::to_string(ready_write_.get()); }

std::string Departing::go() const { return std::to_string(go_read_.get()); }

std::optional<Departure> Departing::Ask() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!is_ready_) return std::nullopt;
  was_asked_ = true;
  changed_.notify_all();
  return departure_;
}

void Departing::Started() { ready_write_ = UniqueFd(); }

void Departing::End() { go_write_ = UniqueFd(); }

void Departing::Wake() {
  char byte = 0;
  while (read(ready_read_.get(), &byte, 1) > 0) {
  }
  std::unique_lock<std::mutex> lock(mutex_);
  is_ready_ = true;
  while (!was_asked_) {
    pthread_kill(tracer_, SIGUSR1);
    changed_.wait_for(lock, kAgain);
  }
}

}  // namespace provost
