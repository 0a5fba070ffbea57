#include "tools/cli/export.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/foreign/foreign.h"
#include "tools/cli/any_language.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct ExportArguments {
  std::string format;
  std::string file;
  PolicyArguments policies;
  bool lossy = false;
};

int Export(ExportArguments arguments) {
  const FormatInfo* format = FindFormat(arguments.format);
  if (format == nullptr || !format->can_write) {
    Complain(absl::StrCat("export: FORMAT is one of ", NamesOfFormats(/*written=*/true),
                          "; see `provost export --help`"));
    return kExitUsage;
  }
  if (!arguments.file.empty()) arguments.policies.files.push_back(arguments.file);
  const std::optional<std::vector<ParsedPolicy>> parsed = LoadPolicies(arguments.policies);
  if (!parsed) return kExitUsage;
  if (parsed->size() != 1) {
    Complain(
        "export: name one policy file, or give statements with -e; see `provost export "
        "--help`");
    return kExitUsage;
  }
  const absl::StatusOr<Converted> converted = ExportPolicy(format->format, parsed->front().policy);
  if (!converted.ok()) {
    Complain(std::string(converted.status().message()));
    return kExitFailure;
  }
  PrintNotes(*converted);
  if (!converted->losses.empty() && !arguments.lossy) {
    Complain(absl::StrCat("the policy cannot be said whole in ", format->name,
                          ", so nothing is written; --lossy writes what can be"));
    return kExitLossy;
  }
  return PrintText(converted->text) ? 0 : kExitFailure;
}

}  // namespace

void AddExportCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand("export", "print a policy in another language");
  command->formatter(HelpWithUsage("provost export [options] FORMAT FILE"));
  AddPolicyOptions(*command, arguments->policies);
  command->add_option("format", arguments->format, NamesOfFormats(/*written=*/true))
      ->type_name("FORMAT");
  command->add_option("file", arguments->file, "the policy file, as with -p")->type_name("FILE");
  command->add_flag("--lossy", arguments->lossy,
                    "write what the language can say of the policy even if that is not all of it; "
                    "otherwise nothing is written and the exit status is 3");
  command->callback([&chosen, arguments] { chosen = [arguments] { return Export(*arguments); }; });
}

}  // namespace provost
