#include "supervisor/run_options.h"

#include <utility>
#include <variant>

#include "audit/log_decision.h"
#include "supervisor/unheard.h"

namespace provost {

std::string NameOf(Mode mode) {
  switch (mode) {
    case Mode::kEnforce:
      return "enforce";
    case Mode::kComplain:
      return "complain";
    case Mode::kUnrestricted:
      break;
  }
  return "unrestricted";
}

std::unique_ptr<PublishedRunState> PublishState(const Options& options) {
  if (!options.publish_state) return nullptr;
  RunState state;
  if (options.contid) state.contid = *options.contid;
  state.mode = NameOf(options.mode);
  auto published = PublishedRunState::Publish(RunStateDirectory(), std::move(state));
  return published.ok() ? *std::move(published) : nullptr;
}

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

std::vector<Decision> Unheard(const Options& options) {
  if (options.mode == Mode::kUnrestricted || options.control_socket.empty()) return {};
  return UnheardDecisions(options.policies, options.mode == Mode::kComplain, WantsRecord(options));
}

}  // namespace provost
