#ifndef PROVOST_AUDIT_FILE_SINK_H_
#define PROVOST_AUDIT_FILE_SINK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "audit/log_file.h"
#include "audit/log_sink.h"
#include "audit/outlet.h"

namespace provost {

// One audit log that ausearch(8) reads, as a sink. Events are whole write(2)s with O_APPEND, so
// several supervisors share one file (log_file.h, appender.h); with regular files nothing is
// queued.
//
// The process must ignore SIGPIPE (a pipe whose reader went) and SIGXFSZ (RLIMIT_FSIZE); then both
// are error statuses.
class FileSink final : public LogSink {
 public:
  // Opens or creates `path` (mode 0600) for appending. `options` are for regular files. Errors name
  // the path and the reason.
  static absl::StatusOr<std::unique_ptr<FileSink>> Open(const std::string& path,
                                                        const LogFile::Options& options = {});
  // Takes an open descriptor it does not own (standard error).
  static absl::StatusOr<std::unique_ptr<FileSink>> ForDescriptor(int fd, std::string name);

 private:
  explicit FileSink(std::unique_ptr<Outlet> outlet) : LogSink(Options()) { Add(std::move(outlet)); }
};

}  // namespace provost

#endif  // PROVOST_AUDIT_FILE_SINK_H_
