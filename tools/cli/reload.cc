#include "tools/cli/reload.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "policy/parser.h"
#include "policy/stack.h"
#include "supervisor/policy_source_json.h"
#include "tools/cli/asked_run.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

namespace provost {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

// How long the tasks are waited for, and how often they are looked at.
constexpr std::chrono::seconds kSwitching(10);
constexpr int kLookMilliseconds = 10;
// Of the calls that a rule refuses, so many are named.
constexpr size_t kMostNamed = 8;

struct ReloadArguments {
  pid_t run = 0;
  PolicyArguments policies;
};

// The request; nullopt if there is a mistake in it, which has been printed.
std::optional<Json> MakeRequest(const PolicyArguments& arguments) {
  if (arguments.empty()) {
    Complain("reload: there is no policy to go on under: give it with -p or -e");
    return std::nullopt;
  }
  const std::optional<std::vector<ParsedPolicy>> parsed = LoadPolicies(arguments);
  if (!parsed) return std::nullopt;
  std::vector<PolicySource> sources;
  std::vector<Policy> policies;
  for (const ParsedPolicy& one : *parsed) {
    for (const PolicyWarning& warning : one.warnings) Complain(FormatWarning(warning));
    sources.push_back(one.source);
    policies.push_back(one.policy);
  }
  for (const absl::Status& status :
       {CommonContainer(policies).status(), CommonHardening(policies).status()}) {
    if (status.ok()) continue;
    Complain(std::string(status.message()));
    return std::nullopt;
  }
  Json request = {{"request", "reload"},
                  {"policies", sources},
                  {"files", AbsoluteFiles(arguments.files)},
                  {"statements", arguments.statements}};
  // What is sent is what was read: nlohmann-json throws at bytes that it could only replace.
  try {
    (void)request.dump();
  } catch (const Json::type_error& error) {
    Complain("reload: a policy is not UTF-8, and cannot be sent as it is: write it in UTF-8");
    return std::nullopt;
  }
  return request;
}

std::string TextOf(const Json& json, const char* name) {
  const auto member = json.find(name);
  return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
}

// "EPERM" of "deny EPERM"; other verdicts in whole.
std::string HowRefused(const std::string& verdict) {
  return std::string(absl::StripPrefix(verdict, "deny "));
}

// What the filters that are in go on refusing.
void TellKept(const Json& answer) {
  const auto kept = answer.find("kept");
  if (kept == answer.end() || !kept->is_array()) return;
  for (const Json& refusal : *kept) {
    std::vector<std::string> calls;
    if (const auto named = refusal.find("calls"); named != refusal.end() && named->is_array()) {
      for (const Json& call : *named) {
        if (call.is_string()) calls.push_back(call.get<std::string>());
      }
    }
    const size_t more = calls.size() - std::min(calls.size(), kMostNamed);
    calls.resize(calls.size() - more);
    Complain(absl::StrCat("rule `", TextOf(refusal, "rule"), "` goes on refusing ",
                          absl::StrJoin(calls, ", "),
                          more > 0 ? absl::StrCat(" and ", more, " more") : "", " (",
                          HowRefused(TextOf(refusal, "verdict")),
                          "): the kernel does that by itself, and a filter cannot be taken off"));
  }
}

uint64_t NumberOf(const Json& json, const char* name) {
  const auto member = json.find(name);
  return member != json.end() && member->is_number_unsigned() ? member->get<uint64_t>() : 0;
}

// Waits until all tasks have changed over; how many have not.
absl::StatusOr<uint64_t> AwaitSwitch(ControlClient& client) {
  const Clock::time_point deadline = Clock::now() + kSwitching;
  while (true) {
    const absl::StatusOr<Json> status = client.Ask({{"request", "status"}}, kAnswerPatience);
    if (!status.ok()) return status.status();
    const uint64_t switching = NumberOf(*status, "switching");
    if (switching == 0 || Clock::now() >= deadline) return switching;
    poll(nullptr, 0, kLookMilliseconds);
  }
}

int Reload(const ReloadArguments& arguments) {
  const std::optional<Json> request = MakeRequest(arguments.policies);
  if (!request) return kExitUsage;
  const absl::StatusOr<RunAddress> run = FindRun(arguments.run);
  if (!run.ok()) {
    Complain(std::string(run.status().message()));
    return kExitUsage;
  }
  absl::StatusOr<ControlClient> client = Connect(*run);
  if (!client.ok()) return Fail(*run, client.status());
  const absl::StatusOr<Json> answer = client->Ask(*request, kAnswerPatience);
  if (!answer.ok()) return Fail(*run, answer.status());
  TellKept(*answer);
  const absl::StatusOr<uint64_t> switching = AwaitSwitch(*client);
  // The program may have ended meanwhile.
  if (!switching.ok() && !absl::IsUnavailable(switching.status())) {
    return Fail(*run, switching.status());
  }
  if (const uint64_t left = switching.value_or(0); left > 0) {
    Complain(absl::StrCat(left, left == 1 ? " task is" : " tasks are",
                          " still under the policy before: each comes over as soon as it can be "
                          "stopped (a parent in vfork: when its child has run another program)"));
    return kExitRefused;
  }
  std::cout << "run " << run->supervisor << " goes on under the new policy" << std::endl;
  return 0;
}

}  // namespace

void AddReloadCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<ReloadArguments>();
  CLI::App* command = app.add_subcommand("reload", "have a run go on under another policy");
  command->formatter(HelpWithUsage("provost reload RUN -p FILE... -e RULE..."));
  AddRunArgument(*command, arguments->run);
  AddPolicyOptions(*command, arguments->policies);
  command->footer(
      "The policies take the place of the run's own. What these have the kernel refuse by itself\n"
      "stays refused, for a filter cannot be taken off: such rules are named (docs/RELOADING.md).");
  command->callback([&chosen, arguments] { chosen = [arguments] { return Reload(*arguments); }; });
}

}  // namespace provost
