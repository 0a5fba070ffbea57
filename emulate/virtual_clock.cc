#include "emulate/virtual_clock.h"

#include <sys/times.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace provost {
namespace {

int64_t ReadClock(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

int64_t NanosecondsPerTick() { return kNanosecondsPerSecond / sysconf(_SC_CLK_TCK); }

// The machine's, which leap seconds alone change.
int64_t RealTai() {
  const int64_t difference = ReadClock(CLOCK_TAI) - ReadClock(CLOCK_REALTIME);
  return (difference + kNanosecondsPerSecond / 2) / kNanosecondsPerSecond;
}

int64_t Sum(int64_t left, int64_t right) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return right > 0 ? INT64_MAX : INT64_MIN;
}

}  // namespace

int64_t RealMonotonic() { return ReadClock(CLOCK_MONOTONIC); }

VirtualClock::VirtualClock(const ClockSettings& settings)
    : rate_(settings.rate), frozen_(settings.frozen), tai_(RealTai()) {
  for (size_t i = 0; i < begins_.size(); ++i) {
    const int64_t now = ReadReal(static_cast<Line>(i));
    begins_[i] = {now, settings.uptime.value_or(now)};
  }
  Moment& realtime = begins_[kRealtime];
  realtime.virtual_time = settings.start ? *settings.start : realtime.real + settings.offset;
}

bool VirtualClock::IsVirtual(clockid_t clock) {
  return clock >= 0 && clock <= CLOCK_TAI && clock != CLOCK_PROCESS_CPUTIME_ID &&
         clock != CLOCK_THREAD_CPUTIME_ID && clock != 10;  // which was CLOCK_SGI_CYCLE
}

VirtualClock::Line VirtualClock::LineOf(clockid_t clock) {
  switch (clock) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
      return kMonotonic;
    case CLOCK_MONOTONIC_RAW:
      return kRaw;
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return kBoottime;
    default:
      return kRealtime;
  }
}

int64_t VirtualClock::ReadReal(Line line) {
  constexpr std::array<clockid_t, 4> kClocks = {CLOCK_REALTIME, CLOCK_MONOTONIC,
                                                CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME};
  if (line == kTicks) return times(nullptr) * NanosecondsPerTick();
  return ReadClock(kClocks[line]);
}

int64_t VirtualClock::At(Line line, int64_t real) const {
  const Moment& begin = begins_[line];
  if (frozen_) return begin.virtual_time;
  return Sum(begin.virtual_time, rate_.ToVirtual(real - begin.real));
}

int64_t VirtualClock::Now(clockid_t clock) const {
  const Line line = LineOf(clock);
  if (IsCoarse(clock)) {
    // The last tick can be before the beginning.
    return At(line, std::max(ReadClock(clock), begins_[line].real));
  }
  const int64_t now = At(line, ReadReal(line));
  return clock == CLOCK_TAI ? Sum(now, tai_ * kNanosecondsPerSecond) : now;
}

int64_t VirtualClock::Ticks() const { return At(kTicks, ReadReal(kTicks)) / NanosecondsPerTick(); }

int64_t VirtualClock::RealMoment(clockid_t clock, int64_t moment) const {
  const Line line = LineOf(clock);
  const bool is_tai = clock == CLOCK_TAI;
  if (is_tai) moment = Sum(moment, -tai_ * kNanosecondsPerSecond);
  Moment from = begins_[line];
  if (frozen_) from.real = ReadReal(line);
  int64_t real = Sum(from.real, RealLength(Sum(moment, -from.virtual_time)));
  if (is_tai) real = Sum(real, RealTai() * kNanosecondsPerSecond);
  // 0 is no time to a timer, and what is past is past.
  return std::max<int64_t>(real, 1);
}

bool VirtualClock::KeepsMoments(clockid_t clock) const {
  const Moment& begin = begins_[LineOf(clock)];
  return !frozen_ && rate_.IsReal() && begin.real == begin.virtual_time && clock != CLOCK_TAI;
}

void VirtualClock::SetRealtime(int64_t now) { begins_[kRealtime] = {ReadReal(kRealtime), now}; }

std::string VirtualClock::Save() const {
  std::string saved = absl::StrCat(tai_);
  for (const Moment& begin : begins_) {
    absl::StrAppend(&saved, " ", begin.real, " ", begin.virtual_time);
  }
  return saved;
}

absl::Status VirtualClock::Restore(absl::string_view saved) {
  const std::vector<absl::string_view> fields = absl::StrSplit(saved, ' ');
  std::array<int64_t, 1 + 2 * kLines> numbers = {};
  bool good = fields.size() == numbers.size();
  for (size_t i = 0; good && i < numbers.size(); ++i) {
    good = absl::SimpleAtoi(fields[i], &numbers[i]);
  }
  if (!good) return absl::InvalidArgumentError("no state of virtual clocks");
  tai_ = numbers[0];
  for (size_t i = 0; i < begins_.size(); ++i) {
    begins_[i] = {numbers[1 + 2 * i], numbers[2 + 2 * i]};
  }
  return absl::OkStatus();
}

}  // namespace provost
