#ifndef PROVOST_EMULATE_CLOCK_HANDLER_H_
#define PROVOST_EMULATE_CLOCK_HANDLER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "emulate/clock_discipline.h"
#include "emulate/clock_memory.h"
#include "emulate/clock_settings.h"
#include "emulate/handler.h"
#include "emulate/virtual_clock.h"

namespace provost {

// `emulate clock`. What reads and sets clocks is in clock.cc, what waits in clock_sleeps.cc, timers
// in clock_timers.cc.
class Clock final : public Handler {
 public:
  explicit Clock(const ClockSettings& settings);

  static std::vector<std::string> Calls();

  Reaction OnCall(const EmulatedCall& call) override;
  bool HidesVdso() const override { return true; }
  void OnExec(pid_t process) override;
  void OnTaskEnded(pid_t tid) override;
  std::string Save() const override;
  absl::Status Restore(absl::string_view saved) override;

 private:
  using Answering = Reaction (Clock::*)(const EmulatedCall& call);
  struct Call;
  static const absl::flat_hash_map<absl::string_view, Answering>& Table();

  // A relative sleep that a signal has interrupted: the kernel may go on with it
  // (restart_syscall(2)), and be interrupted again.
  struct Interrupted {
    uint64_t remaining = 0;  // where the task wants to be told what is left
    TimeLayout layout = {};
    int64_t end = 0;  // of the machine's CLOCK_MONOTONIC
  };
  // A process' ITIMER_REAL, in nanoseconds; `end` as above, 0: it is not armed.
  struct Alarm {
    int64_t end = 0;
    int64_t interval = 0;
  };

  // clock.cc
  Reaction GetClock(const EmulatedCall& call);
  Reaction GetResolution(const EmulatedCall& call);
  Reaction GetTimeOfDay(const EmulatedCall& call);
  Reaction GetSeconds(const EmulatedCall& call);
  Reaction GetTicks(const EmulatedCall& call);
  Reaction GetSystem(const EmulatedCall& call);
  Reaction SetClock(const EmulatedCall& call);
  Reaction SetTimeOfDay(const EmulatedCall& call);
  Reaction SetSeconds(const EmulatedCall& call);
  Reaction AdjustTime(const EmulatedCall& call);
  Reaction AdjustClock(const EmulatedCall& call);
  Reaction ControlProcess(const EmulatedCall& call);
  Reaction ControlArchitecture(const EmulatedCall& call);
  Reaction Adjust(const EmulatedCall& call, uint64_t address, bool wide);
  Answer SetRealtime(const EmulatedCall& call, const TimeRead& time, TimeLayout layout);
  bool MayBecome(int64_t realtime) const;
  ClockChange Inject(int64_t realtime);

  // clock_sleeps.cc
  Reaction Sleep(const EmulatedCall& call);
  Reaction SleepByClock(const EmulatedCall& call);
  Reaction GoOn(const EmulatedCall& call);
  Reaction Futex(const EmulatedCall& call);
  Reaction FutexWait(const EmulatedCall& call);
  Reaction FutexWaitv(const EmulatedCall& call);
  Reaction Poll(const EmulatedCall& call);
  Reaction PollSignals(const EmulatedCall& call);
  Reaction Select(const EmulatedCall& call);
  Reaction SelectSignals(const EmulatedCall& call);
  Reaction SelectBlock(const EmulatedCall& call);
  Reaction EpollWait(const EmulatedCall& call);
  Reaction EpollWait2(const EmulatedCall& call);
  Reaction AwaitSignal(const EmulatedCall& call);
  Reaction ReceiveMessages(const EmulatedCall& call);
  Reaction UseQueue(const EmulatedCall& call);
  Reaction UseSemaphores(const EmulatedCall& call);
  Reaction UseIpc(const EmulatedCall& call);
  Reaction GetEvents(const EmulatedCall& call);
  Reaction WaitFor(const EmulatedCall& call, size_t argument);
  Reaction WaitUntil(const EmulatedCall& call, size_t argument, clockid_t clock);
  Reaction WaitMilliseconds(const EmulatedCall& call, size_t argument);
  Reaction SleepFor(const EmulatedCall& call, size_t argument);
  Answer TellRemaining(const EmulatedCall& call, int64_t result, const Interrupted& sleep);
  // A wait whose time-out the kernel replaces by what is left of it.
  struct CountedWait {
    uint64_t address;
    TimeLayout layout;
    int64_t length;
    bool counts_success_only = false;
  };
  Reaction WaitCounting(const EmulatedCall& call, const CountedWait& wait);
  Reaction SelectUntil(const EmulatedCall& call, uint64_t address);

  // clock_timers.cc
  Reaction SetAlarm(const EmulatedCall& call);
  Reaction SetIntervalTimer(const EmulatedCall& call);
  Reaction GetIntervalTimer(const EmulatedCall& call);
  Reaction CreateTimer(const EmulatedCall& call);
  Reaction SetTimer(const EmulatedCall& call);
  Reaction GetTimer(const EmulatedCall& call);
  Reaction SetTimerFd(const EmulatedCall& call);
  Reaction GetTimerFd(const EmulatedCall& call);
  Reaction SetTimerOf(const EmulatedCall& call, clockid_t clock);
  Reaction TellTimer(const EmulatedCall& call, size_t argument, TimeLayout layout);
  Answer WithTimerTold(const EmulatedCall& call, int64_t result, uint64_t address,
                       TimeLayout layout) const;
  int64_t LeftOf(const Alarm& alarm) const;
  clockid_t ClockOfTimer(const EmulatedCall& call) const;

  VirtualClock clock_;
  ClockDiscipline discipline_;
  struct Zone {
    int32_t minutes_west = 0;
    int32_t dst = 0;
  };
  Zone zone_;
  absl::flat_hash_map<pid_t, Interrupted> interrupted_;
  absl::flat_hash_map<pid_t, Alarm> alarms_;
  absl::flat_hash_map<std::pair<pid_t, int32_t>, clockid_t> timers_;  // of timer_create
};

}  // namespace provost

#endif  // PROVOST_EMULATE_CLOCK_HANDLER_H_
