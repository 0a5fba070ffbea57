#ifndef PROVOST_EMULATE_MACHINE_LIMITS_H_
#define PROVOST_EMULATE_MACHINE_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "emulate/handler.h"
#include "emulate/process_states.h"
#include "policy/verdict.h"

namespace provost {

// Resource limits that programs believe they have (getrlimit(2)), whatever the kernel enforces. A
// process may lower and raise its own as Linux has it; its children begin with them.
class MachineLimits {
 public:
  struct Limit {
    uint64_t soft;
    uint64_t hard;
  };
  using Limits = std::map<uint32_t, Limit>;  // by RLIMIT_*

  // From `{"nofile" => "1024:4096", "stack" => "unlimited"}`; kInvalidArgument says what is wrong.
  static absl::StatusOr<Limits> Parse(const EmulatorMap& told);

  explicit MachineLimits(Limits limits) : processes_(std::move(limits)) {}

  static const std::vector<std::string>& Calls();
  Reaction OnCall(const EmulatedCall& call);
  void OnTaskMade(pid_t creator, pid_t child);
  void OnTaskEnded(pid_t tid) { processes_.Ended(tid); }

  std::string Save() const;
  absl::Status Restore(absl::string_view saved);

 private:
  // The width of a limit in the call's structure, and what stands for none in it.
  static size_t WidthOf(const EmulatedCall& call);
  static std::string BytesOfLimit(const Limit& limit, size_t width, bool is_old);
  Reaction Set(const EmulatedCall& call, Limit& limit, uint64_t address, Answer answer);

  ProcessStates<Limits> processes_;
};

}  // namespace provost

#endif  // PROVOST_EMULATE_MACHINE_LIMITS_H_
