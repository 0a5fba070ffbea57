#ifndef PROVOST_TRACEE_IDENTITY_H_
#define PROVOST_TRACEE_IDENTITY_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/identity.h"

namespace provost {

// Reads who a task is from /proc (proc(5)), in two parts, because they change at different times.
// Both leave what cannot be read as it was, and fail if anything that every task has could not be
// read: a record says what is so, or is not written. NotFound: the task is gone.

// What only execve changes for nearly every program: exe, proctitle (the kernel's own audit code
// too keeps the first title it saw), auid, ses.
absl::Status ReadProgramIdentity(pid_t tid, Identity& identity);

// The path of the program a task runs, relative to the task's root. PermissionDenied for a task
// that is not dumpable.
absl::StatusOr<std::string> ReadExe(pid_t tid);

// What may change between two calls: pid, tid, ppid, the ids, comm, tty.
absl::Status ReadTaskIdentity(pid_t tid, Identity& identity);

}  // namespace provost

#endif  // PROVOST_TRACEE_IDENTITY_H_
