#ifndef PROVOST_SUPERVISOR_CLOCK_CHANGES_H_
#define PROVOST_SUPERVISOR_CLOCK_CHANGES_H_

#include <cstdint>
#include <optional>

#include "base/call_facts.h"
#include "syscalls/request.h"
#include "tracee/memory.h"

namespace provost {

// What calls change of the clock, as the kernel records it (audit_tk_injoffset and audit_ntp_log,
// called by do_settimeofday64 and do_adjtimex in kernel/time/timekeeping.c).

// What a call may change of CLOCK_REALTIME. The clock is the machine's: time namespaces have
// offsets of other clocks alone.
struct ClockCall {
  bool sets_time = false;  // settimeofday, clock_settime, stime
  uint32_t modes = 0;      // adjtimex, clock_adjtime: ADJ_*
};

// What `request` may change; nullopt for every other call, for other clocks, and for calls that
// only read. `arguments` are the call's.
std::optional<ClockCall> ReadClockCall(const SyscallRequest& request, ArgumentMemory& arguments);

// A clock and its discipline at one moment: the real one, or one that emulation keeps.
struct ClockState {
  // CLOCK_REALTIME less CLOCK_MONOTONIC in nanoseconds, which setting the time alone changes; the
  // two cannot be read at once, so it may be wrong by `uncertainty`.
  int64_t realtime_offset = 0;
  int64_t uncertainty = 0;
  // In the units of adjtimex(2): offset in nanoseconds, freq in 2^-16 ppm, tick in microseconds a
  // tick, adjust in microseconds.
  int64_t offset = 0;
  int64_t freq = 0;
  int64_t status = 0;
  int64_t tai = 0;
  int64_t tick = 0;
  int64_t adjust = 0;
};

// The machine's. Needs no privilege.
ClockState ReadClockState();

// What `call`, which succeeded, changed between two states. Values that change by themselves (the
// offset, while it is worked off) are left out where the call does not set them; maxerror, esterror
// and the time constant always. In the kernel's order; freq in the kernel's own unit (2^-32 ns a
// second), as its records have it; offset in nanoseconds (the kernel's unit depends on its HZ).
ClockChange DiffClocks(const ClockCall& call, const ClockState& before, const ClockState& after);

// A call that is about to change the clock. A plain value.
class ClockWatch {
 public:
  // At the stop before the call; nullopt if it changes no clock.
  static std::optional<ClockWatch> Begin(const SyscallRequest& request, ArgumentMemory& arguments);
  // At its exit: what it changed. Whatever else set the clock meanwhile is taken for its doing.
  ClockChange End(int64_t result) const;

  // One that was begun in another process.
  ClockWatch(const ClockCall& call, const ClockState& before) : call_(call), before_(before) {}
  const ClockCall& call() const { return call_; }
  const ClockState& before() const { return before_; }

 private:
  ClockCall call_;
  ClockState before_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CLOCK_CHANGES_H_
