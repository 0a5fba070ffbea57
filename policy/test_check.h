#ifndef PROVOST_POLICY_TEST_CHECK_H_
#define PROVOST_POLICY_TEST_CHECK_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "policy/argument_value.h"
#include "policy/ast.h"

namespace provost {

// Refuses a comparison that is no comparison of its argument: an operator for another kind, a value
// that the argument never has. `places` is the argument on each architecture that has the call, at
// least one; a value must be possible on one of them. Errors are ErrorAt's.
absl::Status CheckTest(const Test& test, absl::Span<const BoundArgument> places);

}  // namespace provost

#endif  // PROVOST_POLICY_TEST_CHECK_H_
