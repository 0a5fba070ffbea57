#ifndef PROVOST_TRACEE_OTHER_TASKS_H_
#define PROVOST_TRACEE_OTHER_TASKS_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/call_facts.h"
#include "syscalls/call_subjects.h"

namespace provost {

// A call that signals a group names at most so many of its processes.
inline constexpr size_t kMaxOtherTasks = 64;

// Appends to `objects` the tasks that `value`, the argument of a call of the stopped task `tid`,
// names: the number is one of the task's own pid namespace, the descriptor one of its own
// (PIDFD_SELF_* of linux/pidfd.h are its own too). `is_group`: the process that it names stands for
// the group of that number.
// Tasks that are not there, or out of this process's sight, are left out; so is the caller itself,
// but for signals. An error is this process's own lack.
absl::Status ReadOtherTasks(pid_t tid, const CallSubjects::Task& subject, uint64_t value,
                            bool is_group, std::vector<OtherTask>& objects);

}  // namespace provost

#endif  // PROVOST_TRACEE_OTHER_TASKS_H_
