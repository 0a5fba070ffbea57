#include "syscalls/syscall_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/nearest.h"
#include "syscalls/request.h"
#include "syscalls/rows.h"
#include "syscalls/signature.h"

namespace provost {
namespace {

// What is no architecture of ours gets the last table, which stays empty.
constexpr size_t IndexOf(Arch arch) {
  for (size_t i = 0; i < kAllArches.size(); ++i) {
    if (kAllArches[i] == arch) return i;
  }
  return kAllArches.size();
}

// One call as call_index_generator.cc writes it.
struct IndexedCall {
  int16_t number;
  uint16_t row;  // its place among AllRows()
};

constexpr IndexedCall kX86_64Numbers[] = {
#include "syscalls/call_index_x86_64_numbers.inc"
};
constexpr int16_t kX86_64Names[] = {
#include "syscalls/call_index_x86_64_names.inc"
};
constexpr IndexedCall kI386Numbers[] = {
#include "syscalls/call_index_i386_numbers.inc"
};
constexpr int16_t kI386Names[] = {
#include "syscalls/call_index_i386_names.inc"
};

absl::Span<const IndexedCall> NumbersOf(Arch arch) {
  return arch == Arch::kX86_64 ? absl::Span<const IndexedCall>(kX86_64Numbers) : kI386Numbers;
}

absl::Span<const int16_t> NamesOf(Arch arch) {
  return arch == Arch::kX86_64 ? absl::Span<const int16_t>(kX86_64Names) : kI386Names;
}

}  // namespace

SyscallTable::SyscallTable() {
  for (const absl::Span<const rows::Row> rows : rows::AllRows()) {
    for (const rows::Row& row : rows) {
      signatures_.push_back({row.name, absl::MakeSpan(row.args.data(), row.arg_count)});
    }
  }
  for (const Arch arch : kAllArches) {
    PerArch& table = arches_[IndexOf(arch)];
    const absl::Span<const IndexedCall> numbers = NumbersOf(arch);
    table.calls.reserve(numbers.size());
    table.index_of.assign(numbers.back().number + 1, -1);
    for (const IndexedCall& call : numbers) {
      table.index_of[call.number] = static_cast<int16_t>(table.calls.size());
      table.calls.push_back({arch, call.number, &signatures_[call.row]});
    }
    table.by_name = NamesOf(arch);
  }
}

const SyscallTable& SyscallTable::Get() {
  // Never destroyed: other threads may still look calls up while the process exits.
  static const SyscallTable* const table = new SyscallTable;
  return *table;
}

const SyscallTable::PerArch& SyscallTable::Of(Arch arch) const { return arches_[IndexOf(arch)]; }

const Syscall* SyscallTable::Find(Arch arch, int32_t nr) const {
  const PerArch& table = Of(arch);
  if (nr < 0 || static_cast<size_t>(nr) >= table.index_of.size()) return nullptr;
  const int16_t index = table.index_of[nr];
  return index < 0 ? nullptr : &table.calls[index];
}

const Syscall* SyscallTable::Find(Arch arch, absl::string_view name) const {
  const PerArch& table = Of(arch);
  const auto found = std::lower_bound(
      table.by_name.begin(), table.by_name.end(), name,
      [&](int16_t i, absl::string_view wanted) { return table.calls[i].signature->name < wanted; });
  if (found == table.by_name.end()) return nullptr;
  const Syscall& call = table.calls[*found];
  return call.signature->name == name ? &call : nullptr;
}

const Syscall* SyscallTable::Find(const SyscallRequest& request) const {
  if (!request.HasKnownArch() || request.IsX32()) return nullptr;
  return Find(static_cast<Arch>(request.arch), request.nr);
}

absl::Span<const Syscall> SyscallTable::All(Arch arch) const { return Of(arch).calls; }

int32_t SyscallTable::Limit(Arch arch) const {
  return static_cast<int32_t>(Of(arch).index_of.size());
}

bool SyscallTable::IsKnownName(absl::string_view name) const {
  return std::any_of(kAllArches.begin(), kAllArches.end(),
                     [&](Arch arch) { return Find(arch, name) != nullptr; });
}

std::vector<std::string> SyscallTable::Suggest(absl::string_view misspelt) const {
  std::vector<absl::string_view> names;
  for (const Signature& signature : signatures_) names.push_back(signature.name);
  return Nearest(misspelt, names);
}

ArgWidth WidthOn(Arch arch, const Argument& argument) {
  if (arch == Arch::kX86_64) return argument.width;
  switch (argument.width) {
    case ArgWidth::kS32:
    case ArgWidth::kS64:
      return ArgWidth::kS32;
    case ArgWidth::kU32:
    case ArgWidth::kU64:
      return ArgWidth::kU32;
  }
  return argument.width;
}

absl::string_view ArchName(Arch arch) { return arch == Arch::kX86_64 ? "x86_64" : "i386"; }

std::optional<Arch> ArchByName(absl::string_view name) {
  for (Arch arch : kAllArches) {
    if (ArchName(arch) == name) return arch;
  }
  return std::nullopt;
}

}  // namespace provost
