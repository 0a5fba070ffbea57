#ifndef PROVOST_SUPERVISOR_WAKE_SIGNAL_H_
#define PROVOST_SUPERVISOR_WAKE_SIGNAL_H_

#include <sys/types.h>

namespace provost {

// Lets other threads get the thread that makes it out of a wait that a signal ends (wait4(2),
// poll(2)): by SIGURG, which a process ignores unless it asks for it, so that one that comes late
// does no harm. While one of these lives the signal has an empty handler, without SA_RESTART, in
// the whole process, and is not blocked in this thread; then both are as they were. Made and
// destroyed on one thread; there may be others on other threads.
class WakeSignal {
 public:
  WakeSignal();
  ~WakeSignal();
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

  // Any thread, as long as this lives. A signal that comes just before a wait does not end it: send
  // it again until what it is for is done.
  void Send() const;

 private:
  pid_t tid_;
  bool was_blocked_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_WAKE_SIGNAL_H_
