#include "supervisor/argument_protection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/task_field.h"
#include "supervisor/argument_copy.h"
#include "tracee/registers.h"

namespace provost {

absl::StatusOr<ArgumentProtection::Answer> ArgumentProtection::Protect(
    pid_t tid, const SyscallRequest& runs, TraceeArguments& arguments) {
  // Calls of the vsyscall page have nothing to read, and could not be changed.
  const bool is_needed = mode_ == ArgumentMode::kProtect && arguments.has_read_memory() &&
                         runs.HasKnownArch() && !IsVsyscall(runs);
  if (!is_needed) return Answer(Protected{runs, {}});
  const ArgumentCopy copy(runs, arguments);
  if (copy.rest() == ArgumentCopy::Rest::kUnplaced) {
    return Answer(Unprotected{absl::InternalError("no argument is known to lead to it")});
  }
  if (copy.is_empty()) return Answer(Protected{runs, {}});
  const absl::StatusOr<uint64_t> process = arguments.ReadTaskNumber(TaskField::kPid);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  if (!process.ok()) return Answer(Unprotected{process.status()});
  PROVOST_ASSIGN_OR_RETURN(
      ArgumentPages::Answer answer,
      pages_.Reserve(tid, static_cast<pid_t>(*process), runs, copy.size()));
  if (auto* slot = std::get_if<ArgumentSlot>(&answer)) {
    const SyscallRequest placed = copy.Place(slot->bytes(), slot->address());
    return Answer(Protected{placed, std::move(*slot)});
  }
  if (const auto* inject = std::get_if<ArgumentPages::Inject>(&answer)) return Answer(*inject);
  if (const auto* none = std::get_if<ArgumentPages::Unavailable>(&answer)) {
    return Answer(Unprotected{none->why});
  }
  return Answer(ArgumentPages::Wait());
}

}  // namespace provost
