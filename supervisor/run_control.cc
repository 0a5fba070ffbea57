#include "supervisor/run_control.h"

#include <utility>

#include "base/status_macros.h"
#include "supervisor/control_requests.h"

namespace provost {

absl::Status RunControl::Listen(const std::string& path) {
  PROVOST_ASSIGN_OR_RETURN(socket_, ControlSocket::Listen(path));
  return absl::OkStatus();
}

void RunControl::CarryOut() {
  socket_->CarryOut([&](const ControlRequest& request) { return Answer(run_, request); });
  if (run_.lineage.follows()) Publish();
}

void RunControl::Ended(pid_t tid) {
  run_.lineage.Ended(tid);
  if (containers_.contains(tid)) Publish();
}

void RunControl::Publish() {
  std::map<pid_t, uint64_t> containers = run_.recorder.containers().Representatives();
  if (containers == containers_) return;
  containers_ = std::move(containers);
  if (published_ != nullptr) published_->SetContainers(containers_);
}

}  // namespace provost
