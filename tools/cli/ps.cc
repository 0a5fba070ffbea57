#include "tools/cli/ps.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/cli/any_language.h"
#include "tools/cli/explain_output.h"
#include "tools/cli/usage.h"
#include "tools/ps/supervised_processes.h"
#include "tools/report/render.h"

namespace provost {
namespace {

std::string AuditedWord(const std::optional<bool>& audited) {
  if (!audited) return "?";
  return *audited ? "yes" : "-";
}

std::string ToText(const std::vector<SupervisedTree>& trees) {
  std::vector<std::vector<std::string>> lines = {
      {"supervisor", "pid", "ppid", "contid", "audited", "mode", "state", "threads", "command"}};
  for (const SupervisedTree& tree : trees) {
    for (const SupervisedProcess& process : tree.processes) {
      lines.push_back(
          {absl::StrCat(tree.supervisor), absl::StrCat(process.pid), absl::StrCat(process.ppid),
           process.contid ? absl::StrCat(*process.contid) : "-", AuditedWord(process.audited),
           Visible(tree.mode.value_or("?")), Visible(process.state), absl::StrCat(process.threads),
           Visible(process.command)});
    }
  }
  return TableToText(lines, false);
}

nlohmann::ordered_json ToJson(const std::vector<SupervisedTree>& trees) {
  using Json = nlohmann::ordered_json;
  Json array = Json::array();
  for (const SupervisedTree& tree : trees) {
    Json processes = Json::array();
    for (const SupervisedProcess& process : tree.processes) {
      processes.push_back({{"pid", process.pid},
                           {"ppid", process.ppid},
                           {"contid", process.contid ? Json(*process.contid) : Json()},
                           {"audited", process.audited ? Json(*process.audited) : Json()},
                           {"state", process.state},
                           {"threads", process.threads},
                           {"command", process.command}});
    }
    array.push_back({{"supervisor", tree.supervisor},
                     {"mode", tree.mode ? Json(*tree.mode) : Json()},
                     {"command", tree.command},
                     {"processes", std::move(processes)}});
  }
  return array;
}

}  // namespace

void AddPsCommand(CLI::App& app, std::function<int()>& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("ps", "list the supervised processes that run");
  command->formatter(HelpWithUsage("provost ps [--json]"));
  command->add_flag("--json", *json, "print JSON");
  command->callback([&chosen, json] {
    chosen = [json] {
      const std::vector<SupervisedTree> trees = FindSupervisedTrees();
      return PrintText(*json ? Dump(ToJson(trees)) : ToText(trees)) ? 0 : kExitFailure;
    };
  });
}

}  // namespace provost
