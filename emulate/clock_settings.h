#ifndef PROVOST_EMULATE_CLOCK_SETTINGS_H_
#define PROVOST_EMULATE_CLOCK_SETTINGS_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "policy/verdict.h"

namespace provost {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// How fast a clock runs: `virtual_part` nanoseconds of it are `real_part` real ones.
struct ClockRate {
  int64_t virtual_part = 1;
  int64_t real_part = 1;

  bool IsReal() const { return virtual_part == real_part; }
  // Rounded down, and INT64_MAX or INT64_MIN where that is passed.
  int64_t ToVirtual(int64_t real) const;
  // Rounded up, so that nothing ends early; INT64_MAX or INT64_MIN likewise.
  int64_t ToReal(int64_t virtual_time) const;
};

// What a rule tells `emulate clock`.
struct ClockSettings {
  std::optional<int64_t> start;  // nanoseconds since 1970
  int64_t offset = 0;            // nanoseconds
  // Where the monotonic clocks begin, in nanoseconds; absent: where the machine's are.
  std::optional<int64_t> uptime;
  ClockRate rate;
  bool frozen = false;
};

// kInvalidArgument says what is wrong, and what would be right.
absl::StatusOr<ClockSettings> ReadClockSettings(const Emulation& told);

}  // namespace provost

#endif  // PROVOST_EMULATE_CLOCK_SETTINGS_H_
