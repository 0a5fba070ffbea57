#ifndef PROVOST_POLICY_ARGUMENT_VALUE_H_
#define PROVOST_POLICY_ARGUMENT_VALUE_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/numeric/int128.h"
#include "policy/ast.h"
#include "policy/memory_operand.h"
#include "policy/predicate.h"
#include "policy/task_field.h"
#include "syscalls/signature.h"

namespace provost {

// Where an argument is: a register, and how wide the kernel reads it there.
struct BoundArgument {
  uint8_t index;
  ArgWidth width;
  const Argument* argument;  // nullptr for arg0 … arg5, the register as it is

  // What stands for the argument: then `width` and `argument` are those of what is read.
  std::shared_ptr<const MemoryOperand> memory;
  Predicate only_if;  // of registers: unless it holds there is nothing to read. Null: always

  // True for an IP address, which is no number.
  bool IsIp() const;

  std::optional<TaskField> task = std::nullopt;  // not in a register, but this of the task
};

int BitsOf(ArgWidth width);
absl::int128 SmallestOf(ArgWidth width);
absl::int128 LargestOf(ArgWidth width);
// The same of what may be shorter than any register: a field of 16 bits.
int BitsOf(const BoundArgument& place);
absl::int128 LargestOf(const BoundArgument& place);

// The low bits of `value`, extended to 64 as Compare wants them.
uint64_t Extend(absl::int128 value, ArgWidth width);

// What `==` compares an argument with for it to be `value`; nullopt if it never is. Where bits have
// names, or the argument is made of bits, 0xfee1dead is what an int of these bits is.
std::optional<uint64_t> EqualValue(absl::int128 value, const IntegerItem& item,
                                   const BoundArgument& place);

// The bits of a mask that the argument has; nullopt if it is no mask for it: bits that it does not
// have, or negative and neither all ones nor an argument with a sign.
std::optional<uint64_t> MaskBits(absl::int128 mask, ArgWidth width);
// The same, but bits that the argument does not have are left out.
uint64_t PresentBits(absl::int128 mask, ArgWidth width);

// The value of an argument's bits under `mask` (of PresentBits) that `==` compares with; nullopt if
// they never have it.
std::optional<uint64_t> EqualBits(absl::int128 value, uint64_t mask, ArgWidth width);

// True if values under `mask` have an order: without the sign.
bool IsOrdered(uint64_t mask, ArgWidth width);

}  // namespace provost

#endif  // PROVOST_POLICY_ARGUMENT_VALUE_H_
