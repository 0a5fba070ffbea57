#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/rewrite.h"
#include "policy/rule_index.h"
#include "syscalls/sub_calls.h"

namespace provost {
namespace {

// The kernel's MAX_ERRNO (linux/err.h): what seccomp and the syscall ABI take for an errno.
constexpr int kMaxErrno = 4095;

// ERESTARTSYS to ERESTART_RESTARTBLOCK (linux/errno.h in the kernel).
constexpr int kFirstRestart = 512;
constexpr int kLastRestart = 516;

// Numbers from here on are x32's or negative.
constexpr uint32_t kNumberLimit = kX32Bit;

constexpr std::array<absl::string_view, 5> kNeverRefused = {"rt_sigreturn", "sigreturn", "exit",
                                                            "exit_group", "restart_syscall"};

// Static and never destroyed, so that decisions may point at the name for ever.
const Rule& AlwaysRule() {
  static const Rule* const rule = new Rule{.name = "always", .verdict = Allow{}};
  return *rule;
}

// What `logging on` makes of a rule's wish.
void WishToBeRecorded(Rule& rule) {
  // It is the default's wish that counts: WithoutAsking.
  if (std::holds_alternative<Ask>(rule.verdict)) return;
  if (Refuses(rule.verdict) && rule.wish == RecordWish::kUnsaid) rule.wish = RecordWish::kLog;
}

bool ConditionHolds(const BoundRule& bound, const SyscallRequest& request,
                    ArgumentReader& arguments) {
  if (bound.condition == nullptr) return true;
  switch (Evaluate(bound.condition, request, arguments)) {
    case Truth::kFalse:
      return false;
    case Truth::kUnknown:
      return Refuses(bound.rule->verdict);
    case Truth::kTrue:
      return true;
  }
  return false;
}

bool Matches(const BoundRule& bound, const SyscallRequest& request, ArgumentReader& arguments,
             PolicyState& state) {
  const auto* emulate = std::get_if<Emulate>(&bound.rule->verdict);
  if (emulate != nullptr && arguments.HasEmulated(*emulate->emulation)) return false;
  if (!ConditionHolds(bound, request, arguments)) return false;
  const std::optional<RuleState>& counts = bound.rule->state;
  if (!counts.has_value()) return true;
  // Processes whose id cannot be read are counted together.
  const pid_t process =
      counts->each_process
          ? static_cast<pid_t>(arguments.ReadTaskNumber(TaskField::kPid).value_or(0))
          : 0;
  return state.Count(*counts, process, arguments.counted());
}

std::optional<size_t> IndexOf(uint32_t arch) {
  for (size_t i = 0; i < kAllArches.size(); ++i) {
    if (static_cast<uint32_t>(kAllArches[i]) == arch) return i;
  }
  return std::nullopt;
}

}  // namespace

struct Policy::Data {
  struct Call {
    std::vector<BoundRule> rules;
    const Rule* otherwise;
    std::optional<RuleIndex> index = std::nullopt;
  };
  struct ArchTable {
    bool listed = false;
    std::vector<Call> calls;  // by number
  };

  std::array<ArchTable, kAllArches.size()> arches;
  std::vector<std::shared_ptr<const Rule>> rules;
  Rule default_rule;
  Rule arch_rule = {.name = "arch", .verdict = Deny{ENOSYS}};
  Rule unknown_rule = {.name = "unknown", .verdict = Deny{ENOSYS}};
  const Rule* unknown = nullptr;  // decides numbers without a row
  bool logging = false;
  std::optional<ContainerLabel> container;
  std::optional<HardenSetting> harden;

  // Fills `arches` with calls that have no rules yet; default_rule is final by now.
  void MakeTables(absl::Span<const Arch> listed) {
    unknown = Refuses(default_rule.verdict) ? &default_rule : &unknown_rule;
    for (const Arch arch : listed) {
      ArchTable& table = arches[*IndexOf(static_cast<uint32_t>(arch))];
      table.listed = true;
      table.calls.assign(SyscallTable::Get().Limit(arch), Call{{}, unknown});
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        table.calls[syscall.nr].otherwise =
            IsNeverRefused(arch, syscall.nr) ? &AlwaysRule() : &default_rule;
      }
    }
  }

  void MakeIndices() {
    for (ArchTable& table : arches) {
      for (Call& call : table.calls) call.index = RuleIndex::Build(ConditionsOf(call));
    }
  }

  static std::vector<Predicate> ConditionsOf(const Call& call) {
    std::vector<Predicate> conditions;
    conditions.reserve(call.rules.size());
    for (const BoundRule& bound : call.rules) conditions.push_back(bound.condition);
    return conditions;
  }

  // The first rule of the call that matches, as if each were asked in turn.
  static const Rule* FirstMatch(const Call& call, const SyscallRequest& request,
                                ArgumentReader& arguments, PolicyState& state) {
    const absl::Span<const BoundRule> rules = call.rules;
    std::optional<RuleIndex::Candidates> candidates;
    for (size_t i = 0; i < rules.size(); ++i) {
      if (call.index.has_value() && i >= call.index->first() && !candidates.has_value()) {
        // Reading memory is what costs: not before a condition asks for it.
        if (RegistersExclude(rules[i].condition, request)) continue;
        candidates = call.index->Find(request, arguments);
        if (candidates.has_value()) break;
      }
      if (Matches(rules[i], request, arguments, state)) return rules[i].rule;
    }
    if (!candidates.has_value()) return nullptr;
    while (const std::optional<size_t> i = candidates->Next()) {
      if (Matches(rules[*i], request, arguments, state)) return rules[*i].rule;
    }
    return nullptr;
  }

  const ArchTable* FindTable(uint32_t arch) const {
    const std::optional<size_t> index = IndexOf(arch);
    if (!index.has_value() || !arches[*index].listed) return nullptr;
    return &arches[*index];
  }

  static const Call* FindCall(const ArchTable& table, int32_t nr) {
    const auto number = static_cast<uint32_t>(nr);
    return number < table.calls.size() ? &table.calls[number] : nullptr;
  }
};

Policy::Policy() {
  static const auto* const kAllowAll = new std::shared_ptr<const Data>([] {
    auto data = std::make_shared<Data>();
    data->default_rule.name = "default";
    data->MakeTables(kAllArches);
    return data;
  }());
  data_ = *kAllowAll;
}

Decision Policy::Decide(const SyscallRequest& request, ArgumentReader& arguments,
                        PolicyState& state) const {
  const Data::ArchTable* table = data_->FindTable(request.arch);
  if (table == nullptr || static_cast<uint32_t>(request.nr) >= kNumberLimit) {
    return ArchRule().decision();
  }
  const Data::Call* call = Data::FindCall(*table, request.nr);
  if (call == nullptr) return data_->unknown->decision();
  const Rule* rule = Data::FirstMatch(*call, request, arguments, state);
  return (rule != nullptr ? rule : call->otherwise)->decision();
}

absl::Span<const BoundRule> Policy::RulesFor(Arch arch, int32_t nr) const {
  const Data::ArchTable* table = data_->FindTable(static_cast<uint32_t>(arch));
  if (table == nullptr) return {};
  const Data::Call* call = Data::FindCall(*table, nr);
  if (call == nullptr) return {};
  return call->rules;
}

const Rule& Policy::OtherwiseFor(Arch arch, int32_t nr) const {
  const Data::ArchTable* table = data_->FindTable(static_cast<uint32_t>(arch));
  if (table == nullptr || static_cast<uint32_t>(nr) >= kNumberLimit) return ArchRule();
  const Data::Call* call = Data::FindCall(*table, nr);
  return call != nullptr ? *call->otherwise : *data_->unknown;
}

const Rule& Policy::ArchRule() const { return data_->arch_rule; }

absl::Span<const std::shared_ptr<const Rule>> Policy::rules() const { return data_->rules; }

Decision Policy::WithoutAsking(Decision decision) const {
  if (!std::holds_alternative<Ask>(decision.verdict)) return decision;
  const Rule& instead = data_->default_rule;
  decision.verdict = instead.verdict;
  const bool recorded = AsksForRecord(decision.wish);
  if (recorded && std::holds_alternative<Allow>(instead.verdict)) decision.verdict = Log{};
  if (decision.wish == RecordWish::kUnsaid) decision.wish = instead.wish;
  return decision;
}

bool Policy::HasState() const {
  return std::any_of(data_->rules.begin(), data_->rules.end(),
                     [](const auto& rule) { return rule->state.has_value(); });
}

const Rule& Policy::default_rule() const { return data_->default_rule; }

bool Policy::Lists(Arch arch) const {
  return data_->FindTable(static_cast<uint32_t>(arch)) != nullptr;
}

bool Policy::logging() const { return data_->logging; }

const std::optional<ContainerLabel>& Policy::container() const { return data_->container; }

const std::optional<HardenSetting>& Policy::harden() const { return data_->harden; }

bool Policy::IsNeverRefused(Arch arch, int32_t nr) {
  const Syscall* syscall = SyscallTable::Get().Find(arch, nr);
  return syscall != nullptr && std::find(kNeverRefused.begin(), kNeverRefused.end(),
                                         syscall->signature->name) != kNeverRefused.end();
}

PolicyBuilder& PolicyBuilder::Arches(absl::Span<const Arch> arches) {
  if (arches.empty()) status_.Update(absl::InvalidArgumentError("no architecture is listed"));
  for (const Arch arch : arches) {
    if (!IndexOf(static_cast<uint32_t>(arch)).has_value()) {
      status_.Update(absl::InvalidArgumentError(
          absl::StrCat("unknown architecture 0x", absl::Hex(static_cast<uint32_t>(arch)))));
    }
  }
  arches_.assign(arches.begin(), arches.end());
  return *this;
}

PolicyBuilder& PolicyBuilder::Default(Verdict verdict, RecordWish wish) {
  status_.Update(CheckVerdict("default", verdict));
  default_rule_.verdict = std::move(verdict);
  default_rule_.wish = wish;
  return *this;
}

PolicyBuilder& PolicyBuilder::Logging(bool on) {
  logging_ = on;
  return *this;
}

PolicyBuilder& PolicyBuilder::Container(ContainerLabel label) {
  if (label.contid == ContainerLabel::kUnset) {
    status_.Update(absl::InvalidArgumentError(absl::StrCat(
        "container ", label.contid, ": this number stands for a task without a container")));
  }
  container_ = std::move(label);
  return *this;
}

PolicyBuilder& PolicyBuilder::Harden(HardenSetting setting) {
  harden_ = std::move(setting);
  return *this;
}

PolicyBuilder& PolicyBuilder::Add(Rule rule, absl::Span<const absl::string_view> calls,
                                  Binder binder) {
  if (rule.name.empty()) rule.name = absl::StrCat("rule-", entries_.size() + 1);
  status_.Update(CheckVerdict(rule.name, rule.verdict));
  entries_.push_back({std::make_shared<const Rule>(std::move(rule)),
                      std::vector<std::string>(calls.begin(), calls.end()), std::move(binder)});
  return *this;
}

absl::Status PolicyBuilder::CheckVerdict(absl::string_view rule, const Verdict& verdict) const {
  if (const auto* deny = std::get_if<Deny>(&verdict)) {
    if (deny->error < 1 || deny->error > kMaxErrno) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule \"", rule, "\": no errno is ", deny->error));
    }
    if (deny->error >= kFirstRestart && deny->error <= kLastRestart) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule \"", rule, "\": ", deny->error,
                       " is a number by which the kernel restarts calls, which no program may see; "
                       "EINTR is what a program knows"));
    }
  }
  if (const auto* result = std::get_if<Return>(&verdict)) {
    if (result->value < 0 && result->value >= -kMaxErrno) {
      return absl::InvalidArgumentError(absl::StrCat("rule \"", rule, "\": returning ",
                                                     result->value, " is denying with errno ",
                                                     -result->value));
    }
  }
  const auto* emulate = std::get_if<Emulate>(&verdict);
  const auto* rewrite = std::get_if<Rewrite>(&verdict);
  if ((emulate != nullptr && emulate->emulation == nullptr) ||
      (rewrite != nullptr && (rewrite->settings == nullptr || rewrite->settings->empty()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("rule \"", rule, "\" does not say what to emulate or rewrite"));
  }
  const bool is_default = rule == "default";
  if (is_default &&
      (emulate != nullptr || rewrite != nullptr || std::holds_alternative<Ask>(verdict))) {
    return absl::InvalidArgumentError("the default cannot emulate, rewrite or ask");
  }
  return absl::OkStatus();
}

// A rule that rewrites what a call does not have would let it run as it is.
absl::Status PolicyBuilder::CheckFits(const Rule& rule, const Syscall& syscall) {
  const auto* rewrite = std::get_if<Rewrite>(&rule.verdict);
  if (rewrite == nullptr) return absl::OkStatus();
  for (const Setting& setting : *rewrite->settings) {
    if (SettableArgument(syscall, setting.argument).has_value()) continue;
    return absl::InvalidArgumentError(absl::StrCat("rule \"", rule.name,
                                                   "\": ", syscall.signature->name,
                                                   " has no argument \"", setting.argument, "\""));
  }
  return absl::OkStatus();
}

namespace {

Predicate Node(PredicateNode node) {
  return std::make_shared<const PredicateNode>(std::move(node));
}

// The condition on a multiplexer's registers and memory under which it is asked for `call` and
// `condition` holds of that.
Predicate ConditionOf(const SubCall& call, const Predicate& condition) {
  constexpr uint64_t kCode = 0xffff;
  constexpr uint64_t kVersion = 0xffff0000;
  const Argument& argument = call.multiplexer->signature->args[0];
  const ArgWidth width = WidthOn(Arch::kI386, argument);
  const auto code_is = [width](uint64_t mask, CompareOp op, uint64_t value) {
    return Node({Compare{.arg = 0, .width = width, .mask = mask, .op = op, .value = value}});
  };
  std::vector<Predicate> all = {
      code_is(argument.kept_bits != 0 ? kCode : ~uint64_t{0}, CompareOp::kEq, call.code)};
  if (call.version != SubCall::Version::kAny) {
    const bool is_zero = call.version == SubCall::Version::kZero;
    all.push_back(code_is(kVersion, is_zero ? CompareOp::kEq : CompareOp::kNe, 0));
  }
  if (condition != nullptr) {
    const bool is_constant = std::holds_alternative<Constantly>(condition->node);
    all.push_back(is_constant ? condition : Node({OfSubCall{&call, condition}}));
  }
  return all.size() == 1 ? all.front() : Node({AllOf{std::move(all)}});
}

}  // namespace

// Rules for connect are rules for i386's socketcall(SYS_CONNECT, ...) as well. False if no
// multiplexer of the policy's architectures makes the call.
absl::StatusOr<bool> PolicyBuilder::BindSubCalls(absl::string_view name, const Binder& binder,
                                                 const Rule& rule, Policy::Data& data) const {
  if (std::find(arches_.begin(), arches_.end(), Arch::kI386) == arches_.end()) return false;
  // What these change and answer are the multiplexer's own registers.
  const bool by_registers = std::holds_alternative<Rewrite>(rule.verdict) ||
                            std::holds_alternative<Emulate>(rule.verdict);
  bool found = false;
  for (const SubCall& call : SubCalls()) {
    if (call.syscall.signature->name != name) continue;
    found = true;
    if (by_registers) continue;
    std::vector<BoundRule>& rules =
        data.arches[*IndexOf(static_cast<uint32_t>(Arch::kI386))].calls[call.multiplexer->nr].rules;
    // The rule is for all that the multiplexer does.
    if (!rules.empty() && rules.back().rule == &rule && rules.back().condition == nullptr) continue;
    Predicate condition;
    if (binder != nullptr) {
      PROVOST_ASSIGN_OR_RETURN(condition, binder(call.syscall));
    }
    rules.push_back({&rule, ConditionOf(call, condition)});
  }
  return found;
}

absl::Status PolicyBuilder::Bind(const Entry& entry, const Rule& rule, Policy::Data& data) const {
  std::vector<std::string> unknown;
  for (const std::string& name : entry.calls) {
    bool found = false;
    for (const Arch arch : arches_) {
      const Syscall* syscall = SyscallTable::Get().Find(arch, name);
      if (syscall == nullptr) continue;
      found = true;
      const bool may_refuse =
          Refuses(rule.verdict) && !std::holds_alternative<Emulate>(rule.verdict);
      if (may_refuse && Policy::IsNeverRefused(arch, syscall->nr)) continue;
      std::vector<BoundRule>& rules =
          data.arches[*IndexOf(static_cast<uint32_t>(arch))].calls[syscall->nr].rules;
      const bool again = !rules.empty() && rules.back().rule == &rule;
      if (again) continue;
      PROVOST_RETURN_IF_ERROR(CheckFits(rule, *syscall));
      Predicate condition;
      if (entry.binder != nullptr) {
        PROVOST_ASSIGN_OR_RETURN(condition, entry.binder(*syscall));
      }
      rules.push_back({&rule, std::move(condition)});
    }
    if (!found) unknown.push_back(name);
  }
  // Behind the calls themselves, so that a rule for all of a multiplexer is seen to be one.
  for (const std::string& name : entry.calls) {
    PROVOST_ASSIGN_OR_RETURN(const bool found, BindSubCalls(name, entry.binder, rule, data));
    if (!found && std::find(unknown.begin(), unknown.end(), name) != unknown.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("rule \"", rule.name,
                       "\": no architecture of the policy has a call named \"", name, "\""));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Policy> PolicyBuilder::Build() const {
  PROVOST_RETURN_IF_ERROR(status_);
  auto data = std::make_shared<Policy::Data>();
  data->default_rule = default_rule_;
  data->default_rule.name = "default";
  data->logging = logging_;
  data->container = container_;
  data->harden = harden_;
  if (logging_) {
    WishToBeRecorded(data->default_rule);
    WishToBeRecorded(data->arch_rule);
    WishToBeRecorded(data->unknown_rule);
  }
  data->MakeTables(arches_);
  for (const Entry& entry : entries_) {
    auto rule = std::make_shared<Rule>(*entry.rule);
    if (logging_) WishToBeRecorded(*rule);
    if (rule->state.has_value()) rule->state->rule = static_cast<uint32_t>(data->rules.size());
    data->rules.push_back(rule);
    PROVOST_RETURN_IF_ERROR(Bind(entry, *rule, *data));
  }
  data->MakeIndices();
  return Policy(std::move(data));
}

}  // namespace provost
