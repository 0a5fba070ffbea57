#ifndef PROVOST_TRACEE_LAUNCHER_H_
#define PROVOST_TRACEE_LAUNCHER_H_

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracee/signal_state.h"

namespace provost {

// A program to start under supervision.
struct LaunchSpec {
  // The program (searched for in PATH as execvp(3) does) and its arguments; argv[0] as given.
  std::vector<std::string> argv;
  // The seccomp filters to install, in order; none for a run without a filter.
  std::vector<std::vector<sock_filter>> filters;
  // Dangerous: leaves no_new_privs unset, so that set-uid programs gain their privilege. Needs
  // CAP_SYS_ADMIN.
  bool unsafe_allow_new_privs = false;
  // Signals as the program should find them; absent: as they are at Start.
  std::optional<SignalState> signals;
};

// Why a program did not start: the step that failed, and its errno.
struct LaunchFailure {
  enum class Step : uint8_t { kNone, kNoNewPrivs, kFilter, kExec };
  Step step = Step::kNone;
  int error = 0;
};

// Starts one program, traced from its first instruction.
//
// The order matters: the child waits on a pipe until it is seized with every option set, and only
// then installs the filter, so there is no moment in which a traced call finds no tracer and gives
// ENOSYS (seccomp(2), SECCOMP_RET_TRACE). PTRACE_O_EXITKILL is on from that first moment: the child
// dies with us. PTRACE_O_TRACEEXIT stays off: a task killed at a seccomp stop would move to its
// exit stop unreported.
//
// The calling thread becomes the tracer; all later requests come from it. The child is a child of
// the calling process.
class Launcher {
 public:
  static absl::StatusOr<Launcher> Start(const LaunchSpec& spec);

  Launcher(Launcher&& other) noexcept;
  Launcher& operator=(Launcher&& other) = delete;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();

  pid_t pid() const { return pid_; }

  // Once the child ended without an ExecStop: why. Step::kNone if it was killed before it could
  // say.
  LaunchFailure Failure() const;

 private:
  struct Report;
  Launcher(pid_t pid, Report* report) : pid_(pid), report_(report) {}

  pid_t pid_;
  Report* report_;  // shared with the child: under a filter it can make no other call than execve
                    // and exit_group
};

}  // namespace provost

#endif  // PROVOST_TRACEE_LAUNCHER_H_
