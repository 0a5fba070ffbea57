#ifndef PROVOST_SUPERVISOR_CONTROL_PEER_H_
#define PROVOST_SUPERVISOR_CONTROL_PEER_H_

#include "absl/status/statusor.h"
#include "base/identity.h"

namespace provost {

// Who is at the other end of a unix stream socket that was just accepted, if that one may ask
// something of this process's runs: a process of this process's effective user, or of root, which
// is no part of a supervised tree (tracee/supervised.h), whoever has the socket now.
// kPermissionDenied says why not; who has ended, or cannot be seen, may not. For any thread.
absl::StatusOr<Identity> CheckControlPeer(int socket);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTROL_PEER_H_
