#ifndef PROVOST_POLICY_HARDEN_H_
#define PROVOST_POLICY_HARDEN_H_

#include <sys/types.h>

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/policy.h"
#include "policy/verdict.h"

namespace provost {

// Hardening: the ways around a filter, or against the supervisor, that no policy for a program
// means to leave open (docs/HARDENING.md). It is a policy of our own language that stands beside
// the run's policies, in every mode that has a filter. It decides what they let run; what they
// refuse stays refused as they say.
//
// In it `ask` means: the supervisor answers, for it takes more than registers (whose number is
// this?). Rules are named "harden:WAY".

inline constexpr absl::string_view kHardenPrefix = "harden:";

struct HardenTargets {
  // The supervisor's process id, for calls that name a process and a thread of it. 0: not known.
  pid_t supervisor = 0;
  // The same of the process that looks on (supervisor/guardian.h). 0: there is none.
  pid_t guardian = 0;
  // Calls that open a file for writing are asked about: it may be another process's memory.
  bool watch_memory_files = true;
};

// The rules beside `policies`, which say which calls are ruled for execve's sake.
absl::StatusOr<Policy> HardenPolicy(absl::Span<const Policy> policies,
                                    const HardenTargets& targets);

// The names of the rules for calls that some of `policies` may refuse or wish to have on record:
// rule and policies must be decided together then.
absl::flat_hash_set<std::string> AlsoRuledBy(absl::Span<const Policy> policies,
                                             const Policy& harden);

// True if hardening decides the call: the policies' own decision would let it run.
bool LeavesToHarden(const Decision& decision);

}  // namespace provost

#endif  // PROVOST_POLICY_HARDEN_H_
