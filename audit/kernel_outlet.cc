#include "audit/kernel_outlet.h"

#include <libaudit.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace provost {
namespace {

bool HasAuditWrite() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return false;
  return (sets[CAP_TO_INDEX(CAP_AUDIT_WRITE)].effective & CAP_TO_MASK(CAP_AUDIT_WRITE)) != 0;
}

}  // namespace

absl::StatusOr<KernelOutlet> KernelOutlet::Open() {
  KernelOutlet outlet;
  if (!HasAuditWrite()) {
    return absl::PermissionDeniedError(
        "cannot write to the kernel's audit: it takes the capability CAP_AUDIT_WRITE; run as root, "
        "or give it to provost");
  }
  outlet.socket_.reset(audit_open());
  if (!outlet.socket_.valid()) {
    return absl::ErrnoToStatus(errno,
                               errno == EPROTONOSUPPORT || errno == EINVAL
                                   ? "cannot write to the kernel's audit: this kernel has none"
                                   : "cannot write to the kernel's audit");
  }
  return outlet;
}

bool KernelOutlet::IsAuditEnabled() const { return audit_is_enabled(socket_.get()) > 0; }

absl::StatusOr<Outlet::Progress> KernelOutlet::Put(absl::string_view piece, size_t& sent) {
  while (sent < piece.size()) {
    const size_t end = piece.find('\n', sent);
    const std::string message(piece.substr(sent, end - sent));
    const int result = absl::StartsWith(message, "op=events-lost ") ? 0 : 1;
    errno = 0;
    // It waits for the kernel's acknowledgement, which comes at once. An empty terminal: none is
    // looked up.
    if (audit_log_user_message(socket_.get(), AUDIT_TRUSTED_APP, message.c_str(), nullptr, nullptr,
                               "", result) <= 0) {
      const int error = errno;
      return absl::UnavailableError(absl::StrCat(
          "cannot write to the kernel's audit: ",
          error == ECONNREFUSED ? "it takes records from the initial user namespace alone"
          : error == 0          ? "it has none"
                                : strerror(error)));
    }
    sent = end == absl::string_view::npos ? piece.size() : end + 1;
  }
  return Progress::kDone;
}

}  // namespace provost
