#include "policy/rule_state.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace provost {
namespace {

std::string ToString(const StateTest& test) {
  constexpr int64_t kSecond = 1000000000;
  switch (test.kind) {
    case StateTest::Kind::kNth:
      return absl::StrCat("nth(", test.count, ")");
    case StateTest::Kind::kEvery:
      return absl::StrCat("every(", test.count, ")");
    case StateTest::Kind::kFirst:
      return absl::StrCat("first(", test.count, ")");
    case StateTest::Kind::kAfter:
      return absl::StrCat("after(", test.count, ")");
    case StateTest::Kind::kRate: {
      const char* unit = test.period_ns == kSecond        ? "s"
                         : test.period_ns == 60 * kSecond ? "m"
                                                          : "h";
      return absl::StrCat("rate(", test.count, "/", unit, ")");
    }
    case StateTest::Kind::kChance:
      return absl::StrCat("chance(", test.chance, ")");
  }
  return "";
}

}  // namespace

std::string StateToString(const RuleState& state) {
  std::string text;
  for (const StateTest& test : state.tests) {
    absl::StrAppend(&text, text.empty() ? "" : " && ", ToString(test),
                    state.each_process ? " each process" : "");
  }
  return text;
}

}  // namespace provost
