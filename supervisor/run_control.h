#ifndef PROVOST_SUPERVISOR_RUN_CONTROL_H_
#define PROVOST_SUPERVISOR_RUN_CONTROL_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/identity.h"
#include "policy/verdict.h"
#include "supervisor/control_socket.h"
#include "supervisor/departure.h"
#include "supervisor/filters.h"
#include "supervisor/lineage.h"
#include "supervisor/recorder.h"
#include "supervisor/reload.h"
#include "supervisor/run_state.h"

namespace provost {

// What a request sees and changes of a run that goes on.
struct ControlledRun {
  Recorder& recorder;
  Lineage& lineage;
  std::string mode;
  bool settable = false;
  // Changes are put on record; one that cannot be is not made, unless it may go unrecorded.
  bool record_changes = true;
  bool may_go_unrecorded = false;
  // What the kernel answers by itself, and nobody ever hears of.
  std::function<std::vector<Decision>()> unheard;
  // How many programs have gone on with the run, and why not the last that should have.
  uint64_t resumed = 0;
  std::string upgrade_failure;
  // What a successor in another process begins with; empty: there can be none.
  std::function<std::string()> succession;
  // What of the policies needs the supervisor.
  std::function<TracedRules()> traced_rules;
  // Leaves the tree once the request was answered.
  std::function<absl::Status(const Departure&)> depart;
  // Has the run go on under other policies, on behalf of a client.
  std::function<absl::StatusOr<Reloaded>(const ReloadRequest&, const Identity&)> reload;
  std::function<ReloadProgress()> reload_progress;
  // The tasks that there are.
  std::function<std::vector<pid_t>()> tasks;
};

// What of a run can be seen and changed from outside while it goes on: its control socket
// (control_requests.h has what can be asked), its published state, and who descends from whom.
// Everything happens on the tracing thread, between stops.
class RunControl {
 public:
  // `published` may be null. `run` refers to what outlives this.
  RunControl(ControlledRun run, std::unique_ptr<PublishedRunState> published)
      : run_(std::move(run)), published_(std::move(published)) {}

  // Takes requests at `path` from here on. Errors name it.
  absl::Status Listen(const std::string& path);
  // Nobody is answered any more but those that wait, with an error.
  void Close() { socket_.reset(); }

  // True if waits must let themselves be interrupted.
  bool listens() const { return socket_ != nullptr; }
  bool pending() const { return socket_ != nullptr && socket_->pending(); }
  void CarryOut();

  // What Lineage wants to know.
  void Seen(pid_t tid) { run_.lineage.Seen(tid); }
  void Created(pid_t tid, pid_t creator) { run_.lineage.Created(tid, creator); }
  void Executed(pid_t leader, pid_t former) { run_.lineage.Executed(leader, former); }
  void Ended(pid_t tid);

 private:
  void Publish();

  ControlledRun run_;
  std::unique_ptr<PublishedRunState> published_;
  std::map<pid_t, uint64_t> containers_;  // as they are published
  std::unique_ptr<ControlSocket> socket_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RUN_CONTROL_H_
