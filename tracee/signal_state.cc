#include "tracee/signal_state.h"

namespace provost {

SignalState SignalState::Capture() {
  SignalState state;
  pthread_sigmask(SIG_SETMASK, nullptr, &state.mask_);
  for (int signal = 1; signal < _NSIG; ++signal) {
    struct sigaction action = {};
    state.ignored_[signal] =
        sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }
  return state;
}

void SignalState::Restore() const {
  for (int signal = 1; signal < _NSIG; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    struct sigaction action = {};
    action.sa_handler = ignored_[signal] ? SIG_IGN : SIG_DFL;
    // Fails for the two real-time signals glibc keeps for itself; nobody can have changed those.
    (void)sigaction(signal, &action, nullptr);
  }
  sigprocmask(SIG_SETMASK, &mask_, nullptr);
}

}  // namespace provost
