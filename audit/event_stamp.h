#ifndef PROVOST_AUDIT_EVENT_STAMP_H_
#define PROVOST_AUDIT_EVENT_STAMP_H_

#include <cstdint>

namespace provost {

// The time and serial that tie the records of one event together: "audit(SEC.mmm:SERIAL)".
struct EventStamp {
  int64_t seconds = 0;
  int32_t milliseconds = 0;  // 0…999
  uint64_t serial = 0;       // 1…2^32-1 as the kernel's
};

}  // namespace provost

#endif  // PROVOST_AUDIT_EVENT_STAMP_H_
