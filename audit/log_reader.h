#ifndef PROVOST_AUDIT_LOG_READER_H_
#define PROVOST_AUDIT_LOG_READER_H_

#include <cstdint>
#include <optional>
#include <string>

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
};

// Finds the event with this serial in an audit log, ours or auditd's, through libauparse. kNotFound
// names the serials that are there; kFailedPrecondition: the event is not of a call. Messages name
// the file.
absl::StatusOr<RecordedCall> ReadRecordedCall(const std::string& path, uint64_t serial);

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_READER_H_
