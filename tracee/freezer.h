#ifndef PROVOST_TRACEE_FREEZER_H_
#define PROVOST_TRACEE_FREEZER_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace provost {

// True of a process in a cgroup v2 that is frozen, by whomever.
bool IsFrozen(pid_t process);

// Processes in cgroups of their own that can be frozen: their tasks, traced or not, run nothing in
// user space then, whatever signals or tracers do, and die of SIGKILL all the same ("cgroup.freeze"
// in the kernel's Documentation/admin-guide/cgroup-v2.rst; kernel/cgroup/freezer.c). A process goes
// into a child of the cgroup that it is in, so that whatever limits it goes on to, and where it
// belongs can be told from where it is, by anybody. Plain files; for any thread.
class Freezer {
 public:
  // `announce` is told of each cgroup, by its path, before it is made.
  explicit Freezer(std::function<void(const std::string&)> announce = nullptr)
      : announce_(std::move(announce)) {}
  // Another process's, by its cgroups().
  explicit Freezer(std::vector<std::string> cgroups) : cgroups_(std::move(cgroups)) {}

  // The cgroups that another process has made for this, and not removed.
  static std::vector<std::string> MadeBy(pid_t process);

  // Moves a process in, with all its threads, unless it is in already; nothing happens to one that
  // is gone. kFailedPrecondition: there is no cgroup v2 that we may write, or the process is in one
  // that is no plain domain.
  absl::Status Take(pid_t process);
  // The threads that are in, without those that have ended.
  absl::StatusOr<std::vector<pid_t>> Threads() const;
  // Freezes all that are in; they are when this returns. kUnavailable: some are in a state in which
  // they cannot be for now (proc(5), state D).
  absl::Status Freeze() const;
  // Lets them go on, moves them back to where they came from and removes the cgroups. An error
  // names what could not be done; all else is.
  absl::Status GiveBack();
  // Kills all that are in, and removes the cgroups, of which some may be gone.
  absl::Status Kill();

  // Paths of directories.
  const std::vector<std::string>& cgroups() const { return cgroups_; }

 private:
  absl::Status Remove();

  std::function<void(const std::string&)> announce_;
  std::vector<std::string> cgroups_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_FREEZER_H_
