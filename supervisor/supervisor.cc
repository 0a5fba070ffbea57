#include "supervisor/supervisor.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
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
#include "spdlog/spdlog.h"
#include "supervisor/argument_pages.h"
#include "supervisor/argument_protection.h"
#include "supervisor/containers.h"
#include "supervisor/filters.h"
#include "supervisor/guardian.h"
#include "supervisor/hardening.h"
#include "supervisor/kernel_features.h"
#include "supervisor/lineage.h"
#include "supervisor/recorder.h"
#include "supervisor/repeated_calls.h"
#include "supervisor/run_control.h"
#include "supervisor/run_state.h"
#include "supervisor/task.h"
#include "supervisor/tracee_arguments.h"
#include "supervisor/undumpable.h"
#include "supervisor/unheard.h"
#include "syscalls/syscall_table.h"
#include "tracee/address_space.h"
#include "tracee/attachment.h"
#include "tracee/died.h"
#include "tracee/injected_call.h"
#include "tracee/read_watch.h"
#include "tracee/registers.h"
#include "tracee/waiter.h"

namespace provost {
namespace {

// How long to wait between attempts to write a record that holds tasks up.
constexpr int kRetryMilliseconds = 100;

// What audit_return_fixup in kernel/auditsc.c does: the numbers by which the kernel asks itself to
// restart a call are an EINTR to everyone else.
int64_t ResultForRecord(int64_t result) {
  constexpr int64_t kRestartSys = 512;
  constexpr int64_t kNoIoctlCmd = 515;
  constexpr int64_t kRestartBlock = 516;
  const bool restart = -result >= kRestartSys && -result <= kRestartBlock && -result != kNoIoctlCmd;
  return restart ? -EINTR : result;
}

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

// Null where nothing is to be said, or nowhere to say it.
std::unique_ptr<PublishedRunState> PublishState(const Options& options) {
  if (!options.publish_state) return nullptr;
  RunState state;
  if (options.contid) state.contid = *options.contid;
  state.mode = NameOf(options.mode);
  auto published = PublishedRunState::Publish(RunStateDirectory(), std::move(state));
  return published.ok() ? *std::move(published) : nullptr;
}

// The event that a task is held for, ready to be written; null if there is none.
PendingRecord* HeldRecord(TaskState& state) {
  if (auto* before = std::get_if<HeldBeforeCall>(&state)) return &before->record;
  if (auto* after = std::get_if<HeldAfterCall>(&state)) return &after->record;
  return nullptr;
}

bool IsHeld(const TaskState& state) {
  return std::holds_alternative<HeldBeforeCall>(state) ||
         std::holds_alternative<HeldForResult>(state) ||
         std::holds_alternative<HeldAfterCall>(state);
}

// False for what returns nowhere, or to no exit stop.
bool HasExit(const SyscallRequest& request) {
  static constexpr std::array<absl::string_view, 4> kReturnNowhere = {"exit", "exit_group",
                                                                      "rt_sigreturn", "sigreturn"};
  if (IsVsyscall(request)) return false;
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return syscall == nullptr || std::find(kReturnNowhere.begin(), kReturnNowhere.end(),
                                         syscall->signature->name) == kReturnNowhere.end();
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
    absl::StatusOr<TaskState> operator()(const Allow&) const { return Run(); }
    absl::StatusOr<TaskState> operator()(const Log&) const { return Run(); }
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
    absl::StatusOr<TaskState> operator()(const Rewrite&) const { return Run(); }
    absl::StatusOr<TaskState> Run() const {
      if (runs.args == request.args) return Running();
      PROVOST_ASSIGN_OR_RETURN(const ArgumentRegisters registers,
                               ReplaceArguments(stopped, request, runs));
      // It has no exit stop to put registers back at.
      if (IsVsyscall(request)) return Running();
      return AwaitingResult{std::nullopt, RewrittenCall{request, runs, registers}};
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

// What of a decision must come to the tracer to be recorded, now or once somebody asks for it.
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

}  // namespace

// One run from launch to the last task's end. Every handler consumes its Stopped by restarting it
// or by storing it in the task's state.
class Supervisor::Loop {
 public:
  // `hardening` and `guardian` are null where there is none.
  Loop(const Options& options, std::vector<BpfProgram> filters, std::vector<Decision> unheard,
       const ControlNumbers& control, const Gate& gate, std::unique_ptr<Hardening> hardening,
       std::unique_ptr<Guardian> guardian)
      : options_(options),
        filters_(std::move(filters)),
        unheard_(std::move(unheard)),
        control_(control),
        hardening_(std::move(hardening)),
        stack_(options.policies, {.seed = options.seed, .clock = nullptr}),
        decider_(options.decider != nullptr ? *options.decider : stack_),
        protection_(options.arguments, gate),
        counts_(decider_.counts()),
        recorder_(options.sink, options.actions_logged, options.logging, options.audited),
        lineage_(recorder_.containers()),
        read_watch_(options.read_bounds,
                    [this](pid_t tid, ReadWatch::Killed what) { SayKilledForReading(tid, what); }),
        guardian_(std::move(guardian)) {}

  absl::StatusOr<Outcome> Run(const std::vector<std::string>& argv);
  absl::StatusOr<Outcome> Attach(const std::vector<pid_t>& processes);

 private:
  struct Task {
    TaskState state = Running();
    pid_t process = 0;       // its thread group, once that was asked for
    RepeatedCalls repeated;  // kept only for a decider that counts
    ArgumentSlot slot;       // what its call reads in place of its own memory
  };

  // `attachment`: what the run begins with, if it does not start a program; else null.
  absl::Status RecordStart(const Attachment* attachment);
  // Labels the program, if the run has a container, and records it.
  absl::Status EnterContainer();
  // Publishes the run, and listens for requests.
  void BeginControl();
  absl::Status Supervise();
  // The same with all that is to be done at the end.
  absl::Status SuperviseToEnd();
  absl::StatusOr<Outcome> RootOutcome() const;
  absl::Status Handle(WaitResult& result);
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
  absl::StatusOr<TaskState> Prepare(const Stopped& stopped, const SyscallRequest& request,
                                    const Judgement& judged);
  absl::Status ApplyAndResume(Stopped stopped, Task& task, const SyscallRequest& request,
                              const Judgement& judged);
  // Puts back what of its creator's registers was replaced for the call that made it.
  absl::Status RestoreNewTask(const Stopped& stopped) const;
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
  const std::vector<BpfProgram> filters_;
  const std::vector<Decision> unheard_;  // what these answer, and we never see
  const ControlNumbers control_;
  const std::unique_ptr<Hardening> hardening_;
  PolicyStack stack_;
  Decider& decider_;
  ArgumentProtection protection_;
  const bool counts_;
  Recorder recorder_;
  Lineage lineage_;
  std::optional<RunControl> run_control_;  // from launch on
  ReadWatch read_watch_;
  std::unique_ptr<Guardian> guardian_;  // null: nobody looks on
  Waiter waiter_;
  // Pointers to elements stay good while others come and go.
  absl::node_hash_map<pid_t, Task> tasks_;

  pid_t root_ = 0;
  std::optional<PendingRecord> first_exec_;  // the launcher's execve, if it is to be recorded
  bool program_runs_ = false;                // the first execve has succeeded
  bool killing_ = false;
  size_t held_ = 0;
  size_t waiters_ = 0;  // tasks in WaitsForPages, and ended ones that were
  bool said_unprotected_ = false;
  bool said_failing_ = false;
  bool said_unflushed_ = false;
  std::optional<TaskEnd> root_end_;
  absl::Status recording_status_;  // not OK: the tree is being killed for it
};

absl::StatusOr<Outcome> Supervisor::Loop::Run(const std::vector<std::string>& argv) {
  const absl::Status started = RecordStart(nullptr);
  if (!started.ok()) {
    // It is no decision: what is lost of those is counted.
    if (options_.on_audit_failure != OnAuditFailure::kContinue)
      return Outcome(RecordingFailed{started, false});
  }
  const auto launch = [&] {
    const Undumpable::Lifted lifted;
    return Launcher::Start({.argv = argv,
                            .filters = filters_,
                            .unsafe_allow_new_privs = options_.unsafe_allow_new_privs,
                            .signals = options_.signals});
  };
  PROVOST_ASSIGN_OR_RETURN(const Launcher launcher, launch());
  std::optional<Undumpable> undumpable;
  if (hardening_ != nullptr && !options_.unsafe_debuggable) undumpable.emplace();
  root_ = launcher.pid();
  tasks_.try_emplace(root_);
  BeginControl();
  PROVOST_RETURN_IF_ERROR(EnterContainer());
  if (options_.on_started) options_.on_started(root_);

  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  if (!recording_status_.ok()) return Outcome(RecordingFailed{recording_status_});
  const LaunchFailure failure = launcher.Failure();
  if (!program_runs_ && failure.step != LaunchFailure::Step::kNone)
    return Outcome(NotStarted{failure});
  return RootOutcome();
}

absl::StatusOr<Outcome> Supervisor::Loop::Attach(const std::vector<pid_t>& processes) {
  PROVOST_ASSIGN_OR_RETURN(
      const std::unique_ptr<Attachment> attachment,
      Attachment::Begin({.processes = processes,
                         .filters = filters_,
                         .gate = protection_.pages().gate().instruction(),
                         .unsafe_allow_new_privs = options_.unsafe_allow_new_privs},
                        waiter_));
  // Their tasks stand still and are as they were: nothing is decided before it is on record.
  const absl::Status started = RecordStart(attachment.get());
  if (!started.ok() && options_.on_audit_failure != OnAuditFailure::kContinue) {
    return Outcome(RecordingFailed{started, false});
  }
  root_ = attachment->processes().front();
  std::vector<Attachment::Failure> failures;
  PROVOST_RETURN_IF_ERROR(attachment->Install(failures));
  for (const Attachment::Failure& failure : failures) {
    if (options_.logger == nullptr) break;
    options_.logger->error("process {} is not supervised: {}", failure.process,
                           std::string(failure.status.message()));
  }
  std::optional<Undumpable> undumpable;
  if (hardening_ != nullptr && !options_.unsafe_debuggable) undumpable.emplace();
  program_runs_ = true;
  decider_.ProgramStarted();
  BeginControl();
  PROVOST_RETURN_IF_ERROR(EnterContainer());
  if (options_.on_started) options_.on_started(root_);
  for (WaitResult& result : attachment->Release()) PROVOST_RETURN_IF_ERROR(Handle(result));
  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  if (!recording_status_.ok()) return Outcome(RecordingFailed{recording_status_});
  return RootOutcome();
}

absl::Status Supervisor::Loop::SuperviseToEnd() {
  const absl::Status supervised = Supervise();
  if (!supervised.ok()) {
    // Nothing may run on unsupervised, nor stay stopped.
    KillTree();
    (void)Supervise();
    return supervised;
  }
  AwaitLeft();
  run_control_.reset();
  FlushRecords();
  const absl::Status ended = options_.record_run ? recorder_.WriteEnd() : absl::OkStatus();
  if (!ended.ok() && options_.logger != nullptr) {
    options_.logger->error("the audit log's last record could not be written: {}",
                           std::string(ended.message()));
  }
  if (guardian_ && !guardian_->IsThere() && options_.logger != nullptr) {
    options_.logger->error("the guardian was killed before the run was over");
  }
  if (recorder_.lost() > 0 && options_.logger != nullptr) {
    options_.logger->warn("{} decisions are missing from the audit log", recorder_.lost());
  }
  return absl::OkStatus();
}

absl::StatusOr<Outcome> Supervisor::Loop::RootOutcome() const {
  if (!root_end_) {
    return absl::InternalError(absl::StrCat("the end of task ", root_,
                                            " was waited for by another thread of this process"));
  }
  return std::visit([](auto end) { return Outcome(end); }, *root_end_);
}

absl::Status Supervisor::Loop::RecordStart(const Attachment* attachment) {
  if (!options_.record_run) return absl::OkStatus();
  SupervisorEvent start = {.what = SupervisorEvent::What::kStart,
                           .seed = options_.seed,
                           .policies = options_.policy_files,
                           .rules = options_.policy_statements};
  if (attachment != nullptr) {
    start.attached = attachment->processes();
    for (const UnseenCall& call : attachment->unseen()) {
      start.unseen.push_back({call.tid, call.nr});
    }
  }
  return recorder_.WriteStart(std::move(start));
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
    if (guardian_) guardian_->Works();
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, NextEvent());
    if (std::holds_alternative<NoTasks>(result)) return absl::OkStatus();
    PROVOST_RETURN_IF_ERROR(Handle(result));
  }
}

absl::Status Supervisor::Loop::Handle(WaitResult& result) {
  if (auto* stop = std::get_if<StoppedTask>(&result)) {
    absl::Status status = Dispatch(std::move(*stop));
    // Killed under our hands: its end comes next, and it gets no verdict.
    return IsDied(status) ? absl::OkStatus() : status;
  }
  if (const auto* ended = std::get_if<EndedTask>(&result)) return OnEnd(*ended);
  return absl::OkStatus();
}

absl::StatusOr<WaitResult> Supervisor::Loop::NextEvent() {
  if (run_control_->pending()) run_control_->CarryOut();
  if ((held_ == 0 && recorder_.left() == 0) || killing_) {
    if (!recorder_.has_unflushed()) return WaitForEvent();
    PROVOST_ASSIGN_OR_RETURN(WaitResult ready, waiter_.Poll());
    if (!std::holds_alternative<NothingYet>(ready)) return ready;
    FlushRecords();
    return WaitForEvent();
  }
  PROVOST_ASSIGN_OR_RETURN(WaitResult result, waiter_.Poll());
  if (!std::holds_alternative<NothingYet>(result)) return result;
  // Where nobody is held, a program that runs has been asked to end itself.
  if ((held_ > 0 || root_end_) && GiveUp()) return result;
  poll(nullptr, 0, kRetryMilliseconds);
  PROVOST_RETURN_IF_ERROR(RetryHeld());
  return result;
}

absl::StatusOr<WaitResult> Supervisor::Loop::WaitForEvent() {
  const bool may_give_up = root_end_ && !killing_;
  if (guardian_) guardian_->Waits();
  absl::StatusOr<WaitResult> result =
      may_give_up || run_control_->listens() ? waiter_.NextOrSignal() : waiter_.Next();
  if (guardian_) guardian_->Works();
  // Whoever asks for an end now asks it of what the program left running.
  if (may_give_up && result.ok() && std::holds_alternative<NothingYet>(*result)) GiveUp();
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
  if (is_new) {
    run_control_->Seen(entry->first);
    if (std::holds_alternative<TrapStop>(stop.event)) {
      PROVOST_RETURN_IF_ERROR(RestoreNewTask(stop.stopped));
    }
  }
  // A task that the killing did not know of yet.
  if (killing_) kill(stop.stopped.tid(), SIGKILL);
  return std::visit([&](const auto& event) { return On(event, std::move(stop.stopped), task); },
                    stop.event);
}

absl::Status Supervisor::Loop::RestoreNewTask(const Stopped& stopped) const {
  for (const auto& [tid, task] : tasks_) {
    const auto* awaiting = std::get_if<AwaitingResult>(&task.state);
    if (awaiting == nullptr || !awaiting->rewritten.has_value()) continue;
    const RewrittenCall& call = *awaiting->rewritten;
    PROVOST_ASSIGN_OR_RETURN(const bool made_by_it, BeganIn(stopped, call.asked, call.runs));
    if (made_by_it) return RestoreArguments(stopped, call.asked, call.runs, call.registers);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Supervisor::Loop::IsForeign(const SeccompStopInfo& info) {
  if (info.data == kTraceData) return false;
  PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunFilters(filters_, info.request));
  return (answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE;
}

absl::StatusOr<Judgement> Supervisor::Loop::Decide(const SyscallRequest& request,
                                                   TraceeArguments& arguments) {
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
  task.slot.Reset();
  PROVOST_ASSIGN_OR_RETURN(const auto ours, OurNextCall(stopped, task, info.request));
  if (ours) return Inject(std::move(stopped), task, info.request, ours->call);
  CountedCall* counted = counts_ ? &task.repeated.Enter(info.request) : nullptr;
  TraceeArguments arguments(stopped.tid(), task.process, counted);
  arguments.SetContid(recorder_.containers().Of(stopped.tid()).value_or(Containers::kUnset));
  PROVOST_ASSIGN_OR_RETURN(Judgement judged, Decide(info.request, arguments));
  Decision& decision = judged.decision;
  if (!program_runs_) {
    return OnLaunchersCall(std::move(stopped), info.request, decision, arguments);
  }
  if (options_.mode == Mode::kComplain && Refuses(decision.verdict)) decision.verdict = Log{};
  if (hardening_ != nullptr) {
    judged = hardening_->Judge(stopped.tid(), std::move(judged), arguments);
    PROVOST_RETURN_IF_ERROR(arguments.died());
  }
  std::optional<Stopped> ready(std::move(stopped));
  PROVOST_RETURN_IF_ERROR(Protect(ready, task, info.request, judged, arguments));
  if (!ready) return absl::OkStatus();
  recorder_.NoteCall(info.request);
  if (recorder_.Wants(decision, ready->tid())) {
    PendingRecord record = recorder_.Make(ready->tid(), info.request, decision, arguments);
    return BeforeCall(*std::move(ready), task, std::move(record), judged.runs);
  }
  return ApplyAndResume(*std::move(ready), task, info.request, judged);
}

absl::StatusOr<std::optional<ArgumentPages::Inject>> Supervisor::Loop::OurNextCall(
    const Stopped& stopped, const Task& task, const SyscallRequest& asked) {
  const bool serves = task.process != 0 && asked.HasKnownArch() && !IsVsyscall(asked) &&
                      !Policy::IsNeverRefused(static_cast<Arch>(asked.arch), asked.nr);
  if (!serves) return std::nullopt;
  return protection_.pages().Continue(stopped.tid(), task.process, asked);
}

absl::Status Supervisor::Loop::Protect(std::optional<Stopped>& stopped, Task& task,
                                       const SyscallRequest& asked, Judgement& judged,
                                       TraceeArguments& arguments) {
  if (!Runs(judged.decision.verdict)) return absl::OkStatus();
  PROVOST_ASSIGN_OR_RETURN(ArgumentProtection::Answer answer,
                           protection_.Protect(stopped->tid(), judged.runs, arguments));
  if (auto* ready = std::get_if<ArgumentProtection::Protected>(&answer)) {
    judged.runs = ready->runs;
    task.slot = std::move(ready->slot);
  } else if (const auto* inject = std::get_if<ArgumentPages::Inject>(&answer)) {
    Stopped taken = *std::exchange(stopped, std::nullopt);
    return Inject(std::move(taken), task, asked, inject->call);
  } else if (std::holds_alternative<ArgumentPages::Wait>(answer)) {
    if (counts_) task.repeated.Interrupt({asked.nr, asked.ip, asked.sp});
    task.state = WaitsForPages{*std::exchange(stopped, std::nullopt)};
    ++waiters_;
  } else {
    const absl::Status& why = std::get<ArgumentProtection::Unprotected>(answer).why;
    if (!said_unprotected_ && options_.logger != nullptr) {
      options_.logger->warn(
          "{} of task {} is refused (ENOMEM): what it was decided on cannot be kept for it: {}; "
          "see "
          "--arguments",
          CallName(asked), stopped->tid(), std::string(why.message()));
    }
    said_unprotected_ = true;
    judged = {{Deny{ENOMEM}, judged.decision.wish, "unprotected"}, asked};
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::Inject(Stopped stopped, Task& task, const SyscallRequest& asked,
                                      const RemoteCall& call) {
  if (counts_) task.repeated.Interrupt({asked.nr, asked.ip, asked.sp});
  PROVOST_ASSIGN_OR_RETURN(const InjectedCall injected,
                           InjectedCall::Begin(stopped, asked, call, protection_.pages().gate()));
  task.state = MakesOurCall{injected};
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::OnOurCall(Stopped stopped, Task& task) {
  const auto ours = std::get<MakesOurCall>(std::exchange(task.state, Running()));
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ours.call.Finish(stopped));
  if (ours.call.IsTrapped(result)) task.state = AwaitingOurTrap{ours.call.nr()};
  PROVOST_RETURN_IF_ERROR(
      protection_.pages().Done(stopped.tid(), task.process, ours.call.instead_of(), result));
  PROVOST_RETURN_IF_ERROR(std::move(stopped).Restart(Resume::Continue()));
  return LetWaitersGo();
}

absl::Status Supervisor::Loop::LetWaitersGo() {
  if (std::exchange(waiters_, 0) == 0) return absl::OkStatus();
  std::vector<Task*> waiting;
  for (auto& [tid, task] : tasks_) {
    if (std::holds_alternative<WaitsForPages>(task.state)) waiting.push_back(&task);
  }
  for (Task* task : waiting) {
    TaskState state = std::exchange(task->state, Running());
    absl::Status status =
        On(SeccompStop(), std::move(std::get<WaitsForPages>(state).stopped), *task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
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
  const bool awaited = record.decision.wish == RecordWish::kLogResult || record.clock.has_value();
  if (awaited && Runs(record.decision.verdict) && HasExit(record.request)) {
    if (!WaitsForLog()) return RunForResult(std::move(stopped), task, std::move(record), runs);
    ++held_;
    task.state = HeldForResult{std::move(stopped), std::move(record), runs};
    return absl::OkStatus();
  }
  record.result = ResultOf(record.decision.verdict);
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) {
    ++held_;
    task.state = HeldBeforeCall{std::move(stopped), std::move(record), runs};
    return absl::OkStatus();
  }
  return ApplyAndResume(std::move(stopped), task, record.request, {record.decision, runs});
}

absl::StatusOr<TaskState> Supervisor::Loop::Prepare(const Stopped& stopped,
                                                    const SyscallRequest& request,
                                                    const Judgement& judged) {
  PROVOST_ASSIGN_OR_RETURN(TaskState state,
                           Apply(judged.decision.verdict, stopped, request, judged.runs, control_));
  if (hardening_ == nullptr || !Runs(judged.decision.verdict)) return state;
  auto aside = hardening_->AsideFor(stopped.tid(), judged.runs);
  if (aside == nullptr) return state;
  auto* awaiting = std::get_if<AwaitingResult>(&state);
  if (awaiting == nullptr) awaiting = &state.emplace<AwaitingResult>();
  awaiting->aside = std::move(aside);
  return state;
}

absl::Status Supervisor::Loop::RunForResult(Stopped stopped, Task& task, PendingRecord record,
                                            const SyscallRequest& runs) {
  PROVOST_ASSIGN_OR_RETURN(task.state, Prepare(stopped, record.request, {record.decision, runs}));
  auto* awaiting = std::get_if<AwaitingResult>(&task.state);
  if (awaiting == nullptr) awaiting = &task.state.emplace<AwaitingResult>();
  awaiting->record = std::move(record);
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::ApplyAndResume(Stopped stopped, Task& task,
                                              const SyscallRequest& request,
                                              const Judgement& judged) {
  PROVOST_ASSIGN_OR_RETURN(task.state, Prepare(stopped, request, judged));
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const SyscallExitStop&, Stopped stopped, Task& task) {
  if (std::holds_alternative<MakesOurCall>(task.state)) return OnOurCall(std::move(stopped), task);
  if (hardening_ != nullptr) hardening_->OnCallDone(stopped.tid());
  auto* awaiting = std::get_if<AwaitingResult>(&task.state);
  if (awaiting == nullptr) return std::move(stopped).Restart(Resume::Continue());
  task.slot.Reset();
  // If it dies under these, what was decided is still in its state to be recorded.
  if (awaiting->rewritten.has_value()) {
    const RewrittenCall& call = *awaiting->rewritten;
    PROVOST_RETURN_IF_ERROR(RestoreArguments(stopped, call.asked, call.runs, call.registers));
  }
  if (!awaiting->record.has_value()) {
    task.state = Running();
    return std::move(stopped).Restart(Resume::Continue());
  }
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ReadResult(stopped));
  std::optional<PendingRecord> record = std::move(awaiting->record);
  task.state = Running();
  recorder_.Finish(*record, ResultForRecord(result));
  return AfterCall(std::move(stopped), task, *std::move(record));
}

absl::Status Supervisor::Loop::AfterCall(Stopped stopped, Task& task, PendingRecord record) {
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) {
    ++held_;
    task.state = HeldAfterCall{std::move(stopped), std::move(record)};
    return absl::OkStatus();
  }
  return std::move(stopped).Restart(Resume::Continue());
}

// Restarts a task in the middle of what it was doing: towards the exit of its call if that is
// awaited.
absl::Status Supervisor::Loop::RunOn(Stopped stopped, const Task& task) {
  const bool awaiting = std::holds_alternative<AwaitingResult>(task.state) ||
                        std::holds_alternative<MakesOurCall>(task.state);
  return std::move(stopped).Restart(awaiting ? Resume::UntilSyscallExit() : Resume::Continue());
}

absl::Status Supervisor::Loop::On(const SignalStop& event, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (const auto* trap = std::get_if<AwaitingTrap>(&task.state); trap && event.signal == SIGSYS) {
    PROVOST_ASSIGN_OR_RETURN(const bool is_ours, IsSeccompTrap(stopped, control_.trap));
    if (is_ours) {
      PROVOST_RETURN_IF_ERROR(PresentTrapAs(stopped, trap->asked));
      task.state = Running();
    }
  }
  const auto* ours = std::get_if<AwaitingOurTrap>(&task.state);
  if (ours != nullptr && event.signal == SIGSYS) {
    PROVOST_ASSIGN_OR_RETURN(const bool is_ours, IsSeccompTrap(stopped, ours->nr));
    task.state = Running();
    if (is_ours) return std::move(stopped).Restart(Resume::Continue());
  }
  return std::move(stopped).Restart(Resume::Continue(event.signal));
}

absl::Status Supervisor::Loop::On(const GroupStop& event, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  const pid_t tid = stopped.tid();
  // A stop can come between a trap and its SIGSYS; what is awaited stays awaited.
  if (std::holds_alternative<Running>(task.state)) task.state = Listening();
  PROVOST_RETURN_IF_ERROR(std::move(stopped).Restart(Resume::Listen()));
  if (tid == root_ && options_.on_stopped) options_.on_stopped(tid, event.signal);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::On(const TrapStop&, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (hardening_ != nullptr) PROVOST_RETURN_IF_ERROR(hardening_->OnStop(stopped));
  if (std::holds_alternative<Listening>(task.state)) task.state = Running();
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const NewChildStop& event, Stopped stopped, Task& task) {
  // Its creator may name it in a call before its own first stop is seen.
  run_control_->Created(event.child, stopped.tid());
  if (task.process != 0) protection_.pages().Born(event.child, stopped.tid(), task.process);
  if (hardening_ != nullptr) {
    hardening_->OnBirth(stopped.tid(), event.child, tasks_.contains(event.child));
  }
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const ExecStop& event, Stopped stopped, Task& task) {
  const pid_t leader = stopped.tid();
  recorder_.Forget(leader);
  run_control_->Executed(leader, event.former);
  task.repeated.Clear();
  task.slot.Reset();
  task.process = leader;
  protection_.pages().Execed(leader);
  if (event.former != leader) {
    // The thread that called execve has become the leader; what it was doing goes on under that
    // tid. The former leader was reaped unreported.
    recorder_.Forget(event.former);
    PROVOST_RETURN_IF_ERROR(CutOff(std::exchange(task.state, Running())));
    if (auto former = tasks_.find(event.former); former != tasks_.end()) {
      task.state = std::move(former->second.state);
      protection_.pages().Ended(event.former);
      tasks_.erase(former);
    }
  }
  if (auto* awaiting = std::get_if<AwaitingResult>(&task.state)) {
    // The new program's registers are its own.
    awaiting->rewritten.reset();
    if (awaiting->record) {
      recorder_.FinishExec(leader, *awaiting->record, Recorder::Exec::kGoesOn);
    }
  }
  if (!program_runs_ && leader == root_) {
    program_runs_ = true;
    if (const absl::StatusOr<int> filters = CountFilters(leader); filters.ok()) {
      protection_.pages().SetFilters(*filters);
    }
    decider_.ProgramStarted();
    if (first_exec_) {
      PendingRecord record = *std::move(first_exec_);
      first_exec_.reset();
      recorder_.FinishExec(leader, record, Recorder::Exec::kIsOver);
      return AfterCall(std::move(stopped), task, std::move(record));
    }
  }
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::OnEnd(const EndedTask& ended) {
  recorder_.Forget(ended.tid);
  run_control_->Ended(ended.tid);
  decider_.TaskEnded(ended.tid);
  if (protection_.pages().Ended(ended.tid)) PROVOST_RETURN_IF_ERROR(LetWaitersGo());
  if (hardening_ != nullptr) hardening_->OnCallDone(ended.tid);
  absl::Status status;
  if (const auto task = tasks_.find(ended.tid); task != tasks_.end()) {
    TaskState state = std::move(task->second.state);
    tasks_.erase(task);
    status = CutOff(std::move(state));
  }
  if (ended.tid != root_) return status;
  root_end_ = ended.end;
  // An end that was asked for while tasks are held is asked of all of them, also where the signal
  // that asked for it has ended the program before we came to look.
  if (held_ > 0 && !killing_) GiveUp();
  if (options_.on_ended) options_.on_ended();
  return status;
}

absl::Status Supervisor::Loop::CutOff(TaskState state) {
  if (IsHeld(state)) --held_;
  // It ran the call and died in it: what was decided is still on record, without a result.
  auto* awaiting = std::get_if<AwaitingResult>(&state);
  if (awaiting != nullptr && awaiting->record.has_value()) {
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*awaiting->record));
    if (!recorded) recorder_.Leave(*std::move(awaiting->record));
  }
  // Nor is an event forgotten for which it was held; only a call that was still to run for its
  // result has not happened.
  if (PendingRecord* record = HeldRecord(state)) recorder_.Leave(std::move(*record));
  return absl::OkStatus();
}

bool Supervisor::Loop::WaitsForLog() const {
  return said_failing_ && options_.on_audit_failure == OnAuditFailure::kStop && !killing_;
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

absl::Status Supervisor::Loop::LetGo(TaskState held, Task& task) {
  if (auto* before = std::get_if<HeldBeforeCall>(&held)) {
    return ApplyAndResume(std::move(before->stopped), task, before->record.request,
                          {before->record.decision, before->runs});
  }
  if (auto* before = std::get_if<HeldForResult>(&held)) {
    recorder_.BeginAgain(before->record);
    return RunForResult(std::move(before->stopped), task, std::move(before->record), before->runs);
  }
  return std::get<HeldAfterCall>(std::move(held)).stopped.Restart(Resume::Continue());
}

absl::Status Supervisor::Loop::RetryHeld() {
  while (PendingRecord* left = recorder_.first_left()) {
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*left));
    if (!recorded) return absl::OkStatus();
    recorder_.DropLeft();
  }
  for (auto& [tid, task] : tasks_) {
    PendingRecord* record = HeldRecord(task.state);
    if (record == nullptr) continue;
    PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(*record));
    if (!recorded) return absl::OkStatus();
    --held_;
    absl::Status status = LetGo(std::exchange(task.state, Running()), task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  // Nothing is in hand any more, so the log is as good as its last answer; if that was bad, its
  // event was lost with its task.
  said_failing_ = false;
  for (auto& [tid, task] : tasks_) {
    if (!std::holds_alternative<HeldForResult>(task.state)) continue;
    --held_;
    absl::Status status = LetGo(std::exchange(task.state, Running()), task);
    if (!status.ok() && !IsDied(status)) return status;
  }
  return absl::OkStatus();
}

void Supervisor::Loop::AwaitLeft() {
  bool said = false;
  while (PendingRecord* left = recorder_.first_left()) {
    const absl::Status status = recorder_.Write(*left);
    if (status.ok()) {
      recorder_.DropLeft();
      continue;
    }
    if (absl::IsFailedPrecondition(status) || killing_ || GiveUp()) break;
    if (!said && options_.logger != nullptr) {
      options_.logger->error(
          "waiting for the audit log, which lacks {} events of tasks that are gone; make room, or "
          "interrupt to give them up",
          recorder_.left());
    }
    said = true;
    poll(nullptr, 0, kRetryMilliseconds);
  }
  recorder_.GiveUpLeft();
}

void Supervisor::Loop::KillTree() {
  killing_ = true;
  // A tid that we trace is nobody else's until we have waited for it.
  for (const auto& [tid, task] : tasks_) kill(tid, SIGKILL);
}

void Supervisor::Loop::SayKilledForReading(pid_t tid, ReadWatch::Killed what) const {
  if (options_.logger == nullptr) return;
  options_.logger->error(
      "memory of task {} that a call names does not answer (userfaultfd, FUSE): {}", tid,
      what == ReadWatch::Killed::kProcess ? "its process is killed" : "the tree is killed");
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
