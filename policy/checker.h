#ifndef PROVOST_POLICY_CHECKER_H_
#define PROVOST_POLICY_CHECKER_H_

#include <vector>

#include "policy/policy.h"
#include "policy/warning.h"

namespace provost {

// Finds the rules of a policy that can never decide a call: their condition holds for no call, or
// the rules before them decide every call they would. In the order of the rules. Sound, not
// complete: what it names cannot match, and what it does not name may not match either (it gives up
// on conditions that take too long). Rules that are for no call at all (`?name`) are not named.
std::vector<PolicyWarning> CheckPolicy(const Policy& policy);

}  // namespace provost

#endif  // PROVOST_POLICY_CHECKER_H_
