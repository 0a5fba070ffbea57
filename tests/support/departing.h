#ifndef PROVOST_TESTS_SUPPORT_DEPARTING_H_
#define PROVOST_TESTS_SUPPORT_DEPARTING_H_

#include <pthread.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "supervisor/departure.h"

namespace provost {

// Asks the run of the thread that made this to depart once its program is ready: it does so by
// closing the descriptor `ready()`, which it inherits. What it reads from `go()` ends with End().
class Departing {
 public:
  explicit Departing(Departure departure);
  ~Departing();
  Departing(const Departing&) = delete;
  Departing& operator=(const Departing&) = delete;

  // What the program is told.
  std::string ready() const;
  std::string go() const;

  // For Options::leave.
  std::optional<Departure> Ask();
  // For Options::on_started: the program has its copy of ready().
  void Started();
  void End();

 private:
  void Wake();

  const Departure departure_;
  const pthread_t tracer_;
  UniqueFd ready_read_, ready_write_, go_read_, go_write_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ready_ = false;  // these two guarded by mutex_
  bool was_asked_ = false;
  std::thread thread_;
};

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_DEPARTING_H_
