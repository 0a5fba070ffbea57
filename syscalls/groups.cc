#include "syscalls/groups.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/group_tables.h"
#include "syscalls/nearest.h"

namespace provost {

namespace {

using Members = std::vector<absl::string_view>;

// What the spans of the groups point into; both live as long as the process.
struct Groups {
  std::deque<Members> members;
  std::vector<SyscallGroup> groups;

  void Add(absl::Span<const GroupTable> tables) {
    for (const GroupTable& table : tables) {
      Members& names = members.emplace_back(absl::StrSplit(table.members, ' '));
      std::sort(names.begin(), names.end());
      groups.push_back({table.name, table.description, names});
    }
  }
};

}  // namespace

absl::Span<const SyscallGroup> AllGroups() {
  static const Groups* const groups = [] {
    auto* all = new Groups;
    all->Add(SystemdGroups());
    all->Add(StraceClasses());
    return all;
  }();
  return groups->groups;
}

const SyscallGroup* FindGroup(absl::string_view name) {
  const auto groups = AllGroups();
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [name](const SyscallGroup& group) { return group.name == name; });
  return found == groups.end() ? nullptr : &*found;
}

std::vector<std::string> SuggestGroup(absl::string_view misspelt) {
  std::vector<absl::string_view> names;
  for (const SyscallGroup& group : AllGroups()) names.push_back(group.name);
  return Nearest(misspelt, names);
}

}  // namespace provost
