#ifndef PROVOST_TOOLS_CLI_ANY_LANGUAGE_H_
#define PROVOST_TOOLS_CLI_ANY_LANGUAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/foreign/foreign.h"
#include "policy/parser.h"

namespace provost {

// Before the name of a policy of provost's own (policy/presets.h).
inline constexpr absl::string_view kPresetPrefix = "preset:";

// Reads the policy file that `argument` names: "snap:FILE" is read as that language, "FILE" as the
// language that its content shows, which is said on standard error where it is not ours. A policy
// that cannot be said as a whole is an error that lists why. "preset:NAME" is one of provost's own.
// Errors are ParsePolicyFile's, ready to print.
absl::StatusOr<ParsedPolicy> ReadPolicyInAnyLanguage(const std::string& argument);

// A whole file, or standard input for "-". Errors name the file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// What files named in a policy are relative to.
std::string DirectoryOf(const std::string& path);

// "FILE:LINE:COLUMN: KIND: MESSAGE", without the place where there is none.
std::string FormatPlacedNote(const PlacedNote& note, const std::string& kind);

// Prints losses and notes on standard error, one a line.
void PrintNotes(const Converted& converted);

// "oci, snap, systemd": the languages that can be read, or written.
std::string NamesOfFormats(bool written);

// Writes all of `text` on standard output. False, having complained, if that fails.
bool PrintText(const std::string& text);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_ANY_LANGUAGE_H_
