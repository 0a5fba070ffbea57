#include "tools/cli/policy_arguments.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "emulate/handler_table.h"
#include "policy/foreign/foreign.h"
#include "tools/cli/any_language.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

// Takes the policy, or prints why there is none. The parser's messages are whole: they name their
// own place.
bool Take(absl::StatusOr<ParsedPolicy> parsed, std::vector<ParsedPolicy>& policies) {
  if (!parsed.ok()) {
    PrintError(std::string(parsed.status().message()));
    return false;
  }
  policies.push_back(*std::move(parsed));
  return true;
}

}  // namespace

void AddPolicyOptions(CLI::App& command, PolicyArguments& arguments) {
  command
      .add_option(
          "-p,--policy", arguments.files,
          "a policy file; given again, policies stack and the most restrictive answer wins; "
          "snap:FILE, oci:FILE and so on read it as `provost import` does; preset:strict is one of "
          "provost's own; - is standard input")
      ->type_name("FILE")
      ->type_size(1)
      ->allow_extra_args(false);
  command
      .add_option("-e,--rule", arguments.statements,
                  "a statement of the policy language; all of them together make one policy, in "
                  "order, whose default is allow")
      ->type_name("RULE")
      ->type_size(1)
      ->allow_extra_args(false);
}

std::optional<std::vector<ParsedPolicy>> LoadPolicies(const PolicyArguments& arguments) {
  std::vector<ParsedPolicy> policies;
  for (const std::string& file : arguments.files) {
    if (file.empty() || file == "--") {
      Complain(absl::StrCat("-p: ", file.empty() ? "the file's name is empty" : "names no FILE",
                            "; give it as `-p FILE`"));
      return std::nullopt;
    }
    if (!Take(ReadPolicyInAnyLanguage(file), policies)) return std::nullopt;
  }
  if (!arguments.statements.empty() &&
      !Take(ParseStatements(arguments.statements, HandlerTable::Builtin().specs()), policies)) {
    return std::nullopt;
  }
  return policies;
}

std::vector<std::string> AbsoluteFiles(const std::vector<std::string>& files) {
  std::vector<std::string> absolute;
  for (const std::string& file : files) {
    const size_t colon = file.find(':');
    const bool has_format = colon != std::string::npos && FindFormat(file.substr(0, colon));
    const size_t name = has_format ? colon + 1 : 0;
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(file.substr(name), error);
    const bool as_it_is =
        error || file.substr(name) == "-" || absl::StartsWith(file, kPresetPrefix);
    absolute.push_back(as_it_is ? file : file.substr(0, name) + path.lexically_normal().string());
  }
  return absolute;
}

std::optional<std::vector<NamedPolicy>> LoadNamedPolicies(const PolicyArguments& arguments) {
  std::optional<std::vector<ParsedPolicy>> parsed = LoadPolicies(arguments);
  if (!parsed) return std::nullopt;
  std::vector<NamedPolicy> named;
  for (size_t i = 0; i < parsed->size(); ++i) {
    const bool is_file = i < arguments.files.size();
    named.push_back({is_file ? arguments.files[i] : "-e", std::move((*parsed)[i].policy)});
  }
  return named;
}

std::string FormatWarning(const PolicyWarning& warning) {
  return absl::StrCat(warning.where.file, ":", warning.where.line, ":", warning.where.column,
                      ": warning: ", warning.message);
}

}  // namespace provost
