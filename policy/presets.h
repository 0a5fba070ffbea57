#ifndef PROVOST_POLICY_PRESETS_H_
#define PROVOST_POLICY_PRESETS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace provost {

// Policies that provost brings along, to stand beside a program's own: `-p preset:NAME`. Files of
// policy/presets/.
struct PolicyPreset {
  absl::string_view name;
  absl::string_view text;
};

// Null if none is called so.
const PolicyPreset* FindPreset(absl::string_view name);

// "strict, faketime".
std::string NamesOfPresets();

}  // namespace provost

#endif  // PROVOST_POLICY_PRESETS_H_
