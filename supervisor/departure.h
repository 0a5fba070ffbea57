#ifndef PROVOST_SUPERVISOR_DEPARTURE_H_
#define PROVOST_SUPERVISOR_DEPARTURE_H_

#include <optional>
#include <string>
#include <variant>

namespace provost {

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

using Departure = std::variant<KillTasks, ReleaseTasks, SuspendRun>;

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_DEPARTURE_H_
