#ifndef PROVOST_POLICY_ACTION_BINDER_H_
#define PROVOST_POLICY_ACTION_BINDER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/ast.h"
#include "policy/call_resolver.h"
#include "policy/emulator_table.h"
#include "policy/verdict.h"

namespace provost {

// Gives an `emulate` rule the calls that its emulator answers, and its verdict the settings that
// `with` gives. Other rules stay as they are. Errors are ErrorAt's.
absl::Status BindEmulator(const EmulatorTable& emulators, RuleStatement& rule);

// Gives a `rewrite` rule's verdict what `set` says, each argument and value checked against every
// call of the rule. Other rules stay as they are. Errors are ErrorAt's.
absl::Status BindRewrite(absl::Span<const ResolvedCall> calls, RuleStatement& rule);

}  // namespace provost

#endif  // PROVOST_POLICY_ACTION_BINDER_H_
