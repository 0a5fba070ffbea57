#ifndef PROVOST_POLICY_POLICY_STATE_H_
#define PROVOST_POLICY_POLICY_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "policy/counted_call.h"
#include "policy/rule_state.h"

namespace provost {

struct StateOptions {
  // What `chance` draws from: the same calls in the same order with the same seed draw the same.
  uint64_t seed = 0;
  // Nanoseconds, never falling, for `rate`; null: CLOCK_MONOTONIC (clock_gettime(2)).
  std::function<int64_t()> clock;
};

// The counters of one policy in one run; the policy itself is immutable. Not thread-safe.
class PolicyState {
 public:
  // `policy` is the policy's index among those of the run: equal policies draw differently.
  explicit PolicyState(StateOptions options = {}, uint32_t policy = 0)
      : options_(std::move(options)), policy_(policy) {}
  // Calls in flight point at it.
  PolicyState(const PolicyState&) = delete;
  PolicyState& operator=(const PolicyState&) = delete;

  // Counts a call that has come to the rule of `state` and for which the rest of its condition
  // holds, and says whether the rule's state tests hold too. A call that `counted` (may be null)
  // says was counted before is not counted again: the answer is what it was.
  bool Count(const RuleState& state, pid_t process, CountedCall* counted);

  // The process has ended: its counters go.
  void Forget(pid_t process) { processes_.erase(process); }
  // As at the beginning.
  void Reset();

  // What it has counted, for another process to go on with under the same policy.
  struct Saved {
    struct Counter {
      uint32_t rule = 0;
      pid_t process = 0;  // 0: the rule has one for all
      uint64_t count = 0;
      uint64_t ordinal = 0;
      std::vector<int64_t> due;
      bool operator==(const Counter&) const = default;
    };
    std::vector<Counter> counters;
    std::vector<std::pair<uint32_t, uint64_t>> ordinals;
    bool operator==(const Saved&) const = default;
  };
  Saved Save() const;
  void Restore(const Saved& saved);

 private:
  struct Counter {
    uint64_t count = 0;
    uint64_t ordinal = 0;  // of the process among those counted for the rule, from 1
    // Of each rate test: when the calls let through so far would all have come, had they kept
    // exactly to the rate.
    std::vector<int64_t> due;
  };

  Counter& Find(const RuleState& state, pid_t process);
  bool Holds(const RuleState& state, size_t test, Counter& counter);
  bool IsOverRate(const StateTest& test, int64_t& due) const;
  double Draw(const RuleState& state, size_t test, const Counter& counter) const;

  const StateOptions options_;
  const uint32_t policy_;
  absl::flat_hash_map<uint32_t, Counter> rules_;
  absl::flat_hash_map<pid_t, absl::flat_hash_map<uint32_t, Counter>> processes_;
  absl::flat_hash_map<uint32_t, uint64_t> ordinals_;  // by rule: the last one given
};

}  // namespace provost

#endif  // PROVOST_POLICY_POLICY_STATE_H_
