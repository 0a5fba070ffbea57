#include "emulate/clock_discipline.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "emulate/clock_settings.h"

namespace provost {
namespace {

// ADJ_ADJTIME, ADJ_OFFSET_SINGLESHOT and ADJ_OFFSET_READONLY in include/linux/timex.h.
constexpr uint32_t kAdjTime = 0x8000;
constexpr uint32_t kSingleShot = 0x0001;
constexpr uint32_t kReadOnly = 0x2000;
// MAXFREQ_SCALED / PPM_SCALE, NTP_PHASE_LIMIT, MAXTC and MAX_TAI_OFFSET there and in ntp.c.
constexpr int64_t kMostFreq = 32'768'000;
constexpr int64_t kMostError = 16'000'000;
constexpr int64_t kMostConstant = 10;
constexpr int64_t kMostTai = 100'000;
// MAXPHASE in nanoseconds.
constexpr int64_t kMostOffset = 500'000'000;
constexpr int64_t kNanosecondsPerMicrosecond = 1000;
constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
// A record's unit of freq: PPM_SCALE.
constexpr int64_t kKernelFreqUnits = 65'536'000;
// What a program sets of the status (the complement of STA_RONLY).
constexpr int kSettable = 0xff;

// struct old_timex32 (include/linux/timex.h's user interface of 32 bits).
struct Timex32 {
  uint32_t modes;
  int32_t offset, freq, maxerror, esterror, status, constant, precision, tolerance;
  int32_t seconds, fraction;
  int32_t tick, ppsfreq, jitter, shift, stabil, jitcnt, calcnt, errcnt, stbcnt, tai;
  std::array<int32_t, 11> unused;
};
static_assert(sizeof(Timex32) == 128);

timex Widened(const Timex32& narrow) {
  timex wide = {};
  wide.modes = narrow.modes;
  wide.offset = narrow.offset;
  wide.freq = narrow.freq;
  wide.maxerror = narrow.maxerror;
  wide.esterror = narrow.esterror;
  wide.status = narrow.status;
  wide.constant = narrow.constant;
  wide.time.tv_sec = narrow.seconds;
  wide.time.tv_usec = narrow.fraction;
  wide.tick = narrow.tick;
  wide.tai = narrow.tai;
  return wide;
}

Timex32 Narrowed(const timex& wide) {
  Timex32 narrow = {};
  narrow.modes = wide.modes;
  narrow.offset = static_cast<int32_t>(wide.offset);
  narrow.freq = static_cast<int32_t>(wide.freq);
  narrow.maxerror = static_cast<int32_t>(wide.maxerror);
  narrow.esterror = static_cast<int32_t>(wide.esterror);
  narrow.status = wide.status;
  narrow.constant = static_cast<int32_t>(wide.constant);
  narrow.precision = static_cast<int32_t>(wide.precision);
  narrow.tolerance = static_cast<int32_t>(wide.tolerance);
  narrow.seconds = static_cast<int32_t>(wide.time.tv_sec);
  narrow.fraction = static_cast<int32_t>(wide.time.tv_usec);
  narrow.tick = static_cast<int32_t>(wide.tick);
  narrow.tai = wide.tai;
  return narrow;
}

}  // namespace

ClockDiscipline::ClockDiscipline() {
  adjtimex(&kept_);
  timex slew = {};
  slew.modes = ADJ_OFFSET_SS_READ;
  adjtimex(&slew);
  adjust_ = slew.offset;
}

bool ClockDiscipline::Changes(const timex& asked) {
  if ((asked.modes & ADJ_SETOFFSET) != 0) return true;
  if ((asked.modes & kAdjTime) != 0) return (asked.modes & kReadOnly) == 0;
  return asked.modes != 0;
}

// timekeeping_validate_timex.
int ClockDiscipline::Check(const timex& asked, bool may_set_time) {
  const bool slews = (asked.modes & kAdjTime) != 0;
  if (slews && (asked.modes & kSingleShot) == 0) return EINVAL;
  if (Changes(asked) && !may_set_time) return EPERM;
  constexpr int64_t kLeastTick = 9'000;
  constexpr int64_t kMostTick = 11'000;
  if (!slews && (asked.modes & ADJ_TICK) != 0 &&
      (asked.tick < kLeastTick || asked.tick > kMostTick)) {
    return EINVAL;
  }
  if ((asked.modes & ADJ_SETOFFSET) != 0) {
    const bool in_nanoseconds = (asked.modes & ADJ_NANO) != 0;
    const int64_t limit = in_nanoseconds ? kNanosecondsPerSecond : kMicrosecondsPerSecond;
    if (asked.time.tv_usec < 0 || asked.time.tv_usec >= limit) return EINVAL;
  }
  if ((asked.modes & ADJ_FREQUENCY) != 0 &&
      (asked.freq > INT64_MAX / kKernelFreqUnits || asked.freq < INT64_MIN / kKernelFreqUnits)) {
    return EINVAL;
  }
  return 0;
}

// process_adjtimex_modes.
void ClockDiscipline::ChangeModes(const timex& asked) {
  if ((asked.modes & ADJ_STATUS) != 0) {
    if ((kept_.status & STA_PLL) != 0 && (asked.status & STA_PLL) == 0) kept_.status = STA_UNSYNC;
    kept_.status = (kept_.status & ~kSettable) | (asked.status & kSettable);
  }
  if ((asked.modes & ADJ_NANO) != 0) kept_.status |= STA_NANO;
  if ((asked.modes & ADJ_MICRO) != 0) kept_.status &= ~STA_NANO;
  if ((asked.modes & ADJ_FREQUENCY) != 0) {
    kept_.freq = std::clamp<int64_t>(asked.freq, -kMostFreq, kMostFreq);
  }
  if ((asked.modes & ADJ_MAXERROR) != 0) {
    kept_.maxerror = std::clamp<int64_t>(asked.maxerror, 0, kMostError);
  }
  if ((asked.modes & ADJ_ESTERROR) != 0) {
    kept_.esterror = std::clamp<int64_t>(asked.esterror, 0, kMostError);
  }
  if ((asked.modes & ADJ_TIMECONST) != 0) {
    kept_.constant = std::clamp<int64_t>(asked.constant, 0, kMostConstant);
    if (!counts_nanoseconds()) kept_.constant = std::min(kept_.constant + 4, kMostConstant);
  }
  if ((asked.modes & ADJ_TAI) != 0 && asked.constant >= 0 && asked.constant <= kMostTai) {
    kept_.tai = static_cast<int>(asked.constant);
  }
  if ((asked.modes & ADJ_OFFSET) != 0 && (kept_.status & STA_PLL) != 0) {
    const int64_t most =
        counts_nanoseconds() ? kMostOffset : kMostOffset / kNanosecondsPerMicrosecond;
    kept_.offset = std::clamp<int64_t>(asked.offset, -most, most);
  }
  if ((asked.modes & ADJ_TICK) != 0) kept_.tick = asked.tick;
}

int64_t ClockDiscipline::OffsetInNanoseconds(const timex& state) const {
  return state.offset * ((state.status & STA_NANO) != 0 ? 1 : kNanosecondsPerMicrosecond);
}

void ClockDiscipline::NoteChanges(const timex& before, ClockChange& change) const {
  using What = ClockChange::Value::What;
  const auto note = [&](What what, int64_t old_value, int64_t new_value) {
    if (old_value != new_value) change.values.push_back({what, old_value, new_value});
  };
  note(What::kOffset, OffsetInNanoseconds(before), OffsetInNanoseconds(kept_));
  note(What::kFreq, before.freq * kKernelFreqUnits, kept_.freq * kKernelFreqUnits);
  note(What::kStatus, before.status, kept_.status);
  note(What::kTai, before.tai, kept_.tai);
  note(What::kTick, before.tick, kept_.tick);
}

int ClockDiscipline::Adjust(const timex& asked, timex& told, ClockChange& change) {
  const timex before = kept_;
  const int64_t adjust = adjust_;
  const bool slews = (asked.modes & kAdjTime) != 0;
  if (!slews) {
    ChangeModes(asked);
    // The offset stays the same length when its unit changes.
    if ((asked.modes & ADJ_OFFSET) == 0 &&
        counts_nanoseconds() != ((before.status & STA_NANO) != 0)) {
      kept_.offset = counts_nanoseconds() ? kept_.offset * kNanosecondsPerMicrosecond
                                          : kept_.offset / kNanosecondsPerMicrosecond;
    }
    NoteChanges(before, change);
  } else if ((asked.modes & kReadOnly) == 0) {
    adjust_ = asked.offset;
    if (adjust != adjust_) {
      change.values.push_back({ClockChange::Value::What::kAdjust, adjust, adjust_});
    }
  }
  told = kept_;
  told.modes = asked.modes;
  if (slews) told.offset = adjust;
  return (kept_.status & (STA_UNSYNC | STA_CLOCKERR)) != 0 ? TIME_ERROR : TIME_OK;
}

std::string ClockDiscipline::Save() const {
  const std::array<int64_t, 10> numbers = {
      adjust_,      kept_.offset,   kept_.freq, kept_.maxerror, kept_.esterror,
      kept_.status, kept_.constant, kept_.tick, kept_.tai,      kept_.precision};
  return absl::StrJoin(numbers, " ");
}

absl::Status ClockDiscipline::Restore(absl::string_view saved) {
  const std::vector<absl::string_view> fields = absl::StrSplit(saved, ' ');
  std::array<int64_t, 10> numbers = {};
  bool good = fields.size() == numbers.size();
  for (size_t i = 0; good && i < numbers.size(); ++i) {
    good = absl::SimpleAtoi(fields[i], &numbers[i]);
  }
  if (!good) return absl::InvalidArgumentError("no state of a clock's discipline");
  adjust_ = numbers[0];
  kept_.offset = numbers[1];
  kept_.freq = numbers[2];
  kept_.maxerror = numbers[3];
  kept_.esterror = numbers[4];
  kept_.status = static_cast<int>(numbers[5]);
  kept_.constant = numbers[6];
  kept_.tick = numbers[7];
  kept_.tai = static_cast<int>(numbers[8]);
  kept_.precision = numbers[9];
  return absl::OkStatus();
}

int64_t InjectedOffset(const timex& asked) {
  const int64_t unit = (asked.modes & ADJ_NANO) != 0 ? 1 : kNanosecondsPerMicrosecond;
  int64_t seconds = 0;
  int64_t sum = 0;
  if (__builtin_mul_overflow(asked.time.tv_sec, kNanosecondsPerSecond, &seconds) ||
      __builtin_add_overflow(seconds, asked.time.tv_usec * unit, &sum)) {
    return asked.time.tv_sec > 0 ? INT64_MAX : INT64_MIN;
  }
  return sum;
}

absl::StatusOr<timex> ReadTimex(const EmulatedCall& call, uint64_t address, bool wide) {
  if (wide) return call.Read<timex>(address);
  PROVOST_ASSIGN_OR_RETURN(const Timex32 narrow, call.Read<Timex32>(address));
  return Widened(narrow);
}

std::string TimexBytes(const timex& value, bool wide) {
  return wide ? BytesOf(value) : BytesOf(Narrowed(value));
}

}  // namespace provost
