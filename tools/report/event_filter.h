#ifndef PROVOST_TOOLS_REPORT_EVENT_FILTER_H_
#define PROVOST_TOOLS_REPORT_EVENT_FILTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/report/log_event.h"

namespace provost {

// Which events are meant: the filters of ausearch(8), with its names and its meaning, and --contid
// and --verdict. All that were added must hold; of --message and --node, any.
class EventFilter {
 public:
  EventFilter() = default;
  EventFilter(const EventFilter&) = delete;
  EventFilter& operator=(const EventFilter&) = delete;

  // `option` is the long name without its dashes: "syscall". kInvalidArgument names the option,
  // what is wrong with `value` and what could be said.
  absl::Status Add(absl::string_view option, const std::string& value, int64_t now);
  // From here on strings (--key, --executable, --comm, --file, --terminal) must be the value, not
  // only hold it.
  void set_whole_words(bool whole) { whole_words_ = whole; }

  bool Matches(const LogEvent& event) const;

 private:
  using Test = std::function<bool(const LogEvent&)>;

  bool MatchesText(const std::string& wanted, const std::string& text) const;
  absl::Status AddNumber(absl::string_view option, const std::string& value);
  absl::Status AddUser(absl::string_view option, const std::string& value);
  absl::Status AddText(absl::string_view option, const std::string& value);
  absl::Status AddSyscall(const std::string& value);
  absl::Status AddArch(const std::string& value);
  absl::Status AddExit(const std::string& value);
  absl::Status AddMessage(const std::string& value);

  std::vector<Test> tests_;
  std::vector<std::string> messages_;  // record types' names
  std::vector<std::string> nodes_;
  bool whole_words_ = false;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_EVENT_FILTER_H_
