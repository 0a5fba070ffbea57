#include "policy/policy_state.h"

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace provost {
namespace {

int64_t MonotonicNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every
// bit of the argument. Fixed, so that a seed means the same in every build.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

bool PolicyState::Count(const RuleState& state, pid_t process, CountedCall* counted) {
  if (counted != nullptr) {
    if (const std::optional<bool> before = counted->Find(this, state.rule)) return *before;
  }
  Counter& counter = Find(state, process);
  ++counter.count;
  bool holds = true;
  // All of them, so that each has seen every call.
  for (size_t i = 0; i < state.tests.size(); ++i) holds &= Holds(state, i, counter);
  if (counted != nullptr) counted->Add(this, state.rule, holds);
  return holds;
}

void PolicyState::Reset() {
  rules_.clear();
  processes_.clear();
  ordinals_.clear();
}

PolicyState::Saved PolicyState::Save() const {
  Saved saved;
  const auto add = [&](pid_t process, uint32_t rule, const Counter& counter) {
    saved.counters.push_back({rule, process, counter.count, counter.ordinal, counter.due});
  };
  for (const auto& [rule, counter] : rules_) add(0, rule, counter);
  for (const auto& [process, counters] : processes_) {
    for (const auto& [rule, counter] : counters) add(process, rule, counter);
  }
  saved.ordinals.assign(ordinals_.begin(), ordinals_.end());
  return saved;
}

void PolicyState::Restore(const Saved& saved) {
  Reset();
  for (const Saved::Counter& from : saved.counters) {
    Counter& counter = from.process == 0 ? rules_[from.rule] : processes_[from.process][from.rule];
    counter = {from.count, from.ordinal, from.due};
  }
  ordinals_.insert(saved.ordinals.begin(), saved.ordinals.end());
}

PolicyState::Counter& PolicyState::Find(const RuleState& state, pid_t process) {
  auto& counters = state.each_process ? processes_[process] : rules_;
  const auto [entry, is_new] = counters.try_emplace(state.rule);
  if (is_new) {
    entry->second.due.resize(state.tests.size());
    if (state.each_process) entry->second.ordinal = ++ordinals_[state.rule];
  }
  return entry->second;
}

bool PolicyState::Holds(const RuleState& state, size_t test, Counter& counter) {
  const StateTest& wanted = state.tests[test];
  switch (wanted.kind) {
    case StateTest::Kind::kNth:
      return counter.count == wanted.count;
    case StateTest::Kind::kEvery:
      return counter.count % wanted.count == 0;
    case StateTest::Kind::kFirst:
      return counter.count <= wanted.count;
    case StateTest::Kind::kAfter:
      return counter.count > wanted.count;
    case StateTest::Kind::kRate:
      return IsOverRate(wanted, counter.due[test]);
    case StateTest::Kind::kChance:
      return Draw(state, test, counter) < wanted.chance;
  }
  return false;
}

// A token bucket that holds `count` and is full at first, kept as one number: a call within the
// rate moves `due` on by what it takes to fill one token in.
bool PolicyState::IsOverRate(const StateTest& test, int64_t& due) const {
  const int64_t now = options_.clock ? options_.clock() : MonotonicNanoseconds();
  const int64_t interval = test.period_ns / static_cast<int64_t>(test.count);
  const int64_t from = std::max(due, now);
  if (from - now > test.period_ns - interval) return true;
  due = from + interval;
  return false;
}

// A number from 0 up to 1, of 53 bits.
double PolicyState::Draw(const RuleState& state, size_t test, const Counter& counter) const {
  uint64_t lot = Mix(options_.seed);
  for (const uint64_t part :
       {uint64_t{policy_}, uint64_t{state.rule}, uint64_t{test}, counter.ordinal, counter.count}) {
    lot = Mix(lot ^ part);
  }
  return static_cast<double>(lot >> 11) * 0x1p-53;
}

}  // namespace provost
