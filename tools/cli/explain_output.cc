#include "tools/cli/explain_output.h"

#include <linux/seccomp.h>

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/call_text.h"
#include "policy/harden.h"
#include "policy/rewrite.h"
#include "policy/stack.h"
#include "policy/verdict.h"
#include "supervisor/filters.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

const char* GivenBy(uint32_t filter) {
  return (filter & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE ? "tracer" : "kernel";
}

std::string NearMissToText(const NearMiss& miss) {
  std::string text = absl::StrCat("  nearest that did not match: ", DescribeRule(*miss.rule), "\n");
  for (const FailedCondition& failed : miss.failed) {
    absl::StrAppend(&text, "    failed: ", failed.condition);
    if (!failed.actual.empty()) absl::StrAppend(&text, "; ", failed.actual);
    text += "\n";
  }
  return text;
}

std::string ExplanationToText(const Explanation& explanation) {
  std::string text = absl::StrCat("  rule: ", DescribeRule(*explanation.rule), "\n");
  if (explanation.by_unknown) {
    text += "    its condition is not known here, which a rule that refuses takes for true\n";
  }
  for (const Rule* rule : explanation.possible) {
    absl::StrAppend(&text, "  it may also be: ", DescribeRule(*rule), "\n");
  }
  if (explanation.nearest.has_value()) text += NearMissToText(*explanation.nearest);
  return text;
}

std::string VerdictOf(const PolicyAnswer& answer) {
  return VerdictToString(answer.explanation.rule->verdict);
}

}  // namespace

namespace {

// What a run has in the kernel, and what each policy alone would.
struct Filters {
  std::vector<BpfProgram> all;
  std::vector<BpfProgram> own;
};

// As `run` compiles them; what is recorded only for the sake of an audit log stays in the kernel.
absl::StatusOr<Filters> FiltersOf(const std::vector<Policy>& stacked, const Policy* harden) {
  const auto compile = [&](const Policy* with) {
    return CompileFilters(
        stacked, /*complain=*/false, ControlNumbers(), [](const Decision&) { return false; }, {},
        with);
  };
  Filters filters;
  PROVOST_ASSIGN_OR_RETURN(filters.own, compile(nullptr));
  PROVOST_ASSIGN_OR_RETURN(filters.all, compile(harden));
  return filters;
}

// Of one call, without what it is rewritten to.
absl::StatusOr<StackAnswer> AskOnce(const std::vector<Policy>& stacked,
                                    const std::vector<NamedPolicy>& policies,
                                    const Filters& filters, const Policy* harden, KnownCall& call) {
  StackAnswer stack;
  for (size_t i = 0; i < policies.size(); ++i) {
    PROVOST_ASSIGN_OR_RETURN(const uint32_t filter,
                             RunBpf(filters.own[i], ToSeccompData(call.request)));
    stack.answers.push_back({policies[i].name, Explain(stacked[i], call), filter});
    const Decision winner = stack.answers[stack.winner].explanation.rule->decision();
    const Decision decision = stack.answers[i].explanation.rule->decision();
    if (!(MoreRestrictive(winner, decision) == winner)) stack.winner = i;
  }
  if (LeavesToHarden(stack.answers[stack.winner].explanation.rule->decision()) &&
      harden != nullptr) {
    const Rule& rule = *Explain(*harden, call).rule;
    if (absl::StartsWith(rule.name, kHardenPrefix)) stack.harden = rule;
  }
  PROVOST_ASSIGN_OR_RETURN(const uint32_t strictest, RunFilters(filters.all, call.request));
  stack.by_kernel = (strictest & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE;
  return stack;
}

// The call that a rewrite makes, with what is then known of it.
KnownCall RewrittenCall(const KnownCall& call, const Rewrite& rewrite) {
  KnownCall rewritten = call;
  rewritten.request = Rewritten(call.request, rewrite);
  const Syscall* syscall = SyscallTable::Get().Find(call.request);
  for (const Setting& setting : *rewrite.settings) {
    const auto index =
        syscall == nullptr ? std::nullopt : SettableArgument(*syscall, setting.argument);
    if (index.has_value()) rewritten.known_args |= static_cast<uint8_t>(1U << *index);
  }
  return rewritten;
}

}  // namespace

absl::StatusOr<StackAnswer> AskStack(const std::vector<NamedPolicy>& policies, KnownCall& call) {
  std::vector<Policy> stacked;
  stacked.reserve(policies.size());
  for (const NamedPolicy& named : policies) stacked.push_back(named.policy);
  PROVOST_ASSIGN_OR_RETURN(const bool hardened, CommonHardening(stacked));
  std::optional<Policy> harden;
  if (hardened) {
    PROVOST_ASSIGN_OR_RETURN(harden, HardenPolicy(stacked, HardenTargets()));
  }
  const Policy* const harden_policy = harden ? &*harden : nullptr;
  PROVOST_ASSIGN_OR_RETURN(const Filters filters, FiltersOf(stacked, harden_policy));
  std::vector<StackAnswer> chain;
  KnownCall asked = call;
  for (int rewrites = 0; rewrites <= kMaxRewrites; ++rewrites) {
    PROVOST_ASSIGN_OR_RETURN(StackAnswer answer,
                             AskOnce(stacked, policies, filters, harden_policy, asked));
    chain.push_back(std::move(answer));
    const Rule* rule = chain.back().answers[chain.back().winner].explanation.rule;
    const auto* rewrite = std::get_if<Rewrite>(&rule->verdict);
    if (rewrite == nullptr) break;
    KnownCall next = RewrittenCall(asked, *rewrite);
    // What a rule makes of its own outcome is that outcome.
    if (next.request.args == asked.request.args && next.known_args == asked.known_args) break;
    chain.back().too_many = rewrites == kMaxRewrites;
    if (!chain.back().too_many) chain.back().rewritten = FormatCall(next.request, next.memory);
    asked = std::move(next);
  }
  while (chain.size() > 1) {
    auto last = std::make_shared<const StackAnswer>(std::move(chain.back()));
    chain.pop_back();
    chain.back().next = std::move(last);
  }
  return std::move(chain.front());
}

std::string DescribeRule(const Rule& rule) {
  const std::string verdict = VerdictToString(rule.verdict);
  if (rule.where.line > 0) {
    return absl::StrCat(rule.where.file, ":", rule.where.line, ": ", rule.text);
  }
  if (rule.name == "default") return absl::StrCat("the default, ", verdict);
  if (rule.name == "arch") return absl::StrCat("none: the policy is not for this ABI, ", verdict);
  if (rule.name == "unknown") {
    return absl::StrCat("none: provost does not know this number, ", verdict);
  }
  if (rule.name == "always") return "none: this call is never refused";
  return absl::StrCat("\"", rule.name, "\", ", verdict);
}

std::string StackAnswerToText(const StackAnswer& answer) {
  const PolicyAnswer& winner = answer.answers[answer.winner];
  std::string text =
      absl::StrCat(VerdictOf(winner), ", given by the ", answer.by_kernel ? "kernel" : "tracer");
  if (answer.answers.size() == 1) {
    absl::StrAppend(&text, " (the filter answers ", SeccompActionToString(winner.filter), ")\n",
                    ExplanationToText(winner.explanation));
  } else {
    absl::StrAppend(&text, ": ", winner.policy, " is the most restrictive\n");
    for (const PolicyAnswer& one : answer.answers) {
      absl::StrAppend(&text, one.policy, ": ", VerdictOf(one), " (its filter answers ",
                      SeccompActionToString(one.filter), ")\n", ExplanationToText(one.explanation));
    }
  }
  if (answer.harden.has_value()) {
    const bool asks = std::holds_alternative<Ask>(answer.harden->verdict);
    absl::StrAppend(&text, "hardening (", answer.harden->name, "): ",
                    asks ? "refused if it is against the supervisor or a way out of supervision"
                         : VerdictToString(answer.harden->verdict),
                    "\n");
  }
  if (answer.too_many) text += "rewritten too often: deny ELOOP\n";
  if (answer.next != nullptr) {
    absl::StrAppend(&text, "rewritten: ", answer.rewritten, ": ", StackAnswerToText(*answer.next));
  }
  return text;
}

nlohmann::ordered_json RuleToJson(const Rule& rule) {
  nlohmann::ordered_json json = {{"name", rule.name}, {"verdict", VerdictToString(rule.verdict)}};
  if (rule.where.line > 0) {
    json["file"] = rule.where.file;
    json["line"] = rule.where.line;
    json["column"] = rule.where.column;
    json["text"] = rule.text;
  }
  return json;
}

nlohmann::ordered_json StackAnswerToJson(const StackAnswer& answer) {
  using Json = nlohmann::ordered_json;
  const PolicyAnswer& winner = answer.answers[answer.winner];
  Json json = {{"verdict", VerdictOf(winner)},
               {"by", answer.by_kernel ? "kernel" : "tracer"},
               {"winner", answer.winner},
               {"policies", Json::array()}};
  for (const PolicyAnswer& one : answer.answers) {
    Json policy = {{"policy", one.policy},
                   {"verdict", VerdictOf(one)},
                   {"by", GivenBy(one.filter)},
                   {"filter", SeccompActionToString(one.filter)},
                   {"rule", RuleToJson(*one.explanation.rule)},
                   {"by_unknown", one.explanation.by_unknown}};
    for (const Rule* rule : one.explanation.possible) {
      policy["possible"].push_back(RuleToJson(*rule));
    }
    if (const auto& miss = one.explanation.nearest; miss.has_value()) {
      Json failed = Json::array();
      for (const FailedCondition& part : miss->failed) {
        failed.push_back({{"condition", part.condition}, {"actual", part.actual}});
      }
      policy["nearest"] = {{"rule", RuleToJson(*miss->rule)}, {"failed", std::move(failed)}};
    }
    json["policies"].push_back(std::move(policy));
  }
  if (answer.harden.has_value()) {
    json["harden"] = {{"rule", answer.harden->name},
                      {"verdict", VerdictToString(answer.harden->verdict)}};
  }
  if (answer.too_many) json["rewritten"] = {{"verdict", "deny ELOOP"}};
  if (answer.next != nullptr) {
    json["rewritten"] = {{"call", answer.rewritten}};
    json["rewritten"].update(StackAnswerToJson(*answer.next));
  }
  return json;
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace provost
