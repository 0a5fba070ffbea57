#ifndef PROVOST_EMULATE_SETTINGS_H_
#define PROVOST_EMULATE_SETTINGS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/verdict.h"

namespace provost {

// What a rule tells an emulator under `key`; nullopt: nothing. The key's kind is what the
// emulator's EmulatorSpec says.
inline std::optional<std::string> TextTold(const Emulation& told, absl::string_view key) {
  const EmulatorValue* value = told.Find(key);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::nullopt : std::optional<std::string>(*text);
}
inline std::optional<int64_t> NumberTold(const Emulation& told, absl::string_view key) {
  const EmulatorValue* value = told.Find(key);
  const auto* number = value == nullptr ? nullptr : std::get_if<int64_t>(value);
  return number == nullptr ? std::nullopt : std::optional<int64_t>(*number);
}
inline EmulatorMap MapTold(const Emulation& told, absl::string_view key) {
  const EmulatorValue* value = told.Find(key);
  const auto* map = value == nullptr ? nullptr : std::get_if<EmulatorMap>(value);
  return map == nullptr ? EmulatorMap() : *map;
}

}  // namespace provost

#endif  // PROVOST_EMULATE_SETTINGS_H_
