#ifndef PROVOST_EMULATE_VIRTUAL_CLOCK_H_
#define PROVOST_EMULATE_VIRTUAL_CLOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "emulate/clock_settings.h"

namespace provost {

// The machine's CLOCK_MONOTONIC in nanoseconds.
int64_t RealMonotonic();

// The clocks of one tree. Each is driven by the machine's clock of its own name, from a moment at
// which both were read: at the machine's `real` it was `virtual_time`, and it goes on at the rate.
// All times are nanoseconds. Not thread-safe.
class VirtualClock {
 public:
  // Begins now.
  explicit VirtualClock(const ClockSettings& settings);

  // False for the clocks that stay the kernel's: of CPU time, and of devices.
  static bool IsVirtual(clockid_t clock);
  // Whose readings lag to the last tick.
  static bool IsCoarse(clockid_t clock) {
    return clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
  }

  int64_t Now(clockid_t clock) const;
  // What times(2) returns, of 100 a second.
  int64_t Ticks() const;

  // When the machine's clock of that name is where it must be for a wait until `moment`. Frozen,
  // that wait is as long as it would be if the clock ran.
  int64_t RealMoment(clockid_t clock, int64_t moment) const;
  // How long a wait of that length is really, and the other way round.
  int64_t RealLength(int64_t length) const { return frozen_ ? length : rate_.ToReal(length); }
  int64_t VirtualLength(int64_t real) const { return frozen_ ? real : rate_.ToVirtual(real); }
  // True if RealLength changes nothing; and RealMoment, for that clock.
  bool KeepsLengths() const { return frozen_ || rate_.IsReal(); }
  bool KeepsMoments(clockid_t clock) const;

  const ClockRate& rate() const { return rate_; }

  void SetRealtime(int64_t now);
  // CLOCK_TAI less CLOCK_REALTIME, in seconds.
  void SetTai(int64_t seconds) { tai_ = seconds; }

  // Numbers, for a supervisor that goes on with the clocks. kInvalidArgument: that is none of it.
  std::string Save() const;
  absl::Status Restore(absl::string_view saved);

 private:
  enum Line : uint8_t { kRealtime, kMonotonic, kRaw, kBoottime, kTicks, kLines };
  struct Moment {
    int64_t real = 0;
    int64_t virtual_time = 0;
  };

  static Line LineOf(clockid_t clock);
  static int64_t ReadReal(Line line);
  int64_t At(Line line, int64_t real) const;

  ClockRate rate_;
  bool frozen_;
  int64_t tai_;
  std::array<Moment, kLines> begins_;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_VIRTUAL_CLOCK_H_
