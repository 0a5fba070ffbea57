#include "tools/report/when.h"

#include <sys/sysinfo.h>

#include <ctime>
#include <initializer_list>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace provost {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kDay = 24 * 60 * kMinute;

tm LocalTime(int64_t seconds) {
  const time_t time = seconds;
  tm local = {};
  localtime_r(&time, &local);
  return local;
}

int64_t FromLocalTime(tm local) {
  local.tm_isdst = -1;
  return mktime(&local);
}

// The beginning of a day, so many days before that of `now`.
int64_t Midnight(int64_t now, int days_before) {
  tm local = LocalTime(now);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_mday -= days_before;
  return FromLocalTime(local);
}

std::optional<int64_t> Named(absl::string_view name, int64_t now) {
  const tm local = LocalTime(now);
  if (name == "now") return now;
  if (name == "recent") return now - 10 * kMinute;
  if (name == "today") return Midnight(now, 0);
  if (name == "yesterday") return Midnight(now, 1);
  if (name == "this-week") return Midnight(now, local.tm_wday);
  if (name == "week-ago") return now - 7 * kDay;
  if (name == "this-month") return Midnight(now, local.tm_mday - 1);
  if (name == "this-year") return Midnight(now, local.tm_yday);
  if (name == "boot") {
    struct sysinfo info = {};
    sysinfo(&info);
    return now - info.uptime;
  }
  return std::nullopt;
}

// Reads `text` whole by one of `formats` of strptime(3); true if one fits and the date exists.
bool Read(const std::string& text, std::initializer_list<const char*> formats, tm& into) {
  for (const char* format : formats) {
    tm read = into;
    const char* end = strptime(text.c_str(), format, &read);
    if (end == nullptr || *end != '\0') continue;
    tm normal = read;
    normal.tm_isdst = -1;
    mktime(&normal);  // February 30 becomes March 2
    if (normal.tm_mday != read.tm_mday) continue;
    into = read;
    return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<int64_t> ParseWhen(absl::string_view text, WhenFor what, int64_t now) {
  absl::string_view rest = text;
  int64_t seconds = 0;
  if (absl::ConsumePrefix(&rest, "@") && absl::SimpleAtoi(rest, &seconds)) return seconds;
  // Its beginning would leave out all of it.
  if (text == "today" && what == WhenFor::kEnd) return now;
  if (const std::optional<int64_t> named = Named(text, now)) return *named;

  const auto invalid = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "`", text,
        "` is no time: say 2026-11-22, 02:40:09, both with a blank between, @SECONDS, or one of "
        "now, recent, boot, today, yesterday, this-week, week-ago, this-month, this-year"));
  };
  if (text.empty()) return invalid();
  const size_t gap = text.find_first_of(" T");
  std::string date(text.substr(0, gap));
  std::string clock(gap == absl::string_view::npos ? "" : text.substr(gap + 1));
  if (gap == absl::string_view::npos && date.find(':') != std::string::npos) date.swap(clock);
  if (gap != absl::string_view::npos && (date.empty() || clock.empty())) return invalid();

  tm local = LocalTime(now);
  if (!date.empty()) {
    if (const std::optional<int64_t> named = Named(date, now)) {
      local = LocalTime(*named);
    } else if (!Read(date, {"%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y"}, local)) {
      return invalid();
    }
  }
  if (!clock.empty()) {
    local.tm_sec = 0;
    if (!Read(clock, {"%H:%M:%S", "%H:%M"}, local)) return invalid();
  } else {
    const bool end = what == WhenFor::kEnd;
    local.tm_hour = end ? 23 : 0;
    local.tm_min = local.tm_sec = end ? 59 : 0;
  }
  return FromLocalTime(local);
}

absl::StatusOr<int64_t> ParseSpan(absl::string_view text) {
  int64_t number = 0;
  int64_t unit = 0;
  if (!text.empty()) {
    switch (text.back()) {
      case 's':
        unit = 1;
        break;
      case 'm':
        unit = kMinute;
        break;
      case 'h':
        unit = 60 * kMinute;
        break;
      case 'd':
        unit = kDay;
        break;
      default:
        break;
    }
  }
  constexpr int64_t kMostUnits = 1'000'000;
  if (unit == 0 || !absl::SimpleAtoi(text.substr(0, text.size() - 1), &number) || number <= 0 ||
      number > kMostUnits) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", text, "` is no span of time: say 30s, 10m, 1h or 2d"));
  }
  return number * unit;
}

std::string FormatLocalTime(int64_t seconds) {
  const tm local = LocalTime(seconds);
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d", local.tm_year + 1900, local.tm_mon + 1,
                         local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

std::string FormatLocalTime(int64_t seconds, uint32_t milliseconds) {
  return absl::StrFormat("%s.%03u", FormatLocalTime(seconds), milliseconds);
}

std::string FormatUtcTime(int64_t seconds, uint32_t milliseconds) {
  const time_t time = seconds;
  tm utc = {};
  gmtime_r(&time, &utc);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", utc.tm_year + 1900, utc.tm_mon + 1,
                         utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, milliseconds);
}

}  // namespace provost
