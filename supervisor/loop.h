#ifndef PROVOST_SUPERVISOR_LOOP_H_
#define PROVOST_SUPERVISOR_LOOP_H_

// The inside of Supervisor, for its own sources alone.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/filter_compiler.h"
#include "policy/rewrite.h"
#include "policy/stack.h"
#include "supervisor/argument_pages.h"
#include "supervisor/argument_protection.h"
#include "supervisor/call_outcome.h"
#include "supervisor/containers.h"
#include "supervisor/departure.h"
#include "supervisor/emulators.h"
#include "supervisor/filters.h"
#include "supervisor/gated_calls.h"
#include "supervisor/guardian.h"
#include "supervisor/hardening.h"
#include "supervisor/kernel_features.h"
#include "supervisor/kernel_refusals.h"
#include "supervisor/lineage.h"
#include "supervisor/placement.h"
#include "supervisor/recorder.h"
#include "supervisor/reload.h"
#include "supervisor/repeated_calls.h"
#include "supervisor/run_control.h"
#include "supervisor/run_state.h"
#include "supervisor/saved_run.h"
#include "supervisor/supervisor.h"
#include "supervisor/task.h"
#include "supervisor/tracee_arguments.h"
#include "supervisor/tree_handover.h"
#include "supervisor/tree_release.h"
#include "supervisor/undumpable.h"
#include "supervisor/unheard.h"
#include "syscalls/syscall_table.h"
#include "tracee/address_space.h"
#include "tracee/attachment.h"
#include "tracee/borrowed_task.h"
#include "tracee/died.h"
#include "tracee/filter_installer.h"
#include "tracee/injected_call.h"
#include "tracee/program_start.h"
#include "tracee/read_watch.h"
#include "tracee/registers.h"
#include "tracee/waiter.h"

namespace provost {

// How long to wait between attempts to write a record that holds tasks up.
inline constexpr int kRetryMilliseconds = 100;

// How a call is named to people.
std::string CallName(const SyscallRequest& request);

// The event that a task is held for, ready to be written; null if there is none.
PendingRecord* HeldRecord(TaskState& state);
bool IsHeld(const TaskState& state);

// Writes the registers of a stopped call so that, once restarted, the verdict has happened. The
// only writer of registers at a seccomp stop. `runs` is the call as a rewrite makes it. Returns the
// state the task runs on in. `emulated`: what emulators have made of the call; null: nothing.
absl::StatusOr<TaskState> Apply(const Verdict& verdict, const Stopped& stopped,
                                const SyscallRequest& request, const SyscallRequest& runs,
                                const ControlNumbers& control, const Emulated* emulated = nullptr);

// What of a decision must come to the tracer to be recorded, now or once somebody asks for it.
std::function<bool(const Decision&)> WantsRecord(const Options& options);

// What the filters let the supervisor have tasks do under these policies.
GatedCalls GatesFor(const Options& options, absl::Span<const Policy> policies, const Gate& gate);

// The tasks of a run on their way into its newest generation (Supervisor::Loop).
struct Switch {
  std::vector<BpfProgram> filters;  // that they need
  int filter_count = -1;            // that a task has at least which has them; -1: not known
  std::set<pid_t> shared;           // processes all of whose threads have got them
  // Of tasks whose first stop is to come: whether their creator, and so they, have them.
  std::map<pid_t, bool> born;
  // Those that have got them by another thread, and have not stopped since.
  std::set<pid_t> unseen;
};

// One run from launch to the last task's end. Every handler consumes its Stopped by restarting it
// or by storing it in the task's state.
class Supervisor::Loop {
 public:
  // `hardening` and `guardian` are null where there is none.
  Loop(const Options& options, std::vector<BpfProgram> filters, const ControlNumbers& control,
       const Gate& gate, std::unique_ptr<Hardening> hardening, std::unique_ptr<Guardian> guardian)
      : options_(options),
        filters_(std::move(filters)),
        control_(control),
        hardening_(std::move(hardening)),
        protection_(options.arguments, gate),
        recorder_(options.sink, options.actions_logged, options.logging, options.audited),
        lineage_(recorder_.containers()),
        read_watch_(options.read_bounds,
                    [this](pid_t tid, ReadWatch::Killed what) { SayKilledForReading(tid, what); }),
        guardian_(std::move(guardian)),
        placement_(options.placement) {
    if (options.owns_sigchld) waiter_.UseSignals();
    generations_.push_back(MakeGeneration(0, options.policies));
  }

  // Before any of the following: the handlers that the policies name.
  absl::Status MakeEmulators();
  // Before Run: what the filters ask for changes nothing in the tasks unheard.
  void KeepTaskChanges() { recorder_.KeepTaskChanges(); }
  absl::StatusOr<Outcome> Run(const std::vector<std::string>& argv);
  absl::StatusOr<Outcome> Attach(const std::vector<pid_t>& processes);
  absl::StatusOr<Outcome> Resume(absl::string_view state);
  absl::StatusOr<Outcome> Adopt(absl::string_view state, const FrozenTree& tree,
                                const Adoption& adoption);

 private:
  // Policies that tasks are under, from one reload to the next. Records and calls under way point
  // at them, so that they stay: the kernel takes so many filters of a task, and no more.
  struct Generation {
    Generation(uint64_t its_number, const std::vector<Policy>& its_policies, uint64_t seed,
               size_t its_filters)
        : number(its_number),
          policies(its_policies),
          stack(policies, {.seed = seed, .clock = nullptr}),
          filters(its_filters) {}

    uint64_t number;
    std::vector<Policy> policies;
    PolicyStack stack;
    std::unique_ptr<Emulators> emulators;  // null: the policies name none
    size_t filters;                        // the first so many of filters_ are what its tasks have
  };
  struct Task {
    TaskState state = Running();
    Generation* generation = nullptr;    // that it is under
    pid_t process = 0;                   // its thread group, once that was asked for
    bool installs = false;               // it may be in a call that gives it a filter of its own
    RepeatedCalls repeated;              // kept only for a decider that counts
    ArgumentSlot slot;                   // what its call reads in place of its own memory
    std::optional<CallReturn> way_back;  // from that call, which is to be run yet
    std::optional<Emulated> emulated;    // that call, from its stop to its exit
  };

  // `attachment`: what the run begins with, if it does not start a program; else null.
  absl::Status RecordStart(const Attachment* attachment);
  // Whether the processes have other filters than ours.
  void NoteFilters(const Attachment& attachment);
  // Labels the program, if the run has a container, and records it.
  absl::Status EnterContainer();
  // Publishes the run, and listens for requests.
  void BeginControl();
  absl::Status Supervise();
  // The same with all that is to be done at the end.
  absl::Status SuperviseToEnd();
  absl::StatusOr<Outcome> EndOfRun();
  absl::Status Handle(WaitResult& result);
  absl::StatusOr<WaitResult> NextEvent();
  absl::StatusOr<WaitResult> WaitForEvent();
  // What is there, or soon where it spins; else NothingYet.
  absl::StatusOr<WaitResult> PollForEvent();
  // Kills the tree if the embedder wants its end.
  bool GiveUp();
  absl::Status Dispatch(StoppedTask stop);

  // One for each StopEvent.
  absl::Status On(const SeccompStop& event, Stopped stopped, Task& task);
  absl::Status On(const SyscallExitStop& event, Stopped stopped, Task& task);
  absl::Status On(const SignalStop& event, Stopped stopped, Task& task);
  absl::Status On(const GroupStop& event, Stopped stopped, Task& task);
  absl::Status On(const TrapStop& event, Stopped stopped, Task& task);
  absl::Status On(const NewChildStop& event, Stopped stopped, Task& task);
  absl::Status On(const ExecStop& event, Stopped stopped, Task& task);
  absl::Status OnEnd(const EndedTask& ended);
  // Leaves the tree at the next event; an error if it cannot be left.
  absl::Status Depart(const Departure& how);
  // Begins what was asked for, here or by Options::leave, once the program runs.
  absl::Status Leave();
  absl::Status EndLooks() const;
  absl::Status BeginRelease(const ReleaseTasks& how);
  // Asks a task for the stop at which it can be let go of, if the tree is being left, or taken over
  // into a new generation, if it is to be.
  absl::Status AskToStop(const Stopped& stopped, Task& task) const;
  // Begins to hand the tree over; what it cannot do is told, undone, and no error.
  absl::Status BeginHandOver(const HandOver& how);
  // The processes of the tasks that there are.
  std::set<pid_t> Processes() const;
  // Asks those that are not held yet to come to their stops.
  absl::Status AskForHandOver();
  // True if a task is to be asked for its stop: not while what is under way in its address space
  // needs tasks that go on.
  bool IsWantedForHandOver(pid_t tid, Task& task) const;
  // True if a task at a TrapStop or a GroupStop is to stay there.
  bool HoldsForHandOver(const Stopped& stopped, Task& task) const;
  absl::StatusOr<WaitResult> NextHandOverEvent();
  // True if all are held. An error says why they never may be.
  absl::StatusOr<bool> IsReadyForHandOver();
  absl::Status MoveForHandOver();
  // All are held: lets go of them.
  absl::Status CompleteHandOver();
  // `left` gets the tasks that live on.
  absl::Status LetGoOfHeld(std::set<pid_t>& left);
  // The run goes on as it was.
  absl::Status UndoHandOver(absl::string_view why);
  // Settles tasks that nobody brought: they have been killed, or were taken out of the freezer.
  absl::Status EndUnseen();
  // Answers a task that waits for its record: it will not be written, and nothing runs unrecorded.
  absl::Status GiveUpHeld(TaskState held);
  // Lets go of a task at a TrapStop or a GroupStop.
  absl::Status Release(Stopped stopped);
  // True if the run is to be suspended and nothing of it is in our hands alone.
  bool MaySuspend() const;
  // What Restore needs. No task is handled afterwards.
  std::string Save();
  absl::Status Restore(absl::string_view state);
  // Settles what a task leaves undone whose life ended in `state`.
  absl::Status CutOff(TaskState state);

  std::unique_ptr<Generation> MakeGeneration(uint64_t number,
                                             const std::vector<Policy>& policies) const {
    return std::make_unique<Generation>(number, policies, options_.seed, filters_.size());
  }
  Generation& newest() const { return *generations_.back(); }
  // Who decides about tasks of that generation.
  Decider& DeciderOf(Generation& generation) const {
    return options_.decider != nullptr ? *options_.decider : generation.stack;
  }
  bool Counts(const Task& task) const { return DeciderOf(*task.generation).counts(); }
  // What filters answer by themselves, of all generations.
  std::vector<Decision> Unheard();
  // Has the run go on under other policies; nothing has changed if it refuses.
  absl::StatusOr<Reloaded> Reload(const ReloadRequest& request, const Identity& client);
  absl::Status MayReload();
  absl::StatusOr<std::vector<Policy>> ParseFor(const ReloadRequest& request) const;
  absl::Status CheckGate() const;
  absl::StatusOr<std::vector<BpfProgram>> NewFilters(const std::vector<Policy>& policies,
                                                     const Hardening* hardening) const;
  absl::Status RecordReload(const ReloadRequest& request, const Identity& client);
  absl::Status BeginSwitch(std::vector<BpfProgram> filters);
  ReloadProgress Progress();
  // True of one that is not in the newest generation, and will be.
  bool IsToCome(const std::pair<const pid_t, Task>& task) const;
  // Of Switch::unseen those that will stop.
  std::ptrdiff_t CountUnseen() const;
  // True of one that is to come to a stop for it now.
  bool IsToSwitch(const Task& task) const;
  // Asks those of the process for that stop; 0: of all.
  absl::Status AskToSwitch(pid_t process) const;
  // Tasks that their creators have named before the switch, and that are yet to stop.
  void ExpectNamed();
  // Takes the task into the newest generation if it stands where that can be done, and asks it to
  // come there if not. `stop` is then its stop.
  absl::Status SwitchAt(StoppedTask& stop, Task& task);
  absl::Status InstallIn(StoppedTask& stop, Task& task);
  // Waits until no other thread of the process is in a call that could give the task a filter
  // (SECCOMP_FILTER_FLAG_TSYNC): it would count as one of ours.
  absl::Status AwaitOwnFilters(pid_t tid, pid_t process, StopQueue& queue);
  // False: not now, it will come again. `is_shared`: all threads of its process have got them.
  absl::StatusOr<bool> InstallBy(BorrowedTask& task, pid_t process, bool& is_shared);
  // What a task of an older generation is to get.
  absl::Span<const BpfProgram> MissingFilters(pid_t tid) const;
  // Memory that tasks can only read; none: another task is just bringing some in.
  absl::StatusOr<ArgumentSlot> SlotFor(BorrowedTask& task, pid_t process, size_t size);
  void HasSwitched(Task& task);
  // The same for all threads of its process, which have got the filters with it.
  void ProcessHasSwitched(pid_t process);
  pid_t ProcessOf(pid_t tid, Task& task) const;
  // The one that a task which has come to its first stop is in.
  Generation* GenerationOfNew(pid_t tid);
  void CreatorIsKnown(pid_t child, pid_t creator_tid, const Task& creator);
  // True of a new task that has not got what the last switch brought, though that is over.
  bool IsLate(pid_t tid, bool is_named) const;
  // Begins it again, for such a task.
  void SwitchAgain();
  // A task has ended, or its number is another's.
  void OnTaskGone(pid_t tid);
  void EndSwitchIfDone();
  // True if there are tasks that have too few filters; they are to come then.
  bool AskThoseWithout();

  // True if a newer filter of the task's own asked for a tracer and ours did not.
  absl::StatusOr<bool> IsForeign(const SeccompStopInfo& info, const Task& task);
  absl::StatusOr<Judgement> Decide(const SyscallRequest& request, const Task& task,
                                   TraceeArguments& arguments);
  // Tells a decider that counts which calls will come again. At stops a signal can cause.
  absl::Status NoteInterruption(const Stopped& stopped, Task& task) const;
  // Has the emulators answer the call that `judged` says is theirs; what is to be protected and
  // recorded then is in task.emulated and `judged`.
  absl::Status Emulate(const Stopped& stopped, Task& task, const SyscallRequest& asked,
                       TraceeArguments& arguments, Judgement& judged);
  // What hardening says of a call that the kernel is to run.
  Judgement Harden(pid_t tid, Task& task, Judgement judged, TraceeArguments& arguments);
  // True if the kernel runs a call: this one, rewritten, or what emulators have made of it.
  static bool Runs(const Task& task, const Verdict& verdict);
  // Null where the policies name none. `former`: the handlers that they go on from, or null.
  absl::StatusOr<std::unique_ptr<Emulators>> EmulatorsFor(const std::vector<Policy>& policies,
                                                          const Emulators* former) const;
  // The emulators of the task, or null.
  static Emulators* EmulatorsOf(const Task& task) { return task.generation->emulators.get(); }
  absl::Status OnLaunchersCall(Stopped stopped, const SyscallRequest& request,
                               const Decision& decision, TraceeArguments& arguments);
  absl::Status RunOn(Stopped stopped, const Task& task);
  // A task that came back from its call by itself, or is about to, is where it would be without
  // us; at any stop that is no seccomp stop. A signal that it would not have got is 0 then.
  absl::Status SettleReturn(StoppedTask& stop, Task& task) const;
  // Sees to it that the call runs with the memory it was decided on. If the task has to do
  // something for that first, it is taken out of `stopped`, and comes again.
  absl::Status Protect(std::optional<Stopped>& stopped, Task& task, const SyscallRequest& asked,
                       Judgement& judged, TraceeArguments& arguments);
  // What the task is to call for us in any case.
  absl::StatusOr<std::optional<ArgumentPages::Inject>> OurNextCall(const Stopped& stopped,
                                                                   const Task& task,
                                                                   const SyscallRequest& asked);
  // Has the task make a call of ours, after which it makes its own, `asked`, again.
  absl::Status Inject(Stopped stopped, Task& task, const SyscallRequest& asked,
                      const RemoteCall& call);
  absl::Status OnOurCall(Stopped stopped, Task& task);
  // Has those go on that wait for such a call.
  absl::Status LetWaitersGo();
  // Tries to put `record` on record; false: the task must be held.
  absl::StatusOr<bool> PutOnRecord(PendingRecord& record);
  // True while the log is known to take nothing, and tasks are to wait for it. Then an event is in
  // hand, by which it is found out that it takes some again.
  bool WaitsForLog() const;
  absl::Status BeforeCall(Stopped stopped, Task& task, PendingRecord record,
                          const SyscallRequest& runs);
  // Lets a call run whose result is to be recorded.
  absl::Status RunForResult(Stopped stopped, Task& task, PendingRecord record,
                            const SyscallRequest& runs);
  absl::Status AfterCall(Stopped stopped, Task& task, PendingRecord record);
  // Apply, and what else of ours must be so while the call runs.
  absl::StatusOr<TaskState> Prepare(const Stopped& stopped, const Task& task,
                                    const SyscallRequest& request, const Judgement& judged);
  absl::Status ApplyAndResume(Stopped stopped, Task& task, const SyscallRequest& request,
                              const Judgement& judged);
  // Puts back what of its creator's registers was replaced for the call that made it.
  absl::Status RestoreNewTask(const Stopped& stopped) const;
  // Keeps it until its record can be written, or, if nobody waits for that any more, gives it up.
  absl::Status Hold(TaskState held, Task& task);
  // Restarts a task whose record, for which it was `held`, is written.
  absl::Status LetGo(TaskState held, Task& task);
  absl::Status RetryHeld();
  // At the end of the run: waits until what it left behind is on record, or the end is asked for.
  void AwaitLeft();
  // What cannot be handed on now stays with the sink until the next time.
  void FlushRecords();
  void SayFailing(const absl::Status& status, const PendingRecord& record, OnAuditFailure what);
  void KillTree();
  // On the watch's thread.
  void SayKilledForReading(pid_t tid, ReadWatch::Killed what) const;

  const Options& options_;
  std::vector<BpfProgram> filters_;  // of all generations, in the order of their installation
  const ControlNumbers control_;
  std::unique_ptr<Hardening> hardening_;
  std::vector<std::unique_ptr<Hardening>> former_hardening_;  // records name its rules
  std::vector<std::unique_ptr<Generation>> generations_;      // never empty
  std::vector<KernelRefusal> refusals_;                       // of all but the newest
  std::vector<PolicySource> sources_;                         // of the newest, if it was reloaded
  std::optional<Switch> switch_;
  std::set<pid_t> named_;  // by their creators; their first stop is to come
  ArgumentProtection protection_;
  Recorder recorder_;
  Lineage lineage_;
  std::optional<RunControl> run_control_;  // from launch on
  ReadWatch read_watch_;
  std::unique_ptr<Guardian> guardian_;  // null: nobody looks on
  Waiter waiter_;
  Placement placement_;
  std::deque<WaitResult> taken_;  // what attaching brought, to be handled first
  // Pointers to elements stay good while others come and go.
  absl::node_hash_map<pid_t, Task> tasks_;

  pid_t root_ = 0;
  std::optional<PendingRecord> first_exec_;  // the launcher's execve, if it is to be recorded
  bool program_runs_ = false;                // the first execve has succeeded
  bool killing_ = false;
  std::optional<Departure> departure_;
  std::string reason_;  // of the run's end, if it was asked for
  std::optional<TreeRelease> release_;
  std::optional<TreeHandover> handover_;
  bool suspended_ = false;
  uint64_t resumed_ = 0;
  std::set<std::string, std::less<>> rule_names_;  // of policies that are gone
  size_t held_ = 0;
  size_t waiters_ = 0;  // tasks in WaitsForPages, and ended ones that were
  bool said_unprotected_ = false;
  bool said_failing_ = false;
  bool said_unflushed_ = false;
  std::optional<TaskEnd> root_end_;
  absl::Status recording_status_;  // not OK: the tree is being killed for it
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_LOOP_H_
