#ifndef PROVOST_AUDIT_EVENT_FORMAT_H_
#define PROVOST_AUDIT_EVENT_FORMAT_H_

#include <cstdint>
#include <string>

namespace provost {

// How events are written. A plain value.
struct EventFormat {
  enum class Kind : uint8_t {
    kRaw,       // audit lines as the kernel words them (auditd's log_format = RAW)
    kEnriched,  // the same, then 0x1d and the names of ids, calls and addresses (ENRICHED)
    kJson,      // one JSON object an event, on one line
  };

  Kind kind = Kind::kRaw;
  // The machine's name, "node=NAME" before each line; empty: none. At most 64 bytes of it are
  // written (HOST_NAME_MAX of Linux), with '_' for each byte that could end the field.
  std::string node;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_EVENT_FORMAT_H_
