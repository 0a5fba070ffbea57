#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tools/cli/adopt.h"
#include "tools/cli/check.h"
#include "tools/cli/detach.h"
#include "tools/cli/diff.h"
#include "tools/cli/doctor.h"
#include "tools/cli/emulators.h"
#include "tools/cli/explain.h"
#include "tools/cli/export.h"
#include "tools/cli/fuzz.h"
#include "tools/cli/import.h"
#include "tools/cli/ps.h"
#include "tools/cli/reload.h"
#include "tools/cli/report.h"
#include "tools/cli/run.h"
#include "tools/cli/set.h"
#include "tools/cli/upgrade.h"
#include "tools/cli/usage.h"
#include "tools/cli/why.h"

namespace provost {
namespace {

// "run " if the command line got as far as naming it.
std::string CommandName(const CLI::App& app) {
  const std::vector<CLI::App*> named = app.get_subcommands();
  return named.empty() ? "" : named.front()->get_name() + " ";
}

struct Command {
  absl::string_view name;  // as it is added
  void (*add)(CLI::App& app, std::function<int()>& chosen);
};

// In the order in which help shows them.
constexpr std::array kCommands = {
    Command{"run", AddRunCommand},         Command{"attach", AddAttachCommand},
    Command{"check", AddCheckCommand},     Command{"explain", AddExplainCommand},
    Command{"why", AddWhyCommand},         Command{"report", AddReportCommand},
    Command{"ps", AddPsCommand},           Command{"set", AddSetCommand},
    Command{"reload", AddReloadCommand},   Command{"detach", AddDetachCommand},
    Command{"upgrade", AddUpgradeCommand}, Command{"adopt", AddAdoptCommand},
    Command{"diff", AddDiffCommand},       Command{"doctor", AddDoctorCommand},
    Command{"fuzz", AddFuzzCommand},       Command{"import", AddImportCommand},
    Command{"export", AddExportCommand},   Command{"emulators", AddEmulatorsCommand},
};

std::string UnknownCommand(const std::string& word) {
  std::string known;
  for (const Command& command : kCommands) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", command.name);
  }
  return "there is no command `" + word + "`, only " + known + "; see `provost --help`";
}

// The command that `word` names, or all. Their options are many, and a command starts in half the
// time without those of the others.
absl::Span<const Command> CommandsFor(const char* word) {
  const auto named = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& command) {
    return word != nullptr && command.name == word;
  });
  return named == kCommands.end() ? absl::MakeSpan(kCommands) : absl::MakeSpan(&*named, 1);
}

// What CLI11 says of words it has no use for names the `--` before the program too.
std::string Explain(const CLI::ParseError& error) {
  std::string message = error.what();
  const std::string separator = ": -- ";
  if (const size_t at = message.find(separator); at != std::string::npos) {
    message.replace(at, separator.size(), ": ");
  }
  return message;
}

// The words behind the program's name, last first, as CLI11 takes them.
std::vector<std::string> CommandLine(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "report") words = AcceptAusearchOptions(words);
  std::reverse(words.begin(), words.end());
  return words;
}

int Main(int argc, char** argv) {
  CLI::App app("Supervises a tree of processes through SECCOMP_RET_TRACE.", "provost");
  app.formatter(HelpWithUsage("provost COMMAND [options] -- PROGRAM [ARGUMENT...]"));
  app.set_version_flag("--version", std::string("provost ") + kVersion);
  app.require_subcommand(1);
  std::function<int()> chosen;
  const absl::Span<const Command> commands = CommandsFor(argc > 1 ? argv[1] : nullptr);
  if (argc > 1 && argv[1][0] != '-' && commands.size() > 1) {
    Complain(UnknownCommand(argv[1]));
    return kExitUsage;
  }
  for (const Command& command : commands) command.add(app, chosen);
  try {
    app.parse(CommandLine(argc, argv));
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    Complain(Explain(error) + "; see `provost " + CommandName(app) + "--help`");
    return kExitUsage;
  }
  const int status = chosen();
  std::cout.flush();
  if (std::cout && fflush(stdout) == 0) return status;
  // What was asked for did not get out, whatever it was.
  Complain("cannot write to standard output");
  return kExitFailure;
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
