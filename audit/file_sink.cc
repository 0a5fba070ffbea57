#include "audit/file_sink.h"

#include <unistd.h>

#include <utility>
#include <variant>

#include "absl/memory/memory.h"
#include "audit/appender.h"
#include "audit/file_outlet.h"
#include "audit/formatter.h"
#include "base/status_macros.h"

namespace provost {
namespace {

Identity ThisProcess() {
  Identity identity;
  identity.pid = getpid();
  identity.uid = getuid();
  identity.comm = "provost";
  return identity;
}

}  // namespace

FileSink::FileSink(std::unique_ptr<Outlet> outlet)
    : outlet_(std::move(outlet)), supervisor_(ThisProcess()) {}

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::Open(const std::string& path,
                                                         const LogFile::Options& options) {
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Outlet> outlet, OpenFileOutlet(path, options));
  return absl::WrapUnique(new FileSink(std::move(outlet)));
}

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::ForDescriptor(int fd, std::string name) {
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::ForDescriptor(fd, name));
  return absl::WrapUnique(
      new FileSink(std::make_unique<FileOutlet>(std::move(appender), std::move(name))));
}

absl::Status FileSink::Write(const Event& event) {
  if (const auto* supervisor = std::get_if<SupervisorEvent>(&event)) {
    if (supervisor->identity != nullptr) supervisor_ = *supervisor->identity;
  }
  EventStamper stamper = stamper_;
  piece_.clear();
  Format(event, stamper);
  size_t sent = 0;
  PROVOST_RETURN_IF_ERROR(outlet_->Put(piece_, sent).status());
  stamper_ = stamper;
  lost_ = 0;
  return absl::OkStatus();
}

// The events-lost record and the event are one piece: on record both or neither.
void FileSink::Format(const Event& event, EventStamper& stamper) {
  if (lost_ > 0) {
    stamper.Skip(lost_);
    FormatEvent(
        SupervisorEvent{
            .what = SupervisorEvent::What::kEventsLost, .identity = &supervisor_, .lost = lost_},
        stamper.Next(), piece_);
  }
  FormatEvent(event, stamper.Next(), piece_);
}

}  // namespace provost
