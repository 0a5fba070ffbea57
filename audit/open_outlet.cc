#include "audit/open_outlet.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "audit/appender.h"
#include "audit/datagram_outlet.h"
#include "audit/file_outlet.h"
#include "audit/kernel_outlet.h"
#include "audit/stream_outlet.h"
#include "base/status_macros.h"

namespace provost {
namespace {

// True for what can make its writer wait: pipes, sockets, terminals.
bool MayBlock(const struct stat& status, int fd) {
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
         (S_ISCHR(status.st_mode) && isatty(fd) == 1);
}

absl::StatusOr<std::unique_ptr<Outlet>> OpenFile(const std::string& path,
                                                 const LogFile::Options& options) {
  std::string name = absl::StrCat("audit log '", path, "'");
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) {
    PROVOST_ASSIGN_OR_RETURN(LogFile file, LogFile::Open(path, options));
    return std::make_unique<FileOutlet>(std::move(file), std::move(name));
  }
  if (S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode)) {
    PROVOST_ASSIGN_OR_RETURN(StreamOutlet stream, StreamOutlet::Open(path, name));
    if (MayBlock(found, stream.fd())) return std::make_unique<StreamOutlet>(std::move(stream));
  }
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::Open(path));
  return std::make_unique<FileOutlet>(std::move(appender), std::move(name));
}

absl::StatusOr<std::unique_ptr<Outlet>> OpenDatagram(DatagramOutlet::Protocol protocol,
                                                     const std::string& path) {
  PROVOST_ASSIGN_OR_RETURN(DatagramOutlet outlet, DatagramOutlet::Open(protocol, path));
  return std::make_unique<DatagramOutlet>(std::move(outlet));
}

absl::StatusOr<OpenedOutlet> OpenKernel() {
  PROVOST_ASSIGN_OR_RETURN(KernelOutlet kernel, KernelOutlet::Open());
  OpenedOutlet opened;
  if (!kernel.IsAuditEnabled()) {
    opened.remark =
        "the kernel's audit is off: it takes the records and drops them (auditctl -e 1 turns it "
        "on)";
  }
  opened.outlet = std::make_unique<KernelOutlet>(std::move(kernel));
  return opened;
}

}  // namespace

absl::StatusOr<OutletSpec> OutletSpec::Parse(absl::string_view text) {
  OutletSpec spec;
  if (text.empty()) {
    return absl::InvalidArgumentError("it is empty; name a FILE, -, kernel:, syslog: or journal:");
  }
  const auto takes = [&](absl::string_view scheme, Kind kind, absl::string_view path) {
    if (!absl::ConsumePrefix(&text, scheme)) return false;
    spec.kind = kind;
    spec.path = std::string(text.empty() ? path : text);
    return true;
  };
  if (text == "-") {
    spec.kind = Kind::kStandardOutput;
  } else if (takes("kernel:", Kind::kKernel, "")) {
    if (!spec.path.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "nothing follows `kernel:`; a file of that name is `./kernel:", spec.path, "`"));
    }
  } else if (takes("file:", Kind::kFile, "")) {
    if (spec.path.empty()) return absl::InvalidArgumentError("`file:` names no FILE");
  } else if (!takes("syslog:", Kind::kSyslog, kSyslogSocket) &&
             !takes("journal:", Kind::kJournal, kJournalSocket)) {
    spec.path = std::string(text);
  }
  return spec;
}

absl::StatusOr<OpenedOutlet> OpenOutlet(const OutletSpec& spec, const LogFile::Options& options) {
  OpenedOutlet opened;
  switch (spec.kind) {
    case OutletSpec::Kind::kFile: {
      PROVOST_ASSIGN_OR_RETURN(opened.outlet, OpenFile(spec.path, options));
      break;
    }
    case OutletSpec::Kind::kStandardOutput: {
      PROVOST_ASSIGN_OR_RETURN(opened.outlet,
                               OutletForDescriptor(STDOUT_FILENO, "standard output"));
      break;
    }
    case OutletSpec::Kind::kKernel:
      return OpenKernel();
    case OutletSpec::Kind::kSyslog: {
      PROVOST_ASSIGN_OR_RETURN(opened.outlet,
                               OpenDatagram(DatagramOutlet::Protocol::kSyslog, spec.path));
      break;
    }
    case OutletSpec::Kind::kJournal: {
      PROVOST_ASSIGN_OR_RETURN(opened.outlet,
                               OpenDatagram(DatagramOutlet::Protocol::kJournal, spec.path));
      break;
    }
  }
  return opened;
}

absl::StatusOr<std::unique_ptr<Outlet>> OutletForDescriptor(int fd, std::string name) {
  struct stat status = {};
  if (fstat(fd, &status) == 0 && MayBlock(status, fd)) {
    PROVOST_ASSIGN_OR_RETURN(StreamOutlet stream, StreamOutlet::ForDescriptor(fd, std::move(name)));
    return std::make_unique<StreamOutlet>(std::move(stream));
  }
  PROVOST_ASSIGN_OR_RETURN(Appender appender, Appender::ForDescriptor(fd, name));
  return std::make_unique<FileOutlet>(std::move(appender), std::move(name));
}

}  // namespace provost
