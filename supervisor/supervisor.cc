#include "supervisor/supervisor.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/filter_compiler.h"
#include "policy/rewrite.h"
#include "policy/stack.h"
#include "spdlog/spdlog.h"
#include "supervisor/containers.h"
#include "supervisor/departure.h"
#include "supervisor/filters.h"
#include "supervisor/kernel_features.h"
#include "supervisor/lineage.h"
#include "supervisor/recorder.h"
#include "supervisor/repeated_calls.h"
#include "supervisor/run_control.h"
#include "supervisor/run_options.h"
#include "supervisor/run_state.h"
#include "supervisor/saved_run.h"
#include "supervisor/task.h"
#include "supervisor/tracee_arguments.h"
#include "supervisor/tree_release.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/registers.h"
#include "tracee/waiter.h"

namespace provost {
namespace {

// How long to wait between attempts to write a record that holds tasks up.
constexpr int kRetryMilliseconds = 100;

std::optional<int64_t> ResultOf(const Verdict& verdict) {
  if (const auto* deny = std::get_if<Deny>(&verdict)) return -deny->error;
  if (const auto* answer = std::get_if<Return>(&verdict)) return answer->value;
  return std::nullopt;
}

// True if the kernel runs the call, as it is or rewritten.
bool Runs(const Verdict& verdict) {
  return !Refuses(verdict) || std::holds_alternative<Rewrite>(verdict);
}

std::string CallName(const SyscallRequest& request) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return syscall == nullptr ? absl::StrCat("syscall ", request.nr)
                            : std::string(syscall->signature->name);
}

// Writes the registers of a stopped call so that, once restarted, the verdict has happened. The
// only writer of registers at a seccomp stop. `runs` is the call as a rewrite makes it. Returns the
// state the task runs on in.
absl::StatusOr<TaskState> Apply(const Verdict& verdict, const Stopped& stopped,
                                const SyscallRequest& request, const SyscallRequest& runs,
                                const ControlNumbers& control) {
  struct Applier {
    const Stopped& stopped;
    const SyscallRequest& request;
    const SyscallRequest& runs;
    const ControlNumbers& control;

    absl::StatusOr<TaskState> Then(absl::Status status, TaskState state = Running()) const {
      if (!status.ok()) return status;
      return state;
    }
    absl::StatusOr<TaskState> operator()(const Allow&) const { return Running(); }
    absl::StatusOr<TaskState> operator()(const Log&) const { return Running(); }
    absl::StatusOr<TaskState> operator()(const Deny& deny) const {
      return Then(SkipSyscall(stopped, -deny.error));
    }
    absl::StatusOr<TaskState> operator()(const Return& answer) const {
      return Then(SkipSyscall(stopped, answer.value));
    }
    absl::StatusOr<TaskState> operator()(const Trap&) const {
      return Then(SetSyscallNumber(stopped, control.trap), AwaitingTrap{request.nr});
    }
    absl::StatusOr<TaskState> operator()(const Kill& kill) const {
      const bool process = kill.scope == Kill::Scope::kProcess;
      return Then(SetSyscallNumber(stopped, process ? control.kill_process : control.kill_thread));
    }
    absl::StatusOr<TaskState> operator()(const Rewrite&) const {
      if (runs.args == request.args) return Running();
      PROVOST_ASSIGN_OR_RETURN(const ArgumentRegisters registers,
                               ReplaceArguments(stopped, request, runs));
      // It has no exit stop to put registers back at.
      if (IsVsyscall(request)) return Running();
      return AwaitingResult{std::nullopt, RewrittenCall{request, registers}};
    }
    // Nobody is here to answer. Policies say neither; a decider in code may.
    absl::StatusOr<TaskState> operator()(const Emulate&) const {
      return Then(SkipSyscall(stopped, -ENOSYS));
    }
    absl::StatusOr<TaskState> operator()(const Ask&) const {
      return Then(SkipSyscall(stopped, -ENOSYS));
    }
  };
  return std::visit(Applier{stopped, request, runs, control}, verdict);
}

}  // namespace

// One run from launch to the last task's end. Every handler consumes its Stopped by restarting it
// or by storing it in the task's state.
class Supervisor::Loop {
 public:
  Loop(const Options& options, std::vector<BpfProgram> filters, std::vector<Decision> unheard,
       const ControlNumbers& control)
      : options_(options),
        filters_(std::move(filters)),
        unheard_(std::move(unheard)),
        control_(control),
        stack_(options.policies, {.seed = options.seed, .clock = nullptr}),
        decider_(options.decider != nullptr ? *options.decider : stack_),
        counts_(decider_.counts()),
        recorder_(options.sink, options.actions_logged, options.logging, options.audited),
        lineage_(recorder_.containers()) {}

  absl::StatusOr<Outcome> Run(const std::vector<std::string>& argv);
  absl::StatusOr<Outcome> Resume(absl::string_view state);

 private:
  struct Task {
    TaskState state = Running();
    pid_t process = 0;       // its thread group, once that was asked for
    RepeatedCalls repeated;  // kept only for a decider that counts
  };

  absl::Status RecordStart();
  // Labels the program, if the run has a container, and records it.
  absl::Status EnterContainer();
  // Publishes the run, and listens for requests.
  void BeginControl();
  // Supervises to the end, of the run or of this program's part in it.
  absl::StatusOr<Outcome> Finish();
  absl::Status Supervise();
  absl::StatusOr<WaitResult> NextEvent();
  absl::StatusOr<WaitResult> WaitForEvent();
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
  absl::Status BeginRelease(const ReleaseTasks& how);
  // Answers a task that waits for its record: it will not be written, and nothing runs unrecorded.
  absl::Status GiveUpHeld(TaskState held);
  // Lets go of a task at a TrapStop or a GroupStop.
  absl::Status Release(Stopped stopped);
  // True if the run is to be suspended and nothing of it is in our hands alone.
  bool MaySuspend() const;
  std::string Save();
  absl::Status Restore(absl::string_view state);
  // Settles what a task leaves undone whose life ended in `state`.
  absl::Status CutOff(TaskState state);

  // True if a newer filter of the task's own asked for a tracer and ours did not.
  absl::StatusOr<bool> IsForeign(const SeccompStopInfo& info);
  absl::StatusOr<Judgement> Decide(const SyscallRequest& request, TraceeArguments& arguments);
  // Tells a decider that counts which calls will come again. At stops a signal can cause.
  absl::Status NoteInterruption(const Stopped& stopped, Task& task) const;
  absl::Status OnLaunchersCall(Stopped stopped, const SyscallRequest& request,
                               const Decision& decision, TraceeArguments& arguments);
  absl::Status RunOn(Stopped stopped, const Task& task);
  // Tries to put `record` on record; false: the task must be held.
  absl::StatusOr<bool> PutOnRecord(PendingRecord& record);
  absl::Status BeforeCall(Stopped stopped, Task& task, PendingRecord record,
                          const SyscallRequest& runs);
  absl::Status AfterCall(Stopped stopped, Task& task, PendingRecord record);
  absl::Status ApplyAndResume(Stopped stopped, Task& task, const SyscallRequest& request,
                              const Judgement& judged);
  // Keeps it until its record can be written, or, if nobody waits for that any more, gives it up.
  absl::Status Hold(TaskState held, Task& task);
  // Restarts a task whose record, for which it was `held`, is written.
  absl::Status LetGo(TaskState held, Task& task);
  absl::Status RetryHeld();
  // What cannot be handed on now stays with the sink until the next time.
  void FlushRecords();
  void SayFailing(const absl::Status& status, const PendingRecord& record, OnAuditFailure what);
  void KillTree();

  const Options& options_;
  const std::vector<BpfProgram> filters_;
  const std::vector<Decision> unheard_;  // what these answer, and we never see
  const ControlNumbers control_;
  PolicyStack stack_;
  Decider& decider_;
  const bool counts_;
  Recorder recorder_;
  Lineage lineage_;
  std::optional<RunControl> run_control_;  // from launch on
  Waiter waiter_;
  // Pointers to elements stay good while others come and go.
  absl::node_hash_map<pid_t, Task> tasks_;

  pid_t root_ = 0;
  std::optional<PendingRecord> first_exec_;  // the launcher's execve, if it is to be recorded
  bool program_runs_ = false;                // the first execve has succeeded
  bool killing_ = false;
  std::optional<Departure> departure_;
  std::string reason_;  // of the run's end, if it was asked for
  std::optional<TreeRelease> release_;
  bool suspended_ = false;
  uint64_t resumed_ = 0;
  std::set<std::string, std::less<>> rule_names_;  // of decisions that were made before that
  size_t held_ = 0;
  bool said_failing_ = false;
  bool said_unflushed_ = false;
  std::optional<TaskEnd> root_end_;
  absl::Status recording_status_;  // not OK: the tree is being killed for it
};

absl::StatusOr<Outcome> Supervisor::Loop::Run(const std::vector<std::string>& argv) {
  const absl::Status started = RecordStart();
  if (!started.ok()) {
    // It is no decision: what is lost of those is counted.
    if (options_.on_audit_failure != OnAuditFailure::kContinue)
      return Outcome(RecordingFailed{started, false});
  }
  PROVOST_ASSIGN_OR_RETURN(
      const Launcher launcher,
      Launcher::Start({.argv = argv,
                       .filters = filters_,
                       .unsafe_allow_new_privs = options_.unsafe_allow_new_privs,
                       .signals = options_.signals}));
  root_ = launcher.pid();
  tasks_.try_emplace(root_);
  BeginControl();
  PROVOST_RETURN_IF_ERROR(EnterContainer());
  if (options_.on_started) options_.on_started(root_);
  absl::StatusOr<Outcome> outcome = Finish();
  const LaunchFailure failure = launcher.Failure();
  if (outcome.ok() && !program_runs_ && failure.step != LaunchFailure::Step::kNone)
    return Outcome(NotStarted{failure});
  return outcome;
}

absl::StatusOr<Outcome> Supervisor::Loop::Resume(absl::string_view state) {
  if (const absl::Status restored = Restore(state); !restored.ok()) {
    KillTree();
    (void)Supervise();
    return restored;
  }
  if (!root_end_ && options_.on_started) options_.on_started(root_);
  if (root_end_ && options_.on_ended) options_.on_ended();
  return Finish();
}

absl::StatusOr<Outcome> Supervisor::Loop::Finish() {
  const absl::Status supervised = Supervise();
  if (!supervised.ok()) {
    // Nothing may run on unsupervised, nor stay stopped.
    KillTree();
    (void)Supervise();
    return supervised;
  }
  run_control_.reset();
  FlushRecords();
  if (suspended_) return Outcome(Suspended{Save(), std::get<SuspendRun>(*departure_).successor});
  const absl::Status ended = options_.record_run ? recorder_.WriteEnd(reason_) : absl::OkStatus();
  if (!ended.ok() && options_.logger != nullptr) {
    options_.logger->error("the audit log's last record could not be written: {}",
                           std::string(ended.message()));
  }
  if (recorder_.lost() > 0 && options_.logger != nullptr) {
    options_.logger->warn("{} decisions are missing from the audit log", recorder_.lost());
  }
  if (!recording_status_.ok()) return Outcome(RecordingFailed{recording_status_});
  if (release_ && !killing_) return Outcome(Released{release_->tasks()});
  if (!root_end_) {
    return absl::InternalError(absl::StrCat("the end of task ", root_,
                                            " was waited for by another thread of this process"));
  }
  return std::visit([](auto end) { return Outcome(end); }, *root_end_);
}

absl::Status Supervisor::Loop::RecordStart() {
  if (!options_.record_run) return absl::OkStatus();
  return recorder_.WriteStart({.what = SupervisorEvent::What::kStart,
                               .seed = options_.seed,
                               .policies = options_.policy_files,
                               .rules = options_.policy_statements});
}

absl::Status Supervisor::Loop::EnterContainer() {
  if (!options_.contid) return absl::OkStatus();
  if (!options_.record_run) return absl::OkStatus();
  const absl::Status written = recorder_.WriteChange(
      ContainerEvent{.pid = root_, .contid = *options_.contid, .succeeded = true});
  if (written.ok() || options_.on_audit_failure == OnAuditFailure::kContinue) {
    return absl::OkStatus();
  }
  recording_status_ = written;
  KillTree();
  return absl::OkStatus();
}

void Supervisor::Loop::BeginControl() {
  lineage_.Begin({.contid = options_.contid, .audited = options_.audited});
  lineage_.Seen(root_);
  if (options_.publish_state) recorder_.LookForOtherRuns(RunStateDirectory());
  const std::function<std::vector<pid_t>()> tasks = [this] {
    std::vector<pid_t> tids;
    for (const auto& [tid, task] : tasks_) tids.push_back(tid);
    return tids;
  };
  std::unique_ptr<PublishedRunState> published = PublishState(options_);
  // Who has no runtime directory has no place for a socket beside it, and is not told each time.
  const bool listens =
      !options_.control_socket.empty() && (published != nullptr || !options_.publish_state);
  run_control_.emplace(
      ControlledRun{.recorder = recorder_,
                    .lineage = lineage_,
                    .mode = NameOf(options_.mode),
                    .settable = options_.settable,
                    .record_changes = options_.record_run,
                    .may_go_unrecorded = options_.on_audit_failure == OnAuditFailure::kContinue,
                    .unheard = unheard_,
                    .resumed = resumed_,
                    .upgrade_failure = options_.upgrade_failure,
                    .traced_rules =
                        [this] {
                          return CountTracedRules(options_.policies,
                                                  options_.mode == Mode::kComplain,
                                                  WantsRecord(options_));
                        },
                    .depart = [this](const Departure& how) { return Depart(how); },
                    .tasks = tasks},
      std::move(published));
  if (!listens) return;
  const absl::Status listening = run_control_->Listen(options_.control_socket);
  if (!listening.ok() && options_.logger != nullptr) {
    options_.logger->warn("the run takes no requests: {}", std::string(listening.message()));
  }
}

absl::Status Supervisor::Loop::Supervise() {
  while (true) {
    PROVOST_RETURN_IF_ERROR(Leave());
    if (MaySuspend()) {
      suspended_ = true;
      return absl::OkStatus();
    }
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, NextEvent());
    if (auto* stop = std::get_if<StoppedTask>(&result)) {
      absl::Status status = Dispatch(std::move(*stop));
      // Killed under our hands: its end comes next, and it gets no verdict.
      if (!status.ok() && !IsDied(status)) return status;
    } else if (auto* ended = std::get_if<EndedTask>(&result)) {
      PROVOST_RETURN_IF_ERROR(OnEnd(*ended));
    } else if (std::holds_alternative<NoTasks>(result)) {
      return absl::OkStatus();
    }
  }
}

absl::Status Supervisor::Loop::Depart(const Departure& how) {
  if (departure_ || killing_) {
    return absl::FailedPreconditionError("the tree is being left, or killed, already");
  }
  if (std::holds_alternative<SuspendRun>(how)) {
    if (&decider_ != &stack_) {
      return absl::FailedPreconditionError("its calls are decided by what cannot be handed on");
    }
    if (lineage_.follows()) {
      return absl::FailedPreconditionError("what was set of its processes cannot be handed on");
    }
  }
  departure_ = how;
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::Leave() {
  if (!reason_.empty() || killing_ || !program_runs_) return absl::OkStatus();
  if (!departure_ && options_.leave) departure_ = options_.leave();
  if (!departure_) return absl::OkStatus();
  if (const auto* release = std::get_if<ReleaseTasks>(&*departure_)) return BeginRelease(*release);
  if (std::holds_alternative<SuspendRun>(*departure_)) return absl::OkStatus();
  reason_ = "detach-kill";
  KillTree();
  return absl::OkStatus();
}

bool Supervisor::Loop::MaySuspend() const {
  return departure_ && std::holds_alternative<SuspendRun>(*departure_) && program_runs_ &&
         !killing_ && !waiter_.has_taken() &&
         std::all_of(tasks_.begin(), tasks_.end(),
                     [](const auto& task) { return CanBeSaved(task.second.state); });
}

std::string Supervisor::Loop::Save() {
  SavedRun run = {.resumed = resumed_,
                  .seed = options_.seed,
                  .control = control_,
                  .filters = filters_,
                  .root = root_,
                  .root_end = root_end_,
                  .recorder = recorder_.Save(),
                  .counters = stack_.Save()};
  for (auto& [tid, task] : tasks_) {
    run.tasks.push_back({tid, task.process, std::move(task.state), task.repeated.Save()});
  }
  return FormatSavedRun(run, PointersOf(stack_));
}

absl::Status Supervisor::Loop::Restore(absl::string_view state) {
  SavedPointers pointers = PointersOf(stack_);
  pointers.name = [this](const std::string& name) -> absl::string_view {
    return *rule_names_.insert(name).first;
  };
  PROVOST_ASSIGN_OR_RETURN(SavedRun run, ParseSavedRun(state, pointers));
  resumed_ = run.resumed + 1;
  root_ = run.root;
  root_end_ = run.root_end;
  program_runs_ = true;
  for (SavedTask& saved : run.tasks) {
    Task& task = tasks_[saved.tid];
    task.state = std::move(saved.state);
    task.process = saved.process;
    task.repeated.Restore(std::move(saved.repeated));
  }
  BeginControl();
  for (const auto& [tid, task] : tasks_) run_control_->Seen(tid);
  PROVOST_RETURN_IF_ERROR(stack_.Restore(run.counters));
  return recorder_.Restore(run.recorder);
}

absl::Status Supervisor::Loop::BeginRelease(const ReleaseTasks& how) {
  reason_ = "detach-release";
  release_.emplace(how, filters_);
  for (auto& [tid, task] : tasks_) {
    PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(tid));
    if (HeldRecord(task.state) == nullptr) continue;
    --held_;
    const absl::Status status = GiveUpHeld(std::exchange(task.state, Running()));
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::GiveUpHeld(TaskState held) {
  recorder_.CountLost(*HeldRecord(held));
  if (auto* before = std::get_if<HeldBeforeCall>(&held)) {
    PROVOST_RETURN_IF_ERROR(Apply(release_->AnswerToHeld(), before->stopped, before->record.request,
                                  before->runs, control_)
                                .status());
    return std::move(before->stopped).Restart(Resume::Continue());
  }
  return std::get<HeldAfterCall>(std::move(held)).stopped.Restart(Resume::Continue());
}

absl::Status Supervisor::Loop::Release(Stopped stopped) {
  const pid_t tid = stopped.tid();
  PROVOST_RETURN_IF_ERROR(release_->LetGo(std::move(stopped)));
  recorder_.Forget(tid);
  run_control_->Ended(tid);
  tasks_.erase(tid);
  return absl::OkStatus();
}

absl::StatusOr<WaitResult> Supervisor::Loop::NextEvent() {
  if (run_control_->pending()) {
    run_control_->CarryOut();
    if (departure_ && reason_.empty()) return WaitResult(NothingYet());
  }
  if (held_ == 0 || killing_) {
    if (!recorder_.has_unflushed()) return WaitForEvent();
    PROVOST_ASSIGN_OR_RETURN(WaitResult ready, waiter_.Poll());
    if (!std::holds_alternative<NothingYet>(ready)) return ready;
    FlushRecords();
    return WaitForEvent();
  }
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
  if (!std::holds_alternative<NothingYet>(result)) return result;
  if (GiveUp()) return result;
  poll(nullptr, 0, kRetryMilliseconds);
  PROVOST_RETURN_IF_ERROR(RetryHeld());
  return result;
}

absl::StatusOr<WaitResult> Supervisor::Loop::WaitForEvent() {
  const bool may_give_up = root_end_ && !killing_;
  const bool may_be_asked = run_control_->listens() || (options_.leave && reason_.empty());
  if (!may_give_up && !may_be_asked) return waiter_.Next();
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.NextOrSignal());
  // Whoever asks for an end now asks it of what the program left running.
  if (may_give_up && std::holds_alternative<NothingYet>(result)) GiveUp();
  return result;
}

bool Supervisor::Loop::GiveUp() {
  if (!options_.give_up || !options_.give_up()) return false;
  KillTree();
  return true;
}

absl::Status Supervisor::Loop::Dispatch(StoppedTask stop) {
  // Its first stop alone makes a task's entry. Its creator's event may come before that or after
  // (even after its end), or never, if the creator is killed.
  const auto [entry, is_new] = tasks_.try_emplace(stop.stopped.tid());
  Task& task = entry->second;
  if (is_new) run_control_->Seen(entry->first);
  // A task that the killing did not know of yet.
  if (killing_) kill(stop.stopped.tid(), SIGKILL);
  // Any stop uses up what was asked before it. But a trap's SIGSYS would never come then.
  if (release_ && !std::holds_alternative<AwaitingTrap>(task.state)) {
    PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(stop.stopped.tid()));
  }
  return std::visit([&](const auto& event) { return On(event, std::move(stop.stopped), task); },
                    stop.event);
}

absl::StatusOr<bool> Supervisor::Loop::IsForeign(const SeccompStopInfo& info) {
  if (info.data == kTraceData) return false;
  PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunFilters(filters_, info.request));
  return (answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE;
}

absl::StatusOr<Judgement> Supervisor::Loop::Decide(const SyscallRequest& request,
                                                   TraceeArguments& arguments) {
  if (release_) {
    if (std::optional<Judgement> refusal = release_->Refusal(request)) return *std::move(refusal);
  }
  Judgement judged = Judge(decider_, request, arguments);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  return judged;
}

absl::Status Supervisor::Loop::NoteInterruption(const Stopped& stopped, Task& task) const {
  if (!counts_) return absl::OkStatus();
  PROVOST_ASSIGN_OR_RETURN(const auto interrupted, ReadInterruptedCall(stopped));
  if (interrupted.has_value()) task.repeated.Interrupt(*interrupted);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::On(const SeccompStop&, Stopped stopped, Task& task) {
  PROVOST_ASSIGN_OR_RETURN(const SeccompStopInfo info, ReadSeccompStop(stopped));
  PROVOST_ASSIGN_OR_RETURN(const bool is_foreign, IsForeign(info));
  if (is_foreign) {
    // The task has no tracer as far as that filter goes: ENOSYS, as without us, in every mode.
    PROVOST_RETURN_IF_ERROR(SkipSyscall(stopped, -ENOSYS));
    return std::move(stopped).Restart(Resume::Continue());
  }
  CountedCall* counted = counts_ ? &task.repeated.Enter(info.request) : nullptr;
  TraceeArguments arguments(stopped.tid(), task.process, counted);
  arguments.SetContid(recorder_.containers().Of(stopped.tid()).value_or(Containers::kUnset));
  PROVOST_ASSIGN_OR_RETURN(Judgement judged, Decide(info.request, arguments));
  Decision& decision = judged.decision;
  if (!program_runs_) {
    return OnLaunchersCall(std::move(stopped), info.request, decision, arguments);
  }
  if (options_.mode == Mode::kComplain && Refuses(decision.verdict)) decision.verdict = Log{};
  recorder_.NoteCall(stopped.tid(), info.request);
  if (recorder_.Wants(decision, stopped.tid())) {
    PendingRecord record = recorder_.Make(stopped.tid(), info.request, decision, arguments);
    return BeforeCall(std::move(stopped), task, std::move(record), judged.runs);
  }
  return ApplyAndResume(std::move(stopped), task, info.request, judged);
}

// The program's own first execve is what the user asked for: it runs whatever the policy says of
// later ones. execvp tries one directory of PATH after the other, so it is recorded when one has
// succeeded.
absl::Status Supervisor::Loop::OnLaunchersCall(Stopped stopped, const SyscallRequest& request,
                                               const Decision& decision,
                                               TraceeArguments& arguments) {
  if (std::holds_alternative<Log>(decision.verdict) && recorder_.Wants(decision, stopped.tid())) {
    first_exec_ = recorder_.Make(stopped.tid(), request, decision, arguments);
  }
  return std::move(stopped).Restart(Resume::Continue());
}

absl::Status Supervisor::Loop::BeforeCall(Stopped stopped, Task& task, PendingRecord record,
                                          const SyscallRequest& runs) {
  // What returns nowhere has no result to wait for.
  const auto arch = static_cast<Arch>(record.request.arch);
  const bool awaited = record.decision.wish == RecordWish::kLogResult || record.clock.has_value();
  if (awaited && Runs(record.decision.verdict) &&
      !(record.request.HasKnownArch() && Policy::IsNeverRefused(arch, record.request.nr)) &&
      !IsVsyscall(record.request)) {
    PROVOST_ASSIGN_OR_RETURN(
        task.state, Apply(record.decision.verdict, stopped, record.request, runs, control_));
    auto* awaiting = std::get_if<AwaitingResult>(&task.state);
    if (awaiting == nullptr) awaiting = &task.state.emplace<AwaitingResult>();
    awaiting->record = std::move(record);
    return RunOn(std::move(stopped), task);
  }
  record.result = ResultOf(record.decision.verdict);
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) {
    return Hold(HeldBeforeCall{std::move(stopped), std::move(record), runs}, task);
  }
  return ApplyAndResume(std::move(stopped), task, record.request, {record.decision, runs});
}

absl::Status Supervisor::Loop::ApplyAndResume(Stopped stopped, Task& task,
                                              const SyscallRequest& request,
                                              const Judgement& judged) {
  PROVOST_ASSIGN_OR_RETURN(task.state,
                           Apply(judged.decision.verdict, stopped, request, judged.runs, control_));
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const SyscallExitStop&, Stopped stopped, Task& task) {
  auto* awaiting = std::get_if<AwaitingResult>(&task.state);
  if (awaiting == nullptr) return std::move(stopped).Restart(Resume::Continue());
  // If it dies under these, what was decided is still in its state to be recorded.
  if (awaiting->rewritten.has_value()) {
    PROVOST_RETURN_IF_ERROR(
        RestoreArguments(stopped, awaiting->rewritten->asked, awaiting->rewritten->registers));
  }
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ReadResult(stopped));
  std::optional<PendingRecord> record = std::move(awaiting->record);
  task.state = Running();
  if (!record.has_value()) return std::move(stopped).Restart(Resume::Continue());
  recorder_.Finish(*record, result);
  return AfterCall(std::move(stopped), task, *std::move(record));
}

absl::Status Supervisor::Loop::AfterCall(Stopped stopped, Task& task, PendingRecord record) {
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) {
    return Hold(HeldAfterCall{std::move(stopped), std::move(record)}, task);
  }
  return std::move(stopped).Restart(Resume::Continue());
}

// Restarts a task in the middle of what it was doing: towards the exit of its call if that is
// awaited.
absl::Status Supervisor::Loop::RunOn(Stopped stopped, const Task& task) {
  const bool awaiting = std::holds_alternative<AwaitingResult>(task.state);
  return std::move(stopped).Restart(awaiting ? Resume::UntilSyscallExit() : Resume::Continue());
}

absl::Status Supervisor::Loop::On(const SignalStop& event, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (const auto* trap = std::get_if<AwaitingTrap>(&task.state); trap && event.signal == SIGSYS) {
    PROVOST_ASSIGN_OR_RETURN(const bool is_ours, IsSeccompTrap(stopped, control_.trap));
    if (is_ours) {
      PROVOST_RETURN_IF_ERROR(PresentTrapAs(stopped, trap->asked));
      task.state = Running();
      // It could not be let go of before.
      if (release_) PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(stopped.tid()));
    }
  }
  return std::move(stopped).Restart(Resume::Continue(event.signal));
}

absl::Status Supervisor::Loop::On(const GroupStop& event, Stopped stopped, Task& task) {
  if (release_ && TreeRelease::IsReady(task.state)) return Release(std::move(stopped));
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  const pid_t tid = stopped.tid();
  // A stop can come between a trap and its SIGSYS; what is awaited stays awaited.
  if (std::holds_alternative<Running>(task.state)) task.state = Listening();
  PROVOST_RETURN_IF_ERROR(std::move(stopped).Restart(Resume::Listen()));
  if (tid == root_ && options_.on_stopped) options_.on_stopped(tid, event.signal);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::On(const TrapStop&, Stopped stopped, Task& task) {
  if (release_ && TreeRelease::IsReady(task.state)) return Release(std::move(stopped));
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (std::holds_alternative<Listening>(task.state)) task.state = Running();
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const NewChildStop& event, Stopped stopped, Task& task) {
  // Its creator may name it in a call before its own first stop is seen.
  run_control_->Created(event.child, stopped.tid());
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const ExecStop& event, Stopped stopped, Task& task) {
  const pid_t leader = stopped.tid();
  recorder_.Forget(leader);
  run_control_->Executed(leader, event.former);
  task.repeated.Clear();
  if (event.former != leader) {
    // The thread that called execve has become the leader; what it was doing goes on under that
    // tid. The former leader was reaped unreported.
    recorder_.Forget(event.former);
    PROVOST_RETURN_IF_ERROR(CutOff(std::exchange(task.state, Running())));
    if (auto former = tasks_.find(event.former); former != tasks_.end()) {
      task.state = std::move(former->second.state);
      tasks_.erase(former);
    }
  }
  // The new program's registers are its own.
  if (auto* awaiting = std::get_if<AwaitingResult>(&task.state)) awaiting->rewritten.reset();
  if (!program_runs_ && leader == root_) {
    program_runs_ = true;
    decider_.ProgramStarted();
    if (first_exec_) {
      PendingRecord record = *std::move(first_exec_);
      first_exec_.reset();
      recorder_.FinishExec(leader, record);
      return AfterCall(std::move(stopped), task, std::move(record));
    }
  }
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::OnEnd(const EndedTask& ended) {
  if (ended.tid == root_) {
    root_end_ = ended.end;
    if (options_.on_ended) options_.on_ended();
  }
  recorder_.Forget(ended.tid);
  run_control_->Ended(ended.tid);
  decider_.TaskEnded(ended.tid);
  const auto task = tasks_.find(ended.tid);
  if (task == tasks_.end()) return absl::OkStatus();
  TaskState state = std::move(task->second.state);
  tasks_.erase(task);
  return CutOff(std::move(state));
}

absl::Status Supervisor::Loop::CutOff(TaskState state) {
  if (HeldRecord(state) != nullptr) --held_;
  // It ran the call and died in it: what was decided is still on record, without a result.
  auto* awaiting = std::get_if<AwaitingResult>(&state);
  if (awaiting != nullptr && awaiting->record.has_value()) {
    if (absl::StatusOr<bool> recorded = PutOnRecord(*awaiting->record); !recorded.ok()) {
      return recorded.status();
    } else if (!*recorded) {
      recorder_.CountLost(*awaiting->record);
    }
  }
  // A call that ran unrecorded: held after it, and killed there.
  if (auto* after = std::get_if<HeldAfterCall>(&state)) recorder_.CountLost(after->record);
  return absl::OkStatus();
}

absl::StatusOr<bool> Supervisor::Loop::PutOnRecord(PendingRecord& record) {
  const absl::Status status = recorder_.Write(record);
  if (status.ok()) {
    if (said_failing_ && options_.logger != nullptr)
      options_.logger->info("the audit log can be written again");
    said_failing_ = false;
    return true;
  }
  // A closed pipe does not open again: waiting for it would be waiting for ever.
  const bool hopeless = absl::IsFailedPrecondition(status);
  const OnAuditFailure consequence = hopeless && options_.on_audit_failure == OnAuditFailure::kStop
                                         ? OnAuditFailure::kKill
                                         : options_.on_audit_failure;
  if (!said_failing_) SayFailing(status, record, consequence);
  said_failing_ = true;
  switch (consequence) {
    case OnAuditFailure::kStop:
      return false;
    case OnAuditFailure::kContinue:
      recorder_.CountLost(record);
      return true;
    case OnAuditFailure::kKill:
      recorder_.CountLost(record);
      recording_status_ = status;
      KillTree();
      return true;
  }
  return absl::InternalError("no such OnAuditFailure");
}

void Supervisor::Loop::FlushRecords() {
  const absl::Status status = recorder_.Flush();
  if (!status.ok() && !said_unflushed_ && options_.logger != nullptr) {
    options_.logger->error("the audit log cannot be written for now: {}",
                           std::string(status.message()));
  }
  said_unflushed_ = !status.ok();
}

void Supervisor::Loop::SayFailing(const absl::Status& status, const PendingRecord& record,
                                  OnAuditFailure what) {
  if (options_.logger == nullptr) return;
  const char* consequence = "";
  switch (what) {
    case OnAuditFailure::kStop:
      consequence = "tasks wait at their calls until it can; make room, or interrupt to kill them";
      break;
    case OnAuditFailure::kContinue:
      consequence = "tasks go on, unrecorded";
      break;
    case OnAuditFailure::kKill:
      consequence = "the program is killed";
      break;
  }
  options_.logger->error("{} of task {} cannot be recorded: {}; {}", CallName(record.request),
                         record.identity.tid, std::string(status.message()), consequence);
}

absl::Status Supervisor::Loop::Hold(TaskState held, Task& task) {
  if (release_) return GiveUpHeld(std::move(held));
  ++held_;
  task.state = std::move(held);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::LetGo(TaskState held, Task& task) {
  if (auto* before = std::get_if<HeldBeforeCall>(&held)) {
    return ApplyAndResume(std::move(before->stopped), task, before->record.request,
                          {before->record.decision, before->runs});
  }
  return std::get<HeldAfterCall>(std::move(held)).stopped.Restart(Resume::Continue());
}

absl::Status Supervisor::Loop::RetryHeld() {
  for (auto& [tid, task] : tasks_) {
    PendingRecord* record = HeldRecord(task.state);
    if (record == nullptr) continue;
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*record));
    if (!recorded) return absl::OkStatus();
    --held_;
    absl::Status status = LetGo(std::exchange(task.state, Running()), task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

void Supervisor::Loop::KillTree() {
  killing_ = true;
  // A tid that we trace is nobody else's until we have waited for it.
  for (const auto& [tid, task] : tasks_) kill(tid, SIGKILL);
}

Supervisor::Supervisor(Options options) : options_(std::move(options)) {}

Supervisor::~Supervisor() = default;

absl::Status Supervisor::CheckResume(absl::string_view state) const {
  const PolicyStack stack(options_.policies);
  PROVOST_ASSIGN_OR_RETURN(const SavedRun run, ParseSavedRun(state, PointersOf(stack)));
  if (run.counters.size() == stack.size()) return absl::OkStatus();
  return absl::InvalidArgumentError("the run has another number of policies");
}

absl::StatusOr<Outcome> Supervisor::Resume(absl::string_view state) {
  PROVOST_RETURN_IF_ERROR(CheckResume(state));
  PROVOST_ASSIGN_OR_RETURN(SavedRun run,
                           ParseSavedRun(state, PointersOf(PolicyStack(options_.policies))));
  options_.seed = run.seed;
  PROVOST_RETURN_IF_ERROR(NameContainer());
  return Loop(options_, std::move(run.filters), Unheard(options_), run.control).Resume(state);
}

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

absl::StatusOr<Outcome> Supervisor::Run(const std::vector<std::string>& argv) {
  PROVOST_RETURN_IF_ERROR(NameContainer());
  std::vector<BpfProgram> filters;
  const ControlNumbers control = ControlNumbers::Random();
  if (options_.mode != Mode::kUnrestricted) {
    PROVOST_RETURN_IF_ERROR(CheckActions(ProbeActions()));
    PROVOST_ASSIGN_OR_RETURN(
        filters, CompileFilters(options_.policies, options_.mode == Mode::kComplain, control,
                                WantsRecord(options_)));
  }
  return Loop(options_, std::move(filters), Unheard(options_), control).Run(argv);
}

}  // namespace provost
