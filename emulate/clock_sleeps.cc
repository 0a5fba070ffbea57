// What waits: how long is converted, and what is left is converted back.

#include <linux/futex.h>
#include <linux/ipc.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "emulate/clock_handler.h"

namespace provost {
namespace {

// FUTEX_LOCK_PI2 of linux/futex.h, and SEMTIMEDOP of linux/ipc.h, by number: older headers lack
// them.
constexpr uint32_t kFutexLockPi2 = 13;
constexpr uint32_t kSemTimedOp = 4;

// EINTR, or what becomes one where a handler runs (linux/errno.h in the kernel).
bool IsInterrupted(int64_t result) {
  return result == -EINTR || (result <= -512 && result >= -516 && result != -515);
}

}  // namespace

Reaction Clock::WaitFor(const EmulatedCall& call, size_t argument) {
  if (clock_.KeepsLengths()) return RunAsItIs(call);
  const TimeLayout layout = TimespecOf(call);
  const std::optional<int64_t> length = ReadNanoseconds(call, call.argument(argument), layout);
  if (!length || *length == 0) return RunAsItIs(call);
  return RunCall{call.request(), {{argument, LengthBytes(clock_.RealLength(*length), layout)}}};
}

Reaction Clock::WaitUntil(const EmulatedCall& call, size_t argument, clockid_t clock) {
  if (!VirtualClock::IsVirtual(clock) || clock_.KeepsMoments(clock)) return RunAsItIs(call);
  const TimeLayout layout = TimespecOf(call);
  const std::optional<int64_t> moment = ReadNanoseconds(call, call.argument(argument), layout);
  if (!moment) return RunAsItIs(call);
  return RunCall{call.request(),
                 {{argument, LengthBytes(clock_.RealMoment(clock, *moment), layout)}}};
}

Reaction Clock::WaitMilliseconds(const EmulatedCall& call, size_t argument) {
  constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
  const int64_t length = call.number(argument) * kNanosecondsPerMillisecond;
  if (clock_.KeepsLengths() || length <= 0) return RunAsItIs(call);
  const int64_t real = clock_.RealLength(length);
  const int64_t milliseconds =
      real / kNanosecondsPerMillisecond + (real % kNanosecondsPerMillisecond > 0 ? 1 : 0);
  const int64_t most = std::numeric_limits<int32_t>::max();
  return RunCall{WithArgument(call.request(), argument, std::min(milliseconds, most))};
}

// ---- Sleeps ----

Reaction Clock::Sleep(const EmulatedCall& call) { return SleepFor(call, 0); }

Reaction Clock::SleepByClock(const EmulatedCall& call) {
  const clockid_t clock = call.number(0);
  if (!VirtualClock::IsVirtual(clock)) return RunAsItIs(call);
  if ((call.argument(1) & TIMER_ABSTIME) != 0) return WaitUntil(call, 2, clock);
  return SleepFor(call, 2);
}

// What is left is ours to tell: the kernel would tell it before anybody can convert it.
Reaction Clock::SleepFor(const EmulatedCall& call, size_t argument) {
  Reaction wait = WaitFor(call, argument);
  auto& run = std::get<RunCall>(wait);
  const uint64_t remaining = call.argument(argument + 1);
  if (run.inputs.empty() || remaining == 0) return wait;
  const TimeLayout layout = TimespecOf(call);
  const int64_t length = ReadNanoseconds(call, call.argument(argument), layout).value_or(0);
  int64_t end = 0;
  if (__builtin_add_overflow(RealMonotonic(), clock_.RealLength(length), &end)) end = INT64_MAX;
  const Interrupted sleep = {remaining, layout, end};
  run.call = WithArgument(run.call, argument + 1, 0);
  run.then = [this, sleep](const EmulatedCall& made, int64_t result) {
    return TellRemaining(made, result, sleep);
  };
  run.looks_at_restarts = true;
  return wait;
}

Answer Clock::TellRemaining(const EmulatedCall& call, int64_t result, const Interrupted& sleep) {
  if (!IsInterrupted(result)) {
    interrupted_.erase(call.tid());
    return {result};
  }
  interrupted_.insert_or_assign(call.tid(), sleep);
  const int64_t left = clock_.VirtualLength(std::max<int64_t>(sleep.end - RealMonotonic(), 0));
  return {result, {{sleep.remaining, MomentBytes(left, sleep.layout)}}};
}

Reaction Clock::GoOn(const EmulatedCall& call) {
  const auto found = interrupted_.find(call.tid());
  if (found == interrupted_.end()) return RunAsItIs(call);
  return RunCall{.call = call.request(),
                 .then = [this, sleep = found->second](
                             const EmulatedCall& made,
                             int64_t result) { return TellRemaining(made, result, sleep); },
                 .looks_at_restarts = true};
}

// ---- Futexes ----

Reaction Clock::Futex(const EmulatedCall& call) {
  constexpr size_t kTimeout = 3;
  const auto operation = static_cast<uint32_t>(call.argument(1));
  const clockid_t clock =
      (operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return WaitFor(call, kTimeout);
    case FUTEX_LOCK_PI:
      return WaitUntil(call, kTimeout, CLOCK_REALTIME);
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case kFutexLockPi2:
      return WaitUntil(call, kTimeout, clock);
    default:
      return RunAsItIs(call);
  }
}

Reaction Clock::FutexWait(const EmulatedCall& call) { return WaitUntil(call, 4, call.number(5)); }
Reaction Clock::FutexWaitv(const EmulatedCall& call) { return WaitUntil(call, 3, call.number(4)); }

// ---- Descriptors ----

Reaction Clock::Poll(const EmulatedCall& call) { return WaitMilliseconds(call, 2); }
Reaction Clock::EpollWait(const EmulatedCall& call) { return WaitMilliseconds(call, 3); }
Reaction Clock::EpollWait2(const EmulatedCall& call) { return WaitFor(call, 3); }
Reaction Clock::GetEvents(const EmulatedCall& call) { return WaitFor(call, 4); }

Reaction Clock::WaitCounting(const EmulatedCall& call, const CountedWait& wait) {
  const int64_t real = clock_.RealLength(wait.length);
  const int64_t begin = RealMonotonic();
  const auto tell = [this, wait, begin](const EmulatedCall&, int64_t result) {
    const bool counts =
        wait.counts_success_only ? result > 0 : result >= 0 || IsInterrupted(result);
    int64_t left = wait.length;
    if (counts) left -= std::min(clock_.VirtualLength(RealMonotonic() - begin), left);
    return Answer{result, {{wait.address, MomentBytes(left, wait.layout), true}}};
  };
  return RunCall{.call = call.request(),
                 .then = tell,
                 .looks_at_restarts = true,
                 .before = {{wait.address, LengthBytes(real, wait.layout)}}};
}

Reaction Clock::PollSignals(const EmulatedCall& call) {
  const TimeLayout layout = TimespecOf(call);
  const std::optional<int64_t> length =
      clock_.KeepsLengths() ? std::nullopt : ReadNanoseconds(call, call.argument(2), layout);
  if (!length || *length == 0) return RunAsItIs(call);
  return WaitCounting(call, {call.argument(2), layout, *length});
}

Reaction Clock::SelectSignals(const EmulatedCall& call) {
  const TimeLayout layout = TimespecOf(call);
  const std::optional<int64_t> length =
      clock_.KeepsLengths() ? std::nullopt : ReadNanoseconds(call, call.argument(4), layout);
  if (!length || *length == 0) return RunAsItIs(call);
  return WaitCounting(call, {call.argument(4), layout, *length});
}

Reaction Clock::SelectUntil(const EmulatedCall& call, uint64_t address) {
  constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
  if (clock_.KeepsLengths() || address == 0) return RunAsItIs(call);
  const TimeLayout layout = TimevalOf(call);
  absl::StatusOr<TimeRead> time = ReadTime(call, address, layout);
  if (!time.ok() || time->seconds < 0 || time->fraction < 0) return RunAsItIs(call);
  // kern_select takes any number of microseconds.
  const int64_t more = time->fraction / kMicrosecondsPerSecond;
  if (__builtin_add_overflow(time->seconds, more, &time->seconds)) return RunAsItIs(call);
  time->fraction %= kMicrosecondsPerSecond;
  const std::optional<int64_t> length = NanosecondsOf(*time, layout);
  if (!length || *length == 0) return RunAsItIs(call);
  return WaitCounting(call, {address, layout, *length});
}

Reaction Clock::Select(const EmulatedCall& call) { return SelectUntil(call, call.argument(4)); }

// i386's first select takes its arguments in memory.
Reaction Clock::SelectBlock(const EmulatedCall& call) {
  if (!call.is_i386()) return Select(call);
  using Block = std::array<uint32_t, 5>;
  const absl::StatusOr<Block> block = call.Read<Block>(call.argument(0));
  if (!block.ok()) return RunAsItIs(call);
  return SelectUntil(call, block->back());
}

// ---- Signals and messages ----

Reaction Clock::AwaitSignal(const EmulatedCall& call) { return WaitFor(call, 2); }

Reaction Clock::ReceiveMessages(const EmulatedCall& call) {
  const TimeLayout layout = TimespecOf(call);
  const std::optional<int64_t> length =
      clock_.KeepsLengths() ? std::nullopt : ReadNanoseconds(call, call.argument(4), layout);
  if (!length || *length == 0) return RunAsItIs(call);
  return WaitCounting(call, {call.argument(4), layout, *length, true});
}

Reaction Clock::UseQueue(const EmulatedCall& call) { return WaitUntil(call, 4, CLOCK_REALTIME); }
Reaction Clock::UseSemaphores(const EmulatedCall& call) { return WaitFor(call, 3); }

Reaction Clock::UseIpc(const EmulatedCall& call) {
  if ((call.argument(0) & 0xffff) != kSemTimedOp) return RunAsItIs(call);
  return WaitFor(call, 5);
}

}  // namespace provost
