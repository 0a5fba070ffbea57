#include "supervisor/placement.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/quiet_thread.h"
#include "base/unique_fd.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

using Nanoseconds = PlacementChoice::Nanoseconds;

// Fewer stops than this in a tick are not worth it.
constexpr uint64_t kLeastStops = 40;
// The thread follows at most once in so many stops: who waits in the kernel is not elsewhere.
constexpr uint64_t kFollowEvery = 8;
// For so many ticks behind the last that the thread was put back in: it may just have been going.
constexpr int kTicksBehind = 2;
constexpr Nanoseconds kSpareAge = std::chrono::milliseconds(10);

Nanoseconds Now() { return std::chrono::steady_clock::now().time_since_epoch(); }

int WithoutFlags(int policy) { return policy & ~SCHED_RESET_ON_FORK; }

bool IsOrdinary(int policy) {
  return WithoutFlags(policy) == SCHED_OTHER || WithoutFlags(policy) == SCHED_BATCH;
}

// How many threads of the machine want a CPU (proc_loadavg(5)); -1: not known.
int CountRunning() {
  const UniqueFd file(open("/proc/loadavg", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text = {};
  if (!file.valid() || read(file.get(), text.data(), text.size() - 1) <= 0) return -1;
  const char* field = text.data();
  for (int i = 0; i < 3 && field != nullptr; ++i) {
    field = strchr(field, ' ');
    if (field != nullptr) ++field;
  }
  return field == nullptr ? -1 : atoi(field);
}

// Under SCHED_IDLE and back; what cannot come back must not go (sched_setscheduler(2)).
absl::Status TryOnThisThread(int policy) {
  absl::Status status = SetSchedulingPolicy(0, SCHED_IDLE);
  status.Update(SetSchedulingPolicy(0, policy));
  return status;
}

// False if there is none to be had.
template <typename Function>
bool StartThread(std::thread& thread, Function function) {
  try {
    thread = StartQuietThread(std::move(function));
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace

Placement::Placement(PlacementMode mode)
    : tid_(static_cast<pid_t>(syscall(SYS_gettid))), choice_(mode), window_began_(Now()) {
  if (mode == PlacementMode::kOff) return;
  absl::StatusOr<Scheduling> ordinary = Scheduling::Of(0);
  if (!ordinary.ok()) return;
  ordinary_ = *std::move(ordinary);
  is_on_ = IsOrdinary(ordinary_->policy) && ordinary_->cpus.count() > 1;
  if (!is_on_) return;
  SetOrdinaryScheduling(*ordinary_);
  is_new_ = mode != PlacementMode::kSpin;
  if (is_new_) Start();
}

Placement::~Placement() {
  if (choice_.place() == Place::kTogether) ComeBack();
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
  ComeBack();
}

absl::Status Placement::MayBeTogether() {
  absl::Status status = absl::ResourceExhaustedError("cannot start a thread");
  std::thread thread;
  const int policy = sched_getscheduler(0);
  if (StartThread(thread, [&] { status = TryOnThisThread(policy); })) thread.join();
  if (status.ok()) return status;
  return absl::PermissionDeniedError(absl::StrCat("the supervisor cannot leave SCHED_IDLE again (",
                                                  status.message(),
                                                  "): that takes CAP_SYS_NICE, or `ulimit -e 20`"));
}

void Placement::Begin() {
  is_new_ = false;
  if (choice_.place() != Place::kFree) return;
  choice_.BeginTogether(Now());
  GoTogether();
}

void Placement::EndWindow() {
  const Nanoseconds now = Now();
  const Nanoseconds cost = (now - window_began_) / PlacementChoice::kWindow;
  window_began_ = now;
  const Watched watched = watched_;
  if (watched == Watched::kCooled || watched == Watched::kStarved) {
    watched_ = Watched::kNo;
    ComeBack();
    choice_.WasLeft(now, watched == Watched::kStarved);
  }
  if (cost <= PlacementChoice::kCool && !thread_.joinable()) Start();
  const Place before = choice_.place();
  const Place place = choice_.Next(now, cost, WhatIsPossible());
  if (place == before) return;
  if (place == Place::kTogether) return GoTogether();
  if (before == Place::kTogether) {
    watched_ = Watched::kNo;
    ComeBack();
  }
}

PlacementChoice::Possible Placement::WhatIsPossible() {
  if (const Nanoseconds now = Now(); now - looked_for_spare_ > kSpareAge) {
    looked_for_spare_ = now;
    const int running = CountRunning();
    has_spare_cpu_ = running > 0 && running <= ordinary_->cpus.count();
  }
  return {.together = may_be_together_, .spinning = has_spare_cpu_};
}

void Placement::GoTogether() {
  if (!TakeWhatIsOrdinary()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_going_ = true;
    watched_ = Watched::kYes;
  }
  changed_.notify_one();
  followed_at_ = 0;
  Follow();
  SetSchedulingPolicy(0, SCHED_IDLE).IgnoreError();
  if (watched_ != Watched::kYes) ComeBack();
  is_going_ = false;
}

// Somebody may have set something else since, which is what is ordinary then. False if that is not
// for us to change.
bool Placement::TakeWhatIsOrdinary() {
  absl::StatusOr<Scheduling> now = Scheduling::Of(0);
  if (!now.ok() || !IsOrdinary(now->policy)) {
    is_on_ = false;
    return false;
  }
  const bool is_same = now->policy == ordinary_->policy && now->cpus == ordinary_->cpus;
  if (!is_same) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ordinary_ = *std::move(now);
    SetOrdinaryScheduling(*ordinary_);
  }
  is_on_ = ordinary_->cpus.count() > 1;
  return is_on_;
}

void Placement::Follow() {
  const uint64_t stops = stops_.load(std::memory_order_relaxed);
  if (stops - followed_at_ < kFollowEvery || watched_ != Watched::kYes) return;
  followed_at_ = stops;
  const absl::StatusOr<int> cpu = ReadLastCpu(stopped_);
  const int before = cpu_;
  if (!cpu.ok() || *cpu == before || !ordinary_->cpus.Has(*cpu)) return;
  // What somebody else has set since stays.
  const absl::StatusOr<CpuSet> current = CpuSet::Of(0);
  if (before != kNowhere && current.ok() && !(*current == CpuSet(before))) return;
  if (!CpuSet(*cpu).Give(0).ok()) return;
  cpu_ = *cpu;
  // The other thread may have put it back just before.
  if (watched_ == Watched::kYes) return;
  ComeBack();
  ordinary_->cpus.Give(0).IgnoreError();
}

void Placement::ComeBack() {
  if (WithoutFlags(sched_getscheduler(tid_)) == SCHED_IDLE) {
    SetSchedulingPolicy(tid_, ordinary_->policy).IgnoreError();
  }
  const int cpu = cpu_.exchange(kNowhere);
  if (cpu == kNowhere) return;
  const absl::StatusOr<CpuSet> current = CpuSet::Of(tid_);
  if (current.ok() && *current == CpuSet(cpu)) ordinary_->cpus.Give(tid_).IgnoreError();
}

void Placement::Start() {
  // Without a thread of its own nothing is placed, and it is tried once.
  if (!StartThread(thread_, [this] { Look(); })) is_on_ = false;
}

void Placement::Look() {
  may_be_together_ = TryOnThisThread(ordinary_->policy).ok();
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_over_ || watched_ == Watched::kYes; });
    if (is_over_) return;
    LookAfter(lock);
  }
}

void Placement::LookAfter(std::unique_lock<std::mutex>& lock) {
  uint64_t seen = stops_.load(std::memory_order_relaxed);
  int kept_from = kNowhere;
  int behind = 0;
  while (!changed_.wait_for(lock, kTick, [this] { return is_over_; })) {
    const uint64_t stops = stops_.load(std::memory_order_relaxed);
    const uint64_t handled = stops - seen;
    seen = stops;
    if (watched_ != Watched::kYes) {
      if (!is_going_ && (watched_ == Watched::kNo || ++behind > kTicksBehind)) return;
      ComeBack();
      continue;
    }
    behind = 0;
    if (handled < kLeastStops) {
      Watched yes = Watched::kYes;
      watched_.compare_exchange_strong(yes, IsStarved() ? Watched::kStarved : Watched::kCooled);
      ComeBack();
      continue;
    }
    // To the scheduler that CPU is an idle one for this thread as well, which would then send the
    // task away from it.
    const int cpu = cpu_;
    if (cpu != kNowhere && cpu != kept_from) {
      ordinary_->cpus.Without(cpu).Give(0).IgnoreError();
      kept_from = cpu;
    }
  }
}

// True if a task waits for the tracing thread, and that for a CPU.
bool Placement::IsStarved() const {
  const absl::StatusOr<char> task = ReadTaskState(stopped_);
  const absl::StatusOr<char> thread = ReadTaskState(tid_);
  return task.ok() && thread.ok() && *task == 't' && *thread == 'R';
}

}  // namespace provost
