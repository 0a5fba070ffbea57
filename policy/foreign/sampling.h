#ifndef PROVOST_POLICY_FOREIGN_SAMPLING_H_
#define PROVOST_POLICY_FOREIGN_SAMPLING_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/bpf.h"
#include "policy/fake_argument_reader.h"
#include "policy/policy.h"
#include "policy/policy_state.h"
#include "policy/predicate.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {

// Calls to hold two policies against each other with: calls that have rules more often than others,
// arguments at and around the numbers that the conditions name.
class CallSampler {
 public:
  CallSampler(const Policy& policy, uint32_t seed) : random_(seed) {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        all_.push_back(&syscall);
        bool conditional = false;
        for (const BoundRule& rule : policy.RulesFor(arch, syscall.nr)) {
          conditional = conditional || rule.condition != nullptr;
          Collect(rule.condition);
        }
        if (conditional) conditional_.push_back(&syscall);
      }
    }
    for (const uint64_t value :
         {uint64_t{0}, uint64_t{0x7fffffff}, uint64_t{0x80000000}, uint64_t{0xffffffff},
          uint64_t{0x100000000}, ~uint64_t{0}, uint64_t{1} << 63}) {
      numbers_.insert(value);
    }
    values_.assign(numbers_.begin(), numbers_.end());
  }

  SyscallRequest Next() {
    const bool wants_condition = !conditional_.empty() && random_() % 2 == 0;
    const std::vector<const Syscall*>& from = wants_condition ? conditional_ : all_;
    const Syscall& syscall = *from[random_() % from.size()];
    SyscallRequest request;
    request.arch = static_cast<uint32_t>(syscall.arch);
    request.nr = syscall.nr;
    for (uint64_t& arg : request.args) {
      arg = values_[random_() % values_.size()];
      if (random_() % 8 == 0) arg |= uint64_t{random_() % 4} << 32;
      if (random_() % 16 == 0) arg = (uint64_t{random_()} << 32) | random_();
      // What a 32-bit task passes has no upper half.
      if (syscall.arch == Arch::kI386) arg = static_cast<uint32_t>(arg);
    }
    return request;
  }

 private:
  void Collect(const Predicate& predicate) {
    if (predicate == nullptr) return;
    if (const auto* compare = std::get_if<Compare>(&predicate->node)) {
      for (const uint64_t base : {compare->value, compare->mask, compare->value & compare->mask}) {
        for (const int64_t step : {-1, 0, 1}) numbers_.insert(base + step);
      }
      return;
    }
    if (const auto* all = std::get_if<AllOf>(&predicate->node)) {
      for (const Predicate& child : all->children) Collect(child);
    } else if (const auto* any = std::get_if<AnyOf>(&predicate->node)) {
      for (const Predicate& child : any->children) Collect(child);
    } else if (const auto* negation = std::get_if<Not>(&predicate->node)) {
      Collect(negation->child);
    }
  }

  std::mt19937 random_;
  std::vector<const Syscall*> all_;
  std::vector<const Syscall*> conditional_;
  std::set<uint64_t> numbers_;
  std::vector<uint64_t> values_;
};

// The seccomp action that a verdict is, as filters of other programs would give it.
inline uint32_t ActionOf(const Verdict& verdict) {
  if (const auto* deny = std::get_if<Deny>(&verdict)) {
    return SECCOMP_RET_ERRNO | static_cast<uint32_t>(deny->error);
  }
  if (const auto* kill = std::get_if<Kill>(&verdict)) {
    return kill->scope == Kill::Scope::kProcess ? SECCOMP_RET_KILL_PROCESS
                                                : SECCOMP_RET_KILL_THREAD;
  }
  if (std::holds_alternative<Log>(verdict)) return SECCOMP_RET_LOG;
  if (std::holds_alternative<Trap>(verdict)) return SECCOMP_RET_TRAP;
  if (std::holds_alternative<Return>(verdict)) return SECCOMP_RET_ERRNO;
  return SECCOMP_RET_ALLOW;
}

inline Verdict DecideWithoutMemory(const Policy& policy, const SyscallRequest& request) {
  FakeArgumentReader nothing;
  PolicyState counted;
  return policy.Decide(request, nothing, counted).verdict;
}

inline std::string DescribeCall(const SyscallRequest& request) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  std::string text =
      absl::StrCat(ArchName(static_cast<Arch>(request.arch)), " ",
                   syscall != nullptr ? syscall->signature->name : absl::string_view("?"));
  for (const uint64_t arg : request.args) absl::StrAppend(&text, " 0x", absl::Hex(arg));
  return text;
}

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_SAMPLING_H_
