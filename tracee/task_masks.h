#ifndef PROVOST_TRACEE_TASK_MASKS_H_
#define PROVOST_TRACEE_TASK_MASKS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"

namespace provost {

// Sets of bits that /proc/TID/status has (proc_pid_status(5)), each read anew. kNotFound: there is
// no such task. Thread-safe.

// The capabilities in effect: bit CAP_SYS_ADMIN of them and so on (CapEff).
absl::StatusOr<uint64_t> ReadEffectiveCapabilities(pid_t tid);
// True if one of them is; false, too, where that cannot be read.
bool HasCapability(pid_t tid, int capability);

// The blocked signals: bit 0 is signal 1 (SigBlk).
absl::StatusOr<uint64_t> ReadBlockedSignals(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_MASKS_H_
