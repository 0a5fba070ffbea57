#ifndef PROVOST_TRACEE_DIED_H_
#define PROVOST_TRACEE_DIED_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace provost {

// A request on a stopped task failed with ESRCH. SIGKILL can arrive at any stop, so this is no
// error of anyone's: no verdict is given any more, the task's end is reported by the next wait.
// This is the one place where ESRCH gets that meaning.
bool IsDied(const absl::Status& status);

// The Status of a failed ptrace(2) or process_vm_readv(2) request: names the request, the tid and
// errno's text. For ESRCH, IsDied is true of it.
absl::Status TraceeError(absl::string_view request, pid_t tid, int error);

}  // namespace provost

#endif  // PROVOST_TRACEE_DIED_H_
