#include "policy/task_field.h"

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "syscalls/nearest.h"

namespace provost {
namespace {

// By TaskField.
constexpr std::array<Argument, 6> kFields = {{
    {.name = "proc.exe", .kind = ArgKind::kPath},
    {.name = "proc.comm", .kind = ArgKind::kString},
    {.name = "proc.uid", .kind = ArgKind::kUid, .width = ArgWidth::kU32},
    {.name = "proc.gid", .kind = ArgKind::kGid, .width = ArgWidth::kU32},
    {.name = "proc.pid", .kind = ArgKind::kPid, .width = ArgWidth::kS32},
    {.name = "proc.contid", .kind = ArgKind::kInteger, .width = ArgWidth::kU64},
}};

// Those that the grammar answers by itself, too.
constexpr absl::string_view kNames[] = {"proc.exe", "proc.comm",   "proc.uid", "proc.gid",
                                        "proc.pid", "proc.contid", "proc.arch"};

}  // namespace

const Argument& AsArgument(TaskField field) { return kFields[static_cast<size_t>(field)]; }

std::optional<TaskField> FindTaskField(absl::string_view name) {
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (kFields[i].name == name) return static_cast<TaskField>(i);
  }
  return std::nullopt;
}

std::vector<std::string> SuggestTaskField(absl::string_view misspelt) {
  std::vector<std::string> near = Nearest(misspelt, kNames);
  if (near.empty()) {
    for (const absl::string_view name : kNames) near.emplace_back(name);
  }
  return near;
}

}  // namespace provost
