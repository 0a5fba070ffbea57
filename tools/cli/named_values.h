#ifndef PROVOST_TOOLS_CLI_NAMED_VALUES_H_
#define PROVOST_TOOLS_CLI_NAMED_VALUES_H_

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"

namespace provost {

// For an option whose values have names.

// Lets only these names through.
template <typename T, size_t kSize>
CLI::Validator OneOf(const std::array<std::pair<const char*, T>, kSize>& names) {
  std::vector<std::string> known;
  known.reserve(names.size());
  for (const auto& [name, value] : names) known.emplace_back(name);
  return CLI::IsMember(known).description("");
}

// The value called `name`, which OneOf has let through.
template <typename T, size_t kSize>
T ValueOf(const std::array<std::pair<const char*, T>, kSize>& names, const std::string& name) {
  for (const auto& [known, value] : names) {
    if (name == known) return value;
  }
  return names[0].second;
}

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_NAMED_VALUES_H_
