#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "spdlog/spdlog.h"
#include "supervisor/loop.h"

namespace provost {
namespace {

// What audit_return_fixup in kernel/auditsc.c does: the numbers by which the kernel asks itself to
// restart a call are an EINTR to everyone else.
int64_t ResultForRecord(int64_t result) { return AsksForRestart(result) ? -EINTR : result; }

std::optional<int64_t> ResultOf(const Verdict& verdict) {
  if (const auto* deny = std::get_if<Deny>(&verdict)) return -deny->error;
  if (const auto* answer = std::get_if<Return>(&verdict)) return answer->value;
  return std::nullopt;
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

}  // namespace

absl::StatusOr<TaskState> Apply(const Verdict& verdict, const Stopped& stopped,
                                const SyscallRequest& request, const SyscallRequest& runs,
                                const ControlNumbers& control, const Emulated* emulated) {
  struct Applier {
    const Stopped& stopped;
    const SyscallRequest& request;
    const SyscallRequest& runs;
    const ControlNumbers& control;
    const Emulated* emulated;

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
      if (runs.args == request.args && runs.nr == request.nr) return Running();
      PROVOST_ASSIGN_OR_RETURN(const ArgumentRegisters registers,
                               ReplaceArguments(stopped, request, runs));
      // It has no exit stop to put registers back at.
      if (IsVsyscall(request)) return Running();
      return AwaitingResult{std::nullopt, RewrittenCall{request, runs, registers}};
    }
    absl::StatusOr<TaskState> operator()(const provost::Emulate&) const {
      // A decider in code may name an emulator that there is not.
      if (emulated == nullptr) return Then(SkipSyscall(stopped, -ENOSYS));
      if (emulated->answer) return Then(SkipSyscall(stopped, emulated->answer->result));
      return Run();
    }
    // Nobody is here to answer. Policies do not say it; a decider in code may.
    absl::StatusOr<TaskState> operator()(const Ask&) const {
      return Then(SkipSyscall(stopped, -ENOSYS));
    }
  };
  return std::visit(Applier{stopped, request, runs, control, emulated}, verdict);
}

GatedCalls GatesFor(const Options& options, absl::Span<const Policy> policies, const Gate& gate) {
  return CallsFor(Emulators::AreIn(policies) ? ArgumentMode::kProtect : options.arguments, gate);
}

std::string CallName(const SyscallRequest& request) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return syscall == nullptr ? absl::StrCat("syscall ", request.nr)
                            : std::string(syscall->signature->name);
}

absl::StatusOr<bool> Supervisor::Loop::IsForeign(const SeccompStopInfo& info, const Task& task) {
  if (info.data == kTraceData) return false;
  const auto filters = absl::MakeConstSpan(filters_).first(task.generation->filters);
  PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunFilters(filters, info.request));
  return (answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE;
}

absl::StatusOr<Judgement> Supervisor::Loop::Decide(const SyscallRequest& request, const Task& task,
                                                   TraceeArguments& arguments) {
  if (release_) {
    if (std::optional<Judgement> refusal = release_->Refusal(request)) return *std::move(refusal);
  }
  Judgement judged = Judge(DeciderOf(*task.generation), request, arguments);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  return judged;
}

absl::Status Supervisor::Loop::NoteInterruption(const Stopped& stopped, Task& task) const {
  if (!Counts(task)) return absl::OkStatus();
  PROVOST_ASSIGN_OR_RETURN(const auto interrupted, ReadInterruptedCall(stopped));
  if (interrupted.has_value()) task.repeated.Interrupt(*interrupted);
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::On(const SeccompStop&, Stopped stopped, Task& task) {
  PROVOST_ASSIGN_OR_RETURN(SeccompStopInfo info, ReadSeccompStop(stopped));
  if (const auto* returns = std::get_if<ReturnsItself>(&task.state)) {
    PROVOST_RETURN_IF_ERROR(returns->way_back.Settle(stopped, info.request));
    task.state = Running();
  }
  PROVOST_ASSIGN_OR_RETURN(const bool is_foreign, IsForeign(info, task));
  if (is_foreign) {
    // The task has no tracer as far as that filter goes: ENOSYS, as without us, in every mode.
    PROVOST_RETURN_IF_ERROR(SkipSyscall(stopped, -ENOSYS));
    return std::move(stopped).Restart(Resume::Continue());
  }
  task.slot.Reset();
  task.way_back.reset();
  task.emulated.reset();
  PROVOST_ASSIGN_OR_RETURN(const auto ours, OurNextCall(stopped, task, info.request));
  if (ours) return Inject(std::move(stopped), task, info.request, ours->call);
  CountedCall* counted = Counts(task) ? &task.repeated.Enter(info.request) : nullptr;
  TraceeArguments arguments(stopped.tid(), task.process, counted);
  arguments.SetContid(recorder_.containers().Of(stopped.tid()).value_or(Containers::kUnset));
  PROVOST_ASSIGN_OR_RETURN(Judgement judged, Decide(info.request, task, arguments));
  Decision& decision = judged.decision;
  if (!program_runs_) {
    if (std::holds_alternative<provost::Emulate>(decision.verdict)) {
      PROVOST_RETURN_IF_ERROR(Emulate(stopped, task, info.request, arguments, judged));
    }
    if (!task.emulated) {
      return OnLaunchersCall(std::move(stopped), info.request, decision, arguments);
    }
    std::optional<Stopped> ready(std::move(stopped));
    PROVOST_RETURN_IF_ERROR(Protect(ready, task, info.request, judged, arguments));
    if (!ready) return absl::OkStatus();
    return ApplyAndResume(*std::move(ready), task, info.request, judged);
  }
  if (options_.mode == Mode::kComplain && Refuses(decision.verdict)) decision.verdict = Log{};
  if (std::holds_alternative<provost::Emulate>(decision.verdict)) {
    PROVOST_RETURN_IF_ERROR(Emulate(stopped, task, info.request, arguments, judged));
  }
  if (hardening_ != nullptr) {
    judged = Harden(stopped.tid(), task, std::move(judged), arguments);
    PROVOST_RETURN_IF_ERROR(arguments.died());
  }
  if (info.data != kTraceData && Runs(task, decision.verdict)) {
    // Not as far as its own filter goes, which has asked for a tracer of its own.
    const bool is_log =
        std::holds_alternative<Log>(decision.verdict) && !AsksForRecord(decision.wish);
    judged = {{Deny{ENOSYS}, is_log ? RecordWish::kLog : decision.wish, decision.rule},
              info.request};
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

absl::Status Supervisor::Loop::Emulate(const Stopped& stopped, Task& task,
                                       const SyscallRequest& asked, TraceeArguments& arguments,
                                       Judgement& judged) {
  const Emulators* emulators = EmulatorsOf(task);
  if (emulators == nullptr) return absl::OkStatus();
  const absl::StatusOr<uint64_t> process = arguments.ReadTaskNumber(TaskField::kPid);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  const auto decide = [&](const SyscallRequest& call) {
    Judgement next = Judge(DeciderOf(*task.generation), call, arguments);
    // As OnLaunchersCall has it.
    const bool stays = !Refuses(next.decision.verdict) ||
                       std::holds_alternative<provost::Emulate>(next.decision.verdict);
    if (!program_runs_ && !stays) next = {{Allow{}, RecordWish::kUnsaid, {}}, call};
    return next;
  };
  task.emulated =
      emulators->Emulate(stopped.tid(), process.ok() ? static_cast<pid_t>(*process) : task.process,
                         asked, arguments, decide, judged);
  PROVOST_RETURN_IF_ERROR(arguments.died());
  if (!task.emulated) return absl::OkStatus();
  // It has no exit stop, and can run as it was made alone.
  if (IsVsyscall(asked)) {
    task.emulated->looks.clear();
    if (!task.emulated->answer) judged.runs = asked;
  }
  if (!task.emulated->answer) return absl::OkStatus();
  // Now, so that the record says what the task gets.
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, WriteAnswer(stopped, *task.emulated->answer));
  task.emulated->answer = Answer{result, {}, std::move(task.emulated->answer->clock)};
  return absl::OkStatus();
}

Judgement Supervisor::Loop::Harden(pid_t tid, Task& task, Judgement judged,
                                   TraceeArguments& arguments) {
  const bool is_emulation = std::holds_alternative<provost::Emulate>(judged.decision.verdict);
  if (!is_emulation || !Runs(task, judged.decision.verdict)) {
    return hardening_->Judge(tid, std::move(judged), arguments);
  }
  const Decision emulation = judged.decision;
  judged =
      hardening_->Judge(tid, {{Allow{}, emulation.wish, emulation.rule}, judged.runs}, arguments);
  if (provost::Runs(judged.decision.verdict)) {
    judged.decision = emulation;
  } else {
    task.emulated.reset();
  }
  return judged;
}

bool Supervisor::Loop::Runs(const Task& task, const Verdict& verdict) {
  if (!std::holds_alternative<provost::Emulate>(verdict)) return provost::Runs(verdict);
  return task.emulated && !task.emulated->answer;
}

absl::StatusOr<std::unique_ptr<Emulators>> Supervisor::Loop::EmulatorsFor(
    const std::vector<Policy>& policies, const Emulators* former) const {
  if (!Emulators::AreIn(policies)) return nullptr;
  const auto complain = [this](absl::string_view what) {
    if (options_.logger != nullptr) options_.logger->warn("{}", std::string(what));
  };
  return Emulators::Create(policies, options_.handlers, complain, former);
}

absl::Status Supervisor::Loop::MakeEmulators() {
  PROVOST_ASSIGN_OR_RETURN(newest().emulators, EmulatorsFor(options_.policies, nullptr));
  return absl::OkStatus();
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
  if (!Runs(task, judged.decision.verdict)) return absl::OkStatus();
  PROVOST_ASSIGN_OR_RETURN(ArgumentProtection::Answer answer,
                           protection_.Protect(stopped->tid(), asked, judged.runs, arguments));
  if (auto* ready = std::get_if<ArgumentProtection::Protected>(&answer)) {
    judged.runs = ready->runs;
    task.slot = std::move(ready->slot);
    // What the kernel answers is looked at, at its exit; and that is where its number is put back.
    const bool needs_exit =
        task.emulated && (!task.emulated->looks.empty() || judged.runs.nr != asked.nr);
    if (!needs_exit) task.way_back = ready->way_back;
  } else if (const auto* inject = std::get_if<ArgumentPages::Inject>(&answer)) {
    Stopped taken = *std::exchange(stopped, std::nullopt);
    return Inject(std::move(taken), task, asked, inject->call);
  } else if (std::holds_alternative<ArgumentPages::Wait>(answer)) {
    if (Counts(task)) task.repeated.Interrupt({asked.nr, asked.ip, asked.sp});
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
  if (Counts(task)) task.repeated.Interrupt({asked.nr, asked.ip, asked.sp});
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
  if (switch_) PROVOST_RETURN_IF_ERROR(AskToSwitch(task.process));
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
  const bool is_looked_at = task.emulated && !task.emulated->looks.empty();
  const bool awaited =
      record.decision.wish == RecordWish::kLogResult || record.clock.has_value() || is_looked_at;
  if (awaited && Runs(task, record.decision.verdict) && HasExit(record.request)) {
    if (!WaitsForLog()) return RunForResult(std::move(stopped), task, std::move(record), runs);
    return Hold(HeldForResult{std::move(stopped), std::move(record), runs}, task);
  }
  if (task.emulated && task.emulated->answer) {
    record.result = task.emulated->answer->result;
    record.facts.clock = task.emulated->answer->clock;
  } else {
    record.result = ResultOf(record.decision.verdict);
  }
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) {
    return Hold(HeldBeforeCall{std::move(stopped), std::move(record), runs}, task);
  }
  return ApplyAndResume(std::move(stopped), task, record.request, {record.decision, runs});
}

absl::StatusOr<TaskState> Supervisor::Loop::Prepare(const Stopped& stopped, const Task& task,
                                                    const SyscallRequest& request,
                                                    const Judgement& judged) {
  PROVOST_ASSIGN_OR_RETURN(TaskState state,
                           Apply(judged.decision.verdict, stopped, request, judged.runs, control_,
                                 task.emulated ? &*task.emulated : nullptr));
  if (!Runs(task, judged.decision.verdict)) return state;
  if (task.emulated) PROVOST_RETURN_IF_ERROR(WriteBefore(stopped, *task.emulated));
  auto aside = hardening_ != nullptr ? hardening_->AsideFor(stopped.tid(), judged.runs) : nullptr;
  const bool is_looked_at = task.emulated && !task.emulated->looks.empty();
  if (aside == nullptr && !is_looked_at) return state;
  auto* awaiting = std::get_if<AwaitingResult>(&state);
  if (awaiting == nullptr) awaiting = &state.emplace<AwaitingResult>();
  awaiting->aside = std::move(aside);
  return state;
}

absl::Status Supervisor::Loop::RunForResult(Stopped stopped, Task& task, PendingRecord record,
                                            const SyscallRequest& runs) {
  PROVOST_ASSIGN_OR_RETURN(task.state,
                           Prepare(stopped, task, record.request, {record.decision, runs}));
  auto* awaiting = std::get_if<AwaitingResult>(&task.state);
  if (awaiting == nullptr) awaiting = &task.state.emplace<AwaitingResult>();
  awaiting->record = std::move(record);
  if (task.emulated && task.emulated->looks.empty()) task.emulated.reset();
  task.installs = InstallsFilter(runs);
  return RunOn(std::move(stopped), task);
}

absl::Status Supervisor::Loop::ApplyAndResume(Stopped stopped, Task& task,
                                              const SyscallRequest& request,
                                              const Judgement& judged) {
  PROVOST_ASSIGN_OR_RETURN(task.state, Prepare(stopped, task, request, judged));
  task.installs = Runs(task, judged.decision.verdict) && InstallsFilter(judged.runs);
  if (task.emulated && task.emulated->looks.empty()) task.emulated.reset();
  // A switch must know when it is over (AwaitOwnFilters).
  if (task.installs && std::holds_alternative<Running>(task.state)) task.state = AwaitingResult();
  const auto* awaiting = std::get_if<AwaitingResult>(&task.state);
  if (task.way_back.has_value() && awaiting != nullptr && awaiting->aside == nullptr) {
    PROVOST_RETURN_IF_ERROR(task.way_back->Begin(stopped));
    task.state = ReturnsItself{*task.way_back};
  }
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
  const std::optional<Emulated> emulated = std::exchange(task.emulated, std::nullopt);
  const bool is_looked_at = emulated && !emulated->looks.empty();
  if (!awaiting->record.has_value() && !is_looked_at) {
    task.state = Running();
    return std::move(stopped).Restart(Resume::Continue());
  }
  PROVOST_ASSIGN_OR_RETURN(int64_t result, ReadResult(stopped));
  if (is_looked_at) {
    PROVOST_ASSIGN_OR_RETURN(result, LookAtResult(stopped, task.process, *emulated, result));
  }
  if (!awaiting->record.has_value()) {
    task.state = Running();
    return std::move(stopped).Restart(Resume::Continue());
  }
  std::optional<PendingRecord> record = std::move(awaiting->record);
  task.state = Running();
  recorder_.Finish(*record, ResultForRecord(result));
  return AfterCall(std::move(stopped), task, *std::move(record));
}

absl::Status Supervisor::Loop::AfterCall(Stopped stopped, Task& task, PendingRecord record) {
  PROVOST_ASSIGN_OR_RETURN(const bool recorded, PutOnRecord(record));
  if (!recorded) return Hold(HeldAfterCall{std::move(stopped), std::move(record)}, task);
  return std::move(stopped).Restart(Resume::Continue());
}

// Restarts a task in the middle of what it was doing: towards the exit of its call if that is
// awaited.
absl::Status Supervisor::Loop::RunOn(Stopped stopped, const Task& task) {
  const bool awaiting = std::holds_alternative<AwaitingResult>(task.state) ||
                        std::holds_alternative<MakesOurCall>(task.state);
  return std::move(stopped).Restart(awaiting ? Resume::UntilSyscallExit() : Resume::Continue());
}

}  // namespace provost
