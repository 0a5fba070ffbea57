#ifndef PROVOST_AUDIT_FILE_SINK_H_
#define PROVOST_AUDIT_FILE_SINK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "audit/event_stamper.h"
#include "audit/log_file.h"
#include "audit/outlet.h"
#include "audit/sink.h"
#include "base/identity.h"

namespace provost {

// An audit log that ausearch(8) reads. Events are whole write(2)s with O_APPEND, so several
// supervisors share one file; a torn last line (somebody's crash) is ended with a newline before
// the first append. A write that fell short (disk full) is taken back so that no half event is read
// (appender.h says how, and what holds for descriptors that are no file of our own), and is
// reported; the caller may offer the event again.
//
// Lost events (CountLost) leave a gap in the serials, and a TRUSTED_APP record op=events-lost with
// their number goes ahead of the next event that is taken. An event that was refused and then taken
// leaves no trace of that.
//
// The process must ignore SIGPIPE (a pipe whose reader went) and SIGXFSZ (RLIMIT_FSIZE); then both
// are error statuses. One thread at a time.
class FileSink final : public AuditSink {
 public:
  // Opens or creates `path` (mode 0600) for appending. "-" is standard output. `options` are for
  // regular files. Errors name the path and the reason.
  static absl::StatusOr<std::unique_ptr<FileSink>> Open(const std::string& path,
                                                        const LogFile::Options& options = {});
  // Takes an open descriptor it does not own (standard error).
  static absl::StatusOr<std::unique_ptr<FileSink>> ForDescriptor(int fd, std::string name);

  absl::Status Write(const Event& event) override;
  void CountLost(uint64_t events) override { lost_ += events; }
  absl::Status Flush() override { return outlet_->Flush(); }

 private:
  explicit FileSink(std::unique_ptr<Outlet> outlet);

  void Format(const Event& event, EventStamper& stamper);

  std::unique_ptr<Outlet> outlet_;
  EventStamper stamper_;
  Identity supervisor_;  // for op=events-lost: of the last SupervisorEvent, or this process
  uint64_t lost_ = 0;    // lost since the last event that was taken
  std::string piece_;    // the event in hand, formatted; kept for its memory
};

}  // namespace provost

#endif  // PROVOST_AUDIT_FILE_SINK_H_
