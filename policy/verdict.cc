#include "policy/verdict.h"

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

struct Printer {
  std::string operator()(const Allow&) const { return "allow"; }
  std::string operator()(const Log&) const { return "log"; }
  std::string operator()(const Deny& deny) const {
    const std::optional<absl::string_view> name = ErrnoName(deny.error);
    return name.has_value() ? absl::StrCat("deny ", *name) : absl::StrCat("deny ", deny.error);
  }
  std::string operator()(const Return& result) const {
    return absl::StrCat("return ", result.value);
  }
  std::string operator()(const Trap&) const { return "trap"; }
  std::string operator()(const Kill& kill) const {
    return kill.scope == Kill::Scope::kProcess ? "kill process" : "kill thread";
  }
};

}  // namespace

std::string VerdictToString(const Verdict& verdict) { return std::visit(Printer(), verdict); }

bool Refuses(const Verdict& verdict) {
  return !std::holds_alternative<Allow>(verdict) && !std::holds_alternative<Log>(verdict);
}

}  // namespace provost
