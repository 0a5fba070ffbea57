#include "supervisor/clock_changes.h"

#include <sys/timex.h>

#include <cstdlib>
#include <ctime>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using What = ClockChange::Value::What;

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kNanosecondsPerMicrosecond = 1000;
// PPM_SCALE in include/linux/timex.h: a unit of timex.freq in those that the kernel keeps.
constexpr int64_t kKernelFreqUnits = 65'536'000;
// ADJ_ADJTIME and ADJ_OFFSET_READONLY in include/linux/timex.h.
constexpr uint32_t kAdjTime = 0x8000;
constexpr uint32_t kReadOnly = 0x2000;

int64_t Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

// Between two readings of the one clock stands one of the other; the closest of a few attempts.
void ReadOffset(ClockState& state) {
  constexpr int kAttempts = 5;
  for (int i = 0; i < kAttempts; ++i) {
    const int64_t first = Now(CLOCK_MONOTONIC);
    const int64_t real = Now(CLOCK_REALTIME);
    const int64_t second = Now(CLOCK_MONOTONIC);
    const int64_t uncertainty = (second - first) / 2 + 1;
    if (i > 0 && uncertainty >= state.uncertainty) continue;
    state.uncertainty = uncertainty;
    state.realtime_offset = real - first - (second - first) / 2;
  }
}

std::optional<uint32_t> ModesAt(uint64_t address, ArgumentMemory& arguments) {
  // The first member of struct timex in all of its layouts.
  uint32_t modes = 0;
  const absl::Span<char> bytes(reinterpret_cast<char*>(&modes), sizeof(modes));
  if (!arguments.ReadBytes(address, bytes).ok()) return std::nullopt;
  return modes;
}

}  // namespace

std::optional<ClockCall> ReadClockCall(const SyscallRequest& request, ArgumentMemory& arguments) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (syscall == nullptr) return std::nullopt;
  const absl::string_view name = syscall->signature->name;
  if (name == "settimeofday" || name == "stime") {
    // Without a time settimeofday sets the time zone alone.
    if (request.args[0] == 0) return std::nullopt;
    return ClockCall{.sets_time = true};
  }
  const bool names_clock = name == "clock_settime" || name == "clock_settime64" ||
                           name == "clock_adjtime" || name == "clock_adjtime64";
  if (names_clock && static_cast<int32_t>(request.args[0]) != CLOCK_REALTIME) return std::nullopt;
  if (name == "clock_settime" || name == "clock_settime64") return ClockCall{.sets_time = true};
  if (!names_clock && name != "adjtimex") return std::nullopt;
  const std::optional<uint32_t> modes = ModesAt(request.args[names_clock ? 1 : 0], arguments);
  if (!modes || *modes == 0) return std::nullopt;
  const bool reads = (*modes & (kAdjTime | kReadOnly)) == (kAdjTime | kReadOnly);
  if (reads && (*modes & ADJ_SETOFFSET) == 0) return std::nullopt;
  return ClockCall{.modes = *modes};
}

ClockState ReadClockState() {
  ClockState state;
  ReadOffset(state);
  timex discipline = {};
  adjtimex(&discipline);
  const bool nanoseconds = (discipline.status & STA_NANO) != 0;
  state.offset = discipline.offset * (nanoseconds ? 1 : kNanosecondsPerMicrosecond);
  state.freq = discipline.freq;
  state.status = discipline.status;
  state.tai = discipline.tai;
  state.tick = discipline.tick;
  discipline = {};
  discipline.modes = ADJ_OFFSET_SS_READ;
  adjtimex(&discipline);
  state.adjust = discipline.offset;
  return state;
}

ClockChange DiffClocks(const ClockCall& call, const ClockState& before, const ClockState& after) {
  ClockChange change;
  const auto sets = [&](uint32_t mode) { return (call.modes & mode) != 0; };
  // As adjtime(3): the kernel looks at nothing else then.
  const bool slews = sets(kAdjTime);
  const bool reads = slews && sets(kReadOnly);
  // ntp_update_offset in kernel/time/ntp.c corrects the frequency, too, and picks a mode.
  const bool disciplines = sets(ADJ_OFFSET) && !slews;
  if (call.sets_time || sets(ADJ_SETOFFSET)) {
    const int64_t injected = after.realtime_offset - before.realtime_offset;
    if (std::abs(injected) > before.uncertainty + after.uncertainty) {
      // As struct timespec has it: nanoseconds from 0, whatever the sign of the seconds.
      const int64_t nanoseconds =
          (injected % kNanosecondsPerSecond + kNanosecondsPerSecond) % kNanosecondsPerSecond;
      change.injected =
          ClockChange::Offset{(injected - nanoseconds) / kNanosecondsPerSecond, nanoseconds};
    }
  }
  const auto note = [&](bool set, What what, int64_t old_value, int64_t new_value) {
    if (set && old_value != new_value) change.values.push_back({what, old_value, new_value});
  };
  note(disciplines, What::kOffset, before.offset, after.offset);
  note(disciplines || (sets(ADJ_FREQUENCY) && !slews), What::kFreq, before.freq * kKernelFreqUnits,
       after.freq * kKernelFreqUnits);
  note(disciplines || (sets(ADJ_STATUS | ADJ_NANO | ADJ_MICRO) && !slews), What::kStatus,
       before.status, after.status);
  note(sets(ADJ_TAI) && !slews, What::kTai, before.tai, after.tai);
  note(sets(ADJ_TICK) && !slews, What::kTick, before.tick, after.tick);
  note(slews && !reads, What::kAdjust, before.adjust, after.adjust);
  return change;
}

std::optional<ClockWatch> ClockWatch::Begin(const SyscallRequest& request,
                                            ArgumentMemory& arguments) {
  const std::optional<ClockCall> call = ReadClockCall(request, arguments);
  if (!call) return std::nullopt;
  return ClockWatch(*call, ReadClockState());
}

ClockChange ClockWatch::End(int64_t result) const {
  if (result < 0) return {};
  return DiffClocks(call_, before_, ReadClockState());
}

}  // namespace provost
