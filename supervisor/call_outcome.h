#ifndef PROVOST_SUPERVISOR_CALL_OUTCOME_H_
#define PROVOST_SUPERVISOR_CALL_OUTCOME_H_

#include <cstdint>
#include <variant>

#include "policy/verdict.h"

namespace provost {

// True if the kernel runs the call, as it is or rewritten.
inline bool Runs(const Verdict& verdict) {
  return !Refuses(verdict) || std::holds_alternative<Rewrite>(verdict);
}

// True of the results by which the kernel asks itself to make the call again: ERESTARTSYS to
// ERESTART_RESTARTBLOCK (linux/errno.h in the kernel), but ENOIOCTLCMD.
inline bool AsksForRestart(int64_t result) {
  return result <= -512 && result >= -516 && result != -515;
}

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CALL_OUTCOME_H_
