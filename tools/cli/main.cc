#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "tools/cli/check.h"
#include "tools/cli/export.h"
#include "tools/cli/import.h"
#include "tools/cli/run.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

// "run " if the command line got as far as naming it.
std::string CommandName(const CLI::App& app) {
  const std::vector<CLI::App*> named = app.get_subcommands();
  return named.empty() ? "" : named.front()->get_name() + " ";
}

int Main(int argc, char** argv) {
  CLI::App app("Supervises a tree of processes through SECCOMP_RET_TRACE.", "provost");
  app.formatter(HelpWithUsage("provost COMMAND [options] -- PROGRAM [ARGUMENT...]"));
  app.set_version_flag("--version", std::string("provost ") + kVersion);
  app.require_subcommand(1);
  std::function<int()> chosen;
  AddRunCommand(app, chosen);
  AddCheckCommand(app, chosen);
  AddImportCommand(app, chosen);
  AddExportCommand(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    Complain(std::string(error.what()) + "; see `provost " + CommandName(app) + "--help`");
    return kExitUsage;
  }
  return chosen();
}

}  // namespace
}  // namespace provost

int main(int argc, char** argv) {
  try {
    return provost::Main(argc, argv);
  } catch (
      const std::exception& error) {  // CLI11 and the standard library throw; nothing of ours does
    provost::Complain(error.what());
    return provost::kExitFailure;
  }
}
