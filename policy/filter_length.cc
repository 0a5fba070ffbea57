#include "policy/filter_length.h"

#include <linux/filter.h>

#include <cstdint>

namespace provost {
namespace {

// The context and both registers are set first.
constexpr size_t kPrologue = 3;

bool IsConditional(const sock_filter& instruction) {
  return BPF_CLASS(instruction.code) == BPF_JMP && BPF_OP(instruction.code) != BPF_JA;
}

size_t Made(const sock_filter& instruction) {
  if (instruction.code == (BPF_RET | BPF_K)) return 2;  // a move, and the exit
  if (!IsConditional(instruction)) return 1;
  // Immediates are signed there, and one of an upper half takes a register.
  const bool is_wide =
      BPF_SRC(instruction.code) == BPF_K && static_cast<int32_t>(instruction.k) < 0;
  const bool can_be_inverted = BPF_OP(instruction.code) != BPF_JSET;
  const bool is_one = instruction.jf == 0 || (instruction.jt == 0 && can_be_inverted);
  return (is_one ? 1 : 2) + (is_wide ? 1 : 0);
}

}  // namespace

size_t KernelLength(const BpfProgram& filter) {
  size_t length = kPrologue;
  for (const sock_filter& instruction : filter) length += Made(instruction);
  return length;
}

size_t KernelLength(absl::Span<const BpfProgram> filters) {
  size_t length = 0;
  for (const BpfProgram& filter : filters) length += KernelLength(filter) + kFilterOverhead;
  return length;
}

}  // namespace provost
