#ifndef PROVOST_POLICY_REGISTER_DOMAIN_H_
#define PROVOST_POLICY_REGISTER_DOMAIN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "policy/predicate.h"

namespace provost {

// What is known of one argument, read as one width, when several comparisons of it hold: which bits
// are fixed, and between which bounds it lies under each mask it was compared under. An
// over-approximation: what it calls impossible is impossible, the reverse need not be.
class RegisterDomain {
 public:
  explicit RegisterDomain(ArgWidth width);

  // Adds that `compare` holds, or that it does not. False if nothing is left: no register makes all
  // that was added come true. `compare.width` must be the domain's.
  bool Add(const Compare& compare, bool holds);

  // A measure of what copying this costs.
  size_t size() const { return size_; }
  // The masks it was compared under: a measure of what adding costs.
  size_t masks() const { return masked_.size(); }

 private:
  // Bounds and exceptions of the register under one mask, by key: a number whose unsigned order is
  // the order of the comparison.
  struct Masked {
    uint64_t first;
    uint64_t last;
    std::set<uint64_t> excluded;
  };

  uint64_t Key(uint64_t value) const { return value ^ sign_flip_; }
  Masked& Under(uint64_t mask);
  bool Exclude(uint64_t mask, uint64_t value);
  bool Confine(uint64_t mask, CompareOp op, uint64_t value);
  bool Learn(uint64_t bits, uint64_t values);
  bool Propagate();
  bool Tighten(uint64_t mask, Masked& masked, bool& learned);

  ArgWidth width_;
  uint64_t sign_flip_;
  uint64_t known_bits_ = 0;
  uint64_t known_values_ = 0;
  std::map<uint64_t, Masked> masked_;
  size_t size_ = 1;
};

}  // namespace provost

#endif  // PROVOST_POLICY_REGISTER_DOMAIN_H_
