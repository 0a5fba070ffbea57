#include "supervisor/wake_signal.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>

namespace provost {
namespace {

constexpr int kSignal = SIGURG;

// Dispositions are the process's: the first that needs the handler sets it, the last puts back what
// there was.
struct Handler {
  std::mutex mutex;
  int users = 0;              // guarded by mutex
  struct sigaction usual {};  // guarded by mutex; what there was before the first of `users`
};

Handler& TheHandler() {
  static auto& handler = *new Handler;
  return handler;
}

void DoNothing(int /*signal*/) {}

sigset_t OnlyOurs() {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, kSignal);
  return only;
}

}  // namespace

WakeSignal::WakeSignal() : tid_(static_cast<pid_t>(syscall(SYS_gettid))) {
  {
    Handler& handler = TheHandler();
    const std::lock_guard<std::mutex> lock(handler.mutex);
    if (handler.users++ == 0) {
      struct sigaction action = {};
      action.sa_handler = DoNothing;
      sigaction(kSignal, &action, &handler.usual);
    }
  }
  const sigset_t only = OnlyOurs();
  sigset_t before;
  pthread_sigmask(SIG_UNBLOCK, &only, &before);
  was_blocked_ = sigismember(&before, kSignal) == 1;
}

WakeSignal::~WakeSignal() {
  const sigset_t only = OnlyOurs();
  if (was_blocked_) pthread_sigmask(SIG_BLOCK, &only, nullptr);
  Handler& handler = TheHandler();
  const std::lock_guard<std::mutex> lock(handler.mutex);
  if (--handler.users > 0) return;
  // Somebody may have set one of his own meanwhile.
  struct sigaction current = {};
  sigaction(kSignal, nullptr, &current);
  if (current.sa_handler == DoNothing) sigaction(kSignal, &handler.usual, nullptr);
}

void WakeSignal::Send() const { syscall(SYS_tgkill, getpid(), tid_, kSignal); }

}  // namespace provost
