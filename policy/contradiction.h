#ifndef PROVOST_POLICY_CONTRADICTION_H_
#define PROVOST_POLICY_CONTRADICTION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "policy/predicate.h"

namespace provost {

// "This predicate is true", or with `holds` false "it is not". A comparison of a string that cannot
// be read holds, negated or not, if `unknown_holds`: so the rule that Truth::kUnknown is enough for
// is claimed to match with true, and one that it is not enough for is claimed not to match with
// true as well. What a task is may be unreadable in every case: with `unknown_holds` such a
// comparison holds, without it, it is readable.
struct Claim {
  const PredicateNode* predicate;  // null: always
  bool holds;
  bool unknown_holds;
  // The call of a multiplexer that it is about; null: the call itself.
  const SubCall* inside = nullptr;
};

enum class Possibility : uint8_t { kImpossible, kPossible, kGaveUp };

// Whether all `claims` can come true at once for one call, when the strings of the arguments in
// `unreadable` (bit i: argument i) cannot be read and the others can. kImpossible is certain;
// kPossible is not: it means that no contradiction was found. Gives up once `budget`, which it
// counts down, is used up.
Possibility CanAllHold(absl::Span<const Claim> claims, uint8_t unreadable, size_t& budget);

// The arguments whose strings the predicate looks at: bit i for argument i.
uint8_t StringArguments(const PredicateNode* predicate);

}  // namespace provost

#endif  // PROVOST_POLICY_CONTRADICTION_H_
