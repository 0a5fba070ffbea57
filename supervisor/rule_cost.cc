#include "supervisor/rule_cost.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "audit/log_decision.h"
#include "base/status_macros.h"
#include "policy/filter_compiler.h"
#include "policy/filter_paths.h"
#include "policy/harden.h"
#include "policy/memory_operand.h"
#include "policy/predicate.h"
#include "policy/task_field.h"
#include "supervisor/filters.h"
#include "supervisor/gated_calls.h"
#include "syscalls/syscall_table.h"
#include "syscalls/task_changes.h"
#include "tracee/injected_call.h"

namespace provost {
namespace {

using WantsRecord = std::function<bool(const Decision&)>;

void AddOnce(std::vector<std::string>& texts, std::string text) {
  if (!absl::c_linear_search(texts, text)) texts.push_back(std::move(text));
}

// What a condition reads that is no register.
class Readings {
 public:
  explicit Readings(const Syscall& call) : call_(call) {}

  void Collect(const Predicate& predicate) {
    if (predicate != nullptr) std::visit(*this, predicate->node);
  }
  void operator()(const Constantly&) {}
  void operator()(const Compare&) {}
  void operator()(const MatchString& match) {
    AddOnce(reasons, absl::StrCat("reads ", call_.signature->args[match.arg].name));
    reads_arguments = true;
  }
  void operator()(const MemoryTest& test) {
    AddOnce(reasons, absl::StrCat("reads ", test.operand->text));
    reads_arguments = true;
  }
  void operator()(const OfSubCall& sub) {
    AddOnce(reasons, absl::StrCat("reads the arguments of ", call_.signature->name));
    reads_arguments = true;
    Collect(sub.condition);
  }
  void operator()(const CompareTask& task) { AddTask(task.field); }
  void operator()(const MatchTask& task) { AddTask(task.field); }
  void operator()(const AllOf& all) { absl::c_for_each(all.children, CollectAll()); }
  void operator()(const AnyOf& any) { absl::c_for_each(any.children, CollectAll()); }
  void operator()(const Not& negated) { Collect(negated.child); }

  std::vector<std::string> reasons;
  bool reads_arguments = false;

 private:
  std::function<void(const Predicate&)> CollectAll() {
    return [this](const Predicate& child) { Collect(child); };
  }
  void AddTask(TaskField field) {
    AddOnce(reasons, absl::StrCat("asks for ", AsArgument(field).name));
  }

  const Syscall& call_;
};

bool IsConstantly(const Predicate& predicate, bool value) {
  if (predicate == nullptr) return value;
  const auto* constant = std::get_if<Constantly>(&predicate->node);
  return constant != nullptr && constant->value == value;
}

bool RunsCall(const Verdict& verdict) {
  return !Refuses(verdict) || std::holds_alternative<Rewrite>(verdict);
}

// What is so of the rule whatever is recorded.
std::string ReasonOf(const Verdict& verdict) {
  if (std::holds_alternative<Return>(verdict)) return "answers with a value";
  if (std::holds_alternative<Rewrite>(verdict)) return "changes the call";
  if (std::holds_alternative<Emulate>(verdict)) return "emulates the call";
  if (std::holds_alternative<Ask>(verdict)) return "asks";
  return "is recorded";
}

// The rules that decide a call, one after the other.
class CallRules {
 public:
  CallRules(const Syscall& call, const WantsRecord& wants_record, FilterPaths paths)
      : call_(call), wants_record_(wants_record), paths_(std::move(paths)) {}

  CallCost Next(const BoundRule& bound) {
    const Decision decision = bound.rule->decision();
    CallCost cost = {
        .arch = call_.arch, .nr = call_.nr, .name = std::string(call_.signature->name)};
    Readings readings(call_);
    readings.Collect(bound.condition);
    std::vector<std::string> own = readings.reasons;
    if (bound.rule->state.has_value()) own.emplace_back("counts");
    const bool is_answer_ours = NeedsTracer(decision, OptionsFor(wants_record_));
    if (is_answer_ours) own.push_back(ReasonOf(decision.verdict));
    // The first of a run is let through whatever rules say (FilterOptions::trace_exec).
    if (IsExec() && !std::holds_alternative<Allow>(decision.verdict)) {
      AddOnce(own, "starts programs");
    }
    cost.recorded =
        LogDecision(decision, ActionsLogged::All(), false, false) || wants_record_(decision);
    const bool is_known_early = !is_answer_ours && !bound.rule->state.has_value() &&
                                !IsConstantly(MustHold(bound.condition), false);
    cost.by_kernel = !always_ours_ && (own.empty() || is_known_early) && paths_.MayAnswer();
    cost.by_tracer = !own.empty() || maybe_ours_ || !paths_.MayAnswer();
    cost.reasons = own;
    if (earlier_ > 0) cost.reasons.push_back(BehindWhom());
    AddWhatIsAskedAbout(decision, cost);
    if (cost.by_tracer && cost.reasons.empty()) {
      cost.reasons.emplace_back("would make the filter too long");
    }
    reads_arguments_ = reads_arguments_ || readings.reads_arguments;
    CountStops(decision, cost);
    Pass(bound, own);
    return cost;
  }

 private:
  static FilterOptions OptionsFor(const WantsRecord& wants_record) {
    FilterOptions options;
    options.needs_tracer = wants_record;
    return options;
  }

  bool IsExec() const {
    return call_.signature->name == "execve" || call_.signature->name == "execveat";
  }

  // Calls that the filter asks about where they may run, whatever rules say of them.
  void AddWhatIsAskedAbout(const Decision& decision, CallCost& cost) const {
    if (!RunsCall(decision.verdict) || !paths_.MayTrace()) return;
    const absl::string_view name = call_.signature->name;
    if (TaskChangeOf(call_.arch, call_.nr) != TaskChange::kNone) {
      cost.by_tracer = true;
      AddOnce(cost.reasons, "changes what records say of a task");
    }
    if (name == "seccomp" || name == "prctl") {
      cost.by_tracer = true;
      AddOnce(cost.reasons, "may install a filter");
    }
  }

  void CountStops(const Decision& decision, CallCost& cost) const {
    if (!cost.by_tracer) return;
    const bool runs = RunsCall(decision.verdict);
    const bool is_awaited = runs && (decision.wish == RecordWish::kLogResult ||
                                     std::holds_alternative<Rewrite>(decision.verdict));
    cost.copies = runs && reads_arguments_;
    // A copy is left by itself on x86_64, and at the exit on i386 (supervisor/call_return.h).
    cost.stops = is_awaited || (cost.copies && call_.arch == Arch::kI386) ? 2 : 1;
  }

  // What it means for the rules behind it.
  void Pass(const BoundRule& bound, const std::vector<std::string>& own) {
    if (own.empty()) return;
    maybe_ours_ = true;
    always_ours_ = always_ours_ || IsConstantly(MayHold(bound.condition), true);
    if (earlier_++ > 0) return;
    const SourceLocation& where = bound.rule->where;
    first_earlier_ = where.line > 0 ? absl::StrCat(where.file, ":", where.line) : bound.rule->name;
  }

  // The first of them is enough to know where to begin.
  std::string BehindWhom() const {
    if (earlier_ == 1) return absl::StrCat("stands behind ", first_earlier_);
    return absl::StrCat("stands behind ", first_earlier_, " and ", earlier_ - 1, " more");
  }

  const Syscall& call_;
  const WantsRecord& wants_record_;
  const FilterPaths paths_;
  bool maybe_ours_ = false;
  bool always_ours_ = false;
  bool reads_arguments_ = false;
  size_t earlier_ = 0;  // rules that need the tracer
  std::string first_earlier_;
};

// The filters of a run under the policy alone, and the policy's own among them.
struct RunFiltersOf {
  std::vector<BpfProgram> filters;
  BpfProgram own;  // without hardening
};

absl::StatusOr<RunFiltersOf> FiltersOf(const Policy& policy, const WantsRecord& wants_record) {
  const absl::Span<const Policy> alone(&policy, 1);
  const GatedCalls gated = CallsFor(ArgumentMode::kProtect, Gate::Random());
  const auto compile = [&](const Policy* harden) {
    return CompileFilters(alone, /*complain=*/false, ControlNumbers(), wants_record, gated, harden);
  };
  PROVOST_ASSIGN_OR_RETURN(std::vector<BpfProgram> own, compile(nullptr));
  RunFiltersOf made = {.filters = own, .own = own.front()};
  if (!policy.harden().has_value() || policy.harden()->on) {
    // Any process will do: what depends on its number are comparisons of arguments.
    PROVOST_ASSIGN_OR_RETURN(const Policy harden, HardenPolicy(alone, {.supervisor = 1}));
    PROVOST_ASSIGN_OR_RETURN(made.filters, compile(&harden));
  }
  return made;
}

absl::Status CountCall(const RunFiltersOf& run, const Syscall& call, FilterCost& cost) {
  FilterPaths all;
  bool may_answer = true;
  bool may_trace = false;
  bool is_allowed = true;
  for (const BpfProgram& filter : run.filters) {
    PROVOST_ASSIGN_OR_RETURN(const FilterPaths paths,
                             ExploreFilter(filter, static_cast<uint32_t>(call.arch), call.nr));
    may_answer = may_answer && paths.MayAnswer();
    may_trace = may_trace || paths.MayTrace();
    is_allowed = is_allowed && paths.answers == std::set<uint32_t>{SECCOMP_RET_ALLOW};
    all.by_number = all.by_number && paths.by_number;
    all.least += paths.least;
    all.most += paths.most;
  }
  PROVOST_ASSIGN_OR_RETURN(const FilterPaths own,
                           ExploreFilter(run.own, static_cast<uint32_t>(call.arch), call.nr));
  if (may_trace && !own.MayTrace()) ++cost.hardening;
  cost.least = cost.calls == 0 ? all.least : std::min(cost.least, all.least);
  cost.most = std::max(cost.most, all.most);
  ++cost.calls;
  if (!may_trace) ++cost.by_kernel;
  if (!may_trace && is_allowed && all.by_number) ++cost.remembered;
  if (may_trace && may_answer) ++cost.by_either;
  if (may_trace && !may_answer) ++cost.by_tracer;
  return absl::OkStatus();
}

absl::Status CountCalls(const RunFiltersOf& run, FilterCost& cost) {
  cost.filters = run.filters.size();
  for (const BpfProgram& filter : run.filters) cost.instructions += filter.size();
  for (const Syscall& call : SyscallTable::Get().All(Arch::kX86_64)) {
    PROVOST_RETURN_IF_ERROR(CountCall(run, call, cost));
  }
  return absl::OkStatus();
}

// Where the costs of a rule are gathered.
RuleCost& CostsOf(const Rule& rule, PolicyCost& cost) {
  return *absl::c_find_if(cost.rules, [&](const RuleCost& known) { return known.rule == &rule; });
}

absl::Status AddCall(const Policy& policy, const RunFiltersOf& run, const Syscall& call,
                     const WantsRecord& wants_record, PolicyCost& cost) {
  const auto bound = policy.RulesFor(call.arch, call.nr);
  const Rule& otherwise = policy.OtherwiseFor(call.arch, call.nr);
  PROVOST_ASSIGN_OR_RETURN(FilterPaths paths,
                           ExploreFilter(run.own, static_cast<uint32_t>(call.arch), call.nr));
  CallRules rules(call, wants_record, std::move(paths));
  for (const BoundRule& rule : bound) {
    CostsOf(*rule.rule, cost).calls.push_back(rules.Next(rule));
    if (rule.IsUnconditional()) return absl::OkStatus();
  }
  if (&otherwise != &policy.default_rule()) return absl::OkStatus();
  // Those that no rule is for are in the counts.
  CallCost rest = rules.Next({&otherwise, nullptr});
  if (!bound.empty()) CostsOf(otherwise, cost).calls.push_back(std::move(rest));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyCost> CostOf(const Policy& policy, bool logs) {
  const WantsRecord wants_record = [logs](const Decision& decision) {
    return LogDecision(decision, ActionsLogged::All(), logs, /*audited=*/false);
  };
  PROVOST_ASSIGN_OR_RETURN(const RunFiltersOf run, FiltersOf(policy, wants_record));
  PolicyCost cost;
  for (const std::shared_ptr<const Rule>& rule : policy.rules()) {
    cost.rules.push_back({rule.get(), {}});
  }
  cost.rules.push_back({&policy.default_rule(), {}});
  for (const Arch arch : kAllArches) {
    if (!policy.Lists(arch)) continue;
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      PROVOST_RETURN_IF_ERROR(AddCall(policy, run, call, wants_record, cost));
    }
  }
  PROVOST_RETURN_IF_ERROR(CountCalls(run, cost.filters));
  return cost;
}

}  // namespace provost
