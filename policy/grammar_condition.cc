// The part of the grammar that reads conditions and values.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "policy/grammar.h"
#include "policy/task_field.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Functions that the language will have; their names are reserved.
constexpr absl::string_view kFunctions[] = {"realpath", "nth",  "every", "first",
                                            "after",    "rate", "chance"};

// Known of a call when its rule is bound.
constexpr absl::string_view kArchField = "proc.arch";

constexpr absl::string_view kWordOperators[] = {"in", "only", "has", "under"};

std::optional<CompareOp> AsCompareOp(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEqual:
      return CompareOp::kEq;
    case TokenKind::kNotEqual:
      return CompareOp::kNe;
    case TokenKind::kLess:
      return CompareOp::kLt;
    case TokenKind::kLessEqual:
      return CompareOp::kLe;
    case TokenKind::kGreater:
      return CompareOp::kGt;
    case TokenKind::kGreaterEqual:
      return CompareOp::kGe;
    default:
      return std::nullopt;
  }
}

// `under` is the only word among the pattern operators; it is cached as a name.
bool IsPatternOperator(const Token& op) {
  return op.Is(TokenKind::kTilde) || op.Is(TokenKind::kNotTilde) || op.Is(TokenKind::kRegexMatch) ||
         op.IsName("under");
}

Condition MakeGroup(Condition::Kind kind, std::vector<Condition> children) {
  Condition group;
  group.kind = kind;
  group.span = children.front().span.Through(children.back().span);
  group.children = std::move(children);
  return group;
}

absl::string_view ShapeName(const Value& value) {
  switch (value.shape) {
    case Value::Shape::kSingle:
      if (value.IsNetwork()) {
        return value.networks.front().network.IsAddress() ? "an IP address" : "a network";
      }
      return value.IsString() ? "a string" : "a number";
    case Value::Shape::kRange:
      return "a range";
    case Value::Shape::kSet:
      return "a set";
  }
  return "a value";
}

bool IsOneNumber(const Value& value) {
  return value.shape == Value::Shape::kSingle && !value.IsString() && !value.IsNetwork();
}

// The items of a named value stand, for messages about their use, where the name does.
Value MoveTo(Value value, const SourceSpan& where) {
  value.span = where;
  for (IntegerItem& item : value.integers) {
    item.span = where;
    for (NamedConstant& constant : item.constants) constant.span = where;
  }
  for (StringItem& item : value.strings) item.span = where;
  for (NetworkItem& item : value.networks) item.span = where;
  return value;
}

size_t Size(const Value& value) {
  return value.integers.size() + value.strings.size() + value.networks.size();
}

}  // namespace

// ---- Conditions ----

absl::StatusOr<Condition> Grammar::ParseOr() {
  std::vector<Condition> children;
  for (;;) {
    PROVOST_ASSIGN_OR_RETURN(Condition child, ParseAnd());
    children.push_back(std::move(child));
    if (!current_.Is(TokenKind::kOr)) break;
    PROVOST_RETURN_IF_ERROR(Advance());
  }
  if (children.size() == 1) return std::move(children.front());
  return MakeGroup(Condition::Kind::kOr, std::move(children));
}

absl::StatusOr<Condition> Grammar::ParseAnd() {
  std::vector<Condition> children;
  for (;;) {
    PROVOST_ASSIGN_OR_RETURN(Condition child, ParseNot());
    children.push_back(std::move(child));
    if (!current_.Is(TokenKind::kAnd)) break;
    PROVOST_RETURN_IF_ERROR(Advance());
  }
  if (children.size() == 1) return std::move(children.front());
  return MakeGroup(Condition::Kind::kAnd, std::move(children));
}

absl::StatusOr<Condition> Grammar::ParseNot() {
  if (!current_.Is(TokenKind::kNot)) {
    return current_.Is(TokenKind::kOpenParenthesis) ? ParseBracketed() : ParseTest();
  }
  const SourceSpan begin = current_.span;
  PROVOST_RETURN_IF_ERROR(Deeper(begin));
  PROVOST_RETURN_IF_ERROR(Advance());
  // In C `!a == b` would negate `a` alone: ask for what cannot be read in two ways.
  if (!current_.Is(TokenKind::kOpenParenthesis) && !current_.Is(TokenKind::kNot)) {
    return Unexpected("`(` after `!`", {"what `!` turns round stands in brackets: `!(fd == 0)`"});
  }
  PROVOST_ASSIGN_OR_RETURN(Condition child, ParseNot());
  --nesting_;
  Condition negation;
  negation.kind = Condition::Kind::kNot;
  negation.span = begin.Through(last_);
  negation.children.push_back(std::move(child));
  return negation;
}

absl::StatusOr<Condition> Grammar::ParseBracketed() {
  const SourceSpan begin = current_.span;
  PROVOST_RETURN_IF_ERROR(OpenBracket());
  PROVOST_ASSIGN_OR_RETURN(Condition inner, ParseOr());
  PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseParenthesis, "`&&`, `||` or `)`"));
  inner.span = begin.Through(last_);
  if (!AtComparison()) return inner;
  const bool is_mask =
      inner.kind == Condition::Kind::kTest && inner.test.kind == Test::Kind::kAnyBit;
  if (!is_mask) {
    return ErrorAt(
        current_.span,
        absl::StrCat("what stands to the left of ", DescribeToken(current_), " is a condition"),
        {"an operator compares an argument, or its bits as in `(flags & MASK) == 0`"});
  }
  PROVOST_ASSIGN_OR_RETURN(Condition comparison, ParseComparison(std::move(inner.test.operand)));
  comparison.span = begin.Through(last_);
  return comparison;
}

bool Grammar::AtComparison() const {
  return AsCompareOp(current_.kind).has_value() || IsPatternOperator(current_) ||
         (current_.Is(TokenKind::kName) &&
          std::find(std::begin(kWordOperators), std::end(kWordOperators), current_.text()) !=
              std::end(kWordOperators));
}

absl::StatusOr<Condition> Grammar::ParseTest() {
  // A state test's name, without a bracket behind it, may be an argument's.
  const Token word = current_;
  if (IsStateWord(word)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    if (current_.Is(TokenKind::kOpenParenthesis)) return ParseStateTest(word);
  }
  PROVOST_ASSIGN_OR_RETURN(Operand operand,
                           IsStateWord(word) ? ParseOperandAfter(word) : ParseOperand());
  if (current_.Is(TokenKind::kAmpersand)) return ParseMaskTest(std::move(operand));
  if (!AtComparison()) return NoOperator();
  if (operand.argument == kArchField) return ParseArchTest(std::move(operand));
  return ParseComparison(std::move(operand));
}

absl::StatusOr<Operand> Grammar::ParseOperand() {
  if (!current_.Is(TokenKind::kName)) {
    const bool is_value = current_.Is(TokenKind::kInteger) || current_.Is(TokenKind::kString) ||
                          current_.Is(TokenKind::kOpenBrace);
    return Unexpected("an argument", is_value ? std::vector<std::string>{"the argument stands on "
                                                                         "the left of an operator"}
                                              : std::vector<std::string>{});
  }
  const Token word = current_;
  PROVOST_RETURN_IF_ERROR(Advance());
  return ParseOperandAfter(word);
}

absl::StatusOr<Operand> Grammar::ParseOperandAfter(const Token& word) {
  if (word.IsName("proc") && current_.Is(TokenKind::kDot)) return ParseTaskField(word.span);
  if (word.IsName("realpath") && current_.Is(TokenKind::kOpenParenthesis)) {
    return ParseRealPath(word);
  }
  PROVOST_RETURN_IF_ERROR(CheckOperandWord(word));
  Operand operand;
  operand.argument = std::string(word.text());
  operand.span = word.span;
  PROVOST_RETURN_IF_ERROR(ParseFields(operand));
  return operand;
}

// `.port`, `.name.port` behind an argument.
absl::Status Grammar::ParseFields(Operand& operand) {
  while (current_.Is(TokenKind::kDot)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    if (!current_.Is(TokenKind::kName)) return Unexpected("the name of a field after `.`");
    absl::StrAppend(&operand.field, operand.field.empty() ? "" : ".", current_.text());
    operand.span = operand.span.Through(current_.span);
    PROVOST_RETURN_IF_ERROR(Advance());
  }
  return absl::OkStatus();
}

// What stands behind `realpath`.
absl::StatusOr<Operand> Grammar::ParseRealPath(const Token& word) {
  Operand operand;
  operand.real_path = true;
  PROVOST_RETURN_IF_ERROR(OpenBracket());
  PROVOST_ASSIGN_OR_RETURN(const Word argument, TakeWord("a path argument in `realpath(...)`"));
  operand.argument = argument.text;
  PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseParenthesis, "`)`"));
  operand.span = word.span.Through(last_);
  return operand;
}

absl::Status Grammar::CheckOperandWord(const Token& word) {
  const absl::string_view name = word.text();
  if (current_.Is(TokenKind::kOpenParenthesis)) {
    return ErrorAt(word.span, absl::StrCat("no function is called `", name, "`"),
                   DidYouMean(Nearest(name, kFunctions)));
  }
  if (name == "not") {
    return ErrorAt(word.span, "`not` is written `!`", {"for example `!(fd == 0)`"});
  }
  if (definitions_.Find(name) != nullptr || FindSymbol(name).has_value()) {
    return ErrorAt(word.span, absl::StrCat("`", name, "` is a value, not an argument"),
                   {"the argument stands on the left of an operator"});
  }
  return absl::OkStatus();
}

absl::StatusOr<Operand> Grammar::ParseTaskField(const SourceSpan& proc) {
  const bool adjoins = current_.span.begin == proc.end;
  PROVOST_RETURN_IF_ERROR(Advance());
  if (!current_.Is(TokenKind::kName) || !adjoins || current_.span.begin != last_.end) {
    return Unexpected(
        "a word right behind `proc.`",
        {absl::StrCat("there are `", absl::StrJoin(SuggestTaskField(""), "`, `"), "`")});
  }
  const SourceSpan span = proc.Through(current_.span);
  const std::string name(span.text());
  PROVOST_RETURN_IF_ERROR(Advance());
  if (name != kArchField && !FindTaskField(name).has_value()) {
    return ErrorAt(span, absl::StrCat("a task has no `", name, "`"),
                   DidYouMean(SuggestTaskField(name)));
  }
  return Operand{name, span, std::nullopt};
}

absl::StatusOr<Condition> Grammar::ParseArchTest(Operand operand) {
  const Token op = current_;
  const bool is_set = op.IsName("in");
  if (!is_set && !op.Is(TokenKind::kEqual) && !op.Is(TokenKind::kNotEqual)) {
    return ErrorAt(op.span, absl::StrCat("`", op.text(), "` does not compare architectures"),
                   {"`proc.arch` has `==`, `!=` and `in`"});
  }
  Condition condition;
  Test& test = condition.test;
  test.kind = Test::Kind::kArches;
  test.negated = op.Is(TokenKind::kNotEqual);
  PROVOST_RETURN_IF_ERROR(Advance());
  if (is_set) {
    if (!current_.Is(TokenKind::kOpenBrace)) return Unexpected("a set such as `{x86_64, i386}`");
    PROVOST_RETURN_IF_ERROR(OpenBracket());
  }
  do {
    if (!test.arches.empty()) PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(const Word name, TakeWord("an architecture such as `x86_64`"));
    const std::optional<Arch> arch = ArchByName(name.text);
    if (!arch.has_value()) {
      return ErrorAt(name.span, absl::StrCat("no architecture is called `", name.text, "`"),
                     {"there are `x86_64` and `i386`"});
    }
    test.arches.push_back(*arch);
  } while (is_set && current_.Is(TokenKind::kComma));
  if (is_set) PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseBrace, "`,` or `}`"));
  test.span = condition.span = operand.span.Through(last_);
  test.operand = std::move(operand);
  return condition;
}

absl::Status Grammar::NoOperator() const {
  const std::string expected = absl::StrCat("an operator after `", last_.text(), "`");
  if (current_.Is(TokenKind::kAssign)) {
    return Unexpected(expected, {"equality is written `==`"});
  }
  if (current_.IsName("not")) {
    return Unexpected(expected, {"`not` is written `!` before brackets: `!(fd in {0, 1})`"});
  }
  if (current_.Is(TokenKind::kName)) {
    return Unexpected(expected, DidYouMean(Nearest(current_.text(), kWordOperators)));
  }
  return Unexpected(expected);
}

absl::StatusOr<Condition> Grammar::ParseMaskTest(Operand operand) {
  if (operand.argument == kArchField) return ParseArchTest(std::move(operand));
  PROVOST_RETURN_IF_ERROR(Advance());
  PROVOST_ASSIGN_OR_RETURN(operand.mask, ParseMask());
  const SourceSpan masked = operand.span.Through(last_);
  if (AtComparison()) {
    return ErrorAt(masked, absl::StrCat("brackets are missing before ", DescribeToken(current_)),
                   {absl::StrCat("write `(", masked.text(), ") ", current_.text(), " ...`")});
  }
  Condition condition;
  condition.test.kind = Test::Kind::kAnyBit;
  condition.test.operand = std::move(operand);
  condition.test.span = condition.span = masked;
  return condition;
}

absl::StatusOr<Condition> Grammar::ParseComparison(Operand operand) {
  const Token op = current_;
  PROVOST_RETURN_IF_ERROR(Advance());
  Condition condition;
  Test& test = condition.test;
  test.span = operand.span;
  test.operand = std::move(operand);
  PROVOST_ASSIGN_OR_RETURN(test.value, op.IsName("has") ? ParseMask() : ParseValue());
  test.span = condition.span = test.span.Through(last_);
  if (test.value.IsMap()) {
    return ErrorAt(test.value.span, "a map is no value to compare with",
                   {"maps are what some emulators are told, behind `with`"});
  }
  const bool is_text = test.value.IsString();
  if (is_text || IsPatternOperator(op)) {
    PROVOST_RETURN_IF_ERROR(MakeStringTest(op, test));
  } else if (test.value.IsNetwork()) {
    PROVOST_RETURN_IF_ERROR(MakeNetworkTest(op, test));
  } else {
    PROVOST_RETURN_IF_ERROR(MakeIntegerTest(op, test));
  }
  return condition;
}

absl::Status Grammar::MakeIntegerTest(const Token& op, Test& test) const {
  const bool single = test.value.shape == Value::Shape::kSingle;
  const auto wrong_shape = [&](absl::string_view takes, const std::vector<std::string>& notes) {
    return ErrorAt(
        test.value.span,
        absl::StrCat("`", op.text(), "` takes ", takes, ": this is ", ShapeName(test.value)),
        notes);
  };
  if (op.IsName("in")) {
    test.kind = Test::Kind::kInIntegers;
    if (single) return wrong_shape("a set or a range", {"equality is written `==`"});
    return absl::OkStatus();
  }
  if (!single) return wrong_shape("one number", {"`in` takes sets and ranges"});
  if (op.Is(TokenKind::kName)) {
    test.kind = op.IsName("has") ? Test::Kind::kHas : Test::Kind::kOnly;
    if (!test.operand.mask.has_value()) return absl::OkStatus();
    return ErrorAt(op.span, absl::StrCat("`", op.text(), "` takes an argument without a mask"));
  }
  test.op = *AsCompareOp(op.kind);
  return absl::OkStatus();
}

absl::Status Grammar::MakeStringTest(const Token& op, Test& test) {
  const Value& value = test.value;
  if (!value.IsString()) {
    return ErrorAt(value.span,
                   absl::StrCat("`", op.text(), "` matches strings: this is ", ShapeName(value)));
  }
  if (test.operand.mask.has_value()) {
    return ErrorAt(value.span, "bits are compared with a number: this is a string");
  }
  const bool equality = op.Is(TokenKind::kEqual) || op.Is(TokenKind::kNotEqual);
  if (!equality && !op.IsName("in") && !IsPatternOperator(op)) {
    return ErrorAt(op.span, absl::StrCat("`", op.text(), "` does not compare strings"),
                   {"strings have `==`, `!=`, `in`, `~`, `!~`, `=~` and `under`"});
  }
  const bool is_set = value.shape == Value::Shape::kSet;
  if (equality && is_set) {
    return ErrorAt(value.span, absl::StrCat("`", op.text(), "` takes one string: this is a set"),
                   {"`in` takes sets"});
  }
  if (op.IsName("in") && !is_set) {
    return ErrorAt(value.span, "`in` takes a set: this is a string", {"equality is written `==`"});
  }
  test.kind = Test::Kind::kStrings;
  test.negated = op.Is(TokenKind::kNotEqual) || op.Is(TokenKind::kNotTilde);
  const TokenKind kind = equality || op.IsName("in")   ? TokenKind::kEqual
                         : op.Is(TokenKind::kNotTilde) ? TokenKind::kTilde
                                                       : op.kind;
  for (const StringItem& item : value.strings) {
    PROVOST_ASSIGN_OR_RETURN(std::shared_ptr<const StringPattern> pattern, Compile(kind, item));
    test.patterns.push_back(std::move(pattern));
  }
  return absl::OkStatus();
}

absl::Status Grammar::MakeNetworkTest(const Token& op, Test& test) const {
  const Value& value = test.value;
  if (test.operand.mask.has_value()) {
    return ErrorAt(value.span,
                   absl::StrCat("bits are compared with a number: this is ", ShapeName(value)));
  }
  const bool is_address =
      value.shape == Value::Shape::kSingle && value.networks.front().network.IsAddress();
  test.kind = Test::Kind::kNetworks;
  test.negated = op.Is(TokenKind::kNotEqual);
  if (op.IsName("in")) {
    if (!is_address) return absl::OkStatus();
    return ErrorAt(value.span, "`in` takes a network or a set: this is an IP address",
                   {"equality is written `==`"});
  }
  if (!op.Is(TokenKind::kEqual) && !op.Is(TokenKind::kNotEqual)) {
    return ErrorAt(op.span, absl::StrCat("`", op.text(), "` does not compare IP addresses"),
                   {"they have `==`, `!=` and `in`"});
  }
  if (is_address) return absl::OkStatus();
  return ErrorAt(value.span,
                 absl::StrCat("`", op.text(), "` takes one IP address: this is ", ShapeName(value)),
                 {"`in` takes networks and sets"});
}

absl::StatusOr<std::shared_ptr<const StringPattern>> Grammar::Compile(TokenKind op,
                                                                      const StringItem& item) {
  std::shared_ptr<const StringPattern>& cached = patterns_[{op, item.text}];
  if (cached != nullptr) return cached;
  if (op == TokenKind::kEqual) {
    cached = StringPattern::Exact(item.text);
  } else if (op == TokenKind::kName) {
    if (item.text.empty()) return ErrorAt(item.span, "this names no directory");
    cached = StringPattern::Under(item.text);
  } else {
    auto pattern =
        op == TokenKind::kTilde ? StringPattern::Glob(item.text) : StringPattern::Regex(item.text);
    if (!pattern.ok()) {
      return ErrorAt(item.span,
                     absl::StrCat(op == TokenKind::kTilde ? "" : "this is no regular expression: ",
                                  Printable(pattern.status().message())));
    }
    cached = *std::move(pattern);
  }
  return cached;
}

// ---- Values ----

absl::StatusOr<Value> Grammar::ParseValue() {
  if (current_.Is(TokenKind::kOpenBrace)) return ParseSet();
  if (current_.Is(TokenKind::kString)) {
    PROVOST_ASSIGN_OR_RETURN(StringItem item, TakeString("a string"));
    Value value;
    value.span = item.span;
    value.strings.push_back(std::move(item));
    if (current_.Is(TokenKind::kPipe)) {
      return Unexpected("the end of the value",
                        {"`|` joins bits; strings stand in a set: `{\"a\", \"b\"}`"});
    }
    return value;
  }
  if (current_.Is(TokenKind::kNetwork)) return ParseNetwork();
  const Value* named = current_.Is(TokenKind::kName) ? definitions_.Find(current_.text()) : nullptr;
  if (named != nullptr && !IsOneNumber(*named)) return ParseNamedValue(*named);
  return ParseIntegerOrRange();
}

absl::StatusOr<Value> Grammar::ParseNetwork() {
  Value value;
  value.span = current_.span;
  value.networks.push_back({current_.network, current_.span});
  PROVOST_RETURN_IF_ERROR(Advance());
  if (!current_.Is(TokenKind::kPipe) && !current_.Is(TokenKind::kRange)) return value;
  return Unexpected("the end of the value",
                    {"several addresses are a network, `10.0.0.0/8`, or a set, `{10.0.0.1, ::1}`"});
}

absl::StatusOr<Value> Grammar::ParseNamedValue(const Value& named) {
  Value value = MoveTo(named, current_.span);
  PROVOST_RETURN_IF_ERROR(Advance());
  if (!current_.Is(TokenKind::kPipe) && !current_.Is(TokenKind::kRange)) return value;
  return ErrorAt(value.span, absl::StrCat(DescribeToken(current_), " takes numbers: `",
                                          value.span.text(), "` is ", ShapeName(value)));
}

absl::StatusOr<Value> Grammar::ParseSet() {
  Value set;
  set.shape = Value::Shape::kSet;
  set.span = current_.span;
  PROVOST_RETURN_IF_ERROR(OpenBracket());
  while (!current_.Is(TokenKind::kCloseBrace)) {
    if (current_.Is(TokenKind::kOpenBrace)) {
      return ErrorAt(current_.span, "a set holds no sets", {"a set's name may stand in a set"});
    }
    PROVOST_ASSIGN_OR_RETURN(Value element, ParseValue());
    PROVOST_RETURN_IF_ERROR(ParseTarget(element));
    if (Size(set) > 0 && set.IsMap() != element.IsMap()) {
      return ErrorAt(element.span,
                     "in a map every string leads to another, as in `\"a\" => \"b\"`");
    }
    if (Size(set) > 0 && set.IsString() != element.IsString()) {
      return ErrorAt(element.span, "a set holds strings or numbers, not both");
    }
    if (Size(set) > 0 && set.IsNetwork() != element.IsNetwork()) {
      return ErrorAt(element.span, "a set holds IP addresses or other values, not both");
    }
    if (Size(set) + Size(element) > kMaxSetSize) {
      return ErrorAt(element.span, absl::StrCat("a set has at most ", kMaxSetSize, " elements"));
    }
    std::move(element.integers.begin(), element.integers.end(), std::back_inserter(set.integers));
    std::move(element.strings.begin(), element.strings.end(), std::back_inserter(set.strings));
    std::move(element.networks.begin(), element.networks.end(), std::back_inserter(set.networks));
    std::move(element.targets.begin(), element.targets.end(), std::back_inserter(set.targets));
    if (!current_.Is(TokenKind::kComma)) break;
    PROVOST_RETURN_IF_ERROR(Advance());
  }
  PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseBrace, "`,` or `}`"));
  set.span = set.span.Through(last_);
  if (Size(set) == 0) return ErrorAt(set.span, "this set is empty");
  return set;
}

// What a string of a map leads to, if one stands here.
absl::Status Grammar::ParseTarget(Value& element) {
  if (!current_.Is(TokenKind::kArrow)) return absl::OkStatus();
  const bool is_one_string =
      element.shape == Value::Shape::kSingle && element.IsString() && !element.IsMap();
  if (!is_one_string) return ErrorAt(element.span, "what stands before `=>` is a string");
  PROVOST_RETURN_IF_ERROR(Advance());
  PROVOST_ASSIGN_OR_RETURN(StringItem target, TakeString("a string after `=>`"));
  element.targets.push_back(std::move(target));
  return absl::OkStatus();
}

absl::StatusOr<Value> Grammar::ParseIntegerOrRange() {
  Value value;
  PROVOST_ASSIGN_OR_RETURN(IntegerItem item, ParseInteger());
  if (current_.Is(TokenKind::kRange)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(IntegerItem last, ParseInteger());
    value.shape = Value::Shape::kRange;
    item.last = last.last;
    item.span = item.span.Through(last.span);
    std::move(last.constants.begin(), last.constants.end(), std::back_inserter(item.constants));
    if (item.last < item.first) return ErrorAt(item.span, "this range runs backwards");
  }
  value.span = item.span;
  value.integers.push_back(std::move(item));
  return value;
}

absl::StatusOr<Value> Grammar::ParseMask() {
  PROVOST_ASSIGN_OR_RETURN(Value mask, ParseValue());
  if (!IsOneNumber(mask)) {
    return ErrorAt(mask.span, absl::StrCat("a mask is one number: this is ", ShapeName(mask)),
                   {"bits are joined with `|`"});
  }
  if (mask.integers.front().first != 0) return mask;
  const bool named = !mask.integers.front().constants.empty();
  return ErrorAt(mask.span,
                 named ? absl::StrCat("`", mask.span.text(), "` is 0: it has no bit to test")
                       : "0 has no bit to test",
                 {"the bits around it are compared with it, as in `(flags & O_ACCMODE) == "
                  "O_RDONLY`"});
}

absl::StatusOr<IntegerItem> Grammar::ParseInteger() {
  PROVOST_ASSIGN_OR_RETURN(IntegerItem item, ParseIntegerTerm());
  while (current_.Is(TokenKind::kPipe)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(IntegerItem term, ParseIntegerTerm());
    item.first = item.first | term.first;
    std::move(term.constants.begin(), term.constants.end(), std::back_inserter(item.constants));
    item.span = item.span.Through(last_);
  }
  item.last = item.first;
  return item;
}

absl::StatusOr<IntegerItem> Grammar::ParseIntegerTerm() {
  if (current_.Is(TokenKind::kOpenParenthesis)) {
    const SourceSpan begin = current_.span;
    PROVOST_RETURN_IF_ERROR(OpenBracket());
    PROVOST_ASSIGN_OR_RETURN(IntegerItem item, ParseInteger());
    PROVOST_RETURN_IF_ERROR(CloseBracket(TokenKind::kCloseParenthesis, "`|` or `)`"));
    item.span = begin.Through(last_);
    return item;
  }
  if (current_.Is(TokenKind::kName)) return LookUpInteger();
  if (!current_.Is(TokenKind::kInteger)) return Unexpected("a value");
  IntegerItem item;
  item.first = current_.integer;
  item.last = current_.integer;
  item.span = current_.span;
  PROVOST_RETURN_IF_ERROR(Advance());
  return item;
}

absl::StatusOr<IntegerItem> Grammar::LookUpInteger() {
  const std::string name(current_.text());
  const SourceSpan where = current_.span;
  if (const Value* named = definitions_.Find(name)) {
    if (!IsOneNumber(*named)) {
      return ErrorAt(where,
                     absl::StrCat("a number belongs here: `", name, "` is ", ShapeName(*named)));
    }
    PROVOST_RETURN_IF_ERROR(Advance());
    return MoveTo(*named, where).integers.front();
  }
  if (const std::optional<absl::int128> value = FindSymbol(name)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    return IntegerItem{*value, *value, where, {{name, where}}};
  }
  if (IsArgumentName(name)) {
    return ErrorAt(where, absl::StrCat("`", name, "` is an argument: a value belongs here"),
                   {"two arguments cannot be compared"});
  }
  std::vector<std::string> near = SuggestConstant(name);
  if (near.empty()) near = SuggestErrno(name);
  const std::vector<std::string> defined = definitions_.Names();
  const std::vector<absl::string_view> views(defined.begin(), defined.end());
  for (std::string& own : Nearest(name, views, 1)) near.insert(near.begin(), std::move(own));
  return ErrorAt(where, absl::StrCat("no constant is called `", name, "`"), DidYouMean(near));
}

}  // namespace provost
