#ifndef PROVOST_POLICY_LEXER_H_
#define PROVOST_POLICY_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ip_network.h"
#include "policy/source_text.h"

namespace provost {

enum class TokenKind : uint8_t {
  kEnd,
  kNewline,  // not inside brackets
  kName,     // letters, digits, underscores
  kGroup,    // @name, %name
  kInteger,
  kFraction,  // 0.25, 25%
  kString,
  kNetwork,  // an address or a network of IPv4 or IPv6
  kComma,
  kOpenParenthesis,
  kCloseParenthesis,
  kOpenBrace,
  kCloseBrace,
  kPipe,
  kAnd,
  kOr,
  kAmpersand,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTilde,
  kNotTilde,
  kRegexMatch,
  kAssign,
  kArrow,
  kRange,
  kDot,
  kStar,
  kSlash,
  kQuestion,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  SourceSpan span;
  absl::int128 integer = 0;  // of kInteger: -2^63 … 2^64-1
  std::string string;        // of kString: with its escapes resolved
  IpNetwork network;         // of kNetwork
  double fraction = 0;       // of kFraction: 25% is 0.25

  absl::string_view text() const { return span.text(); }
  bool Is(TokenKind wanted) const { return kind == wanted; }
  bool IsName(absl::string_view name) const { return kind == TokenKind::kName && text() == name; }
  bool EndsStatement() const { return kind == TokenKind::kEnd || kind == TokenKind::kNewline; }
};

// "`openat`", "the end of the line": a token in a message.
std::string DescribeToken(const Token& token);

// Cuts a source into tokens, one at a time, so that errors come out in the order of the text.
// Comments and, inside brackets, line ends are left out. After an error it must not be used.
class Lexer {
 public:
  explicit Lexer(const SourceText& source) : source_(source), text_(source.text()) {}

  // The next token; kEnd for ever at the end. Errors are ErrorAt's.
  absl::StatusOr<Token> Next();

 private:
  void SkipBlanks();
  Token Make(TokenKind kind, size_t length);
  absl::StatusOr<Token> LexName();
  absl::StatusOr<Token> LexGroup();
  absl::StatusOr<Token> LexInteger();
  bool AtIpv6() const;
  absl::StatusOr<Token> LexNetwork(size_t begin);
  // Of "0.25" or "25%" that begins here the length, else 0.
  size_t FractionLength() const;
  absl::StatusOr<Token> LexFraction(size_t length);
  absl::Status FractionError(const SourceSpan& whole) const;
  absl::StatusOr<Token> LexString();
  absl::StatusOr<char> LexEscape(size_t quote);
  absl::StatusOr<Token> LexPunctuation();
  absl::Status UnexpectedCharacter() const;
  absl::string_view Rest() const { return text_.substr(at_); }

  const SourceText& source_;
  const absl::string_view text_;
  size_t at_ = 0;
  int open_brackets_ = 0;
};

}  // namespace provost

#endif  // PROVOST_POLICY_LEXER_H_
