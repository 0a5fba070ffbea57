#ifndef PROVOST_TRACEE_NAMED_TASK_H_
#define PROVOST_TRACEE_NAMED_TASK_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "tracee/paths.h"

namespace provost {

// Whom a stopped task's call names, for decisions that must not be led astray: what a task hides
// from us (PR_SET_DUMPABLE in prctl(2)) is "unknown", never "nobody".

// The task that the task `tid` calls `number`, which is greater than 0, as /proc shows it to us; 0:
// nobody whom we could see. Where the task hides its namespace it is taken for ours.
pid_t TaskNumbered(pid_t tid, int32_t number);

// The process behind a pidfd of the task; 0: the descriptor is not open, its process is gone, or
// out of our sight. nullopt: it is no pidfd (a directory of /proc may stand for one, see
// pidfd_send_signal(2)), or hidden from us.
std::optional<pid_t> TaskOfPidfd(pid_t tid, int32_t descriptor);

// True if the calling thread traces the task.
bool IsTracedByUs(pid_t tid);

// True if the task is a thread of this process, or of a child of it that the calling thread does
// not trace: what stands beside the supervisor.
bool IsOurOwn(pid_t tid);

// The task whose memory (/proc/TID/mem) a path of the task `tid` leads to. 0: it leads elsewhere.
// nullopt: to somebody's, but by a file system that does not say to us whose. Errors as
// OpenTaskPath's: nothing was found.
absl::StatusOr<std::optional<pid_t>> MemoryBehind(pid_t tid, const TaskPath& path);

}  // namespace provost

#endif  // PROVOST_TRACEE_NAMED_TASK_H_
