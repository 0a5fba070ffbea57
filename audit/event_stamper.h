#ifndef PROVOST_AUDIT_EVENT_STAMPER_H_
#define PROVOST_AUDIT_EVENT_STAMPER_H_

#include <cstdint>

#include "audit/formatter.h"

namespace provost {

// Gives each event of one log its time (CLOCK_REALTIME) and its serial. Serials rise by one from
// one event to the next, so that a gap means lost events; after 2^32-1 comes 1. They start at a
// random high place, because readers merge two events that share time and serial: those of two
// supervisors that write one file, or of the kernel where the files are joined, must not meet.
// Copyable: a copy that was tried and thrown away has used up nothing.
class EventStamper {
 public:
  EventStamper();
  explicit EventStamper(uint32_t first_serial) : next_(first_serial) {}

  // The time now and the next serial.
  EventStamp Next();
  // The serial that Next would give.
  uint32_t next() const { return next_; }
  // Leaves `events` serials out.
  void Skip(uint64_t events);

 private:
  uint32_t next_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_EVENT_STAMPER_H_
