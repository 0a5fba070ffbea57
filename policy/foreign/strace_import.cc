// strace(1), "Tampering": the expressions of -e inject= and -e fault=, one a line.

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "policy/foreign/importers.h"
#include "policy/foreign/statement_writer.h"
#include "re2/re2.h"
#include "syscalls/constants.h"
#include "syscalls/groups.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Which invocations `when=FIRST[..LAST][+[STEP]]` names.
struct When {
  int first = 1;
  int last = 0;  // 0: without end
  int step = 1;  // 0: `first` alone
};

// The one place that says how invocations are counted in our language; nullopt where it cannot say.
// Empty text: every invocation.
//   when=3      nth(3)        when=3+     after(2)
//   when=1..3   first(3)      when=3..5   after(2) && first(5)
//   when=N+N    every(N)
std::optional<std::string> InvocationsText(const When& when) {
  if (when.first == 1 && when.last == 0 && when.step == 1) return "";
  if (when.step == 0 || when.first == when.last) {
    return absl::StrCat("nth(", when.first, ") each process");
  }
  if (when.step == 1) {
    std::string text;
    if (when.first > 1) text = absl::StrCat("after(", when.first - 1, ") each process");
    if (when.last > 0) {
      absl::StrAppend(&text, text.empty() ? "" : " && ", "first(", when.last, ") each process");
    }
    return text;
  }
  if (when.first == when.step && when.last == 0) {
    return absl::StrCat("every(", when.step, ") each process");
  }
  return std::nullopt;
}

struct Piece {
  size_t offset;
  absl::string_view text;
};

std::vector<Piece> Split(const Piece& piece, char separator) {
  std::vector<Piece> pieces;
  for (const absl::string_view part : absl::StrSplit(piece.text, separator)) {
    pieces.push_back({piece.offset + (part.data() - piece.text.data()), part});
  }
  return pieces;
}

struct Injection {
  size_t offset = 0;
  std::vector<std::string> calls;
  bool named = false;  // some call stands there by its own name
  std::optional<Verdict> verdict;
  std::optional<When> when;
  size_t when_offset = 0;
};

class StraceImporter {
 public:
  explicit StraceImporter(const SourceText& source)
      : source_(source), writer_(source, "strace's injections") {}

  absl::StatusOr<Converted> Import() {
    size_t offset = 0;
    for (const absl::string_view line : absl::StrSplit(source_.text(), '\n')) {
      PROVOST_RETURN_IF_ERROR(ReadLine({offset, line}));
      offset += line.size() + 1;
    }
    Write();
    return std::move(writer_).Finish();
  }

 private:
  absl::Status Error(const Piece& piece, absl::string_view message,
                     const std::vector<std::string>& notes = {}) const {
    return ErrorAt(
        source_.Span(piece.offset, piece.offset + std::max<size_t>(piece.text.size(), 1)), message,
        notes);
  }

  absl::Status ReadLine(Piece line) {
    const auto skip = [&line](size_t count) {
      line.offset += count;
      line.text.remove_prefix(count);
    };
    const auto skip_space = [&] {
      while (!line.text.empty() && absl::ascii_isspace(line.text[0])) skip(1);
    };
    skip_space();
    line.text = absl::StripTrailingAsciiWhitespace(line.text);
    if (line.text.empty() || line.text[0] == '#') return absl::OkStatus();
    bool fault = false;
    if (absl::StartsWith(line.text, "-e")) {
      skip(2);
      skip_space();
    } else if (absl::StartsWith(line.text, "--inject=") ||
               absl::StartsWith(line.text, "--fault=")) {
      skip(2);
    }
    if (absl::StartsWith(line.text, "inject=")) {
      skip(7);
    } else if (absl::StartsWith(line.text, "fault=")) {
      skip(6);
      fault = true;
    } else {
      return Error(line, "a line is `inject=CALLS:…` or `fault=CALLS…`, with or without `-e`");
    }
    if (absl::StrContains(line.text, " ")) {
      return Error({line.offset + line.text.find(' '), line.text.substr(line.text.find(' '))},
                   "one expression a line");
    }
    return ReadExpression(line, fault);
  }

  absl::Status ReadExpression(const Piece& expression, bool fault) {
    const std::vector<Piece> parts = Split(expression, ':');
    Injection injection = {.offset = expression.offset};
    PROVOST_RETURN_IF_ERROR(ReadCalls(parts[0], injection));
    if (fault) injection.verdict = Deny{ENOSYS};
    bool answered = false;
    bool something = fault;
    for (size_t i = 1; i < parts.size(); ++i) {
      const size_t equals = parts[i].text.find('=');
      if (equals == absl::string_view::npos) return Error(parts[i], "an option is `name=value`");
      const absl::string_view name = parts[i].text.substr(0, equals);
      const Piece value = {parts[i].offset + equals + 1, parts[i].text.substr(equals + 1)};
      if (name == "error" || (name == "retval" && !fault)) {
        if (answered) return Error(parts[i], "an expression has one `error=` or `retval=`");
        answered = true;
        something = true;
        PROVOST_RETURN_IF_ERROR(name == "error" ? ReadError(value, injection)
                                                : ReadResult(value, injection));
      } else if (name == "when") {
        injection.when_offset = value.offset;
        PROVOST_ASSIGN_OR_RETURN(injection.when, ReadWhen(value));
      } else if (!fault && (name == "signal" || name == "syscall" || name == "delay_enter" ||
                            name == "delay_exit" || name == "poke_enter" || name == "poke_exit")) {
        something = something || name != "syscall";
        writer_.Loss(parts[i].offset, absl::StrCat("`", name,
                                                   "=`: provost neither signals nor delays "
                                                   "nor changes what a task has in memory"));
      } else {
        return Error(parts[i], absl::StrCat("no option is called `", Printable(name), "`"));
      }
    }
    if (!something) {
      return Error(expression,
                   "an injection has one of error=, retval=, signal=, delay_enter=, "
                   "delay_exit=, poke_enter= and poke_exit=");
    }
    injections_.push_back(std::move(injection));
    return absl::OkStatus();
  }

  absl::Status ReadError(const Piece& value, Injection& injection) {
    int number = 0;
    if (!absl::SimpleAtoi(value.text, &number)) {
      const std::optional<int> named = ErrnoByName(value.text);
      if (!named) {
        return Error(value, absl::StrCat("no errno is called `", Printable(value.text), "`"),
                     DidYouMean(SuggestErrno(value.text)));
      }
      number = *named;
    }
    if (number < 1 || number > 4095) return Error(value, "an errno is from 1 to 4095");
    const Sayable deny = DenyWith(static_cast<uint64_t>(number));
    if (!deny.why_not.empty()) writer_.Loss(value.offset, deny.why_not);
    injection.verdict = deny.verdict;
    return absl::OkStatus();
  }

  absl::Status ReadResult(const Piece& value, Injection& injection) {
    int64_t number = 0;
    const bool hexadecimal = absl::StartsWith(value.text, "0x");
    const bool ok = hexadecimal ? absl::SimpleHexAtoi(value.text, &number)
                                : absl::SimpleAtoi(value.text, &number);
    if (!ok || number < 0) return Error(value, "a result is a number from 0 on");
    if (number > INT32_MAX) {
      writer_.Loss(value.offset,
                   "i386 has results of 32 bits: provost gives a larger one to no call "
                   "that both architectures have");
      return absl::OkStatus();
    }
    injection.verdict = Return{number};
    return absl::OkStatus();
  }

  absl::StatusOr<When> ReadWhen(const Piece& value) const {
    static const RE2* const kWhen = new RE2("([0-9]+)(?:\\.\\.([0-9]+))?(?:(\\+)([0-9]*))?");
    std::string first;
    std::string last;
    std::string plus;
    std::string step;
    if (!RE2::FullMatch(re2::StringPiece(value.text.data(), value.text.size()), *kWhen, &first,
                        &last, &plus, &step)) {
      return Error(value, "`when=` is FIRST, FIRST..LAST, FIRST+, FIRST+STEP or FIRST..LAST+STEP");
    }
    When when;
    bool ok = absl::SimpleAtoi(first, &when.first) && when.first >= 1 && when.first <= 65535;
    if (!last.empty()) {
      ok =
          ok && absl::SimpleAtoi(last, &when.last) && when.last >= when.first && when.last <= 65534;
    }
    if (!step.empty()) {
      ok = ok && absl::SimpleAtoi(step, &when.step) && when.step >= 1 && when.step <= 65535;
    } else if (plus.empty() && last.empty()) {
      when.step = 0;
    }
    if (!ok)
      return Error(value,
                   "numbers of invocations are from 1 to 65535, the last behind the "
                   "first");
    return when;
  }

  absl::Status ReadCalls(const Piece& set, Injection& injection) {
    Piece rest = set;
    bool negated = false;
    if (absl::StartsWith(rest.text, "!")) {
      negated = true;
      ++rest.offset;
      rest.text.remove_prefix(1);
    }
    std::vector<std::string> calls;
    for (const Piece& item : Split(rest, ',')) {
      PROVOST_RETURN_IF_ERROR(ReadCall(item, calls, injection.named));
    }
    if (!negated) {
      injection.calls = std::move(calls);
      return absl::OkStatus();
    }
    injection.named = false;
    for (const std::string& name : AllCalls()) {
      if (std::find(calls.begin(), calls.end(), name) == calls.end()) {
        injection.calls.push_back(name);
      }
    }
    return absl::OkStatus();
  }

  static std::vector<std::string> AllCalls() {
    std::vector<std::string> names;
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        names.emplace_back(syscall.signature->name);
      }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  absl::Status ReadCall(const Piece& item, std::vector<std::string>& calls, bool& named) {
    absl::string_view name = item.text;
    const bool may_miss = absl::ConsumePrefix(&name, "?");
    if (name == "none") return absl::OkStatus();
    if (absl::StartsWith(name, "/")) return ReadRegex(item, name.substr(1), calls);
    const size_t at = name.find('@');
    if (at != absl::string_view::npos) {
      const absl::string_view personality = name.substr(at + 1);
      if (personality != "64" && personality != "32") {
        return Error(item, "behind `@` stands 64 or 32");
      }
      writer_.Loss(item.offset, "provost's rules are for a call on every architecture that has it");
      name = name.substr(0, at);
    }
    const auto add = [&calls](absl::string_view call) { calls.emplace_back(call); };
    if (name == "all" || name == "%all") {
      for (const std::string& call : AllCalls()) add(call);
      return absl::OkStatus();
    }
    if (SyscallTable::Get().IsKnownName(name)) {
      add(name);
      named = true;
      return absl::OkStatus();
    }
    // Old names of classes go without the sign.
    const SyscallGroup* group =
        FindGroup(absl::StartsWith(name, "%") ? std::string(name) : absl::StrCat("%", name));
    if (group != nullptr) {
      for (const absl::string_view member : group->members) add(member);
      return absl::OkStatus();
    }
    if (may_miss) return absl::OkStatus();
    return Error(item, absl::StrCat("no call or class is named `", Printable(name), "`"),
                 DidYouMean(SyscallTable::Get().Suggest(name)));
  }

  absl::Status ReadRegex(const Piece& item, absl::string_view regex,
                         std::vector<std::string>& calls) const {
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 pattern(re2::StringPiece(regex.data(), regex.size()), options);
    if (!pattern.ok()) return Error(item, pattern.error());
    for (const std::string& name : AllCalls()) {
      if (RE2::PartialMatch(name, pattern)) calls.push_back(name);
    }
    return absl::OkStatus();
  }

  // strace keeps one injection a call, the last one given.
  void Write() {
    std::map<std::string, size_t> last;
    for (size_t i = 0; i < injections_.size(); ++i) {
      for (const std::string& call : injections_[i].calls) last[call] = i;
    }
    for (size_t i = 0; i < injections_.size(); ++i) {
      const Injection& injection = injections_[i];
      if (!injection.verdict) continue;
      std::vector<std::string> calls;
      for (const std::string& call : injection.calls) {
        if (last[call] == i && (injection.named || !AlwaysRuns(call))) calls.push_back(call);
      }
      WriteOne(injection, calls);
    }
  }

  static bool AlwaysRuns(const std::string& call) {
    for (const Arch arch : kAllArches) {
      const Syscall* syscall = SyscallTable::Get().Find(arch, call);
      if (syscall != nullptr && Policy::IsNeverRefused(arch, syscall->nr)) return true;
    }
    return false;
  }

  void WriteOne(const Injection& injection, const std::vector<std::string>& calls) {
    const std::optional<std::string> invocations = InvocationsText(injection.when.value_or(When()));
    if (!invocations) {
      writer_.Loss(injection.when_offset,
                   "`when=`: provost cannot count these invocations; left out");
      return;
    }
    if (invocations->empty()) {
      writer_.Rule(injection.offset, *injection.verdict, calls, ConditionText::Always());
      return;
    }
    writer_.Loss(injection.when_offset,
                 "`when=`: strace counts by task and call, provost by process and rule");
    for (const std::string& call : calls) {
      writer_.RuleAt(source_.Locate(injection.offset), *injection.verdict, {call},
                     ConditionText::Test(*invocations), "");
    }
  }

  const SourceText& source_;
  StatementWriter writer_;
  std::vector<Injection> injections_;
};

}  // namespace

absl::StatusOr<Converted> ImportStrace(const SourceText& source, const ImportOptions& /*options*/) {
  return StraceImporter(source).Import();
}

}  // namespace provost
