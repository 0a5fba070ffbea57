#ifndef PROVOST_POLICY_FOREIGN_FOREIGN_H_
#define PROVOST_POLICY_FOREIGN_FOREIGN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/policy.h"

namespace provost {

// The languages in which people have policies already. docs/OTHER_LANGUAGES.md says what becomes of
// what.
enum class PolicyFormat {
  kProvost,
  kOci,       // seccomp profiles of OCI runtimes, Docker and Podman: JSON
  kSnap,      // snap-seccomp profiles
  kSystemd,   // SystemCallFilter= and its neighbours
  kMinijail,  // minijail's seccomp policies
  kStrace,    // strace's -e inject= and -e fault= expressions
  kKafel,     // Kafel, nsjail's language
};

struct FormatInfo {
  PolicyFormat format;
  absl::string_view name;         // the word on command lines: "snap"
  absl::string_view description;  // one short line
  bool can_read;
  bool can_write;
};

absl::Span<const FormatInfo> AllFormats();
// nullptr for a name that is none.
const FormatInfo* FindFormat(absl::string_view name);
const FormatInfo& InfoOf(PolicyFormat format);

// Something about a policy that is said of one place in its source. `where.line` 0: of the whole.
struct PlacedNote {
  SourceLocation where;
  std::string message;
};

// What a policy became.
struct Converted {
  std::string text;
  // What the target cannot say: with these left out, `text` does not mean what the source means.
  std::vector<PlacedNote> losses;
  // What is worth knowing and no loss of this policy: names that no kernel has, differences that
  // hold for every policy.
  std::vector<PlacedNote> notes;
};

struct ImportOptions {
  // What files named in the source are relative to.
  std::string directory = ".";
  // The capabilities of who is to run under the policy, "CAP_SYS_ADMIN" and so on: OCI profiles
  // rule by them.
  std::vector<std::string> capabilities;
};

// Turns a policy in another language into text of ours, which ParsePolicyText reads; `name` stands
// for the source in messages. kInvalidArgument for what is no policy of that language: the message
// names line and column and is ready to print, as ParsePolicyText's. The text is then at most
// SourceText::kMaxSize bytes. Reads files that the source names, and the databases of users and
// groups where it names those.
absl::StatusOr<Converted> ImportPolicy(PolicyFormat format, const std::string& text,
                                       const std::string& name, const ImportOptions& options);

// Writes a policy in another language, or as canonical text of our own: includes, names of values
// and groups resolved. Never fails but for a format that cannot be written.
absl::StatusOr<Converted> ExportPolicy(PolicyFormat format, const Policy& policy);

// The language a file is in, by its name and content; our own where nothing says otherwise.
PolicyFormat RecogniseFormat(absl::string_view path, absl::string_view text);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_FOREIGN_H_
