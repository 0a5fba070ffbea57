#ifndef PROVOST_TRACEE_TASK_FILE_H_
#define PROVOST_TRACEE_TASK_FILE_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "tracee/address_space.h"

namespace provost {

// What stat(2) says of a file.
struct FileStatus {
  FileIdentity identity;
  mode_t mode = 0;  // with its type
  uint32_t links = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t device = 0;  // that it stands for
  int64_t born = 0;  // in ns since 1970; 0: the file system does not say, or changes it
};

// Of a file that the task `tid` sees and that is open, perhaps with O_PATH. Asks no FUSE server.
absl::StatusOr<FileStatus> ReadFileStatus(pid_t tid, const UniqueFd& file);

// The file that the task's descriptor `fd` is open on, opened with O_PATH; AT_FDCWD: its working
// directory. kNotFound: it is not open, or hidden from us.
absl::StatusOr<UniqueFd> OpenTaskDescriptor(pid_t tid, int fd);

// The user and the group by whose rights the task opens files (fsuid and fsgid, credentials(7)).
struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};
absl::StatusOr<FileOwner> ReadFileOwner(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_FILE_H_
