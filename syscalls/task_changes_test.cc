#include "syscalls/task_changes.h"

#include <map>
#include <string>

#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

TEST(TaskChangeOf, KnowsTheCallsOfBothArchitectures) {
  for (const Arch arch : kAllArches) {
    std::map<std::string, TaskChange> changes;
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      const TaskChange change = TaskChangeOf(arch, call.nr);
      if (change != TaskChange::kNone) changes[std::string(call.signature->name)] = change;
    }
    const std::map<std::string, TaskChange> expected = {{"chroot", TaskChange::kRoot},
                                                        {"pivot_root", TaskChange::kRoot},
                                                        {"setns", TaskChange::kRoot},
                                                        {"unshare", TaskChange::kRoot},
                                                        {"setsid", TaskChange::kSession}};
    EXPECT_EQ(changes, expected) << ArchName(arch);
  }
}

}  // namespace
}  // namespace provost
