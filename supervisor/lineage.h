#ifndef PROVOST_SUPERVISOR_LINEAGE_H_
#define PROVOST_SUPERVISOR_LINEAGE_H_

#include <sys/types.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "supervisor/containers.h"
#include "tracee/task_status.h"

namespace provost {

// Tells Containers who made whom, from what ptrace reports and /proc says.
//
// As long as all tasks of a run have the marks that it began with, nobody needs to know who made
// whom, and nothing is read. From Follow on it is kept, for then they can differ.
//
// A new task's first stop is reported before its creator's event as often as after it, and that
// event never comes if the creator is killed. So whoever is seen before it was announced counts as
// made by its parent, which is wrong for CLONE_PARENT alone, until the event says who made it. If
// who made it may have been killed over it, it has the marks of whom that may have been as well:
// nobody gets out of a container, or of being audited, by dying. For one thread.
class Lineage {
 public:
  using StatusReader = std::function<absl::StatusOr<TaskStatus>(pid_t)>;

  // `containers` is not owned.
  explicit Lineage(Containers& containers, StatusReader read = ReadTaskStatus)
      : containers_(containers), read_(std::move(read)) {}

  // The run begins with `marks`, which its program and all that descends from it have.
  void Begin(const Containers::Marks& marks);
  // From here on marks can differ. `tasks` are those that there are.
  void Follow(const std::vector<pid_t>& tasks);
  bool follows() const { return follows_; }
  // What the run began with.
  const Containers::Marks& first() const { return first_; }

  // The first stop of a task.
  void Seen(pid_t tid);
  // `creator` is at the event of having made `tid`, which may not have been seen yet, or be gone.
  void Created(pid_t tid, pid_t creator);
  void Ended(pid_t tid);
  // `former` has run execve and is the leader now.
  void Executed(pid_t leader, pid_t former);

  // All it knows, that of its Containers too, for another process to go on with.
  struct Saved {
    bool follows = false;
    Containers::Marks first;
    std::vector<std::pair<pid_t, pid_t>> unannounced;
    Containers::Marks last_ended;
    Containers::Saved containers;
  };
  Saved Save() const;
  void Restore(const Saved& saved);

 private:
  // Enters a task that nobody has announced; returns its parent, 0 if that is not known.
  pid_t Place(pid_t tid, const TaskStatus& status);

  Containers& containers_;
  StatusReader read_;
  bool follows_ = false;
  Containers::Marks first_;                        // what the run began with
  absl::flat_hash_map<pid_t, pid_t> unannounced_;  // seen, and not announced; with its parent
  Containers::Marks last_ended_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_LINEAGE_H_
