#ifndef PROVOST_TOOLS_ATTACK_ATTACK_RUNNER_H_
#define PROVOST_TOOLS_ATTACK_ATTACK_RUNNER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "supervisor/supervisor.h"

namespace provost {

// A way around a filter, or against a supervisor, that is tried under a policy (attacks.c).
struct Attack {
  absl::string_view name;
  absl::string_view what;
};

absl::Span<const Attack> AllAttacks();

// The one of that name; null if there is none.
const Attack* FindAttack(absl::string_view name);

struct AttackOutcome {
  enum class Result : uint8_t {
    kRefused,
    kGotThrough,
    kNotHere,  // the kernel, or the policy, has nothing to get around
  };
  Result result = Result::kRefused;
  std::string note;  // of what came of the supervisor, if it was harmed
};

// Supervises the attack under `options` in a process of its own, and says how it went. The calling
// process needs to have one thread. kDeadlineExceeded and the like never: a supervisor that hangs
// is one that was got at.
absl::StatusOr<AttackOutcome> RunAttack(const Attack& attack, const Options& options);

}  // namespace provost

#endif  // PROVOST_TOOLS_ATTACK_ATTACK_RUNNER_H_
