#include "emulate/clock_settings.h"

#include <array>
#include <ctime>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "emulate/settings.h"

namespace provost {
namespace {

constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();
constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min();

// So that no wait, divided or multiplied, is beyond what the kernel counts.
constexpr int64_t kFastest = 1'000'000;
constexpr size_t kMostDecimals = 9;
// Far from where nanoseconds in 64 bits end, which is in 2262.
constexpr int64_t kLastSecond = 7'258'118'400;  // 2200-01-01

int64_t Saturated(__int128 value) {
  if (value > kLatest) return kLatest;
  return value < kEarliest ? kEarliest : static_cast<int64_t>(value);
}

struct Decimal {
  __int128 digits = 0;  // the value times `scale`
  int64_t scale = 1;
};

// Digits with at most one point among them, from the beginning of `text`; what follows stays.
std::optional<Decimal> TakeDecimal(absl::string_view& text) {
  constexpr __int128 kMost = 1'000'000'000'000'000'000;
  Decimal decimal;
  bool any = false;
  bool point = false;
  size_t decimals = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '.' && !point) {
      point = true;
      continue;
    }
    if (!absl::ascii_isdigit(text.front())) break;
    any = true;
    if (point && ++decimals > kMostDecimals) return std::nullopt;
    if (point) decimal.scale *= 10;
    decimal.digits = decimal.digits * 10 + (text.front() - '0');
    if (decimal.digits > kMost) return std::nullopt;
  }
  if (!any) return std::nullopt;
  return decimal;
}

std::optional<int64_t> SecondsIn(char unit) {
  constexpr int64_t kDay = 86'400;
  struct Unit {
    char name;
    int64_t seconds;
  };
  constexpr std::array<Unit, 6> kUnits = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', kDay}, {'w', 7 * kDay}, {'y', 365 * kDay}}};
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.seconds;
  }
  return std::nullopt;
}

// "-3600", "+1y", "-2d12h", "1.5h".
std::optional<int64_t> ParseOffset(absl::string_view text) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (!negative) absl::ConsumePrefix(&text, "+");
  if (text.empty()) return std::nullopt;
  __int128 sum = 0;
  while (!text.empty()) {
    const std::optional<Decimal> number = TakeDecimal(text);
    if (!number) return std::nullopt;
    int64_t seconds = 1;
    if (!text.empty()) {
      const std::optional<int64_t> unit = SecondsIn(text.front());
      if (!unit) return std::nullopt;
      seconds = *unit;
      text.remove_prefix(1);
    }
    sum += number->digits * seconds * kNanosecondsPerSecond / number->scale;
    if (sum > kLatest) return std::nullopt;
  }
  return static_cast<int64_t>(negative ? -sum : sum);
}

// "1999-12-31T23:59:00Z", with a zone or in UTC, with a time or at midnight; "@946684740".
std::optional<int64_t> ParseStart(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "@")) return ParseOffset(text);
  const std::array<absl::string_view, 5> forms = {absl::RFC3339_full, "%Y-%m-%d%ET%H:%M:%E*S",
                                                  "%Y-%m-%d %H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%E*S",
                                                  "%Y-%m-%d"};
  for (const absl::string_view form : forms) {
    absl::Time time;
    std::string why;
    if (!absl::ParseTime(form, text, &time, &why)) continue;
    if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
    return absl::ToUnixNanos(time);
  }
  return std::nullopt;
}

bool IsRepresentable(int64_t nanoseconds) {
  return nanoseconds >= 0 && nanoseconds / kNanosecondsPerSecond < kLastSecond;
}

absl::Status ReadStart(const std::string& text, ClockSettings& settings) {
  settings.start = ParseStart(text);
  if (!settings.start) {
    return absl::InvalidArgumentError(
        absl::StrCat("`start = \"", text,
                     "\"` is no time: write it as \"1999-12-31T23:59:00Z\", or as seconds since "
                     "1970, \"@946684740\""));
  }
  if (!IsRepresentable(*settings.start)) {
    return absl::InvalidArgumentError(
        absl::StrCat("`start = \"", text, "\"` is not between 1970 and 2199"));
  }
  return absl::OkStatus();
}

absl::Status ReadOffset(const std::string& text, ClockSettings& settings) {
  const std::optional<int64_t> offset = ParseOffset(text);
  if (!offset) {
    return absl::InvalidArgumentError(
        absl::StrCat("`offset = \"", text,
                     "\"` is no time: write seconds, -3600, or with units, \"+1y\", \"-2d12h\" (y "
                     "w d h m s)"));
  }
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t begins =
      Saturated(__int128{now.tv_sec} * kNanosecondsPerSecond + now.tv_nsec + *offset);
  if (!IsRepresentable(begins)) {
    return absl::InvalidArgumentError(
        absl::StrCat("`offset = \"", text, "\"` from now is not between 1970 and 2199"));
  }
  settings.offset = *offset;
  return absl::OkStatus();
}

absl::Status ReadRate(const std::string& text, ClockSettings& settings) {
  absl::string_view rest = text;
  const std::optional<Decimal> rate = TakeDecimal(rest);
  if (!rate || !rest.empty() || rate->digits <= 0 || rate->digits > rate->scale * kFastest ||
      rate->digits * kFastest < rate->scale) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`rate = \"", text, "\"`: it is more than 0, as in 100 or \"0.5\", and from \"",
        "0.000001\" to ", kFastest, "; `frozen = 1` stops the clock"));
  }
  settings.rate = {static_cast<int64_t>(rate->digits), rate->scale};
  return absl::OkStatus();
}

}  // namespace

int64_t ClockRate::ToVirtual(int64_t real) const {
  if (IsReal()) return real;
  const __int128 product = __int128{real} * virtual_part;
  const __int128 quotient = product / real_part;
  return Saturated(product % real_part < 0 ? quotient - 1 : quotient);
}

int64_t ClockRate::ToReal(int64_t virtual_time) const {
  if (IsReal()) return virtual_time;
  const __int128 product = __int128{virtual_time} * real_part;
  const __int128 quotient = product / virtual_part;
  return Saturated(product % virtual_part > 0 ? quotient + 1 : quotient);
}

absl::StatusOr<ClockSettings> ReadClockSettings(const Emulation& told) {
  ClockSettings settings;
  const std::optional<std::string> start = TextTold(told, "start");
  const std::optional<std::string> offset = TextTold(told, "offset");
  const std::optional<std::string> rate = TextTold(told, "rate");
  const int64_t frozen = NumberTold(told, "frozen").value_or(0);
  if (start && offset) {
    return absl::InvalidArgumentError(
        "`start` and `offset` both say when the clock begins: leave one of them out");
  }
  if (frozen != 0 && frozen != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("`frozen = ", frozen, "`: it is 1, for a clock that stands still, or 0"));
  }
  settings.frozen = frozen == 1;
  if (settings.frozen && rate) {
    return absl::InvalidArgumentError(
        "`frozen` and `rate` both say how fast the clock runs: leave one of them out");
  }
  if (const std::optional<int64_t> uptime = NumberTold(told, "uptime")) {
    if (*uptime < 0 || *uptime > kLastSecond) {
      return absl::InvalidArgumentError(
          absl::StrCat("`uptime = ", *uptime, "`: it is so many seconds, from 0 on"));
    }
    settings.uptime = *uptime * kNanosecondsPerSecond;
  }
  if (start) PROVOST_RETURN_IF_ERROR(ReadStart(*start, settings));
  if (offset) PROVOST_RETURN_IF_ERROR(ReadOffset(*offset, settings));
  if (rate) PROVOST_RETURN_IF_ERROR(ReadRate(*rate, settings));
  return settings;
}

}  // namespace provost
