#ifndef PROVOST_POLICY_FINDINGS_H_
#define PROVOST_POLICY_FINDINGS_H_

#include <string>
#include <vector>

#include "policy/parser.h"
#include "policy/policy.h"

namespace provost {

// Something a policy's author should know that is no error: what `provost check` prints.
struct Finding {
  SourceLocation where;
  // "language": the parser's warnings; "unreachable": a rule that never decides (checker.h);
  // "racy", "twins", "abi", "denylist", "io_uring": below.
  std::string kind;
  std::string message;
  std::string mend;  // what to do about it; may be empty
};

// What the policy leaves open, by what it decides:
//   racy      a rule's condition looks at what can be changed after the decision although the
//   kernel
//             reads what the decision read (ArgumentMode::kProtect): what a path leads to, what a
//             descriptor is, structures that the kernel writes to
//   twins     a rule refuses or records a call, or lets it run under a condition only, while
//   another
//             call of its family (syscalls/twins.h) is never refused or recorded. A whole call
//             denied with ENOSYS is none: that is how a program is told to use the other one.
//   abi       the same, where the other call is of an ABI that the rule has no call of
//   denylist  the default lets calls run that no rule of a policy of refusals is for
//   io_uring  file or network calls are ruled, and io_uring, which does them unseen, is let through
// x32 and ABIs that are not listed are refused by every policy: no finding. One finding a rule and
// family. In order of kind, then of rules.
std::vector<Finding> FindOpenings(const Policy& policy);

// These, the parser's and CheckPolicy's, in order of place.
std::vector<Finding> AllFindings(const ParsedPolicy& parsed);

}  // namespace provost

#endif  // PROVOST_POLICY_FINDINGS_H_
