#include "audit/file_outlet.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {

absl::StatusOr<std::unique_ptr<Outlet>> OpenFileOutlet(const std::string& path,
                                                       const LogFile::Options& options) {
  struct stat found = {};
  const bool exists = path == "-" || stat(path.c_str(), &found) == 0;
  if (!exists || S_ISREG(found.st_mode)) {
    PROVOST_ASSIGN_OR_RETURN(LogFile file, LogFile::Open(path, options));
    return std::make_unique<FileOutlet>(std::move(file), absl::StrCat("audit log '", path, "'"));
  }
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::Open(path));
  return std::make_unique<FileOutlet>(
      std::move(appender),
      path == "-" ? "standard output" : absl::StrCat("audit log '", path, "'"));
}

}  // namespace provost
