#ifndef PROVOST_POLICY_GRAMMAR_H_
#define PROVOST_POLICY_GRAMMAR_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ast.h"
#include "policy/definitions.h"
#include "policy/lexer.h"
#include "policy/source_text.h"
#include "policy/string_pattern.h"

namespace provost {

// Patterns already compiled, by operator and operand: a `let` may stand in thousands of rules.
using PatternCache =
    absl::flat_hash_map<std::pair<TokenKind, std::string>, std::shared_ptr<const StringPattern>>;

// Reads the statements of one source, one at a time: what is before an error has been handed out
// when the error comes. After an error it must not be used. The grammar is in parser.h.
class Grammar {
 public:
  // Brackets and `!` inside one another.
  static constexpr int kMaxNesting = 200;
  // Elements of one set, those of the sets it names counted.
  static constexpr size_t kMaxSetSize = 10000;

  // All three must outlive this. `definitions` is looked up while statements are read: define what
  // a `let` says before the next statement.
  Grammar(const SourceText& source, const Definitions& definitions, PatternCache& patterns)
      : source_(source), definitions_(definitions), patterns_(patterns), lexer_(source) {}

  // nullopt at the end. Errors are ErrorAt's.
  absl::StatusOr<std::optional<Statement>> Next();

 private:
  // grammar.cc: tokens and statements.
  absl::Status Advance();
  absl::Status Expect(TokenKind kind, absl::string_view what);
  absl::Status Unexpected(absl::string_view expected, std::vector<std::string> notes = {}) const;
  absl::Status OpenBracket();
  absl::Status CloseBracket(TokenKind kind, absl::string_view what);
  absl::Status Deeper(const SourceSpan& where);
  absl::StatusOr<Word> TakeWord(absl::string_view what);
  absl::StatusOr<StringItem> TakeString(absl::string_view what);
  absl::StatusOr<Statement> ParseStatement();
  absl::StatusOr<ArchStatement> ParseArch();
  absl::StatusOr<DefaultStatement> ParseDefault();
  // `on` or `off` behind the statement's word.
  absl::StatusOr<bool> ParseSwitch();
  absl::StatusOr<LoggingStatement> ParseLogging();
  absl::StatusOr<ContainerStatement> ParseContainer();
  absl::StatusOr<HardenStatement> ParseHarden();
  absl::StatusOr<IncludeStatement> ParseInclude();
  absl::StatusOr<LetStatement> ParseLet();
  absl::StatusOr<RuleStatement> ParseRule();
  absl::Status UnknownStatement() const;
  absl::StatusOr<Verdict> ParseVerdict();
  absl::StatusOr<Verdict> ParseDeny();
  absl::StatusOr<Verdict> ParseReturn();
  absl::StatusOr<Verdict> ParseKill();
  absl::Status ParseEmulator(RuleStatement& rule);
  // Behind `set` and `with`, which is the current token.
  absl::Status ParseAssignments(absl::string_view what, std::vector<Assignment>& assignments);
  absl::StatusOr<std::vector<CallReference>> ParseCalls();
  absl::StatusOr<CallReference> ParseCall();
  absl::Status ParseTail(RuleStatement& rule);
  absl::StatusOr<std::string> ParseRuleName();
  absl::StatusOr<RecordWish> ParseWish(const Verdict& verdict);

  // grammar_condition.cc: conditions and values.
  absl::StatusOr<Condition> ParseOr();
  absl::StatusOr<Condition> ParseAnd();
  absl::StatusOr<Condition> ParseNot();
  absl::StatusOr<Condition> ParseBracketed();
  absl::StatusOr<Condition> ParseTest();
  absl::StatusOr<Operand> ParseOperand();
  absl::StatusOr<Operand> ParseOperandAfter(const Token& word);
  absl::StatusOr<Condition> ParseComparison(Operand operand);
  absl::StatusOr<Condition> ParseMaskTest(Operand operand);
  absl::StatusOr<Operand> ParseTaskField(const SourceSpan& proc);
  absl::StatusOr<Condition> ParseArchTest(Operand operand);
  absl::Status CheckOperandWord(const Token& word);
  absl::Status ParseFields(Operand& operand);
  absl::StatusOr<Operand> ParseRealPath(const Token& word);
  bool AtComparison() const;
  absl::Status NoOperator() const;
  absl::Status MakeIntegerTest(const Token& op, Test& test) const;
  absl::Status MakeStringTest(const Token& op, Test& test);
  absl::Status MakeNetworkTest(const Token& op, Test& test) const;
  absl::StatusOr<std::shared_ptr<const StringPattern>> Compile(TokenKind op,
                                                               const StringItem& item);
  absl::StatusOr<Value> ParseValue();
  absl::StatusOr<Value> ParseNetwork();
  absl::StatusOr<Value> ParseNamedValue(const Value& named);
  absl::StatusOr<Value> ParseSet();
  absl::Status ParseTarget(Value& element);
  absl::StatusOr<Value> ParseIntegerOrRange();
  absl::StatusOr<Value> ParseMask();
  absl::StatusOr<IntegerItem> ParseInteger();
  absl::StatusOr<IntegerItem> ParseIntegerTerm();
  absl::StatusOr<IntegerItem> LookUpInteger();

  // grammar_state.cc: conditions on earlier calls.
  static bool IsStateWord(const Token& token);
  absl::StatusOr<Condition> ParseStateTest(const Token& word);
  absl::Status ParseCount(StateTest& test);
  absl::Status ParseRate(StateTest& test);
  absl::Status ParseChance(StateTest& test);
  // Takes the state tests out of a rule's condition and into its state.
  static absl::Status TakeState(RuleStatement& rule);

  const SourceText& source_;
  const Definitions& definitions_;
  PatternCache& patterns_;
  Lexer lexer_;
  bool started_ = false;
  Token current_;
  SourceSpan last_;  // the token before current_
  std::string statement_text_;
  std::vector<SourceSpan> open_brackets_;
  int nesting_ = 0;
};

}  // namespace provost

#endif  // PROVOST_POLICY_GRAMMAR_H_
