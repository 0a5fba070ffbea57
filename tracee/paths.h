#ifndef PROVOST_TRACEE_PATHS_H_
#define PROVOST_TRACEE_PATHS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace provost {

// What a descriptor of a stopped task names, as /proc/TID/fd shows it: a path as this process sees
// it, with " (deleted)" behind the name of a file that is gone; "socket:[4711]", "pipe:[4711]",
// "anon_inode:[eventfd]", "/memfd:x (deleted)". AT_FDCWD: its working directory. kNotFound for one
// that is not open, kPermissionDenied where the task is hidden from us.
absl::StatusOr<std::string> ReadDescriptorPath(pid_t tid, int32_t descriptor);

// A path that a task hands to a call.
struct TaskPath {
  int32_t descriptor = 0;   // for a relative one; AT_FDCWD: relative to the working directory
  std::string path;         // not empty
  bool follow_last = true;  // a symbolic link that it ends in is followed
  bool in_root = false;     // the directory is the root, too (RESOLVE_IN_ROOT, openat2(2))
};

// The file that `path` names to the task, in the same form, as path_resolution(7) has it: from the
// task's root and directory, through symbolic links (40 of them at most) and the magic links of
// /proc, where `self` is the task. Where only the last component is missing, its name behind the
// directory's. Nothing is opened but with O_PATH, so that neither devices nor FIFOs notice.
//
// The task's other threads, and other processes, may change what a path names before the kernel
// looks it up itself: the answer is one that was true for a moment. Errors are the kernel's own:
// kNotFound, kFailedPrecondition for ELOOP and ENOTDIR, kPermissionDenied where we may not look.
absl::StatusOr<std::string> ResolveTaskPath(pid_t tid, const TaskPath& path);

// The file systems in which not every name is looked up like any other.
enum class FileSystem : uint8_t { kOther, kProc, kFuse };

// Of a file that is open with O_PATH. Asks nobody but the kernel (not statfs(2), which a FUSE
// server answers). What is mounted where neither the task nor we see it (proc_pid_mountinfo(5)) may
// be anything: kFuse.
FileSystem FileSystemOf(pid_t tid, const UniqueFd& file);

// The same file, opened with O_PATH: to be looked at, not to be read. kNotFound if the last
// component is missing, too. What a FUSE server would have to be asked for is kUnavailable: the
// server may be one of the tasks that wait for us.
absl::StatusOr<UniqueFd> OpenTaskPath(pid_t tid, const TaskPath& path);

}  // namespace provost

#endif  // PROVOST_TRACEE_PATHS_H_
