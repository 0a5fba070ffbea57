// The part of the grammar that reads conditions on earlier calls.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/grammar.h"

namespace provost {
namespace {

struct StateWord {
  absl::string_view name;
  StateTest::Kind kind;
};
constexpr StateWord kStateWords[] = {
    {"nth", StateTest::Kind::kNth},     {"every", StateTest::Kind::kEvery},
    {"first", StateTest::Kind::kFirst}, {"after", StateTest::Kind::kAfter},
    {"rate", StateTest::Kind::kRate},   {"chance", StateTest::Kind::kChance},
};

constexpr int64_t kSecond = 1000000000;

// With more a second, the nanoseconds between two calls would be rounded by more than a thousandth.
constexpr int64_t kMaxRate = 1000000;

const StateWord* FindStateWord(const Token& token) {
  const auto* found = std::find_if(std::begin(kStateWords), std::end(kStateWords),
                                   [&](const StateWord& word) { return token.IsName(word.name); });
  return found != std::end(kStateWords) ? found : nullptr;
}

bool IsState(const Condition& condition) {
  return condition.kind == Condition::Kind::kTest && condition.test.kind == Test::Kind::kState;
}

// The first state test in `condition`; null if there is none.
const Condition* FindState(const Condition& condition) {
  if (IsState(condition)) return &condition;
  for (const Condition& child : condition.children) {
    if (const Condition* found = FindState(child)) return found;
  }
  return nullptr;
}

// Splits what is joined by `&&`, through brackets, into state tests and the rest.
absl::Status Split(Condition condition, std::vector<Condition>& states,
                   std::vector<Condition>& rest) {
  if (IsState(condition)) {
    states.push_back(std::move(condition));
    return absl::OkStatus();
  }
  const Condition* state = FindState(condition);
  if (state == nullptr) {
    rest.push_back(std::move(condition));
    return absl::OkStatus();
  }
  if (condition.kind != Condition::Kind::kAnd) {
    return ErrorAt(state->span, absl::StrCat("`", state->span.text(), "` stands below `||` or `!`"),
                   {"a rule counts the calls for which all the rest of its condition holds",
                    "join it to the rest with `&&`, or write several rules"});
  }
  for (Condition& child : condition.children) {
    PROVOST_RETURN_IF_ERROR(Split(std::move(child), states, rest));
  }
  return absl::OkStatus();
}

}  // namespace

bool Grammar::IsStateWord(const Token& token) { return FindStateWord(token) != nullptr; }

absl::StatusOr<Condition> Grammar::ParseStateTest(const Token& word) {
  Condition condition;
  Test& test = condition.test;
  test.kind = Test::Kind::kState;
  test.state.kind = FindStateWord(word)->kind;
  PROVOST_RETURN_IF_ERROR(OpenBracket());
  if (test.state.kind == StateTest::Kind::kChance) {
    PROVOST_RETURN_IF_ERROR(ParseChance(test.state));
  } else {
    PROVOST_RETURN_IF_ERROR(ParseCount(test.state));
    if (test.state.kind == StateTest::Kind::kRate) PROVOST_RETURN_IF_ERROR(ParseRate(test.state));
  }
  PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseParenthesis, "`)`"));
  if (current_.IsName("each")) {
    PROVOST_RETURN_IF_ERROR(Advance());
    if (!current_.IsName("process")) return Unexpected("`process` after `each`");
    PROVOST_RETURN_IF_ERROR(Advance());
    test.each_process = true;
  }
  test.span = condition.span = word.span.Through(last_);
  return condition;
}

absl::Status Grammar::ParseCount(StateTest& test) {
  PROVOST_ASSIGN_OR_RETURN(const IntegerItem item, ParseInteger());
  const int64_t largest =
      test.kind == StateTest::Kind::kRate ? kMaxRate : std::numeric_limits<int64_t>::max();
  if (item.first < 1) return ErrorAt(item.span, "calls are counted from 1");
  if (item.first > largest) {
    return ErrorAt(item.span, absl::StrCat("this number is at most ", largest));
  }
  test.count = absl::Int128Low64(item.first);
  return absl::OkStatus();
}

absl::Status Grammar::ParseRate(StateTest& test) {
  const std::vector<std::string> notes = {
      "a rate is so many calls a second, minute or hour: `rate(10/s)`, `rate(100/m)`, `rate(5/h)`"};
  if (!current_.Is(TokenKind::kSlash)) return Unexpected("`/` and a unit of time", notes);
  PROVOST_RETURN_IF_ERROR(Advance());
  if (current_.IsName("s")) {
    test.period_ns = kSecond;
  } else if (current_.IsName("m")) {
    test.period_ns = 60 * kSecond;
  } else if (current_.IsName("h")) {
    test.period_ns = 3600 * kSecond;
  } else {
    return Unexpected("`s`, `m` or `h`", notes);
  }
  return Advance();
}

absl::Status Grammar::ParseChance(StateTest& test) {
  if (current_.Is(TokenKind::kFraction)) {
    test.chance = current_.fraction;
  } else if (current_.Is(TokenKind::kInteger)) {
    // Any number above 1 is too large, whichever it is.
    test.chance = current_.integer < 0 ? -1 : current_.integer > 1 ? 2 : current_.integer == 1;
  } else {
    return Unexpected("a chance such as `0.25` or `25%`");
  }
  if (test.chance < 0 || test.chance > 1) {
    return ErrorAt(current_.span, "a chance lies between 0 and 1",
                   {"for example `chance(0.25)` or `chance(25%)`"});
  }
  return Advance();
}

absl::Status Grammar::TakeState(RuleStatement& rule) {
  if (FindState(*rule.condition) == nullptr) return absl::OkStatus();
  std::vector<Condition> states;
  std::vector<Condition> rest;
  PROVOST_RETURN_IF_ERROR(Split(*std::move(rule.condition), states, rest));
  rule.condition.reset();
  RuleState& state = rule.state.emplace();
  state.each_process = states.front().test.each_process;
  for (const Condition& test : states) {
    if (test.test.each_process != state.each_process) {
      return ErrorAt(test.span, "a rule counts all calls, or those of each process",
                     {"`each process` stands behind all of its tests that count, or behind none"});
    }
    state.tests.push_back(test.test.state);
  }
  if (rest.size() == 1) {
    rule.condition = std::move(rest.front());
  } else if (!rest.empty()) {
    Condition& all = rule.condition.emplace();
    all.kind = Condition::Kind::kAnd;
    all.span = rest.front().span.Through(rest.back().span);
    all.children = std::move(rest);
  }
  return absl::OkStatus();
}

}  // namespace provost
