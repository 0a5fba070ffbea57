#include "emulate/clock_handler.h"

#include <sys/time.h>

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "emulate/builtin.h"

namespace provost {

struct Clock::Call {
  const char* name;
  Answering answering;
};

const absl::flat_hash_map<absl::string_view, Clock::Answering>& Clock::Table() {
  static constexpr Call kCalls[] = {
      {"clock_gettime", &Clock::GetClock},
      {"clock_gettime64", &Clock::GetClock},
      {"clock_getres", &Clock::GetResolution},
      {"clock_getres_time64", &Clock::GetResolution},
      {"gettimeofday", &Clock::GetTimeOfDay},
      {"time", &Clock::GetSeconds},
      {"times", &Clock::GetTicks},
      {"sysinfo", &Clock::GetSystem},
      {"clock_settime", &Clock::SetClock},
      {"clock_settime64", &Clock::SetClock},
      {"settimeofday", &Clock::SetTimeOfDay},
      {"stime", &Clock::SetSeconds},
      {"adjtimex", &Clock::AdjustTime},
      {"clock_adjtime", &Clock::AdjustClock},
      {"clock_adjtime64", &Clock::AdjustClock},
      {"prctl", &Clock::ControlProcess},
      {"arch_prctl", &Clock::ControlArchitecture},
      {"nanosleep", &Clock::Sleep},
      {"clock_nanosleep", &Clock::SleepByClock},
      {"clock_nanosleep_time64", &Clock::SleepByClock},
      {"restart_syscall", &Clock::GoOn},
      {"futex", &Clock::Futex},
      {"futex_time64", &Clock::Futex},
      {"futex_wait", &Clock::FutexWait},
      {"futex_waitv", &Clock::FutexWaitv},
      {"poll", &Clock::Poll},
      {"ppoll", &Clock::PollSignals},
      {"ppoll_time64", &Clock::PollSignals},
      {"_newselect", &Clock::Select},
      {"select", &Clock::SelectBlock},
      {"pselect6", &Clock::SelectSignals},
      {"pselect6_time64", &Clock::SelectSignals},
      {"epoll_wait", &Clock::EpollWait},
      {"epoll_pwait", &Clock::EpollWait},
      {"epoll_pwait2", &Clock::EpollWait2},
      {"rt_sigtimedwait", &Clock::AwaitSignal},
      {"rt_sigtimedwait_time64", &Clock::AwaitSignal},
      {"recvmmsg", &Clock::ReceiveMessages},
      {"recvmmsg_time64", &Clock::ReceiveMessages},
      {"mq_timedsend", &Clock::UseQueue},
      {"mq_timedsend_time64", &Clock::UseQueue},
      {"mq_timedreceive", &Clock::UseQueue},
      {"mq_timedreceive_time64", &Clock::UseQueue},
      {"semtimedop", &Clock::UseSemaphores},
      {"semtimedop_time64", &Clock::UseSemaphores},
      {"ipc", &Clock::UseIpc},
      {"io_getevents", &Clock::GetEvents},
      {"io_pgetevents", &Clock::GetEvents},
      {"io_pgetevents_time64", &Clock::GetEvents},
      {"alarm", &Clock::SetAlarm},
      {"setitimer", &Clock::SetIntervalTimer},
      {"getitimer", &Clock::GetIntervalTimer},
      {"timer_create", &Clock::CreateTimer},
      {"timer_settime", &Clock::SetTimer},
      {"timer_settime64", &Clock::SetTimer},
      {"timer_gettime", &Clock::GetTimer},
      {"timer_gettime64", &Clock::GetTimer},
      {"timerfd_settime", &Clock::SetTimerFd},
      {"timerfd_settime64", &Clock::SetTimerFd},
      {"timerfd_gettime", &Clock::GetTimerFd},
      {"timerfd_gettime64", &Clock::GetTimerFd},
  };
  static const auto* const table = [] {
    auto* calls = new absl::flat_hash_map<absl::string_view, Answering>;
    for (const Call& call : kCalls) calls->emplace(call.name, call.answering);
    return calls;
  }();
  return *table;
}

std::vector<std::string> Clock::Calls() {
  std::vector<std::string> calls;
  for (const auto& [name, answering] : Table()) calls.emplace_back(name);
  std::sort(calls.begin(), calls.end());
  return calls;
}

Clock::Clock(const ClockSettings& settings) : clock_(settings) {
  timeval now = {};
  struct timezone zone = {};
  gettimeofday(&now, &zone);
  zone_ = {zone.tz_minuteswest, zone.tz_dsttime};
}

Reaction Clock::OnCall(const EmulatedCall& call) {
  const auto found = Table().find(call.name());
  if (found == Table().end()) return RunAsItIs(call);
  // Another call: the kernel does not go on with the sleep any more.
  if (!interrupted_.empty() && call.name() != "restart_syscall") interrupted_.erase(call.tid());
  return (this->*found->second)(call);
}

// Timers of timer_create(2) end with the program, the alarm does not.
void Clock::OnExec(pid_t process) {
  absl::erase_if(timers_, [&](const auto& timer) { return timer.first.first == process; });
}

void Clock::OnTaskEnded(pid_t tid) {
  interrupted_.erase(tid);
  alarms_.erase(tid);
  if (!timers_.empty()) OnExec(tid);
}

std::string Clock::Save() const {
  std::string saved = absl::StrCat("clock ", clock_.Save(), "\ndiscipline ", discipline_.Save(),
                                   "\nzone ", zone_.minutes_west, " ", zone_.dst, "\n");
  for (const auto& [tid, sleep] : interrupted_) {
    absl::StrAppend(&saved, "sleep ", tid, " ", sleep.remaining, " ", sleep.layout.wide ? 1 : 0,
                    " ", sleep.layout.fraction, " ", sleep.end, "\n");
  }
  for (const auto& [process, alarm] : alarms_) {
    absl::StrAppend(&saved, "alarm ", process, " ", alarm.end, " ", alarm.interval, "\n");
  }
  for (const auto& [timer, clock] : timers_) {
    absl::StrAppend(&saved, "timer ", timer.first, " ", timer.second, " ", clock, "\n");
  }
  return saved;
}

absl::Status Clock::Restore(absl::string_view saved) {
  for (const absl::string_view line : absl::StrSplit(saved, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> part =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (part.first == "clock") {
      PROVOST_RETURN_IF_ERROR(clock_.Restore(part.second));
      continue;
    }
    if (part.first == "discipline") {
      PROVOST_RETURN_IF_ERROR(discipline_.Restore(part.second));
      continue;
    }
    std::vector<int64_t> numbers;
    for (const absl::string_view field : absl::StrSplit(part.second, ' ')) {
      if (!absl::SimpleAtoi(field, &numbers.emplace_back())) numbers.clear();
    }
    const auto number = [&](size_t i) { return static_cast<int32_t>(numbers[i]); };
    if (part.first == "zone" && numbers.size() == 2) {
      zone_ = {number(0), number(1)};
    } else if (part.first == "sleep" && numbers.size() == 5) {
      interrupted_[number(0)] = {
          static_cast<uint64_t>(numbers[1]), {numbers[2] != 0, numbers[3]}, numbers[4]};
    } else if (part.first == "alarm" && numbers.size() == 3) {
      alarms_[number(0)] = {numbers[1], numbers[2]};
    } else if (part.first == "timer" && numbers.size() == 3) {
      timers_[{number(0), number(1)}] = number(2);
    } else {
      return absl::InvalidArgumentError("no state of `emulate clock`");
    }
  }
  return absl::OkStatus();
}

EmulatorSpec ClockSpec() {
  using Kind = EmulatorKey::Kind;
  EmulatorSpec spec = {
      .name = "clock",
      .keys = {{"start", Kind::kString,
                "when it begins: \"1999-12-31T23:59:00Z\" or \"@946684740\"; now"},
               {"offset", Kind::kText,
                "how far it is from now: seconds, or \"+1y\", \"-2d12h\"; instead of start"},
               {"rate", Kind::kText, "how fast it runs: 100, \"0.5\"; 1"},
               {"frozen", Kind::kInteger, "1: it stands still"},
               {"uptime", Kind::kInteger,
                "seconds since the machine was started: where the monotonic clocks begin"}},
      .calls = Clock::Calls(),
      .what = "the time, and how long waits and timers take; hides the vDSO"};
  spec.check = [](const Emulation& told) { return ReadClockSettings(told).status(); };
  return spec;
}

absl::StatusOr<std::unique_ptr<Handler>> MakeClock(const Emulation& told) {
  PROVOST_ASSIGN_OR_RETURN(const ClockSettings settings, ReadClockSettings(told));
  return std::make_unique<Clock>(settings);
}

}  // namespace provost
