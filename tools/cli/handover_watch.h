#ifndef PROVOST_TOOLS_CLI_HANDOVER_WATCH_H_
#define PROVOST_TOOLS_CLI_HANDOVER_WATCH_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/statusor.h"

namespace provost {

// A process that looks on while this one takes a run over from its supervisor. While nobody has the
// tree it is frozen, and no tracer's death kills it: should both be killed then, it would stand
// still for good. The watch kills it, and removes its cgroups. It ends where the old supervisor
// lives, which takes its tree back. Like a guardian it is in a session of its own, and blocks all
// signals.
class HandoverWatch {
 public:
  // Forks it. The process has no other thread. An error: it cannot be had.
  static absl::StatusOr<std::unique_ptr<HandoverWatch>> Start(pid_t old_supervisor);
  // Ends it: this process knows what has become of the tree.
  ~HandoverWatch();
  HandoverWatch(const HandoverWatch&) = delete;
  HandoverWatch& operator=(const HandoverWatch&) = delete;

 private:
  explicit HandoverWatch(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_HANDOVER_WATCH_H_
