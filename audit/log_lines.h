#ifndef PROVOST_AUDIT_LOG_LINES_H_
#define PROVOST_AUDIT_LOG_LINES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// The longest record that readers of audit logs take (MAX_AUDIT_MESSAGE_LENGTH of libaudit, less
// the newline): they cut a longer one and take its tail for a record of its own.
inline constexpr size_t kMaxRecordLength = 8969;
// Of a line that is longer, what follows is not all kept; it is no record of any kind.
inline constexpr size_t kMaxLineLength = size_t{1} << 20;

// What stands before the fields of a record: "node=NAME type=NAME msg=audit(SECONDS.mmm:SERIAL):".
struct RecordHeader {
  absl::string_view node;  // empty: none. Both are views of the line
  absl::string_view type;
  int64_t seconds = 0;
  uint32_t milliseconds = 0;
  uint64_t serial = 0;
};

// Takes the header of a line. kInvalidArgument says what is wrong with it, in words that go behind
// "FILE:LINE: ". Refuses, too, what readers would read as something else: a line that is too long,
// or that holds a NUL.
absl::StatusOr<RecordHeader> ParseRecordHeader(absl::string_view line);

// Opens a log for reading: a regular file, a pipe, or (by "-") standard input, as a new descriptor.
// kNotFound where there is nothing, kInvalidArgument for a directory or a device; messages name the
// path and the mend.
absl::StatusOr<int> OpenAuditLog(const std::string& path);

// The lines of a descriptor, one after the other, in bounded memory. They end in LF or CR LF. Not
// thread-safe.
class LogLines {
 public:
  enum class Wait : uint8_t { kForMore, kNever };

  // `fd` is not owned; `name` is what errors call it.
  LogLines(int fd, std::string name, Wait wait = Wait::kForMore)
      : fd_(fd), name_(std::move(name)), wait_(wait) {}

  // The next whole line, without its end, good until the next call; nullopt where no more can
  // be read now: the end of a file, which may grow, or with kNever a pipe that is empty for now.
  // Errors of read(2).
  absl::StatusOr<std::optional<absl::string_view>> Next();
  // What stands behind the last newline; nullopt if nothing does.
  std::optional<absl::string_view> Rest();
  // The number of the line that was returned last, from 1.
  uint64_t number() const { return number_; }
  // True if Next found the end of the file, and not only nothing yet.
  bool at_end() const { return at_end_; }
  const std::string& name() const { return name_; }

 private:
  int fd_;
  std::string name_;
  Wait wait_;
  bool at_end_ = false;
  std::string buffer_;
  size_t begin_ = 0;    // of what was not returned yet
  size_t scanned_ = 0;  // up to here there is no newline
  uint64_t number_ = 0;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_LINES_H_
