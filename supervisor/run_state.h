#ifndef PROVOST_SUPERVISOR_RUN_STATE_H_
#define PROVOST_SUPERVISOR_RUN_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// What a supervisor says of its run to `provost ps`, while it runs: a small file in a directory
// that nobody else may write. /proc says itself who traces whom; only what it cannot know is here.
// It is for people to look at: a task that may write its user's runtime directory can write here as
// well.
struct RunState {
  pid_t pid = 0;       // the supervisor's
  uint64_t start = 0;  // when that process began, in ticks since boot (proc(5), stat, field 22): a
                       // file whose process is gone is told from one of a process with its number
  std::string mode;    // "enforce" …
  uint64_t contid = UINT64_MAX;          // of every process that is not in `containers`
  std::map<pid_t, uint64_t> containers;  // of processes, where it is another one

  bool operator==(const RunState&) const = default;
};

// Where run states are: $PROVOST_RUNTIME_DIR, or /run/provost for root, or
// $XDG_RUNTIME_DIR/provost; "" if there is none of them.
std::string RunStateDirectory();

// When a process began; kNotFound if there is none.
absl::StatusOr<uint64_t> ProcessStart(pid_t pid);

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
  // Makes the directory (0700) and the file (0600) in it, and removes files whose processes are
  // gone. `state.pid` and `start` are filled in. Errors name the path.
  static absl::StatusOr<std::unique_ptr<PublishedRunState>> Publish(const std::string& directory,
                                                                    RunState state);
  ~PublishedRunState();
  PublishedRunState(const PublishedRunState&) = delete;
  PublishedRunState& operator=(const PublishedRunState&) = delete;

  // `process` is in a container of its own, or is no more. A file that cannot be written stays as
  // it is.
  void SetContainer(pid_t process, uint64_t contid);
  void Forget(pid_t process);

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
