#ifndef PROVOST_TOOLS_CONTROL_CONTROL_CLIENT_H_
#define PROVOST_TOOLS_CONTROL_CONTROL_CLIENT_H_

#include <sys/types.h>

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"

namespace provost {

// A connection to the control socket of a run (supervisor/control_socket.h). Not thread-safe.
class ControlClient {
 public:
  // Connects to the socket at `path`, and makes sure that it is the process `supervisor`, of the
  // user `owner`, that listens there: whoever may write the directory could have put another in its
  // place. kNotFound: nobody listens; kPermissionDenied: somebody else does, or we may not.
  static absl::StatusOr<ControlClient> Connect(const std::string& path, pid_t supervisor,
                                               uid_t owner);

  // Asks, and waits for the answer, `patience` at most. What a run refuses is kFailedPrecondition,
  // in its words; kDeadlineExceeded: no answer (it may be stopped); kUnavailable: it has ended.
  // `passed`: a descriptor that goes along; none if it is -1.
  absl::StatusOr<nlohmann::json> Ask(const nlohmann::json& request,
                                     std::chrono::milliseconds patience, int passed = -1);

 private:
  explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_CONTROL_CONTROL_CLIENT_H_
