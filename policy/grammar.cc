#include "policy/grammar.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "syscalls/constants.h"
#include "syscalls/groups.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr absl::string_view kStatementWords[] = {
    "arch", "default", "logging", "include", "let",     "allow", "log",       "deny",
    "kill", "trap",    "return",  "emulate", "rewrite", "ask",   "container", "harden"};
constexpr absl::string_view kNoDefaults[] = {"emulate", "rewrite", "ask"};
constexpr absl::string_view kTailWords[] = {"if", "as", "log", "quiet", "audited"};
constexpr absl::string_view kKillScopes[] = {"process", "thread"};

constexpr size_t kMaxRuleName = 100;

// The kernel's MAX_ERRNO (linux/err.h): results from -4095 to -1 are errors.
constexpr int kMaxErrno = 4095;

template <typename Words>
bool Contains(const Words& words, absl::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool IsStatementWord(const Token& token) {
  return token.Is(TokenKind::kName) && Contains(kStatementWords, token.text());
}

bool IsWish(const Token& token) {
  return token.IsName("log") || token.IsName("quiet") || token.IsName("audited");
}

}  // namespace

// ---- Tokens ----

absl::Status Grammar::Advance() {
  last_ = current_.span;
  PROVOST_ASSIGN_OR_RETURN(current_, lexer_.Next());
  if (current_.EndsStatement()) return absl::OkStatus();
  const bool apart = !statement_text_.empty() && current_.span.begin > last_.end;
  absl::StrAppend(&statement_text_, apart ? " " : "", current_.text());
  return absl::OkStatus();
}

absl::Status Grammar::Unexpected(absl::string_view expected, std::vector<std::string> notes) const {
  // A statement that begins inside brackets shows that they were forgotten.
  const bool begins_line =
      source_.Locate(current_.span.begin).line > source_.Locate(last_.begin).line;
  const bool forgotten = current_.Is(TokenKind::kEnd) || (begins_line && IsStatementWord(current_));
  if (!open_brackets_.empty() && forgotten) {
    const SourceSpan& open = open_brackets_.back();
    return ErrorAt(open, absl::StrCat("this `", open.text(), "` is not closed"));
  }
  if (notes.empty() && (current_.IsName("and") || current_.IsName("or"))) {
    notes.push_back(
        absl::StrCat("conditions are joined with `", current_.IsName("and") ? "&&" : "||", "`"));
  }
  if (current_.Is(TokenKind::kFraction) && notes.empty()) {
    return ErrorAt(current_.span, "a number has no fraction", {"a range is written `a..b`"});
  }
  return ErrorAt(current_.span,
                 absl::StrCat("expected ", expected, ", found ", DescribeToken(current_)), notes);
}

absl::Status Grammar::Expect(TokenKind kind, absl::string_view what) {
  if (!current_.Is(kind)) return Unexpected(what);
  return Advance();
}

absl::Status Grammar::Deeper(const SourceSpan& where) {
  if (++nesting_ <= kMaxNesting) return absl::OkStatus();
  return ErrorAt(where, absl::StrCat("this is nested more than ", kMaxNesting, " deep"));
}

absl::Status Grammar::OpenBracket() {
  PROVOST_RETURN_IF_ERROR(Deeper(current_.span));
  open_brackets_.push_back(current_.span);
  return Advance();
}

absl::Status Grammar::CloseBracket(TokenKind kind, absl::string_view what) {
  if (!current_.Is(kind)) return Unexpected(what);
  --nesting_;
  open_brackets_.pop_back();
  return Advance();
}

absl::StatusOr<Word> Grammar::TakeWord(absl::string_view what) {
  if (!current_.Is(TokenKind::kName)) return Unexpected(what);
  Word word{std::string(current_.text()), current_.span};
  PROVOST_RETURN_IF_ERROR(Advance());
  return word;
}

absl::StatusOr<StringItem> Grammar::TakeString(absl::string_view what) {
  if (!current_.Is(TokenKind::kString)) return Unexpected(what);
  StringItem item{current_.string, current_.span};
  PROVOST_RETURN_IF_ERROR(Advance());
  return item;
}

// ---- Statements ----

absl::StatusOr<std::optional<Statement>> Grammar::Next() {
  if (!started_) {
    started_ = true;
    PROVOST_RETURN_IF_ERROR(Advance());
  }
  while (current_.Is(TokenKind::kNewline)) PROVOST_RETURN_IF_ERROR(Advance());
  if (current_.Is(TokenKind::kEnd)) return std::nullopt;
  PROVOST_ASSIGN_OR_RETURN(Statement statement, ParseStatement());
  return statement;
}

absl::StatusOr<Statement> Grammar::ParseStatement() {
  Statement statement;
  statement.keyword = current_.span;
  statement_text_ = std::string(current_.text());
  const auto parse = [&](auto parser) -> absl::Status {
    PROVOST_ASSIGN_OR_RETURN(statement.node, (this->*parser)());
    return absl::OkStatus();
  };
  absl::Status status;
  if (current_.IsName("arch")) {
    status = parse(&Grammar::ParseArch);
  } else if (current_.IsName("default")) {
    status = parse(&Grammar::ParseDefault);
  } else if (current_.IsName("logging")) {
    status = parse(&Grammar::ParseLogging);
  } else if (current_.IsName("container")) {
    status = parse(&Grammar::ParseContainer);
  } else if (current_.IsName("harden")) {
    status = parse(&Grammar::ParseHarden);
  } else if (current_.IsName("include")) {
    status = parse(&Grammar::ParseInclude);
  } else if (current_.IsName("let")) {
    status = parse(&Grammar::ParseLet);
  } else if (IsStatementWord(current_)) {
    status = parse(&Grammar::ParseRule);
  } else {
    status = UnknownStatement();
  }
  PROVOST_RETURN_IF_ERROR(status);
  if (!current_.EndsStatement()) return Unexpected("the end of the line");
  statement.span = statement.keyword.Through(last_);
  statement.text = std::move(statement_text_);
  return statement;
}

absl::Status Grammar::UnknownStatement() const {
  const absl::string_view word = current_.text();
  if (!current_.Is(TokenKind::kName)) {
    return Unexpected("a statement", {"a statement begins with a word such as `allow` or `deny`"});
  }
  std::vector<std::string> notes = DidYouMean(Nearest(word, kStatementWords));
  if (SyscallTable::Get().IsKnownName(word)) {
    notes = {absl::StrCat("an action comes first, for example `allow ", word, "`")};
  }
  return ErrorAt(current_.span, absl::StrCat("no statement begins with `", word, "`"), notes);
}

absl::StatusOr<ArchStatement> Grammar::ParseArch() {
  ArchStatement statement;
  do {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(Word name, TakeWord("an architecture such as `x86_64`"));
    statement.names.push_back(std::move(name));
  } while (current_.Is(TokenKind::kComma));
  return statement;
}

absl::StatusOr<DefaultStatement> Grammar::ParseDefault() {
  PROVOST_RETURN_IF_ERROR(Advance());
  static constexpr absl::string_view kActions[] = {"allow", "log",  "deny",
                                                   "kill",  "trap", "return"};
  const bool is_name = current_.Is(TokenKind::kName);
  if (is_name && Contains(kNoDefaults, current_.text())) {
    return ErrorAt(current_.span,
                   absl::StrCat("`", current_.text(), "` is for rules: it cannot be the default"));
  }
  if (!is_name || !Contains(kActions, current_.text())) {
    return Unexpected("an action", is_name ? DidYouMean(Nearest(current_.text(), kActions))
                                           : std::vector<std::string>{});
  }
  DefaultStatement statement;
  PROVOST_ASSIGN_OR_RETURN(statement.verdict, ParseVerdict());
  if (IsWish(current_)) {
    PROVOST_ASSIGN_OR_RETURN(statement.wish, ParseWish(statement.verdict));
  }
  return statement;
}

absl::StatusOr<bool> Grammar::ParseSwitch() {
  PROVOST_RETURN_IF_ERROR(Advance());
  const bool on = current_.IsName("on");
  if (!on && !current_.IsName("off")) return Unexpected("`on` or `off`");
  PROVOST_RETURN_IF_ERROR(Advance());
  return on;
}

absl::StatusOr<LoggingStatement> Grammar::ParseLogging() {
  PROVOST_ASSIGN_OR_RETURN(const bool on, ParseSwitch());
  return LoggingStatement{on};
}

absl::StatusOr<HardenStatement> Grammar::ParseHarden() {
  PROVOST_ASSIGN_OR_RETURN(const bool on, ParseSwitch());
  return HardenStatement{on};
}

absl::StatusOr<ContainerStatement> Grammar::ParseContainer() {
  constexpr absl::string_view kExpected = "a container's identifier";
  PROVOST_RETURN_IF_ERROR(Advance());
  if (!current_.Is(TokenKind::kInteger)) {
    return Unexpected(std::string(kExpected), {"for example `container 123456`"});
  }
  if (current_.integer < 0) {
    return ErrorAt(current_.span, absl::StrCat(kExpected, " is not negative"));
  }
  const uint64_t contid = absl::Uint128Low64(static_cast<absl::uint128>(current_.integer));
  if (contid == UINT64_MAX) {
    return ErrorAt(current_.span, "this number stands for a task without a container",
                   {absl::StrCat(kExpected, " is at most ", UINT64_MAX - 1)});
  }
  PROVOST_RETURN_IF_ERROR(Advance());
  return ContainerStatement{contid};
}

absl::StatusOr<IncludeStatement> Grammar::ParseInclude() {
  PROVOST_RETURN_IF_ERROR(Advance());
  PROVOST_ASSIGN_OR_RETURN(StringItem path, TakeString("the name of a file in quotes"));
  if (path.text.empty()) return ErrorAt(path.span, "this names no file");
  return IncludeStatement{std::move(path)};
}

absl::StatusOr<LetStatement> Grammar::ParseLet() {
  PROVOST_RETURN_IF_ERROR(Advance());
  LetStatement statement;
  PROVOST_ASSIGN_OR_RETURN(statement.name, TakeWord("a name"));
  PROVOST_RETURN_IF_ERROR(Expect(TokenKind::kAssign, "`=`"));
  PROVOST_ASSIGN_OR_RETURN(statement.value, ParseValue());
  return statement;
}

absl::StatusOr<RuleStatement> Grammar::ParseRule() {
  RuleStatement rule;
  rule.action = current_.span;
  PROVOST_ASSIGN_OR_RETURN(rule.verdict, ParseVerdict());
  rule.action = rule.action.Through(last_);
  if (std::holds_alternative<Emulate>(rule.verdict)) {
    PROVOST_RETURN_IF_ERROR(ParseEmulator(rule));
  } else {
    PROVOST_ASSIGN_OR_RETURN(rule.calls, ParseCalls());
  }
  if (std::holds_alternative<Rewrite>(rule.verdict)) {
    if (!current_.IsName("set")) {
      return Unexpected("`,` or `set`", {"for example `rewrite openat set flags = O_RDONLY`"});
    }
    PROVOST_RETURN_IF_ERROR(ParseAssignments("the argument that is to be set", rule.assignments));
  }
  PROVOST_RETURN_IF_ERROR(ParseTail(rule));
  return rule;
}

// ---- Actions ----

absl::StatusOr<Verdict> Grammar::ParseVerdict() {
  const absl::string_view action = current_.text();
  PROVOST_RETURN_IF_ERROR(Advance());
  if (action == "allow") return Allow{};
  if (action == "log") return Log{};
  if (action == "trap") return Trap{};
  if (action == "ask") return Ask{};
  // What they say comes behind the calls.
  if (action == "emulate") return Emulate{};
  if (action == "rewrite") return Rewrite{};
  if (action == "deny") return ParseDeny();
  if (action == "return") return ParseReturn();
  return ParseKill();
}

absl::StatusOr<Verdict> Grammar::ParseDeny() {
  if (current_.Is(TokenKind::kInteger)) {
    std::vector<std::string> notes;
    const auto number = static_cast<int64_t>(absl::Int128Low64(current_.integer));
    const bool in_range = current_.integer > 0 && current_.integer <= kMaxErrno;
    const auto name = in_range ? ErrnoName(static_cast<int>(number)) : std::nullopt;
    if (name.has_value()) notes.push_back(absl::StrCat("write `deny ", *name, "`"));
    return ErrorAt(current_.span, "an errno is given by its name", notes);
  }
  const bool is_name = current_.Is(TokenKind::kName);
  const std::optional<int> error = is_name ? ErrnoByName(current_.text()) : std::nullopt;
  if (error.has_value()) {
    PROVOST_RETURN_IF_ERROR(Advance());
    return Deny{*error};
  }
  const bool is_call = !is_name || SyscallTable::Get().IsKnownName(current_.text());
  if (is_call) {
    return Unexpected("an errno after `deny`",
                      {"it says what the task sees, for example `deny EPERM mount`"});
  }
  return ErrorAt(current_.span, absl::StrCat("no errno is called `", current_.text(), "`"),
                 DidYouMean(SuggestErrno(current_.text())));
}

absl::StatusOr<Verdict> Grammar::ParseReturn() {
  if (!current_.Is(TokenKind::kInteger)) return Unexpected("a number after `return`");
  const absl::int128 number = current_.integer;
  if (number > INT64_MAX) {
    return ErrorAt(current_.span, "a result is a signed 64-bit number: this is too large");
  }
  if (number < 0 && number >= -kMaxErrno) {
    const auto name = ErrnoName(static_cast<int>(absl::Int128Low64(-number)));
    return ErrorAt(
        current_.span, "the task sees a result from -4095 to -1 as an error",
        {name.has_value() ? absl::StrCat("write `deny ", *name, "`") : "no errno has this number"});
  }
  PROVOST_RETURN_IF_ERROR(Advance());
  return Return{static_cast<int64_t>(absl::Int128Low64(number))};
}

absl::StatusOr<Verdict> Grammar::ParseKill() {
  if (current_.IsName("process") || current_.IsName("thread")) {
    const bool process = current_.IsName("process");
    PROVOST_RETURN_IF_ERROR(Advance());
    return Kill{process ? Kill::Scope::kProcess : Kill::Scope::kThread};
  }
  if (current_.Is(TokenKind::kName) && !SyscallTable::Get().IsKnownName(current_.text())) {
    const std::vector<std::string> near = Nearest(current_.text(), kKillScopes);
    if (!near.empty()) {
      return Unexpected("`process`, `thread` or a call after `kill`", DidYouMean(near));
    }
  }
  return Kill{Kill::Scope::kProcess};
}

absl::Status Grammar::ParseEmulator(RuleStatement& rule) {
  if (current_.IsName("with")) return Unexpected("the name of an emulator");
  PROVOST_ASSIGN_OR_RETURN(rule.emulator, TakeWord("the name of an emulator"));
  while (current_.Is(TokenKind::kComma)) {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(Word call, TakeWord("a call"));
    rule.more_emulated.push_back(std::move(call));
  }
  if (!current_.IsName("with")) return absl::OkStatus();
  return ParseAssignments("what the emulator is told", rule.assignments);
}

absl::Status Grammar::ParseAssignments(absl::string_view what,
                                       std::vector<Assignment>& assignments) {
  do {
    PROVOST_RETURN_IF_ERROR(Advance());
    Assignment assignment;
    PROVOST_ASSIGN_OR_RETURN(assignment.name, TakeWord(what));
    PROVOST_RETURN_IF_ERROR(Expect(TokenKind::kAssign, "`=`"));
    PROVOST_ASSIGN_OR_RETURN(assignment.value, ParseValue());
    assignments.push_back(std::move(assignment));
  } while (current_.Is(TokenKind::kComma));
  return absl::OkStatus();
}

// ---- Calls ----

absl::StatusOr<std::vector<CallReference>> Grammar::ParseCalls() {
  std::vector<CallReference> calls;
  for (;;) {
    PROVOST_ASSIGN_OR_RETURN(CallReference call, ParseCall());
    calls.push_back(std::move(call));
    if (!current_.Is(TokenKind::kComma)) return calls;
    PROVOST_RETURN_IF_ERROR(Advance());
  }
}

absl::StatusOr<CallReference> Grammar::ParseCall() {
  CallReference call;
  if (current_.Is(TokenKind::kStar) || current_.Is(TokenKind::kGroup)) {
    call.kind =
        current_.Is(TokenKind::kStar) ? CallReference::Kind::kEvery : CallReference::Kind::kGroup;
    call.name = {std::string(current_.text()), current_.span};
    if (current_.Is(TokenKind::kGroup) && FindGroup(call.name.text) == nullptr) {
      return ErrorAt(call.name.span, absl::StrCat("no group is called `", call.name.text, "`"),
                     DidYouMean(SuggestGroup(call.name.text)));
    }
    PROVOST_RETURN_IF_ERROR(Advance());
    return call;
  }
  if (current_.Is(TokenKind::kQuestion)) {
    call.kind = CallReference::Kind::kNameIfKnown;
    PROVOST_RETURN_IF_ERROR(Advance());
    if (!current_.Is(TokenKind::kName)) return Unexpected("the name of a call after `?`");
  }
  if (current_.Is(TokenKind::kInteger)) {
    return ErrorAt(current_.span, "calls are given by name, not by number");
  }
  if (current_.Is(TokenKind::kName) && Contains(kTailWords, current_.text())) {
    return Unexpected("a call");
  }
  const bool must_be_known = call.kind == CallReference::Kind::kName;
  PROVOST_ASSIGN_OR_RETURN(call.name, TakeWord("a call"));
  if (must_be_known && !SyscallTable::Get().IsKnownName(call.name.text)) {
    return ErrorAt(call.name.span, absl::StrCat("no syscall is called `", call.name.text, "`"),
                   DidYouMean(SyscallTable::Get().Suggest(call.name.text)));
  }
  return call;
}

// ---- What follows the calls ----

namespace {

// What may follow the part of a rule that is read.
std::string ExpectedAfter(const RuleStatement& rule) {
  if (rule.wish != RecordWish::kUnsaid) return "the end of the line";
  const absl::string_view wishes = "`log`, `quiet`, `audited` or the end of the line";
  if (rule.name.has_value()) return std::string(wishes);
  return absl::StrCat(
      rule.condition.has_value() || rule.state.has_value() ? "`&&`, `||`, " : "`,`, `if`, ",
      "`as`, ", wishes);
}

}  // namespace

absl::Status Grammar::ParseTail(RuleStatement& rule) {
  if (current_.IsName("if")) {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(rule.condition, ParseOr());
    PROVOST_RETURN_IF_ERROR(TakeState(rule));
  }
  if (current_.IsName("as")) {
    PROVOST_RETURN_IF_ERROR(Advance());
    PROVOST_ASSIGN_OR_RETURN(rule.name, ParseRuleName());
  }
  if (IsWish(current_)) {
    PROVOST_ASSIGN_OR_RETURN(rule.wish, ParseWish(rule.verdict));
  }
  if (current_.EndsStatement()) return absl::OkStatus();
  if (current_.IsName("each")) {
    return ErrorAt(current_.span, "`each process` stands right behind a test that counts",
                   {"for example `if nth(3) each process`"});
  }
  const std::string expected = ExpectedAfter(rule);
  if (!current_.Is(TokenKind::kName)) return Unexpected(expected);
  std::vector<std::string> notes = DidYouMean(Nearest(current_.text(), kTailWords));
  if (SyscallTable::Get().IsKnownName(current_.text())) {
    notes = {"calls are separated by `,`"};
  } else if (Contains(kTailWords, current_.text())) {
    notes = {"the order is: `if` CONDITION, `as` NAME, then `log`, `quiet` or `audited`"};
  }
  return Unexpected(expected, notes);
}

absl::StatusOr<std::string> Grammar::ParseRuleName() {
  if (current_.Is(TokenKind::kName)) {
    return Unexpected("the rule's name in quotes",
                      {absl::StrCat("write `as \"", current_.text(), "\"`")});
  }
  PROVOST_ASSIGN_OR_RETURN(StringItem item, TakeString("the rule's name in quotes"));
  if (item.text.empty()) return ErrorAt(item.span, "this name is empty");
  if (item.text.size() > kMaxRuleName) {
    return ErrorAt(item.span, absl::StrCat("a rule's name has at most ", kMaxRuleName, " bytes"));
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(item.text.begin(), item.text.end(), is_control)) {
    return ErrorAt(item.span, "a rule's name holds no control characters");
  }
  return std::move(item.text);
}

absl::StatusOr<RecordWish> Grammar::ParseWish(const Verdict& verdict) {
  const SourceSpan where = current_.span;
  const bool quiet = current_.IsName("quiet");
  const bool audited = current_.IsName("audited");
  PROVOST_RETURN_IF_ERROR(Advance());
  if (quiet) {
    if (std::holds_alternative<Log>(verdict)) {
      return ErrorAt(where, "the action `log` asks for the record that `quiet` refuses",
                     {"to let a call run without a record, write `allow`"});
    }
    return RecordWish::kQuiet;
  }
  if (std::holds_alternative<Allow>(verdict)) {
    return ErrorAt(where, "what `allow` lets run is never recorded",
                   {"to let a call run with a record, the action is `log`"});
  }
  if (audited) return RecordWish::kAudited;
  if (!current_.IsName("result")) return RecordWish::kLog;
  PROVOST_RETURN_IF_ERROR(Advance());
  return RecordWish::kLogResult;
}

}  // namespace provost
