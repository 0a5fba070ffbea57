#ifndef PROVOST_TOOLS_REPORT_SUMMARY_H_
#define PROVOST_TOOLS_REPORT_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/report/log_event.h"

namespace provost {

// What events can be counted by.
enum class Dimension : uint8_t {
  kSyscall,
  kRule,
  kProgram,
  kName,
  kErrno,
  kPath,
  kContainer,
  kTime,
  kVerdict,
  kUser,
  kLogin,
  kPid,
  kNode,
  kType,
};

// "syscall", "rule" …, in the enum's order.
absl::Span<const absl::string_view> DimensionNames();
std::optional<Dimension> DimensionByName(absl::string_view name);

// When events of a group were, in milliseconds since 1970.
struct Period {
  int64_t first = INT64_MAX;
  int64_t last = INT64_MIN;
  void Add(const LogEvent& event);
  bool empty() const { return last < first; }
};

// Counts events by one or several dimensions. An event counts for each of its values: an event of
// two paths is in two rows (twice in one, as aureport has it, if its records name that path twice),
// and in the row of none if it has no path.
class Counts {
 public:
  struct Row {
    std::vector<std::optional<std::string>> values;  // one a dimension
    uint64_t events = 0;
    Period period;
  };

  // Times are counted by spans of so many seconds, of local time.
  Counts(std::vector<Dimension> by, int64_t span) : by_(std::move(by)), span_(span) {}

  void Add(const LogEvent& event);
  const std::vector<Dimension>& by() const { return by_; }
  bool empty() const { return rows_.empty(); }
  // The most frequent first; by time if that is the first dimension. At most `most`, 0 for all.
  std::vector<Row> Rows(size_t most) const;

 private:
  std::vector<Dimension> by_;
  int64_t span_;
  std::map<std::vector<std::optional<std::string>>, std::pair<uint64_t, Period>> rows_;
};

// What a person wants to know first of a log.
class Overview {
 public:
  void Add(const LogEvent& event);

  const Period& period() const { return period_; }
  uint64_t events() const { return events_; }
  uint64_t calls() const { return calls_; }
  uint64_t refused() const { return refused_; }
  // What supervisors say that they could not record.
  uint64_t lost() const;
  // Records that end a run are there for so many of the runs that began.
  uint64_t runs_begun() const { return begun_; }
  uint64_t runs_ended() const { return ended_; }

  const Counts& verdicts() const { return verdicts_; }
  const Counts& refused_calls() const { return refused_calls_; }
  const Counts& rules() const { return rules_; }
  const Counts& programs() const { return programs_; }
  const Counts& refused_paths() const { return refused_paths_; }

 private:
  struct Run {
    uint64_t said = 0;  // by events-lost records so far
    uint64_t past = 0;  // of runs of the same pid that are over
  };

  Period period_;
  uint64_t events_ = 0;
  uint64_t calls_ = 0;
  uint64_t refused_ = 0;
  uint64_t begun_ = 0;
  uint64_t ended_ = 0;
  std::map<std::pair<std::string, int64_t>, Run> runs_;  // by node and supervisor
  Counts verdicts_{{Dimension::kVerdict}, 1};
  Counts refused_calls_{{Dimension::kSyscall, Dimension::kErrno}, 1};
  Counts rules_{{Dimension::kRule}, 1};
  Counts programs_{{Dimension::kProgram}, 1};
  Counts refused_paths_{{Dimension::kPath}, 1};
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_SUMMARY_H_
