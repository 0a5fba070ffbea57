#ifndef PROVOST_POLICY_TASK_FIELD_H_
#define PROVOST_POLICY_TASK_FIELD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "syscalls/signature.h"

namespace provost {

// What a condition can ask of the task that makes a call, beside its arguments.
enum class TaskField : uint8_t {
  kExe,   // the program's path, as /proc/TID/exe says it: seen from the task's own root
  kComm,  // the thread's name, at most 15 bytes
  kUid,   // the effective ids, in the initial user namespace's numbers
  kGid,
  kPid,     // the thread group's id, in the supervisor's pid namespace
  kContid,  // the container's identifier; UINT64_MAX of a task without one
};

// The field as an argument: its name is "proc.uid" and so on, its kind and width say what it may be
// compared with. Of static storage.
const Argument& AsArgument(TaskField field);

// By "proc.uid" and so on; nullopt if there is none.
std::optional<TaskField> FindTaskField(absl::string_view name);

// True for kExe and kComm, which are strings; the others are numbers.
inline bool IsText(TaskField field) {
  return field == TaskField::kExe || field == TaskField::kComm;
}

// The names after `proc.` that resemble a misspelt one; all of them if none does.
std::vector<std::string> SuggestTaskField(absl::string_view misspelt);

}  // namespace provost

#endif  // PROVOST_POLICY_TASK_FIELD_H_
