#ifndef PROVOST_SUPERVISOR_SAVED_RUN_H_
#define PROVOST_SUPERVISOR_SAVED_RUN_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/filter_compiler.h"
#include "policy/policy_state.h"
#include "policy/stack.h"
#include "supervisor/argument_mode.h"
#include "supervisor/hardening.h"
#include "supervisor/kernel_refusals.h"
#include "supervisor/lineage.h"
#include "supervisor/recorder.h"
#include "supervisor/repeated_calls.h"
#include "supervisor/task.h"
#include "tracee/stop.h"

namespace provost {

// A task as the next program needs to know it.
struct SavedTask {
  pid_t tid = 0;
  pid_t process = 0;  // its thread group, 0 if that was never asked for
  TaskState state;    // one of those for which CanBeSaved
  RepeatedCalls::Saved repeated;
};

// What the supervisor of a run knows that neither its options nor the kernel do: with it another
// program that the tracing thread executes goes on where it was. A plain value.
struct SavedRun {
  uint64_t resumed = 0;  // how often a program has gone on with the run
  uint64_t seed = 0;
  // What the tasks have installed.
  ControlNumbers control;
  uint64_t gate = 0;                // Gate::instruction
  std::vector<BpfProgram> filters;  // of all its policies, one after the other
  int filter_count = -1;            // that a task has which has installed none
  bool own_filters = true;          // a task may have installed some
  ArgumentMode arguments = ArgumentMode::kTrust;
  pid_t root = 0;
  std::optional<TaskEnd> root_end;
  Recorder::Saved recorder;
  Lineage::Saved lineage;
  std::optional<Hardening::Saved> hardening;
  std::vector<PolicyState::Saved> counters;  // of each policy
  std::vector<std::string> emulators;        // what each handler knows
  std::vector<SavedTask> tasks;
  uint64_t generation = 0;              // of the policies
  std::vector<KernelRefusal> refusals;  // of those before
};

// What of the deciding policies' memory is pointed at from elsewhere, by index of the policy.
struct SavedPointers {
  std::function<std::optional<size_t>(const PolicyState*)> index_of;
  std::function<const PolicyState*(size_t)> state_of;  // null: there are not so many
  // A rule's name that outlives the run.
  std::function<absl::string_view(const std::string&)> name;
};

// Of these policies; names are all empty.
SavedPointers PointersOf(const PolicyStack& stack);

// False for a task that holds a stop, is on its way to one that only this process can make sense
// of, or for which the supervisor stands aside; such states do not last.
bool CanBeSaved(const TaskState& state);

// Bytes that ParseSavedRun of this version and later ones takes.
std::string FormatSavedRun(const SavedRun& run, const SavedPointers& pointers);
// kInvalidArgument: it is nothing of the kind; kUnimplemented: of a version that this program does
// not know.
absl::StatusOr<SavedRun> ParseSavedRun(absl::string_view bytes, const SavedPointers& pointers);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_SAVED_RUN_H_
