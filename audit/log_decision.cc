#include "audit/log_decision.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace provost {
namespace {

constexpr absl::string_view kActionNames[] = {"kill_process", "kill_thread", "trap", "errno",
                                              "user_notif",   "trace",       "log"};
static_assert(std::size(kActionNames) == ActionsLogged::kNumActions);

std::optional<ActionsLogged::Action> ActionByName(absl::string_view name) {
  for (size_t i = 0; i < std::size(kActionNames); ++i) {
    if (kActionNames[i] == name) return static_cast<ActionsLogged::Action>(i);
  }
  return std::nullopt;
}

absl::Status UnknownAction(absl::string_view name) {
  if (name == "allow") {
    return absl::InvalidArgumentError(
        "'allow' cannot be in the list of logged actions: what is allowed is never recorded");
  }
  std::string hint;
  if (absl::StrContains(name, ',')) {
    hint = "names are separated by blanks, not commas";
  } else if (ActionByName(absl::AsciiStrToLower(name)).has_value()) {
    hint = "names are in lower case";
  } else {
    hint = absl::StrCat("known are ", absl::StrJoin(kActionNames, " "));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(name), "' is not an action that can be logged: ", hint));
}

struct ActionOf {
  std::optional<ActionsLogged::Action> operator()(const Allow&) const { return std::nullopt; }
  std::optional<ActionsLogged::Action> operator()(const Log&) const { return ActionsLogged::kLog; }
  std::optional<ActionsLogged::Action> operator()(const Deny&) const {
    return ActionsLogged::kErrno;
  }
  std::optional<ActionsLogged::Action> operator()(const Return&) const {
    return ActionsLogged::kTrace;
  }
  std::optional<ActionsLogged::Action> operator()(const Trap&) const {
    return ActionsLogged::kTrap;
  }
  std::optional<ActionsLogged::Action> operator()(const Kill& kill) const {
    return kill.scope == Kill::Scope::kThread ? ActionsLogged::kKillThread
                                              : ActionsLogged::kKillProcess;
  }
  std::optional<ActionsLogged::Action> operator()(const Emulate&) const {
    return ActionsLogged::kTrace;
  }
  std::optional<ActionsLogged::Action> operator()(const Rewrite&) const {
    return ActionsLogged::kTrace;
  }
  std::optional<ActionsLogged::Action> operator()(const Ask&) const {
    return ActionsLogged::kTrace;
  }
};

// The kernel logs these without being asked (no SECCOMP_FILTER_FLAG_LOG needed).
bool NeedsNoWish(ActionsLogged::Action action) {
  return action == ActionsLogged::kKillProcess || action == ActionsLogged::kKillThread ||
         action == ActionsLogged::kLog;
}

bool IsWished(RecordWish wish, bool logging) {
  switch (wish) {
    case RecordWish::kUnsaid:
      return logging;
    case RecordWish::kLog:
    case RecordWish::kLogResult:
      return true;
    case RecordWish::kQuiet:
      return false;
    case RecordWish::kAudited:
      return true;
  }
  return true;
}

}  // namespace

ActionsLogged ActionsLogged::All() {
  ActionsLogged all;
  all.bits_ = (1u << kNumActions) - 1;
  return all;
}

absl::StatusOr<ActionsLogged> ActionsLogged::Parse(absl::string_view names) {
  ActionsLogged parsed;
  for (absl::string_view name :
       absl::StrSplit(names, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    const std::optional<Action> action = ActionByName(name);
    if (!action.has_value()) return UnknownAction(name);
    parsed.bits_ |= 1u << *action;
  }
  return parsed;
}

std::string ActionsLogged::ToString() const {
  std::string text;
  for (int i = 0; i < kNumActions; ++i) {
    if (!Has(static_cast<Action>(i))) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", kActionNames[i]);
  }
  return text;
}

std::string ActionsLogged::ToList() const {
  return bits_ == 0 ? "(none)" : absl::StrReplaceAll(ToString(), {{" ", ","}});
}

bool LogDecision(const Decision& decision, const ActionsLogged& actions, bool logging,
                 bool audited) {
  const std::optional<ActionsLogged::Action> action = std::visit(ActionOf{}, decision.verdict);
  if (!action.has_value()) return false;
  if (audited || decision.wish == RecordWish::kAudited) return true;
  if (!actions.Has(*action)) return false;
  if (NeedsNoWish(*action)) return decision.wish != RecordWish::kQuiet;
  return IsWished(decision.wish, logging);
}

}  // namespace provost
