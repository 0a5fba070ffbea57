#include "emulate/call.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "syscalls/syscall_table.h"

namespace provost {

absl::string_view EmulatedCall::name() const {
  const Syscall* syscall = SyscallTable::Get().Find(request_);
  return syscall == nullptr ? absl::string_view() : syscall->signature->name;
}

int ErrnoOf(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? ENAMETOOLONG : EFAULT;
}

SyscallRequest WithArgument(SyscallRequest request, size_t argument, uint64_t value) {
  request.args[argument] = value;
  return request;
}

absl::StatusOr<SyscallRequest> OtherCall(const SyscallRequest& request, absl::string_view name,
                                         const std::array<uint64_t, 6>& arguments) {
  const Syscall* syscall = SyscallTable::Get().Find(static_cast<Arch>(request.arch), name);
  if (syscall == nullptr) return absl::NotFoundError(absl::StrCat("no call is named ", name));
  SyscallRequest other = request;
  other.nr = syscall->nr;
  other.args = arguments;
  return other;
}

}  // namespace provost
