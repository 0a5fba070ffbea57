#include "policy/foreign/foreign.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "policy/foreign/exporters.h"
#include "policy/foreign/importers.h"
#include "policy/source_text.h"
#include "re2/re2.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr std::array<FormatInfo, 7> kFormats = {{
    {PolicyFormat::kProvost, "provost", "provost's own language, names and includes resolved",
     false, true},
    {PolicyFormat::kOci, "oci", "seccomp profiles of OCI runtimes, Docker and Podman (JSON)", true,
     true},
    {PolicyFormat::kSnap, "snap", "snap-seccomp profiles", true, true},
    {PolicyFormat::kSystemd, "systemd", "SystemCallFilter= and its neighbours in units", true,
     false},
    {PolicyFormat::kMinijail, "minijail", "minijail's seccomp policies", true, true},
    {PolicyFormat::kStrace, "strace", "strace's -e inject= and -e fault=, one a line", true, false},
    {PolicyFormat::kKafel, "kafel", "Kafel, nsjail's language", true, false},
}};

// The lines that say something, without the space around them.
std::vector<absl::string_view> Lines(absl::string_view text) {
  std::vector<absl::string_view> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty() && line[0] != '#' && line[0] != ';' && !absl::StartsWith(line, "//")) {
      lines.push_back(line);
    }
  }
  return lines;
}

absl::string_view FirstWord(absl::string_view line) {
  size_t end = 0;
  while (end < line.size() && !absl::ascii_isspace(line[end])) ++end;
  return line.substr(0, end);
}

bool AnyLine(const std::vector<absl::string_view>& lines, const RE2& pattern) {
  return std::any_of(lines.begin(), lines.end(), [&pattern](absl::string_view line) {
    return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), pattern);
  });
}

// A word that begins a statement of ours, with more behind it.
bool IsOurs(absl::string_view line) {
  static const RE2* const kStatement = new RE2(
      "^(arch|default|include|let|logging|harden|allow|log|deny|return|trap|emulate|"
      "rewrite|ask|"
      "container)\\s+[^:=\\s]|^kill\\s+[a-z?@%*]");
  return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *kStatement);
}

bool IsSnapLine(absl::string_view line) {
  absl::string_view word = FirstWord(line);
  if (absl::StartsWith(word, "~")) word.remove_prefix(1);
  return SyscallTable::Get().IsKnownName(word);
}

}  // namespace

absl::Span<const FormatInfo> AllFormats() { return kFormats; }

const FormatInfo* FindFormat(absl::string_view name) {
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

const FormatInfo& InfoOf(PolicyFormat format) {
  for (const FormatInfo& info : kFormats) {
    if (info.format == format) return info;
  }
  return kFormats[0];
}

absl::StatusOr<Converted> ImportPolicy(PolicyFormat format, const std::string& text,
                                       const std::string& name, const ImportOptions& options) {
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<const SourceText> source,
                           SourceText::Create(name, options.directory, text));
  absl::StatusOr<Converted> converted = absl::InvalidArgumentError(
      absl::StrCat("policies in ", InfoOf(format).name, " are not imported"));
  switch (format) {
    case PolicyFormat::kProvost:
      break;
    case PolicyFormat::kOci:
      converted = ImportOci(*source, options);
      break;
    case PolicyFormat::kSnap:
      converted = ImportSnap(*source, options);
      break;
    case PolicyFormat::kSystemd:
      converted = ImportSystemd(*source, options);
      break;
    case PolicyFormat::kMinijail:
      converted = ImportMinijail(*source, options);
      break;
    case PolicyFormat::kStrace:
      converted = ImportStrace(*source, options);
      break;
    case PolicyFormat::kKafel:
      converted = ImportKafel(*source, options);
      break;
  }
  if (!converted.ok()) return converted;
  if (converted->text.size() > SourceText::kMaxSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(Printable(name), ": the policy is too large: it becomes ",
                     converted->text.size(), " bytes of text, at most 1048576 are read"));
  }
  return converted;
}

absl::StatusOr<Converted> ExportPolicy(PolicyFormat format, const Policy& policy) {
  switch (format) {
    case PolicyFormat::kProvost:
      return ExportProvost(policy);
    case PolicyFormat::kOci:
      return ExportOci(policy);
    case PolicyFormat::kSnap:
      return ExportSnap(policy);
    case PolicyFormat::kMinijail:
      return ExportMinijail(policy);
    case PolicyFormat::kSystemd:
    case PolicyFormat::kStrace:
    case PolicyFormat::kKafel:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("policies in ", InfoOf(format).name, " are not written"));
}

PolicyFormat RecogniseFormat(absl::string_view path, absl::string_view text) {
  const std::vector<absl::string_view> lines = Lines(text);
  if (lines.empty()) return PolicyFormat::kProvost;
  if (lines[0][0] == '{' &&
      (absl::EndsWith(path, ".json") || absl::StrContains(text, "\"defaultAction\""))) {
    return PolicyFormat::kOci;
  }
  // One statement of ours makes it ours: none of the others has any. `kill` alone is snap's.
  if (std::any_of(lines.begin(), lines.end(), IsOurs)) return PolicyFormat::kProvost;
  static const RE2* const kSystemd = new RE2("^SystemCall[A-Za-z]+\\s*=");
  if (AnyLine(lines, *kSystemd)) return PolicyFormat::kSystemd;
  static const RE2* const kStrace = new RE2("^((-e\\s*|--)?(inject|fault)=)");
  if (AnyLine(lines, *kStrace)) return PolicyFormat::kStrace;
  static const RE2* const kKafel = new RE2(
      "^(POLICY\\s+\\w+|DEFAULT\\s+[A-Z]|USE\\s+\\w+|"
      "(ALLOW|LOG|DENY|KILL|KILL_PROCESS|KILL_THREAD|USER_NOTIF|(ERRNO|TRAP|TRACE)\\s*\\(\\s*\\w+"
      "\\s*"
      "\\))\\s*\\{)");
  if (AnyLine(lines, *kKafel)) return PolicyFormat::kKafel;
  static const RE2* const kMinijail =
      new RE2("^(@include|@frequency|@default|@denylist)\\b|^(\\w+|\\{[^}]*\\})\\s*:");
  if (AnyLine(lines, *kMinijail)) return PolicyFormat::kMinijail;
  const bool directive = std::any_of(lines.begin(), lines.end(), [](absl::string_view line) {
    return line == "@unrestricted" || line == "@complain";
  });
  if (directive || std::any_of(lines.begin(), lines.end(), IsSnapLine)) return PolicyFormat::kSnap;
  return PolicyFormat::kProvost;
}

}  // namespace provost
