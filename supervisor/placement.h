#ifndef PROVOST_SUPERVISOR_PLACEMENT_H_
#define PROVOST_SUPERVISOR_PLACEMENT_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "base/scheduling.h"
#include "supervisor/placement_choice.h"

namespace provost {

// Places the tracing thread while tasks stop often. What a stop costs is waking the tracing thread
// for the task, and the task for it: on another CPU each takes longer than all that is done between
// them. Nothing is ever changed of a task.
//
// kTogether: the thread runs on the task's CPU alone, under SCHED_IDLE (sched(7)). The scheduler
// takes a CPU that runs nothing else for an idle one (sched_idle_cpu in kernel/sched/fair.c): it
// leaves the woken task where it was, and has it run at once. So the thread is preempted before it
// waits, and when it goes on the next stop is there. If none is, the task runs elsewhere, and the
// thread follows it. Whatever else comes to that CPU would keep the thread from it. So a thread of
// this object's own, under the ordinary policy, looks each kTick whether stops are still handled,
// and puts the tracing thread back where they are not. To come back takes CAP_SYS_NICE, or
// RLIMIT_NICE (getrlimit(2)) that grants the nice value it has: who could not come back never goes.
//
// kSpinning: the thread asks again and again for the next stop, for kSpin at most, before it
// sleeps; the scheduler then leaves that CPU to it.
//
// One object for the tracing thread, which alone calls it; while it is kFree it costs a count a
// stop. A thread that is not under an ordinary policy when it is made, and one that has one CPU, is
// left alone.
class Placement {
 public:
  static constexpr std::chrono::milliseconds kTick{10};
  static constexpr std::chrono::microseconds kSpin{100};

  explicit Placement(PlacementMode mode);
  // The thread is scheduled as it was when this was made.
  ~Placement();
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;

  // `tid` has come to a stop.
  void OnStop(pid_t tid) {
    stopped_ = tid;
    const uint64_t stops = stops_.load(std::memory_order_relaxed) + 1;
    stops_.store(stops, std::memory_order_relaxed);
    if (!is_on_) return;
    if (stops % PlacementChoice::kWindow == 0) EndWindow();
    if (is_new_ && may_be_together_) Begin();
  }
  // No stop was there when one was asked for.
  void OnNoStop() {
    if (choice_.place() == Place::kTogether) Follow();
  }
  Place place() const { return choice_.place(); }

  // Whether a thread of this process can be kTogether; kPermissionDenied says what it takes.
  static absl::Status MayBeTogether();

 private:
  // A program that starts makes many stops in little time, and is over before a window is.
  void Begin();
  void EndWindow();
  PlacementChoice::Possible WhatIsPossible();
  void GoTogether();
  bool TakeWhatIsOrdinary();
  // To the CPU of the task that stopped last, if it has left ours.
  void Follow();
  // The thread is scheduled as it was. Both threads.
  void ComeBack();
  void Start();

  // On the own thread.
  void Look();
  // Until the tracing thread is not together any more.
  void LookAfter(std::unique_lock<std::mutex>& lock);
  bool IsStarved() const;

  static constexpr int kNowhere = -1;
  enum class Watched : uint8_t { kNo, kYes, kCooled, kStarved };

  const pid_t tid_;
  // Changed by the tracing thread alone, with mutex_.
  std::optional<Scheduling> ordinary_;
  bool is_on_ = false;
  bool is_new_ = false;
  PlacementChoice choice_;
  PlacementChoice::Nanoseconds window_began_;
  uint64_t followed_at_ = 0;  // so many stops
  bool has_spare_cpu_ = false;
  PlacementChoice::Nanoseconds looked_for_spare_ = PlacementChoice::Nanoseconds::zero();

  std::atomic<pid_t> stopped_ = 0;
  std::atomic<uint64_t> stops_ = 0;
  std::atomic<int> cpu_ = kNowhere;  // that the tracing thread is on alone
  // kYes is said by the tracing thread, and kNo; by the own one, that it has put it back.
  std::atomic<Watched> watched_ = Watched::kNo;
  std::atomic<bool> is_going_ = false;  // between kYes and SCHED_IDLE
  std::atomic<bool> may_be_together_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_PLACEMENT_H_
