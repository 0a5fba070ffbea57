#ifndef PROVOST_POLICY_FOREIGN_STATEMENT_WRITER_H_
#define PROVOST_POLICY_FOREIGN_STATEMENT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/foreign/foreign.h"
#include "policy/predicate.h"
#include "policy/source_text.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// A condition as text of our language, with what is always or never true kept apart: the language
// has no words for them. A plain value.
class ConditionText {
 public:
  static ConditionText Always() { return ConditionText(Kind::kAlways, ""); }
  static ConditionText Never() { return ConditionText(Kind::kNever, ""); }
  // The register `arg`, all 64 bits without sign, compared with `value` (i386: its 32 bits).
  static ConditionText Compare(int arg, CompareOp op, uint64_t value);
  // (argN & mask) == value; bits of `value` outside of `mask` make it Never.
  static ConditionText Bits(int arg, uint64_t mask, uint64_t value);
  // (argN & mask) compared with `value`, in order.
  static ConditionText Masked(int arg, uint64_t mask, CompareOp op, uint64_t value);
  // A comparison as the language writes it.
  static ConditionText Test(std::string text) {
    return ConditionText(Kind::kTest, std::move(text));
  }

  static ConditionText And(const std::vector<ConditionText>& parts);
  static ConditionText Or(const std::vector<ConditionText>& parts);
  static ConditionText Not(const ConditionText& part);

  bool is_always() const { return kind_ == Kind::kAlways; }
  bool is_never() const { return kind_ == Kind::kNever; }
  const std::string& text() const { return text_; }

 private:
  enum class Kind : uint8_t { kAlways, kNever, kTest, kAnd, kOr, kNot };
  ConditionText(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  static ConditionText Join(const std::vector<ConditionText>& parts, Kind kind);

  Kind kind_;
  std::string text_;
};

// Collects the statements that a foreign policy becomes, with the line each comes from. Names of
// calls that no architecture of the policy has, and refusals of calls that provost never refuses,
// are kept out of them.
class StatementWriter {
 public:
  // `source` must outlive it. `format` is the language's name for people: "a snap-seccomp profile".
  StatementWriter(const SourceText& source, absl::string_view format);

  // Before the first rule. Without it: every architecture.
  void Arches(std::vector<Arch> arches);
  void Default(const Verdict& verdict) { default_ = verdict; }
  // A rule for `calls`, each known to SyscallTable or not. `offset` is where it stands.
  void Rule(size_t offset, const Verdict& verdict, const std::vector<std::string>& calls,
            const ConditionText& condition);
  // The same at a place of another file, which is part of the source.
  void RuleAt(const SourceLocation& where, const Verdict& verdict,
              const std::vector<std::string>& calls, const ConditionText& condition,
              absl::string_view suffix = "");

  void Loss(size_t offset, std::string message);
  void LossAt(const SourceLocation& where, std::string message);
  void Note(size_t offset, std::string message);
  void NoteAt(const SourceLocation& where, std::string message);

  // True if some listed architecture has the call.
  bool Has(absl::string_view call) const;
  const std::vector<Arch>& arches() const { return arches_; }
  const SourceText& source() const { return source_; }

  Converted Finish() &&;

 private:
  void Lines(const std::string& head, const std::vector<std::string>& calls,
             const std::string& tail);

  const SourceText& source_;
  std::string format_;
  std::vector<Arch> arches_ = {kAllArches.begin(), kAllArches.end()};
  Verdict default_ = Allow{};
  std::string rules_;
  Converted converted_;
  std::set<std::string> told_;  // names of calls already noted
};

// "allow", "deny EACCES": a verdict that the language can write, or what to say of one that it
// cannot.
struct Sayable {
  Verdict verdict;
  std::string why_not;  // empty: it can
};
// An errno as seccomp filters answer it: 0 is success, those above 4095 are cut to it.
Sayable DenyWith(uint64_t error);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_STATEMENT_WRITER_H_
