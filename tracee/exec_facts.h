#ifndef PROVOST_TRACEE_EXEC_FACTS_H_
#define PROVOST_TRACEE_EXEC_FACTS_H_

#include <sys/types.h>

#include "base/call_facts.h"
#include "tracee/file_view.h"

namespace provost {

// Adds to the facts of an execve that succeeded what the kernel's own record of it has: the
// arguments (EXECVE), and the interpreters that it opened beside the program that the call names: a
// script's, as its first line names it, and the ELF interpreter (PATH). Of a script whose
// interpreter is a script again, only the last.
//
// `tid` is at its PTRACE_EVENT_EXEC stop, `task_directory` is open on /proc/TID. All of it is read
// from what the kernel put there for the new program (its command line and auxiliary vector, and
// program headers in its memory), not from files: nothing of it can have changed. What cannot be
// read is not added.
void ReadExecFacts(pid_t tid, int task_directory, FileView& files, CallFacts& facts);

}  // namespace provost

#endif  // PROVOST_TRACEE_EXEC_FACTS_H_
