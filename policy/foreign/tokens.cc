#include "policy/foreign/tokens.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace provost {
namespace {

constexpr std::array<absl::string_view, 8> kLongSigns = {
    "==", "!=", "<=", ">=", "||", "&&", "..", "::"};

class TokenReader {
 public:
  TokenReader(const SourceText& source, const TokenStyle& style)
      : source_(source), text_(source.text()), style_(style) {}

  absl::StatusOr<std::vector<ForeignToken>> Read() {
    while (at_ < text_.size()) {
      if (SkipBlank()) continue;
      const absl::Status status = ReadOne();
      if (!status.ok()) return status;
    }
    if (!error_.ok()) return error_;
    if (style_.lines) Add(ForeignToken::Kind::kLineEnd, at_);
    Add(ForeignToken::Kind::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  void Add(ForeignToken::Kind kind, size_t begin) {
    tokens_.push_back({kind, source_.Span(begin, at_)});
  }

  bool Skip(size_t end) {
    at_ = end == absl::string_view::npos ? text_.size() : end;
    return true;
  }

  // Skips a space or a comment.
  bool SkipBlank() {
    const absl::string_view rest = text_.substr(at_);
    if (style_.hash_comments && rest[0] == '#') return Skip(text_.find('\n', at_));
    if (style_.c_comments && absl::StartsWith(rest, "//")) return Skip(text_.find('\n', at_));
    if (style_.c_comments && absl::StartsWith(rest, "/*")) {
      const size_t end = text_.find("*/", at_ + 2);
      if (end == absl::string_view::npos) {
        error_ = ErrorAt(source_.Span(at_, at_ + 2), "this comment does not end");
      }
      return Skip(end == absl::string_view::npos ? end : end + 2);
    }
    if (style_.lines && (absl::StartsWith(rest, "\\\n") || absl::StartsWith(rest, "\\\r\n"))) {
      return Skip(text_.find('\n', at_) + 1);
    }
    if (style_.lines && rest[0] == '\n') return false;
    if (!absl::ascii_isspace(rest[0])) return false;
    return Skip(at_ + 1);
  }

  bool BeginsPath() const {
    const absl::string_view rest = text_.substr(at_);
    return style_.paths &&
           (rest[0] == '/' || absl::StartsWith(rest, "./") || absl::StartsWith(rest, "../"));
  }

  absl::Status ReadOne() {
    const size_t begin = at_;
    const char c = text_[at_];
    if (c == '\n') {
      ++at_;
      tokens_.push_back({ForeignToken::Kind::kLineEnd, source_.Span(begin, begin)});
      return absl::OkStatus();
    }
    if (BeginsPath()) {
      while (at_ < text_.size() && !absl::ascii_isspace(text_[at_])) ++at_;
      Add(ForeignToken::Kind::kString, begin);
    } else if (c == '"') {
      const size_t end = text_.find_first_of("\"\n", at_ + 1);
      if (end == absl::string_view::npos || text_[end] == '\n') {
        return ErrorAt(source_.Span(begin, begin + 1), "this string does not end");
      }
      at_ = end + 1;
      Add(ForeignToken::Kind::kString, begin);
    } else if (absl::ascii_isdigit(c) ||
               (c == '-' && at_ + 1 < text_.size() && absl::ascii_isdigit(text_[at_ + 1]))) {
      ++at_;
      while (at_ < text_.size() && (absl::ascii_isalnum(text_[at_]) || text_[at_] == '_')) ++at_;
      Add(ForeignToken::Kind::kNumber, begin);
    } else if (absl::ascii_isalpha(c) || c == '_' || c == '@') {
      ++at_;
      while (at_ < text_.size() && InWord(text_[at_])) ++at_;
      Add(ForeignToken::Kind::kWord, begin);
    } else {
      ReadSign();
      Add(ForeignToken::Kind::kSign, begin);
    }
    return absl::OkStatus();
  }

  bool InWord(char c) const {
    return absl::ascii_isalnum(c) || style_.word_signs.find(c) != absl::string_view::npos;
  }

  void ReadSign() {
    for (const absl::string_view sign : kLongSigns) {
      if (absl::StartsWith(text_.substr(at_), sign)) {
        at_ += sign.size();
        return;
      }
    }
    ++at_;
    // The rest of a character of several bytes.
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80) ++at_;
  }

  const SourceText& source_;
  absl::string_view text_;
  const TokenStyle& style_;
  size_t at_ = 0;
  std::vector<ForeignToken> tokens_;
  absl::Status error_;
};

int DigitOf(char c) {
  if (absl::ascii_isdigit(c)) return c - '0';
  if (absl::ascii_isxdigit(c)) return absl::ascii_tolower(c) - 'a' + 10;
  return 99;
}

}  // namespace

absl::StatusOr<std::vector<ForeignToken>> ReadTokens(const SourceText& source,
                                                     const TokenStyle& style) {
  return TokenReader(source, style).Read();
}

absl::Status TokenCursor::Expect(absl::string_view text, absl::string_view where) {
  if (Take(text)) return absl::OkStatus();
  return ErrorAt(Peek().span,
                 absl::StrCat("`", text, "` is expected ", where, ", not ", Describe(Peek())));
}

absl::StatusOr<uint64_t> NumberOf(const ForeignToken& token, bool binary) {
  absl::string_view digits = token.text();
  const bool negative = absl::StartsWith(digits, "-");
  if (negative) digits.remove_prefix(1);
  int base = 10;
  if (absl::StartsWith(digits, "0x") || absl::StartsWith(digits, "0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (binary && absl::StartsWith(digits, "0b")) {
    base = 2;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  absl::uint128 value = 0;
  constexpr absl::uint128 kTooBig = absl::uint128(1) << 64;
  for (const char c : digits) {
    if (DigitOf(c) >= base) return ErrorAt(token.span, "this is no number");
    value = value * base + DigitOf(c);
    if (value >= kTooBig) return ErrorAt(token.span, "a number has at most 64 bits");
  }
  if (digits.empty()) return ErrorAt(token.span, "this is no number");
  const uint64_t low = absl::Uint128Low64(value);
  if (!negative) return low;
  if (low > uint64_t{1} << 63) return ErrorAt(token.span, "a number has at most 64 bits");
  return uint64_t{0} - low;
}

std::string Describe(const ForeignToken& token) {
  if (token.kind == ForeignToken::Kind::kEnd) return "the end of the text";
  if (token.kind == ForeignToken::Kind::kLineEnd) return "the end of the line";
  return absl::StrCat("`", Printable(token.text()), "`");
}

absl::StatusOr<std::string> ReadNamedFile(const SourceSpan& where, const std::string& directory,
                                          const std::string& path, std::string& full_path) {
  full_path = absl::StartsWith(path, "/") ? path : absl::StrCat(directory, "/", path);
  std::ifstream file(full_path, std::ios::binary);
  if (!file) {
    return ErrorAt(where,
                   absl::StrCat("cannot open ", Printable(full_path), ": ", strerror(errno)));
  }
  // One byte past the limit shows that the file is too big.
  std::string text(SourceText::kMaxSize + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (file.bad()) return ErrorAt(where, absl::StrCat("cannot read ", Printable(full_path)));
  return text;
}

}  // namespace provost
