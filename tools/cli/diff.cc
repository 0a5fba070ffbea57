#include "tools/cli/diff.h"

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "policy/policy_diff.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

constexpr int kExitDifferent = 1;
constexpr size_t kMaxNamed = 12;

struct DiffArguments {
  std::string first;
  std::string second;
  DiffOptions options;
  bool json = false;
};

// Which of the two lets the call run.
const char* Kind(const Difference& difference) {
  const bool first = !Refuses(difference.first->verdict);
  const bool second = !Refuses(difference.second->verdict);
  if (first != second) return first ? "runs under the first only" : "runs under the second only";
  return first ? "runs under both" : "refused by both, differently";
}

void PrintText(const DiffArguments& arguments, const DiffResult& result) {
  for (const Difference& difference : result.differences) {
    std::cout << ArchName(difference.arch) << " " << difference.call << ": " << Kind(difference)
              << "\n  " << arguments.first << ": " << VerdictToString(difference.first->verdict)
              << ": " << DescribeRule(*difference.first) << "\n  " << arguments.second << ": "
              << VerdictToString(difference.second->verdict) << ": "
              << DescribeRule(*difference.second) << "\n";
    if (difference.also.empty()) continue;
    const auto also = absl::MakeConstSpan(difference.also);
    std::cout << "  also: " << absl::StrJoin(also.first(std::min(also.size(), kMaxNamed)), ", ");
    if (also.size() > kMaxNamed) std::cout << " and " << also.size() - kMaxNamed << " more";
    std::cout << "\n";
  }
  std::cout << (result.differences.empty() ? "no difference found" : "different") << ": "
            << result.tried << " calls tried, of " << result.calls << " names and numbers; seed "
            << arguments.options.seed << "\n";
}

void PrintJson(const DiffArguments& arguments, const DiffResult& result) {
  nlohmann::ordered_json json = {{"first", arguments.first},
                                 {"second", arguments.second},
                                 {"seed", arguments.options.seed},
                                 {"tried", result.tried},
                                 {"differences", nlohmann::ordered_json::array()}};
  for (const Difference& difference : result.differences) {
    json["differences"].push_back({{"arch", std::string(ArchName(difference.arch))},
                                   {"call", difference.call},
                                   {"kind", Kind(difference)},
                                   {"first", RuleToJson(*difference.first)},
                                   {"second", RuleToJson(*difference.second)},
                                   {"also", difference.also}});
  }
  std::cout << Dump(json);
}

int Diff(const DiffArguments& arguments) {
  PolicyArguments policies;
  policies.files = {arguments.first, arguments.second};
  const std::optional<std::vector<NamedPolicy>> loaded = LoadNamedPolicies(policies);
  if (!loaded) return kExitUsage;
  const DiffResult result =
      DiffPolicies((*loaded)[0].policy, (*loaded)[1].policy, arguments.options);
  if (arguments.json) {
    PrintJson(arguments, result);
  } else {
    PrintText(arguments, result);
  }
  return result.differences.empty() ? 0 : kExitDifferent;
}

}  // namespace

void AddDiffCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<DiffArguments>();
  CLI::App* command = app.add_subcommand("diff", "find calls that two policies decide differently");
  command->formatter(HelpWithUsage("provost diff [options] FIRST SECOND"));
  command->add_option("first", arguments->first, "a policy file")->type_name("FIRST")->required();
  command->add_option("second", arguments->second, "another")->type_name("SECOND")->required();
  command
      ->add_option("--seed", arguments->options.seed,
                   "what combinations of arguments are drawn from (default 0)")
      ->type_name("N")
      ->check(WholeNumber());
  command
      ->add_option("--samples", arguments->options.samples,
                   "combinations of arguments to try for each call with conditions (default 500)")
      ->type_name("N")
      ->check(WholeNumber(0, 1000000));
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Exit status: 0 no difference was found, 1 one was, 2 wrong usage.");
  command->callback([&chosen, arguments] { chosen = [arguments] { return Diff(*arguments); }; });
}

}  // namespace provost
