#ifndef PROVOST_TRACEE_TRACE_OPTIONS_H_
#define PROVOST_TRACEE_TRACE_OPTIONS_H_

#include <sys/ptrace.h>

namespace provost {

// How every task is traced (ptrace(2), PTRACE_SETOPTIONS): all it makes is traced too, and all its
// stops are told apart. Never PTRACE_O_TRACEEXIT: a task killed at a seccomp stop would move to its
// exit stop unreported.
inline constexpr unsigned long kTraceOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                                               PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                               PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

// The same for tasks under a filter of ours: they die with us.
inline constexpr unsigned long kGuardedTraceOptions = kTraceOptions | PTRACE_O_EXITKILL;

}  // namespace provost

#endif  // PROVOST_TRACEE_TRACE_OPTIONS_H_
