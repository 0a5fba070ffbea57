#ifndef PROVOST_AUDIT_FILE_OUTLET_H_
#define PROVOST_AUDIT_FILE_OUTLET_H_

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/appender.h"
#include "audit/log_file.h"
#include "audit/outlet.h"

namespace provost {

// Appends to a regular file or a device that does not keep one waiting: an event is there whole or
// not at all.
class FileOutlet final : public Outlet {
 public:
  // `name` is for messages.
  FileOutlet(std::variant<LogFile, Appender> log, std::string name)
      : log_(std::move(log)), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) override {
    absl::Status status = std::visit([&](auto& log) { return log.Append(piece); }, log_);
    if (!status.ok()) return status;
    sent = piece.size();
    return Progress::kDone;
  }
  absl::Status Flush() override {
    auto* file = std::get_if<LogFile>(&log_);
    return file == nullptr ? absl::OkStatus() : file->Flush();
  }

 private:
  std::variant<LogFile, Appender> log_;
  std::string name_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_FILE_OUTLET_H_
