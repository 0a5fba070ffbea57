#include "policy/findings.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/checker.h"
#include "policy/explain.h"
#include "policy/harden.h"
#include "policy/memory_operand.h"
#include "policy/predicate.h"
#include "policy/source_text.h"
#include "policy/verdict.h"
#include "syscalls/groups.h"
#include "syscalls/syscall_table.h"
#include "syscalls/twins.h"

namespace provost {
namespace {

// Named in a message; the rest is counted.
constexpr size_t kMaxNamed = 8;

bool IsUnconditional(const BoundRule& bound) {
  if (bound.rule->state) return false;
  if (bound.condition == nullptr) return true;
  const auto* constantly = std::get_if<Constantly>(&bound.condition->node);
  return constantly != nullptr && constantly->value;
}

// What a call may get, whatever its arguments.
struct Outcome {
  bool may_be_refused = false;
  bool may_be_logged = false;
  const Rule* lets_run = nullptr;  // the first that may

  void Add(const Rule& rule) {
    if (Refuses(rule.verdict)) {
      may_be_refused = true;
      return;
    }
    if (std::holds_alternative<Log>(rule.verdict)) may_be_logged = true;
    if (lets_run == nullptr) lets_run = &rule;
  }
};

// How a rule restricts the calls it is for.
enum class Restriction : uint8_t {
  kNone,
  kRefuses,
  kLogs,
  kGuards,  // lets a call run under its condition, and what is left is refused
};

struct Binding {
  const Syscall* syscall;
  const BoundRule* bound;
};

std::string JoinSome(const std::vector<std::string>& names) {
  if (names.size() <= kMaxNamed) return absl::StrJoin(names, ", ");
  const auto shown = absl::MakeConstSpan(names).first(kMaxNamed);
  return absl::StrCat(absl::StrJoin(shown, ", "), " and ", names.size() - kMaxNamed, " more");
}

class OpeningFinder {
 public:
  explicit OpeningFinder(const Policy& policy) : policy_(policy) {
    const absl::StatusOr<Policy> harden = HardenPolicy(absl::MakeConstSpan(&policy, 1), {});
    if (harden.ok()) harden_ = *harden;
    for (const Arch arch : kAllArches) {
      if (!policy.Lists(arch)) continue;
      ++listed_;
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) Take(syscall);
    }
  }

  std::vector<Finding> Find() {
    for (const auto& rule : policy_.rules()) FindRace(*rule);
    for (const auto& rule : policy_.rules()) FindTwins(*rule);
    FindDenylist();
    FindIoUring();
    FindHardening();
    return std::move(findings_);
  }

 private:
  void Take(const Syscall& syscall) {
    const absl::Span<const BoundRule> rules = policy_.RulesFor(syscall.arch, syscall.nr);
    Outcome& outcome = outcomes_[&syscall];
    bool decided = false;
    for (const BoundRule& bound : rules) {
      bindings_[bound.rule].push_back({&syscall, &bound});
      if (decided) continue;
      outcome.Add(*bound.rule);
      decided = IsUnconditional(bound);
    }
    if (!decided) outcome.Add(policy_.OtherwiseFor(syscall.arch, syscall.nr));
  }

  void Add(const SourceLocation& where, const char* kind, absl::string_view message,
           absl::string_view mend) {
    findings_.push_back({where, kind, Printable(message), Printable(mend)});
  }

  // ---- racy ----

  // Calls `visit` with every test of memory that a condition makes.
  template <typename Visit>
  static void ForEachMemoryTest(const Predicate& predicate, const Visit& visit) {
    if (predicate == nullptr) return;
    const auto& node = predicate->node;
    if (const auto* test = std::get_if<MemoryTest>(&node)) visit(*test);
    if (const auto* all = std::get_if<AllOf>(&node)) {
      for (const Predicate& child : all->children) ForEachMemoryTest(child, visit);
    }
    if (const auto* any = std::get_if<AnyOf>(&node)) {
      for (const Predicate& child : any->children) ForEachMemoryTest(child, visit);
    }
    if (const auto* negation = std::get_if<Not>(&node)) ForEachMemoryTest(negation->child, visit);
    if (const auto* sub_call = std::get_if<OfSubCall>(&node)) {
      ForEachMemoryTest(sub_call->condition, visit);
    }
  }

  // What can come to mean something else between a decision and the call although the kernel reads
  // what the decision read; "" if nothing can.
  static std::string RaceOf(const MemoryTest& test, const Syscall& syscall) {
    const MemoryOperand& operand = *test.operand;
    if (std::holds_alternative<RealPathReading>(operand.reading)) {
      return absl::StrCat("what `", operand.text,
                          "` leads to can be changed, by renaming or by another link, ");
    }
    if (std::holds_alternative<DescriptorReading>(operand.reading)) {
      return absl::StrCat("what `", operand.text.substr(0, operand.text.find('.')),
                          "` is can be changed by another thread of the task, by dup2, ");
    }
    const absl::Span<const Argument> arguments = syscall.signature->args;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const bool is_meant = (operand.registers >> i & 1) != 0;
      if (is_meant && arguments[i].kind == ArgKind::kStructInOut) {
        return absl::StrCat("what `", arguments[i].name,
                            "` points at, which the kernel writes to as well, can be changed by "
                            "another thread of the task ");
      }
    }
    return "";
  }

  void FindRace(const Rule& rule) {
    for (const Binding& binding : bindings_[&rule]) {
      std::string race;
      ForEachMemoryTest(binding.bound->condition, [&](const MemoryTest& test) {
        if (race.empty()) race = RaceOf(test, *binding.syscall);
      });
      if (race.empty()) continue;
      Add(rule.where, "racy", absl::StrCat(race, "between this decision and the call"),
          "such a condition watches and tests programs; to contain a hostile one, decide by what "
          "the call itself holds, or refuse the call");
      return;
    }
  }

  // ---- twins, abi ----

  Restriction RestrictionBy(const Rule& rule, const Binding& binding) {
    // What emulates answers as a kernel would, and contains nothing.
    if (std::holds_alternative<Emulate>(rule.verdict)) return Restriction::kNone;
    if (Refuses(rule.verdict)) return Restriction::kRefuses;
    if (std::holds_alternative<Log>(rule.verdict)) return Restriction::kLogs;
    const bool guards =
        !IsUnconditional(*binding.bound) && outcomes_[binding.syscall].may_be_refused &&
        Refuses(policy_.OtherwiseFor(binding.syscall->arch, binding.syscall->nr).verdict);
    return guards ? Restriction::kGuards : Restriction::kNone;
  }

  void FindTwins(const Rule& rule) {
    const std::vector<Binding>& bindings = bindings_[&rule];
    if (bindings.empty()) return;
    absl::flat_hash_map<absl::string_view, Binding> by_name;
    absl::flat_hash_set<const Syscall*> bound;
    for (const Binding& binding : bindings) {
      by_name.emplace(binding.syscall->signature->name, binding);
      bound.insert(binding.syscall);
    }
    for (const TwinFamily& family : AllTwinFamilies()) {
      for (const auto* members : {&family.full, &family.lesser}) {
        const auto ruled =
            std::find_if(members->begin(), members->end(),
                         [&](absl::string_view member) { return by_name.contains(member); });
        if (ruled == members->end()) continue;
        FindTwinsOf(rule, by_name.at(*ruled), family, bound);
        break;
      }
    }
  }

  void FindTwinsOf(const Rule& rule, const Binding& binding, const TwinFamily& family,
                   const absl::flat_hash_set<const Syscall*>& bound) {
    const Restriction restriction = RestrictionBy(rule, binding);
    if (restriction == Restriction::kNone) return;
    const bool whole = IsUnconditional(*binding.bound);
    const auto* deny = std::get_if<Deny>(&rule.verdict);
    if (whole && deny != nullptr && deny->error == ENOSYS) return;
    std::vector<std::string> open;
    bool other_abi_only = true;
    const auto look = [&](const std::vector<absl::string_view>& members) {
      for (const absl::string_view member : members) {
        const std::string text = OpenMember(member, restriction, bound, other_abi_only);
        if (!text.empty()) open.push_back(text);
      }
    };
    look(family.full);
    if (whole) look(family.lesser);
    if (open.empty()) return;
    Report(rule, binding, family, restriction, open, other_abi_only);
  }

  // The member as a message names it if it is open on some listed architecture, else "".
  std::string OpenMember(absl::string_view member, Restriction restriction,
                         const absl::flat_hash_set<const Syscall*>& bound, bool& other_abi_only) {
    std::vector<Arch> open;
    for (const Arch arch : kAllArches) {
      const Syscall* twin = SyscallTable::Get().Find(arch, member);
      if (twin == nullptr || !policy_.Lists(arch) || bound.contains(twin)) continue;
      if (IsHardened() && HardenAlwaysRefuses(*twin) != nullptr) continue;
      const Outcome& outcome = outcomes_[twin];
      const bool logs = restriction == Restriction::kLogs && outcome.may_be_logged;
      if (outcome.may_be_refused || logs) continue;
      open.push_back(arch);
      const bool rule_has_abi = std::any_of(
          bound.begin(), bound.end(), [&](const Syscall* call) { return call->arch == arch; });
      if (rule_has_abi) other_abi_only = false;
    }
    if (open.empty()) return "";
    if (open.size() == 1 && listed_ > 1) return absl::StrCat(member, " (", ArchName(open[0]), ")");
    return std::string(member);
  }

  void Report(const Rule& rule, const Binding& binding, const TwinFamily& family,
              Restriction restriction, const std::vector<std::string>& open, bool other_abi_only) {
    const absl::string_view call = binding.syscall->signature->name;
    std::string done = absl::StrCat("`", call, "` is refused here");
    if (restriction == Restriction::kLogs) done = absl::StrCat("`", call, "` is recorded here");
    if (restriction == Restriction::kGuards) {
      done = absl::StrCat("`", call, "` runs under a condition only");
    }
    const char* left =
        restriction == Restriction::kLogs ? "neither refused nor recorded" : "never refused";
    const char* mend = restriction == Restriction::kLogs
                           ? "name them in the rule as well"
                           : "name them in the rule as well, or deny them with ENOSYS, upon which "
                             "programs use the others";
    Add(rule.where, other_abi_only ? "abi" : "twins",
        absl::StrCat(done, ", but ", JoinSome(open), " (", family.name, ") ",
                     open.size() == 1 ? "is " : "are ", left),
        other_abi_only && listed_ > 1
            ? absl::StrCat(mend, "; `arch ", ArchName(binding.syscall->arch),
                           "` refuses the calls of the other ABI")
            : mend);
  }

  // ---- denylist, io_uring ----

  const Rule* FirstRefusing() const {
    for (const auto& rule : policy_.rules()) {
      if (std::holds_alternative<Emulate>(rule->verdict)) continue;
      if (Refuses(rule->verdict)) return rule.get();
    }
    return nullptr;
  }

  void FindDenylist() {
    const Rule& otherwise = policy_.default_rule();
    const Rule* refusing = FirstRefusing();
    if (Refuses(otherwise.verdict) || refusing == nullptr) return;
    Add(otherwise.where.line > 0 ? otherwise.where : refusing->where, "denylist",
        absl::StrCat("the default is ", VerdictToString(otherwise.verdict),
                     ": every call runs that no rule is for, and a call is missed easily"),
        "to contain a program, begin with `default deny EPERM` and allow what it needs");
  }

  static bool IsFileOrNetwork(absl::string_view call) {
    for (const char* name : {"%file", "%desc", "%network"}) {
      const SyscallGroup* group = FindGroup(name);
      if (group != nullptr &&
          std::binary_search(group->members.begin(), group->members.end(), call)) {
        return true;
      }
    }
    return false;
  }

  // The first rule that restricts a file or network call.
  const Rule* RestrictsFiles() {
    for (const auto& rule : policy_.rules()) {
      for (const Binding& binding : bindings_[rule.get()]) {
        const Restriction restriction = RestrictionBy(*rule, binding);
        const bool restricts =
            restriction == Restriction::kRefuses || restriction == Restriction::kGuards;
        const absl::string_view call = binding.syscall->signature->name;
        if (restricts && IsFileOrNetwork(call)) return rule.get();
      }
    }
    return nullptr;
  }

  void FindIoUring() {
    if (IsHardened()) return;
    for (const Arch arch : kAllArches) {
      const Syscall* setup = SyscallTable::Get().Find(arch, "io_uring_setup");
      if (setup == nullptr || !policy_.Lists(arch)) continue;
      const Outcome& outcome = outcomes_[setup];
      if (outcome.may_be_refused || outcome.lets_run == nullptr) continue;
      const Rule* ruled = RestrictsFiles();
      if (ruled == nullptr) return;
      const bool by_rule =
          outcome.lets_run->where.line > 0 && outcome.lets_run != &policy_.default_rule();
      Add(by_rule ? outcome.lets_run->where : ruled->where, "io_uring",
          "file or network calls are ruled, but `io_uring_setup` is never refused: a ring opens, "
          "connects, reads and writes without a system call",
          "`deny ENOSYS io_uring_setup, io_uring_enter, io_uring_register`");
      return;
    }
  }

  // ---- hardening ----

  bool IsHardened() const { return !policy_.harden() || policy_.harden()->on; }

  // The rule of hardening that refuses the call whatever its arguments; null if none does.
  const Rule* HardenAlwaysRefuses(const Syscall& syscall) const {
    for (const BoundRule& bound : harden_.RulesFor(syscall.arch, syscall.nr)) {
      if (IsUnconditional(bound) && std::holds_alternative<Deny>(bound.rule->verdict))
        return bound.rule;
    }
    return nullptr;
  }

  void FindHardening() {
    if (!IsHardened()) {
      std::vector<std::string> ways;
      for (const auto& rule : harden_.rules()) {
        const std::string way = rule->name.substr(kHardenPrefix.size());
        const bool refuses = Refuses(rule->verdict);
        if (refuses && std::find(ways.begin(), ways.end(), way) == ways.end()) ways.push_back(way);
      }
      Add(policy_.harden()->where, "hardening",
          absl::StrCat("`harden off` opens what hardening closes: ", absl::StrJoin(ways, ", ")),
          "leave it out; docs/HARDENING.md says what each is");
      return;
    }
    for (const auto& rule : policy_.rules()) FindAllowedInVain(*rule);
  }

  // A rule that lets a call run which hardening refuses all the same, and names it.
  void FindAllowedInVain(const Rule& rule) {
    if (Refuses(rule.verdict)) return;
    for (const Binding& binding : bindings_[&rule]) {
      const absl::string_view call = binding.syscall->signature->name;
      const Rule* refusing = HardenAlwaysRefuses(*binding.syscall);
      if (refusing == nullptr || !NamesWord(rule.text, call)) continue;
      Add(rule.where, "hardening",
          absl::StrCat("`", call, "` is let run here, but hardening refuses it (",
                       VerdictToString(refusing->verdict), ", rule \"", refusing->name, "\")"),
          "leave it out; `harden off` opens it, and all else that hardening closes");
      return;
    }
  }

  static bool NamesWord(absl::string_view text, absl::string_view word) {
    const auto is_part = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
    for (size_t at = text.find(word); at != absl::string_view::npos; at = text.find(word, at + 1)) {
      const size_t end = at + word.size();
      if ((at == 0 || !is_part(text[at - 1])) && (end == text.size() || !is_part(text[end]))) {
        return true;
      }
    }
    return false;
  }

  const Policy& policy_;
  Policy harden_;
  int listed_ = 0;
  absl::flat_hash_map<const Syscall*, Outcome> outcomes_;
  absl::flat_hash_map<const Rule*, std::vector<Binding>> bindings_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> FindOpenings(const Policy& policy) { return OpeningFinder(policy).Find(); }

std::vector<Finding> AllFindings(const ParsedPolicy& parsed) {
  std::vector<Finding> findings;
  for (const PolicyWarning& warning : parsed.warnings) {
    findings.push_back({warning.where, "language", warning.message, ""});
  }
  for (const PolicyWarning& warning : CheckPolicy(parsed.policy)) {
    findings.push_back({warning.where, "unreachable", warning.message, "remove it, or move it up"});
  }
  for (Finding& finding : FindOpenings(parsed.policy)) findings.push_back(std::move(finding));
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.where.file, a.where.line, a.where.column) <
           std::tie(b.where.file, b.where.line, b.where.column);
  });
  return findings;
}

}  // namespace provost
