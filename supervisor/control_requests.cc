#include "supervisor/control_requests.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "audit/log_decision.h"
#include "base/status_macros.h"
#include "supervisor/containers.h"
#include "supervisor/handover_channel.h"
#include "supervisor/policy_source_json.h"

namespace provost {
namespace {

using Json = nlohmann::json;

// A request's arguments: members that are missing, or of another type, are errors that name them.
class Arguments {
 public:
  explicit Arguments(const Json& body) : body_(body) {}

  bool Has(const char* name) const { return body_.contains(name); }
  absl::StatusOr<std::string> Text(const char* name) const {
    const auto member = body_.find(name);
    if (member == body_.end() || !member->is_string()) return Wanted(name, "a string");
    return member->get<std::string>();
  }
  absl::StatusOr<bool> Truth(const char* name) const {
    const auto member = body_.find(name);
    if (member == body_.end() || !member->is_boolean()) return Wanted(name, "true or false");
    return member->get<bool>();
  }
  absl::StatusOr<uint64_t> Number(const char* name) const {
    const auto member = body_.find(name);
    if (member == body_.end() || !member->is_number_unsigned()) {
      return Wanted(name, "a whole number");
    }
    return member->get<uint64_t>();
  }
  absl::StatusOr<pid_t> Pid(const char* name) const {
    PROVOST_ASSIGN_OR_RETURN(const uint64_t number, Number(name));
    if (number == 0 || number > std::numeric_limits<pid_t>::max()) {
      return Wanted(name, "the id of a task");
    }
    return static_cast<pid_t>(number);
  }

  template <typename T>
  absl::StatusOr<std::vector<T>> List(const char* name, const char* of) const {
    const auto member = body_.find(name);
    // nlohmann-json has no other way to say what is wrong with a value.
    try {
      if (member != body_.end()) return member->get<std::vector<T>>();
    } catch (const std::exception& error) {
    }
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be a list of ", of));
  }

 private:
  static absl::Status Wanted(const char* name, const char* what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be ", what));
  }

  const Json& body_;
};

// What a request does, and the members of its answer.
using Handler = absl::StatusOr<Json> (*)(ControlledRun& run, const Identity& client,
                                         const Arguments& arguments);

// For requests that are no handler's: they take a descriptor.
absl::StatusOr<Json> HandOverTo(const ControlledRun& run, const ControlRequest& request) {
  if (request.passed == nullptr) {
    return absl::InvalidArgumentError("\"handover\" takes a descriptor (SCM_RIGHTS)");
  }
  PROVOST_ASSIGN_OR_RETURN(HandoverChannel channel,
                           HandoverChannel::Of(std::move(*request.passed)));
  PROVOST_RETURN_IF_ERROR(run.depart(
      HandOver{std::make_shared<HandoverChannel>(std::move(channel)), request.client.pid}));
  return Json::object();
}

// OK if a change may be made: it is on record, or need not be.
absl::Status Recorded(const ControlledRun& run, const absl::Status& written) {
  if (written.ok() || run.may_go_unrecorded) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("it cannot be recorded, and so is not done: ", written.message()));
}

template <typename ChangeEvent>
absl::Status Record(ControlledRun& run, ChangeEvent event) {
  if (!run.record_changes) return absl::OkStatus();
  return Recorded(run, run.recorder.WriteChange(std::move(event)));
}

// The rules that decide what nobody will hear of, though it would be recorded: of tasks that are
// audited, or of others.
Json Unrecorded(const ControlledRun& run, bool audited) {
  Json names = Json::array();
  for (const Decision& decision : run.unheard()) {
    if (run.recorder.WouldRecord(decision, audited)) names.push_back(std::string(decision.rule));
  }
  return names;
}

void Follow(ControlledRun& run) {
  if (run.lineage.follows()) return;
  run.lineage.Follow(run.tasks());
  run.recorder.TellTasksApart();
}

Json MarksToJson(const Containers::Marks& marks) {
  Json json = {{"audited", marks.audited}};
  if (marks.contid) json["contid"] = *marks.contid;
  return json;
}

absl::StatusOr<Json> Status(ControlledRun& run, const Identity& /*client*/,
                            const Arguments& /*arguments*/) {
  Json answer = {{"pid", getpid()},
                 {"mode", run.mode},
                 {"actions", run.recorder.actions().ToString()},
                 {"settable", run.settable},
                 {"resumed", run.resumed}};
  const ReloadProgress progress = run.reload_progress();
  answer["generation"] = progress.generation;
  answer["switching"] = progress.switching;
  if (!run.upgrade_failure.empty()) answer["upgrade-failure"] = run.upgrade_failure;
  // Who only looks makes nobody keep what he might have seen.
  if (!run.lineage.follows()) {
    answer.update(MarksToJson(run.lineage.first()));
    return answer;
  }
  std::vector<Containers::Listed> listed = run.recorder.containers().Processes();
  std::sort(listed.begin(), listed.end(),
            [](const auto& left, const auto& right) { return left.pid < right.pid; });
  Json& processes = answer["processes"] = Json::array();
  for (const auto& [pid, marks] : listed) {
    if (pid == 0) continue;  // the run itself
    processes.push_back(MarksToJson(marks));
    processes.back()["pid"] = pid;
  }
  return answer;
}

absl::StatusOr<Json> SetActionsLogged(ControlledRun& run, const Identity& client,
                                      const Arguments& arguments) {
  PROVOST_ASSIGN_OR_RETURN(const std::string list, arguments.Text("actions"));
  const ActionsLogged old = run.recorder.actions();
  ConfigChangeEvent change = {.actions = "?", .old_actions = old.ToList(), .asked_by = &client};
  const absl::StatusOr<ActionsLogged> actions = ActionsLogged::Parse(list);
  if (!actions.ok()) {
    change.succeeded = false;
    Record(run, change).IgnoreError();  // refused, whether it is recorded or not
    return actions.status();
  }
  change.actions = actions->ToList();
  PROVOST_RETURN_IF_ERROR(Record(run, change));
  run.recorder.SetActions(*actions);
  return Json{{"old-actions", old.ToString()}, {"unrecorded", Unrecorded(run, false)}};
}

// By a process, or by a container.
absl::StatusOr<Json> SetAudited(ControlledRun& run, const Identity& client,
                                const Arguments& arguments) {
  PROVOST_ASSIGN_OR_RETURN(const bool audited, arguments.Truth("audited"));
  if (arguments.Has("pid") == arguments.Has("contid")) {
    return absl::InvalidArgumentError("either \"pid\" or \"contid\" says what is meant");
  }
  Follow(run);
  Containers& containers = run.recorder.containers();
  AuditedMark mark = {.audited = audited};
  std::function<absl::StatusOr<bool>(bool)> set;
  if (arguments.Has("pid")) {
    PROVOST_ASSIGN_OR_RETURN(mark.pid, arguments.Pid("pid"));
    set = [&](bool value) { return containers.SetAudited(mark.pid, value); };
  } else {
    PROVOST_ASSIGN_OR_RETURN(mark.contid, arguments.Number("contid"));
    set = [&](bool value) { return containers.SetContainerAudited(mark.contid, value); };
  }
  // Nothing is decided between this and its record.
  const absl::StatusOr<bool> was = set(audited);
  mark.was_audited = was.value_or(!audited);
  const absl::Status recorded =
      Record(run, ConfigChangeEvent{.succeeded = was.ok(), .asked_by = &client, .mark = mark});
  if (!was.ok()) return was.status();
  if (!recorded.ok()) {
    set(*was).IgnoreError();
    return recorded;
  }
  return Json{{"old-audited", *was},
              {"unrecorded", audited ? Unrecorded(run, true) : Json::array()}};
}

absl::StatusOr<Json> SetContid(ControlledRun& run, const Identity& client,
                               const Arguments& arguments) {
  PROVOST_ASSIGN_OR_RETURN(const pid_t pid, arguments.Pid("pid"));
  PROVOST_ASSIGN_OR_RETURN(const uint64_t contid, arguments.Number("contid"));
  Follow(run);
  Containers& containers = run.recorder.containers();
  ContainerEvent change = {.identity = &client, .pid = pid, .contid = contid};
  change.old_contid = containers.Of(pid).value_or(Containers::kUnset);
  if (const absl::Status refused = containers.MaySet(pid, contid); !refused.ok()) {
    change.succeeded = false;
    Record(run, change).IgnoreError();  // refused, whether it is recorded or not
    return refused;
  }
  PROVOST_RETURN_IF_ERROR(Record(run, change));
  PROVOST_RETURN_IF_ERROR(containers.Set(pid, contid));
  return Json::object();
}

absl::StatusOr<Json> Detach(ControlledRun& run, const Identity& /*client*/,
                            const Arguments& arguments) {
  if (!arguments.Has("how")) {
    const TracedRules count = run.traced_rules();
    return Json{{"rules", count.all}, {"traced", count.traced}, {"harden", count.harden}};
  }
  PROVOST_ASSIGN_OR_RETURN(const std::string how, arguments.Text("how"));
  if (how == "kill" && !arguments.Has("refuse")) {
    PROVOST_RETURN_IF_ERROR(run.depart(KillTasks()));
    return Json::object();
  }
  if (how != "release") {
    return absl::InvalidArgumentError("\"how\" must be \"kill\", or \"release\"");
  }
  ReleaseTasks release;
  if (arguments.Has("refuse")) {
    PROVOST_ASSIGN_OR_RETURN(const uint64_t refuse, arguments.Number("refuse"));
    constexpr uint64_t kMaxErrno = 4095;
    if (refuse == 0 || refuse > kMaxErrno) {
      return absl::InvalidArgumentError("\"refuse\" must be an errno");
    }
    release.refuse = static_cast<int>(refuse);
  }
  PROVOST_RETURN_IF_ERROR(run.depart(release));
  return Json::object();
}

absl::StatusOr<Json> Upgrade(ControlledRun& run, const Identity& /*client*/,
                             const Arguments& arguments) {
  const absl::StatusOr<std::string> binary = arguments.Text("binary");
  if (!binary.ok()) return binary.status();
  if (!absl::StartsWith(*binary, "/")) {
    return absl::InvalidArgumentError("\"binary\" must be an absolute path");
  }
  PROVOST_RETURN_IF_ERROR(run.depart(SuspendRun{*binary}));
  return Json{{"resumed", run.resumed}};
}

absl::StatusOr<Json> Reload(ControlledRun& run, const Identity& client,
                            const Arguments& arguments) {
  ReloadRequest request;
  PROVOST_ASSIGN_OR_RETURN(request.policies,
                           arguments.List<PolicySource>("policies", "policies with their texts"));
  PROVOST_ASSIGN_OR_RETURN(request.files, arguments.List<std::string>("files", "names"));
  PROVOST_ASSIGN_OR_RETURN(request.statements,
                           arguments.List<std::string>("statements", "statements"));
  PROVOST_ASSIGN_OR_RETURN(const Reloaded reloaded, run.reload(request, client));
  Json kept = Json::array();
  for (const KeptRefusal& refusal : reloaded.kept) {
    kept.push_back({{"rule", refusal.rule},
                    {"verdict", VerdictToString(refusal.verdict)},
                    {"calls", refusal.calls}});
  }
  return Json{{"generation", reloaded.generation}, {"kept", std::move(kept)}};
}

absl::StatusOr<Json> Succession(ControlledRun& run, const Identity& /*client*/,
                                const Arguments& /*arguments*/) {
  std::string succession = run.succession();
  if (!succession.empty()) return Json{{"succession", std::move(succession)}};
  return absl::FailedPreconditionError(
      "nobody could go on with it: its supervisor does not say how");
}

struct Request {
  absl::string_view name;
  std::array<absl::string_view, 3> arguments;  // what may stand beside "request"
  Handler handler;
};

// Every request there is.
constexpr Request kRequests[] = {
    {"status", {}, Status},
    {"set-actions-logged", {"actions"}, SetActionsLogged},
    {"set-audited", {"pid", "contid", "audited"}, SetAudited},
    {"set-contid", {"pid", "contid"}, SetContid},
    {"detach", {"how", "refuse"}, Detach},
    {"upgrade", {"binary"}, Upgrade},
    {"reload", {"policies", "files", "statements"}, Reload},
    {"succession", {}, Succession},
    {"handover", {}, nullptr},
};

absl::StatusOr<Json> CarryOut(ControlledRun& run, const ControlRequest& request) {
  PROVOST_ASSIGN_OR_RETURN(const std::string name, Arguments(request.body).Text("request"));
  const auto* const row = std::find_if(std::begin(kRequests), std::end(kRequests),
                                       [&](const Request& known) { return known.name == name; });
  if (row == std::end(kRequests)) {
    return absl::UnimplementedError(absl::StrCat("there is no request \"", name, "\""));
  }
  for (const auto& member : request.body.items()) {
    const auto& known = row->arguments;
    if (member.key() != "request" &&
        std::find(known.begin(), known.end(), member.key()) == known.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" has no argument \"", member.key(), "\""));
    }
  }
  if (row->handler == nullptr) return HandOverTo(run, request);
  return row->handler(run, request.client, Arguments(request.body));
}

}  // namespace

Json Answer(ControlledRun& run, const ControlRequest& request) {
  absl::StatusOr<Json> answer = CarryOut(run, request);
  if (!answer.ok()) return {{"ok", false}, {"error", std::string(answer.status().message())}};
  (*answer)["ok"] = true;
  return *std::move(answer);
}

}  // namespace provost
