#include "supervisor/argument_protection.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "policy/memory_operand.h"
#include "policy/predicate.h"
#include "policy/task_field.h"
#include "supervisor/argument_copy.h"
#include "supervisor/kernel_features.h"
#include "syscalls/syscall_table.h"
#include "tracee/registers.h"

namespace provost {
namespace {

bool ReadsMemory(const Predicate& predicate) {
  if (predicate == nullptr) return false;
  const auto& node = predicate->node;
  if (std::holds_alternative<MatchString>(node) || std::holds_alternative<OfSubCall>(node)) {
    return true;
  }
  if (const auto* test = std::get_if<MemoryTest>(&node)) {
    return !std::holds_alternative<DescriptorReading>(test->operand->reading);
  }
  if (const auto* all = std::get_if<AllOf>(&node)) {
    return std::any_of(all->children.begin(), all->children.end(), ReadsMemory);
  }
  if (const auto* any = std::get_if<AnyOf>(&node)) {
    return std::any_of(any->children.begin(), any->children.end(), ReadsMemory);
  }
  const auto* negation = std::get_if<Not>(&node);
  return negation != nullptr && ReadsMemory(negation->child);
}

bool ReadsMemory(const Policy& policy) {
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      const absl::Span<const BoundRule> rules = policy.RulesFor(arch, syscall.nr);
      if (std::any_of(rules.begin(), rules.end(), [](const BoundRule& rule) {
            // Emulators look at what they like.
            return ReadsMemory(rule.condition) ||
                   std::holds_alternative<Emulate>(rule.rule->verdict);
          })) {
        return true;
      }
    }
  }
  return false;
}

// True too where there is nothing to protect.
bool CanProtect(absl::Span<const Policy> policies) {
  const bool is_asked = std::any_of(policies.begin(), policies.end(),
                                    [](const Policy& policy) { return ReadsMemory(policy); });
  return !is_asked || ProbeMseal() != Presence::kMissing;
}

// A new task begins with its creator's registers.
bool MakesTask(const SyscallRequest& request) {
  static constexpr std::array<absl::string_view, 4> kMaking = {"clone", "clone3", "fork", "vfork"};
  const Syscall* call = SyscallTable::Get().Find(request);
  return call == nullptr ||
         std::find(kMaking.begin(), kMaking.end(), call->signature->name) != kMaking.end();
}

}  // namespace

absl::Status CheckProtection(ArgumentMode mode, absl::Span<const Policy> policies) {
  if (mode != ArgumentMode::kProtect || CanProtect(policies)) return absl::OkStatus();
  return absl::UnimplementedError(
      "this kernel has no mseal(2) (Linux 6.10 has it): paths, addresses and structures that rules "
      "look at could be changed between a decision and its call; `--arguments trust` runs all the "
      "same");
}

ArgumentMode ResolveMode(ArgumentMode mode, absl::Span<const Policy> policies) {
  if (mode != ArgumentMode::kProtectWherePossible) return mode;
  return CanProtect(policies) ? ArgumentMode::kProtect : ArgumentMode::kTrust;
}

bool InstallsFilter(const SyscallRequest& request) {
  const auto operation = static_cast<uint32_t>(request.args[0]);
  // Asked of every call that runs; of next to none more than this.
  if (operation != SECCOMP_SET_MODE_FILTER && operation != PR_SET_SECCOMP) return false;
  const Syscall* call = SyscallTable::Get().Find(request);
  if (call == nullptr) return false;
  return (call->signature->name == "seccomp" && operation == SECCOMP_SET_MODE_FILTER) ||
         (call->signature->name == "prctl" && operation == PR_SET_SECCOMP);
}

absl::StatusOr<ArgumentProtection::Answer> ArgumentProtection::Protect(pid_t tid,
                                                                       const SyscallRequest& asked,
                                                                       const SyscallRequest& runs,
                                                                       TraceeArguments& arguments) {
  const bool installs = InstallsFilter(runs);
  if (installs) pages_.SetOwnFilters();
  // Calls of the vsyscall page have nothing to read, and could not be changed.
  const bool protects = mode_ == ArgumentMode::kProtect || arguments.has_provided();
  if (!protects || !runs.HasKnownArch() || IsVsyscall(runs)) {
    return Answer(Protected{runs, {}, {}});
  }
  if (installs) return Precede(tid, runs, arguments);
  if (!arguments.has_read_memory()) return Answer(Protected{runs, {}, {}});
  const ArgumentCopy copy(runs, arguments);
  if (copy.rest() == ArgumentCopy::Rest::kUnplaced) {
    return Answer(Unprotected{absl::InternalError("no argument is known to lead to it")});
  }
  if (copy.is_empty()) return Answer(Protected{runs, {}, {}});
  const absl::StatusOr<uint64_t> process = arguments.ReadTaskNumber(TaskField::kPid);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  if (!process.ok()) return Answer(Unprotected{process.status()});
  constexpr size_t kHeader = CallReturn::kHeaderSize;
  PROVOST_ASSIGN_OR_RETURN(
      ArgumentPages::Answer answer,
      pages_.Reserve(tid, static_cast<pid_t>(*process), runs, kHeader + copy.size()));
  if (auto* slot = std::get_if<ArgumentSlot>(&answer)) {
    Protected ready = {copy.Place(slot->bytes() + kHeader, slot->address() + kHeader), {}, {}};
    const std::optional<size_t> base = copy.Base();
    // A filter of the task's own would be asked about a call that comes from there.
    const bool may_return = slot->code() != 0 && !pages_.own_filters();
    if (may_return && base.has_value() && !MakesTask(runs)) {
      CallReturn::WriteHeader(slot->bytes(), asked);
      ready.way_back.emplace(asked, *base, slot->code());
    }
    ready.slot = std::move(*slot);
    return Answer(std::move(ready));
  }
  if (const auto* inject = std::get_if<ArgumentPages::Inject>(&answer)) return Answer(*inject);
  if (const auto* none = std::get_if<ArgumentPages::Unavailable>(&answer)) {
    return Answer(Unprotected{none->why});
  }
  return Answer(ArgumentPages::Wait());
}

absl::StatusOr<ArgumentProtection::Answer> ArgumentProtection::Precede(pid_t tid,
                                                                       const SyscallRequest& runs,
                                                                       TraceeArguments& arguments) {
  const absl::StatusOr<uint64_t> process = arguments.ReadTaskNumber(TaskField::kPid);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  if (!process.ok()) return Answer(Protected{runs, {}, {}});
  PROVOST_ASSIGN_OR_RETURN(ArgumentPages::Answer answer,
                           pages_.Reserve(tid, static_cast<pid_t>(*process), runs, 1));
  if (const auto* inject = std::get_if<ArgumentPages::Inject>(&answer)) return Answer(*inject);
  if (std::holds_alternative<ArgumentPages::Wait>(answer)) return Answer(ArgumentPages::Wait());
  // Where there is none now, the calls that want some will say so.
  return Answer(Protected{runs, {}, {}});
}

}  // namespace provost
