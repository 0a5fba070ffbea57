#include "tools/cli/doctor.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/stack.h"
#include "supervisor/kernel_features.h"
#include "supervisor/supervisor.h"
#include "tools/attack/attack_runner.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

const char* PresenceName(Presence presence) {
  switch (presence) {
    case Presence::kMissing:
      return "missing";
    case Presence::kUnknown:
      return "unknown";
    case Presence::kPresent:
      return "present";
  }
  return "unknown";
}

struct DoctorArguments {
  PolicyArguments policies;
  bool attack = false;
  bool json = false;
};

bool IsFatal(const KernelFeature& feature) {
  return feature.needed && feature.presence == Presence::kMissing;
}

void PrintText(const std::vector<KernelFeature>& features) {
  for (const KernelFeature& feature : features) {
    std::cout << PresenceName(feature.presence) << "  " << feature.name;
    if (!feature.value.empty()) std::cout << " = " << feature.value;
    const bool say = feature.presence != Presence::kPresent || !feature.value.empty();
    if (say && !feature.cost.empty()) std::cout << ": " << feature.cost;
    std::cout << "\n";
  }
}

nlohmann::ordered_json ToJson(const std::vector<KernelFeature>& features) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const KernelFeature& feature : features) {
    array.push_back({{"name", feature.name},
                     {"presence", PresenceName(feature.presence)},
                     {"value", feature.value},
                     {"cost", feature.cost},
                     {"needed", feature.needed}});
  }
  return array;
}

const char* ResultName(AttackOutcome::Result result) {
  switch (result) {
    case AttackOutcome::Result::kRefused:
      return "refused";
    case AttackOutcome::Result::kGotThrough:
      return "got through";
    case AttackOutcome::Result::kNotHere:
      return "not here";
  }
  return "unknown";
}

// What `execveat` is a way around, where no policy is named.
constexpr char kExecRule[] = "deny EACCES execve as \"attack\"";

int TryAttacks(const DoctorArguments& arguments) {
  PolicyArguments named = arguments.policies;
  if (named.empty()) named.statements = {kExecRule};
  std::optional<std::vector<ParsedPolicy>> parsed = LoadPolicies(named);
  if (!parsed) return kExitUsage;
  Options options;
  for (ParsedPolicy& policy : *parsed) options.policies.push_back(std::move(policy.policy));
  if (const auto harden = CommonHardening(options.policies); !harden.ok()) {
    Complain(std::string(harden.status().message()));
    return kExitUsage;
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  size_t got_through = 0;
  for (const Attack& attack : AllAttacks()) {
    const absl::StatusOr<AttackOutcome> outcome = RunAttack(attack, options);
    if (!outcome.ok()) {
      Complain(std::string(outcome.status().message()));
      return kExitFailure;
    }
    const bool is_through = outcome->result == AttackOutcome::Result::kGotThrough;
    if (is_through) ++got_through;
    if (arguments.json) {
      json.push_back({{"name", attack.name},
                      {"what", attack.what},
                      {"result", ResultName(outcome->result)},
                      {"note", outcome->note}});
      continue;
    }
    std::cout << ResultName(outcome->result) << "  " << attack.name << ": " << attack.what;
    if (!outcome->note.empty()) std::cout << " (" << outcome->note << ")";
    std::cout << std::endl;
  }
  if (arguments.json) {
    std::cout << Dump({{"got_through", got_through}, {"attacks", std::move(json)}});
  } else {
    std::cout << AllAttacks().size() << " attacks, " << got_through << " got through\n";
  }
  return got_through == 0 ? 0 : 1;
}

int Doctor(bool json) {
  const std::vector<KernelFeature> features = DescribeKernel(ProbeKernel());
  const bool fatal = std::any_of(features.begin(), features.end(), IsFatal);
  if (json) {
    std::cout << Dump({{"can_run", !fatal}, {"features", ToJson(features)}});
  } else {
    PrintText(features);
    std::cout << (fatal ? "provost cannot run here\n" : "provost can run here\n");
  }
  return fatal ? 1 : 0;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* command =
      app.add_subcommand("doctor", "say what this kernel has, and what is lost by what it has not");
  command->formatter(HelpWithUsage("provost doctor [--json] [--attack [-p FILE]... [-e RULE]...]"));
  command->add_flag("--attack", arguments->attack,
                    "try ways around a filter and against a supervisor, under the policies given, "
                    "and say which got through");
  AddPolicyOptions(*command, arguments->policies);
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer(
      "Exit status: 0 provost can run here, 1 it cannot. With --attack: 0 if no attack got "
      "through, else 1.");
  command->callback([&chosen, arguments] {
    chosen = [arguments] {
      if (arguments->attack) return TryAttacks(*arguments);
      if (arguments->policies.empty()) return Doctor(arguments->json);
      Complain("doctor: policies are for --attack; give it, or leave them out");
      return kExitUsage;
    };
  });
}

}  // namespace provost
