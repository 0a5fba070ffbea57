// minijail0(5) "SECCOMP_FILTER POLICY", and what minijail's compile_seccomp_policy reads beside it
// (its tools/README.md): @default, @denylist, @frequency, groups of calls, lists of filters.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "policy/foreign/importers.h"
#include "policy/foreign/statement_writer.h"
#include "policy/foreign/tokens.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Kind = ForeignToken::Kind;

constexpr int kDeepestInclude = 10;
constexpr size_t kMostFiles = 100;
constexpr int kDeepestBracket = 64;

class MinijailImporter {
 public:
  MinijailImporter(const SourceText& source, const ImportOptions& options)
      : options_(options), writer_(source, "a minijail policy") {
    // Policies are compiled for one architecture; other calls die.
    writer_.Arches({Arch::kX86_64});
  }

  absl::StatusOr<Converted> Import() {
    PROVOST_RETURN_IF_ERROR(ReadSource(writer_.source(), options_.directory, 1));
    writer_.Default(default_.value_or(denylist_ ? Verdict(Allow{}) : Verdict(Kill{})));
    return std::move(writer_).Finish();
  }

 private:
  absl::Status ReadSource(const SourceText& source, const std::string& directory, int depth) {
    const TokenStyle style = {
        .hash_comments = true, .lines = true, .paths = true, .word_signs = "_-@"};
    PROVOST_ASSIGN_OR_RETURN(std::vector<ForeignToken> tokens, ReadTokens(source, style));
    TokenCursor cursor(std::move(tokens));
    while (!cursor.AtEnd()) {
      if (cursor.Peek().kind == Kind::kLineEnd) {
        cursor.Next();
        continue;
      }
      PROVOST_RETURN_IF_ERROR(ReadStatement(cursor, directory, depth));
      if (cursor.Peek().kind != Kind::kLineEnd && !cursor.AtEnd()) {
        return ErrorAt(cursor.Peek().span,
                       absl::StrCat("the statement ends before ", Describe(cursor.Peek())));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadStatement(TokenCursor& cursor, const std::string& directory, int depth) {
    if (cursor.Peek().Is("@include")) return ReadInclude(cursor, directory, depth);
    if (cursor.Take("@frequency")) {
      // How often calls are made changes the order of tests, not their outcome.
      if (cursor.Peek().kind != Kind::kString) {
        return ErrorAt(cursor.Peek().span, "@frequency names a file, beginning with `/` or `./`");
      }
      cursor.Next();
      return absl::OkStatus();
    }
    if (cursor.Take("@denylist")) {
      denylist_ = true;
      return absl::OkStatus();
    }
    if (cursor.Take("@default")) {
      const ForeignToken word = cursor.Peek();
      PROVOST_ASSIGN_OR_RETURN(const Verdict verdict, ReadAction(cursor));
      if (!Refuses(verdict) || std::holds_alternative<Deny>(verdict)) {
        if (!word.Is("user-notify")) {
          return ErrorAt(word.span,
                         "a default is kill, kill-process, kill-thread, trap or "
                         "user-notify");
        }
      }
      default_ = verdict;
      return absl::OkStatus();
    }
    return ReadFilters(cursor);
  }

  absl::Status ReadInclude(TokenCursor& cursor, const std::string& directory, int depth) {
    cursor.Next();
    const ForeignToken path = cursor.Next();
    if (path.kind != Kind::kString) {
      return ErrorAt(path.span, "@include names a file, beginning with `/` or `./`");
    }
    if (depth >= kDeepestInclude || included_.size() >= kMostFiles) {
      return ErrorAt(path.span,
                     "too many files are included, at most 10 inside one another and 100 "
                     "in all");
    }
    std::string full;
    PROVOST_ASSIGN_OR_RETURN(std::string text,
                             ReadNamedFile(path.span, directory, std::string(path.text()), full));
    const std::string below = full.substr(0, full.find_last_of('/'));
    PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<const SourceText> source,
                             SourceText::Create(full, below, std::move(text), path.span));
    included_.push_back(std::move(source));
    return ReadSource(*included_.back(), below, depth + 1);
  }

  // name: filter, or {name, name[arch=…], group@namespace}: filter.
  absl::Status ReadFilters(TokenCursor& cursor) {
    const ForeignToken begin = cursor.Peek();
    std::vector<std::string> calls;
    if (cursor.Take("{")) {
      do {
        PROVOST_RETURN_IF_ERROR(ReadCall(cursor, calls));
      } while (cursor.Take(","));
      PROVOST_RETURN_IF_ERROR(cursor.Expect("}", "behind the calls"));
    } else {
      PROVOST_RETURN_IF_ERROR(ReadCall(cursor, calls));
    }
    PROVOST_RETURN_IF_ERROR(cursor.Expect(":", "behind the calls"));
    if (!cursor.Take("{")) return ReadFilter(cursor, begin, calls, /*in_list=*/denylist_);
    do {
      PROVOST_RETURN_IF_ERROR(ReadFilter(cursor, begin, calls, /*in_list=*/true));
    } while (cursor.Take(","));
    return cursor.Expect("}", "behind the filters");
  }

  absl::Status ReadCall(TokenCursor& cursor, std::vector<std::string>& calls) {
    const ForeignToken token = cursor.Next();
    std::string name(token.text());
    if (token.kind == Kind::kNumber) {
      PROVOST_ASSIGN_OR_RETURN(const uint64_t number, NumberOf(token, false));
      const Syscall* syscall =
          number > INT32_MAX
              ? nullptr
              : SyscallTable::Get().Find(Arch::kX86_64, static_cast<int32_t>(number));
      if (syscall == nullptr) {
        writer_.LossAt(token.span.location(), "no call is known by this number");
        return absl::OkStatus();
      }
      name = std::string(syscall->signature->name);
    } else if (token.kind != Kind::kWord) {
      return ErrorAt(token.span, absl::StrCat("a call is expected here, not ", Describe(token)));
    }
    PROVOST_ASSIGN_OR_RETURN(const bool counts, ReadMetadata(cursor));
    if (!counts) return absl::OkStatus();
    if (absl::StrContains(name, "@")) {
      writer_.LossAt(token.span.location(),
                     absl::StrCat("groups of calls are part of minijail's build: what `",
                                  Printable(name), "` holds is not known"));
      return absl::OkStatus();
    }
    if (SyscallTable::Get().Find(Arch::kX86_64, name) == nullptr) {
      return ErrorAt(token.span, absl::StrCat("x86_64 has no call named `", Printable(name), "`"),
                     DidYouMean(SyscallTable::Get().Suggest(name)));
    }
    calls.push_back(std::move(name));
    return absl::OkStatus();
  }

  // [arch=x86_64,arm; key=value]: false if it is for other architectures.
  static absl::StatusOr<bool> ReadMetadata(TokenCursor& cursor) {
    bool counts = true;
    if (!cursor.Take("[")) return counts;
    do {
      const ForeignToken key = cursor.Next();
      if (key.kind != Kind::kWord) return ErrorAt(key.span, "a key is expected here");
      PROVOST_RETURN_IF_ERROR(cursor.Expect("=", "behind a key"));
      bool native = false;
      do {
        const ForeignToken value = cursor.Next();
        if (value.kind != Kind::kWord) return ErrorAt(value.span, "a value is expected here");
        native = native || value.Is("x86_64");
      } while (cursor.Take(","));
      if (key.Is("arch")) counts = native;
    } while (cursor.Take(";"));
    PROVOST_RETURN_IF_ERROR(cursor.Expect("]", "behind the keys"));
    return counts;
  }

  absl::Status ReadFilter(TokenCursor& cursor, const ForeignToken& statement,
                          const std::vector<std::string>& calls, bool in_list) {
    const ForeignToken begin = cursor.Peek();
    ConditionText condition = ConditionText::Always();
    if (absl::StartsWith(begin.text(), "arg") && begin.kind == Kind::kWord) {
      PROVOST_ASSIGN_OR_RETURN(condition, ReadExpression(cursor));
      if (!cursor.Take(";")) return WriteOnce(begin, statement, Allow{}, calls, condition);
    }
    const ForeignToken action = cursor.Peek();
    PROVOST_ASSIGN_OR_RETURN(const Verdict verdict, ReadAction(cursor));
    if (action.Is("user-notify") || action.Is("trace")) {
      writer_.LossAt(action.span.location(),
                     "another process would be asked; `deny ENOSYS`, which is the kernel's answer "
                     "when there is none, in its place");
    }
    // Two readers of one text: to minijail0 itself `EXPRESSION; return ERRNO` allows what matches.
    if (!condition.is_always() && action.Is("return") && !in_list) {
      writer_.NoteAt(action.span.location(),
                     "read as by minijail0: what matches is allowed, all else gets the errno; "
                     "compile_seccomp_policy gives the errno to what matches");
      PROVOST_RETURN_IF_ERROR(WriteOnce(begin, statement, Allow{}, calls, condition));
      condition = ConditionText::Always();
    }
    return WriteOnce(begin, statement, verdict, calls, condition);
  }

  absl::Status WriteOnce(const ForeignToken& begin, const ForeignToken& statement,
                         const Verdict& verdict, const std::vector<std::string>& calls,
                         const ConditionText& condition) {
    for (const std::string& call : calls) {
      const auto decided = decided_.find(call);
      if (decided != decided_.end()) {
        return ErrorAt(begin.span,
                       absl::StrCat("`", call, "` is decided already, in line ", decided->second));
      }
      if (condition.is_always()) decided_[call] = statement.span.location().line;
    }
    writer_.RuleAt(statement.span.location(), verdict, calls, condition);
    return absl::OkStatus();
  }

  absl::StatusOr<Verdict> ReadAction(TokenCursor& cursor) {
    const ForeignToken token = cursor.Next();
    if (token.Is("1") || token.Is("allow")) return Verdict(Allow{});
    if (token.Is("log")) return Verdict(Log{});
    if (token.Is("trap")) return Verdict(Trap{});
    if (token.Is("kill-thread")) return Verdict(Kill{Kill::Scope::kThread});
    if (token.Is("kill") || token.Is("kill-process")) return Verdict(Kill{});
    if (token.Is("user-notify") || token.Is("trace")) return Verdict(Deny{ENOSYS});
    if (!token.Is("return")) {
      return ErrorAt(token.span, absl::StrCat("no action is called ", Describe(token)),
                     {"actions are 1, allow, log, trap, trace, user-notify, kill, kill-process, "
                      "kill-thread and return"});
    }
    const ForeignToken error = cursor.Peek();
    uint64_t number = 0;
    const std::optional<int> named = ErrnoByName(error.text());
    if (error.kind == Kind::kWord && named) {
      number = static_cast<uint64_t>(*named);
      cursor.Next();
    } else {
      PROVOST_ASSIGN_OR_RETURN(number, ReadConstant(cursor, 0));
    }
    const Sayable deny = DenyWith(number);
    if (!deny.why_not.empty()) writer_.LossAt(error.span.location(), deny.why_not);
    return deny.verdict;
  }

  absl::StatusOr<ConditionText> ReadExpression(TokenCursor& cursor) {
    std::vector<ConditionText> clauses;
    do {
      std::vector<ConditionText> atoms;
      do {
        PROVOST_ASSIGN_OR_RETURN(ConditionText atom, ReadAtom(cursor));
        atoms.push_back(std::move(atom));
      } while (cursor.Take("&&"));
      clauses.push_back(ConditionText::And(atoms));
    } while (cursor.Take("||"));
    return ConditionText::Or(clauses);
  }

  absl::StatusOr<ConditionText> ReadAtom(TokenCursor& cursor) {
    const ForeignToken argument = cursor.Next();
    absl::string_view digits = argument.text();
    int index = 0;
    if (argument.kind != Kind::kWord || !absl::ConsumePrefix(&digits, "arg") ||
        !absl::SimpleAtoi(digits, &index) || index < 0 || index > 5) {
      return ErrorAt(argument.span,
                     absl::StrCat("arg0 to arg5 is expected here, not ", Describe(argument)));
    }
    const ForeignToken op = cursor.Next();
    static const auto* const kOps = new std::map<absl::string_view, CompareOp>{
        {"==", CompareOp::kEq}, {"!=", CompareOp::kNe}, {"<", CompareOp::kLt},
        {"<=", CompareOp::kLe}, {">", CompareOp::kGt},  {">=", CompareOp::kGe}};
    const auto known =
        op.kind == Kind::kEnd || op.kind == Kind::kLineEnd ? kOps->end() : kOps->find(op.text());
    if (known == kOps->end() && !op.Is("&") && !op.Is("in")) {
      return ErrorAt(op.span, absl::StrCat("an operator is expected here, not ", Describe(op)),
                     {"operators are ==, !=, <, <=, >, >=, & and in"});
    }
    PROVOST_ASSIGN_OR_RETURN(const uint64_t value, ReadValue(cursor, 0));
    if (op.Is("&")) {  // any of the bits
      return ConditionText::Not(ConditionText::Bits(index, value, 0));
    }
    if (op.Is("in")) return ConditionText::Bits(index, ~value, 0);
    return ConditionText::Compare(index, known->second, value);
  }

  absl::StatusOr<uint64_t> ReadValue(TokenCursor& cursor, int depth) {
    uint64_t value = 0;
    do {
      PROVOST_ASSIGN_OR_RETURN(const uint64_t part, ReadConstant(cursor, depth));
      value |= part;
    } while (cursor.Take("|"));
    return value;
  }

  absl::StatusOr<uint64_t> ReadConstant(TokenCursor& cursor, int depth) {
    const bool complement = cursor.Take("~");
    const ForeignToken token = cursor.Next();
    uint64_t value = 0;
    if (depth > kDeepestBracket)
      return ErrorAt(token.span, "more than 64 brackets inside one another");
    if (token.Is("(")) {
      PROVOST_ASSIGN_OR_RETURN(value, ReadValue(cursor, depth + 1));
      PROVOST_RETURN_IF_ERROR(cursor.Expect(")", "behind a value in brackets"));
    } else if (token.kind == Kind::kNumber) {
      PROVOST_ASSIGN_OR_RETURN(value, NumberOf(token, false));
    } else if (token.kind == Kind::kWord) {
      const std::optional<uint64_t> constant = FindConstant(token.text());
      if (!constant) {
        return ErrorAt(token.span,
                       absl::StrCat("no constant is called `", Printable(token.text()), "`"),
                       DidYouMean(SuggestConstant(token.text())));
      }
      value = *constant;
    } else {
      return ErrorAt(token.span, absl::StrCat("a value is expected here, not ", Describe(token)));
    }
    return complement ? ~value : value;
  }

  const ImportOptions& options_;
  StatementWriter writer_;
  std::vector<std::unique_ptr<const SourceText>> included_;
  std::map<std::string, int> decided_;  // calls by the line that decides them without condition
  std::optional<Verdict> default_;
  bool denylist_ = false;
};

}  // namespace

absl::StatusOr<Converted> ImportMinijail(const SourceText& source, const ImportOptions& options) {
  return MinijailImporter(source, options).Import();
}

}  // namespace provost
