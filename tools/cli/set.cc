#include "tools/cli/set.h"

#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "audit/log_decision.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "tools/cli/asked_run.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

namespace provost {
namespace {

using Json = nlohmann::json;

constexpr pid_t kMostPid = std::numeric_limits<pid_t>::max();

struct SetArguments {
  pid_t run = 0;
  std::optional<std::string> actions_logged;
  std::vector<std::string> audited;
  std::vector<std::string> not_audited;
  std::optional<uint64_t> contid;
  std::optional<pid_t> pid;
};

// One request, and what is said when it has been carried out.
struct Step {
  Json request;
  std::string done;
  std::string undone_of;  // what "old-audited" is about; "" if nothing
};

// "4711" and "contid:7001".
absl::StatusOr<Step> AuditedStep(const std::string& option, const std::string& whom, bool audited) {
  absl::string_view number = whom;
  const bool is_container = absl::ConsumePrefix(&number, "contid:");
  uint64_t value = 0;
  const bool is_number = number.find_first_not_of("0123456789") == absl::string_view::npos &&
                         absl::SimpleAtoi(number, &value);
  const uint64_t most = is_container ? UINT64_MAX - 1 : kMostPid;
  if (!is_number || value > most || (!is_container && value == 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, ": `", whom, "` names nobody: give the id of a process of the run, or contid:N"));
  }
  const std::string named = absl::StrCat(is_container ? "container " : "process ", value);
  return Step{
      {{"request", "set-audited"}, {is_container ? "contid" : "pid", value}, {"audited", audited}},
      absl::StrCat(named, audited ? " is audited" : " is not audited"),
      named};
}

// What the command line asks for, in order: a process is labelled before it counts as one of its
// container's, and is marked before the list could leave it out.
absl::StatusOr<std::vector<Step>> Plan(const SetArguments& arguments) {
  std::vector<Step> steps;
  if (arguments.contid.has_value() != arguments.pid.has_value()) {
    return absl::InvalidArgumentError(
        "--contid and --pid go together: the container, and the process that is put into it");
  }
  if (arguments.contid) {
    steps.push_back(
        {{{"request", "set-contid"},
          {"pid", static_cast<uint64_t>(*arguments.pid)},
          {"contid", *arguments.contid}},
         absl::StrCat("process ", *arguments.pid, " is in container ", *arguments.contid),
         ""});
  }
  for (const std::string& whom : arguments.audited) {
    PROVOST_ASSIGN_OR_RETURN(Step step, AuditedStep("--audited", whom, true));
    steps.push_back(std::move(step));
  }
  for (const std::string& whom : arguments.not_audited) {
    PROVOST_ASSIGN_OR_RETURN(Step step, AuditedStep("--not-audited", whom, false));
    steps.push_back(std::move(step));
  }
  if (arguments.actions_logged) {
    const absl::StatusOr<ActionsLogged> actions = ActionsLogged::Parse(*arguments.actions_logged);
    if (!actions.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--actions-logged: ", actions.status().message()));
    }
    const std::string list = actions->ToString();
    steps.push_back({{{"request", "set-actions-logged"}, {"actions", list}},
                     absl::StrCat("actions logged: ", list.empty() ? "(none)" : list),
                     ""});
  }
  if (steps.empty()) {
    return absl::InvalidArgumentError(
        "there is nothing to set: give --actions-logged, --audited, --not-audited, or --contid "
        "with --pid");
  }
  return steps;
}

// What was changed, and what the run answered to that.
void Tell(const Step& step, const Json& answer) {
  const auto old_audited = answer.find("old-audited");
  const bool was_so = !step.undone_of.empty() && old_audited != answer.end() &&
                      *old_audited == step.request["audited"];
  std::cout << step.done << (was_so ? ", as it was" : "");
  if (const auto old = answer.find("old-actions"); old != answer.end() && old->is_string()) {
    const auto& list = old->get_ref<const std::string&>();
    std::cout << " (were: " << (list.empty() ? "(none)" : list) << ")";
  }
  std::cout << std::endl;
  std::vector<std::string> rules;
  if (const auto unrecorded = answer.find("unrecorded");
      unrecorded != answer.end() && unrecorded->is_array()) {
    for (const Json& rule : *unrecorded) {
      if (rule.is_string()) rules.push_back(rule.get<std::string>());
    }
  }
  if (rules.empty()) return;
  Complain(absl::StrCat(rules.size(), rules.size() == 1 ? " rule is" : " rules are",
                        " answered by the kernel, and what ",
                        rules.size() == 1 ? "it decides" : "they decide", " stays unrecorded: ",
                        absl::StrJoin(rules, ", "), "; in a run with --settable it would not"));
}

int Set(const SetArguments& arguments) {
  const absl::StatusOr<std::vector<Step>> steps = Plan(arguments);
  if (!steps.ok()) {
    Complain(std::string(steps.status().message()));
    return kExitUsage;
  }
  const absl::StatusOr<RunAddress> run = FindRun(arguments.run);
  if (!run.ok()) {
    Complain(std::string(run.status().message()));
    return kExitUsage;
  }
  absl::StatusOr<ControlClient> client = Connect(*run);
  if (!client.ok()) return Fail(*run, client.status());
  for (const Step& step : *steps) {
    const absl::StatusOr<Json> answer = client->Ask(step.request, kAnswerPatience);
    if (!answer.ok()) return Fail(*run, answer.status());
    Tell(step, *answer);
  }
  return 0;
}

}  // namespace

void AddSetCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<SetArguments>();
  CLI::App* command = app.add_subcommand("set", "change what is recorded of a run that goes on");
  command->formatter(HelpWithUsage("provost set RUN [options]"));
  AddRunArgument(*command, arguments->run);
  command
      ->add_option("--actions-logged", arguments->actions_logged,
                   "the actions that may be recorded from now on, as `provost run` has it")
      ->type_name("ACTIONS");
  const auto add_marks = [&](const char* name, std::vector<std::string>& whom, const char* what) {
    command->add_option(name, whom, what)
        ->type_name("PID|contid:N")
        ->type_size(1)
        ->allow_extra_args(false);
  };
  add_marks("--audited", arguments->audited,
            "record every decision but allow of this process and of what it starts from now on, or "
            "of all in this container, whatever --actions-logged and the rules say");
  add_marks("--not-audited", arguments->not_audited, "take that back");
  command
      ->add_option("--contid", arguments->contid,
                   "put the process --pid into the container with this identifier; it must be in "
                   "none, and have no threads and no children")
      ->type_name("N")
      ->check(WholeNumber(0, UINT64_MAX - 1));
  command->add_option("--pid", arguments->pid, "the process that --contid is for")
      ->type_name("PID")
      ->check(WholeNumber(1, kMostPid));
  command->callback([&chosen, arguments] { chosen = [arguments] { return Set(*arguments); }; });
}

}  // namespace provost
