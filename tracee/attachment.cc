#include "tracee/attachment.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "syscalls/syscall_table.h"
#include "tracee/borrowed_task.h"
#include "tracee/died.h"
#include "tracee/filter_installer.h"
#include "tracee/named_task.h"
#include "tracee/proc_path.h"
#include "tracee/registers.h"
#include "tracee/task_status.h"
#include "tracee/trace_options.h"

namespace provost {
namespace {

// How long tasks may take to stop. One that runs does so at once; one in the kernel when its call
// can be interrupted; one that never can be is told by its state.
constexpr int64_t kStopLimit = 10'000;  // milliseconds
// How often a task must be seen unkillable to be given up on, a millisecond apart.
constexpr int kUnstoppableLooks = 20;

int64_t Milliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// What a file in /proc holds; nullopt if its task is gone.
std::optional<std::string> ReadProc(pid_t tid, absl::string_view file) {
  std::ifstream stream(ProcPath(tid, file));
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

// A field of /proc/TID/status (proc(5)); nullopt if the task is gone, or the kernel has no such.
std::optional<std::string> StatusField(pid_t tid, absl::string_view name) {
  const std::optional<std::string> status = ReadProc(tid, "status");
  if (!status) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*status, '\n')) {
    if (!absl::StartsWith(line, name) || line.size() <= name.size() || line[name.size()] != ':') {
      continue;
    }
    return std::string(absl::StripAsciiWhitespace(line.substr(name.size() + 1)));
  }
  return std::nullopt;
}

// "R", "S", "D", "T", "Z" …; 'X' if it is gone.
char StateOf(pid_t tid) {
  const std::optional<std::string> state = StatusField(tid, "State");
  return state && !state->empty() ? (*state)[0] : 'X';
}

bool IsGone(pid_t tid) {
  const absl::StatusOr<TaskStatus> status = ReadTaskStatus(tid);
  return !status.ok() || status->ended;
}

// The number of the call a task is in, as /proc/TID/syscall says it; -1: in none, or not to be
// known.
int32_t CurrentCall(pid_t tid) {
  const std::optional<std::string> text = ReadProc(tid, "syscall");
  int32_t nr = -1;
  if (text) (void)absl::SimpleAtoi(text->substr(0, text->find(' ')), &nr);
  return nr;
}

std::vector<pid_t> TasksOf(pid_t process) {
  std::vector<pid_t> tasks;
  DIR* directory = opendir(ProcPath(process, "task").c_str());
  if (directory == nullptr) return tasks;
  while (const dirent* entry = readdir(directory)) {
    pid_t tid = 0;
    if (absl::SimpleAtoi(entry->d_name, &tid)) tasks.push_back(tid);
  }
  closedir(directory);
  return tasks;
}

absl::Status CannotSeize(pid_t tid, int error) {
  const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
  absl::string_view why =
      "; it takes its user's rights, or CAP_SYS_PTRACE (kernel.yama.ptrace_scope may ask for more)";
  if (task.ok() && task->tracer != 0) {
    return absl::PermissionDeniedError(absl::StrCat("process ", tid, " is traced by process ",
                                                    task->tracer,
                                                    " already: a task has one tracer"));
  }
  if (const auto text = ReadProc(tid, "cmdline"); text && text->empty() && !IsGone(tid)) {
    why = "; a task of the kernel's own cannot be traced";
  }
  const absl::Status status = TraceeError("PTRACE_SEIZE", tid, error);
  return {status.code(), absl::StrCat(status.message(), why)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Attachment>> Attachment::Begin(AttachSpec spec, Waiter& waiter) {
  std::unique_ptr<Attachment> attachment(new Attachment(std::move(spec), waiter));
  PROVOST_RETURN_IF_ERROR(attachment->FindProcesses());
  PROVOST_RETURN_IF_ERROR(attachment->StopAll());
  PROVOST_RETURN_IF_ERROR(attachment->CheckFilters());
  return attachment;
}

Attachment::~Attachment() { LetAllGo(); }

absl::Status Attachment::FindProcesses() {
  for (const pid_t asked : spec_.processes) {
    const absl::StatusOr<TaskStatus> task = ReadTaskStatus(asked);
    if (!task.ok() || IsGone(task->process)) {
      return absl::NotFoundError(absl::StrCat("there is no process ", asked));
    }
    if (task->process == getpid()) {
      return absl::InvalidArgumentError(absl::StrCat("process ", asked, " is provost itself"));
    }
    if (std::find(processes_.begin(), processes_.end(), task->process) == processes_.end()) {
      processes_.push_back(task->process);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Attachment::SeizeAll() {
  bool any = false;
  for (const pid_t process : processes_) {
    for (const pid_t tid : TasksOf(process)) {
      if (seized_.contains(tid)) continue;
      PROVOST_ASSIGN_OR_RETURN(const bool is_new, Seize(process, tid));
      any = any || is_new;
    }
  }
  return any;
}

absl::StatusOr<bool> Attachment::Seize(pid_t process, pid_t tid) {
  // Without EXITKILL as yet: whoever ends us now does no harm.
  if (ptrace(PTRACE_SEIZE, tid, nullptr, kTraceOptions) < 0) {
    const int error = errno;
    // A leader that exited before its threads stays, and is not to be traced.
    if (error == ESRCH || IsGone(tid)) return false;
    // Made by one of its threads that was seized already, it is ours from its birth.
    if (!IsTracedByUs(tid)) return CannotSeize(tid, error);
  } else if (absl::Status asked = Interrupt(tid); !asked.ok() && !IsDied(asked)) {
    return asked;
  }
  seized_[tid] = process;
  return true;
}

std::vector<pid_t> Attachment::Awaited() const {
  std::vector<pid_t> awaited;
  for (const auto& task : seized_) {
    const pid_t tid = task.first;
    const bool is_unseen = std::any_of(unseen_.begin(), unseen_.end(),
                                       [&](const UnseenCall& call) { return call.tid == tid; });
    if (!held_.contains(tid) && !is_unseen) awaited.push_back(tid);
  }
  return awaited;
}

absl::Status Attachment::StopAll() {
  const int64_t limit = Milliseconds() + kStopLimit;
  int looks = 0;
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(const bool any, SeizeAll());
    PROVOST_ASSIGN_OR_RETURN(WaitResult result, queue_.Poll());
    const bool is_event =
        !std::holds_alternative<NothingYet>(result) && !std::holds_alternative<NoTasks>(result);
    if (is_event) {
      PROVOST_RETURN_IF_ERROR(Handle(std::move(result)));
      looks = 0;
      continue;
    }
    const std::vector<pid_t> awaited = Awaited();
    if (awaited.empty() && !any) break;
    if (Milliseconds() > limit) {
      return absl::UnavailableError(absl::StrCat(
          "task ", awaited.empty() ? processes_[0] : awaited[0], " does not stop; try again"));
    }
    if (++looks >= kUnstoppableLooks) NoteUnstoppable();
    poll(nullptr, 0, 1);
  }
  if (seized_.empty()) {
    return absl::NotFoundError(absl::StrCat("process ", processes_[0], " has ended"));
  }
  return absl::OkStatus();
}

void Attachment::NoteUnstoppable() {
  for (const pid_t tid : Awaited()) {
    if (StateOf(tid) == 'D') unseen_.push_back({tid, CurrentCall(tid)});
  }
}

absl::Status Attachment::Handle(WaitResult result) {
  if (auto* stop = std::get_if<StoppedTask>(&result)) {
    absl::Status status = HandleStop(std::move(*stop));
    return IsDied(status) ? absl::OkStatus() : status;
  }
  if (const auto* ended = std::get_if<EndedTask>(&result)) {
    seized_.erase(ended->tid);
    held_.erase(ended->tid);
    ended_.push_back(*ended);
  }
  return absl::OkStatus();
}

bool Attachment::Belongs(pid_t tid) {
  const absl::StatusOr<TaskStatus> task = ReadTaskStatus(tid);
  if (!task.ok()) return false;
  seized_[tid] = task->process;
  if (std::find(processes_.begin(), processes_.end(), task->process) == processes_.end()) {
    processes_.push_back(task->process);
  }
  return true;
}

absl::Status Attachment::HandleStop(StoppedTask stop) {
  const pid_t tid = stop.stopped.tid();
  if (!seized_.contains(tid) && !Belongs(tid)) return absl::OkStatus();
  std::erase_if(unseen_, [&](const UnseenCall& call) { return call.tid == tid; });
  if (std::holds_alternative<TrapStop>(stop.event) ||
      std::holds_alternative<GroupStop>(stop.event)) {
    held_.insert_or_assign(tid, std::move(stop));
    return absl::OkStatus();
  }
  int signal = 0;
  if (const auto* delivered = std::get_if<SignalStop>(&stop.event)) signal = delivered->signal;
  if (std::holds_alternative<SeccompStop>(stop.event)) {
    // A filter of the task's own asked for a tracer that it does not have.
    PROVOST_RETURN_IF_ERROR(SkipSyscall(stop.stopped, -ENOSYS));
  }
  if (const auto* child = std::get_if<NewChildStop>(&stop.event);
      child != nullptr && IsTracedByUs(child->child)) {
    // Its first stop is to come, and is waited for.
    Belongs(child->child);
  }
  if (const auto* exec = std::get_if<ExecStop>(&stop.event); exec != nullptr) {
    // Its other threads are no more; what was pending for the one that called is so for the leader.
    std::erase_if(seized_,
                  [&](const auto& task) { return task.second == tid && task.first != tid; });
    std::erase_if(held_, [&](const auto& task) { return !seized_.contains(task.first); });
  }
  // This stop has used up the request for the one that is waited for.
  PROVOST_RETURN_IF_ERROR(Interrupt(tid));
  return std::move(stop.stopped).Restart(Resume::Continue(signal));
}

absl::Status Attachment::CheckFilters() const {
  for (const pid_t process : processes_) PROVOST_RETURN_IF_ERROR(CheckThreads(process));
  return absl::OkStatus();
}

// What TSYNC would find out, asked before anything is changed.
absl::Status Attachment::CheckThreads(pid_t process) const {
  std::optional<std::string> filters;
  for (const auto& [tid, of] : seized_) {
    if (of != process) continue;
    const std::optional<std::string> mode = StatusField(tid, "Seccomp");
    const std::optional<std::string> own = StatusField(tid, "Seccomp_filters");
    if (!mode) continue;
    if (*mode == "1") {
      return absl::FailedPreconditionError(
          absl::StrCat("thread ", tid, " of process ", process,
                       " is in seccomp's strict mode; it takes no filter"));
    }
    if (!filters) filters = own;
    if (own != filters) {
      return absl::FailedPreconditionError(
          absl::StrCat("the threads of process ", process, " have different filters (thread ", tid,
                       " has ", own.value_or("?"), ", another ", filters.value_or("?"),
                       "): one for all of them cannot be installed"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<pid_t> Attachment::ChooseTask(pid_t process) const {
  std::optional<pid_t> chosen;
  for (const auto& [tid, stop] : held_) {
    if (seized_.at(tid) != process) continue;
    // One that is stopped for job control can do it too, and is stopped again afterwards.
    if (std::holds_alternative<TrapStop>(stop.event)) return tid;
    chosen = tid;
  }
  if (chosen) return *chosen;
  return absl::FailedPreconditionError(
      absl::StrCat("no thread of process ", process, " can be stopped now; try again"));
}

absl::Status Attachment::Guard(pid_t process) const {
  for (const auto& [tid, stop] : held_) {
    if (seized_.at(tid) != process) continue;
    if (ptrace(PTRACE_SETOPTIONS, tid, nullptr, kGuardedTraceOptions) < 0 && errno != ESRCH) {
      return TraceeError("PTRACE_SETOPTIONS", tid, errno);
    }
  }
  return absl::OkStatus();
}

absl::Status Attachment::Install(std::vector<Failure>& failures) {
  size_t installed = 0;
  for (const pid_t process : std::vector<pid_t>(processes_)) {
    absl::Status status = InstallIn(process);
    if (status.ok()) {
      ++installed;
      continue;
    }
    failures.push_back({process, status});
    LetGo(process);
  }
  if (installed > 0) return absl::OkStatus();
  return failures.empty() ? absl::NotFoundError("there is no process to attach to")
                          : failures[0].status;
}

// A filter that comes upon all threads while ours do (SECCOMP_FILTER_FLAG_TSYNC) would be taken for
// one of them.
absl::Status Attachment::CheckUnseen(pid_t process) const {
  for (const UnseenCall& call : unseen_) {
    const auto task = seized_.find(call.tid);
    if (task == seized_.end() || task->second != process) continue;
    for (const Arch arch : kAllArches) {
      for (const absl::string_view name : {"seccomp", "prctl"}) {
        const Syscall* syscall = SyscallTable::Get().Find(arch, name);
        if (syscall == nullptr || syscall->nr != call.nr) continue;
        return absl::FailedPreconditionError(
            absl::StrCat("thread ", call.tid, " of process ", process,
                         " may be installing a filter; try again"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Attachment::InstallIn(pid_t process) {
  if (spec_.filters.empty()) return Guard(process);
  PROVOST_RETURN_IF_ERROR(CheckUnseen(process));
  PROVOST_ASSIGN_OR_RETURN(const pid_t tid, ChooseTask(process));
  PROVOST_RETURN_IF_ERROR(Guard(process));
  auto entry = held_.extract(tid);
  StoppedTask& stop = entry.mapped();
  absl::StatusOr<BorrowedTask> task = BorrowedTask::Begin(stop.stopped, queue_);
  if (!task.ok()) {
    if (!IsDied(task.status())) held_.insert(std::move(entry));
    return task.status();
  }
  FilterInstaller installer({.filters = spec_.filters,
                             .gate = spec_.gate,
                             .set_no_new_privs = !spec_.unsafe_allow_new_privs},
                            *task);
  absl::Status status = installer.Install();
  absl::StatusOr<StoppedTask> back = std::move(*task).Return();
  if (status.ok()) status = back.status();
  if (back.ok()) held_.insert_or_assign(tid, *std::move(back));
  // With one of several filters in, there is no way back: it is ours, or nobody's.
  if (!status.ok() && installer.has_installed()) kill(process, SIGKILL);
  return status;
}

void Attachment::LetGo(pid_t process) {
  std::erase_if(held_, [&](const auto& task) {
    if (seized_.at(task.first) != process) return false;
    // One that a group-stop holds stays in it (__ptrace_unlink in kernel/ptrace.c).
    (void)ptrace(PTRACE_DETACH, task.first, nullptr, nullptr);
    return true;
  });
  // Those that could not be stopped cannot be let go either, until they are: they stay traced, and
  // outlive us, for nothing kills them.
  std::erase_if(seized_, [&](const auto& task) { return task.second == process; });
  std::erase(processes_, process);
}

std::vector<pid_t> Attachment::tasks() const {
  std::vector<pid_t> tasks;
  for (const auto& [tid, process] : seized_) {
    if (!IsGone(tid)) tasks.push_back(tid);
  }
  return tasks;
}

void Attachment::LetAllGo() {
  for (const pid_t process : std::vector<pid_t>(processes_)) LetGo(process);
}

std::deque<WaitResult> Attachment::Release() {
  std::deque<WaitResult> results;
  for (const EndedTask& ended : ended_) results.emplace_back(ended);
  for (auto& [tid, stop] : held_) results.emplace_back(std::move(stop));
  for (WaitResult& later : queue_.TakeAll()) results.push_back(std::move(later));
  held_.clear();
  seized_.clear();
  processes_.clear();
  return results;
}

}  // namespace provost
