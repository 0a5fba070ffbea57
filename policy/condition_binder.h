#ifndef PROVOST_POLICY_CONDITION_BINDER_H_
#define PROVOST_POLICY_CONDITION_BINDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/argument_value.h"
#include "policy/ast.h"
#include "policy/predicate.h"
#include "policy/warning.h"
#include "syscalls/syscall_table.h"

namespace provost {

// Binds the condition of one rule to the calls of the rule: names become registers with widths, and
// what can never hold is refused. A value must fit the argument on one of the architectures at
// least; where it does not fit, the comparison comes out as arithmetic says. The same for the
// argument itself: where a call takes it on one architecture and has it elsewhere on another (mmap
// of i386 has its arguments in memory), the comparison is unknown there, which is as with memory
// that cannot be read: a rule that refuses takes it for true, any other for false.
class ConditionBinder {
 public:
  // `refuses`: the rule's action does. Condition and warnings must outlive this; what is to be
  // warned of is added to `warnings`.
  ConditionBinder(const Condition& condition, bool refuses, std::vector<PolicyWarning>& warnings);

  // The predicates for `syscalls`: one call, by name, on the architectures that have it.
  // `reference` is what the rule names it by. Null for what is always true. Errors are ErrorAt's.
  absl::StatusOr<std::vector<Predicate>> Bind(absl::Span<const Syscall* const> syscalls,
                                              const CallReference& reference);

  // Nodes made so far, those shared by several calls counted once.
  size_t nodes() const { return nodes_; }

 private:
  // The arguments that one operand is, on the architectures of the call that have it.
  using Places = std::vector<BoundArgument>;

  absl::StatusOr<Places> Place(const Operand& operand, absl::Span<const Syscall* const> syscalls,
                               const CallReference& reference, std::string& shape) const;
  void Warn(absl::Span<const Syscall* const> syscalls);
  void WarnUnknown(const Test& test, const Syscall& syscall);
  void WarnNumber(const Test& test, const Syscall& syscall);
  void WarnOf(const Value& value, const Test& test, const BoundArgument& place,
              absl::string_view call);
  void CollectTests(const Condition& condition);

  Predicate Make(const Condition& condition, const Syscall& syscall, bool unknown);
  Predicate MakeTest(const Test& test, const BoundArgument& place);
  Predicate MakeStrings(const Test& test, const BoundArgument& place);
  Predicate MakeNetworks(const Test& test, const BoundArgument& place);
  Predicate MakeMaskTest(const Test& test, const BoundArgument& place);
  Predicate MakeItem(const Test& test, const IntegerItem& item, const BoundArgument& place);
  Predicate MakeMaskedItem(const Test& test, const IntegerItem& item, const BoundArgument& place);
  Predicate MakeComparison(const BoundArgument& place, uint64_t mask, CompareOp op, uint64_t value);
  Predicate Constant(bool value);
  Predicate Join(std::vector<Predicate> children, bool any);
  Predicate Negate(Predicate child);
  Predicate Node(PredicateNode node);

  const Condition& condition_;
  const bool refuses_;
  std::vector<const Test*> tests_;  // of condition_, in the order of the text
  std::vector<PolicyWarning>& warnings_;
  // By shape: calls whose arguments lie alike share their predicates.
  absl::flat_hash_map<std::string, std::vector<Predicate>> bound_;
  size_t nodes_ = 0;
};

}  // namespace provost

#endif  // PROVOST_POLICY_CONDITION_BINDER_H_
