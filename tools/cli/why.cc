#include "tools/cli/why.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "audit/log_reader.h"
#include "policy/call_text.h"
#include "policy/explain.h"
#include "syscalls/syscall_table.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct WhyArguments {
  PolicyArguments policies;
  bool json = false;
  std::string log;
  std::string serial_text;
  uint64_t serial = 0;
};

// A rule without a name of its own is called after its file, which may have been named by another
// path then.
bool SameName(absl::string_view recorded, absl::string_view name) {
  const auto base = [](absl::string_view path) {
    const size_t slash = path.rfind('/');
    return slash == absl::string_view::npos ? path : path.substr(slash + 1);
  };
  return recorded == name || base(recorded) == base(name);
}

// Whether the recorded rule is one that may decide the call under the policies as they are.
bool Agrees(const RecordedCall& recorded, const StackAnswer& answer) {
  if (answer.next != nullptr && Agrees(recorded, *answer.next)) return true;
  if (answer.harden.has_value() && recorded.rule == answer.harden->name) return true;
  for (const PolicyAnswer& one : answer.answers) {
    if (SameName(recorded.rule, one.explanation.rule->name)) return true;
    for (const Rule* rule : one.explanation.possible) {
      if (SameName(recorded.rule, rule->name)) return true;
    }
  }
  return false;
}

// The arguments that the record does not have whole: pointers, and those behind the fourth.
std::vector<std::string> NotRecorded(const SyscallRequest& request, const CallMemory& memory) {
  std::vector<std::string> missing;
  const Syscall* syscall = SyscallTable::Get().Find(request);
  if (syscall == nullptr) return {"the fifth and sixth argument"};
  for (size_t i = 0; i < syscall->signature->args.size(); ++i) {
    const Argument& argument = syscall->signature->args[i];
    if ((RecordedCall::kKnownArgs >> i & 1) == 0) {
      missing.emplace_back(argument.name);
    } else if (argument.IsPointer() && request.args[i] != 0 &&
               memory.BytesAt(request.args[i]).empty()) {
      missing.push_back(absl::StrCat("what ", argument.name, " points at"));
    }
  }
  return missing;
}

std::string RecordedToText(const RecordedCall& recorded) {
  std::string text = absl::StrCat("recorded as ", recorded.op.empty() ? "a call" : recorded.op);
  if (recorded.exit.has_value()) absl::StrAppend(&text, ", exit ", *recorded.exit);
  if (!recorded.rule.empty()) absl::StrAppend(&text, ", rule \"", recorded.rule, "\"");
  return text;
}

void PrintText(const WhyArguments& arguments, const RecordedCall& recorded, const KnownCall& call,
               const StackAnswer& answer) {
  const std::string shown = FormatCall(call.request, call.memory);
  std::cout << "event " << arguments.serial << ": " << shown << ": " << RecordedToText(recorded)
            << "\n";
  const std::vector<std::string> missing = NotRecorded(recorded.request, call.memory);
  if (!missing.empty()) std::cout << "not in the record: " << absl::StrJoin(missing, ", ") << "\n";
  if (!Agrees(recorded, answer)) {
    std::cout << "none of these policies decides so now: they are not those of the run, or have "
                 "changed\n";
  }
  std::cout << "by what the record holds: " << StackAnswerToText(answer);
}

void PrintJson(const WhyArguments& arguments, const RecordedCall& recorded, const KnownCall& call,
               const StackAnswer& answer) {
  const std::string shown = FormatCall(call.request, call.memory);
  nlohmann::ordered_json json = {{"serial", arguments.serial}, {"call", shown}};
  json["recorded"] = {{"op", recorded.op}, {"rule", recorded.rule}};
  if (recorded.exit.has_value()) json["recorded"]["exit"] = *recorded.exit;
  json["not_recorded"] = NotRecorded(recorded.request, call.memory);
  json["agrees"] = Agrees(recorded, answer);
  json.update(StackAnswerToJson(answer));
  std::cout << Dump(json);
}

// Plain digits: CLI11 would take signs and hexadecimal, and say little of what it does not take.
bool ParseSerial(const std::string& text, uint64_t& serial) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
         absl::SimpleAtoi(text, &serial);
}

// The policies that the run's start, or its last reload before the call, names; false, with a
// message, if it names none.
bool TakePoliciesOfRun(const RecordedCall& recorded, PolicyArguments& policies) {
  policies.files = recorded.run_policies;
  policies.statements = recorded.run_rules;
  if (policies.empty()) {
    Complain("why: the log does not say which policies the run had: give them with -p or -e");
    return false;
  }
  for (const std::string& file : policies.files) {
    struct stat status = {};
    const size_t colon = file.find(":/");
    const std::string path = colon == std::string::npos ? file : file.substr(colon + 1);
    if (file == "-" || (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))) {
      Complain(absl::StrCat("why: the run's policy ", file,
                            " is no file to read again: give it with -p"));
      return false;
    }
    if (stat(path.c_str(), &status) == 0 && status.st_mtime > recorded.run_started) {
      Complain(absl::StrCat("why: note: ", file, " was changed after the run began with it"));
    }
  }
  return true;
}

// Puts what the record says of a path where the call had it.
void TakePath(const RecordedCall& recorded, KnownCall& call) {
  if (recorded.cwd.has_value()) call.memory.NameDescriptor(AT_FDCWD, *recorded.cwd);
  const Syscall* syscall = SyscallTable::Get().Find(call.request);
  if (syscall == nullptr || !recorded.path.has_value()) return;
  std::vector<int> paths;
  for (size_t i = 0; i < syscall->signature->args.size(); ++i) {
    if (syscall->signature->args[i].kind == ArgKind::kPath) paths.push_back(static_cast<int>(i));
  }
  if (paths.size() != 1 || (RecordedCall::kKnownArgs >> paths[0] & 1) == 0) return;
  call.memory.PlaceAt(call.request.args[paths[0]], *recorded.path + '\0');
}

int Why(WhyArguments& arguments) {
  if (!ParseSerial(arguments.serial_text, arguments.serial)) {
    Complain(absl::StrCat("why: `", arguments.serial_text,
                          "` is no serial: it is the number behind the colon in "
                          "msg=audit(TIME:SERIAL), 0 to 18446744073709551615"));
    return kExitUsage;
  }
  const absl::StatusOr<RecordedCall> recorded = ReadRecordedCall(arguments.log, arguments.serial);
  if (!recorded.ok()) {
    Complain(std::string(recorded.status().message()));
    return kExitUsage;
  }
  if (arguments.policies.empty() && !TakePoliciesOfRun(*recorded, arguments.policies)) {
    return kExitUsage;
  }
  const std::optional<std::vector<NamedPolicy>> policies = LoadNamedPolicies(arguments.policies);
  if (!policies) return kExitUsage;
  KnownCall call{recorded->request, CallMemory(), RecordedCall::kKnownArgs,
                 /*memory_is_known=*/false};
  TakePath(*recorded, call);
  const absl::StatusOr<StackAnswer> answer = AskStack(*policies, call);
  if (!answer.ok()) {
    Complain(std::string(answer.status().message()));
    return kExitUsage;
  }
  if (arguments.json) {
    PrintJson(arguments, *recorded, call, *answer);
  } else {
    PrintText(arguments, *recorded, call, *answer);
  }
  return 0;
}

}  // namespace

void AddWhyCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<WhyArguments>();
  CLI::App* command = app.add_subcommand("why", "say why a recorded call was decided so");
  command->formatter(HelpWithUsage("provost why [-p FILE...] AUDITLOG SERIAL"));
  AddPolicyOptions(*command, arguments->policies);
  command->add_flag("--json", arguments->json, "print JSON");
  command
      ->add_option("log", arguments->log,
                   "an audit log, with its rotated files; - for standard input")
      ->type_name("AUDITLOG")
      ->required();
  command
      ->add_option("serial", arguments->serial_text,
                   "the event: the number behind the colon in msg=audit(TIME:SERIAL)")
      ->type_name("SERIAL")
      ->required();
  command->callback([&chosen, arguments] { chosen = [arguments] { return Why(*arguments); }; });
}

}  // namespace provost
