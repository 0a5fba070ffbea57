#ifndef PROVOST_SUPERVISOR_EMULATORS_H_
#define PROVOST_SUPERVISOR_EMULATORS_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "emulate/handler.h"
#include "emulate/handler_table.h"
#include "policy/policy.h"
#include "policy/rewrite.h"
#include "policy/verdict.h"
#include "supervisor/tracee_arguments.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// What has become of a call that emulators had: an answer, or the kernel's, which those look at
// that asked for it.
struct Emulated {
  std::optional<Answer> answer;  // none: the kernel runs a call
  struct Look {
    SyscallRequest call;  // as that handler was asked
    Afterwards then;
    bool looks_at_restarts = false;
  };
  std::vector<Look> looks;  // the first that was asked is the last to look
  std::vector<MemoryWrite> before;
};

// The handlers of one generation of policies. On the tracing thread.
class Emulators {
 public:
  using Complain = std::function<void(absl::string_view)>;

  // One for each `emulate` rule; one that `former` has for the same words goes on with what it
  // knows. kInvalidArgument, kNotFound: a rule that the table has no handler for.
  static absl::StatusOr<std::unique_ptr<Emulators>> Create(absl::Span<const Policy> policies,
                                                           const HandlerTable& table,
                                                           const Complain& complain,
                                                           const Emulators* former);

  bool empty() const { return handlers_.empty(); }
  // True if any of the policies has an `emulate` rule.
  static bool AreIn(absl::Span<const Policy> policies);

  // Has the handlers answer that the rules name one after the other, beginning with that of
  // `judged`, whose call is `asked` of the task `tid`: what one of them lets on is decided by the
  // rules behind it, by `decide`. `judged` becomes what comes of it all: the first emulation, if
  // the call is answered or runs (`judged.runs` is then what does), or the refusal of a rule that
  // stands behind. nullopt: no handler has to do with it any more.
  using Decide = std::function<Judgement(const SyscallRequest& call)>;
  std::optional<Emulated> Emulate(pid_t tid, pid_t process, const SyscallRequest& asked,
                                  TraceeArguments& arguments, const Decide& decide,
                                  Judgement& judged) const;

  bool HidesVdso() const;
  void OnTaskMade(pid_t creator, pid_t child) const;
  void OnExec(pid_t process) const;
  void OnTaskEnded(pid_t tid) const;
  // Tells all that the run is over; the first error.
  absl::Status Finish() const;

  // Of each, in order of the rules.
  std::vector<std::string> Save() const;
  absl::Status Restore(absl::Span<const std::string> saved) const;

 private:
  struct Entry {
    std::shared_ptr<const Emulation> emulation;
    std::shared_ptr<Handler> handler;
    Policy policy;  // whose rule it is
  };
  const Entry* Find(const Emulation& emulation) const;
  std::vector<Entry> handlers_;
};

// At any stop: writes the answer's memory. Returns the result that the task gets, EFAULT where it
// cannot write there itself.
absl::StatusOr<int64_t> WriteAnswer(const Stopped& stopped, const Answer& answer);

// At the stop of a call that is about to run: what the handlers have it find (RunCall::before).
absl::Status WriteBefore(const Stopped& stopped, const Emulated& emulated);

// At the exit of a call that `emulated` wants to look at, which gave `result`: what the task gets.
absl::StatusOr<int64_t> LookAtResult(const Stopped& stopped, pid_t process,
                                     const Emulated& emulated, int64_t result);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_EMULATORS_H_
