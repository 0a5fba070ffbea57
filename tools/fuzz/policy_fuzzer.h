#ifndef PROVOST_TOOLS_FUZZ_POLICY_FUZZER_H_
#define PROVOST_TOOLS_FUZZ_POLICY_FUZZER_H_

// A differential test of what policies mean: random policies and calls, put to several oracles that
// must agree. What they do not agree on is made as small as it gets.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/filter_compiler.h"
#include "policy/policy.h"
#include "syscalls/request.h"

namespace provost {

// A call on which two oracles do not agree.
struct Difference {
  uint64_t seed = 0;  // of the round
  std::string one;    // "interpreter"
  std::string other;  // "kernel"
  std::string policy;
  std::string call;
  std::string says_one;
  std::string says_other;
};

struct PolicyFuzzOptions {
  // Of the first round; each has the next.
  uint64_t seed = 1;
  // Until then, or that many rounds, whichever comes first; 0: no limit of the kind.
  absl::Duration time = absl::InfiniteDuration();
  uint64_t rounds = 0;
  int calls_a_round = 40;
  // Who is asked, beside the evaluator and the interpreter.
  bool kernel = true;
  bool libseccomp = true;
  // Ends after this many differences.
  size_t most_differences = 10;
  // Called after each round, with how many there were; false ends the run. May be null.
  std::function<bool(uint64_t rounds)> progress;
  // The filter of a policy; tests put a wrong one in its place. Null: CompileFilter.
  std::function<absl::StatusOr<BpfProgram>(const Policy&)> compile;
};

struct PolicyFuzzResult {
  uint64_t rounds = 0;
  uint64_t policies = 0;     // without an error, put to the evaluator, the interpreter, the kernel
  uint64_t with_errors = 0;  // that the parser refused
  uint64_t calls = 0;
  uint64_t answered_by_filter = 0;                    // of the calls
  uint64_t plain_policies = 0;                        // put to libseccomp
  std::map<absl::string_view, uint64_t> productions;  // of the grammar, in policies without errors
  std::vector<Difference> differences;
};

// Runs rounds until time, rounds or differences are used up. An error means that an oracle could
// not be asked. Forks; use from a process with one thread.
absl::StatusOr<PolicyFuzzResult> FuzzPolicies(const PolicyFuzzOptions& options);

}  // namespace provost

#endif  // PROVOST_TOOLS_FUZZ_POLICY_FUZZER_H_
