#ifndef PROVOST_TOOLS_REPORT_WHEN_H_
#define PROVOST_TOOLS_REPORT_WHEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// Points in time as `ausearch -ts` and `-te` name them, in the local time zone (TZ): a date
// (2026-11-22, 11/22/2026 or 11/22/26), a time of today (02:40 or 02:40:09), both with a blank or a
// T between, @SECONDS since 1970, or one of now, recent (ten minutes ago), boot, today, yesterday,
// this-week (its Sunday), week-ago, this-month, this-year. `now` is seconds since 1970.
// kInvalidArgument names what is wrong and what could be said.
enum class WhenFor : uint8_t {
  kStart,
  kEnd
};  // a date alone begins at 00:00:00 as a start, and
    // ends at 23:59:59 as an end
absl::StatusOr<int64_t> ParseWhen(absl::string_view text, WhenFor what, int64_t now);

// "10m", "1h", "2d", "30s" in seconds; more than 0.
absl::StatusOr<int64_t> ParseSpan(absl::string_view text);

// "2026-11-22 02:40:09.058" in the local time zone.
std::string FormatLocalTime(int64_t seconds, uint32_t milliseconds);
// "2026-11-22 02:40:09" the same, without milliseconds.
std::string FormatLocalTime(int64_t seconds);
// "2026-11-22T02:40:09.058Z".
std::string FormatUtcTime(int64_t seconds, uint32_t milliseconds);

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_WHEN_H_
