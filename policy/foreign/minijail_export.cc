#include <bit>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/compare_op.h"
#include "policy/foreign/exporters.h"
#include "policy/foreign/region.h"
#include "policy/foreign/unordered.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

std::string Hex(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

// Bits that are set are asked for one by one, since `&` holds if any is; bits that are not by `in`.
void AppendAtoms(size_t arg, const ValueSet& set, std::vector<std::string>& atoms) {
  if (set.is_all()) return;
  if (set.shape == ValueSet::Shape::kOrder) {
    atoms.push_back(absl::StrCat("arg", arg, " ", Symbol(set.op), " ", Hex(set.value)));
    return;
  }
  if (set.mask == ~uint64_t{0}) {
    atoms.push_back(absl::StrCat("arg", arg, " == ", Hex(set.value)));
    return;
  }
  const uint64_t clear = set.mask & ~set.value;
  if (clear != 0) atoms.push_back(absl::StrCat("arg", arg, " in ", Hex(~clear)));
  for (uint64_t bits = set.value; bits != 0; bits &= bits - 1) {
    atoms.push_back(absl::StrCat("arg", arg, " & ", Hex(bits & -bits)));
  }
}

std::string Expression(const Region& region) {
  std::vector<std::string> clauses;
  for (const Box& box : region) {
    std::vector<std::string> atoms;
    for (size_t i = 0; i < box.size(); ++i) AppendAtoms(i, box[i], atoms);
    if (atoms.empty()) return "";
    clauses.push_back(absl::StrJoin(atoms, " && "));
  }
  return absl::StrJoin(clauses, " || ");
}

class MinijailExporter {
 public:
  explicit MinijailExporter(const Policy& policy) : policy_(policy) {}

  Converted Export() {
    ReportRecords(policy_, "a minijail policy", out_);
    arch_ = policy_.Lists(Arch::kX86_64) ? Arch::kX86_64 : Arch::kI386;
    if (policy_.Lists(Arch::kX86_64) && policy_.Lists(Arch::kI386)) {
      out_.losses.push_back({{},
                             "a minijail policy is for one architecture: x86_64; calls of i386 "
                             "die"});
    }
    out_.text = absl::StrCat("# Written by provost, for ", ArchName(arch_),
                             " and minijail's compile_seccomp_policy.\n", DefaultLine());
    // Calls with the same filters share a statement.
    std::vector<std::pair<std::string, std::vector<std::string>>> statements;
    std::map<std::string, size_t> known;
    for (const Syscall& syscall : SyscallTable::Get().All(arch_)) {
      const std::string filters = Filters(syscall);
      if (filters.empty()) continue;
      const auto [at, is_new] = known.emplace(filters, statements.size());
      if (is_new) statements.push_back({filters, {}});
      statements[at->second].second.emplace_back(syscall.signature->name);
    }
    for (const auto& [filters, calls] : statements) Write(filters, calls);
    return std::move(out_);
  }

 private:
  std::string Action(const Rule& rule) {
    const Verdict& verdict = rule.verdict;
    if (std::holds_alternative<Allow>(verdict)) return "allow";
    if (std::holds_alternative<Log>(verdict)) return "log";
    if (std::holds_alternative<Trap>(verdict)) return "trap";
    if (const auto* deny = std::get_if<Deny>(&verdict)) return absl::StrCat("return ", deny->error);
    if (const auto* kill = std::get_if<Kill>(&verdict)) {
      return kill->scope == Kill::Scope::kProcess ? "kill-process" : "kill-thread";
    }
    if (verdict == Verdict(Return{0})) return "return 0";
    out_.losses.push_back({rule.where, absl::StrCat("`", VerdictToString(verdict),
                                                    "`: minijail has no such action; EPERM in its "
                                                    "place")});
    return absl::StrCat("return ", EPERM);
  }

  // A default kills or traps; any other is written out for every call.
  bool DefaultIsSayable() const {
    const Verdict& verdict = policy_.default_rule().verdict;
    return std::holds_alternative<Kill>(verdict) || std::holds_alternative<Trap>(verdict);
  }

  std::string DefaultLine() {
    if (DefaultIsSayable()) return absl::StrCat("@default ", Action(policy_.default_rule()), "\n");
    out_.notes.push_back(
        {{},
         absl::StrCat("minijail has no `default ", VerdictToString(policy_.default_rule().verdict),
                      "`: every call that provost knows is named, others kill "
                      "the process")});
    return "@default kill-process\n";
  }

  // The filters of a call in order; empty: none but the default.
  std::string Filters(const Syscall& syscall) {
    std::vector<std::string> filters;
    bool all = false;
    for (const BoundRule& bound : policy_.RulesFor(syscall.arch, syscall.nr)) {
      const std::optional<Region> region = RegionOf(bound.condition, syscall.arch);
      if (!region) {
        out_.losses.push_back(
            {bound.rule->where,
             absl::StrCat("`", syscall.signature->name,
                          "`: the condition looks at "
                          "more than registers, or is too large; the rule is left "
                          "out")});
        continue;
      }
      if (region->empty()) continue;
      const std::string expression = Expression(*region);
      const std::string action = Action(*bound.rule);
      filters.push_back(expression.empty() ? action : absl::StrCat(expression, "; ", action));
      all = expression.empty();
      if (all) break;
    }
    const Rule& otherwise = policy_.OtherwiseFor(syscall.arch, syscall.nr);
    const bool is_default = &otherwise == &policy_.default_rule();
    if (!all && !(is_default && DefaultIsSayable())) {
      filters.push_back(Action(otherwise));
    }
    if (filters.size() == 1 && filters[0].find(';') == std::string::npos) return filters[0];
    if (filters.empty()) return "";
    return absl::StrCat("{ ", absl::StrJoin(filters, ", "), " }");
  }

  void Write(const std::string& filters, const std::vector<std::string>& calls) {
    constexpr size_t kLineWidth = 100;
    if (calls.size() == 1) {
      absl::StrAppend(&out_.text, calls[0], ": ", filters, "\n");
      return;
    }
    std::string line = "{";
    for (const std::string& call : calls) {
      if (line.size() + call.size() + 2 > kLineWidth) {
        absl::StrAppend(&out_.text, line, ", \\\n");
        line.assign(1, ' ');
      } else if (line.size() > 1) {
        line += ", ";
      }
      line += call;
    }
    absl::StrAppend(&out_.text, line, "}: ", filters, "\n");
  }

  const Policy& policy_;
  Arch arch_ = Arch::kX86_64;
  Converted out_;
};

}  // namespace

Converted ExportMinijail(const Policy& policy) { return MinijailExporter(policy).Export(); }

}  // namespace provost
