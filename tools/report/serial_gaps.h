#ifndef PROVOST_TOOLS_REPORT_SERIAL_GAPS_H_
#define PROVOST_TOOLS_REPORT_SERIAL_GAPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "audit/log_lines.h"

namespace provost {

// Finds what is missing of a log by its serials. Each run's rise by one from a random place
// (docs/AUDIT_LOG.md), so that an event belongs to the run whose last serial is next below its own.
// The kernel's own events are passed over. Not thread-safe.
class SerialGaps {
 public:
  // Takes the header of each record, in their order. After Suspect, returns, of each run once, what
  // is missing of it, in words; nothing if nothing is. What a supervisor itself says it lost is not
  // missing.
  std::optional<std::string> Note(const RecordHeader& header, absl::string_view line);
  // Between the last record and the next there may have been others that nobody read.
  void Suspect();

 private:
  struct Run {
    bool is_suspect = false;
  };
  using Runs = std::map<uint64_t, Run>;  // by the last serial that was read

  std::map<std::string, Runs, std::less<>> by_node_;
  bool is_suspect_ = false;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_SERIAL_GAPS_H_
