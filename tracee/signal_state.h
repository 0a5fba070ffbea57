#ifndef PROVOST_TRACEE_SIGNAL_STATE_H_
#define PROVOST_TRACEE_SIGNAL_STATE_H_

#include <signal.h>

#include <array>

namespace provost {

// The calling thread's signal mask and the process's dispositions, as a program we start should
// find them. Captured before a supervisor changes its own, put back in the child before execve. A
// plain value.
class SignalState {
 public:
  static SignalState Capture();
  // For a forked child; async-signal-safe.
  void Restore() const;

 private:
  sigset_t mask_ = {};
  std::array<bool, _NSIG> ignored_ = {};  // the only disposition that survives execve
};

}  // namespace provost

#endif  // PROVOST_TRACEE_SIGNAL_STATE_H_
