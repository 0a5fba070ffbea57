#include "policy/lexer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace provost {
namespace {

struct Punctuation {
  absl::string_view text;
  TokenKind kind;
};

// Longer ones before those they begin with.
constexpr Punctuation kPunctuation[] = {
    {"&&", TokenKind::kAnd},
    {"||", TokenKind::kOr},
    {"==", TokenKind::kEqual},
    {"=~", TokenKind::kRegexMatch},
    {"=>", TokenKind::kArrow},
    {"!=", TokenKind::kNotEqual},
    {"!~", TokenKind::kNotTilde},
    {"<=", TokenKind::kLessEqual},
    {">=", TokenKind::kGreaterEqual},
    {"..", TokenKind::kRange},
    {",", TokenKind::kComma},
    {"(", TokenKind::kOpenParenthesis},
    {")", TokenKind::kCloseParenthesis},
    {"{", TokenKind::kOpenBrace},
    {"}", TokenKind::kCloseBrace},
    {"|", TokenKind::kPipe},
    {"&", TokenKind::kAmpersand},
    {"!", TokenKind::kNot},
    {"<", TokenKind::kLess},
    {">", TokenKind::kGreater},
    {"~", TokenKind::kTilde},
    {"=", TokenKind::kAssign},
    {".", TokenKind::kDot},
    {"*", TokenKind::kStar},
    {"/", TokenKind::kSlash},
    {"?", TokenKind::kQuestion},
};

bool IsNameBegin(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsNamePart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// How many digits `text` begins with.
size_t DigitsSize(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && absl::ascii_isdigit(text[length])) ++length;
  return length;
}

std::optional<unsigned> DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// The byte that the two hexadecimal digits at the front of `text` say, -1 if they do not stand
// there.
int HexByte(absl::string_view text) {
  if (text.size() < 2 || !absl::ascii_isxdigit(text[0]) || !absl::ascii_isxdigit(text[1]))
    return -1;
  return static_cast<int>(*DigitValue(text[0]) * 16 + *DigitValue(text[1]));
}

// What an integer's spelling says of it, apart from its digits.
struct IntegerForm {
  bool negative = false;
  unsigned base = 10;
  absl::string_view base_name = "decimal";
  uint64_t scale = 1;
};

// Takes sign, prefix and suffix off `text`, which leaves the digits.
IntegerForm TakeForm(absl::string_view& text) {
  IntegerForm form;
  form.negative = absl::ConsumePrefix(&text, "-");
  if (absl::ConsumeSuffix(&text, "K")) form.scale = uint64_t{1} << 10;
  if (form.scale == 1 && absl::ConsumeSuffix(&text, "M")) form.scale = uint64_t{1} << 20;
  if (form.scale == 1 && absl::ConsumeSuffix(&text, "G")) form.scale = uint64_t{1} << 30;
  if (absl::ConsumePrefix(&text, "0x") || absl::ConsumePrefix(&text, "0X")) {
    form.base = 16;
    form.base_name = "hexadecimal";
  } else if (absl::ConsumePrefix(&text, "0b") || absl::ConsumePrefix(&text, "0B")) {
    form.base = 2;
    form.base_name = "binary";
  } else if (absl::ConsumePrefix(&text, "0o") ||
             (text.size() > 1 && absl::ConsumePrefix(&text, "0"))) {
    form.base = 8;
    form.base_name = "octal";
  }
  return form;
}

constexpr absl::int128 kSmallest = -(absl::int128{1} << 63);
constexpr absl::int128 kLargest = (absl::int128{1} << 64) - 1;

}  // namespace

std::string DescribeToken(const Token& token) {
  if (token.Is(TokenKind::kEnd)) return "the end of the policy";
  if (token.Is(TokenKind::kNewline)) return "the end of the line";
  constexpr size_t kMaxShown = 40;
  if (token.Is(TokenKind::kString)) return "a string";
  if (token.text().size() > kMaxShown) {
    return absl::StrCat("`", token.text().substr(0, kMaxShown), "...`");
  }
  return absl::StrCat("`", token.text(), "`");
}

void Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.size(), text_.find('\n', at_));
    } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && open_brackets_ > 0)) {
      ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::Make(TokenKind kind, size_t length) {
  Token token;
  token.kind = kind;
  token.span = source_.Span(at_, at_ + length);
  at_ += length;
  return token;
}

absl::StatusOr<Token> Lexer::Next() {
  SkipBlanks();
  if (at_ == text_.size()) return Make(TokenKind::kEnd, 0);
  const char c = text_[at_];
  if (c == '\n') return Make(TokenKind::kNewline, 1);
  if (AtIpv6()) return LexNetwork(at_);
  if (IsNameBegin(c)) return LexName();
  if (c == '@' || c == '%') return LexGroup();
  if (c == '"') return LexString();
  const bool negative = c == '-' && at_ + 1 < text_.size() && absl::ascii_isdigit(text_[at_ + 1]);
  if (const size_t length = FractionLength(); length > 0) return LexFraction(length);
  if (absl::ascii_isdigit(c) || negative) return LexInteger();
  return LexPunctuation();
}

absl::StatusOr<Token> Lexer::LexName() {
  size_t length = 1;
  while (length < Rest().size() && IsNamePart(Rest()[length])) ++length;
  return Make(TokenKind::kName, length);
}

absl::StatusOr<Token> Lexer::LexGroup() {
  // strace has classes such as %%stat.
  size_t length = absl::StartsWith(Rest(), "%%") ? 2 : 1;
  const size_t sigil = length;
  while (length < Rest().size() && (IsNamePart(Rest()[length]) || Rest()[length] == '-')) ++length;
  if (length == sigil) {
    return ErrorAt(source_.Span(at_, at_ + sigil),
                   absl::StrCat("`", Rest().substr(0, sigil), "` stands before a group's name"),
                   {"for example `@basic-io` or `%file`"});
  }
  return Make(TokenKind::kGroup, length);
}

absl::StatusOr<Token> Lexer::LexInteger() {
  size_t length = 1;
  while (length < Rest().size() && IsNamePart(Rest()[length])) ++length;
  Token token = Make(TokenKind::kInteger, length);
  if (absl::StartsWith(Rest(), ".") && !absl::StartsWith(Rest(), "..")) {
    const size_t digits_behind = DigitsSize(Rest().substr(1));
    const bool has_two_dots = digits_behind > 0 &&
                              absl::StartsWith(Rest().substr(1 + digits_behind), ".") &&
                              !absl::StartsWith(Rest().substr(1 + digits_behind), "..");
    if (has_two_dots) return LexNetwork(token.span.begin);
    return FractionError(token.span);
  }
  absl::string_view digits = token.text();
  const IntegerForm form = TakeForm(digits);
  if (digits.empty()) return ErrorAt(token.span, "this number has no digits");
  absl::int128 value = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const std::optional<unsigned> digit = DigitValue(digits[i]);
    if (!digit.has_value() || *digit >= form.base) {
      const size_t at = token.span.begin + (digits.data() - token.text().data()) + i;
      return ErrorAt(source_.Span(at, at + 1),
                     absl::StrCat("`", digits.substr(i, 1), "` is no ", form.base_name, " digit"),
                     {"numbers are written 420, 0x1a4, 0o644 or 0644, 0b110, 64K, 1M, 2G"});
    }
    value = value * form.base + *digit;
    if (value > kLargest) break;
  }
  // At most 2^64 * 16 * 2^30 so far: no overflow.
  value *= form.scale;
  if (form.negative) value = -value;
  if (value > kLargest || value < kSmallest) {
    return ErrorAt(token.span, "this number does not fit into 64 bits");
  }
  token.integer = value;
  return token;
}

// Nothing else has a colon: `::1`, `fd00::/8`.
bool Lexer::AtIpv6() const {
  const absl::string_view rest = Rest();
  size_t length = 0;
  while (length < rest.size() && absl::ascii_isxdigit(rest[length])) ++length;
  return length < rest.size() && rest[length] == ':';
}

// An address of either version; `begin` is where it begins, which may be before the next byte.
absl::StatusOr<Token> Lexer::LexNetwork(size_t begin) {
  at_ = begin;
  const absl::string_view rest = Rest();
  size_t length = 0;
  // Two dots are a range's.
  while (length < rest.size() && (IsNamePart(rest[length]) || rest[length] == ':' ||
                                  (rest[length] == '.' && rest.substr(length, 2) != ".."))) {
    ++length;
  }
  if (length < rest.size() && rest[length] == '/') {
    ++length;
    while (length < rest.size() && IsNamePart(rest[length])) ++length;
  }
  Token token = Make(TokenKind::kNetwork, length);
  const absl::StatusOr<IpNetwork> network = ParseIpNetwork(token.text());
  if (!network.ok()) return ErrorAt(token.span, network.status().message());
  token.network = *network;
  return token;
}

absl::Status Lexer::FractionError(const SourceSpan& whole) const {
  size_t end = at_;
  while (end < text_.size() && (absl::ascii_isdigit(text_[end]) || text_[end] == '.')) ++end;
  return ErrorAt(source_.Span(whole.begin, end), "a number has no fraction",
                 {"a range is written `a..b`"});
}

size_t Lexer::FractionLength() const {
  const absl::string_view rest = Rest();
  const auto digits_from = [&](size_t at) {
    size_t end = at;
    while (end < rest.size() && absl::ascii_isdigit(rest[end])) ++end;
    return end;
  };
  const size_t whole = digits_from(0);
  if (whole == 0 || whole == rest.size()) return 0;
  size_t end = whole;
  const bool has_point = rest[whole] == '.' && digits_from(whole + 1) > whole + 1;
  if (has_point) end = digits_from(whole + 1);
  const bool has_percent = end < rest.size() && rest[end] == '%';
  if (has_percent) ++end;
  if (!has_point && !has_percent) return 0;
  // `1.2.3` is something else, and so are `1..2`, `1.5x` and a group behind a number.
  const bool goes_on =
      end < rest.size() && (IsNamePart(rest[end]) || rest[end] == '.' || rest[end] == '%');
  return goes_on ? 0 : end;
}

absl::StatusOr<Token> Lexer::LexFraction(size_t length) {
  Token token = Make(TokenKind::kFraction, length);
  absl::string_view digits = token.text();
  const bool percent = absl::ConsumeSuffix(&digits, "%");
  if (!absl::SimpleAtod(digits, &token.fraction)) {
    return ErrorAt(token.span, "this is no number");
  }
  if (percent) token.fraction /= 100;
  return token;
}

absl::StatusOr<Token> Lexer::LexString() {
  const size_t begin = at_;
  std::string value;
  ++at_;
  while (at_ < text_.size() && text_[at_] != '"') {
    const char c = text_[at_];
    if (c == '\n' || absl::StartsWith(Rest(), "\r\n")) break;
    if (c == '\\') {
      PROVOST_ASSIGN_OR_RETURN(const char escaped, LexEscape(begin));
      value.push_back(escaped);
    } else {
      value.push_back(c);
      ++at_;
    }
  }
  if (at_ == text_.size() || text_[at_] != '"') {
    return ErrorAt(source_.Span(begin, at_), "this string is not closed on its line",
                   {"a newline in a string is written \\n"});
  }
  const size_t length = at_ + 1 - begin;
  at_ = begin;
  Token token = Make(TokenKind::kString, length);
  token.string = std::move(value);
  return token;
}

absl::StatusOr<char> Lexer::LexEscape(size_t quote) {
  const absl::string_view rest = Rest();
  const char kind = rest.size() > 1 ? rest[1] : '\n';
  const auto known = [&](char value) {
    at_ += 2;
    return value;
  };
  switch (kind) {
    case '\\':
    case '"':
      return known(kind);
    case 'n':
      return known('\n');
    case 't':
      return known('\t');
    case '\n':
    case '\r':
      return ErrorAt(source_.Span(quote, at_ + 1), "this string is not closed on its line",
                     {"a newline in a string is written \\n"});
    case 'x':
      break;
    default: {
      // The whole character, which may be of several bytes, is underlined.
      size_t length = 2;
      while (length < rest.size() && (rest[length] & 0xc0) == 0x80) ++length;
      return ErrorAt(source_.Span(at_, at_ + length),
                     absl::StrCat("no escape is written `", rest.substr(0, length), "`"),
                     {"the escapes are \\\\ \\\" \\n \\t \\xNN; a backslash is written \\\\"});
    }
  }
  const int byte = HexByte(rest.substr(2));
  if (byte < 0) {
    return ErrorAt(source_.Span(at_, at_ + 2), "two hexadecimal digits follow `\\x`");
  }
  if (byte == 0) {
    return ErrorAt(source_.Span(at_, at_ + 4),
                   "a string holds no NUL byte: the kernel ends it there");
  }
  at_ += 4;
  return static_cast<char>(byte);
}

absl::StatusOr<Token> Lexer::LexPunctuation() {
  for (const Punctuation& punctuation : kPunctuation) {
    if (!absl::StartsWith(Rest(), punctuation.text)) continue;
    const TokenKind kind = punctuation.kind;
    if (kind == TokenKind::kOpenParenthesis || kind == TokenKind::kOpenBrace) ++open_brackets_;
    const bool closes = kind == TokenKind::kCloseParenthesis || kind == TokenKind::kCloseBrace;
    if (closes && open_brackets_ > 0) --open_brackets_;
    return Make(kind, punctuation.text.size());
  }
  return UnexpectedCharacter();
}

absl::Status Lexer::UnexpectedCharacter() const {
  size_t length = 1;
  while (length < Rest().size() && (Rest()[length] & 0xc0) == 0x80) ++length;
  const absl::string_view character = Rest().substr(0, length);
  std::vector<std::string> notes;
  if (character == "'") notes.emplace_back("strings stand in double quotes");
  if (character == ";") notes.emplace_back("statements stand on lines of their own");
  if (character == "\\") notes.emplace_back("a line goes on inside open brackets only");
  if (character == "[" || character == "]") {
    notes.emplace_back("sets are written `{1, 2}`, ranges `1..2`");
  }
  if (character == "-" || character == "+") {
    notes.emplace_back("the language has no arithmetic; `-` stands before digits only");
  }
  return ErrorAt(source_.Span(at_, at_ + length),
                 absl::StrCat("`", character, "` has no meaning here"), notes);
}

}  // namespace provost
