#ifndef PROVOST_EMULATE_CLOCK_DISCIPLINE_H_
#define PROVOST_EMULATE_CLOCK_DISCIPLINE_H_

#include <sys/timex.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/call_facts.h"
#include "emulate/call.h"

namespace provost {

// What adjtimex(2) keeps of a clock beside its time, and lets programs change (kernel/time/ntp.c).
// It is kept and told, and does not steer the clock: that runs at its rule's rate. A plain value.
class ClockDiscipline {
 public:
  // Begins with the machine's.
  ClockDiscipline();

  // What the kernel says of a request before anything changes: 0, EINVAL or EPERM.
  static int Check(const timex& asked, bool may_set_time);
  // True if it asks for a change, which takes CAP_SYS_TIME.
  static bool Changes(const timex& asked);

  // Does what was asked, but for ADJ_SETOFFSET; notes in `change` what a record says of it, and
  // fills in `told` but for the time. Returns the clock's state, TIME_OK or TIME_ERROR.
  int Adjust(const timex& asked, timex& told, ClockChange& change);

  int64_t tai() const { return kept_.tai; }
  bool counts_nanoseconds() const { return (kept_.status & STA_NANO) != 0; }

  std::string Save() const;
  // kInvalidArgument: that is nothing that Save gave.
  absl::Status Restore(absl::string_view saved);

 private:
  void ChangeModes(const timex& asked);
  void NoteChanges(const timex& before, ClockChange& change) const;
  int64_t OffsetInNanoseconds(const timex& state) const;

  timex kept_ = {};
  int64_t adjust_ = 0;  // what adjtime(3) has left to do, in microseconds
};

// How long ADJ_SETOFFSET sets the clock forward, in nanoseconds; for a request that was checked.
int64_t InjectedOffset(const timex& asked);

// A struct timex of the task's: i386's own is narrower, but for `wide` calls (clock_adjtime64).
absl::StatusOr<timex> ReadTimex(const EmulatedCall& call, uint64_t address, bool wide);
std::string TimexBytes(const timex& value, bool wide);

}  // namespace provost

#endif  // PROVOST_EMULATE_CLOCK_DISCIPLINE_H_
