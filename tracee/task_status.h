#ifndef PROVOST_TRACEE_TASK_STATUS_H_
#define PROVOST_TRACEE_TASK_STATUS_H_

#include <sys/types.h>

#include "absl/status/statusor.h"

namespace provost {

// Where a task stands among others, as /proc/TID/status has it (proc(5)). Ids are those that this
// process sees; 0 is what it cannot see.
struct TaskStatus {
  pid_t process = 0;   // the thread group's id
  pid_t parent = 0;    // the thread group id of the parent, who need not be the creator
  pid_t tracer = 0;    // the tracing thread's id; 0: nobody traces it
  bool ended = false;  // a zombie, or on its way out

  bool operator==(const TaskStatus&) const = default;
};

// kNotFound: there is no such task. Thread-safe.
absl::StatusOr<TaskStatus> ReadTaskStatus(pid_t tid);

// How a zombie ended, as wait(2) will say it to its parent (exit_code of /proc/TID/stat,
// proc_pid_stat(5); 0 where we may not trace it). kNotFound: there is no such task. Thread-safe.
absl::StatusOr<int> ReadWaitStatus(pid_t tid);

// The execution domain of a task (personality(2), /proc/TID/personality). kNotFound as above.
// Thread-safe.
absl::StatusOr<uint64_t> ReadPersonality(pid_t tid);

// True if the kernel's capable(CAPABILITY) holds for the task: the capability is in its effective
// set, and its user namespace is the initial one. kNotFound as above. Thread-safe.
absl::StatusOr<bool> IsCapable(pid_t tid, int capability);

// The CPU that a task runs on, or ran on last (processor of /proc/TID/stat). kNotFound as above.
// Thread-safe.
absl::StatusOr<int> ReadLastCpu(pid_t tid);

// What a task does, as ps(1) shows it: `R` runs or waits for a CPU, `t` is stopped by its tracer
// (state of /proc/TID/stat). kNotFound as above. Thread-safe.
absl::StatusOr<char> ReadTaskState(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_STATUS_H_
