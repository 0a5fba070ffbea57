#ifndef PROVOST_EMULATE_PROCESS_STATES_H_
#define PROVOST_EMULATE_PROCESS_STATES_H_

#include <sys/types.h>

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "tracee/task_status.h"

namespace provost {

// What a handler keeps of each process: a new one begins with what its creator has. References
// stay good until the process ends. `Made` may come after the first call of a process, which then
// has begun with what its parent has.
template <typename State>
class ProcessStates {
 public:
  explicit ProcessStates(State first = State()) : first_(std::move(first)) {}

  State& Of(pid_t process) {
    if (const auto known = states_.find(process); known != states_.end()) return known->second;
    const absl::StatusOr<TaskStatus> status = ReadTaskStatus(process);
    const auto parent = status.ok() ? states_.find(status->parent) : states_.end();
    State begins = parent != states_.end() ? parent->second : first_;
    unannounced_.insert(process);
    return states_.emplace(process, std::move(begins)).first->second;
  }
  // The process `child` was made by `creator`.
  void Made(pid_t creator, pid_t child) {
    // It may have come and gone before its creator's event.
    if (unannounced_.erase(child) > 0 || states_.contains(child)) return;
    State begins = Of(creator);
    states_.emplace(child, std::move(begins));
  }
  void Ended(pid_t process) { states_.erase(process); }

  // Those that are known, for Save; and the other way round.
  const absl::node_hash_map<pid_t, State>& all() const { return states_; }
  void Set(pid_t process, State state) { states_.insert_or_assign(process, std::move(state)); }

 private:
  State first_;
  absl::node_hash_map<pid_t, State> states_;
  absl::flat_hash_set<pid_t> unannounced_;  // seen before Made
};

}  // namespace provost

#endif  // PROVOST_EMULATE_PROCESS_STATES_H_
