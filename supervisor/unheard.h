#ifndef PROVOST_SUPERVISOR_UNHEARD_H_
#define PROVOST_SUPERVISOR_UNHEARD_H_

#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "policy/policy.h"
#include "policy/verdict.h"

namespace provost {

// The decisions of `policies` that filters compiled with the same `complain` and `wants_record`
// (CompileFilters in filters.h) give by themselves, at least of some calls, so that the supervisor
// never hears of these: each once, in the order of the policies. Of rules that look at memory, or
// count, there are none.
std::vector<Decision> UnheardDecisions(absl::Span<const Policy> policies, bool complain,
                                       const std::function<bool(const Decision&)>& wants_record);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_UNHEARD_H_
