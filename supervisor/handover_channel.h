#ifndef PROVOST_SUPERVISOR_HANDOVER_CHANNEL_H_
#define PROVOST_SUPERVISOR_HANDOVER_CHANNEL_H_

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"

namespace provost {

// One end of a pair of sockets (unix(7), SOCK_SEQPACKET) between a supervisor that hands its tree
// over and the one that it goes to. In this order:
//
//   old, any number of times  {"cgroup": PATH}    tasks may be in there from now on
//   old                       {"failed": WHY}     all is as it was; nothing follows
//   or, once all its tasks are frozen in them,
//                             {"left": true} and the run's state, a descriptor
//   new                       {"failed": WHY}     it has none of them; nothing follows
//   or                        {"taken": true}     every task is the new one's
//   new                       {"done": true}      they go on, and the cgroups are gone
//
// Each must see to it that nothing stays frozen if the other dies, which ends the channel: before
// "left" the old one has the tasks; between it and "taken" whoever is there; then the new one. Not
// thread-safe.
class HandoverChannel {
 public:
  // kInvalidArgument: it is no such socket.
  static absl::StatusOr<HandoverChannel> Of(UniqueFd socket);
  // This end, and the one to be passed on.
  static absl::StatusOr<std::pair<HandoverChannel, UniqueFd>> Open();

  // Does not wait. kUnavailable: nobody is there, or does not read.
  absl::Status Send(const nlohmann::json& message, int passed = -1);

  // What nlohmann-json's move could throw is a failed assertion.
  struct Message {        // NOLINT(bugprone-exception-escape)
    nlohmann::json body;  // an object
    UniqueFd passed;
  };
  // kDeadlineExceeded: nothing came in time; kUnavailable: the other end is gone, and has said
  // nothing that was not received.
  absl::StatusOr<Message> Receive(std::chrono::milliseconds patience);
  // True if the other end is gone, whatever it has said before.
  bool IsOver() const;

 private:
  explicit HandoverChannel(UniqueFd socket) : socket_(std::move(socket)) {}
  UniqueFd socket_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_HANDOVER_CHANNEL_H_
