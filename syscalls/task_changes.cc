#include "syscalls/task_changes.h"

#include <vector>

#include "absl/strings/string_view.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

struct Call {
  Arch arch;
  int32_t nr;
  TaskChange change;
};

// A task that is born has a root of its own with CLONE_NEWNS, but no other's changes.
std::vector<Call> FindCalls() {
  constexpr struct {
    absl::string_view name;
    TaskChange change;
  } kCalls[] = {{"chroot", TaskChange::kRoot},
                {"pivot_root", TaskChange::kRoot},
                {"setns", TaskChange::kRoot},
                {"unshare", TaskChange::kRoot},
                {"setsid", TaskChange::kSession}};
  std::vector<Call> calls;
  for (const Arch arch : kAllArches) {
    for (const auto& [name, change] : kCalls) {
      const Syscall* const call = SyscallTable::Get().Find(arch, name);
      if (call != nullptr) calls.push_back({arch, call->nr, change});
    }
  }
  return calls;
}

}  // namespace

TaskChange TaskChangeOf(Arch arch, int32_t nr) {
  static const auto& calls = *new std::vector<Call>(FindCalls());
  for (const Call& call : calls) {
    if (call.nr == nr && call.arch == arch) return call.change;
  }
  return TaskChange::kNone;
}

}  // namespace provost
