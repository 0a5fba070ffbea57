#ifndef PROVOST_BASE_QUIET_THREAD_H_
#define PROVOST_BASE_QUIET_THREAD_H_

#include <signal.h>

#include <thread>
#include <utility>

#include "base/scheduling.h"

namespace provost {

// A thread of the library's own beside those of the program that uses it: no signal of the process
// comes to it, for those are the business of the threads that are there for them, and it is
// scheduled as is ordinary, whatever the thread is that starts it. Throws std::system_error if
// there is none to be had, as std::thread does.
template <typename Function>
std::thread StartQuietThread(Function run) {
  // The mask is inherited.
  class Blocked {
   public:
    Blocked() {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &usual_);
    }
    ~Blocked() { pthread_sigmask(SIG_SETMASK, &usual_, nullptr); }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

   private:
    sigset_t usual_;
  };
  const Blocked blocked;
  return std::thread([run = std::move(run)]() mutable {
    TakeOrdinaryScheduling();
    run();
  });
}

}  // namespace provost

#endif  // PROVOST_BASE_QUIET_THREAD_H_
