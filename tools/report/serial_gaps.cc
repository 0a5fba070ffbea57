#include "tools/report/serial_gaps.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace provost {
namespace {

// Those of supervisors begin above it; the kernel's, which may come in another order, below.
constexpr uint64_t kFirstSerial = uint64_t{1} << 30;
// A serial that is further from a run's last is of another run: one whose beginning was not read.
constexpr uint64_t kMostMissing = 1'000'000;
// Of runs that were killed nobody says that they ended.
constexpr size_t kMostRuns = 1024;

bool IsOwn(const RecordHeader& header, absl::string_view line, absl::string_view op) {
  const bool is_own = header.type == "SERVICE_START" || header.type == "SERVICE_STOP" ||
                      header.type == "TRUSTED_APP";
  return is_own && absl::StrContains(line, absl::StrCat(" op=", op, " "));
}

// The lost= of an event of the supervisor's own.
uint64_t LostOf(absl::string_view line) {
  constexpr absl::string_view kName = " lost=";
  const size_t at = line.find(kName);
  uint64_t lost = 0;
  if (at == absl::string_view::npos) return 0;
  const absl::string_view value = line.substr(at + kName.size());
  return absl::SimpleAtoi(value.substr(0, value.find(' ')), &lost) ? lost : 0;
}

}  // namespace

void SerialGaps::Suspect() {
  is_suspect_ = true;
  for (auto& [node, runs] : by_node_) {
    for (auto& [last, run] : runs) run.is_suspect = true;
  }
}

std::optional<std::string> SerialGaps::Note(const RecordHeader& header, absl::string_view line) {
  const uint64_t serial = header.serial;
  if (serial < kFirstSerial) return std::nullopt;
  const auto node = by_node_.find(header.node);
  Runs& runs = node != by_node_.end() ? node->second : by_node_[std::string(header.node)];
  if (IsOwn(header, line, "supervisor-start")) {
    runs[serial] = Run();
    return std::nullopt;
  }
  const auto after = runs.upper_bound(serial);
  const auto found = after == runs.begin() ? runs.end() : std::prev(after);
  const bool is_known = found != runs.end() && serial - found->first <= kMostMissing;
  if (is_known && found->first == serial) return std::nullopt;
  std::optional<std::string> gap;
  if (is_known) {
    const uint64_t last = found->first;
    uint64_t missing = serial - last - 1;
    // The record that says what was lost has the serial of the last of it.
    if (IsOwn(header, line, "events-lost")) {
      const uint64_t lost = LostOf(line);
      missing -= std::min(missing, lost > 0 ? lost - 1 : 0);
    }
    if (found->second.is_suspect && missing > 0) {
      gap = absl::StrCat(missing, missing == 1 ? " event was" : " events were",
                         " deleted before they could be read, of those with the serials ", last + 1,
                         " to ", serial - 1);
    }
    runs.erase(found);
  } else if (is_suspect_) {
    gap = absl::StrCat(
        "the beginning of a run was deleted before it could be read: its events "
        "before the one with the serial ",
        serial);
  }
  if (!IsOwn(header, line, "supervisor-end")) runs[serial] = Run();
  if (runs.size() > kMostRuns) runs.erase(runs.begin());
  return gap;
}

}  // namespace provost
