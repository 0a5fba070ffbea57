// Timers: when they end, and how often they come again.

#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "emulate/clock_handler.h"
#include "tracee/address_space.h"

namespace provost {
namespace {

// itimerval and itimerspec: the interval, then the value.
struct TimerRead {
  int64_t interval;
  int64_t value;
};

std::optional<TimerRead> ReadTimer(const EmulatedCall& call, uint64_t address, TimeLayout layout) {
  const std::optional<int64_t> interval = ReadNanoseconds(call, address, layout);
  const std::optional<int64_t> value =
      interval ? ReadNanoseconds(call, address + layout.size(), layout) : std::nullopt;
  if (!value) return std::nullopt;
  return TimerRead{*interval, *value};
}

int64_t SumOf(int64_t left, int64_t right) {
  int64_t sum = 0;
  return __builtin_add_overflow(left, right, &sum) ? INT64_MAX : sum;
}

}  // namespace

// ---- alarm(2) and ITIMER_REAL ----

int64_t Clock::LeftOf(const Alarm& alarm) const {
  if (alarm.end == 0) return 0;
  const int64_t left = alarm.end - RealMonotonic();
  if (left > 0) return clock_.VirtualLength(left);
  if (alarm.interval == 0) return 0;
  return clock_.VirtualLength(alarm.interval - -left % alarm.interval);
}

// alarm_setitimer in kernel/time/itimer.c, whose own seconds would be too coarse.
Reaction Clock::SetAlarm(const EmulatedCall& call) {
  if (clock_.KeepsLengths()) return RunAsItIs(call);
  constexpr uint32_t kMost = 0x7fffffff;
  const TimeLayout layout = TimevalOf(call);
  const auto seconds = std::min(static_cast<uint32_t>(call.argument(0)), kMost);
  const int64_t real = clock_.RealLength(seconds * kNanosecondsPerSecond);
  const absl::StatusOr<SyscallRequest> other =
      OtherCall(call.request(), "setitimer", {ITIMER_REAL, 0, 0, 0, 0, 0});
  if (!other.ok()) return RunAsItIs(call);
  return RunCall{*other,
                 {{1, LengthBytes(0, layout) + LengthBytes(real, layout)}},
                 [this, real](const EmulatedCall& made, int64_t result) {
                   if (result < 0) return Answer{result};
                   Alarm& alarm = alarms_[made.process()];
                   const int64_t left = LeftOf(alarm);
                   alarm = {real == 0 ? 0 : SumOf(RealMonotonic(), real), 0};
                   int64_t told = left / kNanosecondsPerSecond;
                   const int64_t rest = left % kNanosecondsPerSecond;
                   if ((told == 0 && rest > 0) || rest >= kNanosecondsPerSecond / 2) ++told;
                   return Answer{told};
                 }};
}

Reaction Clock::SetIntervalTimer(const EmulatedCall& call) {
  if (call.number(0) != ITIMER_REAL || clock_.KeepsLengths()) return RunAsItIs(call);
  const TimeLayout layout = TimevalOf(call);
  RunCall run = {call.request()};
  Alarm alarm;
  if (call.argument(1) != 0) {
    const std::optional<TimerRead> timer = ReadTimer(call, call.argument(1), layout);
    if (!timer) return RunAsItIs(call);
    const int64_t interval = clock_.RealLength(timer->interval);
    const int64_t value = clock_.RealLength(timer->value);
    run.inputs = {{1, LengthBytes(interval, layout) + LengthBytes(value, layout)}};
    alarm = {value == 0 ? 0 : SumOf(RealMonotonic(), value), interval};
  }
  run.then = [this, alarm, layout](const EmulatedCall& made, int64_t result) {
    if (result == 0) alarms_[made.process()] = alarm;
    return WithTimerTold(made, result, made.argument(2), layout);
  };
  return run;
}

Reaction Clock::GetIntervalTimer(const EmulatedCall& call) {
  if (call.number(0) != ITIMER_REAL) return RunAsItIs(call);
  return TellTimer(call, 1, TimevalOf(call));
}

// ---- Those of timer_create(2) ----

Reaction Clock::CreateTimer(const EmulatedCall& call) {
  const clockid_t clock = call.number(0);
  return RunCall{call.request(), {}, [this, clock](const EmulatedCall& made, int64_t result) {
                   const absl::StatusOr<int32_t> timer = made.Read<int32_t>(made.argument(2));
                   if (result == 0 && timer.ok()) timers_[{made.process(), *timer}] = clock;
                   return Answer{result};
                 }};
}

// One that was made before we came is taken for one of the time.
clockid_t Clock::ClockOfTimer(const EmulatedCall& call) const {
  const auto found = timers_.find({call.process(), call.number(0)});
  return found == timers_.end() ? CLOCK_REALTIME : found->second;
}

Reaction Clock::SetTimer(const EmulatedCall& call) { return SetTimerOf(call, ClockOfTimer(call)); }

Reaction Clock::GetTimer(const EmulatedCall& call) {
  if (!VirtualClock::IsVirtual(ClockOfTimer(call))) return RunAsItIs(call);
  return TellTimer(call, 1, TimespecOf(call));
}

Reaction Clock::SetTimerFd(const EmulatedCall& call) {
  const absl::StatusOr<clockid_t> clock = ReadTimerClock(call.tid(), call.number(0));
  if (!clock.ok()) return RunAsItIs(call);
  return SetTimerOf(call, *clock);
}

Reaction Clock::GetTimerFd(const EmulatedCall& call) {
  return TellTimer(call, 1, TimespecOf(call));
}

Reaction Clock::SetTimerOf(const EmulatedCall& call, clockid_t clock) {
  const bool absolute = (call.argument(1) & TIMER_ABSTIME) != 0;
  const bool same = clock_.KeepsLengths() && (!absolute || clock_.KeepsMoments(clock));
  if (!VirtualClock::IsVirtual(clock) || same) return RunAsItIs(call);
  const TimeLayout layout = TimespecOf(call);
  const std::optional<TimerRead> timer = ReadTimer(call, call.argument(2), layout);
  if (!timer) return RunAsItIs(call);
  int64_t value = 0;  // which disarms it
  if (timer->value != 0) {
    value = absolute ? clock_.RealMoment(clock, timer->value) : clock_.RealLength(timer->value);
  }
  RunCall run = {call.request()};
  run.inputs = {
      {2, LengthBytes(clock_.RealLength(timer->interval), layout) + LengthBytes(value, layout)}};
  if (call.argument(3) == 0 || clock_.KeepsLengths()) return run;
  run.then = [this, layout](const EmulatedCall& made, int64_t result) {
    return WithTimerTold(made, result, made.argument(3), layout);
  };
  return run;
}

// ---- What is left ----

Reaction Clock::TellTimer(const EmulatedCall& call, size_t argument, TimeLayout layout) {
  if (clock_.KeepsLengths()) return RunAsItIs(call);
  return RunCall{
      call.request(), {}, [this, argument, layout](const EmulatedCall& made, int64_t result) {
        return WithTimerTold(made, result, made.argument(argument), layout);
      }};
}

Answer Clock::WithTimerTold(const EmulatedCall& call, int64_t result, uint64_t address,
                            TimeLayout layout) const {
  const std::optional<TimerRead> timer =
      result == 0 ? ReadTimer(call, address, layout) : std::nullopt;
  if (!timer) return {result};
  return {result,
          {{address, MomentBytes(clock_.VirtualLength(timer->interval), layout) +
                         MomentBytes(clock_.VirtualLength(timer->value), layout)}}};
}

}  // namespace provost
