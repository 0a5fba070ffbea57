#include "tools/cli/run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "audit/log_decision.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "emulate/handler_table.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/stack.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"
#include "supervisor/placement.h"
#include "supervisor/placement_choice.h"
#include "supervisor/run_state.h"
#include "supervisor/supervisor.h"
#include "tools/cli/adoption.h"
#include "tools/cli/inheritance.h"
#include "tools/cli/named_values.h"
#include "tools/cli/output_arguments.h"
#include "tools/cli/policy_arguments.h"
#include "tools/cli/signals.h"
#include "tools/cli/usage.h"

namespace provost {
namespace {

constexpr std::array<std::pair<const char*, Mode>, 3> kModes = {{
    {"enforce", Mode::kEnforce},
    {"complain", Mode::kComplain},
    {"unrestricted", Mode::kUnrestricted},
}};
constexpr std::array<std::pair<const char*, ArgumentMode>, 2> kArgumentModes = {{
    {"protect", ArgumentMode::kProtect},
    {"trust", ArgumentMode::kTrust},
}};
constexpr std::array<std::pair<const char*, PlacementMode>, 4> kPlacements = {{
    {"auto", PlacementMode::kAuto},
    {"together", PlacementMode::kTogether},
    {"spin", PlacementMode::kSpin},
    {"off", PlacementMode::kOff},
}};
constexpr std::array<std::pair<const char*, OnAuditFailure>, 3> kAuditFailures = {{
    {"stop", OnAuditFailure::kStop},
    {"continue", OnAuditFailure::kContinue},
    {"kill", OnAuditFailure::kKill},
}};

// A day.
constexpr uint64_t kLongestPatience = 86400;

struct RunArguments {
  PolicyArguments policies;
  OutputArguments output;
  std::string mode = "enforce";
  std::string arguments;  // "": protect, where the kernel can
  std::string placement = "auto";
  std::string on_audit_failure = "stop";
  std::optional<std::string> actions_logged;
  bool audited = false;
  bool settable = false;
  std::optional<uint64_t> contid;
  std::optional<uint64_t> seed;
  std::optional<uint64_t> guardian;
  bool unsafe_allow_new_privs = false;
  bool unsafe_harden_off = false;
  bool unsafe_debuggable = false;
  // Not for users: what another program has left (inheritance.h).
  std::optional<int> resume;
  std::optional<int> resume_check;
  std::optional<int> adopt;  // the same of adoption.h
  std::vector<std::string> program;
  std::vector<pid_t> processes;  // to be attached to instead
};

// What is run when no policy was named: everything is let through and recorded with its result, as
// strace(1) would show it.
absl::StatusOr<Policy> RecordEverything() {
  return PolicyBuilder().Default(Log{}, RecordWish::kLogResult).Build();
}

std::shared_ptr<spdlog::logger> MakeLogger() {
  auto logger = std::make_shared<spdlog::logger>("provost",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("provost: %v");
  return logger;
}

struct ExitStatusOf {
  const std::string& program;

  int operator()(const Exited& exited) const { return exited.code; }
  int operator()(const KilledBy& killed) const { return kExitSignalBase + killed.signal; }
  int operator()(const NotStarted& not_started) const {
    const int error = not_started.failure.error;
    switch (not_started.failure.step) {
      case LaunchFailure::Step::kExec:
        Complain(absl::StrCat("cannot run ", program, ": ", strerror(error)));
        return error == ENOENT ? kExitNotFound : kExitCannotRun;
      case LaunchFailure::Step::kNoNewPrivs:
        Complain(absl::StrCat("cannot set no_new_privs: ", strerror(error)));
        return kExitFailure;
      case LaunchFailure::Step::kFilter:
        Complain(absl::StrCat("cannot install the filter: ", strerror(error),
                              error == EACCES
                                  ? "; without no_new_privs it takes CAP_SYS_ADMIN: leave "
                                    "--unsafe-allow-new-privs out, or run as root"
                                  : ""));
        return kExitFailure;
      case LaunchFailure::Step::kNone:
        break;
    }
    Complain(absl::StrCat(program, " ended before it could be started"));
    return kExitFailure;
  }
  int operator()(const RecordingFailed& failed) const {
    Complain(
        absl::StrCat(failed.status.message(),
                     failed.started ? "; the program was killed" : "; the program was not started",
                     " (see --on-audit-failure)"));
    return kExitFailure;
  }
  int operator()(const Suspended& /*suspended*/) const { return kExitFailure; }
  int operator()(const HandedOver& handed) const {
    Complain(absl::StrCat("the run goes on in supervisor ", handed.to.pid));
    return EXIT_SUCCESS;
  }
  int operator()(const Released& released) const {
    Complain(absl::StrCat(released.tasks, released.tasks == 1 ? " task was" : " tasks were",
                          " released and run on without a supervisor"));
    return EXIT_SUCCESS;
  }
};

// The one that the command line and the policies agree on.
absl::Status NameContainer(std::optional<uint64_t> contid, Options& options) {
  PROVOST_ASSIGN_OR_RETURN(const std::optional<ContainerLabel> label,
                           CommonContainer(options.policies));
  if (contid && label && label->contid != *contid) {
    return absl::InvalidArgumentError(absl::StrCat("--contid ", *contid, " contradicts `container ",
                                                   label->contid, "` at ", label->where.file, ":",
                                                   label->where.line, ": leave one out"));
  }
  options.contid = contid;
  if (!contid && label) options.contid = label->contid;
  return absl::OkStatus();
}

// The policies as another program read them.
std::optional<std::vector<ParsedPolicy>> ParseAgain(const std::vector<PolicySource>& sources) {
  std::vector<ParsedPolicy> policies;
  for (const PolicySource& source : sources) {
    absl::StatusOr<ParsedPolicy> parsed =
        ParsePolicySource(source, HandlerTable::Builtin().specs());
    if (!parsed.ok()) {
      PrintError(std::string(parsed.status().message()));
      return std::nullopt;
    }
    policies.push_back(*std::move(parsed));
  }
  return policies;
}

// Not by std::random_device, which asks the processor first what it can: in a virtual machine that
// is a trap.
uint64_t RandomSeed() {
  uint32_t seed = 0;
  (void)!getrandom(&seed, sizeof(seed), 0);
  return seed;
}

// The options that do not need the command line any more; printed errors give a status to exit
// with.
std::optional<int> Prepare(const RunArguments& arguments,
                           const std::vector<PolicySource>* inherited, Options& options,
                           std::vector<PolicySource>& sources) {
  std::optional<std::vector<ParsedPolicy>> parsed =
      inherited != nullptr ? ParseAgain(*inherited) : LoadPolicies(arguments.policies);
  if (!parsed) return kExitUsage;
  options.policy_files = AbsoluteFiles(arguments.policies.files);
  options.policy_statements = arguments.policies.statements;
  // For whoever reads the log, and asks why: it is as if the policies had said so.
  if (arguments.unsafe_harden_off && !arguments.policies.empty()) {
    options.policy_statements.emplace_back("harden off");
  }
  for (ParsedPolicy& policy : *parsed) {
    if (inherited == nullptr) {
      for (const PolicyWarning& warning : policy.warnings) Complain(FormatWarning(warning));
    }
    sources.push_back(std::move(policy.source));
    options.policies.push_back(std::move(policy.policy));
  }
  if (arguments.actions_logged) {
    absl::StatusOr<ActionsLogged> actions = ActionsLogged::Parse(*arguments.actions_logged);
    if (!actions.ok()) {
      Complain(absl::StrCat("--actions-logged: ", actions.status().message()));
      return kExitUsage;
    }
    options.actions_logged = *actions;
  }
  // A run that was reloaded may have begun without any.
  if (options.policies.empty()) {
    absl::StatusOr<Policy> everything = RecordEverything();
    if (!everything.ok()) {
      Complain(std::string(everything.status().message()));
      return kExitFailure;
    }
    options.policies.push_back(*std::move(everything));
  }
  if (const absl::Status status = NameContainer(arguments.contid, options); !status.ok()) {
    Complain(std::string(status.message()));
    return kExitUsage;
  }
  if (const auto harden = CommonHardening(options.policies); !harden.ok()) {
    Complain(std::string(harden.status().message()));
    return kExitUsage;
  }
  options.audited = arguments.audited;
  options.settable = arguments.settable;
  options.mode = ValueOf(kModes, arguments.mode);
  if (!arguments.arguments.empty()) {
    options.arguments = ValueOf(kArgumentModes, arguments.arguments);
  }
  options.placement = ValueOf(kPlacements, arguments.placement);
  if (options.placement == PlacementMode::kTogether) {
    if (const absl::Status status = Placement::MayBeTogether(); !status.ok()) {
      Complain(absl::StrCat("--placement together: ", status.message(), "; or let provost choose"));
      return kExitUsage;
    }
  }
  options.seed = arguments.seed ? *arguments.seed : RandomSeed();
  options.on_audit_failure = ValueOf(kAuditFailures, arguments.on_audit_failure);
  options.unsafe_allow_new_privs = arguments.unsafe_allow_new_privs;
  options.unsafe_harden_off = arguments.unsafe_harden_off;
  options.unsafe_debuggable = arguments.unsafe_debuggable;
  // Who names an audit log wants every refusal in it; else only what a rule asks for is shown.
  options.logging = arguments.output.names_output();
  options.record_run = arguments.output.names_output();
  return std::nullopt;
}

// Who looks on, for `seconds`. It opens the log anew: what the supervisor has of it may be why that
// hangs.
GuardianOptions MakeGuardian(uint64_t seconds, const OutputArguments& output) {
  GuardianOptions guardian;
  guardian.ticks = static_cast<int>(seconds);
  if (!output.names_output()) return guardian;
  guardian.open_sink = [&output]() -> std::unique_ptr<AuditSink> {
    absl::StatusOr<OutputPlan> plan = PlanOutput(output);
    if (!plan.ok()) return nullptr;
    absl::StatusOr<std::unique_ptr<LogSink>> sink = OpenOutput(*std::move(plan));
    return sink.ok() ? *std::move(sink) : nullptr;
  };
  return guardian;
}

// The outputs whose readers must not see an end when another program goes on.
std::vector<std::string> PipesOf(const OutputPlan& plan) {
  std::vector<std::string> pipes;
  for (const OutputPlan::Place& place : plan.places) {
    struct stat status = {};
    if (place.spec.kind == OutletSpec::Kind::kFile && stat(place.spec.path.c_str(), &status) == 0 &&
        S_ISFIFO(status.st_mode)) {
      pipes.push_back(place.spec.path);
    }
  }
  return pipes;
}

// Everything queued for slow outputs is delivered first, or the run is not left.
absl::StatusOr<Inheritance> Leave(std::string state, const std::vector<PolicySource>& policies,
                                  LogSink& sink) {
  constexpr int kPatience = 5000;  // milliseconds
  if (!sink.Drain(kPatience) || !sink.DrainCopies(kPatience)) {
    return absl::FailedPreconditionError(
        absl::StrCat("not delivered, and lost otherwise: ", sink.Undelivered()));
  }
  return Inheritance{.run = std::move(state), .policies = policies, .sink = sink.Save()};
}

// Returns only if another program cannot go on.
absl::Status Upgrade(const Suspended& suspended, const std::vector<PolicySource>& policies,
                     LogSink& sink, const std::vector<std::string>& pipes) {
  PROVOST_ASSIGN_OR_RETURN(Inheritance left, Leave(suspended.state, policies, sink));
  return LeaveTo(suspended.successor, std::move(left), pipes);
}

// The policies that the run has been reloaded with, if it has, in place of those it began with.
absl::Status TakeReloaded(const std::vector<PolicySource>& reloaded, Options& options,
                          std::vector<PolicySource>& sources) {
  if (reloaded.empty()) return absl::OkStatus();
  std::optional<std::vector<ParsedPolicy>> parsed = ParseAgain(reloaded);
  if (!parsed) return absl::InternalError("the policies of the reload cannot be read again");
  sources = reloaded;
  options.policies.clear();
  for (ParsedPolicy& policy : *parsed) options.policies.push_back(std::move(policy.policy));
  return absl::OkStatus();
}

// OK once another process has the run.
absl::Status HandOver(const HandedOver& handed, const std::vector<PolicySource>& policies,
                      LogSink& sink) {
  absl::StatusOr<Inheritance> left = Leave(handed.state, policies, sink);
  absl::Status status = left.status();
  if (status.ok()) status = HandOverRun(handed, *left);
  if (!status.ok()) {
    handed.to.successor->Send({{"failed", std::string(status.message())}}).IgnoreError();
  }
  return status;
}

// The successor did not take it.
absl::StatusOr<Outcome> TakeBack(const Options& options, const HandedOver& handed) {
  absl::StatusOr<Outcome> outcome = Supervisor(options).Adopt(handed.state, handed.tree, {});
  if (!outcome.ok()) KillFrozen(handed.tree).IgnoreError();
  return outcome;
}

// What this process goes on with, if it does not begin a run: printed errors give a status to exit
// with.
struct Predecessor {
  std::optional<Inheritance> inherited;  // of --resume and --resume-check
  std::optional<AdoptedRun> adopted;

  const std::vector<PolicySource>* policies() const {
    if (inherited) return &inherited->policies;
    return adopted ? &adopted->policies : nullptr;
  }
};
std::optional<int> ReadPredecessor(const RunArguments& arguments, Predecessor& predecessor) {
  absl::Status status;
  const std::optional<int> from = arguments.resume ? arguments.resume : arguments.resume_check;
  if (from) {
    absl::StatusOr<Inheritance> read = ReadInheritance(*from);
    status = read.status();
    if (read.ok()) predecessor.inherited = *std::move(read);
    close(*from);
  } else if (arguments.adopt) {
    absl::StatusOr<AdoptedRun> read = ReadAdopted(*arguments.adopt);
    status = read.status();
    if (read.ok()) predecessor.adopted = *std::move(read);
    close(*arguments.adopt);
    // Records and ps(1) say whose it is; execve has called us by the link that we came by.
    prctl(PR_SET_NAME, "provost");
  }
  if (status.ok()) return std::nullopt;
  Complain(absl::StrCat(from ? "--resume: " : "--adopt: ", status.message()));
  return kExitUsage;
}

// Goes on until the run is over or has been handed over; then the outcome is the last HandedOver.
absl::StatusOr<Outcome> GoOn(absl::StatusOr<Outcome> outcome, Options& options,
                             std::vector<PolicySource>& policies, LogSink& sink,
                             const std::vector<std::string>& pipes) {
  while (outcome.ok()) {
    if (const auto* suspended = std::get_if<Suspended>(&*outcome)) {
      PROVOST_RETURN_IF_ERROR(TakeReloaded(suspended->policies, options, policies));
      options.upgrade_failure = std::string(Upgrade(*suspended, policies, sink, pipes).message());
      Complain(options.upgrade_failure);
      outcome = Supervisor(options).Resume(std::string(suspended->state));
    } else if (const auto* handed = std::get_if<HandedOver>(&*outcome)) {
      absl::Status status = TakeReloaded(handed->policies, options, policies);
      if (status.ok()) status = HandOver(*handed, policies, sink);
      if (status.ok()) break;
      Complain(absl::StrCat("the run is not handed over: ", status.message()));
      outcome = TakeBack(options, HandedOver(*handed));
    } else {
      break;
    }
  }
  return outcome;
}

// Opens these FIFOs, whose readers see no end as long as that is so. The tree must not stand still
// for one that nobody reads.
absl::StatusOr<std::vector<UniqueFd>> OpenPipes(const std::vector<std::string>& pipes) {
  std::vector<UniqueFd> open_pipes;
  for (const std::string& path : pipes) {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd.valid()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "its output ", path, ": ",
          errno == ENXIO ? "nobody reads the FIFO: start its reader" : strerror(errno)));
    }
    open_pipes.push_back(std::move(fd));
  }
  return open_pipes;
}

// Asks for the run that is to be adopted; printed errors give a status to exit with.
std::optional<int> TakeRun(const AdoptedRun& run, std::optional<TakenOver>& taken) {
  absl::StatusOr<TakenOver> over = TakeOverRun(run);
  if (over.ok()) {
    taken = *std::move(over);
    return std::nullopt;
  }
  Complain(absl::StrCat("supervisor ", run.supervisor, ": ", over.status().message()));
  return absl::IsFailedPrecondition(over.status()) ? kExitRefused : kExitFailure;
}

// The outputs, which go on where `left`, if it is not null, says that they were.
absl::StatusOr<std::unique_ptr<LogSink>> OpenSink(OutputPlan plan, const Inheritance* left) {
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<LogSink> sink, OpenOutput(std::move(plan)));
  if (left != nullptr) PROVOST_RETURN_IF_ERROR(sink->Restore(left->sink));
  return sink;
}

// OK if the run that was left can be gone on with; it may have been reloaded since we asked.
absl::Status MayGoOn(const Inheritance& left, Options& options,
                     std::vector<PolicySource>& policies) {
  if (left.policies != policies) {
    PROVOST_RETURN_IF_ERROR(TakeReloaded(left.policies, options, policies));
  }
  return Supervisor(options).CheckResume(left.run);
}

// Supervises, until there is an end of any kind.
absl::StatusOr<Outcome> Supervise(const RunArguments& arguments, const Options& options,
                                  const std::string& state, const Predecessor& predecessor,
                                  std::optional<TakenOver>& taken) {
  Supervisor supervisor(options);
  if (!taken) {
    if (!state.empty()) return supervisor.Resume(state);
    if (!arguments.processes.empty()) return supervisor.Attach(arguments.processes);
    return supervisor.Run(arguments.program);
  }
  absl::StatusOr<Outcome> outcome = supervisor.Adopt(
      taken->inheritance.run, taken->tree, Report(*taken, predecessor.adopted->supervisor));
  if (!outcome.ok()) GiveUpRun(*taken, outcome.status());
  return outcome;
}

int Run(const RunArguments& arguments) {
  Predecessor predecessor;
  if (const std::optional<int> status = ReadPredecessor(arguments, predecessor)) return *status;
  std::optional<Inheritance>& inherited = predecessor.inherited;
  Options options;
  const bool attaches = !arguments.processes.empty();
  // Before anything of ours changes them.
  options.signals = SignalState::Capture();
  SignalRelay relay;
  options.owns_sigchld = true;
  std::vector<PolicySource> policies;
  if (const std::optional<int> status =
          Prepare(arguments, predecessor.policies(), options, policies)) {
    return *status;
  }
  absl::StatusOr<OutputPlan> plan = PlanOutput(arguments.output);
  if (!plan.ok()) {
    Complain(std::string(plan.status().message()));
    return kExitUsage;
  }
  const std::vector<std::string> pipes = PipesOf(*plan);
  std::vector<UniqueFd> open_pipes;
  std::optional<TakenOver> taken;
  if (predecessor.adopted) {
    absl::StatusOr<std::vector<UniqueFd>> opened = OpenPipes(pipes);
    if (!opened.ok()) {
      Complain(absl::StrCat("supervisor ", predecessor.adopted->supervisor, ": ",
                            opened.status().message()));
      return kExitRefused;
    }
    open_pipes = *std::move(opened);
    if (const std::optional<int> status = TakeRun(*predecessor.adopted, taken)) return *status;
  }
  // Not before the old supervisor writes nothing any more.
  const Inheritance* const left = taken ? &taken->inheritance : inherited ? &*inherited : nullptr;
  const absl::StatusOr<std::unique_ptr<LogSink>> sink = OpenSink(*std::move(plan), left);
  absl::Status whole = sink.status();
  // Who resumes finds out by itself.
  if (whole.ok() && (taken || arguments.resume_check)) whole = MayGoOn(*left, options, policies);
  open_pipes.clear();
  if (!whole.ok()) {
    Complain(std::string(whole.message()));
    if (!taken || !GiveUpRun(*taken, whole)) return kExitFailure;
    Complain(absl::StrCat("supervisor ", predecessor.adopted->supervisor, " goes on with the run"));
    return kExitRefused;
  }
  if (arguments.resume_check) return EXIT_SUCCESS;
  options.sink = sink->get();
  options.logger = MakeLogger();
  options.publish_state = true;
  options.control_socket = ControlSocketPath(RunStateDirectory(), getpid());
  options.succession = [&](const std::vector<PolicySource>& reloaded) {
    return DescribeSuccession(reloaded.empty() ? policies : reloaded);
  };
  const std::string state = inherited ? inherited->run : "";
  const auto take_over = [&] {
    if (inherited) TakeOver(*std::exchange(inherited, std::nullopt));
  };
  // Ahead of the first filter: who interrupts us in the moment behind it must be told, too.
  if (attaches) WarnBeforeEnd();
  options.on_started = [&](pid_t pid) {
    const bool apart = predecessor.adopted.has_value();
    if (!attaches) apart ? relay.StartApart(pid) : relay.Start(pid);
    take_over();
  };
  if (!attaches) options.on_stopped = StopWithJob;
  options.on_ended = [&] {
    relay.ProgramEnded();
    take_over();
  };
  options.give_up = SignalRelay::EndWasAsked;
  if (arguments.guardian) options.guardian = MakeGuardian(*arguments.guardian, arguments.output);

  const bool wait = options.on_audit_failure == OnAuditFailure::kStop;
  const absl::StatusOr<Outcome> outcome = GoOn(
      Supervise(arguments, options, state, predecessor, taken), options, policies, **sink, pipes);
  DeliverOutput(**sink, wait);
  if (!outcome.ok()) {
    Complain(std::string(outcome.status().message()));
    return kExitFailure;
  }
  const std::string program = attaches ? "" : arguments.program[0];
  return std::visit(ExitStatusOf{program}, *outcome);
}

void AddSuperviseOptions(CLI::App* command, const std::shared_ptr<RunArguments>& arguments) {
  AddPolicyOptions(*command, arguments->policies);
  AddOutputOptions(*command, arguments->output);
  command
      ->add_option("--mode", arguments->mode,
                   "enforce (default); complain: record what would be refused and let it through; "
                   "unrestricted: no filter at all")
      ->type_name("MODE")
      ->check(OneOf(kModes));
  command
      ->add_option("--arguments", arguments->arguments,
                   "what paths, addresses and structures are when the kernel reads them after a "
                   "decision has: protect: what the decision read; trust: what the program's other "
                   "threads have made of them by then (default: protect, on kernels before Linux "
                   "6.10 trust)")
      ->type_name("HOW")
      ->check(OneOf(kArgumentModes));
  command
      ->add_option("--placement", arguments->placement,
                   "where provost runs while tasks stop often: auto (default: what turns out to be "
                   "the fastest), together (on the task's CPU), spin (it does not sleep between "
                   "two stops), or off")
      ->type_name("HOW")
      ->check(OneOf(kPlacements));
  command
      ->add_option("--on-audit-failure", arguments->on_audit_failure,
                   "what tasks do while a decision cannot be recorded: stop (default: wait until "
                   "it can), continue, or kill")
      ->type_name("WHAT")
      ->check(OneOf(kAuditFailures));
  command
      ->add_option("--actions-logged", arguments->actions_logged,
                   "the actions that may be recorded, as kernel.seccomp.actions_logged names "
                   "them (default: all)")
      ->type_name("ACTIONS");
  command->add_flag("--audited", arguments->audited,
                    "record every decision but allow, whatever --actions-logged and the rules say");
  command->add_flag("--settable", arguments->settable,
                    "have every refusal come to provost, so that `provost set` can have any of "
                    "them recorded later (slower)");
  command
      ->add_option("--contid", arguments->contid,
                   "the identifier of the container that the program and all it starts belong to; "
                   "their records name it (default: what `container` in a policy says)")
      ->type_name("N")
      ->check(WholeNumber(0, ContainerLabel::kUnset - 1));
  command
      ->add_option("--seed", arguments->seed,
                   "what the run's random decisions are drawn from (default: a new one each time); "
                   "the log's first record says it")
      ->type_name("N")
      ->check(WholeNumber());
  command
      ->add_option("--guardian", arguments->guardian,
                   "start a process beside provost that kills it and all it supervises if it hangs "
                   "for so many seconds, and records op=supervisor-hung")
      ->type_name("SECONDS")
      ->check(WholeNumber(1, kLongestPatience));
  command->add_flag("--unsafe-allow-new-privs", arguments->unsafe_allow_new_privs,
                    "do not set no_new_privs: set-uid programs gain their privilege (needs "
                    "CAP_SYS_ADMIN)");
  command->add_flag("--unsafe-harden-off", arguments->unsafe_harden_off,
                    "leave open what hardening closes, as `harden off` in a policy does");
  command->add_flag("--unsafe-debuggable", arguments->unsafe_debuggable,
                    "let provost itself be debugged and leave core dumps while it supervises; the "
                    "program may then do the same with it");
  for (const auto& [name, fd] : {std::pair("--resume", &arguments->resume),
                                 std::pair("--resume-check", &arguments->resume_check),
                                 std::pair("--adopt", &arguments->adopt)}) {
    command->add_option(name, *fd)->group("")->check(WholeNumber(3, INT32_MAX));
  }
}

}  // namespace

void AddRunCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "run a program under a policy");
  command->formatter(HelpWithUsage("provost run [options] -- PROGRAM [ARGUMENT...]"));
  AddSuperviseOptions(command, arguments);
  command->add_option("program", arguments->program, "the program and its arguments")->required();
  command->positionals_at_end();
  command->callback([&chosen, arguments] { chosen = [arguments] { return Run(*arguments); }; });
}

void AddAttachCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command =
      app.add_subcommand("attach", "put processes that run already under a policy, for good");
  command->formatter(HelpWithUsage("provost attach [options] PID..."));
  AddSuperviseOptions(command, arguments);
  command
      ->add_option("pid", arguments->processes,
                   "the processes, with all their threads and what they start from now on")
      ->type_name("PID")
      ->check(WholeNumber(1, INT32_MAX))
      ->required();
  command->callback([&chosen, arguments] {
    if (arguments->mode == "unrestricted") {
      throw CLI::ValidationError("--mode", "unrestricted installs no filter: attach to nothing");
    }
    chosen = [arguments] { return Run(*arguments); };
  });
}

}  // namespace provost
