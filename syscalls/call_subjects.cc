#include "syscalls/call_subjects.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "syscalls/sub_calls.h"

namespace provost {
namespace {

using Role = CallSubjects::Path::Role;
using By = CallSubjects::Task::By;

struct RoleEntry {
  absl::string_view call;
  absl::string_view path;
  Role role;
};
// What is not here is looked up.
constexpr RoleEntry kRoles[] = {
    {"open", "path", Role::kOpened},
    {"openat", "path", Role::kOpened},
    {"openat2", "path", Role::kOpened},
    {"creat", "path", Role::kOpened},
    {"mkdir", "path", Role::kCreated},
    {"mkdirat", "path", Role::kCreated},
    {"mknod", "path", Role::kCreated},
    {"mknodat", "path", Role::kCreated},
    {"link", "newpath", Role::kCreated},
    {"linkat", "newpath", Role::kCreated},
    {"symlink", "newpath", Role::kCreated},
    {"symlinkat", "newpath", Role::kCreated},
    {"symlink", "oldpath", Role::kText},
    {"symlinkat", "oldpath", Role::kText},
    {"unlink", "path", Role::kRemoved},
    {"unlinkat", "path", Role::kRemoved},
    {"rmdir", "path", Role::kRemoved},
    {"rename", "oldpath", Role::kRenamedFrom},
    {"renameat", "oldpath", Role::kRenamedFrom},
    {"renameat2", "oldpath", Role::kRenamedFrom},
    {"rename", "newpath", Role::kRenamedTo},
    {"renameat", "newpath", Role::kRenamedTo},
    {"renameat2", "newpath", Role::kRenamedTo},
    {"mount", "dev_name", Role::kMountSource},
};

// Calls whose second path comes first in the kernel's records: C leaves the order of evaluation of
// getname's calls to the compiler (fs/namei.c), and mount(2) resolves its directory first.
constexpr absl::string_view kLastPathFirst[] = {
    "link",     "linkat",    "symlink", "symlinkat",  "rename",
    "renameat", "renameat2", "mount",   "move_mount",
};

// Calls whose descriptor's file the kernel notes (audit_file).
constexpr absl::string_view kFileByDescriptor[] = {
    "fchmod", "fchown", "fchown32", "fsetxattr", "fgetxattr", "flistxattr", "fremovexattr",
};

// Calls to which a NULL path means the descriptor itself.
constexpr absl::string_view kNullIsDescriptor[] = {
    "utimensat",     "utimensat_time64", "futimesat",    "newfstatat", "fstatat64",
    "statx",         "fanotify_mark",    "setxattrat",   "getxattrat", "listxattrat",
    "removexattrat", "file_getattr",     "file_setattr",
};

struct TaskEntry {
  absl::string_view call;
  absl::string_view argument;
  By by = By::kTask;
  bool is_signal = false;
};
constexpr TaskEntry kTasks[] = {
    {"kill", "pid", By::kProcessOrGroup, true},
    {"tkill", "pid", By::kTask, true},
    {"tgkill", "pid", By::kTask, true},
    {"rt_sigqueueinfo", "pid", By::kTask, true},
    {"rt_tgsigqueueinfo", "pid", By::kTask, true},
    {"pidfd_send_signal", "pidfd", By::kDescriptor, true},
    {"pidfd_getfd", "pidfd", By::kDescriptor},
    {"process_madvise", "pidfd", By::kDescriptor},
    {"process_mrelease", "pidfd", By::kDescriptor},
    {"setns", "fd", By::kDescriptor},
    {"pidfd_open", "pid"},
    {"ptrace", "pid"},
    {"process_vm_readv", "pid"},
    {"process_vm_writev", "pid"},
    {"prlimit64", "pid"},
    {"kcmp", "pid1"},
    {"kcmp", "pid2"},
    {"get_robust_list", "pid"},
    {"perf_event_open", "pid"},
    {"migrate_pages", "pid"},
    {"move_pages", "pid"},
    {"setpgid", "pid"},
    {"sched_setparam", "pid"},
    {"sched_setscheduler", "pid"},
    {"sched_setattr", "pid"},
    {"sched_setaffinity", "pid"},
};

template <size_t kCount>
bool IsOneOf(const absl::string_view (&names)[kCount], absl::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Role RoleOf(absl::string_view call, absl::string_view path) {
  for (const RoleEntry& entry : kRoles) {
    if (entry.call == call && entry.path == path) return entry.role;
  }
  return Role::kLookedUp;
}

void AddPaths(const Signature& signature, CallSubjects& subjects) {
  for (size_t i = 0; i < signature.args.size(); ++i) {
    const Argument& argument = signature.args[i];
    const Role role = RoleOf(signature.name, argument.name);
    if (argument.kind != ArgKind::kPath && role != Role::kText) continue;
    subjects.paths.push_back({.role = role,
                              .path = static_cast<int8_t>(i),
                              .directory = argument.companion,
                              .may_be_null = IsOneOf(kNullIsDescriptor, signature.name),
                              .lookup = LookupOf(signature, static_cast<int>(i))});
  }
  if (IsOneOf(kLastPathFirst, signature.name) && subjects.paths.size() == 2) {
    std::swap(subjects.paths[0], subjects.paths[1]);
  }
}

int8_t IndexOf(const Signature& signature, absl::string_view argument) {
  return static_cast<int8_t>(signature.IndexOf(argument));
}

void AddAddress(const Signature& signature, CallSubjects& subjects) {
  const absl::string_view name = signature.name;
  subjects.is_bind = name == "bind";
  if (name == "bind" || name == "connect" || name == "sendto") {
    subjects.address = IndexOf(signature, "addr");
    subjects.address_length = IndexOf(signature, "addrlen");
  } else if (name == "sendmsg") {
    subjects.message = IndexOf(signature, "msg");
  } else if (name == "sendmmsg") {
    subjects.message = IndexOf(signature, "mmsg");
    subjects.message_count = IndexOf(signature, "vlen");
  }
}

CallSubjects Make(const Signature& signature) {
  CallSubjects subjects;
  AddPaths(signature, subjects);
  AddAddress(signature, subjects);
  const absl::string_view name = signature.name;
  if (IsOneOf(kFileByDescriptor, name)) subjects.file = IndexOf(signature, "fd");
  for (const TaskEntry& entry : kTasks) {
    if (entry.call != name) continue;
    const bool has_flags = entry.by == By::kDescriptor && entry.is_signal;
    subjects.tasks.push_back({entry.by, IndexOf(signature, entry.argument), entry.is_signal,
                              has_flags ? IndexOf(signature, "flags") : int8_t{-1}});
  }
  if (name == "renameat2" || name == "mount") subjects.flags = IndexOf(signature, "flags");
  if (name == "ptrace") subjects.flags = IndexOf(signature, "request");
  return subjects;
}

using Table = absl::flat_hash_map<const Signature*, CallSubjects>;

Table MakeTable() {
  Table table;
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      CallSubjects subjects = Make(*syscall.signature);
      if (!subjects.IsEmpty()) table.emplace(syscall.signature, std::move(subjects));
    }
  }
  for (const SubCall& call : SubCalls()) {
    CallSubjects subjects = Make(*call.syscall.signature);
    if (!subjects.IsEmpty()) table.emplace(call.syscall.signature, std::move(subjects));
  }
  return table;
}

}  // namespace

const CallSubjects& SubjectsOf(const Signature& signature) {
  static const Table& table = *new Table(MakeTable());
  static const CallSubjects& none = *new CallSubjects();
  const auto found = table.find(&signature);
  return found == table.end() ? none : found->second;
}

}  // namespace provost
