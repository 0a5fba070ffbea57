#ifndef PROVOST_TOOLS_PS_SUPERVISED_PROCESSES_H_
#define PROVOST_TOOLS_PS_SUPERVISED_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace provost {

// A process that a supervisor traces, as /proc says.
struct SupervisedProcess {
  pid_t pid = 0;
  pid_t ppid = 0;
  std::string state;  // "running", "sleeping", "stopped" …
  int threads = 0;
  std::string command;  // its arguments with blanks between, or [NAME]; any bytes
  std::optional<uint64_t> contid;
  std::optional<bool> audited;  // absent: the supervisor does not say
};

// A supervisor and its tree. `mode`, contids and who is audited are what it says of itself
// (supervisor/run_state.h, and its control socket); without its word they are absent.
struct SupervisedTree {
  pid_t supervisor = 0;
  std::optional<std::string> mode;
  std::string command;
  std::vector<SupervisedProcess> processes;  // in order of pid
};

// Every tree that runs, in order of the supervisor's pid: processes that have a tracer which is
// this program, or which has published a run state. Processes of other users are seen as far as
// /proc shows them.
std::vector<SupervisedTree> FindSupervisedTrees();

// A run that takes requests.
struct RunAddress {
  pid_t supervisor = 0;
  uid_t owner = 0;
  std::string socket;  // the path of its control socket
};

// The run that `pid` supervises, or is a task of. kNotFound: there is none, or it has not said
// where it is to be asked; the message says which.
absl::StatusOr<RunAddress> FindRun(pid_t pid);

}  // namespace provost

#endif  // PROVOST_TOOLS_PS_SUPERVISED_PROCESSES_H_
