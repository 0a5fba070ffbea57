#include "audit/event_stamper.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

namespace provost {
namespace {

// From 2^30 to 3·2^30: far above what a kernel's counter reaches, far enough from the wrap.
// Straight from the kernel: a generator in this process would give a forked child the same place.
uint32_t RandomSerial() {
  uint32_t random = 0;
  if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
    random = static_cast<uint32_t>(getpid()) << 16;
  }
  return (1u << 30) + random % (1u << 31);
}

}  // namespace

EventStamper::EventStamper() : next_(RandomSerial()) {}

EventStamp EventStamper::Next() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  EventStamp stamp;
  stamp.seconds = now.tv_sec;
  stamp.milliseconds = static_cast<int32_t>(now.tv_nsec / 1'000'000);
  stamp.serial = next_;
  Skip(1);
  return stamp;
}

void EventStamper::Skip(uint64_t events) {
  // Serials are 1…2^32-1: arithmetic is modulo 2^32-1 with 0 standing for the last of them.
  constexpr uint64_t kSerials = UINT32_MAX;
  const uint64_t next = (next_ + events % kSerials) % kSerials;
  next_ = static_cast<uint32_t>(next == 0 ? kSerials : next);
}

}  // namespace provost
