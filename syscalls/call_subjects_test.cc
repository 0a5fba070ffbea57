#include "syscalls/call_subjects.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Role = CallSubjects::Path::Role;

const CallSubjects& Of(Arch arch, const char* name) {
  const Syscall* syscall = SyscallTable::Get().Find(arch, name);
  EXPECT_NE(syscall, nullptr) << name;
  return SubjectsOf(*syscall->signature);
}

// What every call says of itself in the table of signatures is a subject, and nothing points beside
// its arguments.
TEST(SubjectsOf, EveryPathArgumentIsASubject) {
  size_t paths = 0;
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      const Signature& signature = *syscall.signature;
      const CallSubjects& subjects = SubjectsOf(signature);
      size_t wanted = 0;
      for (const Argument& argument : signature.args) wanted += argument.kind == ArgKind::kPath;
      const bool has_text = !subjects.paths.empty() && subjects.paths.back().role == Role::kText;
      EXPECT_EQ(subjects.paths.size(), wanted + (has_text ? 1 : 0)) << signature.name;
      for (const CallSubjects::Task& task : subjects.tasks) {
        EXPECT_GE(task.argument, 0) << signature.name;
      }
      EXPECT_EQ(subjects.address >= 0, subjects.address_length >= 0) << signature.name;
      paths += wanted;
    }
  }
  EXPECT_GT(paths, 150U);
}

// No entry of the tables is misspelt: each changes what its call would be without it.
TEST(SubjectsOf, RolesAndOrder) {
  const struct {
    const char* call;
    std::vector<Role> roles;
  } cases[] = {
      {"open", {Role::kOpened}},
      {"openat", {Role::kOpened}},
      {"openat2", {Role::kOpened}},
      {"creat", {Role::kOpened}},
      {"stat", {Role::kLookedUp}},
      {"execve", {Role::kLookedUp}},
      {"mkdir", {Role::kCreated}},
      {"mkdirat", {Role::kCreated}},
      {"mknod", {Role::kCreated}},
      {"mknodat", {Role::kCreated}},
      {"unlink", {Role::kRemoved}},
      {"unlinkat", {Role::kRemoved}},
      {"rmdir", {Role::kRemoved}},
      {"link", {Role::kCreated, Role::kLookedUp}},
      {"linkat", {Role::kCreated, Role::kLookedUp}},
      {"symlink", {Role::kCreated, Role::kText}},
      {"symlinkat", {Role::kCreated, Role::kText}},
      {"rename", {Role::kRenamedTo, Role::kRenamedFrom}},
      {"renameat", {Role::kRenamedTo, Role::kRenamedFrom}},
      {"renameat2", {Role::kRenamedTo, Role::kRenamedFrom}},
      {"mount", {Role::kLookedUp, Role::kMountSource}},
      {"move_mount", {Role::kLookedUp, Role::kLookedUp}},
      {"pivot_root", {Role::kLookedUp, Role::kLookedUp}},
      {"read", {}},
  };
  for (const Arch arch : kAllArches) {
    for (const auto& test : cases) {
      std::vector<Role> roles;
      for (const CallSubjects::Path& path : Of(arch, test.call).paths) roles.push_back(path.role);
      EXPECT_EQ(roles, test.roles) << test.call;
    }
  }
  EXPECT_EQ(Of(Arch::kX86_64, "renameat2").paths[0].directory, 2);
  EXPECT_EQ(Of(Arch::kX86_64, "renameat2").flags, 4);
  EXPECT_EQ(Of(Arch::kX86_64, "symlinkat").paths[0].directory, 1);
}

TEST(SubjectsOf, FilesAddressesAndTasks) {
  for (const char* call : {"fchmod", "fchown", "fsetxattr", "fgetxattr", "flistxattr"}) {
    EXPECT_EQ(Of(Arch::kX86_64, call).file, 0) << call;
  }
  EXPECT_EQ(Of(Arch::kI386, "fchown32").file, 0);
  EXPECT_EQ(Of(Arch::kX86_64, "bind").address, 1);
  EXPECT_TRUE(Of(Arch::kX86_64, "bind").is_bind);
  EXPECT_EQ(Of(Arch::kX86_64, "sendto").address, 4);
  EXPECT_EQ(Of(Arch::kX86_64, "sendto").address_length, 5);
  EXPECT_EQ(Of(Arch::kX86_64, "sendmsg").message, 1);
  EXPECT_EQ(Of(Arch::kX86_64, "sendmmsg").message_count, 2);
  // What the kernel fills in is none of the caller's.
  EXPECT_EQ(Of(Arch::kX86_64, "accept").address, -1);
  const struct {
    const char* call;
    int argument;
    bool is_signal;
  } tasks[] = {
      {"kill", 0, true},
      {"tkill", 0, true},
      {"tgkill", 1, true},
      {"rt_sigqueueinfo", 0, true},
      {"rt_tgsigqueueinfo", 1, true},
      {"pidfd_send_signal", 0, true},
      {"ptrace", 1, false},
      {"process_vm_readv", 0, false},
      {"process_vm_writev", 0, false},
      {"prlimit64", 0, false},
      {"kcmp", 0, false},
      {"perf_event_open", 1, false},
      {"pidfd_getfd", 0, false},
      {"pidfd_open", 0, false},
      {"sched_setaffinity", 0, false},
  };
  for (const auto& test : tasks) {
    const CallSubjects& subjects = Of(Arch::kX86_64, test.call);
    ASSERT_FALSE(subjects.tasks.empty()) << test.call;
    EXPECT_EQ(subjects.tasks[0].argument, test.argument) << test.call;
    EXPECT_EQ(subjects.tasks[0].is_signal, test.is_signal) << test.call;
  }
  EXPECT_EQ(Of(Arch::kX86_64, "kcmp").tasks.size(), 2U);
  EXPECT_TRUE(Of(Arch::kX86_64, "wait4").tasks.empty());
}

}  // namespace
}  // namespace provost
