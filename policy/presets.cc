#include "policy/presets.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_join.h"

namespace provost {
namespace {

constexpr PolicyPreset kPresets[] = {
#include "policy/presets_text.inc"
};

}  // namespace

const PolicyPreset* FindPreset(absl::string_view name) {
  const auto* found = std::find_if(std::begin(kPresets), std::end(kPresets),
                                   [&](const PolicyPreset& preset) { return preset.name == name; });
  return found == std::end(kPresets) ? nullptr : found;
}

std::string NamesOfPresets() {
  return absl::StrJoin(kPresets, ", ", [](std::string* out, const PolicyPreset& preset) {
    out->append(preset.name.data(), preset.name.size());
  });
}

}  // namespace provost
