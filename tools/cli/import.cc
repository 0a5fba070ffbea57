#include "tools/cli/import.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/foreign/foreign.h"
#include "policy/parser.h"
#include "tools/cli/any_language.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

struct ImportArguments {
  std::string format;
  std::string file;
  std::vector<std::string> capabilities;
  bool lossy = false;
  bool list = false;
};

int ListFormats() {
  std::string text;
  for (const FormatInfo& format : AllFormats()) {
    const char* use = !format.can_write ? "read" : format.can_read ? "read, written" : "written";
    absl::StrAppend(&text, format.name, std::string(10 - format.name.size(), ' '), use,
                    std::string(15 - std::string(use).size(), ' '), format.description, "\n");
  }
  return PrintText(text) ? 0 : kExitFailure;
}

int Import(const ImportArguments& arguments) {
  if (arguments.list) return ListFormats();
  const FormatInfo* format = FindFormat(arguments.format);
  if (format == nullptr || !format->can_read) {
    Complain(absl::StrCat("import: FORMAT is one of ", NamesOfFormats(/*written=*/false),
                          "; see `provost import --help`"));
    return kExitUsage;
  }
  if (arguments.file.empty()) {
    Complain("import: name a file, or - for standard input; see `provost import --help`");
    return kExitUsage;
  }
  const absl::StatusOr<std::string> text = ReadWholeFile(arguments.file);
  if (!text.ok()) {
    Complain(std::string(text.status().message()));
    return kExitUsage;
  }
  ImportOptions options;
  options.directory = DirectoryOf(arguments.file);
  options.capabilities = arguments.capabilities;
  const absl::StatusOr<Converted> converted =
      ImportPolicy(format->format, *text, arguments.file, options);
  if (!converted.ok()) {
    Complain(std::string(converted.status().message()));
    return kExitUsage;
  }
  PrintNotes(*converted);
  // What is written is a policy, or it is a fault of ours.
  const auto parsed = ParsePolicyText(converted->text, "imported text", options.directory);
  if (!parsed.ok()) {
    Complain(std::string(parsed.status().message()));
    return kExitFailure;
  }
  if (!converted->losses.empty() && !arguments.lossy) {
    Complain(absl::StrCat(arguments.file,
                          ": provost cannot say all of this policy, so nothing is written; --lossy "
                          "writes what it can"));
    return kExitLossy;
  }
  return PrintText(converted->text) ? 0 : kExitFailure;
}

}  // namespace

void AddImportCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command =
      app.add_subcommand("import", "print a policy in another language as one of provost's");
  command->formatter(HelpWithUsage("provost import [options] FORMAT FILE"));
  command->add_option("format", arguments->format, NamesOfFormats(/*written=*/false))
      ->type_name("FORMAT");
  command->add_option("file", arguments->file, "the policy; - is standard input")
      ->type_name("FILE");
  command->add_flag("--lossy", arguments->lossy,
                    "write what provost can say of the policy even if that is not all of it; "
                    "otherwise nothing is written and the exit status is 3");
  command
      ->add_option("--capability", arguments->capabilities,
                   "what an OCI profile says of containers with this capability, such as "
                   "CAP_SYS_ADMIN, is taken in; can be given again (default: none)")
      ->type_name("CAP")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_flag("--list", arguments->list, "list the languages and what can be done with each");
  command->callback([&chosen, arguments] { chosen = [arguments] { return Import(*arguments); }; });
}

}  // namespace provost
