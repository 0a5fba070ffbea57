#include "tools/cli/explain.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/call_text.h"
#include "policy/explain.h"
#include "syscalls/syscall_table.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct ExplainArguments {
  PolicyArguments policies;
  std::string arch = "x86_64";
  bool json = false;
  std::string call;
};

int ExplainCall(const ExplainArguments& arguments) {
  if (arguments.policies.empty()) {
    Complain("explain: name a policy with -p, or give rules with -e; see `provost explain --help`");
    return kExitUsage;
  }
  const std::optional<std::vector<NamedPolicy>> policies = LoadNamedPolicies(arguments.policies);
  if (!policies) return kExitUsage;
  const Arch arch = *ArchByName(arguments.arch);
  absl::StatusOr<CallText> text = ParseCallText(arguments.call, arch);
  if (!text.ok()) {
    PrintError(std::string(text.status().message()));
    return kExitUsage;
  }
  KnownCall call{text->request, std::move(text->memory)};
  const absl::StatusOr<StackAnswer> answer = AskStack(*policies, call);
  if (!answer.ok()) {
    Complain(std::string(answer.status().message()));
    return kExitUsage;
  }
  const std::string shown = FormatCall(call.request, call.memory);
  if (arguments.json) {
    nlohmann::ordered_json json = {{"call", shown}, {"arch", arguments.arch}};
    json.update(StackAnswerToJson(*answer));
    std::cout << Dump(json);
  } else {
    std::cout << shown << ": " << StackAnswerToText(*answer);
  }
  return 0;
}

}  // namespace

void AddExplainCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<ExplainArguments>();
  CLI::App* command =
      app.add_subcommand("explain", "say what policies do with a call, and which rule says so");
  command->formatter(
      HelpWithUsage("provost explain [options] 'openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY)'"));
  AddPolicyOptions(*command, arguments->policies);
  command->add_option("--arch", arguments->arch, "the call's architecture: x86_64 (default), i386")
      ->type_name("ARCH")
      ->check(CLI::IsMember({"x86_64", "i386"}).description(""));
  command->add_flag("--json", arguments->json, "print JSON");
  command
      ->add_option("call", arguments->call,
                   "the call as strace prints it; x\"0a00\" gives bytes of memory, ... stands for "
                   "arguments that are 0")
      ->type_name("CALL")
      ->required();
  command->callback(
      [&chosen, arguments] { chosen = [arguments] { return ExplainCall(*arguments); }; });
}

}  // namespace provost
