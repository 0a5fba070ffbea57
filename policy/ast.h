#ifndef PROVOST_POLICY_AST_H_
#define PROVOST_POLICY_AST_H_

// The statements of a policy as they stand in its text: names of calls and arguments are not yet
// looked up (statement_binder.h does that), names of values are. Plain values; spans need their
// sources.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "policy/ip_network.h"
#include "policy/predicate.h"
#include "policy/rule_state.h"
#include "policy/source_text.h"
#include "policy/string_pattern.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// A symbolic constant where it is used: it may turn out to belong to another argument.
struct NamedConstant {
  std::string name;
  SourceSpan span;
};

// The integers first … last; -2^63 … 2^64-1, the sign as written.
struct IntegerItem {
  absl::int128 first = 0;
  absl::int128 last = 0;
  SourceSpan span;
  std::vector<NamedConstant> constants;
};

struct StringItem {
  std::string text;
  SourceSpan span;
};

// An address or a network of IPv4 or IPv6.
struct NetworkItem {
  IpNetwork network;
  SourceSpan span;
};

// What stands to the right of an operator: one integer, string or network, a range, or a set.
struct Value {
  enum class Shape : uint8_t { kSingle, kRange, kSet };
  Shape shape = Shape::kSingle;
  // All but one are empty.
  std::vector<IntegerItem> integers;
  std::vector<StringItem> strings;
  std::vector<NetworkItem> networks;
  // Of a map, `{"a" => "b"}`: what each of `strings` leads to.
  std::vector<StringItem> targets;
  SourceSpan span;

  bool IsString() const { return !strings.empty(); }
  bool IsMap() const { return !targets.empty(); }
  bool IsNetwork() const { return !networks.empty(); }
};

// What stands to the left: an argument, what it stands for or, as "proc.uid", what the task is;
// perhaps with a mask.
struct Operand {
  std::string argument;
  SourceSpan span;  // of the name and what belongs to it
  std::optional<Value> mask;

  // `addr.port`: what stands behind the first dot. Empty: the argument itself.
  std::string field;
  bool real_path = false;  // `realpath(path)`

  bool IsMemory() const { return real_path || !field.empty(); }
  // As the language writes it, without the mask.
  std::string Text() const {
    if (real_path) return "realpath(" + argument + ")";
    return field.empty() ? argument : argument + "." + field;
  }
};

// One comparison.
struct Test {
  enum class Kind : uint8_t {
    kCompare,     // == != < <= > >= with a single integer
    kInIntegers,  // `in` a set or range
    kHas,
    kOnly,
    kAnyBit,    // `flags & MASK` and nothing more
    kStrings,   // any of `patterns`, or none if `negated`
    kNetworks,  // in any network of `value`, or in none if `negated`
    kArches,    // the call is one of `arches`, or of none if `negated`
    kState,     // `state`; in a rule's condition it has become the rule's `state`
  };
  Kind kind = Kind::kCompare;
  Operand operand;
  CompareOp op = CompareOp::kEq;  // of kCompare
  Value value;                    // but of kAnyBit
  std::vector<std::shared_ptr<const StringPattern>> patterns;
  std::vector<Arch> arches;
  StateTest state;
  bool each_process = false;  // of kState
  bool negated = false;
  SourceSpan span;
};

struct Condition {
  enum class Kind : uint8_t { kTest, kAnd, kOr, kNot };
  Kind kind = Kind::kTest;
  Test test;                        // of kTest
  std::vector<Condition> children;  // of the others; one of kNot
  SourceSpan span;
};

// A word that is looked up later.
struct Word {
  std::string text;
  SourceSpan span;
};

// A member of a rule's list of calls.
struct CallReference {
  enum class Kind : uint8_t { kName, kNameIfKnown, kGroup, kEvery };
  Kind kind = Kind::kName;
  Word name;  // a group's has its sigil
};

struct ArchStatement {
  std::vector<Word> names;
};
struct DefaultStatement {
  Verdict verdict;
  RecordWish wish = RecordWish::kUnsaid;
};
struct LoggingStatement {
  bool on;
};
struct ContainerStatement {
  uint64_t contid;
};
struct HardenStatement {
  bool on;
};
struct IncludeStatement {
  StringItem path;
};
struct LetStatement {
  Word name;
  Value value;
};
// NAME = VALUE: what `set` gives an argument, and `with` an emulator.
struct Assignment {
  Word name;
  Value value;
};
struct RuleStatement {
  Verdict verdict;  // of emulate and rewrite without its payload, until it is bound
  SourceSpan action;
  std::vector<CallReference> calls;     // of emulate: none until it is bound
  Word emulator;                        // of emulate; or the first call that is emulated
  std::vector<Word> more_emulated;      // of emulate: the other calls
  std::vector<Assignment> assignments;  // of emulate and rewrite
  std::optional<Condition> condition;
  std::optional<RuleState> state;
  std::optional<std::string> name;
  RecordWish wish = RecordWish::kUnsaid;
};

struct Statement {
  std::variant<ArchStatement, DefaultStatement, LoggingStatement, ContainerStatement,
               HardenStatement, IncludeStatement, LetStatement, RuleStatement>
      node;
  SourceSpan span;
  SourceSpan keyword;  // the first word
  std::string text;    // on one line, without comments
};

}  // namespace provost

#endif  // PROVOST_POLICY_AST_H_
