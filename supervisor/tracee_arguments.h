#ifndef PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
#define PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_

#include <sys/types.h>

#include <array>
#include <climits>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "policy/counted_call.h"
#include "policy/decider.h"
#include "policy/task_field.h"
#include "tracee/died.h"
#include "tracee/identity.h"
#include "tracee/memory.h"

namespace provost {

// Reads the arguments of one stopped call. Each string is read once: a decision sees one value of
// it, however often it asks.
class TraceeArguments final : public ArgumentReader {
 public:
  // `process` is the task's thread group if that is known, else 0, and is then filled in when asked
  // for; `counted` as ArgumentReader's. Both must outlive this.
  TraceeArguments(pid_t tid, pid_t& process, CountedCall* counted)
      : tid_(tid), process_(process), counted_(counted), memory_(tid) {}

  CountedCall* counted() override { return counted_; }

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

  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override {
    if (field == TaskField::kComm) {
      PROVOST_RETURN_IF_ERROR(ReadTask());
      return absl::string_view(task_->comm);
    }
    if (!exe_.has_value()) exe_ = ReadExe(tid_);
    if (!exe_->ok()) return exe_->status();
    return absl::string_view(**exe_);
  }

  absl::StatusOr<uint32_t> ReadTaskNumber(TaskField field) override {
    if (field == TaskField::kPid && process_ != 0) return static_cast<uint32_t>(process_);
    PROVOST_RETURN_IF_ERROR(ReadTask());
    if (field == TaskField::kUid) return task_->euid;
    if (field == TaskField::kGid) return task_->egid;
    process_ = task_->pid;
    return static_cast<uint32_t>(process_);
  }

  // Not OK if the task died while it was read: what was decided on it is void.
  const absl::Status& died() const { return died_; }

 private:
  // Reads what /proc says of the task, the first time.
  absl::Status ReadTask() {
    if (task_.has_value()) return task_status_;
    Identity& task = task_.emplace();
    // No task has these ids (setresuid(2)): what is left of them was not read.
    constexpr uint32_t kNobody = UINT32_MAX;
    task.euid = kNobody;
    task.egid = kNobody;
    task_status_ = ReadTaskIdentity(tid_, task);
    if (task_status_.ok() && (task.pid == 0 || task.euid == kNobody || task.egid == kNobody)) {
      task_status_ = absl::InternalError("/proc says no ids of the task");
    }
    return task_status_;
  }

  struct String {
    uint64_t address = 0;
    absl::Status status;
    std::string text;

    absl::StatusOr<absl::string_view> Value() const {
      if (!status.ok()) return status;
      return absl::string_view(text);
    }
  };

  const pid_t tid_;
  pid_t& process_;
  CountedCall* const counted_;
  TraceeMemory memory_;
  std::array<String, 6> strings_;
  size_t used_ = 0;
  absl::Status died_;
  std::optional<Identity> task_;
  absl::Status task_status_;
  std::optional<absl::StatusOr<std::string>> exe_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
