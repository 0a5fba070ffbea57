#ifndef PROVOST_SUPERVISOR_CONTAINERS_H_
#define PROVOST_SUPERVISOR_CONTAINERS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracee/network_namespace.h"

namespace provost {

// What the tasks of a run hand down: the identifiers of containers, and whether they are audited.
//
// Identifiers follow the rules of the one that was proposed to the kernel ("audit: implement
// container identifier", linux-audit): an orchestrator labels a process once, before it has threads
// or children; threads share the identifier, children inherit it, and it can neither be changed nor
// taken off. A mark "audited" is a process's as well, shared and inherited alike, and can come and
// go; a container can be audited too, and then all is that is in it. Knows what it is told, and
// asks nobody. For one thread.
class Containers {
 public:
  static constexpr uint64_t kUnset = UINT64_MAX;
  enum class Kin : uint8_t { kChild, kThread };
  // What a task hands down.
  struct Marks {
    std::optional<uint64_t> contid;
    bool audited = false;
    bool operator==(const Marks&) const = default;
  };

  // A process that no task here created, with `marks`.
  void Begin(pid_t pid, const Marks& marks);
  void Begin(pid_t pid) { Begin(pid, Marks()); }
  // `creator` made `tid` (fork, clone, vfork), which has its marks. A creator that is not known
  // makes it as Begin does. Nothing happens to a task already known.
  void Born(pid_t tid, pid_t creator, Kin kin);
  // The process of `tid` was made by `creator`, whatever Born was told: it has the marks of that
  // one, and so has what it made, as far as nobody was marked since. Nothing happens to an unknown
  // one.
  void Reparent(pid_t tid, pid_t creator);
  // The process of `tid` has those of these marks that it lacks, as Reparent has it.
  void Adopt(pid_t tid, const Marks& marks);
  // Nothing happens to an unknown one.
  void Ended(pid_t tid);
  // `former` has run execve and is the leader now: every other thread of its process is gone.
  void Executed(pid_t leader, pid_t former);

  bool Knows(pid_t tid) const { return tasks_.contains(tid); }
  // Labels the process of the task. Errors, and the errno that the proposal has for each, which the
  // message names: kInvalidArgument (EINVAL): `contid` is kUnset; kNotFound (ESRCH): an unknown
  // task; kAlreadyExists (EEXIST): it is labelled; kFailedPrecondition: it has children (EBUSY), or
  // threads (EALREADY). Nothing is changed then.
  absl::Status Set(pid_t tid, uint64_t contid);
  // What Set would return, without doing it.
  absl::Status MaySet(pid_t tid, uint64_t contid) const;
  // Marks the process of the task, or takes the mark off. Returns what it was; kNotFound: an
  // unknown task; kFailedPrecondition: it stays audited, for its container is.
  absl::StatusOr<bool> SetAudited(pid_t tid, bool audited);
  // The same of all that is in a container, or will be. kInvalidArgument: kUnset.
  absl::StatusOr<bool> SetContainerAudited(uint64_t contid, bool audited);

  // Nullopt without one, and for an unknown task.
  std::optional<uint64_t> Of(pid_t tid) const;
  bool IsAudited(pid_t tid) const;
  Marks MarksOf(pid_t tid) const;
  // The process that made its process; 0: none that is known.
  pid_t ParentOf(pid_t tid) const;

  // A process as `provost ps` shows it.
  struct Listed {
    pid_t pid;  // of the first of its tasks that was seen
    Marks marks;
  };
  std::vector<Listed> Processes() const;
  // Of each container one process that is in it.
  std::map<pid_t, uint64_t> Representatives() const;
  bool HasLabels() const;

  // What says in which network namespace a task is.
  using NetworkReader = std::function<std::optional<NetworkNamespace>(pid_t)>;
  // The identifiers of all labelled tasks in the task's network namespace, rising, each once. Asks
  // only where tasks are labelled otherwise than this one.
  std::vector<uint64_t> SharingNetwork(pid_t tid, const NetworkReader& read) const;

  struct Process {
    Marks marks;
    pid_t parent = 0;  // 0: none that is known
    int threads = 0;
    int children = 0;
    bool marked = false;  // by Set or SetAudited, not by birth
  };
  // All it knows, for another process to go on with.
  struct Saved {
    std::vector<std::pair<pid_t, pid_t>> tasks;
    std::vector<std::pair<pid_t, Process>> processes;
    std::vector<uint64_t> audited_containers;
  };
  Saved Save() const;
  void Restore(const Saved& saved);

 private:
  const Process* ProcessOf(pid_t tid) const;
  Process* ProcessOf(pid_t tid);
  void Remark(pid_t process, const Marks& marks);
  void Leave(pid_t process);

  absl::flat_hash_map<pid_t, pid_t> tasks_;        // the key in processes_
  absl::flat_hash_map<pid_t, Process> processes_;  // by the tid of the first task seen of each
  absl::flat_hash_set<uint64_t> audited_containers_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTAINERS_H_
