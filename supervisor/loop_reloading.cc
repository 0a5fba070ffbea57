#include <linux/seccomp.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/filter_length.h"
#include "policy/parser.h"
#include "spdlog/spdlog.h"
#include "supervisor/kernel_features.h"
#include "supervisor/loop.h"
#include "tracee/borrowed_task.h"
#include "tracee/named_task.h"
#include "tracee/stop_queue.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

bool AreEqual(const sock_filter& a, const sock_filter& b) {
  return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
}

bool EndsIn(absl::Span<const sock_filter> program, absl::Span<const sock_filter> end) {
  return end.size() <= program.size() &&
         std::equal(end.begin(), end.end(), program.end() - end.size(), AreEqual);
}

// True if the last of `programs` are `last`.
bool EndIn(absl::Span<const BpfProgram> programs, absl::Span<const BpfProgram> last) {
  return last.size() <= programs.size() &&
         std::equal(last.begin(), last.end(), programs.end() - last.size(),
                    [](const BpfProgram& a, const BpfProgram& b) {
                      return a.size() == b.size() && EndsIn(a, b);
                    });
}

// What filters of the tasks' own may come to: two of the longest that there are.
constexpr size_t kReserve = 8192;

// How long a task may be in a call that installs a filter, which waits for nothing.
constexpr std::chrono::seconds kCallPatience(5);

// True of a leader that has exited before its threads: it never stops again.
bool HasExited(pid_t tid) {
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
  return status.ok() ? status->ended : kill(tid, 0) != 0 && errno == ESRCH;
}

// True also where the kernel, which says such numbers (`than` is one), does not say this one now.
// False of what is gone.
bool HasFewerFilters(pid_t tid, int than) {
  if (than < 0) return false;
  const absl::StatusOr<int> count = CountFilters(tid);
  return count.ok() ? *count < than : !IsDied(count.status());
}

// Of Switch::born.
bool IsBornBefore(const std::pair<const pid_t, bool>& child) { return !child.second; }

const char* OnOff(bool on) { return on ? "on" : "off"; }

}  // namespace

absl::Status Supervisor::Loop::MayReload() {
  if (options_.mode == Mode::kUnrestricted) {
    return absl::FailedPreconditionError("the run is unrestricted: it has no policy to replace");
  }
  if (options_.decider != nullptr) {
    return absl::FailedPreconditionError("its calls are decided by a program's own decider");
  }
  if (options_.unsafe_allow_new_privs) {
    return absl::FailedPreconditionError(
        "tasks without privilege take no filter in a run with --unsafe-allow-new-privs");
  }
  if (departure_ || killing_) {
    return absl::FailedPreconditionError("the tree is being left, or killed");
  }
  if (const size_t switching = Progress().switching; switch_) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the last reload is under way, with ", switching, switching == 1 ? " task" : " tasks",
        " to come (a parent in vfork comes when its child has run another program or "
        "ended); try again"));
  }
  if (!program_runs_) {
    return absl::FailedPreconditionError("the program has not started yet; try again");
  }
  return CheckGate();
}

// Of a run that an older version began the filters may not let a filter in.
absl::Status Supervisor::Loop::CheckGate() const {
  for (const Arch arch : kAllArches) {
    for (const absl::string_view name : kInstallingCalls) {
      const Syscall* call = SyscallTable::Get().Find(arch, name);
      if (call == nullptr) continue;
      const SyscallRequest request = {.arch = static_cast<uint32_t>(arch),
                                      .nr = call->nr,
                                      .ip = protection_.pages().gate().instruction()};
      PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunFilters(filters_, request));
      const uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
      if (action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_TRACE) continue;
      return absl::FailedPreconditionError(
          "the filters of the run, which another version of provost began, let no other in");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Policy>> Supervisor::Loop::ParseFor(const ReloadRequest& request) const {
  std::vector<Policy> policies;
  for (const PolicySource& source : request.policies) {
    PROVOST_ASSIGN_OR_RETURN(ParsedPolicy parsed,
                             ParsePolicySource(source, options_.handlers.specs()));
    policies.push_back(std::move(parsed.policy));
  }
  if (policies.empty()) return absl::InvalidArgumentError("there is no policy to go on under");
  PROVOST_RETURN_IF_ERROR(CheckProtection(options_.arguments, policies));
  PROVOST_ASSIGN_OR_RETURN(const auto label, CommonContainer(policies));
  if (label && label->contid != options_.contid) {
    return absl::FailedPreconditionError(
        absl::StrCat(label->where.file, ":", label->where.line, ": error: `container ",
                     label->contid, "` cannot be had by a reload: the run's container is ",
                     options_.contid ? absl::StrCat(*options_.contid) : "none", "; leave it out"));
  }
  PROVOST_RETURN_IF_ERROR(CommonHardening(policies).status());
  for (const Policy& policy : policies) {
    const bool is_on = hardening_ != nullptr;
    if (!policy.harden() || policy.harden()->on == is_on) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        policy.harden()->where.file, ":", policy.harden()->where.line, ": error: `harden ",
        OnOff(!is_on), "` cannot be had by a reload: the run began with `harden ", OnOff(is_on),
        "`; leave it out"));
  }
  return policies;
}

absl::StatusOr<std::vector<BpfProgram>> Supervisor::Loop::NewFilters(
    const std::vector<Policy>& policies, const Hardening* hardening) const {
  const auto compile = [&](const Policy* harden) {
    return CompileFilters(policies, options_.mode == Mode::kComplain, control_,
                          WantsRecord(options_),
                          GatesFor(options_, policies, protection_.pages().gate()), harden);
  };
  PROVOST_ASSIGN_OR_RETURN(std::vector<BpfProgram> filters, compile(nullptr));
  if (hardening != nullptr) {
    PROVOST_ASSIGN_OR_RETURN(std::vector<BpfProgram> hardened, compile(&hardening->policy()));
    // Hardening's, wherever it stands: its errnos give way to any policy's.
    const size_t joined = hardened.size() == filters.size() ? filters.front().size() : 0;
    const auto harden = absl::MakeConstSpan(hardened.front()).subspan(joined);
    const bool is_hardened_so =
        std::any_of(filters_.begin(), filters_.end(),
                    [&](const BpfProgram& known) { return EndsIn(known, harden); });
    if (!is_hardened_so || EndIn(filters_, hardened)) filters = std::move(hardened);
  }
  // The policies', if nothing has come behind them: of two errnos the newest filter's counts.
  if (EndIn(filters_, filters)) filters.clear();
  const size_t length = KernelLength(filters_) + KernelLength(filters);
  if (length + kReserve > kMostFilterInstructions && !filters.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the run's filters would come to ", length, " instructions; of the ",
                     kMostFilterInstructions, " that the kernel takes of a task, ", kReserve,
                     " are left for its own: filters cannot be taken off, begin the run anew"));
  }
  return filters;
}

absl::Status Supervisor::Loop::RecordReload(const ReloadRequest& request, const Identity& client) {
  if (!options_.record_run) return absl::OkStatus();
  SupervisorEvent event = {.what = SupervisorEvent::What::kReload,
                           .identity = &client,
                           .policies = request.files,
                           .rules = request.statements,
                           .generation = newest().number + 1};
  // As at the start: for whoever asks why, it is as if the policies had said so.
  if (hardening_ == nullptr) event.rules.emplace_back("harden off");
  const absl::Status written = recorder_.WriteChange(event);
  if (written.ok() || options_.on_audit_failure == OnAuditFailure::kContinue) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("it cannot be recorded, and so is not done: ", written.message()));
}

absl::StatusOr<Reloaded> Supervisor::Loop::Reload(const ReloadRequest& request,
                                                  const Identity& client) {
  PROVOST_RETURN_IF_ERROR(MayReload());
  PROVOST_ASSIGN_OR_RETURN(const std::vector<Policy> policies, ParseFor(request));
  std::unique_ptr<Hardening> hardening;
  if (hardening_ != nullptr) {
    PROVOST_ASSIGN_OR_RETURN(hardening,
                             Hardening::Create(policies, options_.unsafe_allow_new_privs,
                                               guardian_ != nullptr ? guardian_->pid() : 0));
  }
  PROVOST_ASSIGN_OR_RETURN(std::vector<BpfProgram> filters, NewFilters(policies, hardening.get()));
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<Emulators> emulators,
                           EmulatorsFor(policies, newest().emulators.get()));
  PROVOST_RETURN_IF_ERROR(RecordReload(request, client));

  const bool complain = options_.mode == Mode::kComplain;
  for (KernelRefusal& refusal :
       KernelRefusalsOf(newest().policies, complain, WantsRecord(options_))) {
    const bool is_known = std::find(refusals_.begin(), refusals_.end(), refusal) != refusals_.end();
    if (!is_known) refusals_.push_back(std::move(refusal));
  }
  Reloaded reloaded = {newest().number + 1,
                       KeptUnder(refusals_, policies, complain, WantsRecord(options_))};
  if (hardening_ != nullptr) {
    hardening->Restore(hardening_->Save());
    former_hardening_.push_back(std::exchange(hardening_, std::move(hardening)));
  }
  filters_.insert(filters_.end(), filters.begin(), filters.end());
  generations_.push_back(MakeGeneration(reloaded.generation, policies));
  newest().emulators = std::move(emulators);
  sources_ = request.policies;
  PROVOST_RETURN_IF_ERROR(BeginSwitch(std::move(filters)));
  return reloaded;
}

absl::Status Supervisor::Loop::BeginSwitch(std::vector<BpfProgram> filters) {
  if (filters.empty()) {
    for (auto& [tid, task] : tasks_) HasSwitched(task);
    return absl::OkStatus();
  }
  ArgumentPages& pages = protection_.pages();
  switch_.emplace();
  if (pages.filters() >= 0) {
    switch_->filter_count = pages.filters() + static_cast<int>(filters.size());
  }
  // Until all have as many, a number says nothing of a task's own.
  pages.SetFilters(-1);
  switch_->filters = std::move(filters);
  ExpectNamed();
  return AskToSwitch(0);
}

void Supervisor::Loop::ExpectNamed() {
  // Or they have ended, unseen, and their numbers are others'.
  std::erase_if(named_, [](pid_t child) { return !IsTracedByUs(child); });
  for (const pid_t child : named_) switch_->born[child] = false;
}

std::vector<Decision> Supervisor::Loop::Unheard() {
  if (options_.mode == Mode::kUnrestricted || options_.control_socket.empty()) return {};
  std::vector<Decision> unheard =
      UnheardDecisions(newest().policies, options_.mode == Mode::kComplain, WantsRecord(options_));
  for (const KernelRefusal& refusal : refusals_) {
    const Decision decision = {refusal.verdict, refusal.wish,
                               *rule_names_.insert(refusal.rule).first};
    if (std::find(unheard.begin(), unheard.end(), decision) == unheard.end()) {
      unheard.push_back(decision);
    }
  }
  return unheard;
}

ReloadProgress Supervisor::Loop::Progress() {
  // A leader that exits tells nobody, and was perhaps the last that was waited for. If the switch
  // is not over then, somebody is counted below.
  if (switch_) EndSwitchIfDone();
  auto switching = std::count_if(tasks_.begin(), tasks_.end(),
                                 [this](const auto& task) { return IsToCome(task); });
  if (switch_) {
    switching += std::count_if(switch_->born.begin(), switch_->born.end(), IsBornBefore);
    switching += CountUnseen();
  }
  return {newest().number, static_cast<size_t>(switching)};
}

std::ptrdiff_t Supervisor::Loop::CountUnseen() const {
  return std::count_if(switch_->unseen.begin(), switch_->unseen.end(),
                       [](pid_t tid) { return !HasExited(tid); });
}

// Not while another of its process makes a call that brings memory in: nobody else gets any until
// that is done.
bool Supervisor::Loop::IsToSwitch(const Task& task) const {
  return task.generation != &newest() && !protection_.pages().IsCalling(task.process);
}

absl::Status Supervisor::Loop::AskToSwitch(pid_t process) const {
  for (const auto& [tid, task] : tasks_) {
    if (process != 0 && task.process != process) continue;
    if (!IsToSwitch(task) || !TreeRelease::MayBeAsked(task.state)) continue;
    PROVOST_RETURN_IF_ERROR(TreeRelease::Ask(tid));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::SwitchAt(StoppedTask& stop, Task& task) {
  // What it made before it got the filters it names now, or has named.
  const bool names_child = std::holds_alternative<NewChildStop>(stop.event);
  if (!names_child && switch_->unseen.erase(stop.stopped.tid()) > 0) EndSwitchIfDone();
  if (!switch_) return absl::OkStatus();
  if (killing_ || !IsToSwitch(task)) return absl::OkStatus();
  const bool is_event_stop =
      std::holds_alternative<TrapStop>(stop.event) || std::holds_alternative<GroupStop>(stop.event);
  if (!is_event_stop || !TreeRelease::IsReady(task.state)) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(InstallIn(stop, task));
  EndSwitchIfDone();
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::AwaitOwnFilters(pid_t tid, pid_t process, StopQueue& queue) {
  for (auto& [other, task] : tasks_) {
    if (other == tid || !task.installs || ProcessOf(other, task) != process) continue;
    if (queue.HasKept(other)) continue;
    absl::StatusOr<StoppedTask> stop = queue.NextStopOf(other, kCallPatience);
    if (stop.ok()) {
      queue.Keep(*std::move(stop));
    } else if (!IsDied(stop.status())) {
      return absl::FailedPreconditionError(
          absl::StrCat("task ", other, " does not come back from installing a filter of its own"));
    }
  }
  return absl::OkStatus();
}

absl::Status Supervisor::Loop::InstallIn(StoppedTask& stop, Task& task) {
  const pid_t tid = stop.stopped.tid();
  const auto kill_process = [&](const absl::Status& why) {
    if (options_.logger != nullptr) {
      options_.logger->error(
          "the process of task {} is killed: the new policy cannot be put on it: {}", tid,
          std::string(why.message()));
    }
    kill(tid, SIGKILL);
  };
  StopQueue queue(waiter_);
  const absl::Status alone = AwaitOwnFilters(tid, ProcessOf(tid, task), queue);
  absl::StatusOr<BorrowedTask> borrowed =
      alone.ok() ? BorrowedTask::Begin(stop.stopped, queue) : alone;
  if (!borrowed.ok()) {
    waiter_.GiveBack(queue.TakeAll());
    if (IsDied(borrowed.status())) return borrowed.status();
    kill_process(borrowed.status());
    return absl::OkStatus();
  }
  bool is_shared = false;
  const absl::StatusOr<bool> installed = InstallBy(*borrowed, ProcessOf(tid, task), is_shared);
  absl::StatusOr<StoppedTask> back = std::move(*borrowed).Return();
  const bool was_killed = borrowed->was_killed();
  waiter_.GiveBack(queue.TakeAll());
  // One that has died needs no killing: its number may be another's, which execve gave it.
  if (!installed.ok() && (!IsDied(installed.status()) || was_killed)) {
    kill_process(installed.status());
  }
  if (!back.ok()) return back.status();
  stop = *std::move(back);
  if (!installed.ok() || !*installed) return absl::OkStatus();
  HasSwitched(task);
  if (is_shared) ProcessHasSwitched(ProcessOf(tid, task));
  return absl::OkStatus();
}

absl::StatusOr<bool> Supervisor::Loop::InstallBy(BorrowedTask& task, pid_t process,
                                                 bool& is_shared) {
  const absl::Span<const BpfProgram> missing = MissingFilters(task.tid());
  ArgumentSlot slot;
  if (options_.arguments == ArgumentMode::kProtect && ProbeMseal() != Presence::kMissing) {
    PROVOST_ASSIGN_OR_RETURN(slot, SlotFor(task, process, ImageSize(missing)));
    if (!slot.has_value()) return false;
  }
  FilterInstaller installer({.filters = missing,
                             .gate = protection_.pages().gate().instruction(),
                             .is_gated = true,
                             .set_no_new_privs = false,
                             .alone_if_diverged = true,
                             .address = slot.has_value() ? slot.address() : 0,
                             .bytes = slot.has_value() ? slot.bytes() : nullptr},
                            task);
  PROVOST_RETURN_IF_ERROR(installer.Install());
  is_shared = installer.is_shared();
  return true;
}

// More than the switch's, of one that comes late: a child that nobody has named may have slept
// since before the last switch. Its own filters count, too, and hide what it lacks beyond the
// switch's.
absl::Span<const BpfProgram> Supervisor::Loop::MissingFilters(pid_t tid) const {
  size_t missing = switch_->filters.size();
  const absl::StatusOr<int> count = CountFilters(tid);
  if (switch_->filter_count >= 0 && count.ok() && *count < switch_->filter_count) {
    missing = std::max(missing, static_cast<size_t>(switch_->filter_count - *count));
  }
  const absl::Span<const BpfProgram> all = filters_;
  return all.last(std::min(missing, all.size()));
}

// The calls that bring such memory in, which a stop of a call makes else (ArgumentProtection).
absl::StatusOr<ArgumentSlot> Supervisor::Loop::SlotFor(BorrowedTask& task, pid_t process,
                                                       size_t size) {
  ArgumentPages& pages = protection_.pages();
  const SyscallRequest request = {.arch = static_cast<uint32_t>(task.arch())};
  const auto make = [&](const ArgumentPages::Inject& inject) -> absl::Status {
    PROVOST_ASSIGN_OR_RETURN(const int64_t result, task.Call(inject.call.name, inject.call.args,
                                                             pages.gate().instruction()));
    return pages.Done(task.tid(), process, request, result);
  };
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(ArgumentPages::Answer answer,
                             pages.Reserve(task.tid(), process, request, size));
    if (auto* slot = std::get_if<ArgumentSlot>(&answer)) {
      while (true) {
        PROVOST_ASSIGN_OR_RETURN(const auto next, pages.Continue(task.tid(), process, request));
        if (!next.has_value()) return std::move(*slot);
        PROVOST_RETURN_IF_ERROR(make(*next));
      }
    }
    if (std::holds_alternative<ArgumentPages::Wait>(answer)) return ArgumentSlot();
    if (const auto* none = std::get_if<ArgumentPages::Unavailable>(&answer)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "there is no memory that it cannot change meanwhile: ", none->why.message()));
    }
    PROVOST_RETURN_IF_ERROR(make(std::get<ArgumentPages::Inject>(answer)));
  }
}

void Supervisor::Loop::HasSwitched(Task& task) {
  task.generation = &newest();
  task.repeated.Clear();
}

void Supervisor::Loop::ProcessHasSwitched(pid_t process) {
  if (process == 0) return;
  switch_->shared.insert(process);
  for (auto& [tid, task] : tasks_) {
    if (task.generation == &newest() || ProcessOf(tid, task) != process) continue;
    switch_->unseen.insert(tid);
    HasSwitched(task);
  }
}

pid_t Supervisor::Loop::ProcessOf(pid_t tid, Task& task) const {
  if (task.process == 0) {
    if (const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid); status.ok()) {
      task.process = status->process;
    }
  }
  return task.process;
}

Supervisor::Loop::Generation* Supervisor::Loop::GenerationOfNew(pid_t tid) {
  const bool is_named = named_.erase(tid) > 0;
  if (!switch_ && !IsLate(tid, is_named)) return &newest();
  if (!switch_) SwitchAgain();
  Generation* const before = generations_[generations_.size() - 2].get();
  if (switch_->filter_count >= 0 && !protection_.pages().own_filters()) {
    switch_->born.erase(tid);
    return HasFewerFilters(tid, switch_->filter_count) ? before : &newest();
  }
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
  if (status.ok() && switch_->shared.contains(status->process)) {
    switch_->born.erase(tid);
    return &newest();
  }
  if (const auto born = switch_->born.find(tid); born != switch_->born.end()) {
    const bool has_them = born->second;
    switch_->born.erase(born);
    return has_them ? &newest() : before;
  }
  // Its creator has yet to stop for having made it, if it lives. It may have them: twice does no
  // harm.
  return before;
}

void Supervisor::Loop::CreatorIsKnown(pid_t child, pid_t creator_tid, const Task& creator) {
  // One that has got them by another thread may have made the child before that.
  const bool has_them = creator.generation == &newest() && !switch_->unseen.contains(creator_tid);
  if (!tasks_.contains(child)) {
    // Or it has come, and ended, already.
    if (IsTracedByUs(child)) switch_->born[child] = has_them;
  }
}

void Supervisor::Loop::OnTaskGone(pid_t tid) {
  switch_->born.erase(tid);
  switch_->shared.erase(tid);
  switch_->unseen.erase(tid);
  EndSwitchIfDone();
}

bool Supervisor::Loop::IsToCome(const std::pair<const pid_t, Task>& task) const {
  return task.second.generation != &newest() && !HasExited(task.first);
}

// A creator that is killed in its call leaves a child that nobody has named; it may have slept
// since before the last switch. Where a task's own filters may be in the number, who is nobody's
// child is taken for such a one: to have the filters twice does no harm.
bool Supervisor::Loop::IsLate(pid_t tid, bool is_named) const {
  if (generations_.size() == 1) return false;
  if (HasFewerFilters(tid, protection_.pages().filters())) return true;
  if (is_named || !protection_.pages().own_filters()) return false;
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
  return status.ok() && status->process == tid && !tasks_.contains(status->parent);
}

void Supervisor::Loop::SwitchAgain() {
  const size_t before = generations_[generations_.size() - 2]->filters;
  switch_.emplace();
  // None after an upgrade: what it lacks is then what its number says (MissingFilters).
  switch_->filters.assign(filters_.begin() + static_cast<std::ptrdiff_t>(before), filters_.end());
  switch_->filter_count = protection_.pages().filters();
  protection_.pages().SetFilters(-1);
  ExpectNamed();
}

// What is told by events is held against what the kernel says, where its number says anything.
bool Supervisor::Loop::AskThoseWithout() {
  Generation* const before = generations_[generations_.size() - 2].get();
  bool any = false;
  for (auto& [tid, task] : tasks_) {
    if (HasExited(tid) || !HasFewerFilters(tid, switch_->filter_count)) continue;
    task.generation = before;
    TreeRelease::Ask(tid).IgnoreError();  // it is asked at its next stop, too
    any = true;
  }
  return any;
}

void Supervisor::Loop::EndSwitchIfDone() {
  const bool are_to_come = std::any_of(tasks_.begin(), tasks_.end(),
                                       [this](const auto& task) { return IsToCome(task); }) ||
                           // Named by their creators, and yet to stop.
                           std::any_of(switch_->born.begin(), switch_->born.end(), IsBornBefore);
  if (are_to_come || CountUnseen() > 0 || AskThoseWithout()) return;
  for (auto& [tid, task] : tasks_) {
    if (task.generation != &newest()) HasSwitched(task);
  }
  protection_.pages().SetFilters(switch_->filter_count);
  switch_.reset();
}

}  // namespace provost
