#include "policy/string_pattern.h"

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "re2/re2.h"

namespace provost {
namespace {

// A string as the policy language writes it.
std::string Quote(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      absl::StrAppend(&quoted, "\\", absl::string_view(&c, 1));
    } else if (c == '\n') {
      absl::StrAppend(&quoted, "\\n");
    } else if (c == '\t') {
      absl::StrAppend(&quoted, "\\t");
    } else if (byte < 0x20 || byte >= 0x7f) {
      absl::StrAppend(&quoted, absl::StrFormat("\\x%02x", byte));
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

class ExactPattern final : public StringPattern {
 public:
  explicit ExactPattern(absl::string_view text) : text_(text) {}
  bool Matches(absl::string_view text) const override { return text == text_; }
  std::string ToString() const override { return absl::StrCat("== ", Quote(text_)); }
  const std::string* ExactText() const override { return &text_; }
  absl::string_view Beginning() const override { return text_; }

 private:
  std::string text_;
};

// ---- Glob ----

using ByteSet = std::bitset<256>;

// What one element of a glob takes: a given byte, any byte but '/', a class, or a run.
struct GlobElement {
  enum class Kind : uint8_t { kByte, kAnyByte, kClass, kRun, kLongRun };
  Kind kind;
  unsigned char byte = 0;
  uint32_t byte_class = 0;  // index into the glob's classes

  bool IsRun() const { return kind == Kind::kRun || kind == Kind::kLongRun; }
};

class GlobParser {
 public:
  explicit GlobParser(absl::string_view glob) : rest_(glob) {}

  absl::Status Parse() {
    while (!rest_.empty()) PROVOST_RETURN_IF_ERROR(ParseElement());
    return absl::OkStatus();
  }

  std::vector<GlobElement> elements;
  std::vector<ByteSet> classes;

 private:
  unsigned char Take() {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  absl::Status ParseElement() {
    if (rest_.front() == '*') {
      ParseRun();
      return absl::OkStatus();
    }
    if (rest_.front() == '?') {
      Take();
      elements.push_back({GlobElement::Kind::kAnyByte});
      return absl::OkStatus();
    }
    if (rest_.front() == '[') return ParseClass();
    PROVOST_ASSIGN_OR_RETURN(const unsigned char byte, TakeQuotable());
    elements.push_back({GlobElement::Kind::kByte, byte});
    return absl::OkStatus();
  }

  void ParseRun() {
    size_t stars = 0;
    while (stars < rest_.size() && rest_[stars] == '*') ++stars;
    rest_.remove_prefix(stars);
    elements.push_back({stars == 1 ? GlobElement::Kind::kRun : GlobElement::Kind::kLongRun});
  }

  absl::StatusOr<unsigned char> TakeQuotable() {
    if (rest_.front() != '\\') return Take();
    Take();
    if (rest_.empty()) {
      return absl::InvalidArgumentError("the glob ends in a backslash, which quotes nothing");
    }
    return Take();
  }

  absl::Status ParseClass() {
    Take();
    if (absl::StartsWith(rest_, "^")) {
      return absl::InvalidArgumentError("a glob negates a class with `[!`, not with `[^`");
    }
    const bool negated = absl::ConsumePrefix(&rest_, "!");
    ByteSet members;
    // As in fnmatch(3), a `]` that comes first is a member.
    for (bool first = true; first || !absl::StartsWith(rest_, "]"); first = false) {
      PROVOST_RETURN_IF_ERROR(ParseMember(members));
    }
    Take();
    if (negated) members.flip();
    members.reset('/');
    elements.push_back({GlobElement::Kind::kClass, 0, static_cast<uint32_t>(classes.size())});
    classes.push_back(members);
    return absl::OkStatus();
  }

  absl::Status ParseMember(ByteSet& members) {
    if (rest_.empty()) return absl::InvalidArgumentError("the glob's `[` is not closed");
    if (absl::StartsWith(rest_, "[:")) {
      return absl::InvalidArgumentError("a glob has no named classes such as `[:alpha:]`");
    }
    PROVOST_ASSIGN_OR_RETURN(const unsigned char first, TakeQuotable());
    unsigned char last = first;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      Take();
      PROVOST_ASSIGN_OR_RETURN(last, TakeQuotable());
    }
    if (last < first) return absl::InvalidArgumentError("a range of the glob runs backwards");
    for (unsigned byte = first; byte <= last; ++byte) members.set(byte);
    return absl::OkStatus();
  }

  absl::string_view rest_;
};

// The bytes at the front are compared at once, those at the back too, and what stands between by
// running a nondeterministic automaton with a bit a state: linear, unlike backtracking.
class GlobPattern final : public StringPattern {
 public:
  GlobPattern(absl::string_view glob, GlobParser parsed)
      : glob_(glob), classes_(std::move(parsed.classes)) {
    const auto is_byte = [](const GlobElement& element) {
      return element.kind == GlobElement::Kind::kByte;
    };
    const auto begin = parsed.elements.begin();
    const auto prefix_end = std::find_if_not(begin, parsed.elements.end(), is_byte);
    auto suffix_begin = parsed.elements.end();
    while (suffix_begin != prefix_end && is_byte(*std::prev(suffix_begin))) --suffix_begin;
    for (auto it = begin; it != prefix_end; ++it) prefix_.push_back(static_cast<char>(it->byte));
    middle_.assign(prefix_end, suffix_begin);
    for (auto it = suffix_begin; it != parsed.elements.end(); ++it) {
      suffix_.push_back(static_cast<char>(it->byte));
    }
  }

  bool Matches(absl::string_view text) const override {
    if (!absl::ConsumePrefix(&text, prefix_) || !absl::ConsumeSuffix(&text, suffix_)) return false;
    if (middle_.empty()) return text.empty();
    if (middle_.size() == 1 && middle_[0].kind == GlobElement::Kind::kLongRun) return true;
    if (middle_.size() == 1 && middle_[0].kind == GlobElement::Kind::kRun) {
      return !absl::StrContains(text, '/');
    }
    return RunAutomaton(text);
  }

  std::string ToString() const override { return absl::StrCat("~ ", Quote(glob_)); }
  absl::string_view Beginning() const override { return prefix_; }

 private:
  // Bit i: elements before i have taken the text so far.
  using States = absl::InlinedVector<uint64_t, 4>;

  static bool Contains(const States& states, size_t state) {
    return (states[state / 64] >> (state % 64) & 1) != 0;
  }

  // A run may take nothing, so reaching one reaches what follows it.
  void Reach(States& states, size_t state) const {
    states[state / 64] |= uint64_t{1} << (state % 64);
    while (state < middle_.size() && middle_[state].IsRun()) {
      ++state;
      states[state / 64] |= uint64_t{1} << (state % 64);
    }
  }

  void Step(size_t state, unsigned char byte, States& next) const {
    if (state == middle_.size()) return;
    const GlobElement& element = middle_[state];
    switch (element.kind) {
      case GlobElement::Kind::kByte:
        if (byte == element.byte) Reach(next, state + 1);
        return;
      case GlobElement::Kind::kAnyByte:
        if (byte != '/') Reach(next, state + 1);
        return;
      case GlobElement::Kind::kClass:
        if (classes_[element.byte_class].test(byte)) Reach(next, state + 1);
        return;
      case GlobElement::Kind::kRun:
        if (byte != '/') Reach(next, state);
        return;
      case GlobElement::Kind::kLongRun:
        Reach(next, state);
        return;
    }
  }

  bool RunAutomaton(absl::string_view text) const {
    const size_t accepting = middle_.size();
    const size_t words = accepting / 64 + 1;
    const bool takes_all = middle_.back().kind == GlobElement::Kind::kLongRun;
    States states(words, 0);
    States next(words, 0);
    Reach(states, 0);
    for (const char c : text) {
      std::fill(next.begin(), next.end(), 0);
      bool alive = false;
      for (size_t word = 0; word < words; ++word) {
        for (uint64_t bits = states[word]; bits != 0; bits &= bits - 1) {
          Step(word * 64 + static_cast<size_t>(__builtin_ctzll(bits)),
               static_cast<unsigned char>(c), next);
        }
      }
      for (const uint64_t word : next) alive = alive || word != 0;
      if (!alive) return false;
      if (takes_all && Contains(next, accepting)) return true;
      states.swap(next);
    }
    return Contains(states, accepting);
  }

  std::string glob_;
  std::vector<ByteSet> classes_;
  std::string prefix_;
  std::vector<GlobElement> middle_;  // begins and ends with an element that is no kByte
  std::string suffix_;
};

// ---- Regular expression ----

class RegexPattern final : public StringPattern {
 public:
  explicit RegexPattern(absl::string_view regex)
      : regex_(re2::StringPiece(regex.data(), regex.size()), Options()) {}

  absl::Status status() const {
    return regex_.ok() ? absl::OkStatus() : absl::InvalidArgumentError(regex_.error());
  }
  bool Matches(absl::string_view text) const override {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex_);
  }
  std::string ToString() const override { return absl::StrCat("=~ ", Quote(regex_.pattern())); }

 private:
  static RE2::Options Options() {
    RE2::Options options;
    // Text from a task need not be UTF-8; in UTF-8 mode bytes that are not would match nothing.
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    return options;
  }

  RE2 regex_;
};

// ---- Under ----

// A path without "." and "//", and without ".." where a component before it can be taken back.
struct LexicalPath {
  bool absolute = false;
  size_t ups = 0;  // leading ".." that are left
  absl::InlinedVector<absl::string_view, 16> components;
};

LexicalPath Resolve(absl::string_view path) {
  LexicalPath resolved;
  resolved.absolute = absl::StartsWith(path, "/");
  for (const absl::string_view component : absl::StrSplit(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      resolved.components.push_back(component);
    } else if (!resolved.components.empty()) {
      resolved.components.pop_back();
    } else if (!resolved.absolute) {
      ++resolved.ups;
    }
  }
  return resolved;
}

class UnderPattern final : public StringPattern {
 public:
  explicit UnderPattern(absl::string_view directory)
      : directory_(directory), resolved_(Resolve(directory_)), beginning_(BeginningOf(resolved_)) {}

  bool Matches(absl::string_view text) const override {
    if (text.empty()) return false;  // names nothing: ENOENT
    const LexicalPath path = Resolve(text);
    return path.absolute == resolved_.absolute && path.ups == resolved_.ups &&
           path.components.size() >= resolved_.components.size() &&
           std::equal(resolved_.components.begin(), resolved_.components.end(),
                      path.components.begin());
  }
  std::string ToString() const override { return absl::StrCat("under ", Quote(directory_)); }
  absl::string_view Beginning() const override { return beginning_; }

 private:
  // A plain path has no ".." to be relative to.
  static std::string BeginningOf(const LexicalPath& path) {
    if (path.ups != 0) return "";
    return absl::StrCat(path.absolute ? "/" : "", absl::StrJoin(path.components, "/"));
  }

  const std::string directory_;
  const LexicalPath resolved_;  // points into directory_
  const std::string beginning_;
};

}  // namespace

bool StringPattern::IsPlain(absl::string_view path) {
  absl::ConsumePrefix(&path, "/");
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const absl::string_view component = path.substr(0, end);
    if (component.empty() || component == "." || component == "..") return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

std::shared_ptr<const StringPattern> StringPattern::Exact(absl::string_view text) {
  return std::make_shared<ExactPattern>(text);
}

absl::StatusOr<std::shared_ptr<const StringPattern>> StringPattern::Glob(absl::string_view glob) {
  GlobParser parser(glob);
  PROVOST_RETURN_IF_ERROR(parser.Parse());
  return std::make_shared<const GlobPattern>(glob, std::move(parser));
}

absl::StatusOr<std::shared_ptr<const StringPattern>> StringPattern::Regex(absl::string_view regex) {
  auto pattern = std::make_shared<const RegexPattern>(regex);
  PROVOST_RETURN_IF_ERROR(pattern->status());
  return pattern;
}

std::shared_ptr<const StringPattern> StringPattern::Under(absl::string_view directory) {
  return std::make_shared<UnderPattern>(directory);
}

}  // namespace provost
