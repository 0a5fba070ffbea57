#ifndef PROVOST_POLICY_FILTER_LENGTH_H_
#define PROVOST_POLICY_FILTER_LENGTH_H_

#include <cstddef>

#include "absl/types/span.h"
#include "policy/filter_compiler.h"

namespace provost {

// How many instructions the filters that a task has may come to, and what each counts beside its
// own (MAX_INSNS_PER_PATH and seccomp_attach_filter in kernel/seccomp.c).
inline constexpr size_t kMostFilterInstructions = 32768;
inline constexpr size_t kFilterOverhead = 4;

// How many the kernel makes of a filter, which it translates first (bpf_convert_filter in
// net/core/filter.c): never fewer than it does, and more by the few that it leaves out.
size_t KernelLength(const BpfProgram& filter);

// What filters together count.
size_t KernelLength(absl::Span<const BpfProgram> filters);

}  // namespace provost

#endif  // PROVOST_POLICY_FILTER_LENGTH_H_
