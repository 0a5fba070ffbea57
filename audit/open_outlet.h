#ifndef PROVOST_AUDIT_OPEN_OUTLET_H_
#define PROVOST_AUDIT_OPEN_OUTLET_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/log_file.h"
#include "audit/outlet.h"

namespace provost {

// Where events can be sent, as a user writes it.
struct OutletSpec {
  enum class Kind : uint8_t { kFile, kStandardOutput, kKernel, kSyslog, kJournal };
  Kind kind = Kind::kFile;
  std::string path;  // of the file or the socket

  // "-", "kernel:", "syslog:", "syslog:SOCKET", "journal:", "journal:SOCKET", "file:FILE", or FILE.
  // Errors say what is wrong and how to write it.
  static absl::StatusOr<OutletSpec> Parse(absl::string_view text);
};

struct OpenedOutlet {
  std::unique_ptr<Outlet> outlet;
  std::string remark;  // what its user should know; empty: nothing
};

// Opens it. A file that is a FIFO or a terminal never makes anybody wait (StreamOutlet); `options`
// are for regular files. Errors name the outlet and the reason.
absl::StatusOr<OpenedOutlet> OpenOutlet(const OutletSpec& spec, const LogFile::Options& options);

// Standard output and the like: not owned, `name` for messages.
absl::StatusOr<std::unique_ptr<Outlet>> OutletForDescriptor(int fd, std::string name);

}  // namespace provost

#endif  // PROVOST_AUDIT_OPEN_OUTLET_H_
