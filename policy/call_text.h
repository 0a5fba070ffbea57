#ifndef PROVOST_POLICY_CALL_TEXT_H_
#define PROVOST_POLICY_CALL_TEXT_H_

// One system call as text, as strace(1) prints it, with -y too:
//   openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC)
//   write(3</var/log/app>, x"0a", 1) by proc.exe="/usr/bin/app", proc.uid=0

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/task_field.h"
#include "syscalls/request.h"

namespace provost {

// A fact of the task.
using TaskValue = std::variant<uint64_t, std::string>;

// The memory of a task that does not exist: what a call's text gave, everywhere else is unreadable.
// The same of its descriptors, and of who it is.
class CallMemory final : public ArgumentReader {
 public:
  // Puts `bytes` at an address of its own and returns it. Addresses fit into 32 bits for i386.
  uint64_t Place(Arch arch, std::string bytes);

  // Puts `bytes` where they were.
  void PlaceAt(uint64_t address, std::string bytes) { placed_[address] = std::move(bytes); }

  // The bytes from `address` to the end of what was placed there; empty if nothing was.
  absl::string_view BytesAt(uint64_t address) const;

  // Says what a descriptor names; AT_FDCWD is the working directory.
  void NameDescriptor(int32_t descriptor, std::string path);
  // Null if nothing was said.
  const std::string* NameOf(int32_t descriptor) const;

  // Says of the task what is so: a number, or a text for those fields that are (IsText).
  void SetTask(TaskField field, TaskValue value) { task_[field] = std::move(value); }
  void ForgetTask() { task_.clear(); }
  const std::map<TaskField, TaskValue>& task() const { return task_; }

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override;
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override;
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override;
  // By its text alone: no name in it is a symbolic link. What is relative to a directory that has
  // no name cannot be resolved.
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override;
  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override;
  absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) override;

 private:
  std::map<uint64_t, std::string> placed_;
  uint64_t used_ = 0;
  std::map<int32_t, std::string> descriptors_;
  std::map<TaskField, TaskValue> task_;
  std::string resolved_;
};

struct CallText {
  SyscallRequest request;
  CallMemory memory;
};

// Reads a call. Arguments are separated by commas:
//   integers (decimal, 0x1f, 0644, -1) and constants, joined with `|`; NULL
//   "strings", with C's escapes; they and what follows are put into memory
//   x"0a00": these bytes, in hexadecimal, for a structure
//   [ … ]: an array of strings or numbers, ended by a null pointer (argv)
//   3</tmp/x>, AT_FDCWD</home>: a descriptor, and what it names
//   NAME=VALUE gives an argument by its name (or arg0 … arg5, the register)
// `...` or the end stand for arguments that are 0. /* comments */ are skipped, and so is what
// strace says behind the call (` = 3`). ` by proc.uid=0, proc.exe="/bin/x"` behind it says who
// makes it. A register gets its number as it is, sign-extended to 64 bits (on i386 its low 32).
// Calls that have no name are written syscall_0x1e7(…).
//
// Errors are kInvalidArgument with a message ready to print (source_text.h, ErrorAt), the place
// called "call".
absl::StatusOr<CallText> ParseCallText(absl::string_view text, Arch arch);

// The call in the form that ParseCallText reads, on one line. Memory that `memory` does not have is
// shown as its address.
std::string FormatCall(const SyscallRequest& request, const CallMemory& memory);

// One argument in that form; `index` may be of an argument that the call has not.
std::string FormatArgument(const SyscallRequest& request, int index, const CallMemory& memory);

}  // namespace provost

#endif  // PROVOST_POLICY_CALL_TEXT_H_
