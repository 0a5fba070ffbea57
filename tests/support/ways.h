#ifndef PROVOST_TESTS_SUPPORT_WAYS_H_
#define PROVOST_TESTS_SUPPORT_WAYS_H_

#include <string>
#include <tuple>

#include "gtest/gtest.h"

namespace provost {

// The ways of running a victim whose behaviour must be the same in all of them.
enum class Way {
  kNatively,     // without supervision: shows that the victim is right
  kNoPolicy,     // traced, no filter
  kEveryCall,    // every call stops and is let through
  kEveryResult,  // every call stops at its entry and its exit, and is recorded
};

enum class Hardened : bool { kNo, kYes };

// Runs victim `name` that way and expects it to succeed. kNo is for victims of what hardening
// refuses.
void ExpectSuccess(const std::string& name, Way way, Hardened hardened = Hardened::kYes);

// Tests with a victim's name and a way to run it; the names of their cases.
using VictimWay = std::tuple<const char*, Way>;
std::string VictimWayName(const testing::TestParamInfo<VictimWay>& info);

inline auto AllWays() {
  return testing::Values(Way::kNatively, Way::kNoPolicy, Way::kEveryCall, Way::kEveryResult);
}

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_WAYS_H_
