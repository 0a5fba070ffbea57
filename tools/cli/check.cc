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
#include "policy/checker.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct CheckArguments {
  PolicyArguments policies;
  bool bpf = false;
};

// "1 rule", "2 rules".
std::string Count(size_t number, const char* thing) {
  return absl::StrCat(number, " ", thing, number == 1 ? "" : "s");
}

int CheckOne(const std::string& name, const ParsedPolicy& parsed, bool bpf) {
  std::vector<PolicyWarning> warnings = parsed.warnings;
  for (PolicyWarning& warning : CheckPolicy(parsed.policy)) warnings.push_back(std::move(warning));
  for (const PolicyWarning& warning : warnings) std::cout << FormatWarning(warning) << "\n";

  const absl::StatusOr<BpfProgram> filter = CompileFilter(parsed.policy, FilterOptions());
  if (!filter.ok()) {
    std::cout.flush();
    Complain(absl::StrCat(name, ": ", filter.status().message()));
    return kExitUsage;
  }
  std::cout << name << ": " << Count(parsed.policy.rules().size(), "rule") << ", default "
            << VerdictToString(parsed.policy.default_rule().verdict) << ", a filter of "
            << Count(filter->size(), "instruction");
  if (!warnings.empty()) std::cout << ", " << Count(warnings.size(), "warning");
  std::cout << "\n";
  if (bpf) std::cout << DisassembleBpf(*filter);
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
  for (size_t i = 0; i < parsed->size(); ++i) {
    const std::string name =
        i < arguments.policies.files.size() ? arguments.policies.files[i] : "-e";
    const int one = CheckOne(name, (*parsed)[i], arguments.bpf);
    if (one != 0) status = one;
  }
  return status;
}

}  // namespace

void AddCheckCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = app.add_subcommand("check", "check a policy without running anything");
  command->formatter(HelpWithUsage("provost check [options] [FILE...]"));
  AddPolicyOptions(*command, arguments->policies);
  command->add_flag("--bpf", arguments->bpf, "print the filter the policy compiles to");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("file", *files, "policy files, as with -p")->type_name("FILE");
  command->callback([&chosen, arguments, files] {
    arguments->policies.files.insert(arguments->policies.files.end(), files->begin(), files->end());
    chosen = [arguments] { return Check(*arguments); };
  });
}

}  // namespace provost
