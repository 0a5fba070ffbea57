#ifndef PROVOST_SYSCALLS_TASK_CHANGES_H_
#define PROVOST_SYSCALLS_TASK_CHANGES_H_

#include <cstdint>

#include "syscalls/request.h"

namespace provost {

// What a call may change of tasks that only calls of its kind can change, so that who is told of
// all of them need not look in between.
enum class TaskChange : uint8_t {
  kNone,
  kRoot,     // chroot, pivot_root, setns, unshare: the root directory, of whoever shares it, too
  kSession,  // setsid: which session the process is in, and that it leads one
};

// By the number alone, which a refused call has as well.
TaskChange TaskChangeOf(Arch arch, int32_t nr);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_TASK_CHANGES_H_
