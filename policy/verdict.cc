#include "policy/verdict.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

std::string TextOf(const EmulatorValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return absl::StrCat(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return absl::StrCat("\"", *text, "\"");
  if (const auto* file = std::get_if<EmulatorFile>(&value)) {
    return absl::StrCat("\"", file->path, "\"");
  }
  const auto entry = [](std::string* out, const std::pair<std::string, std::string>& pair) {
    absl::StrAppend(out, "\"", pair.first, "\" => \"", pair.second, "\"");
  };
  return absl::StrCat("{", absl::StrJoin(std::get<EmulatorMap>(value), ", ", entry), "}");
}

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
  std::string operator()(const Emulate& emulate) const {
    std::string text = absl::StrCat("emulate ", emulate.emulation->emulator);
    const char* before = " with ";
    for (const auto& [key, value] : emulate.emulation->settings) {
      absl::StrAppend(&text, std::exchange(before, ", "), key, " = ", TextOf(value));
    }
    return text;
  }
  std::string operator()(const Rewrite& rewrite) const {
    std::string text = "rewrite";
    const char* before = " set ";
    for (const Setting& setting : *rewrite.settings) {
      const auto number = static_cast<int64_t>(setting.value);
      const bool small = number > -4096 && number < 4096;
      absl::StrAppend(&text, std::exchange(before, ", "), setting.argument, " = ",
                      small ? absl::StrCat(number) : absl::StrCat("0x", absl::Hex(setting.value)));
    }
    return text;
  }
  std::string operator()(const Ask&) const { return "ask"; }
};

}  // namespace

std::string VerdictToString(const Verdict& verdict) { return std::visit(Printer(), verdict); }

bool Refuses(const Verdict& verdict) {
  return !std::holds_alternative<Allow>(verdict) && !std::holds_alternative<Log>(verdict);
}

}  // namespace provost
