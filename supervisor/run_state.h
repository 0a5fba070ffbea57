#ifndef PROVOST_SUPERVISOR_RUN_STATE_H_
#define PROVOST_SUPERVISOR_RUN_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tracee/network_namespace.h"

namespace provost {

// What a supervisor says of its run to `provost ps` and to other supervisors of its user, while it
// runs: a small file in a directory that nobody else may write. /proc says itself who traces whom;
// only what it cannot know is here. It is for people to look at: a task that may write its user's
// runtime directory can write here as well. Beside it is the run's control socket
// (supervisor/control_socket.h), if it has one.
struct RunState {
  pid_t pid = 0;       // the supervisor's
  uint64_t start = 0;  // when that process began, in ticks since boot (proc(5), stat, field 22): a
                       // file whose process is gone is told from one of a process with its number
  std::string mode;    // "enforce" …
  uint64_t contid = UINT64_MAX;  // that the run began with
  NetworkNamespace network;      // in which it began
  // Of each container of the run, as it is now, one process that is in it. Empty as long as no
  // process was labelled later: then all are in `contid`.
  std::map<pid_t, uint64_t> containers;

  bool operator==(const RunState&) const = default;
};

// Where run states are: $PROVOST_RUNTIME_DIR, or /run/provost for root, or
// $XDG_RUNTIME_DIR/provost; "" if there is none of them.
std::string RunStateDirectory();

// Where the control socket of the run of that supervisor is; "" for the directory "".
std::string ControlSocketPath(const std::string& directory, pid_t pid);

// The containers that other runs of this process's user say to have in a network namespace, in any
// order: of one that a run began with, those of the namespace that the run began in. A run that
// cannot be believed (ReadRunState) says nothing.
std::vector<uint64_t> ContidsOfOtherRuns(const std::string& directory,
                                         const NetworkNamespace& network);

// When a process began; kNotFound if there is none.
absl::StatusOr<uint64_t> ProcessStart(pid_t pid);
// The same of what /proc/PID/stat says.
absl::StatusOr<uint64_t> ParseProcessStart(absl::string_view stat);

std::string FormatRunState(const RunState& state);
// kInvalidArgument for what FormatRunState does not write.
absl::StatusOr<RunState> ParseRunState(absl::string_view text);

// Reads the state of the process `pid` whose owner is `owner` from `directory`. kNotFound: there is
// none, or it is of a process that is gone; kPermissionDenied: somebody else than the owner could
// have written it.
absl::StatusOr<RunState> ReadRunState(const std::string& directory, pid_t pid, uid_t owner);

// A run state of the calling process for as long as this object lives. Not thread-safe.
class PublishedRunState {
 public:
  // Makes the directory (0700) and the file (0600) in it, and removes files and control sockets
  // whose processes are gone. `state.pid` and `start` are filled in. Errors name the path.
  static absl::StatusOr<std::unique_ptr<PublishedRunState>> Publish(const std::string& directory,
                                                                    RunState state);
  ~PublishedRunState();
  PublishedRunState(const PublishedRunState&) = delete;
  PublishedRunState& operator=(const PublishedRunState&) = delete;

  // As RunState has it. A file that cannot be written stays as it is.
  void SetContainers(const std::map<pid_t, uint64_t>& containers);

 private:
  PublishedRunState(std::string directory, RunState state)
      : directory_(std::move(directory)), state_(std::move(state)) {}
  absl::Status Write() const;
  std::string Path() const;

  std::string directory_;
  RunState state_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RUN_STATE_H_
