#ifndef PROVOST_TRACEE_IDENTITY_H_
#define PROVOST_TRACEE_IDENTITY_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/identity.h"

namespace provost {

// Reads who a task is from /proc (proc(5)), in two parts, because they change at different times.
// Both leave what cannot be read as it was, and fail if anything that every task has could not be
// read: a record says what is so, or is not written. NotFound: the task is gone.

// What only execve changes for nearly every program: exe, proctitle (the kernel's own audit code
// too keeps the first title it saw), auid, ses. The exe as ReadExe has it.
absl::Status ReadProgramIdentity(pid_t tid, Identity& identity);

// The login alone: auid, ses.
absl::Status ReadLogin(pid_t tid, Identity& identity);

// What /proc says, as the functions above take it: for who keeps its files open.
// The command line as a record has it, from what /proc/TID/cmdline holds.
std::string ProctitleOf(std::string command_line);
// comm and tty from /proc/TID/stat; the ids (pid, ppid, uid … fsgid) from /proc/TID/status. False
// if it does not say them.
bool ParseTaskStat(absl::string_view stat, Identity& identity);
bool ParseTaskStatus(absl::string_view status, Identity& identity);
// Of /proc/TID/cmdline at most so many bytes go into a record.
inline constexpr size_t kMaxProctitle = 128;  // MAX_PROCTITLE_AUDIT_LEN in kernel/audit.h

// The path of the program a task runs, as this process sees it. PermissionDenied for a task
// that is not dumpable.
absl::StatusOr<std::string> ReadExe(pid_t tid);

// What may change between two calls: pid, tid, ppid, the ids, comm, tty.
absl::Status ReadTaskIdentity(pid_t tid, Identity& identity);

}  // namespace provost

#endif  // PROVOST_TRACEE_IDENTITY_H_
