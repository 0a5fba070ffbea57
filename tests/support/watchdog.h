#ifndef PROVOST_TESTS_SUPPORT_WATCHDOG_H_
#define PROVOST_TESTS_SUPPORT_WATCHDOG_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace provost {

// The longest that one run of a victim may take. Nothing takes a tenth of it on an idle machine.
inline constexpr std::chrono::seconds kTestTimeout{120};

// Makes a hang of the supervisor a failure of one test instead of a stall of all: when the time is
// over it kills every task that a thread of this process traces, again and again, so that
// Supervisor::Run comes back. Aborts the process if it does not.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::seconds timeout = kTestTimeout);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  bool timed_out() const { return timed_out_; }

 private:
  void Watch(std::chrono::seconds timeout);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;  // guarded by mutex_
  std::atomic<bool> timed_out_ = false;
  std::thread thread_;
};

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_WATCHDOG_H_
