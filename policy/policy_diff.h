#ifndef PROVOST_POLICY_POLICY_DIFF_H_
#define PROVOST_POLICY_POLICY_DIFF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "syscalls/request.h"

namespace provost {

// A call that two policies decide differently.
struct Difference {
  Arch arch;
  std::string call;    // a witness, as ParseCallText reads it (call_text.h)
  const Rule* first;   // what decides it in the first policy; belongs to that
  const Rule* second;  // and in the second
  // Other calls of this architecture that the same two rules decide, by name.
  std::vector<std::string> also;
};

struct DiffOptions {
  uint64_t seed = 0;
  // For each call with rules, so many combinations of arguments beyond those that are tried one
  // argument at a time.
  int samples = 500;
};

struct DiffResult {
  std::vector<Difference> differences;
  uint64_t calls = 0;  // calls of architectures
  uint64_t tried = 0;  // calls with arguments
};

// Looks for calls that two policies decide differently; where rules rewrite a call, what comes of
// it counts. Tried are, for each call of each architecture, what the conditions of both name
// (call_candidates.h), one at a time and in seeded combinations; an unknown number; and x32. What
// it finds is a difference; what it does not find may be one.
DiffResult DiffPolicies(const Policy& first, const Policy& second, const DiffOptions& options);

}  // namespace provost

#endif  // PROVOST_POLICY_POLICY_DIFF_H_
