#ifndef PROVOST_POLICY_EXPLAIN_H_
#define PROVOST_POLICY_EXPLAIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/call_text.h"
#include "policy/policy.h"
#include "policy/predicate.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// What is known of a call that is asked about.
struct KnownCall {
  SyscallRequest request;
  CallMemory memory;
  // Bit i: the register of argument i is known. Conditions on one that is not are unknown.
  uint8_t known_args = 0x3f;
  // `memory` is all that the task has there: what it lacks the task could not read either.
  bool memory_is_known = true;

  bool is_whole() const { return known_args == 0x3f && memory_is_known; }
};

// A condition, a part of a rule's, that kept the rule from matching.
struct FailedCondition {
  std::string condition;  // as the language writes it
  std::string actual;  // "flags is O_WRONLY", "path cannot be read"; empty where nothing is to say
};

// A rule that did not match.
struct NearMiss {
  const Rule* rule = nullptr;
  std::vector<FailedCondition> failed;
};

// Why a policy decides as it does.
struct Explanation {
  // What decides: a rule of the policy, or its "default", "always", "unknown" or "arch". Belongs to
  // the policy.
  const Rule* rule = nullptr;
  // Part of the rule's condition is not known: it decides because it refuses (Truth::kUnknown).
  bool by_unknown = false;
  // The others that may decide, where not all of the call is known (KnownCall::is_whole) or a rule
  // counts: each would for some registers, memory or earlier calls.
  std::vector<const Rule*> possible;
  // Of the rules before `rule` the one with fewest failing conditions, the first of several.
  std::optional<NearMiss> nearest;
};

// Asks the policy about a call. For rules that count it is the first they see.
Explanation Explain(const Policy& policy, KnownCall& call);

// The rule that decides, alone: what Explain calls `rule`.
const Rule& DecidingRule(const Policy& policy, KnownCall& call);

// Evaluate (predicate.h), where conditions on registers that are not known are unknown.
Truth EvaluateKnown(const Predicate& predicate, KnownCall& call);

// The arguments that a condition names: bit i for argument i, a register or what it points at.
// Found in the condition's text, so that it holds for every kind of condition.
uint8_t ArgumentsNamed(const Predicate& predicate, const Syscall* syscall);

}  // namespace provost

#endif  // PROVOST_POLICY_EXPLAIN_H_
