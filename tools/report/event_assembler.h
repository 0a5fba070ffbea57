#ifndef PROVOST_TOOLS_REPORT_EVENT_ASSEMBLER_H_
#define PROVOST_TOOLS_REPORT_EVENT_ASSEMBLER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "audit/log_lines.h"
#include "tools/report/log_event.h"

namespace provost {

// Makes events of records. Records of one event share node, time and serial; the kernel's events
// may interleave. An event is whole when its PROCTITLE or EOE record was followed by another
// event's, when a record two seconds younger has come (as ausearch and auparse have it), or when
// there is no more. Fields are taken apart by libauparse; what belongs together is decided here,
// because auparse ends an event at a record of a type that it does not know, such as CONTAINER_ID.
// Not thread-safe.
class EventAssembler {
 public:
  // Called with each event once it is whole, in the order of their first records.
  using Take = std::function<void(LogEvent& event)>;

  explicit EventAssembler(Take take) : take_(std::move(take)) {}

  // A record and its header, taken from it by ParseRecordHeader.
  void Add(const RecordHeader& header, absl::string_view line);
  // There is nothing more to read for now: events that look whole come out.
  void Idle(std::chrono::steady_clock::time_point now);
  // There is nothing more.
  void Finish();
  bool has_open() const { return !open_.empty(); }

 private:
  using Key = std::tuple<std::string, int64_t, uint32_t, uint64_t>;
  struct Open {
    Key key;
    LogEvent event;
    bool ended = false;  // PROCTITLE, EOE or the one record of its kind was seen
    std::chrono::steady_clock::time_point came;
  };

  void Emit();

  Take take_;
  std::list<Open> open_;  // in order of arrival
  absl::flat_hash_map<Key, std::list<Open>::iterator> by_key_;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_EVENT_ASSEMBLER_H_
