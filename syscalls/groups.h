#ifndef PROVOST_SYSCALLS_GROUPS_H_
#define PROVOST_SYSCALLS_GROUPS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// A named set of calls: systemd's ("@basic-io", from `systemd-analyze syscall-filter`) or one of
// strace's classes ("%file", from strace(1)). Members are names of calls on any architecture;
// groups that hold groups are already expanded. Data only.
struct SyscallGroup {
  absl::string_view name;                       // with its '@' or '%'
  absl::string_view description;                // one short line
  absl::Span<const absl::string_view> members;  // sorted, unique
};

absl::Span<const SyscallGroup> AllGroups();

// nullptr if there is none; `name` has its '@' or '%'.
const SyscallGroup* FindGroup(absl::string_view name);
std::vector<std::string> SuggestGroup(absl::string_view misspelt);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_GROUPS_H_
