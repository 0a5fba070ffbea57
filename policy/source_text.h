#ifndef PROVOST_POLICY_SOURCE_TEXT_H_
#define PROVOST_POLICY_SOURCE_TEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/policy.h"

namespace provost {

class SourceText;

// A piece of a source: bytes [begin, end). A plain value; the source must outlive it.
struct SourceSpan {
  const SourceText* source = nullptr;
  size_t begin = 0;
  size_t end = 0;

  absl::string_view text() const;
  SourceLocation location() const;
  // From the beginning of this to the end of `last`, of the same source.
  SourceSpan Through(const SourceSpan& last) const { return {source, begin, last.end}; }
};

// The text of one policy file, or what stands for one: immutable, with its places by line. Does
// not move: spans point to it.
class SourceText {
 public:
  // The largest text that is read, in bytes.
  static constexpr size_t kMaxSize = 1 << 20;

  // `name` stands for the file in messages, `directory` is what includes are relative to,
  // `included_at` where the include statement stands (no source for a root). kInvalidArgument for
  // a text that is too big, that is not UTF-8, or that holds characters a reader would not see as
  // they are: NUL and other controls, and those that turn the direction of writing.
  static absl::StatusOr<std::unique_ptr<const SourceText>> Create(std::string name,
                                                                  std::string directory,
                                                                  std::string text,
                                                                  SourceSpan included_at = {});

  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;

  const std::string& name() const { return name_; }
  const std::string& directory() const { return directory_; }
  // Without a byte order mark.
  absl::string_view text() const { return text_; }
  const SourceSpan& included_at() const { return included_at_; }
  bool is_root() const { return included_at_.source == nullptr; }

  SourceLocation Locate(size_t offset) const;
  // The line that holds `offset`, without its end.
  absl::string_view LineAt(size_t offset) const;
  size_t LineBegin(size_t offset) const;
  SourceSpan Span(size_t begin, size_t end) const { return {this, begin, end}; }

 private:
  SourceText(std::string name, std::string directory, std::string text, SourceSpan included_at);
  absl::Status CheckCharacters() const;

  std::string name_;
  std::string directory_;
  std::string text_;
  SourceSpan included_at_;
  std::vector<size_t> line_begins_;
};

// "app.policy:3:7", with controls in the name made visible.
std::string LocationToString(const SourceLocation& location);

// The kInvalidArgument error for a place in a source. The message is ready to print, without a
// newline at its end:
//   app.policy:3:7: error: no syscall is called `opennat`
//     allow opennat
//           ^~~~~~~
//     did you mean `openat`?
// Each of `notes` is a line below the excerpt; where the source was included from comes last.
absl::Status ErrorAt(const SourceSpan& where, absl::string_view message,
                     const std::vector<std::string>& notes = {});

// "did you mean `a`, `b` or `c`?"; empty for none. As notes: a list of one or none.
std::vector<std::string> DidYouMean(const std::vector<std::string>& candidates);

// Text from outside for a message: controls and what is not UTF-8 become `?`.
std::string Printable(absl::string_view text);

}  // namespace provost

#endif  // PROVOST_POLICY_SOURCE_TEXT_H_
