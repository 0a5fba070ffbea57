#ifndef PROVOST_POLICY_STACK_H_
#define PROVOST_POLICY_STACK_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/policy.h"
#include "policy/policy_state.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// The more restrictive of two decisions, in the order in which the kernel ranks what stacked
// filters answer (seccomp(2)): kill process, kill thread, trap, errno (the lower errno wins), what
// a tracer does (return, emulate, rewrite, ask), log, allow. Where they rank alike `earlier` wins.
const Decision& MoreRestrictive(const Decision& earlier, const Decision& later);

// The container that the policies put their tasks into; nullopt if none of them does. An error
// (kInvalidArgument) names the two that say different numbers.
absl::StatusOr<std::optional<ContainerLabel>> CommonContainer(absl::Span<const Policy> policies);

// Whether tasks are hardened (policy/harden.h) under these policies: unless one says `harden off`.
// An error (kInvalidArgument) names two that contradict each other.
absl::StatusOr<bool> CommonHardening(absl::Span<const Policy> policies);

// Several policies as one decider: each decides every call, the most restrictive answer counts. Of
// no policy at all: allow. There is nobody to ask: what a rule would ask, its policy's default
// answers before answers are compared.
class PolicyStack final : public Decider {
 public:
  // Each policy counts for itself.
  explicit PolicyStack(std::vector<Policy> policies, const StateOptions& options = {});
  Decision Decide(const SyscallRequest& request, ArgumentReader& arguments) override;
  bool counts() const override { return counts_; }
  void ProgramStarted() override;
  void TaskEnded(pid_t tid) override;

  // What each policy has counted; for a process that goes on with the same policies.
  std::vector<PolicyState::Saved> Save() const;
  // kInvalidArgument: they are of so many policies as there are not.
  absl::Status Restore(const std::vector<PolicyState::Saved>& saved);
  // By the policy's index, as counted calls point at it.
  const PolicyState& StateOf(size_t policy) const { return *states_[policy]; }
  size_t size() const { return states_.size(); }

 private:
  std::vector<Policy> policies_;
  std::vector<std::unique_ptr<PolicyState>> states_;  // of each
  bool counts_ = false;
};

}  // namespace provost

#endif  // PROVOST_POLICY_STACK_H_
