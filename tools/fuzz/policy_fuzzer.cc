#include "tools/fuzz/policy_fuzzer.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/parser.h"
#include "policy/policy_state.h"
#include "syscalls/syscall_table.h"
#include "tools/fuzz/policy_oracles.h"
#include "tools/fuzz/policy_sample.h"

namespace provost {
namespace {

// Looks at how often something still differs while it is made smaller.
constexpr int kMostAttempts = 3000;

// What two oracles said of one call.
struct Disagreement {
  const char* one;
  const char* other;
  SyscallRequest request;
  uint32_t says_one;
  uint32_t says_other;
};

std::string CallText(const SyscallRequest& request) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  std::string text = request.HasKnownArch() ? std::string(ArchName(static_cast<Arch>(request.arch)))
                                            : absl::StrCat("arch 0x", absl::Hex(request.arch));
  absl::StrAppend(&text, " ",
                  syscall != nullptr ? std::string(syscall->signature->name)
                                     : absl::StrCat("syscall ", request.nr),
                  "(");
  for (size_t i = 0; i < request.args.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "0x" : ", 0x", absl::Hex(request.args[i]));
  }
  return absl::StrCat(text, ")");
}

// Since 6.14 the kernel asks no filter about the calls by which its own probes return
// (kernel/seccomp.c, seccomp_uprobe_exception); anybody else who makes them gets ENXIO or SIGILL.
bool PassesEveryFilter(const SyscallRequest& request) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return syscall != nullptr && request.IsX86_64() &&
         (syscall->signature->name == "uretprobe" || syscall->signature->name == "uprobe");
}

class PolicyFuzzer {
 public:
  explicit PolicyFuzzer(const PolicyFuzzOptions& options) : options_(options) {}

  absl::StatusOr<PolicyFuzzResult> Run();

 private:
  using MaybeDisagreement = absl::StatusOr<std::optional<Disagreement>>;
  // Finds out whether oracles disagree about a policy, over the given calls.
  using Trial =
      std::function<MaybeDisagreement(const SamplePolicy&, const std::vector<SyscallRequest>&)>;

  absl::Status Round(uint64_t seed);
  absl::StatusOr<BpfProgram> Compile(const Policy& policy) const;
  MaybeDisagreement TryOurs(const SamplePolicy& sample, const std::vector<SyscallRequest>& requests,
                            uint64_t memory_seed, bool count);
  MaybeDisagreement TryLibseccomp(const SamplePolicy& sample,
                                  const std::vector<SyscallRequest>& requests) const;
  absl::Status Judge(uint64_t seed, SamplePolicy sample,
                     const std::vector<SyscallRequest>& requests, const Trial& trial);

  const PolicyFuzzOptions& options_;
  PolicyFuzzResult result_;
};

absl::StatusOr<BpfProgram> PolicyFuzzer::Compile(const Policy& policy) const {
  if (options_.compile) return options_.compile(policy);
  FilterOptions filter_options;
  filter_options.trace_exec = false;
  return CompileFilter(policy, filter_options);
}

// The interpreter against the kernel, and against the evaluator under several memories: what the
// filter answers by itself must be right whatever memory holds.
PolicyFuzzer::MaybeDisagreement PolicyFuzzer::TryOurs(const SamplePolicy& sample,
                                                      const std::vector<SyscallRequest>& requests,
                                                      uint64_t memory_seed, bool count) {
  constexpr int kMemories = 3;
  const absl::StatusOr<ParsedPolicy> parsed = ParsePolicyText(sample.Text(), "sample");
  if (!parsed.ok()) {
    if (count) ++result_.with_errors;
    return std::optional<Disagreement>();
  }
  PROVOST_ASSIGN_OR_RETURN(const BpfProgram filter, Compile(parsed->policy));
  std::vector<uint32_t> kernel;
  if (options_.kernel) {
    PROVOST_ASSIGN_OR_RETURN(kernel, AskKernel(filter, requests));
  }
  if (count) ++result_.policies;
  SampleGenerator memories(memory_seed);
  // Counts on and on: a filter that knew no counters would be found out.
  PolicyState state;
  for (size_t i = 0; i < requests.size(); ++i) {
    const SyscallRequest& request = requests[i];
    PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunBpf(filter, ToSeccompData(request)));
    if (count) ++result_.calls;
    if (options_.kernel && kernel[i] != answer) {
      return Disagreement{"interpreter", "kernel", request, answer, kernel[i]};
    }
    if (answer == kAskTracer) continue;
    if (count) ++result_.answered_by_filter;
    for (int n = 0; n < kMemories; ++n) {
      SampleMemory memory = n == 0 ? SampleMemory() : memories.Memory(request);
      const uint32_t evaluated = AskEvaluator(parsed->policy, request, memory, state);
      if (evaluated != answer) {
        return Disagreement{"evaluator", "interpreter", request, evaluated, answer};
      }
    }
  }
  return std::optional<Disagreement>();
}

PolicyFuzzer::MaybeDisagreement PolicyFuzzer::TryLibseccomp(
    const SamplePolicy& sample, const std::vector<SyscallRequest>& requests) const {
  PROVOST_ASSIGN_OR_RETURN(const ParsedPolicy parsed, ParsePolicyText(sample.Text(), "sample"));
  const absl::StatusOr<BpfProgram> theirs = CompileByLibseccomp(sample);
  // What it cannot say it cannot say wrongly.
  if (!theirs.ok()) return std::optional<Disagreement>();
  SampleMemory nothing;
  PolicyState state;
  for (const SyscallRequest& request : requests) {
    if (Policy::IsNeverRefused(Arch::kX86_64, request.nr)) continue;
    const uint32_t ours = AskEvaluator(parsed.policy, request, nothing, state);
    PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunBpf(*theirs, ToSeccompData(request)));
    if (ours != answer) return Disagreement{"evaluator", "libseccomp", request, ours, answer};
  }
  return std::optional<Disagreement>();
}

// Every sample with one thing less.
std::vector<SampleCondition> Smaller(const SampleCondition& condition) {
  std::vector<SampleCondition> smaller = condition.children;
  for (size_t i = 0; i < condition.children.size(); ++i) {
    SampleCondition less = condition;
    if (condition.children.size() > 1) {
      less.children.erase(less.children.begin() + static_cast<ptrdiff_t>(i));
      smaller.push_back(less);
      less = condition;
    }
    for (SampleCondition& child : Smaller(condition.children[i])) {
      less.children[i] = std::move(child);
      smaller.push_back(less);
    }
  }
  return smaller;
}

std::vector<SamplePolicy> Smaller(const SamplePolicy& policy) {
  std::vector<SamplePolicy> smaller;
  const auto add = [&](const std::function<void(SamplePolicy&)>& change) {
    smaller.push_back(policy);
    change(smaller.back());
  };
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const SampleRule& rule = policy.rules[i];
    add([i](SamplePolicy& less) {
      less.rules.erase(less.rules.begin() + static_cast<ptrdiff_t>(i));
    });
    if (rule.condition) add([i](SamplePolicy& less) { less.rules[i].condition.reset(); });
    if (!rule.tail.empty()) add([i](SamplePolicy& less) { less.rules[i].tail.clear(); });
    for (size_t n = 0; rule.calls.size() > 1 && n < rule.calls.size(); ++n) {
      add([i, n](SamplePolicy& less) {
        less.rules[i].calls.erase(less.rules[i].calls.begin() + static_cast<ptrdiff_t>(n));
      });
    }
    if (!rule.condition) continue;
    for (SampleCondition& condition : Smaller(*rule.condition)) {
      add([&](SamplePolicy& less) { less.rules[i].condition = std::move(condition); });
    }
  }
  for (size_t i = 0; i < policy.prelude.size(); ++i) {
    add([i](SamplePolicy& less) {
      less.prelude.erase(less.prelude.begin() + static_cast<ptrdiff_t>(i));
    });
  }
  return smaller;
}

// Says what was found, with the policy and the call made as small as they get while the same two
// disagree.
absl::Status PolicyFuzzer::Judge(uint64_t seed, SamplePolicy sample,
                                 const std::vector<SyscallRequest>& requests, const Trial& trial) {
  PROVOST_ASSIGN_OR_RETURN(std::optional<Disagreement> found, trial(sample, requests));
  if (!found) return absl::OkStatus();
  int attempts = 0;
  const auto still = [&](const SamplePolicy& policy, const SyscallRequest& request) {
    if (++attempts > kMostAttempts) return false;
    const MaybeDisagreement again = trial(policy, {request});
    if (!again.ok() || !*again || std::string((*again)->other) != found->other) return false;
    found = *again;
    return true;
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (SamplePolicy& less : Smaller(sample)) {
      if (!still(less, found->request)) continue;
      sample = std::move(less);
      smaller = true;
      break;
    }
    for (size_t i = 0; i < found->request.args.size(); ++i) {
      SyscallRequest request = found->request;
      if (std::exchange(request.args[i], 0) != 0 && still(sample, request)) smaller = true;
    }
  }
  result_.differences.push_back({seed, found->one, found->other, sample.Text(),
                                 CallText(found->request), SeccompActionToString(found->says_one),
                                 SeccompActionToString(found->says_other)});
  return absl::OkStatus();
}

absl::Status PolicyFuzzer::Round(uint64_t seed) {
  SampleGenerator generator(seed);
  const SamplePolicy sample = generator.Policy();
  std::vector<SyscallRequest> requests;
  while (static_cast<int>(requests.size()) < options_.calls_a_round) {
    const SyscallRequest request = generator.Request();
    if (!PassesEveryFilter(request)) requests.push_back(request);
  }
  const uint64_t policies_before = result_.policies;
  bool count = true;
  PROVOST_RETURN_IF_ERROR(
      Judge(seed, sample, requests,
            [&](const SamplePolicy& policy, const std::vector<SyscallRequest>& calls) {
              return TryOurs(policy, calls, seed, std::exchange(count, false));
            }));
  if (result_.policies != policies_before) {
    for (const absl::string_view production : generator.productions()) {
      ++result_.productions[production];
    }
  }
  if (!options_.libseccomp) return absl::OkStatus();
  const SamplePolicy plain = generator.PlainPolicy();
  requests.clear();
  for (int i = 0; i < options_.calls_a_round; ++i) requests.push_back(generator.PlainRequest());
  ++result_.plain_policies;
  return Judge(seed, plain, requests,
               [&](const SamplePolicy& policy, const std::vector<SyscallRequest>& calls) {
                 return TryLibseccomp(policy, calls);
               });
}

absl::StatusOr<PolicyFuzzResult> PolicyFuzzer::Run() {
  const absl::Time end = absl::Now() + options_.time;
  for (uint64_t seed = options_.seed;; ++seed) {
    if (options_.rounds != 0 && result_.rounds == options_.rounds) break;
    if (absl::Now() >= end || result_.differences.size() >= options_.most_differences) break;
    PROVOST_RETURN_IF_ERROR(Round(seed));
    ++result_.rounds;
    if (options_.progress && !options_.progress(result_.rounds)) break;
  }
  return std::move(result_);
}

}  // namespace

absl::StatusOr<PolicyFuzzResult> FuzzPolicies(const PolicyFuzzOptions& options) {
  return PolicyFuzzer(options).Run();
}

}  // namespace provost
