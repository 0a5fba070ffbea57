#include "supervisor/supervisor.h"

#include <sys/prctl.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spdlog/spdlog.h"
#include "supervisor/loop.h"
#include "tracee/freezer.h"

namespace provost {

namespace {

// The state of a run under these policies, without what points into their memory.
absl::StatusOr<SavedRun> ParseFor(const std::vector<Policy>& policies, absl::string_view state) {
  const PolicyStack stack(policies);
  PROVOST_ASSIGN_OR_RETURN(SavedRun run, ParseSavedRun(state, PointersOf(stack)));
  if (run.counters.size() != stack.size()) {
    return absl::InvalidArgumentError("the run has another number of policies");
  }
  for (SavedTask& task : run.tasks) task.repeated = {};
  return run;
}

}  // namespace

std::function<bool(const Decision&)> WantsRecord(const Options& options) {
  if (options.settable) {
    return
        [](const Decision& decision) { return !std::holds_alternative<Allow>(decision.verdict); };
  }
  return [sink = options.sink, actions = options.actions_logged, logging = options.logging,
          audited = options.audited](const Decision& decision) {
    return sink != nullptr && LogDecision(decision, actions, logging, audited);
  };
}

Supervisor::Supervisor(Options options) : options_(std::move(options)) {}

Supervisor::~Supervisor() = default;

absl::Status Supervisor::NameContainer() {
  if (!options_.contid) {
    PROVOST_ASSIGN_OR_RETURN(const auto label, CommonContainer(options_.policies));
    if (label) options_.contid = label->contid;
  }
  if (options_.contid == ContainerLabel::kUnset) {
    return absl::InvalidArgumentError(
        absl::StrCat(ContainerLabel::kUnset, " stands for a task without a container"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Guardian>> Supervisor::MakeGuardian() const {
  if (!options_.guardian) return nullptr;
  return Guardian::Start(*options_.guardian);
}

absl::Status Supervisor::ResolveArguments() {
  PROVOST_RETURN_IF_ERROR(CheckActions(ProbeActions()));
  PROVOST_RETURN_IF_ERROR(CheckProtection(options_.arguments, options_.policies));
  const ArgumentMode asked = options_.arguments;
  options_.arguments = ResolveMode(asked, options_.policies);
  if (asked != options_.arguments && options_.arguments == ArgumentMode::kTrust &&
      options_.logger != nullptr) {
    options_.logger->warn(
        "this kernel has no mseal(2) (Linux 6.10 has it): what rules look at in memory could be "
        "changed between a decision and its call (--arguments trust says that you know)");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Hardening>> Supervisor::MakeHardening(
    const Guardian* guardian) const {
  PROVOST_ASSIGN_OR_RETURN(const bool harden, CommonHardening(options_.policies));
  if (options_.mode == Mode::kUnrestricted || !harden || options_.unsafe_harden_off) return nullptr;
  return Hardening::Create(options_.policies, options_.unsafe_allow_new_privs,
                           guardian != nullptr ? guardian->pid() : 0);
}

absl::StatusOr<std::unique_ptr<Supervisor::Loop>> Supervisor::MakeLoop() {
  PROVOST_RETURN_IF_ERROR(NameContainer());
  // Before there is a thread of ours beside this one.
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Guardian> guardian, MakeGuardian());
  if (options_.mode != Mode::kUnrestricted) PROVOST_RETURN_IF_ERROR(ResolveArguments());
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Hardening> hardening, MakeHardening(guardian.get()));
  const ControlNumbers control = ControlNumbers::Random();
  const Gate gate = Gate::Random();
  std::vector<BpfProgram> filters;
  if (options_.mode != Mode::kUnrestricted) {
    PROVOST_ASSIGN_OR_RETURN(
        filters, CompileFilters(options_.policies, options_.mode == Mode::kComplain, control,
                                WantsRecord(options_), GatesFor(options_, options_.policies, gate),
                                hardening != nullptr ? &hardening->policy() : nullptr));
  }
  auto loop = std::make_unique<Loop>(options_, std::move(filters), control, gate,
                                     std::move(hardening), std::move(guardian));
  PROVOST_RETURN_IF_ERROR(loop->MakeEmulators());
  return loop;
}

bool Supervisor::HearsTaskChanges() const {
  // A filter that this process was started under is the tasks', too, and may have a listener, which
  // is asked before we are.
  const bool is_filtered = prctl(PR_GET_SECCOMP) != 0;
  return !is_filtered && options_.mode != Mode::kUnrestricted &&
         MayRecord(options_.policies, WantsRecord(options_));
}

absl::StatusOr<Outcome> Supervisor::Run(const std::vector<std::string>& argv) {
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoop());
  if (HearsTaskChanges()) loop->KeepTaskChanges();
  return loop->Run(argv);
}

absl::StatusOr<Outcome> Supervisor::Attach(const std::vector<pid_t>& processes) {
  if (processes.empty()) return absl::InvalidArgumentError("no process to attach to");
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoop());
  return loop->Attach(processes);
}

absl::Status Supervisor::CheckResume(absl::string_view state) const {
  return ParseFor(options_.policies, state).status();
}

absl::StatusOr<std::unique_ptr<Supervisor::Loop>> Supervisor::MakeLoopFrom(
    absl::string_view state) {
  PROVOST_ASSIGN_OR_RETURN(SavedRun run, ParseFor(options_.policies, state));
  options_.seed = run.seed;
  options_.arguments = run.arguments;
  // The policies that named it may be others by now.
  options_.contid = run.lineage.first.contid;
  PROVOST_RETURN_IF_ERROR(NameContainer());
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Guardian> guardian, MakeGuardian());
  std::unique_ptr<Hardening> hardening;
  if (run.hardening) {
    PROVOST_ASSIGN_OR_RETURN(hardening, MakeHardening(guardian.get()));
  }
  auto loop = std::make_unique<Loop>(options_, std::move(run.filters), run.control, Gate(run.gate),
                                     std::move(hardening), std::move(guardian));
  PROVOST_RETURN_IF_ERROR(loop->MakeEmulators());
  return loop;
}

absl::StatusOr<Outcome> Supervisor::Resume(absl::string_view state) {
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoopFrom(state));
  return loop->Resume(state);
}

absl::StatusOr<Outcome> Supervisor::Adopt(absl::string_view state, const FrozenTree& tree,
                                          const Adoption& adoption) {
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoopFrom(state));
  return loop->Adopt(state, tree, adoption);
}

FrozenTree FindFrozen(pid_t supervisor) { return {.cgroups = Freezer::MadeBy(supervisor)}; }

absl::Status KillFrozen(const FrozenTree& tree) { return Freezer(tree.cgroups).Kill(); }

}  // namespace provost
