#ifndef PROVOST_SUPERVISOR_SUPERVISOR_H_
#define PROVOST_SUPERVISOR_SUPERVISOR_H_

// Runs a program and everything it starts under policies, and records what was decided.
//
//   Policy policy = *PolicyBuilder().Add({.name = "no-uname", .verdict = Deny{EPERM}},
//   {"uname"}).Build(); Options options; options.policies = {policy}; absl::StatusOr<Outcome>
//   outcome = Supervisor(options).Run({"uname", "-r"});
//
// tests/embed_example.cc is a whole program.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/log_decision.h"
#include "audit/sink.h"
#include "emulate/handler_table.h"
#include "policy/decider.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "supervisor/argument_mode.h"
#include "supervisor/departure.h"
#include "supervisor/guardian.h"
#include "supervisor/placement_choice.h"
#include "tracee/launcher.h"
#include "tracee/read_watch.h"
#include "tracee/signal_state.h"
#include "tracee/stop.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace provost {

class Hardening;

enum class Mode : uint8_t {
  kEnforce,       // verdicts are applied
  kComplain,      // what would be refused is recorded as `log` and let through
  kUnrestricted,  // no filter at all
};

// What the tasks do while a decision cannot be put on record.
enum class OnAuditFailure : uint8_t {
  kContinue,  // go on; the record is lost and counted
  // Wait at the stop until it can be written: nothing runs unrecorded. Of calls whose results are
  // to be recorded, none begins once a record was refused. At the end Run waits for the records of
  // tasks that are gone.
  kStop,
  kKill,  // the tree is killed
};

struct Options {
  // Each decides every call, the most restrictive answer wins (policy/stack.h). None: everything is
  // allowed.
  std::vector<Policy> policies;
  Mode mode = Mode::kEnforce;
  ArgumentMode arguments = ArgumentMode::kProtectWherePossible;

  // Asked instead of the policies about every call that stops; the policies still make the filter,
  // and so say what stops. Not owned; null: the policies decide.
  Decider* decider = nullptr;

  // The emulators that the policies name; those that they were parsed with.
  HandlerTable handlers = HandlerTable::Builtin();

  // Where `policies` come from, for the run's first record and whoever asks later why a call was
  // decided so: files by absolute paths, and statements.
  std::vector<std::string> policy_files;
  std::vector<std::string> policy_statements;

  // What random decisions are drawn from; the run's first record says it, so that a run can be
  // repeated.
  uint64_t seed = 0;

  // Not owned; null: nothing is recorded.
  AuditSink* sink = nullptr;
  // Records every refusal whose rule is not `quiet`, as `logging on` in a policy does.
  bool logging = false;
  // Writes a first and a last record of the run itself, with its counts.
  bool record_run = true;
  ActionsLogged actions_logged = ActionsLogged::All();
  // The tasks are audited: every decision but allow is recorded, whatever `actions_logged` and the
  // rules say.
  bool audited = false;
  // The container's identifier that the program and all it starts carry in their records; absent:
  // the one that the policies name.
  std::optional<uint64_t> contid;
  OnAuditFailure on_audit_failure = OnAuditFailure::kStop;

  // How long a task may hold the supervisor up through memory that somebody provides on demand,
  // before it is killed for it, and then the tree.
  ReadWatch::Bounds read_bounds;

  // SIGCHLD is blocked in all threads of this process, has its default disposition, and nobody
  // waits for it: then it tells the supervisor which of many tasks to wait for (tracee/waiter.h).
  bool owns_sigchld = false;

  // Where the tracing thread runs while tasks stop often. It is scheduled as before when the run
  // is over. Threads that callbacks, deciders and sinks start meanwhile begin as it is scheduled;
  // TakeOrdinaryScheduling (base/scheduling.h) makes them ordinary ones.
  PlacementMode placement = PlacementMode::kAuto;

  // A process that kills a supervisor that hangs; none if absent. What this thread does in
  // callbacks, deciders and sinks counts as its work.
  std::optional<GuardianOptions> guardian;

  // Dangerous: see LaunchSpec.
  bool unsafe_allow_new_privs = false;
  // Dangerous: leaves open what hardening closes (policy/harden.h), as `harden off` in a policy
  // does.
  bool unsafe_harden_off = false;
  // Dangerous: leaves this process dumpable while it supervises (supervisor/undumpable.h), so that
  // it can be debugged and leaves core dumps; its tasks may do with it what a debugger can.
  bool unsafe_debuggable = false;
  // Signals as the program should find them; absent: as they are when Run is called.
  std::optional<SignalState> signals;

  // Says in the user's runtime directory what runs, for `provost ps` (supervisor/run_state.h). That
  // it cannot is no failure of the run.
  bool publish_state = false;

  // Where to take requests while the run goes on, as `provost set` makes them: the path of a unix
  // socket in a directory that is there and that only this user should write; "": nowhere. Who may
  // ask and what is in supervisor/control_socket.h and control_requests.h. A thread of the
  // library's own serves the socket until Run returns; it only reads and writes there, and all that
  // is done to tasks is done on the thread that calls Run. Meanwhile that thread is woken by
  // SIGURG, whose handler and mask Run puts back as it found them. That there can be no socket is
  // said to the logger (unless `publish_state` is set and there is no place for that either), and
  // is no failure of the run.
  std::string control_socket;
  // Everything but what is allowed comes to the supervisor, so that all of it can be recorded once
  // that is asked for. Else what nobody wants on record when the run begins may be answered by the
  // kernel itself, and can never be. Costs a stop for each refusal.
  bool settable = false;

  // Why an upgrade did not come to pass, of a run that is resumed for it; said to who asks.
  std::string upgrade_failure;

  // What a process that wants the run handed over is to know before it asks for that, under the
  // policies that the run was reloaded with (none: it was not); the request `succession` gives it.
  // Null: the run cannot be handed over.
  std::function<std::string(const std::vector<PolicySource>& reloaded)> succession;

  // Diagnostics; null: silence.
  std::shared_ptr<spdlog::logger> logger;

  // Called on the tracing thread. The program's pid, once, when it is seized and about to start.
  std::function<void(pid_t)> on_started;
  // The program itself has ended; what it left running may go on for long.
  std::function<void()> on_ended;
  // The program has stopped for job control; called after it was left in that stop.
  std::function<void(pid_t, int signal)> on_stopped;
  // Asked while tasks, or at the end Run, wait for a record to be written (OnAuditFailure::kStop),
  // when the program ends while other tasks do, before on_ended is called, and, once the
  // program has ended, whenever a signal whose handler was set without SA_RESTART interrupts the
  // wait for what it left running. True kills the tree.
  std::function<bool()> give_up;
  // Asked between events, and whenever a signal whose handler was set without SA_RESTART interrupts
  // the wait for one: how the tree is to be left, if it is, before its last task has ended. Not
  // asked again once it said so. Must be quick.
  std::function<std::optional<Departure>()> leave;
};

// How a run ended; a closed variant.

// The program could not be started.
struct NotStarted {
  LaunchFailure failure;
};
// The run could not be recorded: the tree was killed for it, or not even started.
struct RecordingFailed {
  absl::Status status;
  bool started = true;
};
// ReleaseTasks: so many tasks run on.
struct Released {
  uint64_t tasks = 0;
  bool operator==(const Released&) const = default;
};
// SuspendRun: the tasks go on up to their next stops, and wait there.
struct Suspended {
  std::string state;  // for Resume
  std::string successor;
  // Where the run was reloaded since it began or was resumed: the policies that Resume needs in
  // place of Options::policies.
  std::vector<PolicySource> policies = {};
};
// HandOver: see FrozenTree for what is to be done.
struct HandedOver {
  std::string state;  // for Adopt
  FrozenTree tree;
  HandOver to;
  std::vector<PolicySource> policies = {};  // as in Suspended
};
// Exited and KilledBy (tracee/stop.h) are the program's own end.
using Outcome =
    std::variant<Exited, KilledBy, NotStarted, RecordingFailed, Released, Suspended, HandedOver>;

// Who wants to know how far an adoption is; called on the tracing thread.
struct Adoption {
  // Every task is traced by this thread, and dies with it; all are frozen still.
  std::function<void()> taken;
  // They are about to go on, after they have stood still for so long. The cgroups are gone.
  std::function<void(std::chrono::nanoseconds)> thawed;
};

// The tree, as far as it is frozen, that this supervisor hands over, or has when it died.
FrozenTree FindFrozen(pid_t supervisor);

// Kills every task of a tree that nobody takes.
absl::Status KillFrozen(const FrozenTree& tree);

// One run. Not thread-safe; everything happens on the thread that calls Run.
class Supervisor {
 public:
  explicit Supervisor(Options options);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts argv[0] (found as execvp(3) does) and supervises it and all its descendants until the
  // last has ended, or is left (Options::leave); returns how the program itself did. Call it once.
  // ptrace(2) binds the tree to the calling thread: it traces until Run returns, and the tree dies
  // with it. Other children of the process are left alone, unless this thread made them by clone(2)
  // with another exit signal than SIGCHLD. Signal masks and dispositions are not touched.
  //
  // An error means that supervision itself failed: the tree has been killed. kUnimplemented: the
  // kernel lacks what is needed.
  absl::StatusOr<Outcome> Run(const std::vector<std::string>& argv);

  // The same for processes that run already, with all their threads and all that they start from
  // now on (tracee/attachment.h); returns how the first of them ended. Call it instead of Run. What
  // else they had started before stays unsupervised. A filter can never be taken off again: from
  // here on the processes depend on this supervisor, and die with it.
  //
  // An error before any filter is in leaves them as they were: kNotFound, kPermissionDenied,
  // kFailedPrecondition (a state that cannot be joined), kUnavailable. Of several, those that
  // cannot be taken when others have been are said to the logger and go on unsupervised.
  absl::StatusOr<Outcome> Attach(const std::vector<pid_t>& processes);

  // Goes on with a run that was suspended, in place of Run: on the same thread, in the same program
  // or in one that this thread has executed since, with options that say the same. The sink must be
  // one that goes on too. `on_started` is called again, or `on_ended` if that was so.
  absl::StatusOr<Outcome> Resume(absl::string_view state);
  // Goes on with a run that another process has handed over, or this one (HandedOver), in place of
  // Run, with options that say the same. An error before `adoption.taken` is called means that the
  // tree is as it was, frozen: kPermissionDenied, kUnavailable.
  absl::StatusOr<Outcome> Adopt(absl::string_view state, const FrozenTree& tree,
                                const Adoption& adoption);
  // OK if Resume, or Adopt, could go on with this. For any process; nothing is done.
  absl::Status CheckResume(absl::string_view state) const;

 private:
  class Loop;
  // The container that the policies name, if the options name none.
  absl::Status NameContainer();
  // What the kernel has for what the options ask for.
  absl::Status ResolveArguments();
  // Null where there is none.
  absl::StatusOr<std::unique_ptr<Guardian>> MakeGuardian() const;
  absl::StatusOr<std::unique_ptr<Hardening>> MakeHardening(const Guardian* guardian) const;
  absl::StatusOr<std::unique_ptr<Loop>> MakeLoop();
  // Of a run that starts its program: whether the filters ask for every change of its tasks
  // (FilterOptions::trace_task_changes).
  bool HearsTaskChanges() const;
  // For a run that goes on.
  absl::StatusOr<std::unique_ptr<Loop>> MakeLoopFrom(absl::string_view state);
  Options options_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_SUPERVISOR_H_
