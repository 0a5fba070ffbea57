#ifndef PROVOST_AUDIT_LOG_READER_H_
#define PROVOST_AUDIT_LOG_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "syscalls/request.h"

namespace provost {

// A decision as an audit log has it.
struct RecordedCall {
  // SYSCALL records hold the first four arguments; the others are 0 here.
  static constexpr uint8_t kKnownArgs = 0xf;

  SyscallRequest request;
  std::string rule;  // the record's key; empty for (null)
  std::string op;    // "deny", "log" …; empty if the log is not ours
  std::optional<int64_t> exit;
  // What its one path argument pointed at, and what that was relative to, by the PATH and CWD
  // records; absent where there are none, or several paths, or where the argument may have been
  // empty and the record names the descriptor instead (AT_EMPTY_PATH).
  std::optional<std::string> path;
  std::optional<std::string> cwd;

  // Where the policies of its run come from, by the last record before it that says so, of the
  // run's start or of a reload (SupervisorEvent::policies, rules); empty where that is not in the
  // log.
  std::vector<std::string> run_policies;
  std::vector<std::string> run_rules;
  int64_t run_started = 0;  // under these: seconds since 1970; 0: not known
};

// Finds the event with this serial in an audit log with the files that rotation left of it ("-" is
// standard input; a directory, the audit.log in it), ours or auditd's, through libauparse.
// kNotFound names the serials that are there; kFailedPrecondition: the event is not of a call;
// kInvalidArgument: the path is no file, or the file no log. Messages name the file. Lines that are
// no records are passed over.
absl::StatusOr<RecordedCall> ReadRecordedCall(const std::string& path, uint64_t serial);

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_READER_H_
