#include "tracee/task_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "tracee/identity.h"
#include "tracee/paths.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// A file that is copied up in an overlay keeps its number, and is born again.
bool KeepsBirths(pid_t tid, const UniqueFd& file) {
  if (FileSystemOf(tid, file) == FileSystem::kFuse) return false;
  struct statfs status = {};
  return fstatfs(file.get(), &status) == 0 && status.f_type != OVERLAYFS_SUPER_MAGIC;
}

}  // namespace

absl::StatusOr<FileStatus> ReadFileStatus(pid_t tid, const UniqueFd& file) {
  constexpr int64_t kSecond = 1'000'000'000;
  struct statx status = {};
  if (statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_BTIME,
            &status) != 0) {
    return absl::ErrnoToStatus(errno, "statx");
  }
  const bool says_birth = (status.stx_mask & STATX_BTIME) != 0 && KeepsBirths(tid, file);
  return FileStatus{
      .identity = {makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino},
      .mode = status.stx_mode,
      .links = status.stx_nlink,
      .uid = status.stx_uid,
      .gid = status.stx_gid,
      .device = makedev(status.stx_rdev_major, status.stx_rdev_minor),
      .born = says_birth ? status.stx_btime.tv_sec * kSecond + status.stx_btime.tv_nsec : 0};
}

absl::StatusOr<UniqueFd> OpenTaskDescriptor(pid_t tid, int fd) {
  const std::string path = ProcPath(tid, fd == AT_FDCWD ? "cwd" : absl::StrCat("fd/", fd));
  UniqueFd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, path);
  return file;
}

absl::StatusOr<FileOwner> ReadFileOwner(pid_t tid) {
  Identity identity;
  PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(tid, identity));
  return FileOwner{identity.fsuid, identity.fsgid};
}

}  // namespace provost
