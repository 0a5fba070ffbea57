#include "tools/cli/any_language.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "emulate/handler_table.h"
#include "policy/presets.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

// More than any policy may have, so that what is too large is seen as too large.
constexpr std::streamsize kMostRead = (1 << 20) + 1;

absl::StatusOr<ParsedPolicy> ReadForeign(const FormatInfo& format, const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "provost: `", format.name, ":` names no file; give it as `", format.name, ":FILE`"));
  }
  absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  ImportOptions options;
  options.directory = DirectoryOf(path);
  const absl::StatusOr<Converted> converted = ImportPolicy(format.format, *text, path, options);
  if (!converted.ok()) return converted.status();
  if (!converted->losses.empty()) {
    std::string message;
    for (const PlacedNote& loss : converted->losses) {
      absl::StrAppend(&message, FormatPlacedNote(loss, "loss"), "\n");
    }
    return absl::InvalidArgumentError(absl::StrCat(
        message, path, ": error: provost cannot say all of this policy; `provost import ",
        format.name, " --lossy` writes what it can"));
  }
  PrintNotes(*converted);
  return ParsePolicyText(converted->text, absl::StrCat(path, " (as ", format.name, ")"),
                         options.directory);
}

bool IsRegularFile(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

absl::StatusOr<ParsedPolicy> ReadPolicyInAnyLanguage(const std::string& argument) {
  if (absl::StartsWith(argument, kPresetPrefix)) {
    const PolicyPreset* preset = FindPreset(argument.substr(kPresetPrefix.size()));
    if (preset != nullptr)
      return ParsePolicyText(preset->text, argument, ".", HandlerTable::Builtin().specs());
    return absl::InvalidArgumentError(absl::StrCat(argument, ": error: no preset is called so; ",
                                                   "there are: ", NamesOfPresets()));
  }
  const size_t colon = argument.find(':');
  if (colon != std::string::npos) {
    if (const FormatInfo* format = FindFormat(argument.substr(0, colon))) {
      const std::string path = argument.substr(colon + 1);
      return format->can_read ? ReadForeign(*format, path)
                              : ParsePolicyFile(path, HandlerTable::Builtin().specs());
    }
  }
  if (argument == "-") {
    const absl::StatusOr<std::string> text = ReadWholeFile(argument);
    if (!text.ok()) return text.status();
    return ParsePolicyText(*text, "standard input", ".", HandlerTable::Builtin().specs());
  }
  // What can be read once only (a pipe) is not looked at before.
  if (!IsRegularFile(argument)) return ParsePolicyFile(argument, HandlerTable::Builtin().specs());
  const absl::StatusOr<std::string> text = ReadWholeFile(argument);
  if (!text.ok()) return ParsePolicyFile(argument, HandlerTable::Builtin().specs());
  const FormatInfo& format = InfoOf(RecogniseFormat(argument, *text));
  if (!format.can_read) return ParsePolicyFile(argument, HandlerTable::Builtin().specs());
  Complain(absl::StrCat(argument, ": read as ", format.name, " (", format.description,
                        "); provost:FILE reads it as provost's own"));
  return ReadForeign(format, argument);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(kMostRead, '\0');
  errno = 0;
  in.read(text.data(), kMostRead);
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad()) return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
  if (errno == EISDIR) return absl::InvalidArgumentError(absl::StrCat(path, ": ", strerror(errno)));
  return text;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string FormatPlacedNote(const PlacedNote& note, const std::string& kind) {
  if (note.where.line == 0) return absl::StrCat(kind, ": ", note.message);
  return absl::StrCat(note.where.file, ":", note.where.line, ":", note.where.column, ": ", kind,
                      ": ", note.message);
}

void PrintNotes(const Converted& converted) {
  for (const PlacedNote& note : converted.notes) Complain(FormatPlacedNote(note, "note"));
  for (const PlacedNote& loss : converted.losses) Complain(FormatPlacedNote(loss, "loss"));
}

std::string NamesOfFormats(bool written) {
  std::string names;
  for (const FormatInfo& format : AllFormats()) {
    if (written ? !format.can_write : !format.can_read) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", format.name);
  }
  return names;
}

bool PrintText(const std::string& text) {
  if (fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0)
    return true;
  Complain(absl::StrCat("cannot write to standard output: ", strerror(errno)));
  return false;
}

}  // namespace provost
