#include "policy/source_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

// Longer lines are shown around the place in question only, in bytes.
constexpr size_t kMaxExcerpt = 160;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The bytes of a character that begins with `lead`, 0 if none does (RFC 3629, section 3).
size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

struct Character {
  uint32_t code_point;
  size_t length;  // in bytes
};

// The character at the front of `text`, which is not empty; nullopt if its bytes are not UTF-8.
std::optional<Character> FirstCharacter(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return std::nullopt;
  if (length == 1) return Character{lead, 1};
  uint32_t code_point = lead & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return std::nullopt;
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[length] || surrogate || code_point > 0x10ffff) return std::nullopt;
  return Character{code_point, length};
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f);
}

// Unicode's Bidi_Control, characters without width, and the separators that some programs take for
// line ends: with them a text can be made to look other than it is.
bool IsDeceptive(uint32_t code_point) {
  return code_point == 0x61c || (code_point >= 0x200b && code_point <= 0x200f) ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

// What is shown of a line: a window around the place in question if it is long.
struct Excerpt {
  std::string line;
  size_t begin;  // of the place, in `line`
  size_t end;
};

Excerpt Cut(absl::string_view line, size_t begin, size_t end) {
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  if (line.size() <= kMaxExcerpt) return {std::string(line), begin, end};
  size_t from = begin > kMaxExcerpt / 2 ? begin - kMaxExcerpt / 2 : 0;
  while (from < begin && IsContinuation(line[from])) ++from;
  size_t to = std::min(line.size(), from + kMaxExcerpt);
  while (to < line.size() && to > begin && IsContinuation(line[to])) --to;
  const absl::string_view before = from > 0 ? "..." : "";
  const absl::string_view after = to < line.size() ? "..." : "";
  const size_t shift = before.size();
  return {absl::StrCat(before, line.substr(from, to - from), after), begin - from + shift,
          std::min(end, to) - from + shift};
}

// Spaces that put what follows under the end of `text`; a tab stays one, since nobody knows how
// wide it is shown.
std::string Indent(absl::string_view text) {
  std::string indent;
  for (const char c : text) {
    if (!IsContinuation(c)) indent.push_back(c == '\t' ? '\t' : ' ');
  }
  return indent;
}

std::string Underline(absl::string_view text) {
  std::string line = "^";
  for (size_t i = 1; i < text.size(); ++i) {
    if (!IsContinuation(text[i])) line.push_back('~');
  }
  return line;
}

// `text` with each byte that cannot be shown replaced by one `?`.
std::string Replace(absl::string_view text, bool keep_tabs) {
  std::string shown;
  while (!text.empty()) {
    const std::optional<Character> character = FirstCharacter(text);
    if (!character.has_value()) {
      shown.push_back('?');
      text.remove_prefix(1);
      continue;
    }
    const bool is_tab = text[0] == '\t' && keep_tabs;
    if ((IsControl(character->code_point) && !is_tab) || IsDeceptive(character->code_point)) {
      shown.append(character->length, '?');
    } else {
      absl::StrAppend(&shown, text.substr(0, character->length));
    }
    text.remove_prefix(character->length);
  }
  return shown;
}

void AppendExcerpt(const SourceSpan& where, std::string& message) {
  const size_t line_begin = where.source->LineBegin(where.begin);
  const std::string line = Replace(where.source->LineAt(where.begin), /*keep_tabs=*/true);
  if (line.empty()) return;
  const Excerpt excerpt = Cut(line, where.begin - line_begin, where.end - line_begin);
  const absl::string_view shown = excerpt.line;
  absl::StrAppend(&message, "\n  ", shown, "\n  ", Indent(shown.substr(0, excerpt.begin)),
                  Underline(shown.substr(excerpt.begin, excerpt.end - excerpt.begin)));
}

std::string DescribeCharacter(const Character& character, absl::string_view bytes) {
  if (character.code_point == 0) return "this is a NUL byte: a policy is text";
  if (character.code_point == '\r') return "this carriage return does not stand at a line's end";
  if (IsControl(character.code_point)) {
    return absl::StrFormat("a policy holds no control characters: this is byte 0x%02x",
                           static_cast<unsigned char>(bytes.back()));
  }
  return absl::StrFormat("U+%04X makes a text look other than it is", character.code_point);
}

}  // namespace

absl::string_view SourceSpan::text() const { return source->text().substr(begin, end - begin); }

SourceLocation SourceSpan::location() const { return source->Locate(begin); }

SourceText::SourceText(std::string name, std::string directory, std::string text,
                       SourceSpan included_at)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      text_(std::move(text)),
      included_at_(included_at) {
  if (absl::StartsWith(text_, kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
  line_begins_.push_back(0);
  for (size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_begins_.push_back(i + 1);
  }
}

absl::StatusOr<std::unique_ptr<const SourceText>> SourceText::Create(std::string name,
                                                                     std::string directory,
                                                                     std::string text,
                                                                     SourceSpan included_at) {
  const bool too_big = text.size() > kMaxSize;
  if (too_big) text.resize(0);
  std::unique_ptr<const SourceText> source(
      new SourceText(std::move(name), std::move(directory), std::move(text), included_at));
  if (too_big) {
    return ErrorAt(source->Span(0, 0),
                   absl::StrCat("the policy is larger than ", kMaxSize, " bytes"));
  }
  PROVOST_RETURN_IF_ERROR(source->CheckCharacters());
  return source;
}

absl::Status SourceText::CheckCharacters() const {
  if (absl::StartsWith(text_, "\xff\xfe") || absl::StartsWith(text_, "\xfe\xff")) {
    return ErrorAt(Span(0, 0), "the policy is in UTF-16: save it as UTF-8");
  }
  const absl::string_view text = text_;
  for (size_t i = 0; i < text.size();) {
    const std::optional<Character> character = FirstCharacter(text.substr(i));
    if (!character.has_value()) {
      return ErrorAt(
          Span(i, i + 1),
          absl::StrFormat("byte 0x%02x is not UTF-8", static_cast<unsigned char>(text[i])),
          {"in a string any byte can be written as \\xNN"});
    }
    const absl::string_view bytes = text.substr(i, character->length);
    const bool line_end = absl::StartsWith(text.substr(i), "\r\n");
    const bool expected = bytes == "\n" || bytes == "\t" || line_end;
    if (!expected && (IsControl(character->code_point) || IsDeceptive(character->code_point))) {
      return ErrorAt(Span(i, i + bytes.size()), DescribeCharacter(*character, bytes));
    }
    i += bytes.size();
  }
  return absl::OkStatus();
}

SourceLocation SourceText::Locate(size_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const auto line = after - line_begins_.begin();
  return {name_, static_cast<int>(line), static_cast<int>(offset - *std::prev(after)) + 1};
}

size_t SourceText::LineBegin(size_t offset) const {
  return *std::prev(std::upper_bound(line_begins_.begin(), line_begins_.end(), offset));
}

absl::string_view SourceText::LineAt(size_t offset) const {
  absl::string_view line = absl::string_view(text_).substr(LineBegin(offset));
  line = line.substr(0, line.find('\n'));
  if (absl::EndsWith(line, "\r")) line.remove_suffix(1);
  return line;
}

std::string LocationToString(const SourceLocation& location) {
  return absl::StrCat(Printable(location.file), ":", location.line, ":", location.column);
}

absl::Status ErrorAt(const SourceSpan& where, absl::string_view message,
                     const std::vector<std::string>& notes) {
  std::string text = absl::StrCat(LocationToString(where.location()), ": error: ", message);
  AppendExcerpt(where, text);
  for (const std::string& note : notes) absl::StrAppend(&text, "\n  ", note);
  for (SourceSpan at = where.source->included_at(); at.source != nullptr;
       at = at.source->included_at()) {
    absl::StrAppend(&text, "\n  included at ", LocationToString(at.location()));
  }
  return absl::InvalidArgumentError(text);
}

std::vector<std::string> DidYouMean(const std::vector<std::string>& candidates) {
  if (candidates.empty()) return {};
  std::string note = "did you mean ";
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) absl::StrAppend(&note, i + 1 == candidates.size() ? " or " : ", ");
    absl::StrAppend(&note, "`", candidates[i], "`");
  }
  return {absl::StrCat(note, "?")};
}

std::string Printable(absl::string_view text) { return Replace(text, /*keep_tabs=*/false); }

}  // namespace provost
