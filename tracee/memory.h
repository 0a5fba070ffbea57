#ifndef PROVOST_TRACEE_MEMORY_H_
#define PROVOST_TRACEE_MEMORY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// An address in a task, of a T there. Not dereferenceable by accident.
template <typename T>
class RemotePtr {
 public:
  RemotePtr() = default;
  explicit RemotePtr(uint64_t address) : address_(address) {}
  uint64_t address() const { return address_; }
  bool is_null() const { return address_ == 0; }
  bool operator==(const RemotePtr&) const = default;

 private:
  uint64_t address_ = 0;
};

// Reads the memory of a stopped task (process_vm_readv(2)), and writes it. Holds no state but the
// tid; name a live thread, never a leader that may have exited. kOutOfRange: not readable there.
// kPermissionDenied: the task is not dumpable and we have no privilege over it.
class TraceeMemory {
 public:
  explicit TraceeMemory(pid_t tid) : tid_(tid) {}

  // All of `bytes` from `address`, or an error.
  absl::Status Read(RemotePtr<void> address, absl::Span<char> bytes) const;

  // The string at `address` without its NUL, put into `text`; at most `limit` bytes are looked at.
  // What was read up to the NUL counts, even if the page behind it cannot be read. kOutOfRange if
  // memory ends before the NUL, kResourceExhausted if `limit` does.
  absl::Status ReadString(RemotePtr<char> address, size_t limit, std::string& text) const;

  // All of `bytes` to `address`, which the task itself must be able to write, or an error.
  absl::Status Write(RemotePtr<void> address, absl::Span<const char> bytes) const;

 private:
  pid_t tid_;
};

// What one call's arguments point to, each byte read once: whoever asks again, for a record of what
// was decided, is told what was decided on.
class ArgumentMemory {
 public:
  virtual ~ArgumentMemory() = default;
  // As TraceeMemory; of a string up to PATH_MAX bytes with its NUL. It stays where it is until the
  // next call.
  virtual absl::StatusOr<absl::string_view> ReadString(uint64_t address) = 0;
  virtual absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) = 0;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_MEMORY_H_
