#include "policy/policy_diff.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "policy/call_candidates.h"
#include "policy/call_text.h"
#include "policy/explain.h"
#include "policy/rewrite.h"
#include "policy/task_field.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr int kUnknownNumber = 0x3ff;

using Names = std::pair<const Rule*, const Rule*>;

// What comes of a call in the end.
struct Result {
  const Rule* rule;  // that decides it first
  Verdict verdict;   // the last, where rules rewrite it
  std::array<uint64_t, 6> runs;

  bool Equals(const Result& other) const {
    return verdict == other.verdict && (Refuses(verdict) || runs == other.runs);
  }
};

// Follows rewrites as Judge (rewrite.h) does.
Result ResultOf(const Policy& policy, KnownCall& call) {
  const SyscallRequest asked = call.request;
  Result result = {&DecidingRule(policy, call), {}, asked.args};
  result.verdict = result.rule->verdict;
  for (int rewrites = 0; const auto rewritten = ChangedBy(result.verdict, call.request);
       ++rewrites) {
    if (rewrites == kMaxRewrites) {
      result.verdict = Deny{ELOOP};
    } else {
      call.request = *rewritten;
      result.verdict = DecidingRule(policy, call).verdict;
    }
  }
  // The call runs as it has become.
  if (std::holds_alternative<Rewrite>(result.verdict)) result.verdict = Allow{};
  result.runs = call.request.args;
  call.request = asked;
  return result;
}

class Differ {
 public:
  Differ(const Policy& first, const Policy& second, const DiffOptions& options)
      : first_(first), second_(second), options_(options) {}

  DiffResult Run() {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) TryCall(syscall);
      TryNumber(arch, kUnknownNumber);
    }
    TryNumber(Arch::kX86_64, static_cast<int32_t>(kX32Bit));
    return std::move(result_);
  }

 private:
  void TryNumber(Arch arch, int32_t nr) {
    KnownCall call;
    call.request.arch = static_cast<uint32_t>(arch);
    call.request.nr = nr;
    std::set<Names> seen;
    ++result_.calls;
    Try(arch, call, CandidateCalls(), seen);
  }

  void TryCall(const Syscall& syscall) {
    // The same for the same seed, whatever other calls are ruled.
    std::mt19937_64 random(options_.seed * 1000003 + syscall.nr * 2 +
                           (syscall.arch == Arch::kI386 ? 1 : 0));
    CallCandidates candidates(syscall);
    candidates.Collect(first_.RulesFor(syscall.arch, syscall.nr));
    candidates.Collect(second_.RulesFor(syscall.arch, syscall.nr));
    KnownCall call;
    call.request.arch = static_cast<uint32_t>(syscall.arch);
    call.request.nr = syscall.nr;
    const CandidateCalls calls = candidates.Make(call.memory, random);
    std::set<Names> seen;
    ++result_.calls;
    SetTask(calls.tasks.front(), call);
    Try(syscall.arch, call, calls, seen);
    const bool plain =
        calls.tasks.size() == 1 && std::all_of(calls.arguments.begin(), calls.arguments.end(),
                                               [](const auto& some) { return some.size() == 1; });
    if (plain) return;
    TryOneByOne(syscall.arch, call, calls, seen);
    for (int sample = 0; sample < options_.samples; ++sample) {
      Draw(calls, random, call);
      Try(syscall.arch, call, calls, seen);
    }
  }

  void TryOneByOne(Arch arch, KnownCall& call, const CandidateCalls& calls, std::set<Names>& seen) {
    for (int i = 0; i < 6; ++i) {
      for (const CandidateValue& value : calls.arguments[i]) {
        call.request.args = {};
        Set(value, i, call);
        Try(arch, call, calls, seen);
      }
    }
    call.request.args = {};
    for (const auto& task : calls.tasks) {
      SetTask(task, call);
      Try(arch, call, calls, seen);
    }
    SetTask(calls.tasks.front(), call);
  }

  static void Draw(const CandidateCalls& calls, std::mt19937_64& random, KnownCall& call) {
    std::array<const CandidateValue*, 6> drawn = {};
    for (int i = 0; i < 6; ++i) {
      drawn[i] = &calls.arguments[i][random() % calls.arguments[i].size()];
      call.request.args[i] = drawn[i]->value;
    }
    // Now and then a companion stays another: the length of an address that is too short.
    for (int i = 0; i < 6; ++i) {
      if (drawn[i]->companion >= 0 && random() % 8 != 0) Set(*drawn[i], i, call);
    }
    SetTask(calls.tasks[random() % calls.tasks.size()], call);
  }

  static void Set(const CandidateValue& value, int arg, KnownCall& call) {
    call.request.args[arg] = value.value;
    if (value.companion >= 0) call.request.args[value.companion] = value.companion_value;
  }

  static void SetTask(const std::map<TaskField, TaskValue>& task, KnownCall& call) {
    call.memory.ForgetTask();
    for (const auto& [field, value] : task) call.memory.SetTask(field, value);
  }

  std::pair<Result, Result> Decide(KnownCall& call) {
    ++result_.tried;
    return {ResultOf(first_, call), ResultOf(second_, call)};
  }

  void Try(Arch arch, KnownCall& call, const CandidateCalls& calls, std::set<Names>& seen) {
    const auto [first, second] = Decide(call);
    if (first.Equals(second) || !seen.insert({first.rule, second.rule}).second) return;
    const std::array<uint64_t, 6> args = call.request.args;
    Simplify(call, calls, {first.rule, second.rule});
    Report(arch, call, first.rule, second.rule);
    call.request.args = args;
  }

  // Puts for each argument the first value under which the same rules decide, differently: the
  // smallest number, else something in memory.
  void Simplify(KnownCall& call, const CandidateCalls& calls, const Names& rules) {
    for (int i = 0; i < 6; ++i) {
      const uint64_t found = call.request.args[i];
      bool simpler = false;
      const std::vector<CandidateValue>& values = calls.arguments[i];
      for (size_t k = 0; k < values.size() && !simpler && values[k].value != found; ++k) {
        call.request.args[i] = values[k].value;
        const auto [first, second] = Decide(call);
        simpler = Names(first.rule, second.rule) == rules && !first.Equals(second);
      }
      if (!simpler) call.request.args[i] = found;
    }
  }

  void Report(Arch arch, const KnownCall& call, const Rule* first, const Rule* second) {
    const auto [known, is_new] =
        by_rules_.try_emplace({arch, first, second}, result_.differences.size());
    if (is_new) {
      result_.differences.push_back(
          {arch, FormatCall(call.request, call.memory), first, second, {}});
      return;
    }
    const Syscall* syscall = SyscallTable::Get().Find(call.request);
    result_.differences[known->second].also.push_back(syscall == nullptr
                                                          ? FormatCall(call.request, call.memory)
                                                          : std::string(syscall->signature->name));
  }

  const Policy& first_;
  const Policy& second_;
  const DiffOptions& options_;
  std::map<std::tuple<Arch, const Rule*, const Rule*>, size_t> by_rules_;
  DiffResult result_;
};

}  // namespace

DiffResult DiffPolicies(const Policy& first, const Policy& second, const DiffOptions& options) {
  return Differ(first, second, options).Run();
}

}  // namespace provost
