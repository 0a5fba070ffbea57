#ifndef PROVOST_AUDIT_FORMATTER_H_
#define PROVOST_AUDIT_FORMATTER_H_

#include <string>

#include "audit/event.h"
#include "audit/event_format.h"
#include "audit/event_stamp.h"

namespace provost {

// Appends the event, whole lines each ended by '\n', to `out` (reused by the caller, never cleared
// here). Never fails: what is unknown is left out or written as the kernel writes the unknown. From
// any thread.
//
// kRaw, kEnriched: audit lines. Formats and encodings are those of Linux (kernel/audit.c,
// kernel/auditsc.c, kernel/seccomp.c) as ausearch(8) and auparse(3) read them; no line is longer
// than 8,560 bytes of text. What enriching adds is what auditd(8) adds with log_format = ENRICHED;
// it looks names up and so may wait for it.
// kJson: one object on one line (audit/json_format.h).
void FormatEvent(const Event& event, const EventStamp& stamp, const EventFormat& format,
                 std::string& out);
// kRaw, without a node.
void FormatEvent(const Event& event, const EventStamp& stamp, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_FORMATTER_H_
