#ifndef PROVOST_TOOLS_REPORT_LOG_FILES_H_
#define PROVOST_TOOLS_REPORT_LOG_FILES_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "audit/log_lines.h"
#include "audit/log_set.h"
#include "tools/report/event_assembler.h"
#include "tools/report/serial_gaps.h"

namespace provost {

// Reads audit logs, each with its rotated files, and feeds an EventAssembler. Not thread-safe.
class LogFiles {
 public:
  // Called with what a reader must know and can live with: malformed lines by file and number, a
  // log that was cut short while it was followed, events that were deleted before they were read.
  using Complain = std::function<void(const std::string& message)>;

  LogFiles(EventAssembler& assembler, Complain complain)
      : assembler_(assembler), complain_(std::move(complain)) {}

  // Opens what `path` names: a log, a directory with one, a pipe, or - for standard input;
  // `rotated`: with the files that rotation left.
  absl::Status Open(const std::string& path, bool rotated);

  // Reads all that is there, in the order of opening.
  absl::Status Read();
  // Read, then what comes; ends when every log is a pipe whose writers are gone. Goes along with
  // rotation by rename: files are opened as they come, and read to their end whatever becomes of
  // their names. What came and was deleted between two looks is said by the gap it leaves in the
  // serials. Starts again from the beginning of a file that was truncated. `caught_up` is called
  // whenever there is nothing more to read for now.
  absl::Status Follow(const std::function<void()>& caught_up);

  // Lines that are no records.
  uint64_t malformed() const { return malformed_; }

 private:
  struct File {
    OpenedLog opened;
    std::unique_ptr<LogLines> lines;
    uint64_t malformed = 0;
    bool is_done = false;    // read to its end, or not to be read: open to know it again
    bool after_gap = false;  // there may have been others before it, since the last that is known
  };
  struct Log {
    std::string path;       // of the file that grows
    std::list<File> files;  // oldest first; the last is read, too, while it grows
    SerialGaps gaps;
    bool is_over = false;  // a pipe that ended
  };

  static File MakeFile(OpenedLog opened);
  // True if this or another log has it open, among those to be read if `to_be_read`.
  bool Knows(const OpenedLog& file, bool to_be_read) const;
  // Reads a file to its present end; `last`: and what stands there without a newline.
  absl::Status ReadFile(Log& log, File& file, bool last);
  void TakeLine(Log& log, File& file, absl::string_view line);
  absl::Status CatchUp(Log& log);
  // Opens the files that came after the last one that is known, and lets those go that were read
  // and have no name any more.
  absl::Status OpenNewer(Log& log);
  absl::Status ReadAgainIfTruncated(Log& log);

  EventAssembler& assembler_;
  Complain complain_;
  std::list<Log> logs_;
  bool follows_ = false;
  uint64_t malformed_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_LOG_FILES_H_
