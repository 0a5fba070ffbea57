#include "supervisor/control_peer.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "tracee/identity.h"
#include "tracee/supervised.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77  // Linux 6.5
#endif

namespace provost {
namespace {

// Of the process that connected. Before Linux 6.5 of the one that has its number now.
UniqueFd PeerPidfd(int socket, pid_t pid) {
  int pidfd = -1;
  socklen_t size = sizeof(pidfd);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) return UniqueFd(pidfd);
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool HasEnded(const UniqueFd& pidfd) {
  pollfd waited = {.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return !pidfd.valid() || poll(&waited, 1, 0) != 0;
}

}  // namespace

absl::StatusOr<Identity> CheckControlPeer(int socket) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
    return absl::PermissionDeniedError("it cannot be told who asks");
  }
  if (peer.uid != geteuid() && peer.uid != 0) {
    return absl::PermissionDeniedError(absl::StrCat("user ", peer.uid, " may not ask: only user ",
                                                    geteuid(), ", whose run it is, and root may"));
  }
  const UniqueFd pidfd = PeerPidfd(socket, peer.pid);
  const absl::StatusOr<bool> supervised = IsSupervised(peer.pid);
  Identity identity;
  const bool is_known = supervised.ok() && ReadProgramIdentity(peer.pid, identity).ok() &&
                        ReadTaskIdentity(peer.pid, identity).ok();
  // What was read is of the process that connected only if that still runs.
  if (!is_known || HasEnded(pidfd)) {
    return absl::PermissionDeniedError(
        absl::StrCat("process ", peer.pid, " may not ask: it is gone, or cannot be seen"));
  }
  if (*supervised) {
    return absl::PermissionDeniedError(
        absl::StrCat("process ", peer.pid, " may not ask: it is supervised itself"));
  }
  return identity;
}

}  // namespace provost
