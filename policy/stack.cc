#include "policy/stack.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace provost {
namespace {

// Smaller is more restrictive. The second number ranks errnos among themselves.
std::pair<int, int> Rank(const Verdict& verdict) {
  struct Ranker {
    std::pair<int, int> operator()(const Kill& kill) const {
      return {kill.scope == Kill::Scope::kProcess ? 0 : 1, 0};
    }
    std::pair<int, int> operator()(const Trap&) const { return {2, 0}; }
    std::pair<int, int> operator()(const Deny& deny) const { return {3, deny.error}; }
    // What in the kernel is one action, RET_TRACE: here the earlier policy's wins.
    std::pair<int, int> operator()(const Return&) const { return {4, 0}; }
    std::pair<int, int> operator()(const Emulate&) const { return {4, 0}; }
    std::pair<int, int> operator()(const Rewrite&) const { return {4, 0}; }
    std::pair<int, int> operator()(const Ask&) const { return {4, 0}; }
    std::pair<int, int> operator()(const Log&) const { return {5, 0}; }
    std::pair<int, int> operator()(const Allow&) const { return {6, 0}; }
  };
  return std::visit(Ranker(), verdict);
}

}  // namespace

const Decision& MoreRestrictive(const Decision& earlier, const Decision& later) {
  return Rank(later.verdict) < Rank(earlier.verdict) ? later : earlier;
}

absl::StatusOr<std::optional<ContainerLabel>> CommonContainer(absl::Span<const Policy> policies) {
  const auto at = [](const ContainerLabel& label) {
    return absl::StrCat(label.where.file, ":", label.where.line);
  };
  std::optional<ContainerLabel> common;
  for (const Policy& policy : policies) {
    const std::optional<ContainerLabel>& label = policy.container();
    if (!label) continue;
    if (common && common->contid != label->contid) {
      return absl::InvalidArgumentError(absl::StrCat(
          at(*label), ": error: `container ", label->contid, "` contradicts `container ",
          common->contid, "` at ", at(*common), ": a run has one container; leave one out"));
    }
    if (!common) common = label;
  }
  return common;
}

absl::StatusOr<bool> CommonHardening(absl::Span<const Policy> policies) {
  std::optional<HardenSetting> common;
  const auto say = [](bool on) { return on ? "`harden on`" : "`harden off`"; };
  for (const Policy& policy : policies) {
    const std::optional<HardenSetting>& setting = policy.harden();
    if (!setting) continue;
    if (common && common->on != setting->on) {
      return absl::InvalidArgumentError(
          absl::StrCat(setting->where.file, ":", setting->where.line, ": error: ", say(setting->on),
                       " contradicts ", say(common->on), " at ", common->where.file, ":",
                       common->where.line, ": a run is hardened or not; leave one out"));
    }
    if (!common) common = setting;
  }
  return !common || common->on;
}

PolicyStack::PolicyStack(std::vector<Policy> policies, const StateOptions& options)
    : policies_(std::move(policies)) {
  for (const Policy& policy : policies_) {
    states_.push_back(
        std::make_unique<PolicyState>(options, static_cast<uint32_t>(states_.size())));
    counts_ |= policy.HasState();
  }
}

void PolicyStack::ProgramStarted() {
  for (const auto& state : states_) state->Reset();
}

void PolicyStack::TaskEnded(pid_t tid) {
  for (const auto& state : states_) state->Forget(tid);
}

Decision PolicyStack::Decide(const SyscallRequest& request, ArgumentReader& arguments) {
  if (policies_.empty()) return Decision{Allow{}};
  const auto decide = [&](size_t i) {
    return policies_[i].WithoutAsking(policies_[i].Decide(request, arguments, *states_[i]));
  };
  Decision strictest = decide(0);
  for (size_t i = 1; i < policies_.size(); ++i) {
    strictest = MoreRestrictive(strictest, decide(i));
  }
  return strictest;
}

std::vector<PolicyState::Saved> PolicyStack::Save() const {
  std::vector<PolicyState::Saved> saved;
  saved.reserve(states_.size());
  for (const auto& state : states_) saved.push_back(state->Save());
  return saved;
}

absl::Status PolicyStack::Restore(const std::vector<PolicyState::Saved>& saved) {
  if (saved.size() != states_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there were ", saved.size(), " policies, and are ", states_.size()));
  }
  for (size_t i = 0; i < saved.size(); ++i) states_[i]->Restore(saved[i]);
  return absl::OkStatus();
}

}  // namespace provost
