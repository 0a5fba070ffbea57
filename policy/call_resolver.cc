#include "policy/call_resolver.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "policy/policy.h"
#include "policy/source_text.h"
#include "policy/verdict.h"
#include "syscalls/groups.h"
#include "syscalls/sub_calls.h"

namespace provost {
namespace {

bool IsNeverRefused(absl::string_view name) {
  return std::any_of(kAllArches.begin(), kAllArches.end(), [name](Arch arch) {
    const Syscall* syscall = SyscallTable::Get().Find(arch, name);
    return syscall != nullptr && Policy::IsNeverRefused(arch, syscall->nr);
  });
}

std::string WhyNeverRefused(absl::string_view name) {
  if (absl::StartsWith(name, "exit")) return "without it a task could not end";
  if (name == "restart_syscall") {
    return "the kernel has a task issue it to go on with a call that a signal or a stop "
           "interrupted";
  }
  return "without it a task could not return from a signal handler";
}

// A call of `arch`, or one that it can make through a multiplexer alone.
const Syscall* FindOn(Arch arch, absl::string_view name) {
  const Syscall* syscall = SyscallTable::Get().Find(arch, name);
  return syscall == nullptr && arch == Arch::kI386 ? FindSubCallOnly(name) : syscall;
}

// What a rule does to calls, for "is never …".
absl::string_view Participle(const Verdict& verdict) {
  if (std::holds_alternative<Rewrite>(verdict)) return "rewritten";
  if (std::holds_alternative<Ask>(verdict)) return "asked about";
  return "refused";
}

class Resolver {
 public:
  Resolver(const RuleStatement& rule, absl::Span<const Arch> arches,
           std::vector<PolicyWarning>& warnings)
      // An emulator knows what it does to those without which no task can go on.
      : refuses_(Refuses(rule.verdict) && !std::holds_alternative<Emulate>(rule.verdict)),
        participle_(Participle(rule.verdict)),
        arches_(arches),
        warnings_(warnings) {}

  absl::Status Resolve(const CallReference& reference) {
    switch (reference.kind) {
      case CallReference::Kind::kName:
      case CallReference::Kind::kNameIfKnown:
        return ResolveName(reference);
      case CallReference::Kind::kGroup:
        return ResolveMembers(reference, FindGroup(reference.name.text)->members);
      case CallReference::Kind::kEvery:
        return ResolveMembers(reference, EveryName());
    }
    return absl::OkStatus();
  }

  std::vector<ResolvedCall> Take() { return std::move(calls_); }

 private:
  absl::Status ResolveName(const CallReference& reference) {
    const std::string& name = reference.name.text;
    if (refuses_ && IsNeverRefused(name)) {
      return ErrorAt(reference.name.span, absl::StrCat("`", name, "` is never ", participle_),
                     {WhyNeverRefused(name)});
    }
    const bool optional = reference.kind == CallReference::Kind::kNameIfKnown;
    if (optional && !SyscallTable::Get().IsKnownName(name)) {
      WarnUnknown(reference.name);
      return absl::OkStatus();
    }
    if (Add(name, reference) || optional) return absl::OkStatus();
    return ErrorAt(reference.name.span,
                   absl::StrCat("`", name, "` is no call of ", ArchNames(arches_)),
                   {absl::StrCat("only ", ArchNames(HomesOf(name)), " has it"),
                    absl::StrCat("`?", name, "` names it where it exists")});
  }

  absl::Status ResolveMembers(const CallReference& reference,
                              absl::Span<const absl::string_view> names) {
    bool found = false;
    for (const absl::string_view name : names) {
      if (refuses_ && IsNeverRefused(name)) continue;
      if (Add(name, reference)) found = true;
    }
    if (!found) {
      warnings_.push_back(
          {reference.name.span.location(),
           absl::StrCat("`", reference.name.text, "` names no call of ", ArchNames(arches_),
                        refuses_ ? absl::StrCat(" that can be ", participle_) : "")});
    }
    return absl::OkStatus();
  }

  // False if no architecture of the policy has the call.
  bool Add(absl::string_view name, const CallReference& reference) {
    std::vector<const Syscall*> syscalls;
    for (const Arch arch : arches_) {
      const Syscall* syscall = FindOn(arch, name);
      if (syscall != nullptr) syscalls.push_back(syscall);
    }
    if (syscalls.empty()) return false;
    const absl::string_view own_name = syscalls.front()->signature->name;
    if (seen_.insert(own_name).second)
      calls_.push_back({own_name, std::move(syscalls), &reference});
    return true;
  }

  void WarnUnknown(const Word& name) {
    std::string message =
        absl::StrCat("no syscall is called `", name.text, "`: the rule leaves it out");
    for (const std::string& note : DidYouMean(SyscallTable::Get().Suggest(name.text))) {
      absl::StrAppend(&message, "; ", note);
    }
    warnings_.push_back({name.span.location(), std::move(message)});
  }

  std::vector<absl::string_view> EveryName() const {
    std::vector<absl::string_view> names;
    for (const Arch arch : arches_) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        names.push_back(syscall.signature->name);
      }
    }
    return names;
  }

  static std::vector<Arch> HomesOf(absl::string_view name) {
    std::vector<Arch> homes;
    for (const Arch arch : kAllArches) {
      if (FindOn(arch, name) != nullptr) homes.push_back(arch);
    }
    return homes;
  }

  static std::string ArchNames(absl::Span<const Arch> arches) {
    return absl::StrJoin(arches, " or ",
                         [](std::string* out, Arch arch) { absl::StrAppend(out, ArchName(arch)); });
  }

  bool refuses_;
  absl::string_view participle_;
  absl::Span<const Arch> arches_;
  std::vector<PolicyWarning>& warnings_;
  std::vector<ResolvedCall> calls_;
  absl::flat_hash_set<absl::string_view> seen_;
};

}  // namespace

absl::StatusOr<std::vector<ResolvedCall>> ResolveCalls(const RuleStatement& rule,
                                                       absl::Span<const Arch> arches,
                                                       std::vector<PolicyWarning>& warnings) {
  Resolver resolver(rule, arches, warnings);
  for (const CallReference& reference : rule.calls) {
    PROVOST_RETURN_IF_ERROR(resolver.Resolve(reference));
  }
  return resolver.Take();
}

}  // namespace provost
