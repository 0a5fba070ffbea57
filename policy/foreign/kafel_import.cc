// Kafel's language, as its README.md has it: policies of nsjail.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/foreign/importers.h"
#include "policy/foreign/statement_writer.h"
#include "policy/foreign/tokens.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Kind = ForeignToken::Kind;

constexpr int kDeepest = 64;
constexpr int kDeepestInclude = 16;
constexpr size_t kMostFiles = 100;
constexpr size_t kMostRules = 20000;
constexpr uint64_t kLow32 = 0xffffffff;

// A call of a block with its condition.
struct KafelRule {
  SourceSpan where;
  Verdict verdict;
  std::string call;
  ConditionText condition = ConditionText::Always();
};

// A number, or an argument with bits of it masked and set: (arg & mask) | set.
struct KafelOperand {
  SourceSpan where;
  bool is_argument = false;
  int index = 0;
  bool is_wide = true;  // all 64 bits are compared
  uint64_t mask = ~uint64_t{0};
  uint64_t set = 0;       // a number's value; bits that `|` sets
  bool too_much = false;  // several arguments
};

// The arguments that a call's condition can name.
struct KafelCall {
  std::string name;
  bool declared = false;
  std::vector<std::string> arguments;
};

CompareOp Mirrored(CompareOp op) {
  switch (op) {
    case CompareOp::kLt:
      return CompareOp::kGt;
    case CompareOp::kLe:
      return CompareOp::kGe;
    case CompareOp::kGt:
      return CompareOp::kLt;
    case CompareOp::kGe:
      return CompareOp::kLe;
    case CompareOp::kEq:
    case CompareOp::kNe:
      break;
  }
  return op;
}

bool Apply(CompareOp op, uint64_t a, uint64_t b) {
  return Holds(Compare{.arg = 0, .width = ArgWidth::kU64, .op = op, .value = b}, a);
}

class KafelImporter {
 public:
  KafelImporter(const SourceText& source, const ImportOptions& options)
      : options_(options), writer_(source, "a Kafel policy") {
    writer_.Arches({Arch::kX86_64});
  }

  absl::StatusOr<Converted> Import() {
    PROVOST_RETURN_IF_ERROR(ReadSource(writer_.source(), options_.directory, 1));
    writer_.Default(default_.value_or(Verdict(Kill{Kill::Scope::kThread})));
    for (const KafelRule& rule : main_) {
      writer_.RuleAt(rule.where.location(), rule.verdict, {rule.call}, rule.condition);
    }
    return std::move(writer_).Finish();
  }

 private:
  absl::Status ReadSource(const SourceText& source, const std::string& directory, int depth) {
    PROVOST_ASSIGN_OR_RETURN(std::vector<ForeignToken> tokens,
                             ReadTokens(source, {.c_comments = true}));
    TokenCursor cursor(std::move(tokens));
    while (!cursor.AtEnd()) {
      if (cursor.Take("#")) {
        PROVOST_RETURN_IF_ERROR(ReadDirective(cursor, directory, depth));
      } else if (cursor.Take("POLICY")) {
        PROVOST_RETURN_IF_ERROR(ReadPolicy(cursor));
      } else if (cursor.Peek().Is("DEFAULT")) {
        const ForeignToken word = cursor.Next();
        if (default_) return ErrorAt(word.span, "the default action stands twice");
        PROVOST_ASSIGN_OR_RETURN(default_, ReadAction(cursor));
      } else {
        PROVOST_RETURN_IF_ERROR(ReadStatements(cursor, main_));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadDirective(TokenCursor& cursor, const std::string& directory, int depth) {
    const ForeignToken word = cursor.Next();
    if (word.Is("include")) {
      const int line = word.span.location().line;
      do {
        PROVOST_RETURN_IF_ERROR(ReadInclude(cursor, directory, depth));
      } while (cursor.Peek().kind == Kind::kString && cursor.Peek().span.location().line == line);
      cursor.Take(";");
      return absl::OkStatus();
    }
    if (!word.Is("define")) {
      return ErrorAt(word.span, "behind `#` stands `define` or `include`");
    }
    const ForeignToken name = cursor.Next();
    const ForeignToken number = cursor.Next();
    if (name.kind != Kind::kWord || number.kind != Kind::kNumber) {
      return ErrorAt(name.span, "a definition is `#define NAME NUMBER`");
    }
    PROVOST_ASSIGN_OR_RETURN(const uint64_t value, NumberOf(number, true));
    const auto [entry, is_new] = constants_.emplace(std::string(name.text()), value);
    if (!is_new && entry->second != value) {
      return ErrorAt(name.span,
                     absl::StrCat(Describe(name), " is defined already, as another number"));
    }
    return absl::OkStatus();
  }

  absl::Status ReadInclude(TokenCursor& cursor, const std::string& directory, int depth) {
    const ForeignToken path = cursor.Next();
    if (path.kind != Kind::kString || path.text().size() < 3) {
      return ErrorAt(path.span, "a file's name in double quotes is expected here");
    }
    if (depth >= kDeepestInclude || included_.size() >= kMostFiles) {
      return ErrorAt(path.span,
                     "too many files are included, at most 16 inside one another and 100 "
                     "in all");
    }
    std::string full;
    PROVOST_ASSIGN_OR_RETURN(
        std::string text,
        ReadNamedFile(path.span, directory,
                      std::string(path.text().substr(1, path.text().size() - 2)), full));
    PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<const SourceText> source,
                             SourceText::Create(full, directory, std::move(text), path.span));
    included_.push_back(std::move(source));
    // Every file is looked for in the same directory.
    return ReadSource(*included_.back(), directory, depth + 1);
  }

  absl::Status ReadPolicy(TokenCursor& cursor) {
    const ForeignToken name = cursor.Next();
    if (name.kind != Kind::kWord) return ErrorAt(name.span, "a policy's name is expected here");
    PROVOST_RETURN_IF_ERROR(cursor.Expect("{", "behind a policy's name"));
    std::vector<KafelRule> rules;
    if (!cursor.Take("}")) {
      PROVOST_RETURN_IF_ERROR(ReadStatements(cursor, rules));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("}", "behind a policy"));
    }
    if (!policies_.emplace(std::string(name.text()), std::move(rules)).second) {
      return ErrorAt(name.span, absl::StrCat("policy ", Describe(name), " is defined already"));
    }
    return absl::OkStatus();
  }

  // USE and action blocks, with commas between.
  absl::Status ReadStatements(TokenCursor& cursor, std::vector<KafelRule>& rules) {
    do {
      if (cursor.Take("USE")) {
        const ForeignToken name = cursor.Next();
        const auto used = policies_.find(std::string(name.text()));
        if (used == policies_.end()) {
          return ErrorAt(name.span,
                         absl::StrCat("no policy ", Describe(name), " is defined before this"));
        }
        if (rules.size() + used->second.size() > kMostRules) {
          return ErrorAt(name.span, "a policy has at most 20000 rules");
        }
        const std::vector<KafelRule> body = used->second;
        rules.insert(rules.end(), body.begin(), body.end());
        continue;
      }
      PROVOST_ASSIGN_OR_RETURN(const Verdict verdict, ReadAction(cursor));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("{", "behind an action"));
      if (cursor.Take("}")) continue;
      do {
        PROVOST_RETURN_IF_ERROR(ReadRule(cursor, verdict, rules));
      } while (cursor.Take(","));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("}", "behind a block of calls"));
    } while (cursor.Take(","));
    return absl::OkStatus();
  }

  absl::StatusOr<Verdict> ReadAction(TokenCursor& cursor) {
    const ForeignToken word = cursor.Next();
    if (word.Is("ALLOW")) return Verdict(Allow{});
    if (word.Is("LOG")) return Verdict(Log{});
    if (word.Is("KILL") || word.Is("DENY") || word.Is("KILL_THREAD")) {
      return Verdict(Kill{Kill::Scope::kThread});
    }
    if (word.Is("KILL_PROCESS")) return Verdict(Kill{});
    if (word.Is("USER_NOTIF")) return AskedOther(word);
    if (!word.Is("ERRNO") && !word.Is("TRAP") && !word.Is("TRACE")) {
      return ErrorAt(word.span, absl::StrCat("an action is expected here, not ", Describe(word)),
                     {"actions are ALLOW, LOG, KILL, KILL_THREAD, KILL_PROCESS, DENY, ERRNO(n), "
                      "TRAP(n), TRACE(n) and USER_NOTIF"});
    }
    PROVOST_RETURN_IF_ERROR(cursor.Expect("(", "behind this action"));
    const ForeignToken token = cursor.Next();
    PROVOST_ASSIGN_OR_RETURN(const uint64_t number, Number(token));
    if (number > 0xffff) return ErrorAt(token.span, "this number is from 0 to 65535");
    PROVOST_RETURN_IF_ERROR(cursor.Expect(")", "behind the number"));
    if (word.Is("TRACE")) return AskedOther(word);
    if (word.Is("TRAP")) {
      if (number != 0) {
        writer_.LossAt(token.span.location(), "provost's `trap` sends no number (si_errno is 0)");
      }
      return Verdict(Trap{});
    }
    const Sayable deny = DenyWith(number);
    if (!deny.why_not.empty()) writer_.LossAt(token.span.location(), deny.why_not);
    return deny.verdict;
  }

  Verdict AskedOther(const ForeignToken& word) {
    writer_.LossAt(
        word.span.location(),
        "another process would be asked; `deny ENOSYS`, which is the kernel's answer when "
        "there is none, in its place");
    return Deny{ENOSYS};
  }

  absl::StatusOr<uint64_t> Number(const ForeignToken& token) const {
    if (token.kind == Kind::kNumber) return NumberOf(token, true);
    const auto constant = constants_.find(std::string(token.text()));
    if (token.kind == Kind::kWord && constant != constants_.end()) return constant->second;
    return ErrorAt(token.span, absl::StrCat("a number is expected here, not ", Describe(token)));
  }

  absl::Status ReadRule(TokenCursor& cursor, const Verdict& verdict,
                        std::vector<KafelRule>& rules) {
    const ForeignToken begin = cursor.Peek();
    PROVOST_ASSIGN_OR_RETURN(const std::optional<KafelCall> call, ReadCall(cursor));
    bool native = true;
    if (cursor.Take("ON")) {
      PROVOST_ASSIGN_OR_RETURN(native, ReadGuard(cursor));
    }
    ConditionText condition = ConditionText::Always();
    too_much_ = false;
    if (cursor.Take("{") && !cursor.Take("}")) {
      const KafelCall unknown;
      PROVOST_ASSIGN_OR_RETURN(condition, ReadOr(cursor, call ? *call : unknown, 0, true));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("}", "behind a condition"));
    }
    if (!call || !native) return absl::OkStatus();
    if (too_much_) {
      writer_.LossAt(begin.span.location(),
                     "the rule compares arguments with one another, or orders bits that it sets; "
                     "provost compares an argument with numbers; left out");
      return absl::OkStatus();
    }
    if (rules.size() >= kMostRules) return ErrorAt(begin.span, "a policy has at most 20000 rules");
    rules.push_back({begin.span, verdict, call->name, condition});
    return absl::OkStatus();
  }

  static absl::StatusOr<bool> ReadGuard(TokenCursor& cursor) {
    const bool several = cursor.Take("{");
    bool native = false;
    do {
      const ForeignToken arch = cursor.Next();
      if (arch.kind != Kind::kWord) return ErrorAt(arch.span, "an architecture is expected here");
      native = native || arch.Is("x86_64") || arch.Is("amd64");
    } while (several && cursor.Take(","));
    if (several) PROVOST_RETURN_IF_ERROR(cursor.Expect("}", "behind the architectures"));
    return native;
  }

  // nullopt: a number that no call has; the loss is written down.
  absl::StatusOr<std::optional<KafelCall>> ReadCall(TokenCursor& cursor) {
    const ForeignToken token = cursor.Next();
    std::optional<uint64_t> number;
    KafelCall call;
    if (token.Is("SYSCALL")) {
      PROVOST_RETURN_IF_ERROR(cursor.Expect("[", "behind SYSCALL"));
      PROVOST_ASSIGN_OR_RETURN(number, Number(cursor.Next()));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("]", "behind the number"));
    } else if (token.kind != Kind::kWord) {
      return ErrorAt(token.span, absl::StrCat("a call is expected here, not ", Describe(token)));
    } else if (const auto constant = constants_.find(std::string(token.text()));
               constant != constants_.end()) {
      number = constant->second;
    } else {
      call.name = std::string(NameOf(token.text()));
      if (SyscallTable::Get().Find(Arch::kX86_64, call.name) == nullptr) {
        return ErrorAt(token.span, absl::StrCat("x86_64 has no call named ", Describe(token)),
                       DidYouMean(SyscallTable::Get().Suggest(token.text())));
      }
    }
    PROVOST_RETURN_IF_ERROR(ReadArguments(cursor, call));
    if (!number) return call;
    const Syscall* syscall =
        *number > INT32_MAX
            ? nullptr
            : SyscallTable::Get().Find(Arch::kX86_64, static_cast<int32_t>(*number));
    if (syscall == nullptr) {
      writer_.LossAt(token.span.location(), "no call is known by this number; left out");
      return std::nullopt;
    }
    call.name = std::string(syscall->signature->name);
    return call;
  }

  // Kafel has the kernel's own names for some calls.
  static absl::string_view NameOf(absl::string_view name) {
    static const auto* const kNames = new std::map<absl::string_view, absl::string_view>{
        {"newstat", "stat"},   {"newfstat", "fstat"},      {"newlstat", "lstat"},
        {"newuname", "uname"}, {"sendfile64", "sendfile"}, {"umount", "umount2"}};
    const auto found = kNames->find(name);
    return found == kNames->end() ? name : found->second;
  }

  static absl::Status ReadArguments(TokenCursor& cursor, KafelCall& call) {
    if (!cursor.Take("(")) return absl::OkStatus();
    call.declared = true;
    if (cursor.Take(")")) return absl::OkStatus();
    do {
      const ForeignToken name = cursor.Next();
      if (name.kind != Kind::kWord)
        return ErrorAt(name.span, "an argument's name is expected here");
      if (call.arguments.size() == 6) return ErrorAt(name.span, "a call has at most six arguments");
      if (std::find(call.arguments.begin(), call.arguments.end(), name.text()) !=
          call.arguments.end()) {
        return ErrorAt(name.span, "this argument stands twice");
      }
      call.arguments.emplace_back(name.text());
    } while (cursor.Take(","));
    return cursor.Expect(")", "behind the arguments");
  }

  // `||`, and, where `commas`, `,`, which is the same and binds least.
  absl::StatusOr<ConditionText> ReadOr(TokenCursor& cursor, const KafelCall& call, int depth,
                                       bool commas) {
    if (depth > kDeepest)
      return ErrorAt(cursor.Peek().span, "more than 64 brackets inside one another");
    std::vector<ConditionText> parts;
    do {
      std::vector<ConditionText> all;
      do {
        PROVOST_ASSIGN_OR_RETURN(ConditionText one, ReadPrimary(cursor, call, depth));
        all.push_back(std::move(one));
      } while (cursor.Take("&&"));
      parts.push_back(ConditionText::And(all));
    } while (cursor.Take("||") || (commas && cursor.Take(",")));
    return ConditionText::Or(parts);
  }

  // True if the bracket at the cursor holds a condition, not an operand.
  static bool HoldsCondition(const TokenCursor& cursor) {
    int depth = 0;
    for (size_t i = 0;; ++i) {
      const ForeignToken& token = cursor.Peek(i);
      if (token.kind == Kind::kEnd) return false;
      if (token.Is("(")) ++depth;
      if (token.Is(")") && --depth == 0) return false;
      if (token.kind == Kind::kSign &&
          (token.Is("==") || token.Is("!=") || token.Is("<") || token.Is("<=") || token.Is(">") ||
           token.Is(">=") || token.Is("!"))) {
        return true;
      }
    }
  }

  absl::StatusOr<ConditionText> ReadPrimary(TokenCursor& cursor, const KafelCall& call, int depth) {
    if (depth > kDeepest)
      return ErrorAt(cursor.Peek().span, "more than 64 brackets inside one another");
    if (cursor.Take("!")) {
      PROVOST_ASSIGN_OR_RETURN(const ConditionText one, ReadPrimary(cursor, call, depth + 1));
      return ConditionText::Not(one);
    }
    if (cursor.Peek().Is("(") && HoldsCondition(cursor)) {
      cursor.Next();
      PROVOST_ASSIGN_OR_RETURN(ConditionText inside, ReadOr(cursor, call, depth + 1, true));
      PROVOST_RETURN_IF_ERROR(cursor.Expect(")", "behind a condition in brackets"));
      return inside;
    }
    PROVOST_ASSIGN_OR_RETURN(const KafelOperand left, ReadOperand(cursor, call, depth));
    const ForeignToken op = cursor.Next();
    static const auto* const kOps = new std::map<absl::string_view, CompareOp>{
        {"==", CompareOp::kEq}, {"!=", CompareOp::kNe}, {"<", CompareOp::kLt},
        {"<=", CompareOp::kLe}, {">", CompareOp::kGt},  {">=", CompareOp::kGe}};
    const auto known = op.kind == Kind::kSign ? kOps->find(op.text()) : kOps->end();
    if (known == kOps->end()) {
      return ErrorAt(op.span, absl::StrCat("a comparison is expected here, not ", Describe(op)));
    }
    PROVOST_ASSIGN_OR_RETURN(const KafelOperand right, ReadOperand(cursor, call, depth));
    return Compared(left, known->second, right);
  }

  ConditionText Compared(const KafelOperand& left, CompareOp op, const KafelOperand& right) {
    if (!left.is_argument && right.is_argument) return Compared(right, Mirrored(op), left);
    if (left.too_much || right.too_much || right.is_argument) {
      too_much_ = true;
      return ConditionText::Never();
    }
    if (!left.is_argument) {
      return Apply(op, left.set, right.set) ? ConditionText::Always() : ConditionText::Never();
    }
    // A narrow argument's upper half is compared only with a number that has one.
    const bool wide = left.is_wide || right.set > kLow32 || left.set > kLow32 ||
                      (left.mask > kLow32 && left.mask != ~uint64_t{0});
    const uint64_t seen = wide ? ~uint64_t{0} : kLow32;
    const uint64_t set = left.set & seen;
    const uint64_t mask = left.mask & seen & ~set;
    const uint64_t value = right.set & seen;
    if (set == 0) return ConditionText::Masked(left.index, mask, op, value);
    if (op != CompareOp::kEq && op != CompareOp::kNe) {
      too_much_ = true;
      return ConditionText::Never();
    }
    const bool possible = (value & set) == set;
    const ConditionText equal =
        possible ? ConditionText::Bits(left.index, mask, value & ~set) : ConditionText::Never();
    return op == CompareOp::kEq ? equal : ConditionText::Not(equal);
  }

  absl::StatusOr<KafelOperand> ReadOperand(TokenCursor& cursor, const KafelCall& call, int depth) {
    PROVOST_ASSIGN_OR_RETURN(KafelOperand left, ReadAnd(cursor, call, depth));
    while (cursor.Take("|")) {
      PROVOST_ASSIGN_OR_RETURN(KafelOperand right, ReadAnd(cursor, call, depth));
      if (right.is_argument) std::swap(left, right);
      left.too_much = left.too_much || right.too_much || right.is_argument;
      left.set |= right.set;
    }
    return left;
  }

  absl::StatusOr<KafelOperand> ReadAnd(TokenCursor& cursor, const KafelCall& call, int depth) {
    PROVOST_ASSIGN_OR_RETURN(KafelOperand left, ReadAtom(cursor, call, depth));
    while (cursor.Take("&")) {
      PROVOST_ASSIGN_OR_RETURN(KafelOperand right, ReadAtom(cursor, call, depth));
      if (right.is_argument) std::swap(left, right);
      left.too_much = left.too_much || right.too_much || right.is_argument;
      left.mask &= right.set;
      left.set &= right.set;
    }
    return left;
  }

  absl::StatusOr<KafelOperand> ReadAtom(TokenCursor& cursor, const KafelCall& call, int depth) {
    if (depth > kDeepest)
      return ErrorAt(cursor.Peek().span, "more than 64 brackets inside one another");
    if (cursor.Take("(")) {
      PROVOST_ASSIGN_OR_RETURN(const KafelOperand inside, ReadOperand(cursor, call, depth + 1));
      PROVOST_RETURN_IF_ERROR(cursor.Expect(")", "behind an operand in brackets"));
      return inside;
    }
    const ForeignToken token = cursor.Next();
    KafelOperand operand = {.where = token.span};
    if (token.kind == Kind::kNumber || constants_.count(std::string(token.text())) != 0) {
      PROVOST_ASSIGN_OR_RETURN(operand.set, Number(token));
      return operand;
    }
    if (token.kind != Kind::kWord) {
      return ErrorAt(token.span,
                     absl::StrCat("an argument or number is expected here, not ", Describe(token)));
    }
    operand.is_argument = true;
    if (call.name.empty() && !call.declared) return operand;
    return FindArgument(token, call, operand);
  }

  static absl::StatusOr<KafelOperand> FindArgument(const ForeignToken& token, const KafelCall& call,
                                                   KafelOperand operand) {
    if (call.declared) {
      const auto found = std::find(call.arguments.begin(), call.arguments.end(), token.text());
      if (found == call.arguments.end()) {
        return ErrorAt(token.span, absl::StrCat("the call has no argument ", Describe(token)));
      }
      operand.index = static_cast<int>(found - call.arguments.begin());
      return operand;
    }
    const Signature& signature = *SyscallTable::Get().Find(Arch::kX86_64, call.name)->signature;
    operand.index = signature.IndexOf(token.text());
    if (operand.index < 0) {
      std::string names;
      for (const Argument& argument : signature.args) {
        absl::StrAppend(&names, names.empty() ? "" : ", ", argument.name);
      }
      return ErrorAt(token.span,
                     absl::StrCat("`", call.name, "` has no argument ", Describe(token)),
                     {absl::StrCat("its arguments are ", names.empty() ? "none" : names,
                                   "; others can be declared: ", call.name, "(a, b) { a == 1 }")});
    }
    const ArgWidth width = signature.args[operand.index].width;
    operand.is_wide = width == ArgWidth::kS64 || width == ArgWidth::kU64;
    return operand;
  }

  const ImportOptions& options_;
  StatementWriter writer_;
  std::vector<std::unique_ptr<const SourceText>> included_;
  std::map<std::string, uint64_t> constants_;
  std::map<std::string, std::vector<KafelRule>> policies_;
  std::vector<KafelRule> main_;
  std::optional<Verdict> default_;
  bool too_much_ = false;
};

}  // namespace

absl::StatusOr<Converted> ImportKafel(const SourceText& source, const ImportOptions& options) {
  return KafelImporter(source, options).Import();
}

}  // namespace provost
