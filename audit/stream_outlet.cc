#include "audit/stream_outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {

absl::StatusOr<StreamOutlet> StreamOutlet::ForDescriptor(int fd, std::string name) {
  struct stat status = {};
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fstat(fd, &status) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write to ", name));
  }
  if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write to ", name, ": the descriptor is not open for writing"));
  }
  StreamOutlet outlet(fd, std::move(name));
  if (S_ISSOCK(status.st_mode)) {
    outlet.how_ = How::kSocket;
    return outlet;
  }
  const std::string self = absl::StrCat("/proc/self/fd/", fd);
  UniqueFd own(open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (own.valid()) {
    outlet.fd_ = own.get();
    outlet.owned_ = std::move(own);
    outlet.how_ = How::kNonBlocking;
  }
  return outlet;
}

absl::StatusOr<StreamOutlet> StreamOutlet::Open(const std::string& path, std::string name) {
  UniqueFd fd;
  do {
    // Opened for reading too, a FIFO would never see its reader go.
    fd.reset(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  } while (!fd.valid() && errno == EINTR);
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  PROVOST_ASSIGN_OR_RETURN(StreamOutlet outlet, ForDescriptor(fd.get(), std::move(name)));
  if (!outlet.owned_.valid()) outlet.owned_ = std::move(fd);
  return outlet;
}

absl::StatusOr<Outlet::Progress> StreamOutlet::Put(absl::string_view piece, size_t& sent) {
  // What was begun was given up.
  if (line_open_ && sent == 0) {
    const ssize_t written = WriteOnce("\n");
    if (written < 0 && errno == EAGAIN) return Progress::kBlocked;
    line_open_ = written != 1;
  }
  while (sent < piece.size()) {
    const ssize_t written = WriteOnce(piece.substr(sent));
    if (written > 0) {
      sent += written;
      line_open_ = sent < piece.size();
      continue;
    }
    const int error = written < 0 ? errno : EIO;
    if (error == EAGAIN) return Progress::kBlocked;
    return absl::ErrnoToStatus(error, absl::StrCat("cannot write to ", name_));
  }
  return Progress::kDone;
}

void StreamOutlet::Await(int milliseconds) { IsReady(milliseconds); }

// True also where there is an error to be had.
bool StreamOutlet::IsReady(int milliseconds) const {
  pollfd waited = {fd_, POLLOUT, 0};
  return poll(&waited, 1, milliseconds) > 0;
}

ssize_t StreamOutlet::WriteOnce(absl::string_view text) const {
  ssize_t written = -1;
  do {
    switch (how_) {
      case How::kSocket:
        written = send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
      case How::kNonBlocking:
        written = write(fd_, text.data(), text.size());
        break;
      case How::kPolled:
        if (!IsReady(0)) {
          errno = EAGAIN;
          return -1;
        }
        written = write(fd_, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
        break;
    }
  } while (written < 0 && errno == EINTR);
  return written;
}

}  // namespace provost
