#ifndef PROVOST_TOOLS_REPORT_LOG_FILES_H_
#define PROVOST_TOOLS_REPORT_LOG_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/log_lines.h"
#include "base/unique_fd.h"
#include "tools/report/event_assembler.h"

namespace provost {

// The files of a log, oldest first: FILE.2, FILE.1, FILE, as rotation by rename leaves them. A
// directory stands for the audit.log in it. kNotFound, kInvalidArgument name the path and the mend.
absl::StatusOr<std::vector<std::string>> FilesOfLog(const std::string& path);

// Reads audit logs, each with its rotated files, and feeds an EventAssembler. Not thread-safe.
class LogFiles {
 public:
  // Called with what a reader must know and can live with: malformed lines by file and number, a
  // log that was cut short while it was followed.
  using Complain = std::function<void(const std::string& message)>;

  LogFiles(EventAssembler& assembler, Complain complain)
      : assembler_(assembler), complain_(std::move(complain)) {}

  // Opens what `path` names: a log, a directory with one, a pipe, or - for standard input;
  // `rotated`: with the files that rotation left.
  absl::Status Open(const std::string& path, bool rotated);

  // Reads all that is there, in the order of opening.
  absl::Status Read();
  // Read, then what comes; ends when every log is a pipe whose writers are gone. Goes along with
  // rotation by rename, over several files if need be, and starts again from the beginning of a
  // file that was truncated. `caught_up` is called whenever there is nothing more to read for now.
  absl::Status Follow(const std::function<void()>& caught_up);

  // Lines that are no records.
  uint64_t malformed() const { return malformed_; }

 private:
  struct File {
    UniqueFd fd;
    dev_t device = 0;
    ino_t inode = 0;
    bool regular = false;
    std::unique_ptr<LogLines> lines;
    uint64_t malformed = 0;
    bool Is(const File& other) const { return device == other.device && inode == other.inode; }
  };
  struct Log {
    std::string path;  // of the file that grows
    std::vector<File> files;
    bool over = false;  // a pipe that ended
  };

  static absl::StatusOr<File> OpenFile(const std::string& path);
  absl::Status OpenRotated(Log& log);
  // Reads a file to its present end; `last`: and what stands there without a newline.
  absl::Status ReadFile(File& file, bool last);
  void TakeLine(File& file, absl::string_view line);
  absl::Status CatchUp(Log& log);
  // Goes on to the files that came after the one that was read last; false if there are none.
  absl::StatusOr<bool> GoOn(Log& log);
  absl::Status ReadAgainIfTruncated(Log& log);

  EventAssembler& assembler_;
  Complain complain_;
  std::vector<Log> logs_;
  uint64_t malformed_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_LOG_FILES_H_
