#ifndef PROVOST_TRACEE_PROGRAM_START_H_
#define PROVOST_TRACEE_PROGRAM_START_H_

// What the kernel tells a new program on its stack (getauxval(3)), changed at its
// PTRACE_EVENT_EXEC stop, before it has run an instruction. On the tracing thread.

#include <array>

#include "absl/status/status.h"
#include "tracee/stop.h"

namespace provost {

// The program finds no vDSO (vdso(7)), so that it asks the kernel what that would answer:
// AT_SYSINFO_EHDR and AT_SYSINFO become AT_IGNORE. It is mapped all the same: signal handlers of
// i386 return through it.
absl::Status HideVdso(const Stopped& stopped);

// AT_RANDOM leads to these bytes: stack protectors and hash tables begin with them.
absl::Status SetStartingRandom(const Stopped& stopped, const std::array<char, 16>& bytes);

}  // namespace provost

#endif  // PROVOST_TRACEE_PROGRAM_START_H_
