#include "supervisor/loop.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "spdlog/spdlog.h"

namespace provost {
namespace {

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

}  // namespace

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
  tasks_[root_].generation = &newest();
  BeginControl();
  PROVOST_RETURN_IF_ERROR(EnterContainer());
  if (options_.on_started) options_.on_started(root_);

  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  const LaunchFailure failure = launcher.Failure();
  if (recording_status_.ok() && !program_runs_ && failure.step != LaunchFailure::Step::kNone)
    return Outcome(NotStarted{failure});
  return EndOfRun();
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
  NoteFilters(*attachment);
  std::optional<Undumpable> undumpable;
  if (hardening_ != nullptr && !options_.unsafe_debuggable) undumpable.emplace();
  program_runs_ = true;
  DeciderOf(newest()).ProgramStarted();
  BeginControl();
  PROVOST_RETURN_IF_ERROR(EnterContainer());
  if (options_.on_started) options_.on_started(root_);
  taken_ = attachment->Release();
  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  return EndOfRun();
}

void Supervisor::Loop::NoteFilters(const Attachment& attachment) {
  ArgumentPages& pages = protection_.pages();
  const auto ours = static_cast<int>(filters_.size());
  const std::vector<pid_t> tasks = attachment.tasks();
  const bool are_all = std::all_of(tasks.begin(), tasks.end(), [&](pid_t tid) {
    const absl::StatusOr<int> count = CountFilters(tid);
    return count.ok() ? *count == ours : IsDied(count.status());
  });
  if (are_all) {
    pages.SetFilters(ours);
  } else {
    pages.SetOwnFilters();
  }
}

absl::StatusOr<Outcome> Supervisor::Loop::Resume(absl::string_view state) {
  std::optional<Undumpable> undumpable;
  if (hardening_ != nullptr && !options_.unsafe_debuggable) undumpable.emplace();
  if (const absl::Status restored = Restore(state); !restored.ok()) {
    KillTree();
    (void)Supervise();
    return restored;
  }
  PROVOST_RETURN_IF_ERROR(SuperviseToEnd());
  return EndOfRun();
}

absl::Status Supervisor::Loop::SuperviseToEnd() {
  absl::Status supervised = Supervise();
  if (handover_ && !suspended_) {
    supervised.Update(UndoHandOver(supervised.ok() ? "the run has ended" : supervised.message()));
  }
  if (!supervised.ok()) {
    // Nothing may run on unsupervised, nor stay stopped.
    KillTree();
    (void)Supervise();
    return supervised;
  }
  if (!suspended_) AwaitLeft();
  run_control_.reset();
  FlushRecords();
  if (suspended_) return absl::OkStatus();
  const absl::Status ended = options_.record_run ? recorder_.WriteEnd(reason_) : absl::OkStatus();
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

absl::StatusOr<Outcome> Supervisor::Loop::EndOfRun() {
  if (suspended_ && handover_) {
    return Outcome(HandedOver{Save(), handover_->tree(), handover_->how(), sources_});
  }
  if (suspended_) {
    return Outcome(Suspended{Save(), std::get<SuspendRun>(*departure_).successor, sources_});
  }
  if (newest().emulators != nullptr) {
    const absl::Status finished = newest().emulators->Finish();
    if (!finished.ok() && options_.logger != nullptr) {
      options_.logger->error("{}", std::string(finished.message()));
    }
  }
  if (!recording_status_.ok()) return Outcome(RecordingFailed{recording_status_});
  if (release_ && !killing_) return Outcome(Released{release_->tasks()});
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
      ControlledRun{
          .recorder = recorder_,
          .lineage = lineage_,
          .mode = NameOf(options_.mode),
          .settable = options_.settable,
          .record_changes = options_.record_run,
          .may_go_unrecorded = options_.on_audit_failure == OnAuditFailure::kContinue,
          .unheard = [this] { return Unheard(); },
          .resumed = resumed_,
          .upgrade_failure = options_.upgrade_failure,
          .succession = [this] { return options_.succession ? options_.succession(sources_) : ""; },
          .traced_rules =
              [this] {
                return CountTracedRules(newest().policies, options_.mode == Mode::kComplain,
                                        WantsRecord(options_),
                                        hardening_ != nullptr ? &hardening_->policy() : nullptr);
              },
          .depart = [this](const Departure& how) { return Depart(how); },
          .reload = [this](const ReloadRequest& request,
                           const Identity& client) { return Reload(request, client); },
          .reload_progress = [this] { return Progress(); },
          .tasks = tasks},
      std::move(published));
  if (!listens) return;
  const absl::Status listening = run_control_->Listen(options_.control_socket);
  if (!listening.ok() && options_.logger != nullptr) {
    options_.logger->warn("the run takes no requests: {}", std::string(listening.message()));
  }
}

absl::Status Supervisor::Loop::Supervise() {
  while (!taken_.empty()) {
    WaitResult result = std::move(taken_.front());
    taken_.pop_front();
    PROVOST_RETURN_IF_ERROR(Handle(result));
  }
  while (true) {
    PROVOST_RETURN_IF_ERROR(Leave());
    suspended_ = suspended_ || MaySuspend();
    if (suspended_) return absl::OkStatus();
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
  waiter_.Expect(tasks_.size());
  if (run_control_->pending()) {
    run_control_->CarryOut();
    if (departure_ && reason_.empty()) return WaitResult(NothingYet());
  }
  if (handover_) return NextHandOverEvent();
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

absl::StatusOr<WaitResult> Supervisor::Loop::PollForEvent() {
  std::chrono::steady_clock::time_point until = {};
  while (true) {
    absl::StatusOr<WaitResult> result = waiter_.Poll();
    if (!result.ok() || !std::holds_alternative<NothingYet>(*result)) return result;
    placement_.OnNoStop();
    if (placement_.place() != Place::kSpinning || run_control_->pending()) return result;
    // A stop that is there needs no clock.
    const auto now = std::chrono::steady_clock::now();
    if (until == std::chrono::steady_clock::time_point()) until = now + Placement::kSpin;
    if (now >= until) return result;
  }
}

absl::StatusOr<WaitResult> Supervisor::Loop::WaitForEvent() {
  if (placement_.place() != Place::kFree) {
    absl::StatusOr<WaitResult> soon = PollForEvent();
    const bool is_there = !soon.ok() || !std::holds_alternative<NothingYet>(*soon);
    if (is_there || run_control_->pending()) return soon;
  }
  const bool may_give_up = root_end_ && !killing_;
  if (guardian_) guardian_->Waits();
  const bool may_be_asked = run_control_->listens() || (options_.leave && reason_.empty());
  absl::StatusOr<WaitResult> result =
      may_give_up || may_be_asked ? waiter_.NextOrSignal() : waiter_.Next();
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
  placement_.OnStop(entry->first);
  if (is_new) {
    task.generation = GenerationOfNew(entry->first);
    run_control_->Seen(entry->first);
    if (std::holds_alternative<TrapStop>(stop.event)) {
      PROVOST_RETURN_IF_ERROR(RestoreNewTask(stop.stopped));
    }
  }
  task.installs = false;
  PROVOST_RETURN_IF_ERROR(SettleReturn(stop, task));
  if (handover_) handover_->Forget(stop.stopped.tid());
  // A task that the killing did not know of yet.
  if (killing_) kill(stop.stopped.tid(), SIGKILL);
  if (switch_) PROVOST_RETURN_IF_ERROR(SwitchAt(stop, task));
  PROVOST_RETURN_IF_ERROR(AskToStop(stop.stopped, task));
  return std::visit([&](const auto& event) { return On(event, std::move(stop.stopped), task); },
                    stop.event);
}

absl::Status Supervisor::Loop::SettleReturn(StoppedTask& stop, Task& task) const {
  const auto* returns = std::get_if<ReturnsItself>(&task.state);
  if (returns == nullptr || std::holds_alternative<SeccompStop>(stop.event)) {
    return absl::OkStatus();
  }
  // A new program's registers are its own.
  if (!std::holds_alternative<ExecStop>(stop.event)) {
    PROVOST_ASSIGN_OR_RETURN(const bool was_away, returns->way_back.Settle(stop.stopped));
    const auto* signal = std::get_if<SignalStop>(&stop.event);
    if (was_away && signal != nullptr && signal->signal == SIGTRAP) {
      PROVOST_ASSIGN_OR_RETURN(const bool is_ours, IsStep(stop.stopped));
      // The step of a program that traces itself went into our code; its own is to come.
      if (is_ours) stop.event = SignalStop{0};
    }
  }
  task.state = Running();
  task.slot.Reset();
  return absl::OkStatus();
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

absl::Status Supervisor::Loop::On(const SignalStop& event, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (const auto* trap = std::get_if<AwaitingTrap>(&task.state); trap && event.signal == SIGSYS) {
    PROVOST_ASSIGN_OR_RETURN(const bool is_ours, IsSeccompTrap(stopped, control_.trap));
    if (is_ours) {
      PROVOST_RETURN_IF_ERROR(PresentTrapAs(stopped, trap->asked));
      task.state = Running();
      // It could not be let go of before.
      PROVOST_RETURN_IF_ERROR(AskToStop(stopped, task));
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
  if (release_ && TreeRelease::IsReady(task.state)) return Release(std::move(stopped));
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (HoldsForHandOver(stopped, task)) {
    task.state = Running();
    handover_->Hold({std::move(stopped), event});
    return absl::OkStatus();
  }
  const pid_t tid = stopped.tid();
  // A stop can come between a trap and its SIGSYS; what is awaited stays awaited.
  if (std::holds_alternative<Running>(task.state)) task.state = Listening();
  PROVOST_RETURN_IF_ERROR(std::move(stopped).Restart(Resume::Listen()));
  if (tid == root_ && options_.on_stopped) options_.on_stopped(tid, event.signal);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::On(const TrapStop& event, Stopped stopped, Task& task) {
  PROVOST_RETURN_IF_ERROR(NoteInterruption(stopped, task));
  if (hardening_ != nullptr) PROVOST_RETURN_IF_ERROR(hardening_->OnStop(stopped));
  if (release_ && TreeRelease::IsReady(task.state)) return Release(std::move(stopped));
  if (HoldsForHandOver(stopped, task)) {
    task.state = Running();
    handover_->Hold({std::move(stopped), event});
    return absl::OkStatus();
  }
  if (std::holds_alternative<Listening>(task.state)) task.state = Running();
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::On(const NewChildStop& event, Stopped stopped, Task& task) {
  // Its creator may name it in a call before its own first stop is seen.
  run_control_->Created(event.child, stopped.tid());
  if (!tasks_.contains(event.child)) named_.insert(event.child);
  if (switch_) {
    CreatorIsKnown(event.child, stopped.tid(), task);
    if (switch_ && switch_->unseen.erase(stopped.tid()) > 0) EndSwitchIfDone();
  }
  if (task.process != 0) protection_.pages().Born(event.child, stopped.tid(), task.process);
  if (EmulatorsOf(task) != nullptr) EmulatorsOf(task)->OnTaskMade(stopped.tid(), event.child);
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
    if (handover_) handover_->Forget(event.former);
    // The thread that called execve has become the leader; what it was doing goes on under that
    // tid. The former leader was reaped unreported.
    recorder_.Forget(event.former);
    PROVOST_RETURN_IF_ERROR(CutOff(std::exchange(task.state, Running())));
    if (auto former = tasks_.find(event.former); former != tasks_.end()) {
      task.state = std::move(former->second.state);
      // The new program is nowhere on that way.
      if (std::holds_alternative<ReturnsItself>(task.state)) task.state = Running();
      task.generation = former->second.generation;
      protection_.pages().Ended(event.former);
      tasks_.erase(former);
    }
  }
  if (switch_ && event.former != leader) OnTaskGone(event.former);
  if (const Emulators* emulators = EmulatorsOf(task)) {
    emulators->OnExec(leader);
    if (emulators->HidesVdso()) PROVOST_RETURN_IF_ERROR(HideVdso(stopped));
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
    DeciderOf(newest()).ProgramStarted();
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
  named_.erase(ended.tid);
  if (handover_) handover_->Forget(ended.tid);
  run_control_->Ended(ended.tid);
  DeciderOf(newest()).TaskEnded(ended.tid);
  if (newest().emulators != nullptr) newest().emulators->OnTaskEnded(ended.tid);
  if (protection_.pages().Ended(ended.tid)) {
    if (switch_) PROVOST_RETURN_IF_ERROR(AskToSwitch(0));
    PROVOST_RETURN_IF_ERROR(LetWaitersGo());
  }
  if (hardening_ != nullptr) hardening_->OnCallDone(ended.tid);
  absl::Status status;
  if (const auto task = tasks_.find(ended.tid); task != tasks_.end()) {
    TaskState state = std::move(task->second.state);
    tasks_.erase(task);
    status = CutOff(std::move(state));
  }
  if (switch_) OnTaskGone(ended.tid);
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

}  // namespace provost
