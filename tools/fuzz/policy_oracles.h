#ifndef PROVOST_TOOLS_FUZZ_POLICY_ORACLES_H_
#define PROVOST_TOOLS_FUZZ_POLICY_ORACLES_H_

// Those who say what a policy means for a call, each in its own way. Answers are in the kernel's
// form (SECCOMP_RET_*), so that they can be compared.

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/filter_compiler.h"
#include "policy/policy.h"
#include "policy/policy_state.h"
#include "syscalls/request.h"
#include "tools/fuzz/policy_sample.h"

namespace provost {

// What a filter leaves to the tracer.
inline constexpr uint32_t kAskTracer = 0x7ff00000 | kTraceData;

// The answer that a filter which knew all the memory would give: Policy::Decide, put as
// filter_compiler.h's table says. kAskTracer for what only the tracer can do. `state` counts the
// call.
uint32_t AskEvaluator(const Policy& policy, const SyscallRequest& request,
                      ArgumentReader& arguments, PolicyState& state);

// The kernel's own answers: installs `filter` in a child of the calling thread and makes the calls
// there, through either entry. None of them runs, whatever the filter says: its answers are turned
// into errnos ahead, one for each, and back. Fails if the kernel refuses the filter.
absl::StatusOr<std::vector<uint32_t>> AskKernel(const BpfProgram& filter,
                                                absl::Span<const SyscallRequest> requests);

// The filter that libseccomp builds of a PlainPolicy.
absl::StatusOr<BpfProgram> CompileByLibseccomp(const SamplePolicy& policy);

}  // namespace provost

#endif  // PROVOST_TOOLS_FUZZ_POLICY_ORACLES_H_
