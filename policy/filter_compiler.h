#ifndef PROVOST_POLICY_FILTER_COMPILER_H_
#define PROVOST_POLICY_FILTER_COMPILER_H_

#include <linux/filter.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/policy.h"
#include "policy/verdict.h"

namespace provost {

// SECCOMP_RET_DATA of every RET_TRACE of ours: says "our filter", nothing else. Never to be trusted
// for a decision: a task may install a newer RET_TRACE filter whose data replaces ours.
inline constexpr uint16_t kTraceData = 0x5076;

// Numbers no kernel will have, that the tracer writes into a stopped call to make the kernel itself
// do what a filter can and ptrace cannot: after a tracer changes the number the filter runs again
// (kernel/seccomp.c, __seccomp_filter with recheck_after_trace). They stand in every filter, ahead
// of everything but the architecture check. A task that calls one of them meets it too, unrecorded:
// a run draws its own (Random), which nobody guesses.
struct ControlNumbers {
  int32_t kill_process = 0x2f707200;
  int32_t kill_thread = 0x2f707201;
  int32_t trap = 0x2f707202;

  // Three numbers in a row between the calls of any ABI and the bits that mark x32 and -1.
  static constexpr ControlNumbers From(uint32_t random) {
    constexpr uint32_t kFirst = 0x10000000;
    constexpr uint32_t kCount = 0x2ffffff0;
    const auto base = static_cast<int32_t>(kFirst + random % kCount);
    return {base, base + 1, base + 2};
  }
  // Drawn by getrandom(2).
  static ControlNumbers Random();
};

// Calls that the tracer makes a task make (tracee/injected_call.h): made at this instruction
// pointer, at which no task can execute anything, they run whatever the policy says of them.
struct GatedCalls {
  uint64_t instruction = 0;
  std::vector<absl::string_view> names;
  // A filter of the task's own is asked about them, too, and may refuse them: ask the tracer about
  // every call that installs one, where it may run.
  bool trace_filters = false;
};

struct FilterOptions {
  // True if the tracer must apply this decision (because it is to be recorded, or the run only
  // complains). Decisions that the kernel cannot give (a Return other than 0) go to the tracer
  // whatever this says. Null: never. Not called for Allow.
  std::function<bool(const Decision&)> needs_tracer;
  // Ask the tracer about every execve and execveat that is not plainly allowed, so that it can let
  // the first one through.
  bool trace_exec = true;
  // Ask the tracer, where they may run, about the calls that change what records say of a task and
  // what is not looked at for each: prctl(PR_SET_MM, …), by which a process changes its program and
  // its command line, and those of syscalls/task_changes.h.
  bool trace_task_changes = false;
  // The most instructions the program may have, when room must be left: a task's filters together
  // may have 32768, each counted with 4 more (kernel/seccomp.c, MAX_INSNS_PER_PATH).
  int max_instructions = BPF_MAXINSNS;
  ControlNumbers control;
  GatedCalls gated;
};

// True if the filter leaves a call that gets this decision to the tracer, because it cannot answer
// it by itself or is not to.
bool NeedsTracer(const Decision& decision, const FilterOptions& options);

// A seccomp filter in the kernel's form. At most BPF_MAXINSNS (4096) instructions.
using BpfProgram = std::vector<sock_filter>;

// Compiles what registers decide; the rest is RET_TRACE | kTraceData. For a call, rules are tested
// in order; from the first rule that needs the tracer and may match by its registers, the tracer
// decides (from the call's first rule). What the filter answers by itself is what Policy::Decide
// says, whatever memory holds. A rule that counts needs the tracer for every call it may match.
//
//   Allow                      RET_ALLOW
//   Deny, Return{0}            RET_ERRNO | errno, RET_ERRNO | 0
//   Trap, Kill                 RET_TRAP, RET_KILL_PROCESS, RET_KILL_THREAD
//   Log, any other Return, Emulate, Rewrite, Ask: RET_TRACE
//   any but Allow that wishes to be recorded (`log`, `log result`, `audited`, `logging on`), or
//   that options.needs_tracer asks for: RET_TRACE
//
// If the program would be too long, the calls with most instructions are left to the tracer, as few
// as will do. Fails with kResourceExhausted, naming the calls with most instructions, if even
// leaving all of them did not do.
absl::StatusOr<BpfProgram> CompileFilter(const Policy& policy, const FilterOptions& options);

}  // namespace provost

#endif  // PROVOST_POLICY_FILTER_COMPILER_H_
