#ifndef PROVOST_SYSCALLS_CONSTANTS_H_
#define PROVOST_SYSCALLS_CONSTANTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

struct Constant {
  absl::string_view name;
  uint64_t value;  // a negative constant (AT_FDCWD) is sign-extended to 64 bits
};

// A named family of constants: the flags of one argument, or the values of one enumeration.
struct ConstantSet {
  absl::string_view name;  // "open-flags"
  bool is_mask;            // values combine with |
  absl::Span<const Constant> constants;
};

absl::Span<const ConstantSet* const> AllConstantSets();

// The value of a constant by its name in any set; a name has one value in all sets that hold it (a
// test says so).
std::optional<uint64_t> FindConstant(absl::string_view name);
std::vector<std::string> SuggestConstant(absl::string_view misspelt);

// "O_WRONLY|O_CREAT|0x40000000" for a mask (the rest in hex; "0" or the set's zero constant for
// none), "AF_UNIX" or a decimal number for an enumeration.
std::string FormatConstant(const ConstantSet& set, uint64_t value);

// Errno names: ErrnoName(13) is "EACCES", nullopt where there is none. ErrnoByName takes aliases
// too (EWOULDBLOCK, ENOTSUP).
std::optional<absl::string_view> ErrnoName(int number);
std::optional<int> ErrnoByName(absl::string_view name);
std::vector<std::string> SuggestErrno(absl::string_view misspelt);

// Signal names: SignalName(9) is "SIGKILL", SignalName(40) "SIGRT_8" (counted from the kernel's
// first, 32, as strace shows them).
std::string SignalName(int number);
std::optional<int> SignalByName(absl::string_view name);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_CONSTANTS_H_
