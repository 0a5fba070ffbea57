#ifndef PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
#define PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_

#include <sys/types.h>

#include <array>
#include <climits>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/decider.h"
#include "tracee/died.h"
#include "tracee/memory.h"

namespace provost {

// Reads the arguments of one stopped call. Each string is read once: a decision sees one value of
// it, however often it asks.
class TraceeArguments final : public ArgumentReader {
 public:
  explicit TraceeArguments(pid_t tid) : memory_(tid) {}

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override {
    for (size_t i = 0; i < used_; ++i) {
      if (strings_[i].address == address) return strings_[i].Value();
    }
    // No call has more than six arguments, so no decision reads more strings.
    String& string = strings_[used_ < strings_.size() ? used_++ : used_ - 1];
    string.address = address;
    string.status = memory_.ReadString(RemotePtr<char>(address), PATH_MAX, string.text);
    if (IsDied(string.status)) died_ = string.status;
    return string.Value();
  }

  // Not OK if the task died while it was read: what was decided on it is void.
  const absl::Status& died() const { return died_; }

 private:
  struct String {
    uint64_t address = 0;
    absl::Status status;
    std::string text;

    absl::StatusOr<absl::string_view> Value() const {
      if (!status.ok()) return status;
      return absl::string_view(text);
    }
  };

  TraceeMemory memory_;
  std::array<String, 6> strings_;
  size_t used_ = 0;
  absl::Status died_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
