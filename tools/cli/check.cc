#include "tools/cli/check.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/bpf.h"
#include "policy/filter_compiler.h"
#include "policy/findings.h"
#include "policy/parser.h"
#include "supervisor/rule_cost.h"
#include "tools/cli/cost_output.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct CheckArguments {
  PolicyArguments policies;
  bool bpf = false;
  bool json = false;
  bool cost = false;
  bool log = false;
};

void PrintText(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    std::cout << FormatWarning({finding.where, finding.message}) << " [" << finding.kind << "]\n";
    if (!finding.mend.empty()) std::cout << "  " << finding.mend << "\n";
  }
}

nlohmann::ordered_json ToJson(const std::vector<Finding>& findings) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    array.push_back({{"file", finding.where.file},
                     {"line", finding.where.line},
                     {"column", finding.where.column},
                     {"kind", finding.kind},
                     {"message", finding.message},
                     {"mend", finding.mend}});
  }
  return array;
}

// "1 rule", "2 rules".
std::string Count(size_t number, const char* thing) {
  return absl::StrCat(number, " ", thing, number == 1 ? "" : "s");
}

// Compiles the policy, too: one that does not fit into a filter cannot be run.
int CheckOne(const std::string& name, const ParsedPolicy& parsed, const CheckArguments& arguments,
             nlohmann::ordered_json& json) {
  const std::vector<Finding> findings = AllFindings(parsed);
  if (arguments.json) {
    for (auto& finding : ToJson(findings)) json.push_back(std::move(finding));
  } else {
    PrintText(findings);
  }
  const absl::StatusOr<BpfProgram> filter = CompileFilter(parsed.policy, FilterOptions());
  if (!filter.ok()) {
    std::cout.flush();
    Complain(absl::StrCat(name, ": ", filter.status().message()));
    return kExitUsage;
  }
  if (arguments.json) return 0;
  std::cout << name << ": " << Count(parsed.policy.rules().size(), "rule") << ", default "
            << VerdictToString(parsed.policy.default_rule().verdict) << ", a filter of "
            << Count(filter->size(), "instruction");
  if (!findings.empty()) std::cout << ", " << Count(findings.size(), "warning");
  std::cout << "\n";
  if (arguments.bpf) std::cout << DisassembleBpf(*filter);
  return 0;
}

int CostOfOne(const std::string& name, const ParsedPolicy& parsed, const CheckArguments& arguments,
              nlohmann::ordered_json& json) {
  const absl::StatusOr<PolicyCost> cost = CostOf(parsed.policy, arguments.log);
  if (!cost.ok()) {
    std::cout.flush();
    Complain(absl::StrCat(name, ": ", cost.status().message()));
    return kExitUsage;
  }
  if (arguments.json) {
    json.push_back(CostToJson(name, *cost, arguments.log));
  } else {
    std::cout << CostToText(name, *cost, arguments.log);
  }
  return 0;
}

int Check(const CheckArguments& arguments) {
  if (arguments.policies.empty()) {
    Complain("check: name a policy file, or give statements with -e; see `provost check --help`");
    return kExitUsage;
  }
  const std::optional<std::vector<ParsedPolicy>> parsed = LoadPolicies(arguments.policies);
  if (!parsed) return kExitUsage;
  int status = 0;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (size_t i = 0; i < parsed->size(); ++i) {
    const std::string name =
        i < arguments.policies.files.size() ? arguments.policies.files[i] : "-e";
    const int one = arguments.cost ? CostOfOne(name, (*parsed)[i], arguments, json)
                                   : CheckOne(name, (*parsed)[i], arguments, json);
    if (one != 0) status = one;
  }
  if (arguments.json) std::cout << Dump(json);
  return status;
}

}  // namespace

void AddCheckCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = app.add_subcommand(
      "check",
      "check a policy without running anything: errors, and warnings of what it leaves open");
  command->formatter(HelpWithUsage("provost check [options] [FILE...]"));
  AddPolicyOptions(*command, arguments->policies);
  command->add_flag("--bpf", arguments->bpf, "print the filter the policy compiles to");
  CLI::Option* json = command->add_flag("--json", arguments->json,
                                        "print the warnings as a JSON array of {file, line, "
                                        "column, kind, message, mend}; with --cost "
                                        "one of {policy, log, rules, filters}");
  json->excludes("--bpf");
  command
      ->add_flag("--cost", arguments->cost,
                 "say instead for each rule where its calls are decided, and why: in the kernel, "
                 "which costs what the filter costs, or by the tracer, at one stop or two")
      ->excludes("--bpf");
  command
      ->add_flag("--log", arguments->log,
                 "with --cost: as `provost run -o` has it, which records refusals")
      ->needs("--cost");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("file", *files, "policy files, as with -p")->type_name("FILE");
  command->callback([&chosen, arguments, files] {
    arguments->policies.files.insert(arguments->policies.files.end(), files->begin(), files->end());
    chosen = [arguments] { return Check(*arguments); };
  });
}

}  // namespace provost
