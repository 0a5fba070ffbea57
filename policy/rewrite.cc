#include "policy/rewrite.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "syscalls/signature.h"

namespace provost {
namespace {

bool IsRawRegister(absl::string_view name) {
  return name.size() == 4 && name.substr(0, 3) == "arg" && name[3] >= '0' && name[3] <= '5';
}

// The register that the kernel reads as `value`.
uint64_t RegisterOf(const Syscall& syscall, const Setting& setting, int index) {
  if (IsRawRegister(setting.argument)) return setting.value;
  switch (WidthOn(syscall.arch, syscall.signature->args[index])) {
    case ArgWidth::kS32:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(setting.value)));
    case ArgWidth::kU32:
      return static_cast<uint32_t>(setting.value);
    case ArgWidth::kS64:
    case ArgWidth::kU64:
      return setting.value;
  }
  return setting.value;
}

// The rewriting decision stands, but what the rewritten call's own decision wants on record it
// wants of this one too.
Decision RewritesTo(Decision rewrite, const Decision& runs) {
  const bool recorded =
      std::holds_alternative<Log>(runs.verdict) && runs.wish != RecordWish::kQuiet;
  if (!recorded || rewrite.wish == RecordWish::kLogResult || rewrite.wish == RecordWish::kAudited) {
    return rewrite;
  }
  rewrite.wish = AsksForRecord(runs.wish) ? runs.wish : RecordWish::kLog;
  return rewrite;
}

}  // namespace

std::optional<int> SettableArgument(const Syscall& syscall, absl::string_view name) {
  if (IsRawRegister(name)) return name[3] - '0';
  const int index = syscall.signature->IndexOf(name);
  return index >= 0 ? std::optional<int>(index) : std::nullopt;
}

SyscallRequest Rewritten(const SyscallRequest& request, const Rewrite& rewrite) {
  SyscallRequest rewritten = request;
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (syscall == nullptr || rewrite.settings == nullptr) return rewritten;
  for (const Setting& setting : *rewrite.settings) {
    const std::optional<int> index = SettableArgument(*syscall, setting.argument);
    if (!index.has_value()) continue;
    const uint64_t value = RegisterOf(*syscall, setting, *index);
    rewritten.args[*index] = request.IsI386() ? static_cast<uint32_t>(value) : value;
  }
  return rewritten;
}

std::optional<SyscallRequest> ChangedBy(const Verdict& verdict, const SyscallRequest& request) {
  const auto* rewrite = std::get_if<Rewrite>(&verdict);
  if (rewrite == nullptr) return std::nullopt;
  SyscallRequest rewritten = Rewritten(request, *rewrite);
  if (rewritten.args == request.args) return std::nullopt;
  return rewritten;
}

Judgement Judge(Decider& decider, const SyscallRequest& request, ArgumentReader& arguments) {
  Judgement judged = {decider.Decide(request, arguments), request};
  for (int rewrites = 0; rewrites <= kMaxRewrites; ++rewrites) {
    const std::optional<SyscallRequest> rewritten = ChangedBy(judged.decision.verdict, judged.runs);
    if (!rewritten) return judged;
    if (rewrites == kMaxRewrites) break;
    judged.runs = *rewritten;
    Decision next = decider.Decide(*rewritten, arguments);
    const bool is_last = !Refuses(next.verdict);
    if (is_last) {
      judged.decision = RewritesTo(std::move(judged.decision), next);
      return judged;
    }
    judged.decision = std::move(next);
  }
  judged.decision.verdict = Deny{ELOOP};
  return judged;
}

}  // namespace provost
