#ifndef PROVOST_AUDIT_RECORD_LINE_H_
#define PROVOST_AUDIT_RECORD_LINE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/event_format.h"
#include "audit/event_stamp.h"
#include "syscalls/request.h"

namespace provost {

// Bytes of text that a line may have: readers cut longer ones in two, and take the rest for a line
// of its own (MAX_AUDIT_MESSAGE_LENGTH in auditd's libaudit.h, less a margin).
inline constexpr size_t kMaxRecord = 8560;

// What the lines of one event share. Refers to `format` and `out`, which outlive it.
class EventLines {
 public:
  EventLines(const EventStamp& stamp, const EventFormat& format, std::string& out);

  bool enriched() const { return enriched_; }
  std::string& out() const { return out_; }
  // "[node=NAME ]type=TYPE msg=audit(…): "
  void Begin(absl::string_view type) const;

 private:
  absl::string_view node_;  // with its blank; empty without one
  std::string odd_node_;    // stands behind `node_` where the name as it is will not do
  size_t stamp_size_;
  char stamp_[64];  // " msg=audit(…): "
  bool enriched_;
  std::string& out_;
};

// One record: from its construction, which writes its head, to its destruction, which ends its
// line. Its fields are appended to out(); where the event is to be enriched, their names follow,
// each left out if the line would grow too long (as auditd does).
class RecordLine {
 public:
  RecordLine(const EventLines& lines, absl::string_view type)
      : lines_(lines), start_(lines.out().size()) {
    lines.Begin(type);
  }
  ~RecordLine() { out().push_back('\n'); }
  RecordLine(const RecordLine&) = delete;
  RecordLine& operator=(const RecordLine&) = delete;

  std::string& out() const { return lines_.out(); }
  // Fields, as by absl::StrAppend.
  template <typename... Pieces>
  void Add(const Pieces&... pieces) const {
    absl::StrAppend(&out(), pieces...);
  }

  // After the last field: what a field's number stands for. Names are upper-case, as `UID`. Nothing
  // happens unless the event is to be enriched.
  void NameUser(absl::string_view field, uint32_t uid);
  void NameGroup(absl::string_view field, uint32_t gid);
  void NameArch(uint32_t arch);
  void NameCall(const SyscallRequest& request);
  void NameAddress(absl::string_view sockaddr);

 private:
  template <typename Append>
  void Name(absl::string_view field, const Append& append);

  const EventLines& lines_;
  size_t start_;
  int names_ = 0;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_RECORD_LINE_H_
