// The language of snap-seccomp, snapd's compiler of seccomp profiles, as snapd's own documentation
// and the program itself say.

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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
#include "policy/foreign/seccomp_rules.h"
#include "policy/foreign/snap.h"
#include "policy/foreign/statement_writer.h"
#include "syscalls/constants.h"
#include "syscalls/nearest.h"

namespace provost {
namespace {

using Op = SeccompTest::Op;

// Constants that snap-seccomp knows and that are no argument's in the syscall table: of
// linux/dqblk_xfs.h, linux/netlink.h and sys/socket.h.
constexpr std::array<std::pair<absl::string_view, uint64_t>, 9> kMoreConstants = {{
    {"AF_CONN", 0},
    {"PF_CONN", 0},
    {"NETLINK_INET_DIAG", 4},
    {"Q_XQUOTAON", 0x5801},
    {"Q_XQUOTAOFF", 0x5802},
    {"Q_XGETQUOTA", 0x5803},
    {"Q_XSETQLIM", 0x5804},
    {"Q_XGETQSTAT", 0x5805},
    {"Q_XQUOTARM", 0x5806},
}};

struct Word {
  size_t offset;
  absl::string_view text;
};

std::vector<Word> WordsOf(absl::string_view line, size_t offset) {
  std::vector<Word> words;
  for (size_t i = 0; i < line.size();) {
    while (i < line.size() && absl::ascii_isspace(line[i])) ++i;
    const size_t begin = i;
    while (i < line.size() && !absl::ascii_isspace(line[i])) ++i;
    if (i > begin) words.push_back({offset + begin, line.substr(begin, i - begin)});
  }
  return words;
}

class SnapImporter {
 public:
  explicit SnapImporter(const SourceText& source)
      : source_(source), writer_(source, "a snap-seccomp profile") {}

  absl::StatusOr<Converted> Import() {
    FindDirectives();
    if (unrestricted_) {
      writer_.Default(Allow{});
      return std::move(writer_).Finish();
    }
    writer_.Default(complain_ ? Verdict(Log{}) : Verdict(Deny{EPERM}));
    size_t offset = 0;
    for (absl::string_view line : absl::StrSplit(source_.text(), '\n')) {
      PROVOST_RETURN_IF_ERROR(ReadLine(line, offset));
      offset += line.size() + 1;
    }
    // Two filters to snapd, of which the more restrictive answers.
    denied_.Write(writer_);
    allowed_.Write(writer_);
    return std::move(writer_).Finish();
  }

 private:
  // They count wherever they stand, before anything else is read.
  void FindDirectives() {
    for (const absl::string_view line : absl::StrSplit(source_.text(), '\n')) {
      const absl::string_view word = absl::StripAsciiWhitespace(line);
      if (word == "@unrestricted") unrestricted_ = true;
      if (word == "@complain") complain_ = true;
    }
  }

  absl::Status Error(const Word& word, absl::string_view message,
                     const std::vector<std::string>& notes = {}) const {
    return ErrorAt(source_.Span(word.offset, word.offset + word.text.size()), message, notes);
  }

  absl::Status ReadLine(absl::string_view line, size_t offset) {
    // A comment begins in the first column: elsewhere `#` is a word like others.
    if (absl::StartsWith(line, "#")) return absl::OkStatus();
    const std::vector<Word> words = WordsOf(line, offset);
    if (words.empty()) return absl::OkStatus();
    constexpr size_t kMostArguments = 6;
    if (words.size() > 1 + kMostArguments) {
      return Error(words[1 + kMostArguments], "a call has at most six arguments");
    }
    absl::string_view name = words[0].text;
    const bool denies = absl::ConsumePrefix(&name, "~");
    const std::string call(name);
    if (call == "@unrestricted" || call == "@complain") return absl::OkStatus();
    if (call.empty()) return Error(words[0], "a call's name is missing behind `~`");
    // snap-seccomp does not look at the arguments of calls it does not know.
    if (!SyscallTable::Get().IsKnownName(call) && !IsMultiplexed(call)) {
      writer_.Note(words[0].offset, absl::StrCat("no call of x86_64 or i386 is named `",
                                                 Printable(call), "`: left out"));
      return absl::OkStatus();
    }
    std::vector<SeccompTest> tests;
    for (size_t i = 1; i < words.size(); ++i) {
      if (words[i].text == "-") continue;
      PROVOST_ASSIGN_OR_RETURN(SeccompTest test, ReadTest(words[i], call));
      test.arg = static_cast<int>(i - 1);
      tests.push_back(test);
    }
    if (denies) {
      denied_.Add(offset, Deny{EACCES}, {call}, tests);
    } else {
      allowed_.Add(offset, Allow{}, {call}, tests);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<SeccompTest> ReadTest(const Word& word, const std::string& call) {
    constexpr std::array<std::pair<absl::string_view, Op>, 5> kPrefixes = {
        {{">=", Op::kGe}, {"<=", Op::kLe}, {"!", Op::kNe}, {"<", Op::kLt}, {">", Op::kGt}}};
    SeccompTest test = {.op = Op::kEq};
    absl::string_view rest = word.text;
    const auto* prefix =
        std::find_if(kPrefixes.begin(), kPrefixes.end(),
                     [rest](const auto& entry) { return absl::StartsWith(rest, entry.first); });
    const auto after = [&word](absl::string_view part) {
      return Word{word.offset + (part.data() - word.text.data()), part};
    };
    if (prefix != kPrefixes.end()) {
      test.op = prefix->second;
      rest.remove_prefix(prefix->first.size());
      PROVOST_ASSIGN_OR_RETURN(test.value, ReadNumber(after(rest), call));
    } else if (absl::StrContains(rest, "|")) {
      test.op = Op::kMaskedEq;
      PROVOST_RETURN_IF_ERROR(ReadMask(word, call, test));
    } else if (absl::StartsWith(rest, "u:") || absl::StartsWith(rest, "g:")) {
      PROVOST_ASSIGN_OR_RETURN(test.value, ReadId(word));
    } else {
      PROVOST_ASSIGN_OR_RETURN(test.value, ReadNumber(word, call));
    }
    if (!SnapComparesLowHalf(call)) return test;
    if (test.op != Op::kEq) {
      return Error(word,
                   absl::StrCat("arguments of `", call, "` can only be compared for equality"));
    }
    return SeccompTest{.op = Op::kMaskedEq, .value = 0xffffffff, .second = test.value};
  }

  // `|BITS`: all these are set. `MASK|BITS`: of those under the mask, these.
  absl::Status ReadMask(const Word& word, const std::string& call, SeccompTest& test) const {
    const size_t bar = word.text.find('|');
    const absl::string_view second = word.text.substr(bar + 1);
    if (absl::StrContains(second, "|")) return Error(word, "a mask has one `|`");
    PROVOST_ASSIGN_OR_RETURN(test.second, ReadNumber({word.offset + bar + 1, second}, call));
    test.value = test.second;
    if (bar == 0) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(test.value, ReadNumber({word.offset, word.text.substr(0, bar)}, call));
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> ReadId(const Word& word) const {
    const std::string name(word.text.substr(2));
    if (word.text[0] == 'u') {
      if (const passwd* user = getpwnam(name.c_str())) return user->pw_uid;
      return Error(word, absl::StrCat("this system has no user `", Printable(name), "`"));
    }
    if (const group* found = getgrnam(name.c_str())) return found->gr_gid;
    return Error(word, absl::StrCat("this system has no group `", Printable(name), "`"));
  }

  absl::StatusOr<uint64_t> ReadNumber(const Word& word, const std::string& call) const {
    for (const auto& [name, value] : kMoreConstants) {
      if (word.text == name) return value;
    }
    if (const std::optional<uint64_t> constant = FindConstant(word.text)) return *constant;
    uint32_t number = 0;
    const bool digits = !word.text.empty() && absl::ascii_isdigit(word.text[0]);
    if (digits && absl::SimpleAtoi(word.text, &number)) return number;
    int32_t negative = 0;
    if (!digits && absl::StartsWith(word.text, "-") && absl::SimpleAtoi(word.text, &negative)) {
      if (!SnapComparesLowHalf(call)) {
        return Error(word, absl::StrCat("arguments of `", call,
                                        "` cannot be compared with negative "
                                        "numbers"));
      }
      return static_cast<uint32_t>(negative);
    }
    if (digits || absl::StartsWith(word.text, "-")) {
      return Error(word, "a number is decimal and below 2^32");
    }
    if (word.text.empty()) return Error(word, "a value is missing behind the operator");
    return Error(word, absl::StrCat("no constant is called `", Printable(word.text), "`"),
                 DidYouMean(SuggestConstant(word.text)));
  }

  const SourceText& source_;
  StatementWriter writer_;
  SeccompRules denied_;
  SeccompRules allowed_;
  bool unrestricted_ = false;
  bool complain_ = false;
};

}  // namespace

bool SnapComparesLowHalf(absl::string_view call) {
  constexpr std::array<absl::string_view, 20> kCalls = {
      "chown",       "chown32",    "copy_file_range", "fchown",      "fchown32",
      "fchownat",    "lchown",     "lchown32",        "setgid",      "setgid32",
      "setregid",    "setregid32", "setresgid",       "setresgid32", "setresuid",
      "setresuid32", "setreuid",   "setreuid32",      "setuid",      "setuid32"};
  return std::find(kCalls.begin(), kCalls.end(), call) != kCalls.end();
}

absl::StatusOr<Converted> ImportSnap(const SourceText& source, const ImportOptions& /*options*/) {
  return SnapImporter(source).Import();
}

}  // namespace provost
