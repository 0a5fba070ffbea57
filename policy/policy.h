#ifndef PROVOST_POLICY_POLICY_H_
#define PROVOST_POLICY_POLICY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/policy_state.h"
#include "policy/predicate.h"
#include "policy/rule_state.h"
#include "policy/verdict.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {

// Where a rule stands in its source; lines and columns count from 1, columns in bytes. line 0:
// built in code.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
};

// The container that a policy puts the tasks into, `container N`.
struct ContainerLabel {
  static constexpr uint64_t kUnset = UINT64_MAX;  // "none": not to be given

  uint64_t contid = kUnset;
  SourceLocation where;
};

// What a policy says of hardening (policy/harden.h): `harden on` or `harden off`.
struct HardenSetting {
  bool on = true;
  SourceLocation where;
};

// A rule as its author wrote it.
struct Rule {
  std::string name;  // from `as "…"`, else "file:line"
  SourceLocation where;
  std::string text;  // the statement, for messages
  Verdict verdict;
  RecordWish wish = RecordWish::kUnsaid;
  // What else must hold for it to match, and counts: beside BoundRule::condition.
  std::optional<RuleState> state = std::nullopt;

  Decision decision() const { return {verdict, wish, name}; }
};

// A rule as it applies to one call of one architecture.
struct BoundRule {
  const Rule* rule;     // owned by the Policy
  Predicate condition;  // null: always

  // True if it matches every call it is for.
  bool IsUnconditional() const { return condition == nullptr && !rule->state.has_value(); }
};

// An immutable set of rules with one meaning; cheap to copy (shared). Thread-safe.
//
// What a call gets, in this order (the filter compiler and Decide agree on it, and tests hold them
// equal):
//   1. x32, numbers with bit 30 or 31 set (-1 too), an architecture provost does not know or `arch`
//      does not list: Deny{ENOSYS}, rule "arch".
//   2. rt_sigreturn, sigreturn, exit, exit_group, restart_syscall: never refused. Rules that refuse
//      do not apply to them; the first that lets run and matches decides, else Allow, rule
//      "always".
//   3. The first rule for the call whose condition matches.
//   4. A number without a row in SyscallTable: Deny{ENOSYS}, rule "unknown", if the default lets
//      calls run; else the default.
//   5. The default, rule "default".
class Policy {
 public:
  // The policy that allows everything.
  Policy();

  // `state` is what rules that count know of the run so far, and learns of this call. For one
  // decision out of a run, a fresh PolicyState makes it the first.
  Decision Decide(const SyscallRequest& request, ArgumentReader& arguments,
                  PolicyState& state) const;
  // The decision where there is nobody to ask: for `ask` what the default says, under the name of
  // the rule that would have asked, and on record if that rule wishes it to be. Others stay.
  Decision WithoutAsking(Decision decision) const;
  // True if some rule counts.
  bool HasState() const;

  // The rules of one call, in order; empty if none. `nr` may be any number. Rules that refuse are
  // left out for calls that are never refused.
  absl::Span<const BoundRule> RulesFor(Arch arch, int32_t nr) const;
  // The rule that decides a call when none of RulesFor does: "always", "unknown", "arch" or the
  // default. `nr` may be any number.
  const Rule& OtherwiseFor(Arch arch, int32_t nr) const;
  // The rule "arch" (1. above).
  const Rule& ArchRule() const;
  // Every rule in order, those too that bind to no call.
  absl::Span<const std::shared_ptr<const Rule>> rules() const;
  // The default as a rule; its name is "default".
  const Rule& default_rule() const;
  bool Lists(Arch arch) const;
  // `logging on` stands in the policy: refusals whose rule says nothing of it wish to be recorded
  // (RecordWish::kLog in their decisions).
  bool logging() const;
  // What `container` says, if it stands in the policy.
  const std::optional<ContainerLabel>& container() const;
  // What `harden` says, if it stands in the policy.
  const std::optional<HardenSetting>& harden() const;

  // True for the calls that are never refused (2. above).
  static bool IsNeverRefused(Arch arch, int32_t nr);

 private:
  friend class PolicyBuilder;
  struct Data;
  explicit Policy(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// Builds a Policy from code; the parser builds through it too. Keeps its first error and returns it
// from Build() as kInvalidArgument (or as its binder gave it), so that calls chain without checks.
// Order matters for rules only. Not thread-safe.
//
//   Policy policy = *PolicyBuilder().Default(Allow{}).Add({.verdict = Deny{EPERM}},
//                                                         {"ptrace"}).Build();
class PolicyBuilder {
 public:
  // Makes the condition of a rule for one call, or null for "always". Called once for each
  // (architecture, number) ruled, from Build().
  using Binder = std::function<absl::StatusOr<Predicate>(const Syscall& syscall)>;

  // The architectures whose calls are ruled; all others are refused. Without it: kAllArches.
  PolicyBuilder& Arches(absl::Span<const Arch> arches);
  // Without it: Allow. A later one replaces an earlier one.
  PolicyBuilder& Default(Verdict verdict, RecordWish wish = RecordWish::kUnsaid);
  PolicyBuilder& Logging(bool on);
  // A later one replaces an earlier one. kUnset is an error.
  PolicyBuilder& Container(ContainerLabel label);
  // A later one replaces an earlier one.
  PolicyBuilder& Harden(HardenSetting setting);
  // Adds a rule behind those already added. Each name must be a call of some listed architecture;
  // it binds on every listed architecture that has it. No names: a rule that binds nothing. An
  // empty rule.name becomes "rule-N", N counted from 1.
  PolicyBuilder& Add(Rule rule, absl::Span<const absl::string_view> calls, Binder binder = nullptr);
  // Leaves the builder as it was: it can go on and build again.
  absl::StatusOr<Policy> Build() const;

 private:
  struct Entry {
    std::shared_ptr<const Rule> rule;
    std::vector<std::string> calls;
    Binder binder;
  };

  absl::Status CheckVerdict(absl::string_view rule, const Verdict& verdict) const;
  static absl::Status CheckFits(const Rule& rule, const Syscall& syscall);
  absl::Status Bind(const Entry& entry, const Rule& rule, Policy::Data& data) const;
  absl::StatusOr<bool> BindSubCalls(absl::string_view name, const Binder& binder, const Rule& rule,
                                    Policy::Data& data) const;

  absl::Status status_;
  std::vector<Arch> arches_ = {kAllArches.begin(), kAllArches.end()};
  Rule default_rule_;
  bool logging_ = false;
  std::optional<ContainerLabel> container_;
  std::optional<HardenSetting> harden_;
  std::vector<Entry> entries_;
};

// The policy as a Decider, with nobody to ask. Holds its own copy.
class PolicyDecider final : public Decider {
 public:
  explicit PolicyDecider(Policy policy, StateOptions options = {})
      : policy_(std::move(policy)), state_(std::move(options)) {}
  Decision Decide(const SyscallRequest& request, ArgumentReader& arguments) override {
    return policy_.WithoutAsking(policy_.Decide(request, arguments, state_));
  }
  bool counts() const override { return policy_.HasState(); }
  void ProgramStarted() override { state_.Reset(); }
  void TaskEnded(pid_t tid) override { state_.Forget(tid); }

 private:
  Policy policy_;
  PolicyState state_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_POLICY_H_
