// What reads clocks and sets them.

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "emulate/clock_handler.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// ARCH_MAP_VDSO_X32 to ARCH_MAP_VDSO_64 (asm/prctl.h).
constexpr uint32_t kFirstMapVdso = 0x2001;
constexpr uint32_t kLastMapVdso = 0x2003;

// TIME_SETTOD_SEC_MAX in include/linux/time64.h: 30 years less than ktime_t can hold.
constexpr int64_t kSettableSeconds = 9'223'372'036 - 30LL * 365 * 24 * 3600;

// What /dev/rtc0 has to do with is the kernel's to know.
bool IsAlarm(clockid_t clock) {
  return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

int64_t FloorSeconds(int64_t nanoseconds) {
  const int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  return nanoseconds % kNanosecondsPerSecond < 0 ? seconds - 1 : seconds;
}

// What fits into the program's long.
std::string LongBytes(const EmulatedCall& call, int64_t value) {
  return call.is_i386() ? BytesOf(static_cast<int32_t>(value)) : BytesOf(value);
}
int64_t LongOf(const EmulatedCall& call, int64_t value) {
  return call.is_i386() ? static_cast<int32_t>(value) : value;
}

bool MaySetTime(const EmulatedCall& call) {
  return IsCapable(call.tid(), CAP_SYS_TIME).value_or(false);
}

}  // namespace

Reaction Clock::GetClock(const EmulatedCall& call) {
  const clockid_t clock = call.number(0);
  if (!VirtualClock::IsVirtual(clock)) return RunAsItIs(call);
  const TimeLayout layout = TimespecOf(call);
  const auto tell = [this, clock, layout](const EmulatedCall& made) {
    return MemoryWrite{made.argument(1), MomentBytes(clock_.Now(clock), layout)};
  };
  if (!IsAlarm(clock)) return Answer{0, {tell(call)}};
  return RunCall{call.request(), {}, [tell](const EmulatedCall& made, int64_t result) {
                   return result == 0 ? Answer{0, {tell(made)}} : Answer{result};
                 }};
}

Reaction Clock::GetResolution(const EmulatedCall& call) {
  const clockid_t clock = call.number(0);
  timespec real = {};
  if (!VirtualClock::IsCoarse(clock) || clock_.KeepsLengths() || clock_getres(clock, &real) != 0) {
    return RunAsItIs(call);
  }
  if (call.argument(1) == 0) return Answer{0};
  const int64_t step = clock_.VirtualLength(real.tv_sec * kNanosecondsPerSecond + real.tv_nsec);
  return Answer{0, {{call.argument(1), MomentBytes(std::max<int64_t>(step, 1), TimespecOf(call))}}};
}

Reaction Clock::GetTimeOfDay(const EmulatedCall& call) {
  Answer answer = {0};
  if (call.argument(0) != 0) {
    answer.writes.push_back(
        {call.argument(0), MomentBytes(clock_.Now(CLOCK_REALTIME), TimevalOf(call))});
  }
  if (call.argument(1) != 0) answer.writes.push_back({call.argument(1), BytesOf(zone_)});
  return answer;
}

Reaction Clock::GetSeconds(const EmulatedCall& call) {
  const int64_t now = FloorSeconds(clock_.Now(CLOCK_REALTIME));
  Answer answer = {LongOf(call, now)};
  if (call.argument(0) != 0) answer.writes.push_back({call.argument(0), LongBytes(call, now)});
  return answer;
}

Reaction Clock::GetTicks(const EmulatedCall& call) {
  if (call.argument(0) == 0) return Answer{LongOf(call, clock_.Ticks())};
  return RunCall{call.request(), {}, [this](const EmulatedCall& made, int64_t result) {
                   return Answer{result == -EFAULT ? result : LongOf(made, clock_.Ticks())};
                 }};
}

Reaction Clock::GetSystem(const EmulatedCall& call) {
  return RunCall{call.request(), {}, [this](const EmulatedCall& made, int64_t result) {
                   if (result < 0) return Answer{result};
                   // Begun seconds count, as do_sysinfo in kernel/sys.c has it.
                   const int64_t up =
                       FloorSeconds(clock_.Now(CLOCK_BOOTTIME) + kNanosecondsPerSecond - 1);
                   return Answer{result, {{made.argument(0), LongBytes(made, up)}}};
                 }};
}

// timespec64_valid_settod, and that the machine did not start after now.
bool Clock::MayBecome(int64_t realtime) const {
  return realtime >= 0 && FloorSeconds(realtime) < kSettableSeconds &&
         realtime >= clock_.Now(CLOCK_MONOTONIC);
}

ClockChange Clock::Inject(int64_t realtime) {
  const int64_t by = realtime - clock_.Now(CLOCK_REALTIME);
  clock_.SetRealtime(realtime);
  const int64_t seconds = FloorSeconds(by);
  ClockChange change;
  change.injected = ClockChange::Offset{seconds, by - seconds * kNanosecondsPerSecond};
  return change;
}

Answer Clock::SetRealtime(const EmulatedCall& call, const TimeRead& time, TimeLayout layout) {
  const std::optional<int64_t> wanted = NanosecondsOf(time, layout);
  if (!wanted || time.seconds >= kSettableSeconds) return {-EINVAL};
  if (!MaySetTime(call)) return {-EPERM};
  if (!MayBecome(*wanted)) return {-EINVAL};
  return {0, {}, Inject(*wanted)};
}

Reaction Clock::SetClock(const EmulatedCall& call) {
  // The others cannot be set, or are devices.
  if (call.number(0) != CLOCK_REALTIME) return RunAsItIs(call);
  const TimeLayout layout = TimespecOf(call);
  const absl::StatusOr<TimeRead> time = ReadTime(call, call.argument(1), layout);
  if (!time.ok()) return Answer{-ErrnoOf(time.status())};
  return SetRealtime(call, *time, layout);
}

Reaction Clock::SetTimeOfDay(const EmulatedCall& call) {
  constexpr int kMostMinutes = 15 * 60;
  const TimeLayout layout = TimevalOf(call);
  std::optional<TimeRead> time;
  if (call.argument(0) != 0) {
    const absl::StatusOr<TimeRead> read = ReadTime(call, call.argument(0), layout);
    if (!read.ok()) return Answer{-ErrnoOf(read.status())};
    if (!NanosecondsOf(*read, layout)) return Answer{-EINVAL};
    time = *read;
  }
  std::optional<Zone> zone;
  if (call.argument(1) != 0) {
    const absl::StatusOr<Zone> read = call.Read<Zone>(call.argument(1));
    if (!read.ok()) return Answer{-ErrnoOf(read.status())};
    zone = *read;
  }
  if (!MaySetTime(call)) return Answer{-EPERM};
  if (zone) {
    if (zone->minutes_west > kMostMinutes || zone->minutes_west < -kMostMinutes) {
      return Answer{-EINVAL};
    }
    zone_ = *zone;
  }
  if (!time) return Answer{0};
  return SetRealtime(call, *time, layout);
}

Reaction Clock::SetSeconds(const EmulatedCall& call) {
  const absl::StatusOr<int32_t> seconds = call.Read<int32_t>(call.argument(0));
  if (!seconds.ok()) return Answer{-ErrnoOf(seconds.status())};
  if (!MaySetTime(call)) return Answer{-EPERM};
  return SetRealtime(call, {*seconds, 0}, TimespecOf(call));
}

Reaction Clock::AdjustTime(const EmulatedCall& call) {
  return Adjust(call, call.argument(0), !call.is_i386());
}

Reaction Clock::AdjustClock(const EmulatedCall& call) {
  if (call.number(0) != CLOCK_REALTIME) return RunAsItIs(call);
  return Adjust(call, call.argument(1), TimespecOf(call).wide);
}

Reaction Clock::Adjust(const EmulatedCall& call, uint64_t address, bool wide) {
  const absl::StatusOr<timex> asked = ReadTimex(call, address, wide);
  if (!asked.ok()) return Answer{-ErrnoOf(asked.status())};
  const bool may = !ClockDiscipline::Changes(*asked) || MaySetTime(call);
  if (const int error = ClockDiscipline::Check(*asked, may); error != 0) return Answer{-error};
  Answer answer = {0};
  if ((asked->modes & ADJ_SETOFFSET) != 0) {
    int64_t wanted = 0;
    if (__builtin_add_overflow(clock_.Now(CLOCK_REALTIME), InjectedOffset(*asked), &wanted) ||
        !MayBecome(wanted)) {
      return Answer{-EINVAL};
    }
    answer.clock = Inject(wanted);
  }
  timex told = {};
  answer.result = discipline_.Adjust(*asked, told, answer.clock);
  clock_.SetTai(discipline_.tai());
  const int64_t now = clock_.Now(CLOCK_REALTIME);
  told.time.tv_sec = FloorSeconds(now);
  told.time.tv_usec = now - told.time.tv_sec * kNanosecondsPerSecond;
  if (!discipline_.counts_nanoseconds()) told.time.tv_usec /= 1000;
  answer.writes.push_back({address, TimexBytes(told, wide)});
  return answer;
}

// The processor's own counter is no clock of ours: programs could only be stopped from reading it.
Reaction Clock::ControlProcess(const EmulatedCall& call) {
  if (call.number(0) == PR_SET_TSC) return Answer{-EINVAL};
  return RunAsItIs(call);
}

// Another vDSO would answer unheard.
Reaction Clock::ControlArchitecture(const EmulatedCall& call) {
  const auto option = static_cast<uint32_t>(call.argument(0));
  if (option >= kFirstMapVdso && option <= kLastMapVdso) return Answer{-EPERM};
  return RunAsItIs(call);
}

}  // namespace provost
