#ifndef PROVOST_SYSCALLS_GROUP_TABLES_H_
#define PROVOST_SYSCALLS_GROUP_TABLES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// The tables behind groups.h, private to this room.
namespace provost {

struct GroupTable {
  absl::string_view name;
  absl::string_view description;
  absl::string_view members;  // separated by single spaces, each once
};

absl::Span<const GroupTable> SystemdGroups();  // groups_systemd.cc
absl::Span<const GroupTable> StraceClasses();  // groups_strace.cc

}  // namespace provost

#endif  // PROVOST_SYSCALLS_GROUP_TABLES_H_
