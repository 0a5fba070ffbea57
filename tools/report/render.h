#ifndef PROVOST_TOOLS_REPORT_RENDER_H_
#define PROVOST_TOOLS_REPORT_RENDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "tools/report/log_event.h"
#include "tools/report/summary.h"

namespace provost {

// Reports as text for people, and as JSON for programs (docs/REPORT.md). Text is whole lines;
// nothing in it that came from a log can move a terminal's cursor or break a line.

// What was read, for a report's end.
struct Totals {
  uint64_t events = 0;   // read
  uint64_t matched = 0;  // that a filter let through
  uint64_t malformed = 0;
};

// `text` with control characters and bytes that are no UTF-8 as \xHH, and a backslash doubled.
std::string Visible(absl::string_view text);

// Lines of the same number of cells as columns; the first line is the head, the first column of
// numbers. The cells are Visible.
std::string TableToText(const std::vector<std::vector<std::string>>& lines, bool colour);

// One event in one line.
std::string EventToText(const LogEvent& event, bool colour);
nlohmann::ordered_json EventToJson(const LogEvent& event);

// A table with a column a dimension. `most` rows, 0 for all.
std::string CountsToText(const Counts& counts, size_t most, bool colour);
nlohmann::ordered_json CountsToJson(const Counts& counts, size_t most, const Totals& totals);

std::string OverviewToText(const Overview& overview, size_t most, bool colour);
nlohmann::ordered_json OverviewToJson(const Overview& overview, size_t most, const Totals& totals);

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_RENDER_H_
