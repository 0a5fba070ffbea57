#ifndef PROVOST_POLICY_CALL_TEXT_H_
#define PROVOST_POLICY_CALL_TEXT_H_

// One system call as text, as strace(1) prints it:
//   openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC)

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/task_field.h"
#include "syscalls/request.h"

namespace provost {

// The memory of a task that does not exist: what a call's text gave, everywhere else is unreadable.
class CallMemory final : public ArgumentReader {
 public:
  // Puts `bytes` at an address of its own and returns it. Addresses fit into 32 bits for i386.
  uint64_t Place(Arch arch, std::string bytes);

  // The bytes from `address` to the end of what was placed there; empty if nothing was.
  absl::string_view BytesAt(uint64_t address) const;

  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override;
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override;
  // It has no files.
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override;
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override;
  // Of the task nothing is known.
  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override;
  absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) override;

 private:
  std::map<uint64_t, std::string> placed_;
  uint64_t used_ = 0;
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
//   NAME=VALUE gives an argument by its name (or arg0 … arg5, the register)
// `...` or the end stand for arguments that are 0. /* comments */ are skipped, and so is what
// strace says behind the call (` = 3`). A register gets its number as it is, sign-extended to 64
// bits (on i386 its low 32). Calls that have no name are written syscall_0x1e7(…).
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
