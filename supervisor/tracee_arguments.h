#ifndef PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
#define PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "policy/counted_call.h"
#include "policy/decider.h"
#include "policy/task_field.h"
#include "policy/verdict.h"
#include "syscalls/request.h"
#include "tracee/died.h"
#include "tracee/identity.h"
#include "tracee/memory.h"

namespace provost {

// Reads the arguments of one stopped call. Everything is read once: a decision sees one value of
// it, however often it asks, and so does the record of it.
class TraceeArguments final : public ArgumentReader, public ArgumentMemory {
 public:
  // `process` is the task's thread group if that is known, else 0, and is then filled in when asked
  // for; `counted` as ArgumentReader's. Both must outlive this.
  TraceeArguments(pid_t tid, pid_t& process, CountedCall* counted)
      : tid_(tid), process_(process), counted_(counted), memory_(tid) {}

  CountedCall* counted() override { return counted_; }

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override;
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override;
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override;
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override;

  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override {
    if (field == TaskField::kComm) {
      PROVOST_RETURN_IF_ERROR(ReadTask());
      return absl::string_view(task_->comm);
    }
    if (!exe_.has_value()) exe_ = ReadExe(tid_);
    if (!exe_->ok()) return exe_->status();
    return absl::string_view(**exe_);
  }

  absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) override {
    if (field == TaskField::kContid) return contid_;
    if (field == TaskField::kPid && process_ != 0) return static_cast<uint32_t>(process_);
    PROVOST_RETURN_IF_ERROR(ReadTask());
    if (field == TaskField::kUid) return task_->euid;
    if (field == TaskField::kGid) return task_->egid;
    process_ = task_->pid;
    return static_cast<uint32_t>(process_);
  }

  // What proc.contid is: UINT64_MAX unless it is said.
  void SetContid(uint64_t contid) { contid_ = contid; }

  // True if any of the task's memory was asked for.
  bool has_read_memory() const { return used_ > 0 || !blocks_.empty(); }
  // What ReadString has given for the address; nullopt if it was not asked.
  std::optional<absl::StatusOr<absl::string_view>> StringRead(uint64_t address) const;
  // True if ReadBytes has read some bytes from there.
  bool HasReadBytesAt(uint64_t address) const;
  // All memory that was read: address and number of bytes, of strings with their NUL.
  std::vector<std::pair<uint64_t, size_t>> MemoryRead() const;

  // What an emulator gives the call `call` to read by that argument, in place of the task's memory:
  // the value of the argument that leads to it, an address that no task has. It is protected like
  // what was read, whatever the mode.
  uint64_t Provide(const SyscallRequest& call, size_t argument, const std::string& bytes);
  bool has_provided() const { return provided_ > 0; }
  // How many bytes, but for a string; nullopt: nothing was provided there.
  std::optional<size_t> ProvidedAt(uint64_t address) const;
  // The emulator told so has had the call, and lets on what it has made of it: the rules behind its
  // own decide that. What was read so far was read for the emulator.
  void PassOn(std::shared_ptr<const Emulation> emulation);
  bool HasEmulated(const Emulation& emulation) const override;

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
    bool decided_on = false;
    absl::Status status;
    std::string text;
  };
  struct Block {
    uint64_t address;
    mutable bool decided_on;
    absl::Status status;
    std::string bytes;
    bool provided = false;
  };
  struct File {
    PathQuery query;
    absl::StatusOr<std::string> name;
  };

  static absl::StatusOr<absl::string_view> ValueOf(const String& string);
  const Block& ReadBlock(uint64_t address, size_t size);
  void NoteDeath(const absl::Status& status);

  const pid_t tid_;
  pid_t& process_;
  uint64_t contid_ = UINT64_MAX;
  CountedCall* const counted_;
  const TraceeMemory memory_;
  std::array<String, 12> strings_;
  size_t used_ = 0;
  // Few decisions need these. Lists: what was given out stays where it is, and nothing costs
  // nothing.
  std::list<Block> blocks_;
  std::list<File> files_;  // an empty path: what the descriptor itself names
  size_t provided_ = 0;
  std::vector<std::shared_ptr<const Emulation>> emulations_;
  absl::Status died_;
  std::optional<Identity> task_;
  absl::Status task_status_;
  std::optional<absl::StatusOr<std::string>> exe_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TRACEE_ARGUMENTS_H_
