#ifndef PROVOST_SUPERVISOR_CALL_RETURN_H_
#define PROVOST_SUPERVISOR_CALL_RETURN_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// The way back from a call that ran with other arguments than it was asked with, without another
// stop: the call returns to code of ours, which puts the argument registers back and jumps to where
// the call was made. x86_64 alone.
//
// One of the replaced arguments, the base, leads to memory that the task cannot change, and right
// before that stands what has to be put back. The kernel leaves argument registers alone
// (syscall(2)), so the base leads there still; and nobody expects to find anything in rcx, which
// the instruction destroys (SYSCALL in Intel's manual), so the address goes there.
//
// Who could see that the task is elsewhere is a signal's handler, the parent of a process, another
// tracer, a call that the kernel makes again. Before each of these the task comes to a stop of
// ours, at which Settle has it be where it would be. A plain value.
class CallReturn {
 public:
  // The code is position-independent, and constant; it takes a page.
  static constexpr size_t kCodeSize = 4096;
  static void WriteCode(char* page);

  // What stands before the memory that the base leads to.
  static constexpr size_t kHeaderSize = 64;
  static void WriteHeader(char* header, const SyscallRequest& asked);

  // `asked` was made by 64-bit code, and makes no task. `base`: the number of the argument.
  // `code`: where the task has the code.
  CallReturn(const SyscallRequest& asked, size_t base, uint64_t code)
      : CallReturn(asked, code + EntryOffset(base)) {}
  // As entry() said.
  CallReturn(const SyscallRequest& asked, uint64_t entry) : asked_(asked), entry_(entry) {}

  // At the seccomp stop of the call, whose arguments have been replaced.
  absl::Status Begin(const Stopped& stopped) const;

  // At the next stop that is no seccomp stop: if the task is still on its way, which true says, it
  // is where it would be without us.
  absl::StatusOr<bool> Settle(const Stopped& stopped) const;
  // At the next stop, a seccomp stop for `request`: the same, where the kernel has made the call
  // again (it had begun it for a signal that another thread then took). `request` is then as asked.
  absl::Status Settle(const Stopped& stopped, SyscallRequest& request) const;

  const SyscallRequest& asked() const { return asked_; }
  uint64_t entry() const { return entry_; }

 private:
  static size_t EntryOffset(size_t base);
  bool Contains(uint64_t ip) const;

  SyscallRequest asked_;
  uint64_t entry_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CALL_RETURN_H_
