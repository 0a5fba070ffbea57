#include "tools/cli/emulators.h"

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "emulate/handler_table.h"
#include "nlohmann/json.hpp"

namespace provost {
namespace {

absl::string_view KindName(EmulatorKey::Kind kind) {
  switch (kind) {
    case EmulatorKey::Kind::kInteger:
      return "number";
    case EmulatorKey::Kind::kString:
      return "string";
    case EmulatorKey::Kind::kText:
      return "string or number";
    case EmulatorKey::Kind::kMap:
      return "map";
    case EmulatorKey::Kind::kFile:
      return "file";
  }
  return "";
}

std::string AsText(const EmulatorTable& emulators) {
  std::string text;
  for (const EmulatorSpec& emulator : emulators) {
    absl::StrAppend(&text, emulator.name, ": ", emulator.what, "\n");
    for (const EmulatorKey& key : emulator.keys) {
      absl::StrAppend(&text, "  ", key.name, " = ", KindName(key.kind), ": ", key.what, "\n");
    }
    absl::StrAppend(&text, "  calls: ",
                    emulator.takes_calls ? "those that the rule names in its place"
                                         : absl::StrJoin(emulator.calls, ", "),
                    "\n");
  }
  return text;
}

std::string AsJson(const EmulatorTable& emulators) {
  nlohmann::json list = nlohmann::json::array();
  for (const EmulatorSpec& emulator : emulators) {
    nlohmann::json keys = nlohmann::json::array();
    for (const EmulatorKey& key : emulator.keys) {
      keys.push_back(
          {{"name", key.name}, {"kind", std::string(KindName(key.kind))}, {"what", key.what}});
    }
    list.push_back({{"name", emulator.name},
                    {"what", emulator.what},
                    {"keys", std::move(keys)},
                    {"calls", emulator.calls}});
  }
  return list.dump(2) + "\n";
}

}  // namespace

void AddEmulatorsCommand(CLI::App& app, std::function<int()>& chosen) {
  CLI::App* command =
      app.add_subcommand("emulators", "list what `emulate` in a policy can name, and its settings");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as an array of objects: name, what, keys, calls");
  command->callback([json, &chosen] {
    chosen = [json] {
      const EmulatorTable& emulators = HandlerTable::Builtin().specs();
      std::cout << (*json ? AsJson(emulators) : AsText(emulators));
      return 0;
    };
  });
}

}  // namespace provost
