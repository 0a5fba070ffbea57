#include "audit/file_sink.h"

#include <unistd.h>

#include <utility>
#include <variant>

#include "absl/memory/memory.h"
#include "audit/formatter.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr size_t kBufferLimit = 64 * 1024;

Identity ThisProcess() {
  Identity identity;
  identity.pid = getpid();
  identity.uid = getuid();
  identity.comm = "provost";
  return identity;
}

}  // namespace

FileSink::FileSink(Appender appender, Options options)
    : appender_(std::move(appender)), options_(options), supervisor_(ThisProcess()) {}

FileSink::~FileSink() {
  // There is nobody left to tell.
  (void)Flush();
}

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::Open(const std::string& path, Options options) {
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::Open(path));
  return absl::WrapUnique(new FileSink(std::move(appender), options));
}

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::ForDescriptor(int fd, std::string name,
                                                                  Options options) {
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::ForDescriptor(fd, std::move(name)));
  return absl::WrapUnique(new FileSink(std::move(appender), options));
}

absl::Status FileSink::Write(const Event& event) {
  if (const auto* supervisor = std::get_if<SupervisorEvent>(&event)) {
    if (supervisor->identity != nullptr) supervisor_ = *supervisor->identity;
  }
  if (buffer_.size() >= kBufferLimit) PROVOST_RETURN_IF_ERROR(Flush());
  EventStamper stamper = stamper_;
  Format(event, stamper);
  if (!options_.buffered) {
    if (absl::Status status = Flush(); !status.ok()) {
      buffer_.clear();
      ends_.clear();
      return status;
    }
  }
  stamper_ = stamper;
  lost_ = 0;
  return absl::OkStatus();
}

absl::Status FileSink::Flush() {
  if (buffer_.empty()) return absl::OkStatus();
  size_t taken = 0;
  absl::Status status = appender_.Append(buffer_, ends_, taken);
  if (taken == buffer_.size()) {
    buffer_.clear();
    ends_.clear();
    return status;
  }
  buffer_.erase(0, taken);
  std::vector<size_t> left;
  for (const size_t end : ends_) {
    if (end > taken) left.push_back(end - taken);
  }
  ends_ = std::move(left);
  return status;
}

// The events-lost record and the event are one piece: on record both or neither.
void FileSink::Format(const Event& event, EventStamper& stamper) {
  if (lost_ > 0) {
    stamper.Skip(lost_);
    FormatEvent(
        SupervisorEvent{
            .what = SupervisorEvent::What::kEventsLost, .identity = &supervisor_, .lost = lost_},
        stamper.Next(), buffer_);
  }
  FormatEvent(event, stamper.Next(), buffer_);
  ends_.push_back(buffer_.size());
}

}  // namespace provost
