#include "tools/cli/cost_output.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Of a rule for many calls only so many are named.
constexpr size_t kMostNames = 8;

std::string Where(const CallCost& call) {
  if (!call.by_tracer) return "kernel";
  const std::string tracer =
      absl::StrCat("tracer, ", call.stops, call.stops == 1 ? " stop" : " stops");
  return call.by_kernel ? absl::StrCat("kernel or ", tracer, ", by its registers") : tracer;
}

std::string WhatItDoes(const CallCost& call) {
  std::string text = Where(call);
  if (call.copies) absl::StrAppend(&text, ", a copy of what was read");
  if (call.recorded) absl::StrAppend(&text, ", a record");
  if (!call.reasons.empty()) {
    absl::StrAppend(&text, "; it ", absl::StrJoin(call.reasons, ", "));
  }
  return text;
}

// "openat, open (x86_64), mmap2 (i386)".
std::string Names(const std::vector<const CallCost*>& calls) {
  std::vector<std::pair<std::string, std::vector<absl::string_view>>> names;
  std::map<std::string, size_t> places;
  for (const CallCost* call : calls) {
    const auto [place, is_new] = places.emplace(call->name, names.size());
    if (is_new) names.push_back({call->name, {}});
    names[place->second].second.push_back(ArchName(call->arch));
  }
  std::vector<std::string> texts;
  for (const auto& [name, arches] : names) {
    if (texts.size() == kMostNames) break;
    texts.push_back(arches.size() == kAllArches.size()
                        ? name
                        : absl::StrCat(name, " (", absl::StrJoin(arches, ", "), ")"));
  }
  if (names.size() > kMostNames) {
    texts.push_back(absl::StrCat("and ", names.size() - kMostNames, " more"));
  }
  return absl::StrJoin(texts, ", ");
}

std::string PlaceOf(const std::string& name, const Rule& rule) {
  if (rule.where.line == 0) return absl::StrCat(name, ": ", rule.name);
  return absl::StrCat(rule.where.file, ":", rule.where.line, ":", rule.where.column);
}

void AppendRule(const std::string& name, const RuleCost& rule, std::string& text) {
  absl::StrAppend(&text, PlaceOf(name, *rule.rule), rule.rule->text.empty() ? "" : ": ",
                  rule.rule->text, "\n");
  std::vector<std::pair<std::string, std::vector<const CallCost*>>> groups;
  std::map<std::string, size_t> places;
  for (const CallCost& call : rule.calls) {
    const auto [place, is_new] = places.emplace(WhatItDoes(call), groups.size());
    if (is_new) groups.push_back({place->first, {}});
    groups[place->second].second.push_back(&call);
  }
  for (const auto& [what, calls] : groups) {
    absl::StrAppend(&text, "  ", Names(calls), ": ", what, "\n");
  }
  if (groups.empty()) absl::StrAppend(&text, "  decides no call that a rule is for\n");
}

}  // namespace

std::string CostToText(const std::string& name, const PolicyCost& cost, bool logs) {
  std::string text;
  for (const RuleCost& rule : cost.rules) AppendRule(name, rule, text);
  const FilterCost& filters = cost.filters;
  absl::StrAppend(&text, name, ": of the ", filters.calls, " calls of x86_64 ", filters.by_kernel,
                  " never stop (", filters.remembered,
                  " of them are allowed without running a filter), ", filters.by_either,
                  " may stop, by their registers, ", filters.by_tracer, " always do; ",
                  filters.hardening, " may stop for hardening alone\n");
  absl::StrAppend(&text, name, ": ", filters.filters, filters.filters == 1 ? " filter" : " filters",
                  " of ", filters.instructions, " instructions, of which a call executes ",
                  filters.least, " to ", filters.most, "; ",
                  logs ? "with an audit log" : "without an audit log (see --log)", "\n");
  return text;
}

nlohmann::ordered_json CostToJson(const std::string& name, const PolicyCost& cost, bool logs) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const RuleCost& rule : cost.rules) {
    nlohmann::ordered_json calls = nlohmann::ordered_json::array();
    for (const CallCost& call : rule.calls) {
      calls.push_back({{"arch", std::string(ArchName(call.arch))},
                       {"call", call.name},
                       {"kernel", call.by_kernel},
                       {"tracer", call.by_tracer},
                       {"stops", call.stops},
                       {"copy", call.copies},
                       {"record", call.recorded},
                       {"reasons", call.reasons}});
    }
    rules.push_back({{"file", rule.rule->where.file},
                     {"line", rule.rule->where.line},
                     {"rule", rule.rule->name},
                     {"text", rule.rule->text},
                     {"calls", std::move(calls)}});
  }
  const FilterCost& filters = cost.filters;
  return {{"policy", name},
          {"log", logs},
          {"rules", std::move(rules)},
          {"filters",
           {{"filters", filters.filters},
            {"instructions", filters.instructions},
            {"executed_least", filters.least},
            {"executed_most", filters.most},
            {"calls", filters.calls},
            {"kernel", filters.by_kernel},
            {"remembered", filters.remembered},
            {"either", filters.by_either},
            {"tracer", filters.by_tracer},
            {"hardening", filters.hardening}}}};
}

}  // namespace provost
