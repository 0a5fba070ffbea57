#include "emulate/clock_memory.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "emulate/clock_settings.h"

namespace provost {
namespace {

std::string Bytes(int64_t seconds, int64_t fraction, TimeLayout layout) {
  if (layout.wide) return BytesOf(std::array<int64_t, 2>{seconds, fraction});
  return BytesOf(
      std::array<int32_t, 2>{static_cast<int32_t>(seconds), static_cast<int32_t>(fraction)});
}

}  // namespace

TimeLayout TimespecOf(const EmulatedCall& call) {
  // clock_gettime64, ppoll_time64 …; the younger calls always have it wide.
  const bool wide = !call.is_i386() || absl::EndsWith(call.name(), "64") ||
                    call.name() == "futex_waitv" || call.name() == "futex_wait" ||
                    call.name() == "epoll_pwait2";
  return {wide, 1};
}

TimeLayout TimevalOf(const EmulatedCall& call) { return {!call.is_i386(), 1000}; }

absl::StatusOr<TimeRead> ReadTime(const EmulatedCall& call, uint64_t address, TimeLayout layout) {
  if (!layout.wide) {
    using Narrow = std::array<int32_t, 2>;
    PROVOST_ASSIGN_OR_RETURN(const Narrow narrow, call.Read<Narrow>(address));
    return TimeRead{narrow[0], narrow[1]};
  }
  using Wide = std::array<int64_t, 2>;
  PROVOST_ASSIGN_OR_RETURN(const Wide wide, call.Read<Wide>(address));
  // get_timespec64 in kernel/time/time.c: of 32-bit programs the upper half is padding.
  if (call.is_i386()) return TimeRead{wide[0], static_cast<uint32_t>(wide[1])};
  return TimeRead{wide[0], wide[1]};
}

std::optional<int64_t> NanosecondsOf(const TimeRead& time, TimeLayout layout) {
  const int64_t units = kNanosecondsPerSecond / layout.fraction;
  if (time.seconds < 0 || time.fraction < 0 || time.fraction >= units) return std::nullopt;
  int64_t sum = 0;
  if (__builtin_mul_overflow(time.seconds, kNanosecondsPerSecond, &sum) ||
      __builtin_add_overflow(sum, time.fraction * layout.fraction, &sum)) {
    return std::numeric_limits<int64_t>::max();
  }
  return sum;
}

std::optional<int64_t> ReadNanoseconds(const EmulatedCall& call, uint64_t address,
                                       TimeLayout layout) {
  if (address == 0) return std::nullopt;
  const absl::StatusOr<TimeRead> time = ReadTime(call, address, layout);
  return time.ok() ? NanosecondsOf(*time, layout) : std::nullopt;
}

std::string MomentBytes(int64_t nanoseconds, TimeLayout layout) {
  int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  int64_t rest = nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {
    rest += kNanosecondsPerSecond;
    --seconds;
  }
  return Bytes(seconds, rest / layout.fraction, layout);
}

std::string LengthBytes(int64_t nanoseconds, TimeLayout layout) {
  int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  const int64_t rest = nanoseconds % kNanosecondsPerSecond;
  int64_t fraction = (rest + layout.fraction - 1) / layout.fraction;
  if (fraction == kNanosecondsPerSecond / layout.fraction) {
    fraction = 0;
    ++seconds;
  }
  if (!layout.wide) seconds = std::min<int64_t>(seconds, std::numeric_limits<int32_t>::max());
  return Bytes(seconds, fraction, layout);
}

}  // namespace provost
