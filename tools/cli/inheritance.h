#ifndef PROVOST_TOOLS_CLI_INHERITANCE_H_
#define PROVOST_TOOLS_CLI_INHERITANCE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "audit/log_sink.h"
#include "base/unique_fd.h"
#include "policy/parser.h"

namespace provost {

// What `provost run` leaves to the program that goes on with its run, beside its command line.
struct Inheritance {
  std::string run;                     // Suspended::state
  std::vector<PolicySource> policies;  // in the order of the command line
  LogSink::Saved sink;
  std::vector<int> kept;     // descriptors that are open so that readers of pipes see no end
  std::vector<int> blocked;  // the signals that were blocked; for now all are
};

// In a file that can be given away (sealed_file.h).
absl::StatusOr<UniqueFd> WriteInheritance(const Inheritance& left);

// From a descriptor that WriteInheritance or LeaveTo gave its program, which stays open.
// kInvalidArgument: it is nothing of the kind; kUnimplemented: of a version that this program does
// not know.
absl::StatusOr<Inheritance> ReadInheritance(int fd);

// Executes `successor` as `provost run` with this process's command line, and `left` for its
// --resume. All signals are blocked by then. A process of its own first makes sure, as `provost run
// --resume-check`, that the successor can go on with it. Returns only if that is not so: then
// nothing has changed. `kept` and `blocked` are filled in; `pipes` are the FIFOs among the outputs.
// On the tracing thread.
absl::Status LeaveTo(const std::string& successor, Inheritance left,
                     const std::vector<std::string>& pipes);

// Unblocks what LeaveTo blocked, once signals have their handlers again, and closes what it kept.
void TakeOver(const Inheritance& inheritance);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_INHERITANCE_H_
