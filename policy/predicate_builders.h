#ifndef PROVOST_POLICY_PREDICATE_BUILDERS_H_
#define PROVOST_POLICY_PREDICATE_BUILDERS_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/policy.h"
#include "policy/predicate.h"
#include "policy/string_pattern.h"

namespace provost {

// Short ways to write conditions in tests.
inline Predicate MakePredicate(PredicateNode node) {
  return std::make_shared<const PredicateNode>(std::move(node));
}
inline Predicate Arg(uint8_t arg, ArgWidth width, CompareOp op, uint64_t value,
                     uint64_t mask = ~uint64_t{0}) {
  return MakePredicate(
      {Compare{.arg = arg, .width = width, .mask = mask, .op = op, .value = value}});
}
inline Predicate StringIs(uint8_t arg, absl::string_view text) {
  return MakePredicate({MatchString{arg, StringPattern::Exact(text)}});
}
inline Predicate All(std::vector<Predicate> children) {
  return MakePredicate({AllOf{std::move(children)}});
}
inline Predicate Any(std::vector<Predicate> children) {
  return MakePredicate({AnyOf{std::move(children)}});
}
inline Predicate Negation(Predicate child) { return MakePredicate({Not{std::move(child)}}); }
inline Predicate Constant(bool value) { return MakePredicate({Constantly{value}}); }

// Binds the same condition to every call.
inline PolicyBuilder::Binder Always(Predicate condition) {
  return [condition = std::move(condition)](const Syscall&) -> absl::StatusOr<Predicate> {
    return condition;
  };
}

}  // namespace provost

#endif  // PROVOST_POLICY_PREDICATE_BUILDERS_H_
