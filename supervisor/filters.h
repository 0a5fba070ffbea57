#ifndef PROVOST_SUPERVISOR_FILTERS_H_
#define PROVOST_SUPERVISOR_FILTERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/filter_compiler.h"
#include "policy/policy.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// Compiles one filter for each policy, in the order in which they are to be installed; `control` is
// part of all. `wants_record` says which decisions must come to the tracer to be recorded; with
// `complain`, every refusal must come to it to be let through. Where any may be recorded, so must
// the calls that change what records say of a task (FilterOptions::trace_task_changes). With
// more than one policy every refusal comes to the tracer too: stacked filters in the kernel would
// not know each other's errnos.
//
// The filter of `harden` (policy/harden.h; null: none) stands first: of two errnos the kernel takes
// the newer filter's, and what policies refuse themselves is theirs to say. It answers in the
// kernel, too, unless a policy may have an answer of its own that is the tracer's to give. It and
// the first policy's are one program where they fit into one.
absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record, const GatedCalls& gated = {},
    const Policy* harden = nullptr);

// True if any decision of these may be recorded.
bool MayRecord(absl::Span<const Policy> policies,
               const std::function<bool(const Decision&)>& wants_record);

// True if registers alone say whether the rule matches.
bool NeedsRegistersOnly(const BoundRule& rule);

// How many rules of the policies, their defaults among them, need the tracer for some call.
struct TracedRules {
  size_t traced = 0;
  size_t all = 0;
  size_t harden = 0;  // of hardening's own, those traced
};
// `harden`: null where there is none.
TracedRules CountTracedRules(absl::Span<const Policy> policies, bool complain,
                             const std::function<bool(const Decision&)>& wants_record,
                             const Policy* harden);

// What the kernel does with a call under stacked filters: the strictest of their answers
// (seccomp(2)), SECCOMP_RET_ALLOW for none.
absl::StatusOr<uint32_t> RunFilters(absl::Span<const BpfProgram> filters,
                                    const SyscallRequest& request);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_FILTERS_H_
