#ifndef PROVOST_SUPERVISOR_DEPARTURE_H_
#define PROVOST_SUPERVISOR_DEPARTURE_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace provost {

class HandoverChannel;

// How a supervisor leaves a tree that still runs; a closed variant. docs/LEAVING.md says what each
// means for the tree.

// Every task is killed.
struct KillTasks {
  bool operator==(const KillTasks&) const = default;
};

// Dangerous: every task runs on without a supervisor, and with the filter, which cannot be removed:
// calls that stopped give ENOSYS from then on.
struct ReleaseTasks {
  // Absent: calls that wait at their stops are decided as ever. Else they fail with this errno.
  std::optional<int> refuse;
  bool operator==(const ReleaseTasks&) const = default;
};

// Nothing is left: Supervisor::Run returns with every task still traced by the calling thread,
// which executes another program that goes on with the run (Supervisor::Resume), or goes on itself.
struct SuspendRun {
  std::string successor;  // the program, by its path
  bool operator==(const SuspendRun&) const = default;
};

// Another process goes on with the run, wherever its program comes from: Supervisor::Run returns
// with every task frozen in a cgroup of its own, and without a tracer (HandedOver). If that cannot
// be done, all is undone, the other process is told why, and the run goes on.
struct HandOver {
  std::shared_ptr<HandoverChannel> successor;
  pid_t pid = 0;  // the successor's
  bool operator==(const HandOver&) const = default;
};

using Departure = std::variant<KillTasks, ReleaseTasks, SuspendRun, HandOver>;

// A tree whose tasks are frozen and have no tracer. Whoever has it, even in part, must see to it
// that it is taken (Supervisor::Adopt), or else call KillFrozen: nobody else will.
struct FrozenTree {
  std::vector<std::string> cgroups;  // that it is in, by their directories
  // When the first of its tasks stopped for it, on CLOCK_MONOTONIC.
  std::chrono::nanoseconds since = std::chrono::nanoseconds(0);
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_DEPARTURE_H_
