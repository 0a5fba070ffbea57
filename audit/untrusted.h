#ifndef PROVOST_AUDIT_UNTRUSTED_H_
#define PROVOST_AUDIT_UNTRUSTED_H_

#include <string>

#include "absl/strings/string_view.h"

namespace provost {

// True for what may stand in quotes in a record: 0x21…0x7e without '"' and '='.
bool IsQuotable(absl::string_view text);

// An untrusted string as the kernel writes it (audit_log_untrustedstring in kernel/audit.c): in
// quotes where IsQuotable, else in upper-case hex without quotes.
void AppendUntrusted(absl::string_view text, std::string& out);

// Two upper-case digits a byte.
void AppendHex(absl::string_view bytes, std::string& out);

}  // namespace provost

#endif  // PROVOST_AUDIT_UNTRUSTED_H_
