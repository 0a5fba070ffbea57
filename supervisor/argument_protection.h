#ifndef PROVOST_SUPERVISOR_ARGUMENT_PROTECTION_H_
#define PROVOST_SUPERVISOR_ARGUMENT_PROTECTION_H_

#include <sys/types.h>

#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/policy.h"
#include "supervisor/argument_mode.h"
#include "supervisor/argument_pages.h"
#include "supervisor/argument_region.h"
#include "supervisor/call_return.h"
#include "supervisor/tracee_arguments.h"
#include "syscalls/request.h"

namespace provost {

// kUnimplemented, with the mend, if `policies` look at memory that cannot be protected on this
// kernel.
absl::Status CheckProtection(ArgumentMode mode, absl::Span<const Policy> policies);

// What kProtectWherePossible is on this kernel for these policies; any other mode is itself. Under
// policies that do not look at memory it makes no difference, and is kProtect.
ArgumentMode ResolveMode(ArgumentMode mode, absl::Span<const Policy> policies);

// True of a call that gives its task a filter of its own (seccomp(2), PR_SET_SECCOMP in prctl(2)).
bool InstallsFilter(const SyscallRequest& request);

// Makes calls run with what was decided on: with a copy of it that their task cannot change. On the
// tracing thread.
class ArgumentProtection {
 public:
  ArgumentProtection(ArgumentMode mode, const Gate& gate) : mode_(mode), pages_(gate) {}

  ArgumentPages& pages() { return pages_; }
  const ArgumentPages& pages() const { return pages_; }

  // The call to let run. `slot` is what it reads, to be kept until it is back from the call; none
  // if it reads nothing that was decided on. `way_back`: how it can come back without a stop at its
  // exit.
  struct Protected {
    SyscallRequest runs;
    ArgumentSlot slot;
    std::optional<CallReturn> way_back;
  };
  // It cannot be protected: it must not run.
  struct Unprotected {
    absl::Status why;
  };
  using Answer = std::variant<Protected, ArgumentPages::Inject, ArgumentPages::Wait, Unprotected>;
  // Of a call of the task `tid` that asked for `asked` and is to run as `runs`, by a decision that
  // `arguments` answered. An error is the task's death.
  absl::StatusOr<Answer> Protect(pid_t tid, const SyscallRequest& asked, const SyscallRequest& runs,
                                 TraceeArguments& arguments);

 private:
  // The same of a call that gives the task a filter of its own: it may refuse what brings memory
  // in, which therefore comes first.
  absl::StatusOr<Answer> Precede(pid_t tid, const SyscallRequest& runs, TraceeArguments& arguments);

  const ArgumentMode mode_;
  ArgumentPages pages_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_ARGUMENT_PROTECTION_H_
