#ifndef PROVOST_TOOLS_CLI_SIGNALS_H_
#define PROVOST_TOOLS_CLI_SIGNALS_H_

#include <sys/types.h>

namespace provost {

// The signals of a supervisor that stands between a shell and a program: what the terminal sends to
// the foreground group reaches the program by itself and must not end the supervisor; what somebody
// sends to the supervisor's own pid is meant for the program and is passed on. One instance a
// process; use from the main thread. Signals that were ignored stay ignored.
class SignalRelay {
 public:
  SignalRelay();
  ~SignalRelay();
  SignalRelay(const SignalRelay&) = delete;
  SignalRelay& operator=(const SignalRelay&) = delete;

  // From here on signals go to `pid`.
  void Start(pid_t pid);
  // The same where the program may be in another process group, or session, than we are, and its
  // group is not ours for the terminal: what that sends to us is meant for it.
  void StartApart(pid_t pid);
  // The program is gone: signals that would end the supervisor ask for the end of what is left
  // instead (EndWasAsked), and interrupt its wait.
  void ProgramEnded();

  // True once somebody asked for an end (SIGINT, SIGQUIT, SIGTERM, SIGHUP; any signal that ends a
  // process once the program is gone), by whatever way.
  static bool EndWasAsked();
};

// For who supervises processes that it did not start: the signals that would end it (and with it
// them) say so first, and end it when they come again. SIGHUP and SIGPIPE are ignored from here on:
// who had the terminal is not who has the processes.
void WarnBeforeEnd();

// Stops the calling process by `signal` as it has stopped the program `pid`, if there is a shell
// with job control that waits for the one as it would for the other; returns when it is continued.
// Where nobody has job control the program may be continued by one of its own, which needs us
// running.
void StopWithJob(pid_t pid, int signal);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_SIGNALS_H_
