#ifndef PROVOST_SYSCALLS_SYSCALL_TABLE_H_
#define PROVOST_SYSCALLS_SYSCALL_TABLE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/nearest.h"  // IWYU pragma: export
#include "syscalls/request.h"
#include "syscalls/signature.h"

namespace provost {

// One call of one architecture.
struct Syscall {
  Arch arch;
  int32_t nr;
  const Signature*
      signature;  // never null; signature->name is the call's name on this architecture
};

// Every call of x86_64 and i386 that is known: numbers and names from the libseccomp that provost
// was built with, calls newer than that from their rows. Immutable after the first use; safe from
// any thread. Lookups do not allocate.
class SyscallTable {
 public:
  static const SyscallTable& Get();

  // nullptr if `arch` has no such call.
  const Syscall* Find(Arch arch, int32_t nr) const;
  const Syscall* Find(Arch arch, absl::string_view name) const;
  // The same for a request; nullptr for x32, unknown architectures and unknown numbers.
  const Syscall* Find(const SyscallRequest& request) const;

  // In order of number.
  absl::Span<const Syscall> All(Arch arch) const;
  // One past the highest known number: a bound for tables indexed by number.
  int32_t Limit(Arch arch) const;

  // True if any architecture has a call of this name.
  bool IsKnownName(absl::string_view name) const;
  // Up to three known names nearest to a misspelt one, nearest first; empty if none is near.
  std::vector<std::string> Suggest(absl::string_view misspelt) const;

 private:
  struct PerArch {
    std::vector<Syscall> calls;         // in order of number
    std::vector<int16_t> index_of;      // number -> index in `calls`, or -1
    absl::Span<const int16_t> by_name;  // indices in `calls`, in order of name
  };

  SyscallTable();
  const PerArch& Of(Arch arch) const;

  std::vector<Signature> signatures_;                  // complete before anything points into it
  std::array<PerArch, kAllArches.size() + 1> arches_;  // the last one is empty: no such arch
};

// The width of an argument as `arch` reads it: on i386 every register is 32 bits wide, so 64-bit
// widths become 32-bit ones.
ArgWidth WidthOn(Arch arch, const Argument& argument);

// "x86_64", "i386"; the reverse gives nullopt for a name it does not know.
absl::string_view ArchName(Arch arch);
std::optional<Arch> ArchByName(absl::string_view name);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_SYSCALL_TABLE_H_
