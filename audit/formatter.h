#ifndef PROVOST_AUDIT_FORMATTER_H_
#define PROVOST_AUDIT_FORMATTER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "audit/event.h"

namespace provost {

// The time and serial that tie the records of one event together: "audit(SEC.mmm:SERIAL)".
struct EventStamp {
  int64_t seconds = 0;
  int32_t milliseconds = 0;  // 0…999
  uint64_t serial = 0;       // 1…2^32-1 as the kernel's
};

// Appends the event as audit lines, each ended by '\n', to `out` (reused by the caller, never
// cleared here). Formats and encodings are those of Linux (kernel/audit.c, kernel/auditsc.c) as
// ausearch(8) and auparse(3) read them. Never fails: what is unknown is left out or written as the
// kernel writes the unknown. No line is longer than 8,560 bytes of text.
void FormatEvent(const Event& event, const EventStamp& stamp, std::string& out);

// An untrusted string as the kernel writes it: in quotes where every byte is 0x21…0x7e and neither
// '"' nor '='; else upper-case hex.
void AppendUntrusted(absl::string_view text, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_FORMATTER_H_
