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

// Compiles one filter for each policy; `control` is part of all. `wants_record` says which
// decisions must come to the tracer to be recorded; with `complain`, every refusal must come to it
// to be let through. With more than one policy every refusal comes to the tracer too: stacked
// filters in the kernel would not know each other's errnos.
absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record);

// How many rules of the policies, their defaults among them, need the tracer for some call.
struct TracedRules {
  size_t traced = 0;
  size_t all = 0;
};
TracedRules CountTracedRules(absl::Span<const Policy> policies, bool complain,
                             const std::function<bool(const Decision&)>& wants_record);

// What the kernel does with a call under stacked filters: the strictest of their answers
// (seccomp(2)), SECCOMP_RET_ALLOW for none.
absl::StatusOr<uint32_t> RunFilters(absl::Span<const BpfProgram> filters,
                                    const SyscallRequest& request);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_FILTERS_H_
