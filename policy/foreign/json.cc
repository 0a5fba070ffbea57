#include "policy/foreign/json.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr int kDeepest = 64;

absl::string_view NameOf(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return "true or false";
    case JsonValue::Kind::kNumber:
      return "a number";
    case JsonValue::Kind::kString:
      return "a string";
    case JsonValue::Kind::kArray:
      return "an array";
    case JsonValue::Kind::kObject:
      return "an object";
  }
  return "null";
}

void AppendUtf8(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

class Reader {
 public:
  explicit Reader(const SourceText& source) : source_(source), text_(source.text()) {}

  absl::StatusOr<JsonValue> ReadAll() {
    SkipSpace();
    PROVOST_ASSIGN_OR_RETURN(JsonValue value, ReadValue(0));
    SkipSpace();
    if (at_ < text_.size()) return Error(at_, "there is more behind the value");
    return value;
  }

 private:
  absl::Status Error(size_t at, absl::string_view message) const {
    const size_t end = std::min(at + 1, text_.size());
    return ErrorAt(source_.Span(std::min(at, text_.size()), end), message);
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           absl::string_view(" \t\r\n").find(text_[at_]) != absl::string_view::npos) {
      ++at_;
    }
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool TakeWord(absl::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  absl::StatusOr<JsonValue> ReadValue(int depth) {
    if (depth > kDeepest) return Error(at_, "more than 64 values inside one another");
    if (at_ >= text_.size()) return Error(at_, "the text ends where a value is expected");
    const size_t begin = at_;
    JsonValue value;
    const char c = text_[at_];
    if (c == '{') {
      PROVOST_RETURN_IF_ERROR(ReadObject(depth, value));
    } else if (c == '[') {
      PROVOST_RETURN_IF_ERROR(ReadArray(depth, value));
    } else if (c == '"') {
      value.kind = JsonValue::Kind::kString;
      PROVOST_RETURN_IF_ERROR(ReadString(value.text));
    } else if (c == '-' || absl::ascii_isdigit(c)) {
      value.kind = JsonValue::Kind::kNumber;
      PROVOST_RETURN_IF_ERROR(ReadNumber(value.text));
    } else if (TakeWord("true")) {
      value.kind = JsonValue::Kind::kBool;
      value.boolean = true;
    } else if (TakeWord("false")) {
      value.kind = JsonValue::Kind::kBool;
    } else if (!TakeWord("null")) {
      return Error(at_,
                   "a value is expected here: an object, array, string, number, true, false "
                   "or null");
    }
    value.span = source_.Span(begin, at_);
    return value;
  }

  absl::Status ReadObject(int depth, JsonValue& value) {
    value.kind = JsonValue::Kind::kObject;
    ++at_;
    SkipSpace();
    if (Take('}')) return absl::OkStatus();
    absl::flat_hash_set<std::string> names;
    for (;;) {
      const size_t begin = at_;
      if (at_ >= text_.size() || text_[at_] != '"') {
        return Error(at_, "a member's name in double quotes is expected here");
      }
      JsonValue::Member member;
      PROVOST_RETURN_IF_ERROR(ReadString(member.name));
      member.span = source_.Span(begin, at_);
      if (!names.insert(member.name).second) {
        return ErrorAt(member.span, "this name stands twice in its object");
      }
      SkipSpace();
      if (!Take(':')) return Error(at_, "`:` is expected behind a member's name");
      SkipSpace();
      PROVOST_ASSIGN_OR_RETURN(member.value, ReadValue(depth + 1));
      value.members.push_back(std::move(member));
      SkipSpace();
      if (Take('}')) return absl::OkStatus();
      if (!Take(',')) return Error(at_, "`,` or `}` is expected here");
      SkipSpace();
    }
  }

  absl::Status ReadArray(int depth, JsonValue& value) {
    value.kind = JsonValue::Kind::kArray;
    ++at_;
    SkipSpace();
    if (Take(']')) return absl::OkStatus();
    for (;;) {
      PROVOST_ASSIGN_OR_RETURN(JsonValue item, ReadValue(depth + 1));
      value.items.push_back(std::move(item));
      SkipSpace();
      if (Take(']')) return absl::OkStatus();
      if (!Take(',')) return Error(at_, "`,` or `]` is expected here");
      SkipSpace();
    }
  }

  absl::Status ReadNumber(std::string& out) {
    const size_t begin = at_;
    Take('-');
    const auto digits = [this] {
      const size_t first = at_;
      while (at_ < text_.size() && absl::ascii_isdigit(text_[at_])) ++at_;
      return at_ - first;
    };
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return Error(begin, "this is no number of JSON's");
    if (Take('.') && digits() == 0) return Error(at_, "a digit is expected here");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (digits() == 0) return Error(at_, "a digit is expected here");
    }
    out = std::string(text_.substr(begin, at_ - begin));
    return absl::OkStatus();
  }

  absl::Status ReadString(std::string& out) {
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) {
        return Error(at_, "a string ends on the line it begins on");
      }
      if (c != '\\') {
        out += c;
        ++at_;
        continue;
      }
      PROVOST_RETURN_IF_ERROR(ReadEscape(out));
    }
    if (at_ >= text_.size()) return Error(begin, "this string does not end");
    ++at_;
    return absl::OkStatus();
  }

  std::optional<uint32_t> FourHexDigits() {
    uint32_t value = 0;
    if (at_ + 4 > text_.size()) return std::nullopt;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = absl::ascii_tolower(text_[at_]);
      if (!absl::ascii_isxdigit(c)) return std::nullopt;
      value = value * 16 + (absl::ascii_isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    return value;
  }

  absl::Status ReadEscape(std::string& out) {
    const size_t begin = at_++;
    constexpr absl::string_view kEscapes = "\"\\/bfnrt";
    constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ >= text_.size()) return Error(begin, "this string does not end");
    const size_t which = kEscapes.find(text_[at_]);
    if (which != absl::string_view::npos) {
      out += kMeanings[which];
      ++at_;
      return absl::OkStatus();
    }
    if (text_[at_] != 'u') return Error(begin, "JSON has no such escape");
    ++at_;
    std::optional<uint32_t> c = FourHexDigits();
    if (c && *c >= 0xd800 && *c < 0xdc00 && TakeWord("\\u")) {
      const std::optional<uint32_t> low = FourHexDigits();
      if (!low || *low < 0xdc00 || *low >= 0xe000) c = std::nullopt;
      if (c) c = 0x10000 + ((*c - 0xd800) << 10) + (*low - 0xdc00);
    }
    if (!c || (*c >= 0xd800 && *c < 0xe000)) {
      return Error(begin, "this escape stands for no character");
    }
    AppendUtf8(*c, out);
    return absl::OkStatus();
  }

  const SourceText& source_;
  absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const JsonValue* JsonValue::Find(absl::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return member.value.is(Kind::kNull) ? nullptr : &member.value;
  }
  return nullptr;
}

absl::StatusOr<JsonValue> ReadJson(const SourceText& source) { return Reader(source).ReadAll(); }

absl::Status JsonMustBe(const JsonValue& value, JsonValue::Kind kind, absl::string_view what) {
  if (value.is(kind)) return absl::OkStatus();
  return ErrorAt(value.span,
                 absl::StrCat(what, " is ", NameOf(kind), ", not ", NameOf(value.kind)));
}

absl::StatusOr<uint64_t> JsonUnsigned(const JsonValue& value, absl::string_view what) {
  PROVOST_RETURN_IF_ERROR(JsonMustBe(value, JsonValue::Kind::kNumber, what));
  uint64_t number = 0;
  if (!absl::SimpleAtoi(value.text, &number)) {
    return ErrorAt(value.span, absl::StrCat(what, " is a whole number from 0 to 2^64-1"));
  }
  return number;
}

absl::StatusOr<std::string> JsonString(const JsonValue& value, absl::string_view what) {
  PROVOST_RETURN_IF_ERROR(JsonMustBe(value, JsonValue::Kind::kString, what));
  return value.text;
}

absl::StatusOr<std::vector<std::string>> JsonStrings(const JsonValue& value,
                                                     absl::string_view what) {
  PROVOST_RETURN_IF_ERROR(JsonMustBe(value, JsonValue::Kind::kArray, what));
  std::vector<std::string> strings;
  for (const JsonValue& item : value.items) {
    PROVOST_ASSIGN_OR_RETURN(std::string text,
                             JsonString(item, absl::StrCat("an element of ", what)));
    strings.push_back(std::move(text));
  }
  return strings;
}

}  // namespace provost
