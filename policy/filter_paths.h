#ifndef PROVOST_POLICY_FILTER_PATHS_H_
#define PROVOST_POLICY_FILTER_PATHS_H_

#include <linux/filter.h>

#include <cstdint>
#include <set>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace provost {

// What a filter may do with one call, whatever its arguments are.
struct FilterPaths {
  std::set<uint32_t> answers;  // SECCOMP_RET_* with their data
  int least = 0;               // instructions executed
  int most = 0;
  // No argument is looked at. If the answer is RET_ALLOW the kernel remembers it, and does not run
  // the filter again (seccomp_cache_prepare in kernel/seccomp.c).
  bool by_number = true;

  bool MayTrace() const;
  bool MayAnswer() const;  // anything but RET_TRACE
};

// Follows every path that a call of that architecture (AUDIT_ARCH_*) and number can take through
// the program, made by code of the task's own (no instruction pointer in the kernel's half). Both
// ways of a comparison of arguments count, also where no arguments could take one. Fails on what
// VerifyBpf (bpf.h) refuses.
absl::StatusOr<FilterPaths> ExploreFilter(absl::Span<const sock_filter> program, uint32_t arch,
                                          int32_t nr);

}  // namespace provost

#endif  // PROVOST_POLICY_FILTER_PATHS_H_
