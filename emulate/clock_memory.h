#ifndef PROVOST_EMULATE_CLOCK_MEMORY_H_
#define PROVOST_EMULATE_CLOCK_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "emulate/call.h"

namespace provost {

// How a time lies in a task's memory: two numbers, seconds and a fraction of them.
struct TimeLayout {
  bool wide;         // both of 64 bits, else of 32
  int64_t fraction;  // its unit in nanoseconds

  size_t size() const { return wide ? 16 : 8; }
};

// timespec and timeval of the call's architecture; `*_time64` calls have the first wide.
TimeLayout TimespecOf(const EmulatedCall& call);
TimeLayout TimevalOf(const EmulatedCall& call);

// As read, in the layout's units.
struct TimeRead {
  int64_t seconds = 0;
  int64_t fraction = 0;
};
absl::StatusOr<TimeRead> ReadTime(const EmulatedCall& call, uint64_t address, TimeLayout layout);
// In nanoseconds; nullopt: negative, or too much of a fraction, which the kernel refuses. What is
// longer than 64 bits count is as long as they do.
std::optional<int64_t> NanosecondsOf(const TimeRead& time, TimeLayout layout);
// Both at once; nullopt, too, where nothing can be read: the kernel says what is wrong.
std::optional<int64_t> ReadNanoseconds(const EmulatedCall& call, uint64_t address,
                                       TimeLayout layout);

// How a moment is told: cut to the unit, and to 32 bits where the layout has no more.
std::string MomentBytes(int64_t nanoseconds, TimeLayout layout);
// How long the kernel is to wait: up to the next unit, and no longer than the layout can say.
std::string LengthBytes(int64_t nanoseconds, TimeLayout layout);

}  // namespace provost

#endif  // PROVOST_EMULATE_CLOCK_MEMORY_H_
