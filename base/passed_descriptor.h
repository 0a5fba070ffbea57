#ifndef PROVOST_BASE_PASSED_DESCRIPTOR_H_
#define PROVOST_BASE_PASSED_DESCRIPTOR_H_

#include <sys/types.h>

#include <cstddef>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {

// send(2) and recv(2) on a unix socket, with a descriptor that goes along (SCM_RIGHTS, unix(7)).
// Neither waits; results and errno are theirs.

// `passed`: none if it is -1.
ssize_t SendPassing(int socket, absl::string_view bytes, int passed);

// Puts what came along into `passed`, if anything did. Of several, and of those that come where
// there is one already, the first stays, and the others are closed.
ssize_t ReceivePassed(int socket, char* buffer, size_t size, UniqueFd& passed);

}  // namespace provost

#endif  // PROVOST_BASE_PASSED_DESCRIPTOR_H_
