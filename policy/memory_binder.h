#ifndef PROVOST_POLICY_MEMORY_BINDER_H_
#define PROVOST_POLICY_MEMORY_BINDER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/argument_value.h"
#include "policy/ast.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {

// The part of ConditionBinder for operands that are no argument themselves: `addr.port`,
// `how.flags`, `fd.path`, `realpath(path)`.

// The index of the argument that the operand is about; nullopt if the call has none of that name.
// `addr` is the call's socket address, whatever its row calls it.
std::optional<int> MemoryArgumentOf(const Operand& operand, const Syscall& syscall);

// Where the operand, one that IsMemory() and whose argument the call has, is read from. Errors are
// ErrorAt's: fields that are not there, and what the kernel fills in itself.
absl::StatusOr<BoundArgument> BindMemory(const Operand& operand, const Syscall& syscall);

// The fields that can be compared, in the order of the structure; none for most arguments.
std::vector<std::string> FieldsOf(const Argument& argument);

}  // namespace provost

#endif  // PROVOST_POLICY_MEMORY_BINDER_H_
