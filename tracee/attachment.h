#ifndef PROVOST_TRACEE_ATTACHMENT_H_
#define PROVOST_TRACEE_ATTACHMENT_H_

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracee/stop_queue.h"
#include "tracee/waiter.h"

namespace provost {

// Processes that run already, to be taken under supervision.
struct AttachSpec {
  std::vector<pid_t> processes;  // any task of each names it
  std::vector<std::vector<sock_filter>> filters;
  // The instruction pointer at which the filters let kInstallingCalls pass (filter_installer.h).
  uint64_t gate = 0;
  // Dangerous: as in LaunchSpec.
  bool unsafe_allow_new_privs = false;
};

// A call that was in the kernel when its task was seized and could not be interrupted: it finishes
// undecided.
struct UnseenCall {
  pid_t tid = 0;
  int32_t nr = -1;
};

// Takes processes with all their threads, in steps: Begin seizes and stops them, Install puts the
// filters in, Release hands the stopped tasks over. Until Install has put a filter in, Undo (and
// the destructor) lets everything go as it was found.
//
// Tasks are seized until a pass over /proc/PID/task finds none that is not, so that none can make
// one unseen; what they fork meanwhile is taken along. A filter is installed by one task of each
// process (BorrowedTask), for all its threads at once (SECCOMP_FILTER_FLAG_TSYNC, seccomp(2)), when
// every one of them has a tracer: no traced call can find none and give ENOSYS. A thread that
// cannot be stopped (a parent in vfork waits for its child, unkillable) gets the filter with the
// others.
//
// The calling thread becomes the tracer.
class Attachment {
 public:
  // `waiter` is not owned. Errors, with everything undone: kNotFound: no such process;
  // kPermissionDenied: not to be traced by us, or by anybody, or traced by another;
  // kInvalidArgument: ourselves; kFailedPrecondition: a state that cannot be joined (threads with
  // filters of their own, strict seccomp, nothing that stops); kUnavailable: it did not stop in
  // time.
  static absl::StatusOr<std::unique_ptr<Attachment>> Begin(AttachSpec spec, Waiter& waiter);

  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  ~Attachment();

  // The processes, by the ids of their leaders, as asked; then what they made meanwhile.
  const std::vector<pid_t>& processes() const { return processes_; }
  const std::vector<UnseenCall>& unseen() const { return unseen_; }
  // Their threads, those that have not ended.
  std::vector<pid_t> tasks() const;

  // A process that could not be taken, though others could; it was let go, and runs as before.
  struct Failure {
    pid_t process = 0;
    absl::Status status;
  };
  // OK if at least one process is under the filters now; `failures` has the others. Else all are as
  // they were but that no_new_privs may be set, which nobody can take back.
  absl::Status Install(std::vector<Failure>& failures);

  // What happened to the tasks, in order, as if it had just been waited for: each that is stopped
  // (restart it), each that ended.
  std::deque<WaitResult> Release();

 private:
  Attachment(AttachSpec spec, Waiter& waiter) : spec_(std::move(spec)), queue_(waiter) {}

  absl::Status FindProcesses();
  // Seizes what is not; true if there was any such.
  absl::StatusOr<bool> SeizeAll();
  absl::StatusOr<bool> Seize(pid_t process, pid_t tid);
  absl::Status StopAll();
  absl::Status Handle(WaitResult result);
  absl::Status HandleStop(StoppedTask stop);
  // Takes note of a task born of one that is seized: a thread, or a process that is then taken too.
  // False: it is gone.
  bool Belongs(pid_t tid);
  // Tasks that are seized, neither held nor given up on.
  std::vector<pid_t> Awaited() const;
  // Gives up on those that are unkillable in the kernel.
  void NoteUnstoppable();
  absl::Status CheckFilters() const;
  absl::Status CheckThreads(pid_t process) const;
  absl::StatusOr<pid_t> ChooseTask(pid_t process) const;
  absl::Status CheckUnseen(pid_t process) const;
  absl::Status InstallIn(pid_t process);
  absl::Status Guard(pid_t process) const;
  void LetGo(pid_t process);
  void LetAllGo();

  AttachSpec spec_;
  StopQueue queue_;
  std::vector<pid_t> processes_;
  std::map<pid_t, pid_t> seized_;  // each task's process
  std::map<pid_t, StoppedTask> held_;
  std::vector<UnseenCall> unseen_;
  std::vector<EndedTask> ended_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_ATTACHMENT_H_
