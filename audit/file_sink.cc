#include "audit/file_sink.h"

#include "absl/memory/memory.h"
#include "audit/open_outlet.h"
#include "base/status_macros.h"

namespace provost {

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::Open(const std::string& path,
                                                         const LogFile::Options& options) {
  PROVOST_ASSIGN_OR_RETURN(OpenedOutlet opened,
                           OpenOutlet({OutletSpec::Kind::kFile, path}, options));
  return absl::WrapUnique(new FileSink(std::move(opened.outlet)));
}

absl::StatusOr<std::unique_ptr<FileSink>> FileSink::ForDescriptor(int fd, std::string name) {
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Outlet> outlet,
                           OutletForDescriptor(fd, std::move(name)));
  return absl::WrapUnique(new FileSink(std::move(outlet)));
}

}  // namespace provost
