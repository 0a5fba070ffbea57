#ifndef PROVOST_TRACEE_ADDRESS_SPACE_H_
#define PROVOST_TRACEE_ADDRESS_SPACE_H_

// What is asked of a supervised task's address space and descriptors beside its memory's contents.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace provost {

// What a file is, whoever has it open.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Part of a file in memory.
struct FileMapping {
  uint64_t address = 0;
  size_t size = 0;
  FileIdentity file;
  uint64_t offset = 0;  // in the file
  bool executable = false;
};

// OK if that is what the task has there, in one mapping, shared, and readable, or readable and
// executable, but no more (/proc/TID/maps, proc(5)). kFailedPrecondition, saying what is there, if
// it is not.
absl::Status CheckSharedReadOnly(pid_t tid, const FileMapping& wanted);

// OK if the mapping at `address` is sealed (the flag `sl` in /proc/TID/smaps, proc_pid_smaps(5)).
// Slow: the kernel looks at all pages of all mappings below it.
absl::Status CheckSealed(pid_t tid, uint64_t address);

// How many seccomp filters the task has (Seccomp_filters in /proc/TID/status, Linux 5.9).
absl::StatusOr<int> CountFilters(pid_t tid);

// True if the tasks are known to use the same memory (KCMP_VM of kcmp(2)); false also where that
// cannot be asked.
bool ShareMemory(pid_t one, pid_t other);

// The device that the task's descriptor `fd` is open on (st_rdev of stat(2)), 0 for what is no
// device. kNotFound: it is not open, or hidden from us.
absl::StatusOr<dev_t> ReadDevice(pid_t tid, int fd);

// The clock of the timer that the task's descriptor `fd` is (timerfd_create(2)). kNotFound: it is
// no such timer, or hidden from us.
absl::StatusOr<clockid_t> ReadTimerClock(pid_t tid, int fd);

// A copy of the task's descriptor `fd` (pidfd_getfd(2)).
absl::StatusOr<UniqueFd> CopyDescriptor(pid_t tid, int fd);

}  // namespace provost

#endif  // PROVOST_TRACEE_ADDRESS_SPACE_H_
