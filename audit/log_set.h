#ifndef PROVOST_AUDIT_LOG_SET_H_
#define PROVOST_AUDIT_LOG_SET_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace provost {

// A file of a log, open for reading. While it is, no other file has its inode's number, whatever
// becomes of its name.
struct OpenedLog {
  std::string path;  // by which it was opened; "-" is standard input
  UniqueFd fd;
  dev_t device = 0;
  ino_t inode = 0;
  bool is_regular = false;  // else a pipe

  bool Is(const OpenedLog& other) const { return device == other.device && inode == other.inode; }
};

// Opens one file, or standard input ("-"). Errors as OpenAuditLog.
absl::StatusOr<OpenedLog> OpenOneLog(const std::string& path);

// The path of the file that grows: `path`, or of a directory the audit.log in it.
std::string LivePathOfLog(const std::string& path);

// The files of a log, oldest first: FILE.2, FILE.1, FILE, as rotation by rename leaves them
// (rotation.h, auditd(8)). A directory stands for the audit.log in it. kNotFound names the path and
// the mend.
absl::StatusOr<std::vector<std::string>> FilesOfLog(const std::string& path);

// Opens them all, oldest first, each once, also while they are being renamed. Errors as FilesOfLog
// and OpenAuditLog.
absl::StatusOr<std::vector<OpenedLog>> OpenLogSet(const std::string& path);

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_SET_H_
