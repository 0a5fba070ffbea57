#ifndef PROVOST_POLICY_DECIDER_H_
#define PROVOST_POLICY_DECIDER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/counted_call.h"
#include "policy/task_field.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// A path to be resolved as the kernel would for a call of the task's (path_resolution(7)).
struct PathQuery {
  int32_t descriptor = 0;   // what a relative path is relative to; AT_FDCWD: the working directory
  std::string path;         // not empty
  bool follow_last = true;  // whether a symbolic link that it ends in is followed
  bool in_root = false;     // the directory is the root as well: RESOLVE_IN_ROOT of openat2(2)

  bool operator==(const PathQuery&) const = default;
};

// Reads what registers only point at. policy/ owns the interface, tracee/ implements it over a
// stopped task, tests fake it. Valid for one decision; implementations cache within it, so that one
// decision sees one value of each argument.
class ArgumentReader {
 public:
  virtual ~ArgumentReader() = default;

  // The NUL-terminated string at `address` in the task, without its NUL, at most PATH_MAX - 1 bytes
  // of it. Fails when it cannot be read or is not terminated within that: the kernel would answer
  // EFAULT or ENAMETOOLONG.
  virtual absl::StatusOr<absl::string_view> ReadString(uint64_t address) = 0;

  // Fills `bytes` from `address`. Fails unless all of them can be read.
  virtual absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) = 0;

  // What the task's descriptor names, as the kernel shows it in /proc/PID/fd: a path as this
  // process sees it, "/x (deleted)", "socket:[123]". AT_FDCWD is the task's working directory.
  // Fails when the descriptor is not open, or hidden from us.
  virtual absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) = 0;

  // The file that the task's path names, in the same form. If all but the last component exist, it
  // is where that would be. Fails where the kernel would, or where we may not look.
  virtual absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) = 0;

  // What is known of the task that makes the call: of kExe and kComm the text, of the others the
  // number. Fails when it cannot be read. A decision asks only when a rule that it reached does.
  virtual absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) = 0;
  virtual absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) = 0;

  // True of what an emulator was told that has had this call already and has let it on: the rule
  // that says so is passed over.
  virtual bool HasEmulated(const Emulation& /*emulation*/) const { return false; }

  // What was counted of this call, if it comes again and whoever decides keeps that; null: it is
  // new to every rule.
  virtual CountedCall* counted() { return nullptr; }
};

// Every way of using provost is one of these: the compiled policy, a person, a learner, a random
// refuser. Called from the tracing thread alone, once for each traced call.
class Decider {
 public:
  virtual ~Decider() = default;
  virtual Decision Decide(const SyscallRequest& request, ArgumentReader& arguments) = 0;

  // True if calls are counted: then ArgumentReader::counted() says which come again.
  virtual bool counts() const { return false; }
  // The program begins; what was decided before were the calls that start it.
  virtual void ProgramStarted() {}
  // A task has ended; the id is the process's if it was the last of it.
  virtual void TaskEnded(pid_t /*tid*/) {}
};

}  // namespace provost

#endif  // PROVOST_POLICY_DECIDER_H_
