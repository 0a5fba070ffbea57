#include "supervisor/tree_release.h"

#include <linux/seccomp.h>

#include <cerrno>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "policy/policy.h"
#include "supervisor/filters.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/registers.h"

namespace provost {

bool TreeRelease::MayBeAsked(const TaskState& state) {
  return !std::holds_alternative<AwaitingTrap>(state) &&
         !std::holds_alternative<AwaitingOurTrap>(state) &&
         !std::holds_alternative<MakesOurCall>(state);
}

absl::Status TreeRelease::Ask(pid_t tid) {
  absl::Status status = Interrupt(tid);
  // A leader whose threads live on; its end is reported when theirs have been, or never if they are
  // let go of.
  return IsDied(status) ? absl::OkStatus() : status;
}

std::optional<Judgement> TreeRelease::Refusal(const SyscallRequest& request) const {
  if (!how_.refuse.has_value()) return std::nullopt;
  if (request.HasKnownArch() &&
      Policy::IsNeverRefused(static_cast<Arch>(request.arch), request.nr)) {
    return std::nullopt;
  }
  return Judgement{{Deny{*how_.refuse}, RecordWish::kLog, "detach"}, request};
}

Verdict TreeRelease::AnswerToHeld() const { return Deny{how_.refuse.value_or(ENOSYS)}; }

bool TreeRelease::IsReady(const TaskState& state) {
  return std::holds_alternative<Running>(state) || std::holds_alternative<Listening>(state);
}

absl::Status TreeRelease::LetGo(Stopped stopped) {
  PROVOST_ASSIGN_OR_RETURN(const std::optional<SyscallRequest> restart, ReadRestart(stopped));
  if (restart.has_value()) {
    PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunFilters(filters_, *restart));
    if ((answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE) {
      PROVOST_RETURN_IF_ERROR(EndInterruptedCall(stopped));
    }
  }
  PROVOST_RETURN_IF_ERROR(std::move(stopped).Detach());
  ++tasks_;
  return absl::OkStatus();
}

}  // namespace provost
