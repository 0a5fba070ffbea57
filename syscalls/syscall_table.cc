#include "syscalls/syscall_table.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
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

// Past every number of every architecture for a good while; asking libseccomp for all of them takes
// a fifth of a millisecond.
constexpr int kEndOfNumbers = 1024;

using Numbers = absl::flat_hash_map<std::string, int32_t>;

// What libseccomp calls each number of `arch`. It is asked by number because, asked by name, it
// gives i386's own socket calls the pseudo numbers that stand for socketcall's sub-calls.
Numbers LibseccompNumbers(Arch arch) {
  const uint32_t token = arch == Arch::kX86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_X86;
  Numbers numbers;
  for (int number = 0; number < kEndOfNumbers; ++number) {
    char* name = seccomp_syscall_resolve_num_arch(token, number);
    if (name == nullptr) continue;
    numbers.emplace(name, number);
    free(name);  // the caller's, seccomp_syscall_resolve_name(3)
  }
  return numbers;
}

// libseccomp's number where it knows the call, the row's own otherwise; -1 if `arch` has none.
int32_t NumberOn(Arch arch, const rows::Row& row, const Numbers& libseccomp) {
  const bool is_x86_64 = arch == Arch::kX86_64;
  if (row.on == (is_x86_64 ? rows::On::kI386 : rows::On::kX86_64)) return -1;
  const auto found = libseccomp.find(row.name);
  if (found != libseccomp.end()) return found->second;
  return is_x86_64 ? row.newer.x86_64 : row.newer.i386;
}

}  // namespace

SyscallTable::SyscallTable() {
  std::array<Numbers, kAllArches.size()> libseccomp;
  for (Arch arch : kAllArches) libseccomp[IndexOf(arch)] = LibseccompNumbers(arch);
  for (absl::Span<const rows::Row> rows :
       {rows::FileRows(), rows::MemoryRows(), rows::ProcessRows(), rows::NetworkRows(),
        rows::SystemRows(), rows::ObsoleteRows(), rows::I386Rows()}) {
    for (const rows::Row& row : rows) {
      signatures_.push_back({row.name, absl::MakeSpan(row.args.data(), row.arg_count)});
      for (Arch arch : kAllArches) {
        const int32_t number = NumberOn(arch, row, libseccomp[IndexOf(arch)]);
        if (number < 0) continue;
        arches_[IndexOf(arch)].calls.push_back({arch, number, &signatures_.back()});
      }
    }
  }
  for (PerArch& arch : arches_) Index(arch);
}

void SyscallTable::Index(PerArch& arch) {
  std::sort(arch.calls.begin(), arch.calls.end(),
            [](const Syscall& a, const Syscall& b) { return a.nr < b.nr; });
  if (arch.calls.empty()) return;
  arch.index_of.assign(arch.calls.back().nr + 1, -1);
  for (size_t i = 0; i < arch.calls.size(); ++i) {
    arch.index_of[arch.calls[i].nr] = static_cast<int16_t>(i);
    arch.by_name.emplace(arch.calls[i].signature->name, static_cast<int16_t>(i));
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
  const auto found = table.by_name.find(name);
  return found == table.by_name.end() ? nullptr : &table.calls[found->second];
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
  return std::any_of(arches_.begin(), arches_.end(),
                     [name](const PerArch& arch) { return arch.by_name.contains(name); });
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
