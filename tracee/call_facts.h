#ifndef PROVOST_TRACEE_CALL_FACTS_H_
#define PROVOST_TRACEE_CALL_FACTS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "base/call_facts.h"
#include "syscalls/request.h"
#include "tracee/file_view.h"
#include "tracee/memory.h"
#include "tracee/task_directory.h"

namespace provost {

// Reads what a record says of a call beyond its registers: the files it names (CWD, PATH), the
// address it hands over (SOCKADDR), the tasks it is about (OBJ_PID). docs/AUDIT_LOG.md says what of
// it is as the kernel has it and what is not.
//
// The kernel notes what a call met while it ran; this is read before it runs, and of a refused call
// says what it would have met: CREATE where the name is free, DELETE where it is not. For one
// thread.
class CallFactsReader {
 public:
  // Of a task at its seccomp stop. What the task gave that
  // the kernel could not read either (a bad pointer, a bad descriptor) is left out; an error is
  // this process's own lack, or the task's end, and then nothing of `facts` is to be used.
  absl::Status Read(pid_t tid, const TaskDirectory& task, const SyscallRequest& request,
                    ArgumentMemory& memory, CallFacts& facts);

  // After the call succeeded, at its exit: what it made is there now. What it cannot find stays
  // unsaid.
  void Complete(pid_t tid, const TaskDirectory& task, const SyscallRequest& request,
                CallFacts& facts);

  // After a call that gave `result`: of several messages, the address is that of the last one that
  // was sent; of the first, if none was.
  static void KeepSent(int64_t result, CallFacts& facts);

  // After an execve succeeded, at its PTRACE_EVENT_EXEC stop: as ReadExecFacts (exec_facts.h).
  void CompleteExec(pid_t tid, const TaskDirectory& task, CallFacts& facts);

 private:
  OwnRoot own_root_;
  CapabilityCache capabilities_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_CALL_FACTS_H_
