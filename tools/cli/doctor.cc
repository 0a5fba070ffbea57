#include "tools/cli/doctor.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "supervisor/kernel_features.h"
#include "tools/cli/explain_output.h"
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
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("doctor", "say what this kernel has, and what is lost by what it has not");
  command->formatter(HelpWithUsage("provost doctor [--json]"));
  command->add_flag("--json", *json, "print JSON");
  command->footer("Exit status: 0 provost can run here, 1 it cannot.");
  command->callback([&chosen, json] { chosen = [json] { return Doctor(*json); }; });
}

}  // namespace provost
