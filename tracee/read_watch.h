#ifndef PROVOST_TRACEE_READ_WATCH_H_
#define PROVOST_TRACEE_READ_WATCH_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace provost {

// Bounds how long a task can hold its tracer up through its memory. A page behind userfaultfd(2),
// or mapped from a FUSE file system, is there when somebody says so, and process_vm_readv(2),
// PTRACE_PEEKDATA and /proc/PID/{mem,cmdline} all wait for it as long as that takes, whatever
// signals come (mm/gup.c asks for no interruptible fault). What ends the wait is that who would
// have answered is gone. So a thread looks on: after `ticks` ticks of one reading it kills the
// process that is read, and with it its userfaultfd; after as many more all tasks of the tracing
// thread, one of which may hold that descriptor or be the file system's server. A server outside
// the tree can still hold the supervisor up, but then for no task's gain: none lives.
//
// Ticks are counted, not time: while the supervisor is stopped, or the machine suspended, none
// pass.
class ReadWatch {
 public:
  struct Bounds {
    std::chrono::milliseconds tick{500};
    int ticks = 20;
  };
  enum class Killed : uint8_t { kProcess, kTree };
  // Called on the looking thread after each killing; `tid` is the task that was read.
  using Notice = std::function<void(pid_t tid, Killed what)>;

  // Readings of the calling thread are watched from now on; one ReadWatch a thread. The thread that
  // looks on is started at the first of them.
  ReadWatch(const Bounds& bounds, Notice notice);
  ~ReadWatch();
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;

  // What reads a task's memory, and may hang in it, has one of these while it does. The task is in
  // a ptrace-stop of the calling thread. They nest, of one task. Costs a few nanoseconds, and does
  // nothing in a thread without a ReadWatch.
  class Reading {
   public:
    explicit Reading(pid_t tid);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    // True once the task was killed for this: what was read is nothing.
    bool was_cut_off() const;

   private:
    ReadWatch* watch_;
    pid_t tid_;
    bool outermost_ = false;
  };

 private:
  // True for the outermost reading, which alone leaves again.
  bool Enter(pid_t tid);
  void Leave(pid_t tid);
  void Start();
  void Look();
  // True if that reading still goes on and something was killed for it.
  bool Kill(pid_t tid, Killed what);

  const Bounds bounds_;
  const Notice notice_;
  const pid_t tracer_;  // the tracing thread
  // The task that is read; 0: none.
  std::atomic<pid_t> reading_ = 0;
  std::atomic<uint64_t> entered_ = 0;  // readings begun
  std::atomic<pid_t> cut_off_ = 0;     // the task that was last killed for one
  // Held while something is killed, so that no task that is read is waited for, and its number
  // given away, in the middle of it.
  std::mutex killing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_READ_WATCH_H_
