#ifndef PROVOST_SUPERVISOR_RELOAD_H_
#define PROVOST_SUPERVISOR_RELOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/parser.h"
#include "supervisor/kernel_refusals.h"

namespace provost {

// The policies under which a run is to go on in place of its own. docs/RELOADING.md says what that
// means for its tasks.
struct ReloadRequest {
  std::vector<PolicySource> policies;
  // Where they come from, for the record, as in Options.
  std::vector<std::string> files;
  std::vector<std::string> statements;
};

struct Reloaded {
  uint64_t generation = 0;        // how many reloads there were, this one too
  std::vector<KeptRefusal> kept;  // what filters go on refusing that the policies do not
};

// How far it is.
struct ReloadProgress {
  uint64_t generation = 0;
  size_t switching = 0;  // tasks that are still under the policies before
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RELOAD_H_
