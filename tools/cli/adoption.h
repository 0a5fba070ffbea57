#ifndef PROVOST_TOOLS_CLI_ADOPTION_H_
#define PROVOST_TOOLS_CLI_ADOPTION_H_

// How `provost run` hands its run over to `provost adopt`: what both sides do, in the order in
// which they do it. docs/INTERNALS.md has the whole.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/parser.h"
#include "supervisor/handover_channel.h"
#include "supervisor/supervisor.h"
#include "tools/cli/handover_watch.h"
#include "tools/cli/inheritance.h"

namespace provost {

// What is to be asked of whom for a run, and the policies that it began with.
struct AdoptedRun {
  pid_t supervisor = 0;
  uid_t owner = 0;
  std::string socket;
  std::vector<PolicySource> policies;
};

// Options::succession of this process: its command line, directory and policies.
std::string DescribeSuccession(const std::vector<PolicySource>& policies);

// Becomes, by execve(2), this program with the command line of the run, in its directory, and
// `--adopt` for ReadAdopted. The run knows nothing of it yet. Returns only if that cannot be;
// kFailedPrecondition: not from here.
absl::Status BecomeSuccessor(AdoptedRun run, const std::string& succession);
// kInvalidArgument: the descriptor has nothing of the kind.
absl::StatusOr<AdoptedRun> ReadAdopted(int fd);

// A run that is ours to be taken: its tasks are frozen.
struct TakenOver {
  HandoverChannel channel;
  FrozenTree tree;
  Inheritance inheritance;
  std::unique_ptr<HandoverWatch> watch;  // until it is ours, or the other's again
};
// Asks for the run, and waits until it is there. kFailedPrecondition: it goes on as it was, and
// why; kUnavailable: its supervisor was killed in between, and the tree with it.
absl::StatusOr<TakenOver> TakeOverRun(const AdoptedRun& run);

// Tells the old supervisor how far Supervisor::Adopt is, and the user when it is done. `taken`
// outlives what is returned.
Adoption Report(TakenOver& taken, pid_t old);
// That failed, and why. True: the old supervisor is there, and takes the tree back; else it is
// killed.
bool GiveUpRun(TakenOver& taken, const absl::Status& why);

// The old side: leaves the run to the successor, and waits until that has it. An error: it has not,
// and all tasks are as they were, frozen. `left.sink` must be final.
absl::Status HandOverRun(const HandedOver& handed, const Inheritance& left);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_ADOPTION_H_
