#include "policy/call_text.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "policy/definitions.h"
#include "policy/source_text.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// PATH_MAX (linux/limits.h): the kernel reads no longer string, its NUL counted.
constexpr size_t kPathMax = 4096;
constexpr size_t kMaxArray = 4096;
constexpr size_t kMaxCall = 1 << 17;
constexpr int64_t kFirstRealTime = 32;  // the kernel's SIGRTMIN
constexpr absl::string_view kNoName = "syscall_0x";

// Where what a call points at is put: where no program's memory is likely, below 4 GiB for i386.
constexpr uint64_t kBase64 = 0x7fff00000000;
constexpr uint64_t kBase32 = 0xf0000000;

int PointerSize(Arch arch) { return arch == Arch::kI386 ? 4 : 8; }

bool IsNamePart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

std::optional<int> DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool IsDescriptor(const Argument& argument) {
  return argument.kind == ArgKind::kFd || argument.kind == ArgKind::kDirFd;
}

class CallParser {
 public:
  CallParser(const SourceText& source, Arch arch)
      : source_(source), text_(source.text()), arch_(arch) {}

  absl::StatusOr<CallText> Parse() {
    PROVOST_RETURN_IF_ERROR(ParseName());
    PROVOST_RETURN_IF_ERROR(Expect('(', "`(` behind the call's name"));
    PROVOST_RETURN_IF_ERROR(ParseArguments());
    PROVOST_RETURN_IF_ERROR(Skip());
    if (At("by ")) PROVOST_RETURN_IF_ERROR(ParseTask());
    // What strace says of the answer is no part of the call.
    if (at_ < text_.size() && text_[at_] != '=') {
      return Error(at_, text_.size(), "the call ends before this");
    }
    if (arch_ == Arch::kI386) {
      for (uint64_t& arg : call_.request.args) arg = static_cast<uint32_t>(arg);
    }
    return std::move(call_);
  }

 private:
  absl::Status Error(size_t begin, size_t end, absl::string_view message,
                     const std::vector<std::string>& notes = {}) const {
    return ErrorAt(source_.Span(begin, std::max(begin, end)), message, notes);
  }

  // Blanks and comments.
  absl::Status Skip() {
    while (at_ < text_.size()) {
      if (absl::ascii_isspace(text_[at_])) {
        ++at_;
      } else if (absl::StartsWith(text_.substr(at_), "/*")) {
        const size_t end = text_.find("*/", at_);
        if (end == absl::string_view::npos) {
          return Error(at_, at_ + 2, "this comment is not closed");
        }
        at_ = end + 2;
      } else {
        break;
      }
    }
    return absl::OkStatus();
  }

  bool At(absl::string_view what) const { return absl::StartsWith(text_.substr(at_), what); }

  absl::Status Expect(char wanted, absl::string_view what) {
    PROVOST_RETURN_IF_ERROR(Skip());
    if (!At(absl::string_view(&wanted, 1))) {
      return Error(at_, at_ + (at_ < text_.size() ? 1 : 0), absl::StrCat(what, " is missing"),
                   {"a call is written as strace prints it: `openat(AT_FDCWD, \"/etc/passwd\", "
                    "O_RDONLY)`"});
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::string_view TakeName() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNamePart(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  absl::Status ParseName() {
    PROVOST_RETURN_IF_ERROR(Skip());
    const size_t begin = at_;
    const absl::string_view name = TakeName();
    if (name.empty()) return Error(begin, begin + 1, "a call begins with its name");
    call_.request.arch = static_cast<uint32_t>(arch_);
    if (absl::StartsWith(name, kNoName)) return ParseNumberedName(begin, name);
    syscall_ = SyscallTable::Get().Find(arch_, name);
    if (syscall_ == nullptr) return UnknownName(begin, name);
    call_.request.nr = syscall_->nr;
    return absl::OkStatus();
  }

  absl::Status ParseNumberedName(size_t begin, absl::string_view name) {
    uint64_t number = 0;
    const absl::string_view digits = name.substr(kNoName.size());
    for (const char c : digits) {
      const std::optional<int> digit = DigitValue(c);
      if (!digit.has_value() || number > UINT32_MAX) number = uint64_t{1} << 40;
      number = number * 16 + digit.value_or(0);
    }
    if (digits.empty() || number > UINT32_MAX) {
      return Error(begin, at_, "this is no number of a call", {"for example `syscall_0x1e7()`"});
    }
    call_.request.nr = static_cast<int32_t>(number);
    syscall_ = SyscallTable::Get().Find(call_.request);
    return absl::OkStatus();
  }

  absl::Status UnknownName(size_t begin, absl::string_view name) const {
    for (const Arch other : kAllArches) {
      if (SyscallTable::Get().Find(other, name) == nullptr) continue;
      return Error(begin, at_,
                   absl::StrCat("`", name, "` is no call of ", ArchName(arch_), ", but of ",
                                ArchName(other)),
                   {absl::StrCat("say `--arch ", ArchName(other), "`")});
    }
    return Error(begin, at_, absl::StrCat("no syscall is called `", name, "`"),
                 DidYouMean(SyscallTable::Get().Suggest(name)));
  }

  absl::Status ParseArguments() {
    PROVOST_RETURN_IF_ERROR(Skip());
    if (At(")")) {
      ++at_;
      return absl::OkStatus();
    }
    for (int next = 0;; ++next) {
      PROVOST_RETURN_IF_ERROR(Skip());
      if (At("...")) {
        at_ += 3;
        return Expect(')', "behind `...`, `)`");
      }
      PROVOST_ASSIGN_OR_RETURN(const int index, ParseIndex(next));
      PROVOST_RETURN_IF_ERROR(ParseValue(index));
      PROVOST_RETURN_IF_ERROR(Skip());
      if (At(")")) break;
      PROVOST_RETURN_IF_ERROR(Expect(',', "`,` or `)`"));
    }
    ++at_;
    return absl::OkStatus();
  }

  // The argument that stands here: by its name, else the next in order.
  absl::StatusOr<int> ParseIndex(int next) {
    const size_t begin = at_;
    const absl::string_view name = TakeName();
    const bool named = !name.empty() && At("=");
    if (!named) {
      at_ = begin;
      const int count = syscall_ == nullptr ? 6 : static_cast<int>(Arguments().size());
      if (next < count) return next;
      return Error(begin, begin + 1,
                   absl::StrCat("`", syscall_ == nullptr ? "a call" : syscall_->signature->name,
                                "` has ", count, count == 1 ? " argument" : " arguments"),
                   {ListArguments()});
    }
    ++at_;
    if (const std::optional<int> raw = RawRegister(name)) return *raw;
    const int index = syscall_ == nullptr ? -1 : syscall_->signature->IndexOf(name);
    if (index >= 0) return index;
    return Error(begin, begin + name.size(),
                 absl::StrCat("this call has no argument called `", name, "`"), {ListArguments()});
  }

  absl::Span<const Argument> Arguments() const { return syscall_->signature->args; }

  std::string ListArguments() const {
    if (syscall_ == nullptr) return "it has arg0 to arg5";
    return absl::StrCat("it is ", syscall_->signature->name, "(",
                        absl::StrJoin(Arguments(), ", ",
                                      [](std::string* out, const Argument& argument) {
                                        absl::StrAppend(out, argument.name);
                                      }),
                        ")");
  }

  const Argument* Find(int index) const {
    if (syscall_ == nullptr || index >= static_cast<int>(Arguments().size())) return nullptr;
    return &Arguments()[index];
  }

  absl::Status ParseValue(int index) {
    PROVOST_RETURN_IF_ERROR(Skip());
    const size_t begin = at_;
    uint64_t& arg = call_.request.args[index];
    const bool memory = At("\"") || At("x\"") || At("[");
    if (At("{")) {
      return Error(begin, begin + 1, "a structure is given by its bytes here",
                   {"for example x\"0200005000000000\", as it stands in memory"});
    }
    const Argument* argument = Find(index);
    if (!memory) {
      PROVOST_ASSIGN_OR_RETURN(arg, ParseNumber());
      return At("<") ? ParseDescriptorName(argument, arg) : absl::OkStatus();
    }
    PROVOST_ASSIGN_OR_RETURN(arg, ParseMemory());
    if (argument == nullptr || argument->IsPointer() || argument->kind == ArgKind::kAddress ||
        argument->kind == ArgKind::kFunction || argument->width == ArgWidth::kU64) {
      return absl::OkStatus();
    }
    return Error(begin, at_, absl::StrCat("`", argument->name, "` is a number, no pointer"),
                 {ListArguments()});
  }

  // What stands in angle brackets behind a descriptor, as `strace -y` prints it.
  absl::Status ParseDescriptorName(const Argument* argument, uint64_t descriptor) {
    const size_t open = at_++;
    if (argument == nullptr || !IsDescriptor(*argument)) {
      return Error(open, open + 1, "only a descriptor has a name in angle brackets",
                   {syscall_ == nullptr ? "this call has no descriptor" : ListArguments()});
    }
    std::string name;
    while (at_ < text_.size() && text_[at_] != '>') {
      if (text_[at_] != '\\') {
        name.push_back(text_[at_++]);
        continue;
      }
      PROVOST_ASSIGN_OR_RETURN(const char escaped, ParseEscape(open));
      name.push_back(escaped);
    }
    if (at_ == text_.size()) return Error(open, at_, "this name is not closed by `>`");
    ++at_;
    call_.memory.NameDescriptor(static_cast<int32_t>(descriptor), std::move(name));
    return absl::OkStatus();
  }

  absl::Status ParseTask() {
    at_ += absl::string_view("by").size();
    while (true) {
      PROVOST_RETURN_IF_ERROR(Skip());
      PROVOST_RETURN_IF_ERROR(ParseTaskField());
      PROVOST_RETURN_IF_ERROR(Skip());
      if (!At(",")) return absl::OkStatus();
      ++at_;
    }
  }

  absl::Status ParseTaskField() {
    const size_t begin = at_;
    while (at_ < text_.size() && (IsNamePart(text_[at_]) || text_[at_] == '.')) ++at_;
    const absl::string_view name = text_.substr(begin, at_ - begin);
    const std::optional<TaskField> field = FindTaskField(name);
    if (!field.has_value()) {
      return Error(begin, at_, absl::StrCat("of a task no `", name, "` is known"),
                   DidYouMean(SuggestTaskField(name)));
    }
    PROVOST_RETURN_IF_ERROR(Expect('=', "`=`"));
    PROVOST_RETURN_IF_ERROR(Skip());
    const size_t value = at_;
    if (IsText(*field)) {
      if (!At("\"")) return Error(value, value + 1, absl::StrCat("`", name, "` is a string"));
      PROVOST_ASSIGN_OR_RETURN(std::string text, ParseString());
      call_.memory.SetTask(*field, std::move(text));
      return absl::OkStatus();
    }
    PROVOST_ASSIGN_OR_RETURN(const uint64_t number, ParseNumber());
    if (Is32Bit(AsArgument(*field).width) && number > UINT32_MAX) {
      return Error(value, at_, "this is no number of 32 bits");
    }
    call_.memory.SetTask(*field, number);
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> ParseMemory() {
    if (At("[")) return ParseArray();
    std::string bytes;
    if (At("x")) {
      ++at_;
      PROVOST_ASSIGN_OR_RETURN(bytes, ParseHex());
    } else {
      PROVOST_ASSIGN_OR_RETURN(bytes, ParseString());
      bytes.push_back('\0');
    }
    return call_.memory.Place(arch_, std::move(bytes));
  }

  absl::StatusOr<uint64_t> ParseArray() {
    const size_t open = at_++;
    std::string words;
    const auto append = [&](uint64_t word) {
      // Both architectures are little-endian.
      for (int i = 0; i < PointerSize(arch_); ++i)
        words.push_back(static_cast<char>(word >> 8 * i));
    };
    for (size_t count = 0;; ++count) {
      PROVOST_RETURN_IF_ERROR(Skip());
      if (At("]")) break;
      if (at_ == text_.size() || count == kMaxArray) {
        return Error(open, open + 1,
                     count == kMaxArray ? "this array is too long" : "this array is not closed");
      }
      const bool memory = At("\"") || At("x\"");
      PROVOST_ASSIGN_OR_RETURN(const uint64_t word, memory ? ParseMemory() : ParseNumber());
      append(word);
      PROVOST_RETURN_IF_ERROR(Skip());
      if (At(",")) ++at_;
    }
    ++at_;
    append(0);
    return call_.memory.Place(arch_, std::move(words));
  }

  absl::StatusOr<std::string> ParseHex() {
    const size_t open = at_++;
    std::string bytes;
    while (at_ < text_.size() && text_[at_] != '"') {
      const std::optional<int> high = DigitValue(text_[at_]);
      const std::optional<int> low =
          at_ + 1 < text_.size() ? DigitValue(text_[at_ + 1]) : std::nullopt;
      if (!high.has_value() || !low.has_value()) {
        return Error(at_, at_ + 1, "two hexadecimal digits make a byte", {"for example x\"0a00\""});
      }
      bytes.push_back(static_cast<char>(*high * 16 + *low));
      at_ += 2;
    }
    if (at_ == text_.size()) return Error(open, at_, "these bytes are not closed by `\"`");
    ++at_;
    return bytes;
  }

  absl::StatusOr<std::string> ParseString() {
    const size_t open = at_++;
    std::string value;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        value.push_back(text_[at_++]);
        continue;
      }
      PROVOST_ASSIGN_OR_RETURN(const char escaped, ParseEscape(open));
      value.push_back(escaped);
    }
    if (at_ == text_.size()) return Error(open, at_, "this string is not closed");
    ++at_;
    if (At("...")) {
      return Error(open, at_ + 3, "this string is cut off: give the whole of it",
                   {"strace shows more of each string with -s"});
    }
    return value;
  }

  // C's escapes, of which strace uses most.
  absl::StatusOr<char> ParseEscape(size_t open) {
    static constexpr absl::string_view kLetters = "\\\"'abfnrtv";
    static constexpr absl::string_view kValues = "\\\"'\a\b\f\n\r\t\v";
    const size_t begin = at_++;
    if (at_ == text_.size()) return Error(open, at_, "this string is not closed");
    const char letter = text_[at_];
    if (const size_t which = kLetters.find(letter); which != absl::string_view::npos) {
      ++at_;
      return kValues[which];
    }
    int value = 0;
    if (letter == 'x') {
      ++at_;
      size_t digits = 0;
      for (; digits < 2 && at_ < text_.size(); ++digits, ++at_) {
        const std::optional<int> digit = DigitValue(text_[at_]);
        if (!digit.has_value()) break;
        value = value * 16 + *digit;
      }
      if (digits > 0) return static_cast<char>(value);
      return Error(begin, at_, "hexadecimal digits follow `\\x`");
    }
    const size_t first = at_;
    for (; at_ < first + 3 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] < '8'; ++at_) {
      value = value * 8 + (text_[at_] - '0');
    }
    if (at_ > first && value < 256) return static_cast<char>(value);
    return Error(begin, at_ + 1, "no escape is written so",
                 {"the escapes are C's: \\\\ \\\" \\n \\t \\0 \\33 \\x1b"});
  }

  absl::StatusOr<uint64_t> ParseNumber() {
    uint64_t value = 0;
    while (true) {
      PROVOST_RETURN_IF_ERROR(Skip());
      PROVOST_ASSIGN_OR_RETURN(const uint64_t term, ParseTerm());
      value |= term;
      PROVOST_RETURN_IF_ERROR(Skip());
      if (!At("|")) return value;
      ++at_;
    }
  }

  absl::StatusOr<uint64_t> ParseTerm() {
    const size_t begin = at_;
    const bool negative = At("-");
    if (negative) ++at_;
    const absl::string_view word = TakeName();
    if (word.empty()) {
      at_ = begin;
      return Error(begin, begin + (begin < text_.size() ? 1 : 0), "a value is missing here",
                   {"a number, constants joined with `|`, a string, NULL, or `...` for the rest"});
    }
    if (absl::ascii_isdigit(word[0])) return ParseDigits(begin, word, negative);
    if (word == "NULL" && !negative) return 0;
    const std::optional<absl::int128> symbol = FindSymbol(word);
    if (!symbol.has_value()) {
      return Error(begin, at_, absl::StrCat("no constant is called `", word, "`"),
                   DidYouMean(SuggestConstant(word)));
    }
    return absl::Int128Low64(negative ? -*symbol : *symbol);
  }

  absl::StatusOr<uint64_t> ParseDigits(size_t begin, absl::string_view word, bool negative) const {
    int base = 10;
    absl::string_view digits = word;
    if (absl::StartsWithIgnoreCase(word, "0x")) {
      base = 16;
      digits = word.substr(2);
    } else if (word.size() > 1 && word[0] == '0') {
      base = 8;
      digits = word.substr(1);
    }
    absl::int128 value = 0;
    const absl::int128 limit = absl::int128{1} << (negative ? 63 : 64);
    for (const char c : digits) {
      const std::optional<int> digit = DigitValue(c);
      if (!digit.has_value() || *digit >= base || value >= limit) value = limit * 2;
      if (value < limit) value = value * base + *digit;
    }
    const bool fits = negative ? value <= limit : value < limit;
    if (digits.empty() || !fits) {
      return Error(begin, at_, "this is no number of 64 bits",
                   {"numbers are written 420, 0x1a4, 0644, -1"});
    }
    return absl::Int128Low64(negative ? -value : value);
  }

  const SourceText& source_;
  const absl::string_view text_;
  const Arch arch_;
  const Syscall* syscall_ = nullptr;  // null: the number has no row
  CallText call_;
  size_t at_ = 0;
};

// With C's escapes, between `open` and `close`.
std::string Quoted(absl::string_view text, char open = '"', char close = '"') {
  std::string quoted(1, open);
  for (const char c : text) {
    if (c == '\\' || (c == close && c == '"')) {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c >= 0x20 && c < 0x7f && c != close) {
      quoted.push_back(c);
    } else {
      absl::StrAppend(&quoted, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  quoted.push_back(close);
  return quoted;
}

// ` by proc.exe="/bin/x", proc.uid=0`; empty where nothing is known of the task.
std::string FormatTask(const CallMemory& memory) {
  std::string text;
  for (const auto& [field, value] : memory.task()) {
    absl::StrAppend(&text, text.empty() ? " by " : ", ", AsArgument(field).name, "=");
    if (const auto* number = std::get_if<uint64_t>(&value)) {
      absl::StrAppend(&text, *number);
    } else {
      text += Quoted(std::get<std::string>(value));
    }
  }
  return text;
}

std::string FormatSmall(uint64_t number) {
  return number < 4096 ? absl::StrCat(number) : absl::StrCat("0x", absl::Hex(number));
}

std::string FormatBytes(absl::string_view bytes) {
  // One NUL, at the end: a string.
  if (!bytes.empty() && bytes.find('\0') == bytes.size() - 1) {
    return Quoted(bytes.substr(0, bytes.size() - 1));
  }
  std::string hex = "x\"";
  for (const char c : bytes) {
    absl::StrAppend(&hex, absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
  return hex + "\"";
}

// Memory as words, `[…]` for ParseArray, where some of them point at other memory: a msghdr. A
// string array is one as well. Its last word is zero, which the brackets put there.
std::optional<std::string> FormatWords(Arch arch, absl::string_view bytes,
                                       const CallMemory& memory) {
  const size_t size = PointerSize(arch);
  if (bytes.size() % size != 0) return std::nullopt;
  bool points = false;
  uint64_t word = 0;
  std::vector<std::string> words;
  for (; !bytes.empty(); bytes.remove_prefix(size)) {
    word = 0;
    memcpy(&word, bytes.data(), size);
    const absl::string_view there = memory.BytesAt(word);
    points |= !there.empty();
    words.push_back(there.empty() ? FormatSmall(word) : FormatBytes(there));
  }
  if (!points || word != 0) return std::nullopt;
  words.pop_back();
  return absl::StrCat("[", absl::StrJoin(words, ", "), "]");
}

std::string FormatNumber(const Argument* argument, Arch arch, uint64_t raw) {
  if (argument == nullptr) return FormatSmall(raw);
  const ArgWidth width = WidthOn(arch, *argument);
  const bool is_32 = Is32Bit(width);
  const bool is_signed = width == ArgWidth::kS32 || width == ArgWidth::kS64;
  const auto low = static_cast<uint32_t>(raw);
  uint64_t value = raw;
  if (width == ArgWidth::kU32) value = low;
  if (width == ArgWidth::kS32) value = static_cast<int64_t>(static_cast<int32_t>(low));
  // What stands above an int's bits is shown: `arg0` compares it.
  const bool plain = !is_32 || raw == low || raw == value;
  if (!plain) return absl::StrCat("0x", absl::Hex(raw));
  if (argument->IsPointer()) return raw == 0 ? "NULL" : absl::StrCat("0x", absl::Hex(raw));
  if (argument->constants != nullptr) {
    return FormatConstant(*argument->constants,
                          is_32 && argument->constants->is_mask ? low : value);
  }
  const auto number = static_cast<int64_t>(value);
  if (argument->kind == ArgKind::kDirFd && number == AT_FDCWD) return "AT_FDCWD";
  if (argument->kind == ArgKind::kSignal && number > 0 && number < kFirstRealTime) {
    return SignalName(static_cast<int>(number));
  }
  if (argument->kind == ArgKind::kMode) return raw == 0 ? "0" : absl::StrFormat("0%o", raw);
  if (is_signed) return absl::StrCat(number);
  return FormatSmall(raw);
}

}  // namespace

uint64_t CallMemory::Place(Arch arch, std::string bytes) {
  const uint64_t address = (arch == Arch::kI386 ? kBase32 : kBase64) + used_;
  // A gap behind each, so that none runs into the next.
  used_ += (bytes.size() / 16 + 2) * 16;
  placed_[address] = std::move(bytes);
  return address;
}

absl::string_view CallMemory::BytesAt(uint64_t address) const {
  auto after = placed_.upper_bound(address);
  if (after == placed_.begin()) return {};
  const auto& [start, bytes] = *std::prev(after);
  return address - start < bytes.size() ? absl::string_view(bytes).substr(address - start)
                                        : absl::string_view();
}

absl::StatusOr<absl::string_view> CallMemory::ReadString(uint64_t address) {
  const absl::string_view bytes = BytesAt(address);
  const size_t length = bytes.substr(0, kPathMax).find('\0');
  if (length == absl::string_view::npos) return absl::NotFoundError("not readable");
  return bytes.substr(0, length);
}

absl::Status CallMemory::ReadBytes(uint64_t address, absl::Span<char> bytes) {
  const absl::string_view placed = BytesAt(address);
  if (placed.size() < bytes.size()) return absl::NotFoundError("not readable");
  std::copy_n(placed.begin(), bytes.size(), bytes.begin());
  return absl::OkStatus();
}

void CallMemory::NameDescriptor(int32_t descriptor, std::string path) {
  descriptors_[descriptor] = std::move(path);
}

const std::string* CallMemory::NameOf(int32_t descriptor) const {
  const auto known = descriptors_.find(descriptor);
  return known == descriptors_.end() ? nullptr : &known->second;
}

absl::StatusOr<absl::string_view> CallMemory::DescriptorPath(int32_t descriptor) {
  const std::string* name = NameOf(descriptor);
  if (name == nullptr) return absl::NotFoundError("not known");
  return absl::string_view(*name);
}

absl::StatusOr<absl::string_view> CallMemory::ResolvePath(const PathQuery& query) {
  std::vector<absl::string_view> names;
  size_t root = 0;  // so many of them stay, whatever `..` says
  if (!absl::StartsWith(query.path, "/") || query.in_root) {
    const std::string* directory = NameOf(query.descriptor);
    if (directory == nullptr || !absl::StartsWith(*directory, "/")) {
      return absl::NotFoundError("the directory is not known");
    }
    names = absl::StrSplit(*directory, '/', absl::SkipEmpty());
    if (query.in_root) root = names.size();
  }
  for (const absl::string_view name : absl::StrSplit(query.path, '/', absl::SkipEmpty())) {
    if (name == ".") continue;
    if (name != "..") {
      names.push_back(name);
    } else if (names.size() > root) {
      names.pop_back();
    }
  }
  resolved_ = absl::StrCat("/", absl::StrJoin(names, "/"));
  return absl::string_view(resolved_);
}

absl::StatusOr<absl::string_view> CallMemory::ReadTaskText(TaskField field) {
  const auto known = task_.find(field);
  const auto* text = known == task_.end() ? nullptr : std::get_if<std::string>(&known->second);
  if (text == nullptr) return absl::NotFoundError("not known");
  return absl::string_view(*text);
}

absl::StatusOr<uint64_t> CallMemory::ReadTaskNumber(TaskField field) {
  const auto known = task_.find(field);
  const auto* number = known == task_.end() ? nullptr : std::get_if<uint64_t>(&known->second);
  if (number == nullptr) return absl::NotFoundError("not known");
  return *number;
}

absl::StatusOr<CallText> ParseCallText(absl::string_view text, Arch arch) {
  if (text.size() > kMaxCall) {
    return absl::InvalidArgumentError(
        absl::StrCat("call: error: the call is longer than ", kMaxCall, " bytes"));
  }
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<const SourceText> source,
                           SourceText::Create("call", ".", std::string(text)));
  return CallParser(*source, arch).Parse();
}

std::string FormatArgument(const SyscallRequest& request, int index, const CallMemory& memory) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  const bool known =
      syscall != nullptr && index < static_cast<int>(syscall->signature->args.size());
  const Argument* argument = known ? &syscall->signature->args[index] : nullptr;
  const Arch arch = request.IsI386() ? Arch::kI386 : Arch::kX86_64;
  const uint64_t raw = request.Register(static_cast<uint8_t>(index));
  const absl::string_view bytes = memory.BytesAt(raw);
  if (bytes.empty()) {
    const std::string* name = argument == nullptr || !IsDescriptor(*argument)
                                  ? nullptr
                                  : memory.NameOf(static_cast<int32_t>(raw));
    return absl::StrCat(FormatNumber(argument, arch, raw),
                        name == nullptr ? "" : Quoted(*name, '<', '>'));
  }
  const std::optional<std::string> words = FormatWords(arch, bytes, memory);
  return words.has_value() ? *words : FormatBytes(bytes);
}

std::string FormatCall(const SyscallRequest& request, const CallMemory& memory) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  const int count = syscall == nullptr ? 6 : static_cast<int>(syscall->signature->args.size());
  std::string text = syscall == nullptr
                         ? absl::StrCat(kNoName, absl::Hex(static_cast<uint32_t>(request.nr)))
                         : std::string(syscall->signature->name);
  std::vector<std::string> arguments;
  arguments.reserve(request.args.size());
  for (int i = 0; i < count; ++i) arguments.push_back(FormatArgument(request, i, memory));
  // Registers beyond the call's arguments matter to rules on arg0 … arg5 alone.
  for (int i = count; i < 6; ++i) {
    if (request.args[i] != 0) {
      arguments.push_back(absl::StrCat("arg", i, "=0x", absl::Hex(request.args[i])));
    }
  }
  return absl::StrCat(text, "(", absl::StrJoin(arguments, ", "), ")", FormatTask(memory));
}

}  // namespace provost
