#include "policy/definitions.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr absl::string_view kReserved[] = {
    "addr",    "after",   "allow",  "arch",    "as",    "ask",   "audited",  "chance", "container",
    "default", "deny",    "each",   "emulate", "every", "first", "harden",   "has",    "if",
    "in",      "include", "ip",     "kill",    "let",   "log",   "logging",  "nth",    "off",
    "on",      "only",    "proc",   "process", "quiet", "rate",  "realpath", "result", "return",
    "rewrite", "set",     "thread", "trap",    "under", "with",
};

using Names = absl::flat_hash_set<absl::string_view>;

const Names& ArgumentNames() {
  static const Names* const names = [] {
    auto* all = new Names;
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        for (const Argument& argument : syscall.signature->args) all->insert(argument.name);
      }
    }
    return all;
  }();
  return *names;
}

// What already has this name, for a message; nullopt if nothing has.
std::optional<absl::string_view> WhatIsCalled(absl::string_view name) {
  if (IsReservedWord(name)) return "a word of the language";
  if (IsArgumentName(name)) return "the name of an argument";
  if (FindSymbol(name).has_value()) return "a constant";
  return std::nullopt;
}

}  // namespace

const Value* Definitions::Find(absl::string_view name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? nullptr : &found->second.value;
}

SourceSpan Definitions::WhereDefined(absl::string_view name) const {
  return definitions_.find(name)->second.where;
}

std::vector<std::string> Definitions::Names() const {
  std::vector<std::string> names;
  names.reserve(definitions_.size());
  for (const auto& [name, definition] : definitions_) names.push_back(name);
  return names;
}

absl::Status Definitions::Define(const Word& name, Value value) {
  if (Find(name.text) != nullptr) {
    return ErrorAt(
        name.span, absl::StrCat("`", name.text, "` is defined already"),
        {absl::StrCat("it is at ", LocationToString(WhereDefined(name.text).location()))});
  }
  if (const auto what = WhatIsCalled(name.text); what.has_value()) {
    return ErrorAt(name.span,
                   absl::StrCat("`", name.text, "` is ", *what, ": choose another name"));
  }
  definitions_.emplace(name.text, Definition{std::move(value), name.span});
  return absl::OkStatus();
}

std::optional<absl::int128> FindSymbol(absl::string_view name) {
  if (const std::optional<uint64_t> value = FindConstant(name)) {
    return absl::int128(static_cast<int64_t>(*value));
  }
  if (const std::optional<int> error = ErrnoByName(name)) return absl::int128(*error);
  if (const std::optional<int> signal = SignalByName(name)) return absl::int128(*signal);
  return std::nullopt;
}

std::optional<int> RawRegister(absl::string_view name) {
  if (name.size() != 4 || name.substr(0, 3) != "arg" || name[3] < '0' || name[3] > '5') {
    return std::nullopt;
  }
  return name[3] - '0';
}

bool IsArgumentName(absl::string_view name) {
  return RawRegister(name).has_value() || ArgumentNames().contains(name);
}

bool IsReservedWord(absl::string_view name) {
  return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved);
}

}  // namespace provost
