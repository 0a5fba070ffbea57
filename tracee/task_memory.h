#ifndef PROVOST_TRACEE_TASK_MEMORY_H_
#define PROVOST_TRACEE_TASK_MEMORY_H_

#include <sys/types.h>

#include <climits>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tracee/memory.h"

namespace provost {

// What stands in a task's memory, read anew each time.
class TaskMemory final : public ArgumentMemory {
 public:
  explicit TaskMemory(pid_t tid) : memory_(tid) {}

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override {
    const absl::Status status = memory_.ReadString(RemotePtr<char>(address), PATH_MAX, text_);
    if (!status.ok()) return status;
    return absl::string_view(text_);
  }
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override {
    return memory_.Read(RemotePtr<void>(address), bytes);
  }

 private:
  TraceeMemory memory_;
  std::string text_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_MEMORY_H_
