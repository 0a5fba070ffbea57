#ifndef PROVOST_TESTS_SUPPORT_SUBPROCESS_H_
#define PROVOST_TESTS_SUPPORT_SUBPROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {

// How a process ended, and all it and its descendants wrote.
struct Ended {
  int exit_code = -1;  // -1: it did not exit
  int signal = 0;      // that killed it, or 0
  std::string out;
  std::string err;
  bool timed_out = false;

  bool operator==(const Ended&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Ended& ended);

// A child process without supervision, in a process group of its own, with pipes for standard
// output and error and nothing to read. No wait takes longer than kTestTimeout (watchdog.h): then
// the process group is killed. Not thread-safe.
class Subprocess {
 public:
  // `in_child` runs between fork and execve.
  explicit Subprocess(const std::vector<std::string>& argv,
                      const std::function<void()>& in_child = nullptr);
  // Kills what is left of its process group.
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  pid_t pid() const { return pid_; }

  // Reads until standard output holds `text`; false if it ended or time was up before that.
  bool AwaitOutput(absl::string_view text);
  // The same of standard error.
  bool AwaitError(absl::string_view text);
  // Waits until the process itself has stopped (WUNTRACED); returns the signal, or 0 if it ended or
  // time was up.
  int AwaitStop();
  // Waits until both pipes are closed by everyone who holds them, and the process has ended. Once.
  Ended Wait();

 private:
  using Clock = std::chrono::steady_clock;

  bool AwaitIn(const std::string& written, absl::string_view text);
  // Reads what there is, waiting for it; false when both pipes are closed or time is up.
  bool ReadSome(Clock::time_point deadline);
  void Fill(Ended& ended, int status);

  pid_t pid_;
  UniqueFd out_;
  UniqueFd err_;
  std::string out_text_;
  std::string err_text_;
  bool reaped_ = false;
};

// Starts a program without supervision and waits for its end.
Ended RunNatively(const std::vector<std::string>& argv);

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_SUBPROCESS_H_
