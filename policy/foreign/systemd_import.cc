// systemd.exec(5): SystemCallFilter=, SystemCallErrorNumber=, SystemCallArchitectures= and
// SystemCallLog=, as they stand in a unit or a drop-in.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/foreign/importers.h"
#include "policy/foreign/seccomp_rules.h"
#include "policy/foreign/statement_writer.h"
#include "syscalls/constants.h"
#include "syscalls/groups.h"
#include "syscalls/nearest.h"

namespace provost {
namespace {

// Other settings that systemd makes filters of, in whole or in part.
constexpr std::array<absl::string_view, 12> kOtherFilters = {
    "LockPersonality",      "MemoryDenyWriteExecute", "PrivateDevices",
    "ProtectClock",         "ProtectHostname",        "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectKernelTunables",  "RestrictAddressFamilies",
    "RestrictNamespaces",   "RestrictRealtime",       "RestrictSUIDSGID"};
constexpr std::array<absl::string_view, 4> kSettings = {"SystemCallFilter", "SystemCallErrorNumber",
                                                        "SystemCallArchitectures", "SystemCallLog"};

constexpr int kKill = -2;    // `:kill`
constexpr int kUnsaid = -1;  // no error number
constexpr int kMaxErrno = 4095;

struct Word {
  size_t offset;
  std::string text;
};

// One logical line: continued lines joined, each character with its place.
struct Line {
  std::string text;
  std::vector<size_t> offsets;
};

// What SystemCallFilter= or SystemCallLog= has come to.
struct CallList {
  struct Entry {
    int error = kUnsaid;
    size_t offset = 0;
  };
  bool given = false;
  bool allows = false;  // listed calls are what is let through (or logged)
  std::map<std::string, Entry> calls;
};

class SystemdImporter {
 public:
  explicit SystemdImporter(const SourceText& source)
      : source_(source), writer_(source, "system call settings of a systemd unit") {}

  absl::StatusOr<Converted> Import() {
    size_t at = 0;
    while (at < source_.text().size()) {
      const Line line = NextLine(at);
      PROVOST_RETURN_IF_ERROR(ReadLine(line));
    }
    WriteRules();
    return std::move(writer_).Finish();
  }

 private:
  Line NextLine(size_t& at) const {
    const absl::string_view text = source_.text();
    Line line;
    while (at < text.size()) {
      const char c = text[at];
      const bool continues = c == '\\' && at + 1 < text.size() && text[at + 1] == '\n';
      if (!continues && c == '\n') {
        ++at;
        break;
      }
      line.text += continues ? ' ' : c;
      line.offsets.push_back(at);
      at += continues ? 2 : 1;
    }
    line.offsets.push_back(at);
    return line;
  }

  absl::Status Error(const Word& word, absl::string_view message,
                     const std::vector<std::string>& notes = {}) const {
    return ErrorAt(source_.Span(word.offset, word.offset + word.text.size()), message, notes);
  }

  absl::Status ReadLine(const Line& line) {
    const absl::string_view text = absl::StripAsciiWhitespace(line.text);
    if (text.empty() || text[0] == '#' || text[0] == ';') return absl::OkStatus();
    if (text[0] == '[') {
      if (text.back() == ']') return absl::OkStatus();
      const Word section = {line.offsets[line.text.find('[')], std::string(text)};
      return Error(section, "a section is `[Name]`");
    }
    const size_t equals = line.text.find('=');
    const Word key = {
        line.offsets[line.text.find(text[0])],
        std::string(absl::StripAsciiWhitespace(absl::string_view(line.text).substr(0, equals)))};
    if (equals == std::string::npos) return Error(key, "a line is `Setting=value`");
    std::vector<Word> words;
    for (size_t i = equals + 1; i < line.text.size();) {
      while (i < line.text.size() && absl::ascii_isspace(line.text[i])) ++i;
      const size_t begin = i;
      while (i < line.text.size() && !absl::ascii_isspace(line.text[i])) ++i;
      if (i > begin) words.push_back({line.offsets[begin], line.text.substr(begin, i - begin)});
    }
    return ReadSetting(key, std::move(words));
  }

  absl::Status ReadSetting(const Word& key, std::vector<Word> words) {
    if (key.text == "SystemCallFilter") return ReadList(key, std::move(words), filter_);
    if (key.text == "SystemCallLog") return ReadList(key, std::move(words), log_);
    if (key.text == "SystemCallErrorNumber") return ReadErrorNumber(words);
    if (key.text == "SystemCallArchitectures") return ReadArchitectures(words);
    if (absl::StartsWith(key.text, "SystemCall")) {
      return Error(key, absl::StrCat("no setting is called `", Printable(key.text), "`"),
                   DidYouMean(Nearest(key.text, kSettings)));
    }
    const bool other =
        std::find(kOtherFilters.begin(), kOtherFilters.end(), key.text) != kOtherFilters.end();
    constexpr std::array<absl::string_view, 4> kOff = {"no", "false", "0", "off"};
    const bool off =
        words.empty() || std::find(kOff.begin(), kOff.end(), words[0].text) != kOff.end();
    if (other && !off) {
      writer_.Loss(key.offset, absl::StrCat(key.text, "= is a filter of its own: not converted"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> ReadError(const Word& word, absl::string_view text) const {
    int number = 0;
    if (text == "kill") return kKill;
    if (absl::SimpleAtoi(text, &number) && number >= 0 && number <= kMaxErrno) return number;
    if (const std::optional<int> named = ErrnoByName(text)) return *named;
    return Error(word, absl::StrCat("no errno is called `", Printable(text), "`"),
                 DidYouMean(SuggestErrno(text)));
  }

  absl::Status ReadErrorNumber(const std::vector<Word>& words) {
    if (words.size() > 1) return Error(words[1], "SystemCallErrorNumber= takes one errno");
    error_ = kKill;
    if (words.empty()) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(error_, ReadError(words[0], words[0].text));
    error_offset_ = words[0].offset;
    return absl::OkStatus();
  }

  absl::Status ReadArchitectures(const std::vector<Word>& words) {
    constexpr std::array<absl::string_view, 22> kOthers = {
        "alpha",         "arc",     "arm",      "arm64",      "ia64",    "loongarch64",
        "m68k",          "mips",    "mips64",   "mips64-n32", "mips-le", "mips64-le",
        "mips64-le-n32", "parisc",  "parisc64", "ppc",        "ppc64",   "ppc64-le",
        "riscv32",       "riscv64", "s390",     "s390x"};
    if (words.empty()) {
      has_arches_ = false;
      i386_ = false;
      return absl::OkStatus();
    }
    for (const Word& word : words) {
      has_arches_ = true;
      if (word.text == "x86") {
        i386_ = true;
      } else if (word.text == "x32") {
        writer_.Note(word.offset, "provost refuses every call of x32");
      } else if (word.text != "native" && word.text != "x86-64" &&
                 std::find(kOthers.begin(), kOthers.end(), word.text) == kOthers.end()) {
        return Error(word, absl::StrCat("no architecture is called `", Printable(word.text), "`"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadList(const Word& key, std::vector<Word> words, CallList& list) {
    if (words.empty()) {
      list = {};
      return absl::OkStatus();
    }
    const bool inverted = absl::StartsWith(words[0].text, "~");
    if (inverted) {
      words[0].text.erase(0, 1);
      ++words[0].offset;
      if (words[0].text.empty()) words.erase(words.begin());
    }
    if (!list.given) {
      list.given = true;
      list.allows = !inverted;
      // Allow-lists of calls hold what a program cannot do without.
      if (list.allows && &list == &filter_) {
        for (const absl::string_view member : FindGroup("@default")->members) {
          list.calls[std::string(member)] = {kUnsaid, key.offset};
        }
      }
    }
    for (const Word& word : words) PROVOST_RETURN_IF_ERROR(ReadItem(word, inverted, list));
    return absl::OkStatus();
  }

  absl::Status ReadItem(const Word& word, bool inverted, CallList& list) {
    absl::string_view name = word.text;
    int error = kUnsaid;
    const size_t colon = name.find(':');
    if (colon != absl::string_view::npos) {
      PROVOST_ASSIGN_OR_RETURN(error, ReadError(word, name.substr(colon + 1)));
      name = name.substr(0, colon);
      if (!inverted || &list == &log_) {
        // systemd leaves the whole item out.
        writer_.Note(word.offset,
                     "calls that are allowed or logged take no error: left out, as by "
                     "systemd");
        return absl::OkStatus();
      }
    }
    if (!absl::StartsWith(name, "@")) {
      if (!SyscallTable::Get().IsKnownName(name)) {
        writer_.Note(word.offset, absl::StrCat("no call of x86_64 or i386 is named `",
                                               Printable(name), "`: left out"));
        return absl::OkStatus();
      }
      Put(name, error, word.offset, inverted, list);
      return absl::OkStatus();
    }
    const SyscallGroup* group = FindGroup(name);
    if (group == nullptr) {
      return Error(word, absl::StrCat("no group is called `", Printable(name), "`"),
                   DidYouMean(SuggestGroup(name)));
    }
    for (const absl::string_view member : group->members) {
      Put(member, error, word.offset, inverted, list);
    }
    return absl::OkStatus();
  }

  // A later item adds to the list or takes from it, as its sign and the list's say; in an
  // allow-list
  // `~call:errno` stays, to be refused with that errno.
  static void Put(absl::string_view name, int error, size_t offset, bool inverted, CallList& list) {
    if (inverted != list.allows || (inverted && list.allows && error != kUnsaid)) {
      list.calls[std::string(name)] = {error, offset};
    } else {
      list.calls.erase(std::string(name));
    }
  }

  Verdict Refusal(int error, size_t offset) {
    if (error == kKill) return Kill{Kill::Scope::kProcess};
    const Sayable deny = DenyWith(static_cast<uint64_t>(error));
    if (!deny.why_not.empty()) writer_.Loss(offset, deny.why_not);
    return deny.verdict;
  }

  // What the filter says of a call that is in its list.
  Verdict ListedVerdict(const CallList::Entry& entry) {
    if (entry.error != kUnsaid) return Refusal(entry.error, entry.offset);
    if (filter_.allows) return Allow{};
    return Refusal(error_, entry.offset);
  }

  static Verdict Logged(const Verdict& verdict, bool logs) {
    return logs && verdict == Verdict(Allow{}) ? Verdict(Log{}) : verdict;
  }

  void WriteRules() {
    if (has_arches_) {
      std::vector<Arch> arches = {Arch::kX86_64};
      if (i386_) arches.push_back(Arch::kI386);
      writer_.Arches(arches);
    }
    const Verdict otherwise =
        filter_.given && filter_.allows ? Refusal(error_, error_offset_) : Verdict(Allow{});
    const bool logs_others = log_.given && !log_.allows;
    const Verdict fallback = Logged(otherwise, logs_others);
    writer_.Default(fallback);
    std::set<std::string> names;
    for (const auto& [name, entry] : filter_.calls) names.insert(name);
    for (const auto& [name, entry] : log_.calls) names.insert(name);
    // One rule for all calls of a line that get the same.
    std::map<size_t, std::vector<std::pair<Verdict, std::vector<std::string>>>> rules;
    for (const std::string& name : names) {
      const auto filtered = filter_.calls.find(name);
      const auto logged = log_.calls.find(name);
      const bool is_filtered = filtered != filter_.calls.end();
      const bool is_logged = logged != log_.calls.end();
      const Verdict verdict = Logged(is_filtered ? ListedVerdict(filtered->second) : otherwise,
                                     is_logged == log_.allows && log_.given);
      if (verdict == fallback) continue;
      const size_t offset = is_filtered ? filtered->second.offset : logged->second.offset;
      auto& here = rules[offset];
      auto same = std::find_if(here.begin(), here.end(),
                               [&](const auto& rule) { return rule.first == verdict; });
      if (same == here.end()) same = here.insert(here.end(), {verdict, {}});
      same->second.push_back(name);
    }
    SeccompRules union_of_rules;
    for (const auto& [offset, here] : rules) {
      for (const auto& [verdict, calls] : here) union_of_rules.Add(offset, verdict, calls, {});
    }
    union_of_rules.Write(writer_);
  }

  const SourceText& source_;
  StatementWriter writer_;
  CallList filter_;
  CallList log_;
  int error_ = kKill;
  size_t error_offset_ = 0;
  bool has_arches_ = false;
  bool i386_ = false;
};

}  // namespace

absl::StatusOr<Converted> ImportSystemd(const SourceText& source,
                                        const ImportOptions& /*options*/) {
  return SystemdImporter(source).Import();
}

}  // namespace provost
