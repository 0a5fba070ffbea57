#ifndef PROVOST_SUPERVISOR_CONTAINERS_H_
#define PROVOST_SUPERVISOR_CONTAINERS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace provost {

// The containers' identifiers of the tasks of a run. It follows the rules of the identifier that
// was proposed to the kernel ("audit: implement container identifier", linux-audit): an
// orchestrator labels a process once, before it has threads or children; threads share the
// identifier, children inherit it, and it can neither be changed nor taken off. Knows what it is
// told, and asks nobody. For one thread.
class Containers {
 public:
  static constexpr uint64_t kUnset = UINT64_MAX;
  enum class Kin : uint8_t { kChild, kThread };
  // What /proc/TID/ns/net is (stat(2)).
  struct NetworkNamespace {
    uint64_t device = 0;
    uint64_t inode = 0;
    bool operator==(const NetworkNamespace&) const = default;
  };

  // A process that no task here created, without an identifier.
  void Begin(pid_t pid);
  // `creator` made `tid` (fork, clone, vfork), which has its identifier and its network namespace.
  // A creator that is not known makes it as Begin does. Nothing happens to a task already known.
  void Born(pid_t tid, pid_t creator, Kin kin);
  // Nothing happens to an unknown one.
  void Ended(pid_t tid);

  // Labels the process of the task. Errors, and the errno that the proposal has for each:
  // kInvalidArgument (EINVAL): `contid` is kUnset; kNotFound (ESRCH): an unknown task;
  // kAlreadyExists (EEXIST): it is labelled; kFailedPrecondition: it has children (EBUSY), or
  // threads (EALREADY). Nothing is changed then.
  absl::Status Set(pid_t tid, uint64_t contid);
  // Nullopt without one, and for an unknown task.
  std::optional<uint64_t> Of(pid_t tid) const;

  // The task has moved to another network namespace (setns, unshare, clone), or begins in one.
  void SetNetwork(pid_t tid, const NetworkNamespace& network);
  // The identifiers of all labelled tasks in the task's network namespace, rising, each once.
  std::vector<uint64_t> SharingNetwork(pid_t tid) const;

 private:
  struct Process {
    std::optional<uint64_t> contid;
    pid_t parent = 0;  // 0: none that is known
    int threads = 0;
    int children = 0;
  };
  struct Task {
    pid_t process;
    NetworkNamespace network;
  };

  const Process* ProcessOf(pid_t tid) const;

  absl::flat_hash_map<pid_t, Task> tasks_;
  absl::flat_hash_map<pid_t, Process> processes_;  // by the tid of the first task seen of each
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTAINERS_H_
