#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/foreign/exporters.h"
#include "policy/foreign/snap.h"
#include "policy/foreign/unordered.h"

namespace provost {
namespace {

constexpr uint64_t kLow32 = 0xffffffff;

// One argument as snap-seccomp writes it; nullopt where it cannot.
std::optional<std::string> Argument(const ValueSet& set, absl::string_view call) {
  if (set.is_all()) return "-";
  const bool is_bits = set.shape == ValueSet::Shape::kBits;
  if (SnapComparesLowHalf(call)) {
    if (!is_bits || set.mask != kLow32) return std::nullopt;
    return absl::StrCat(set.value);
  }
  if (set.value > kLow32) return std::nullopt;
  if (is_bits && set.mask != ~uint64_t{0}) {
    if (set.mask > kLow32) return std::nullopt;
    return absl::StrCat(set.mask, "|", set.value);
  }
  if (is_bits) return absl::StrCat(set.value);
  switch (set.op) {
    case CompareOp::kNe:
      return absl::StrCat("!", set.value);
    case CompareOp::kLt:
      return absl::StrCat("<", set.value);
    case CompareOp::kLe:
      return absl::StrCat("<=", set.value);
    case CompareOp::kGt:
      return absl::StrCat(">", set.value);
    case CompareOp::kGe:
      return absl::StrCat(">=", set.value);
    case CompareOp::kEq:
      break;
  }
  return absl::StrCat(set.value);
}

class SnapExporter {
 public:
  explicit SnapExporter(const Policy& policy) : policy_(policy) {}

  Converted Export() {
    constexpr absl::string_view kTarget = "a snap-seccomp profile";
    ReportRecords(policy_, kTarget, out_);
    const std::vector<UnorderedCall> calls = WithoutOrder(policy_, kTarget, out_);
    out_.text = "# Written by provost.\n";
    const Verdict& otherwise = policy_.default_rule().verdict;
    if (otherwise == Verdict(Allow{}) && calls.empty()) {
      absl::StrAppend(&out_.text, "@unrestricted\n");
      return std::move(out_);
    }
    if (otherwise == Verdict(Log{})) {
      absl::StrAppend(&out_.text, "@complain\n");
    } else if (otherwise != Verdict(Deny{EPERM})) {
      Loss({}, absl::StrCat("`default ", VerdictToString(otherwise),
                            "`: what a profile does not name gets EPERM"));
    }
    for (const Arch arch : kAllArches) {
      if (!policy_.Lists(arch)) {
        Loss({},
             absl::StrCat("snap-seccomp rules calls of ", ArchName(arch), " by the same lines"));
      }
    }
    for (const UnorderedCall& call : calls) {
      for (const UnorderedRule& rule : call.rules) Write(call.name, rule);
    }
    return std::move(out_);
  }

 private:
  void Loss(const SourceLocation& where, std::string message) {
    out_.losses.push_back({where, std::move(message)});
  }

  void Write(const std::string& call, const UnorderedRule& rule) {
    const bool denies = rule.verdict == Verdict(Deny{EACCES});
    if (!denies && rule.verdict != Verdict(Allow{})) {
      Loss({}, absl::StrCat("`", call, "`: `", VerdictToString(rule.verdict),
                            "`: a profile allows, or denies with EACCES or EPERM; left out"));
      return;
    }
    if (denies && !told_) {
      told_ = true;
      out_.notes.push_back({{}, "lines with `~` need snapd 2.60 or newer"});
    }
    for (const Box& box : rule.where) {
      std::string line = absl::StrCat(denies ? "~" : "", call);
      size_t last = box.size();
      while (last > 0 && box[last - 1].is_all()) --last;
      bool sayable = true;
      for (size_t i = 0; i < last; ++i) {
        const std::optional<std::string> argument = Argument(box[i], call);
        sayable = sayable && argument.has_value();
        absl::StrAppend(&line, " ", argument.value_or(""));
      }
      if (sayable) {
        absl::StrAppend(&out_.text, line, "\n");
        continue;
      }
      Loss({}, absl::StrCat("`", call,
                            "`: a condition on numbers above 32 bits, or on bits of a "
                            "call that snap-seccomp compares whole; left out"));
      return;
    }
  }

  const Policy& policy_;
  Converted out_;
  bool told_ = false;
};

}  // namespace

Converted ExportSnap(const Policy& policy) { return SnapExporter(policy).Export(); }

}  // namespace provost
