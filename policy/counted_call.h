#ifndef PROVOST_POLICY_COUNTED_CALL_H_
#define PROVOST_POLICY_COUNTED_CALL_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace provost {

class PolicyState;

// What rules that count made of one call. Kept beside the call, it makes deciding the call again
// (because the kernel restarts it, or because it was rewritten) count nothing twice.
class CountedCall {
 public:
  std::optional<bool> Find(const PolicyState* policy, uint32_t rule) const {
    for (const Entry& entry : entries_) {
      if (entry.policy == policy && entry.rule == rule) return entry.matched;
    }
    return std::nullopt;
  }
  void Add(const PolicyState* policy, uint32_t rule, bool matched) {
    entries_.push_back({policy, rule, matched});
  }
  void Clear() { entries_.clear(); }

  struct Entry {
    const PolicyState* policy;
    uint32_t rule;
    bool matched;
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_COUNTED_CALL_H_
