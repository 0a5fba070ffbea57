#include "supervisor/supervisor.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spdlog/spdlog.h"
#include "supervisor/loop.h"

namespace provost {
namespace {

// What the filters let the tracer have tasks do.
GatedCalls CallsFor(ArgumentMode mode, bool attaches, const Gate& gate) {
  GatedCalls calls = {gate.instruction(), {}};
  if (mode != ArgumentMode::kTrust) {
    calls.names.assign(kInjectedCalls.begin(), kInjectedCalls.end());
  }
  if (attaches) {
    calls.names.insert(calls.names.end(), kAttachingCalls.begin(), kAttachingCalls.end());
  }
  return calls;
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

absl::StatusOr<std::unique_ptr<Supervisor::Loop>> Supervisor::MakeLoop(bool attaches) {
  if (!options_.contid) {
    PROVOST_ASSIGN_OR_RETURN(const auto label, CommonContainer(options_.policies));
    if (label) options_.contid = label->contid;
  }
  if (options_.contid == ContainerLabel::kUnset) {
    return absl::InvalidArgumentError(
        absl::StrCat(ContainerLabel::kUnset, " stands for a task without a container"));
  }
  std::vector<BpfProgram> filters;
  std::vector<Decision> unheard;
  std::unique_ptr<Hardening> hardening;
  std::unique_ptr<Guardian> guardian;
  if (options_.guardian) {
    // Before there is a thread of ours beside this one.
    PROVOST_ASSIGN_OR_RETURN(guardian, Guardian::Start(*options_.guardian));
  }
  const ControlNumbers control = ControlNumbers::Random();
  const Gate gate = Gate::Random();
  PROVOST_ASSIGN_OR_RETURN(const bool harden, CommonHardening(options_.policies));
  if (options_.mode != Mode::kUnrestricted) {
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
    if (harden && !options_.unsafe_harden_off) {
      PROVOST_ASSIGN_OR_RETURN(hardening,
                               Hardening::Create(options_.policies, options_.unsafe_allow_new_privs,
                                                 guardian != nullptr ? guardian->pid() : 0));
    }
    const auto wants_record = WantsRecord(options_);
    const bool complain = options_.mode == Mode::kComplain;
    PROVOST_ASSIGN_OR_RETURN(filters,
                             CompileFilters(options_.policies, complain, control, wants_record,
                                            CallsFor(options_.arguments, attaches, gate),
                                            hardening != nullptr ? &hardening->policy() : nullptr));
    if (!options_.control_socket.empty()) {
      unheard = UnheardDecisions(options_.policies, complain, wants_record);
    }
  }
  return std::make_unique<Loop>(options_, std::move(filters), std::move(unheard), control, gate,
                                std::move(hardening), std::move(guardian));
}

absl::StatusOr<Outcome> Supervisor::Run(const std::vector<std::string>& argv) {
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoop(false));
  return loop->Run(argv);
}

absl::StatusOr<Outcome> Supervisor::Attach(const std::vector<pid_t>& processes) {
  if (processes.empty()) return absl::InvalidArgumentError("no process to attach to");
  PROVOST_ASSIGN_OR_RETURN(const std::unique_ptr<Loop> loop, MakeLoop(true));
  return loop->Attach(processes);
}

}  // namespace provost
