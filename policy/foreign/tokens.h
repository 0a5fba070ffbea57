#ifndef PROVOST_POLICY_FOREIGN_TOKENS_H_
#define PROVOST_POLICY_FOREIGN_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/source_text.h"

namespace provost {

// A word, number or sign of a policy in a language of C's kind, with its place.
struct ForeignToken {
  enum class Kind : uint8_t { kWord, kNumber, kString, kSign, kLineEnd, kEnd };
  Kind kind = Kind::kEnd;
  SourceSpan span;

  absl::string_view text() const { return span.text(); }
  bool Is(absl::string_view text) const {
    return kind != Kind::kEnd && kind != Kind::kLineEnd && span.text() == text;
  }
};

// What is a comment and where words end differs by language.
struct TokenStyle {
  bool hash_comments = false;  // `#` to the end of the line
  bool c_comments = false;     // `//` and `/* */`
  bool lines = false;          // line ends are tokens; `\` before one joins lines
  bool paths = false;          // a word may begin with `/`, `./` or `../`, and then ends at space
  absl::string_view word_signs = "_";  // signs that words may hold behind their first letter
};

// The tokens of `source`, the last one kEnd. Errors are ErrorAt's.
absl::StatusOr<std::vector<ForeignToken>> ReadTokens(const SourceText& source,
                                                     const TokenStyle& style);

// Goes through tokens. A plain cursor.
class TokenCursor {
 public:
  explicit TokenCursor(std::vector<ForeignToken> tokens) : tokens_(std::move(tokens)) {}

  const ForeignToken& Peek(size_t ahead = 0) const {
    return tokens_[at_ + ahead < tokens_.size() ? at_ + ahead : tokens_.size() - 1];
  }
  ForeignToken Next() {
    const ForeignToken token = Peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool Take(absl::string_view text) {
    if (!Peek().Is(text)) return false;
    Next();
    return true;
  }
  absl::Status Expect(absl::string_view text, absl::string_view where);
  bool AtEnd() const { return Peek().kind == ForeignToken::Kind::kEnd; }

 private:
  std::vector<ForeignToken> tokens_;
  size_t at_ = 0;
};

// The value of a number token as C writes it: decimal, hexadecimal, octal, or, where `binary`,
// 0b101; a minus sign makes it a number of 64 bits in two's complement.
absl::StatusOr<uint64_t> NumberOf(const ForeignToken& token, bool binary);

// "`x`", or what else stands there: "the end of the line".
std::string Describe(const ForeignToken& token);

// Reads a file that a policy names. `path` as written, relative to `directory`; the error is placed
// at `where`.
absl::StatusOr<std::string> ReadNamedFile(const SourceSpan& where, const std::string& directory,
                                          const std::string& path, std::string& full_path);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_TOKENS_H_
