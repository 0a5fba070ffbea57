#ifndef PROVOST_POLICY_REWRITE_H_
#define PROVOST_POLICY_REWRITE_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "policy/decider.h"
#include "policy/verdict.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {

// Where an argument is that a Setting names: "arg0" … "arg5" are the registers themselves, every
// other name is the call's own. nullopt if the call has no such argument.
std::optional<int> SettableArgument(const Syscall& syscall, absl::string_view name);

// The call with what `rewrite` says of its arguments; unchanged if it is no call that it can say
// anything of.
SyscallRequest Rewritten(const SyscallRequest& request, const Rewrite& rewrite);

// The other call that `verdict` makes of this one; nullopt if it stands as it is: no rewrite, or
// one that changes nothing (what a rule makes of its own outcome is that outcome).
std::optional<SyscallRequest> ChangedBy(const Verdict& verdict, const SyscallRequest& request);

// What becomes of a call, and the arguments it runs with if it runs.
struct Judgement {
  Decision decision;
  SyscallRequest runs;
};

// Decides a call and, where a rule rewrites it, what has come of it as a call of its own: after a
// tracer changed a call the kernel's filter runs again but does not stop it again (seccomp(2)), so
// that nothing else would. The decision is the last rewriting one if the call then runs. A call
// that kMaxRewrites rules have rewritten one after another and yet another would is refused with
// ELOOP.
inline constexpr int kMaxRewrites = 8;
Judgement Judge(Decider& decider, const SyscallRequest& request, ArgumentReader& arguments);

}  // namespace provost

#endif  // PROVOST_POLICY_REWRITE_H_
