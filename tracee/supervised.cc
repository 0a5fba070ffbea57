#include "tracee/supervised.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/proc_path.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

bool IsSupervisor(pid_t tracer) {
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tracer);
  // It traced a moment ago.
  if (!status.ok() || status->process == getpid()) return true;
  struct stat self = {};
  struct stat other = {};
  if (stat(ProcPath(getpid(), "exe").c_str(), &self) != 0 ||
      stat(ProcPath(tracer, "exe").c_str(), &other) != 0) {
    return true;
  }
  return self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

// Of any of its threads: the leader may have ended.
absl::StatusOr<bool> HasSupervisor(pid_t pid) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  const std::unique_ptr<DIR, Close> tasks(opendir(ProcPath(pid, "task").c_str()));
  if (tasks == nullptr) return absl::NotFoundError(absl::StrCat("process ", pid, " is gone"));
  while (const dirent* entry = readdir(tasks.get())) {
    pid_t tid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &tid)) continue;
    const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
    if (status.ok() && status->tracer != 0 && IsSupervisor(status->tracer)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<bool> IsSupervised(pid_t pid) {
  // Init, and whoever stands outside of our pid namespace, descend from nobody.
  while (pid > 1) {
    PROVOST_ASSIGN_OR_RETURN(const bool has_supervisor, HasSupervisor(pid));
    if (has_supervisor) return true;
    PROVOST_ASSIGN_OR_RETURN(const TaskStatus status, ReadTaskStatus(pid));
    pid = status.parent;
  }
  return false;
}

}  // namespace provost
