#ifndef PROVOST_AUDIT_JSON_FORMAT_H_
#define PROVOST_AUDIT_JSON_FORMAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "audit/event_format.h"
#include "audit/event_stamp.h"

namespace provost {

// Appends the event as one JSON object (RFC 8259) on one line. Its fields are in
// docs/AUDIT_LOG.md, "JSON lines": named as in audit records, numbers as numbers, registers and
// addresses as "0x…" strings; what is unknown, unset or does not apply is left out.
void AppendJsonEvent(const Event& event, const EventStamp& stamp, const EventFormat& format,
                     std::string& out);

// Appends `,"name":"text"` for any bytes: valid UTF-8 as it is, control characters escaped. Where
// `text` is no valid UTF-8, each byte that is not becomes U+FFFD, and `,"name_hex":"…"` follows
// with all of its bytes, so that nothing is lost. `name` is plain.
void AppendJsonString(absl::string_view name, absl::string_view text, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_JSON_FORMAT_H_
