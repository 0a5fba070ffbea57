#ifndef PROVOST_POLICY_DECIDER_H_
#define PROVOST_POLICY_DECIDER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/counted_call.h"
#include "policy/task_field.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

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

  // What is known of the task that makes the call: of kExe and kComm the text, of the others the
  // number. Fails when it cannot be read. A decision asks only when a rule that it reached does.
  virtual absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) = 0;
  virtual absl::StatusOr<uint32_t> ReadTaskNumber(TaskField field) = 0;

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
