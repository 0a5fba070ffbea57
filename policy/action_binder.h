#ifndef PROVOST_POLICY_ACTION_BINDER_H_
#define PROVOST_POLICY_ACTION_BINDER_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "policy/ast.h"
#include "policy/call_resolver.h"
#include "policy/emulator_table.h"
#include "policy/verdict.h"

namespace provost {

// Reads a file that a policy names; an error is ErrorAt's.
using FileReader = std::function<absl::StatusOr<EmulatorFile>(const StringItem& path)>;

// Gives an `emulate` rule the calls that its emulator answers, and its verdict the settings that
// `with` gives. Other rules stay as they are. Errors are ErrorAt's.
absl::Status BindEmulator(const EmulatorTable& emulators, const FileReader& read_file,
                          RuleStatement& rule);

// Gives a `rewrite` rule's verdict what `set` says, each argument and value checked against every
// call of the rule. Other rules stay as they are. Errors are ErrorAt's.
absl::Status BindRewrite(absl::Span<const ResolvedCall> calls, RuleStatement& rule);

}  // namespace provost

#endif  // PROVOST_POLICY_ACTION_BINDER_H_
