#include "audit/datagram_outlet.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {

DatagramOutlet::DatagramOutlet(Protocol protocol, const std::string& path)
    : protocol_(protocol),
      path_(path),
      name_(absl::StrCat(protocol == Protocol::kSyslog ? "syslog" : "the journal", " at '", path,
                         "'")) {}

absl::StatusOr<DatagramOutlet> DatagramOutlet::Open(Protocol protocol, const std::string& path) {
  DatagramOutlet outlet(protocol, path);
  PROVOST_RETURN_IF_ERROR(outlet.Connect());
  return outlet;
}

absl::Status DatagramOutlet::Connect() {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("cannot send to ", name_,
                                                   ": a socket's path has 1 to ",
                                                   sizeof(address.sun_path) - 1, " bytes"));
  }
  memcpy(address.sun_path, path_.data(), path_.size());
  socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket_.valid() &&
      connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return absl::OkStatus();
  }
  // Never "failed precondition": a daemon may always come back.
  const int error = errno;
  socket_.reset();
  return absl::UnavailableError(
      absl::StrCat("cannot send to ", name_, ": ", strerror(error),
                   error == ENOENT || error == ECONNREFUSED ? " (is its daemon running?)" : ""));
}

absl::StatusOr<Outlet::Progress> DatagramOutlet::Put(absl::string_view piece, size_t& sent) {
  while (sent < piece.size()) {
    const size_t end = piece.find('\n', sent);
    const absl::string_view record = piece.substr(sent, end - sent);
    if (!socket_.valid()) PROVOST_RETURN_IF_ERROR(Connect());
    int error = Send(record);
    if (error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET) {
      // A daemon that was started anew has a new socket under the path.
      PROVOST_RETURN_IF_ERROR(Connect());
      error = Send(record);
    }
    if (error == EAGAIN) return Progress::kBlocked;
    if (error != 0) {
      return absl::UnavailableError(absl::StrCat("cannot send to ", name_, ": ", strerror(error)));
    }
    sent = end == absl::string_view::npos ? piece.size() : end + 1;
  }
  return Progress::kDone;
}

int DatagramOutlet::Send(absl::string_view record) {
  Frame(record);
  while (send(socket_.get(), datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

void DatagramOutlet::Await(int milliseconds) {
  pollfd waited = {socket_.get(), POLLOUT, 0};
  poll(&waited, 1, milliseconds);
}

void DatagramOutlet::Frame(absl::string_view record) {
  datagram_.clear();
  if (protocol_ == Protocol::kJournal) {
    absl::StrAppend(&datagram_, "MESSAGE=", record, "\nPRIORITY=", LOG_INFO,
                    "\nSYSLOG_FACILITY=", LOG_FAC(LOG_AUTHPRIV), "\nSYSLOG_IDENTIFIER=provost\n");
    return;
  }
  const time_t now = time(nullptr);
  tm local = {};
  localtime_r(&now, &local);
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char when[32];
  snprintf(when, sizeof(when), "%s %2d %02d:%02d:%02d", kMonths[local.tm_mon], local.tm_mday,
           local.tm_hour, local.tm_min, local.tm_sec);
  absl::StrAppend(&datagram_, "<", LOG_AUTHPRIV | LOG_INFO, ">", when, " provost[", getpid(),
                  "]: ", record);
}

}  // namespace provost
