#ifndef PROVOST_SUPERVISOR_GUARDIAN_H_
#define PROVOST_SUPERVISOR_GUARDIAN_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "audit/sink.h"

namespace provost {

// What a run asks of its guardian.
struct GuardianOptions {
  // So many ticks without a sign of life from a supervisor that is at work are a hang. Ticks are
  // counted, not time: none pass while the machine is suspended, and one alone after that.
  std::chrono::milliseconds tick{1000};
  int ticks = 0;
  // Opens where the guardian's one record goes, in its process and when it is needed: nothing of
  // the supervisor's own sink, which may be why it hangs, is used. Null, or a null result: nowhere.
  std::function<std::unique_ptr<AuditSink>()> open_sink;
};

// A process that holds nothing but a pidfd of the supervisor, and looks on. Where that hangs the
// guardian kills it, and with it, by PTRACE_O_EXITKILL, the whole tree; then it records
// op=supervisor-hung, says so on standard error, and exits with 125. It needs no list of tasks.
//
// A supervisor that waits for its tasks is not hung, and costs nothing to watch: its heartbeat is
// two stores into a shared page around each wait. One that is stopped (job control, SIGSTOP, a
// debugger) is not hung either; its tasks wait with it.
//
// The guardian is in a session of its own, so that neither the terminal nor a task's `kill 0`
// reaches it, blocks every signal that can be blocked, and is not dumpable: tasks can do to it what
// they can do to the supervisor, and no more.
class Guardian {
 public:
  // Forks it. The calling thread is the one that is watched. The process may have other threads
  // only as far as `open_sink` can do without them and their locks.
  static absl::StatusOr<std::unique_ptr<Guardian>> Start(const GuardianOptions& options);
  // Ends it.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  pid_t pid() const { return pid_; }

  // The heartbeat: the supervisor is about to wait for its tasks; it has something to do.
  void Waits() { Beat(++beats_ * 2); }
  void Works() { Beat(++beats_ * 2 + 1); }

  // False if somebody has killed it: nobody looks on any more.
  bool IsThere() const;

 private:
  using Page = std::atomic<uint64_t>;

  explicit Guardian(Page* page) : page_(page) {}
  void Beat(uint64_t value) { page_->store(value, std::memory_order_relaxed); }

  Page* page_;  // odd: at work
  uint64_t beats_ = 0;
  pid_t pid_ = 0;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_GUARDIAN_H_
