#include "policy/foreign/statement_writer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/compare_op.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr size_t kLineWidth = 100;
constexpr uint64_t kAllBits = ~uint64_t{0};

std::string Number(uint64_t value) {
  constexpr uint64_t kLastDecimal = 1023;
  return value <= kLastDecimal ? absl::StrCat(value) : absl::StrCat("0x", absl::Hex(value));
}

// "seccomp.json": rule names are short, and the directory says nothing.
std::string BaseName(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// What stands between the quotes of a rule's name.
std::string RuleName(const SourceLocation& where) {
  constexpr size_t kLongestFile = 60;
  std::string file = Printable(BaseName(where.file)).substr(0, kLongestFile);
  for (char& c : file) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) >= 0x80) c = '_';
  }
  return absl::StrCat(file, ":", where.line);
}

}  // namespace

ConditionText ConditionText::Compare(int arg, CompareOp op, uint64_t value) {
  if (op == CompareOp::kLt && value == 0) return Never();
  if (op == CompareOp::kGe && value == 0) return Always();
  if (op == CompareOp::kGt && value == kAllBits) return Never();
  if (op == CompareOp::kLe && value == kAllBits) return Always();
  return Test(absl::StrCat("arg", arg, " ", Symbol(op), " ", Number(value)));
}

ConditionText ConditionText::Bits(int arg, uint64_t mask, uint64_t value) {
  return Masked(arg, mask, CompareOp::kEq, value);
}

ConditionText ConditionText::Masked(int arg, uint64_t mask, CompareOp op, uint64_t value) {
  if (mask == kAllBits) return Compare(arg, op, value);
  const bool has_order = op != CompareOp::kEq && op != CompareOp::kNe;
  if (!has_order && ((value & ~mask) != 0 || mask == 0)) {
    const bool equal = mask == 0 && value == 0;
    return equal == (op == CompareOp::kEq) ? Always() : Never();
  }
  // The language takes only numbers that the bits could be.
  if (has_order && value > mask) {
    return op == CompareOp::kLt || op == CompareOp::kLe ? Always() : Never();
  }
  if (op == CompareOp::kLt && value == 0) return Never();
  if (op == CompareOp::kGe && value == 0) return Always();
  return Test(absl::StrCat("(arg", arg, " & ", Number(mask), ") ", Symbol(op), " ", Number(value)));
}

ConditionText ConditionText::Join(const std::vector<ConditionText>& parts, Kind kind) {
  const Kind decides = kind == Kind::kAnd ? Kind::kNever : Kind::kAlways;
  const Kind adds_nothing = kind == Kind::kAnd ? Kind::kAlways : Kind::kNever;
  std::vector<const ConditionText*> kept;
  for (const ConditionText& part : parts) {
    if (part.kind_ == decides) return part;
    if (part.kind_ != adds_nothing) kept.push_back(&part);
  }
  if (kept.empty()) return ConditionText(adds_nothing, "");
  if (kept.size() == 1) return *kept.front();
  std::string text;
  for (const ConditionText* part : kept) {
    const bool brackets = kind == Kind::kAnd && part->kind_ == Kind::kOr;
    absl::StrAppend(&text,
                    text.empty()         ? ""
                    : kind == Kind::kAnd ? " && "
                                         : " || ",
                    brackets ? "(" : "", part->text_, brackets ? ")" : "");
  }
  return ConditionText(kind, std::move(text));
}

ConditionText ConditionText::And(const std::vector<ConditionText>& parts) {
  return Join(parts, Kind::kAnd);
}

ConditionText ConditionText::Or(const std::vector<ConditionText>& parts) {
  return Join(parts, Kind::kOr);
}

ConditionText ConditionText::Not(const ConditionText& part) {
  if (part.is_always()) return Never();
  if (part.is_never()) return Always();
  return ConditionText(Kind::kNot, absl::StrCat("!(", part.text_, ")"));
}

StatementWriter::StatementWriter(const SourceText& source, absl::string_view format)
    : source_(source), format_(format) {}

void StatementWriter::Arches(std::vector<Arch> arches) { arches_ = std::move(arches); }

bool StatementWriter::Has(absl::string_view call) const {
  return std::any_of(arches_.begin(), arches_.end(),
                     [call](Arch arch) { return SyscallTable::Get().Find(arch, call) != nullptr; });
}

void StatementWriter::Rule(size_t offset, const Verdict& verdict,
                           const std::vector<std::string>& calls, const ConditionText& condition) {
  RuleAt(source_.Locate(offset), verdict, calls, condition);
}

void StatementWriter::RuleAt(const SourceLocation& where, const Verdict& verdict,
                             const std::vector<std::string>& calls, const ConditionText& condition,
                             absl::string_view suffix) {
  if (condition.is_never()) return;
  std::vector<std::string> kept;
  for (const std::string& call : calls) {
    if (!Has(call)) {
      if (!SyscallTable::Get().IsKnownName(call) && told_.insert(call).second) {
        NoteAt(where, absl::StrCat("no call of x86_64 or i386 is named `", Printable(call),
                                   "`: left out"));
      }
      continue;
    }
    const bool never_refused = std::any_of(arches_.begin(), arches_.end(), [&call](Arch arch) {
      const Syscall* syscall = SyscallTable::Get().Find(arch, call);
      return syscall != nullptr && Policy::IsNeverRefused(arch, syscall->nr);
    });
    if (never_refused && Refuses(verdict)) {
      LossAt(where, absl::StrCat("`", call, "` would be refused: provost never refuses it"));
      continue;
    }
    if (std::find(kept.begin(), kept.end(), call) == kept.end()) kept.push_back(call);
  }
  if (kept.empty()) return;
  std::string tail;
  if (!condition.is_always()) absl::StrAppend(&tail, " if ", condition.text());
  absl::StrAppend(&tail, suffix);
  absl::StrAppend(&tail, " as \"", RuleName(where), "\"");
  absl::StrAppend(&rules_, "# ", Printable(BaseName(where.file)), ":", where.line, "\n");
  Lines(absl::StrCat(VerdictToString(verdict), " "), kept, tail);
}

void StatementWriter::Lines(const std::string& head, const std::vector<std::string>& calls,
                            const std::string& tail) {
  std::string line = head;
  for (const std::string& call : calls) {
    const bool first = line.size() == head.size();
    const bool full = line.size() + call.size() + 2 + tail.size() > kLineWidth;
    if (!first && full) {
      absl::StrAppend(&rules_, line, tail, "\n");
      line = head;
    } else if (!first) {
      line += ", ";
    }
    line += call;
  }
  absl::StrAppend(&rules_, line, tail, "\n");
}

void StatementWriter::Loss(size_t offset, std::string message) {
  LossAt(source_.Locate(offset), std::move(message));
}

void StatementWriter::LossAt(const SourceLocation& where, std::string message) {
  converted_.losses.push_back({where, std::move(message)});
}

void StatementWriter::Note(size_t offset, std::string message) {
  NoteAt(source_.Locate(offset), std::move(message));
}

void StatementWriter::NoteAt(const SourceLocation& where, std::string message) {
  converted_.notes.push_back({where, std::move(message)});
}

Converted StatementWriter::Finish() && {
  converted_.text = absl::StrCat("# From ", Printable(source_.name()), ", ", format_, ".\n");
  if (arches_.size() < kAllArches.size()) {
    absl::StrAppend(
        &converted_.text, "arch ",
        absl::StrJoin(arches_, ", ",
                      [](std::string* out, Arch arch) { absl::StrAppend(out, ArchName(arch)); }),
        "\n");
  }
  absl::StrAppend(&converted_.text, "default ", VerdictToString(default_), "\n", rules_);
  return std::move(converted_);
}

Sayable DenyWith(uint64_t error) {
  constexpr uint64_t kMaxErrno = 4095;
  error = std::min(error, kMaxErrno);
  if (error == 0) return {Return{0}, ""};
  if (!ErrnoName(static_cast<int>(error)).has_value()) {
    return {Deny{1}, absl::StrCat("errno ", error,
                                  " has no name, and provost denies by name; "
                                  "EPERM in its place")};
  }
  return {Deny{static_cast<int>(error)}, ""};
}

}  // namespace provost
