#ifndef PROVOST_POLICY_STACK_H_
#define PROVOST_POLICY_STACK_H_

#include <utility>
#include <vector>

#include "policy/decider.h"
#include "policy/policy.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// The more restrictive of two decisions, in the order in which the kernel ranks what stacked
// filters answer (seccomp(2)): kill process, kill thread, trap, errno (the lower errno wins),
// return, log, allow. Where they rank alike `earlier` wins.
const Decision& MoreRestrictive(const Decision& earlier, const Decision& later);

// Several policies as one decider: each decides every call, the most restrictive answer counts. Of
// no policy at all: allow.
class PolicyStack final : public Decider {
 public:
  explicit PolicyStack(std::vector<Policy> policies) : policies_(std::move(policies)) {}
  Decision Decide(const SyscallRequest& request, ArgumentReader& arguments) override;

 private:
  std::vector<Policy> policies_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_STACK_H_
