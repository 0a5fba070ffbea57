#ifndef PROVOST_EMULATE_CALL_H_
#define PROVOST_EMULATE_CALL_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/request.h"
#include "tracee/memory.h"

namespace provost {

// A call that a handler is asked about: what it is, and what of its task can be read. Valid while
// the handler runs. The task is stopped; its other threads are not, and may change its memory
// between two reads of different bytes, but no byte is read twice.
class EmulatedCall {
 public:
  // `memory` must outlive it. `process` is the task's thread group.
  EmulatedCall(const SyscallRequest& request, pid_t tid, pid_t process, ArgumentMemory& memory)
      : request_(request), tid_(tid), process_(process), memory_(memory) {}

  const SyscallRequest& request() const { return request_; }
  // "openat".
  absl::string_view name() const;
  Arch arch() const { return is_i386() ? Arch::kI386 : Arch::kX86_64; }
  bool is_i386() const { return request_.IsI386(); }
  pid_t tid() const { return tid_; }
  pid_t process() const { return process_; }

  // Another call of the same task, with the same memory.
  EmulatedCall As(const SyscallRequest& request) const {
    return EmulatedCall(request, tid_, process_, memory_);
  }

  // An argument as the kernel sees it, and as an int.
  uint64_t argument(size_t i) const { return request_.Register(static_cast<uint8_t>(i)); }
  int32_t number(size_t i) const { return static_cast<int32_t>(argument(i)); }

  // What stands there, as the kernel would read it; an error is what ErrnoOf makes of it.
  absl::StatusOr<absl::string_view> ReadString(uint64_t address) const {
    return memory_.ReadString(address);
  }
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) const {
    return memory_.ReadBytes(address, bytes);
  }
  template <typename T>
  absl::StatusOr<T> Read(uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    const absl::Status status =
        ReadBytes(address, absl::MakeSpan(reinterpret_cast<char*>(&value), sizeof(value)));
    if (!status.ok()) return status;
    return value;
  }

 private:
  const SyscallRequest request_;
  const pid_t tid_;
  const pid_t process_;
  ArgumentMemory& memory_;
};

// EFAULT or ENAMETOOLONG: what the kernel says where memory cannot be read.
int ErrnoOf(const absl::Status& status);

// The bytes of a structure, to be written into a task.
template <typename T>
std::string BytesOf(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

// The same call with another argument.
SyscallRequest WithArgument(SyscallRequest request, size_t argument, uint64_t value);
// Another call of the same architecture with these arguments; kNotFound: it has none of that name.
absl::StatusOr<SyscallRequest> OtherCall(const SyscallRequest& request, absl::string_view name,
                                         const std::array<uint64_t, 6>& arguments);

}  // namespace provost

#endif  // PROVOST_EMULATE_CALL_H_
