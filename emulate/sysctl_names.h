#ifndef PROVOST_EMULATE_SYSCTL_NAMES_H_
#define PROVOST_EMULATE_SYSCTL_NAMES_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// A setting by the numbers that sysctl(2) had for it, and the file below /proc/sys that has it now.
struct SysctlName {
  std::array<int32_t, 3> numbers;  // 0 behind the last
  const char* path;
  bool is_text;  // else numbers, each an int
};

// nullptr: it had none of these numbers, or is no more.
const SysctlName* FindSysctl(absl::Span<const int32_t> numbers);

// What sysctl(2) gave of a setting whose file has this text: a line without its end, or ints.
std::string SysctlValue(const SysctlName& setting, absl::string_view text);

}  // namespace provost

#endif  // PROVOST_EMULATE_SYSCTL_NAMES_H_
