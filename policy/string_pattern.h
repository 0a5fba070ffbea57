#ifndef PROVOST_POLICY_STRING_PATTERN_H_
#define PROVOST_POLICY_STRING_PATTERN_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// Something a string is matched against as a whole: compiled once, immutable, safe from any thread.
// Strings are bytes: no locale, no UTF-8 requirement, newlines are ordinary. Matching takes time
// linear in the text, whatever the pattern: the text belongs to the supervised task, which must not
// be able to slow its supervisor down.
class StringPattern {
 public:
  virtual ~StringPattern() = default;
  virtual bool Matches(absl::string_view text) const = 0;
  // As the language writes it, operator and operand: `~ "/etc/**"`, `== "x"`.
  virtual std::string ToString() const = 0;
  // The only text that matches, for those made by Exact; else nullptr. Owned by the pattern.
  virtual const std::string* ExactText() const { return nullptr; }
  // What every plain text that matches begins with; empty: nothing is known. Owned by the pattern.
  virtual absl::string_view Beginning() const { return {}; }

  // True for a path without components that are empty, "." or ".."; one '/' at its end is plain.
  static bool IsPlain(absl::string_view path);

  // Equal bytes.
  static std::shared_ptr<const StringPattern> Exact(absl::string_view text);
  // `*` any bytes but '/', `**` any bytes, `?` one byte but '/', `[a-z]` and `[!a-z]` a class of
  // bytes, of which '/' is never one, `\` quotes; "/lib/**" also matches "/lib/".
  // kInvalidArgument for an unclosed class, a range that runs backwards, a trailing backslash, and
  // for `[^` and `[:`, which mean something else elsewhere.
  static absl::StatusOr<std::shared_ptr<const StringPattern>> Glob(absl::string_view glob);
  // RE2 syntax, matched anywhere unless anchored; a byte is a character, `.` matches newlines.
  // kInvalidArgument with RE2's message.
  static absl::StatusOr<std::shared_ptr<const StringPattern>> Regex(absl::string_view regex);
  // The path itself or anything below it, by component: "/etc" covers "/etc" and "/etc/x", not
  // "/etcetera". Lexical: "..", "." and "//" in `text` are resolved first. A relative path is below
  // relative directories only.
  static std::shared_ptr<const StringPattern> Under(absl::string_view directory);
};

}  // namespace provost

#endif  // PROVOST_POLICY_STRING_PATTERN_H_
