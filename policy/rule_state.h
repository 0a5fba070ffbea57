#ifndef PROVOST_POLICY_RULE_STATE_H_
#define PROVOST_POLICY_RULE_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace provost {

// A condition on how often, or how fast, calls have come to a rule.
struct StateTest {
  enum class Kind : uint8_t {
    kNth,     // the call is the count-th
    kEvery,   // its number is a multiple of count
    kFirst,   // its number is at most count
    kAfter,   // its number is above count
    kRate,    // it is one more than `count` in `period_ns` allow
    kChance,  // drawn by lot, with this chance
  };
  Kind kind = Kind::kNth;
  uint64_t count = 1;     // but of kChance; at least 1
  int64_t period_ns = 0;  // of kRate
  double chance = 0;      // of kChance: 0 … 1

  bool operator==(const StateTest&) const = default;
};

// The part of a rule's condition that earlier calls decide, all tests of it joined by `&&`. The
// rule has one counter, or one a process, for all of them.
struct RuleState {
  std::vector<StateTest> tests;
  bool each_process = false;
  uint32_t rule = 0;  // the rule's index in its policy, which the builder sets

  bool operator==(const RuleState&) const = default;
};

// As the language writes it: "nth(3) each process", "after(2) && rate(10/s)", "chance(0.25)".
std::string StateToString(const RuleState& state);

}  // namespace provost

#endif  // PROVOST_POLICY_RULE_STATE_H_
