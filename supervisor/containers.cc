#include "supervisor/containers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {
namespace {

absl::Status Unknown(pid_t tid) {
  return absl::NotFoundError(absl::StrCat("task ", tid, " is not one of the run's (ESRCH)"));
}

absl::Status NoContainer(uint64_t contid) {
  return absl::InvalidArgumentError(
      absl::StrCat(contid, " stands for a task without a container (EINVAL)"));
}

}  // namespace

void Containers::Begin(pid_t pid, const Marks& marks) {
  if (!tasks_.try_emplace(pid, pid).second) return;
  processes_[pid] = {.marks = marks, .threads = 1};
}

void Containers::Born(pid_t tid, pid_t creator, Kin kin) {
  const auto made_by = tasks_.find(creator);
  if (made_by == tasks_.end()) return Begin(tid);
  const pid_t creating = made_by->second;  // the table may move
  const pid_t process = kin == Kin::kThread ? creating : tid;
  if (!tasks_.try_emplace(tid, process).second) return;
  Process& creator_process = processes_.find(creating)->second;
  if (kin == Kin::kThread) {
    ++creator_process.threads;
    return;
  }
  ++creator_process.children;
  const Process child = {.marks = creator_process.marks, .parent = creating, .threads = 1};
  processes_.insert_or_assign(tid, child);
}

void Containers::Reparent(pid_t tid, pid_t creator) {
  const auto child = tasks_.find(tid);
  const auto made_by = tasks_.find(creator);
  if (child == tasks_.end() || made_by == tasks_.end() || child->second == made_by->second) return;
  Process& process = processes_.find(child->second)->second;
  if (const auto former = processes_.find(process.parent); former != processes_.end()) {
    --former->second.children;
  }
  process.parent = made_by->second;
  Process& parent = processes_.find(made_by->second)->second;
  ++parent.children;
  if (!process.marked && process.marks != parent.marks) Remark(child->second, parent.marks);
}

void Containers::Adopt(pid_t tid, const Marks& marks) {
  const auto child = tasks_.find(tid);
  if (child == tasks_.end()) return;
  const Process& process = processes_.find(child->second)->second;
  if (process.marked) return;
  Marks both = process.marks;
  if (!both.contid) both.contid = marks.contid;
  both.audited = both.audited || marks.audited;
  if (both != process.marks) Remark(child->second, both);
}

void Containers::Remark(pid_t process, const Marks& marks) {
  processes_.find(process)->second.marks = marks;
  for (const auto& [pid, other] : processes_) {
    if (other.parent == process && pid != process && !other.marked && other.marks != marks) {
      Remark(pid, marks);
    }
  }
}

void Containers::Ended(pid_t tid) {
  const auto task = tasks_.find(tid);
  if (task == tasks_.end()) return;
  const pid_t process = task->second;
  tasks_.erase(task);
  if (--processes_.find(process)->second.threads == 0) Leave(process);
}

void Containers::Leave(pid_t process) {
  const auto ended = processes_.find(process);
  const pid_t parent = ended->second.parent;
  processes_.erase(ended);
  if (const auto found = processes_.find(parent); found != processes_.end()) {
    --found->second.children;
  }
  // Its children have a parent elsewhere now; a later process of the same id is not theirs.
  for (auto& [pid, other] : processes_) {
    if (other.parent == process) other.parent = 0;
  }
}

void Containers::Executed(pid_t leader, pid_t former) {
  auto known = tasks_.find(former);
  if (known == tasks_.end()) known = tasks_.find(leader);
  if (known == tasks_.end()) return;
  const pid_t process = known->second;
  absl::erase_if(tasks_, [&](const auto& task) { return task.second == process; });
  tasks_[leader] = process;
  processes_.find(process)->second.threads = 1;
}

const Containers::Process* Containers::ProcessOf(pid_t tid) const {
  const auto task = tasks_.find(tid);
  return task == tasks_.end() ? nullptr : &processes_.find(task->second)->second;
}

Containers::Process* Containers::ProcessOf(pid_t tid) {
  return const_cast<Process*>(std::as_const(*this).ProcessOf(tid));
}

absl::Status Containers::MaySet(pid_t tid, uint64_t contid) const {
  if (contid == kUnset) return NoContainer(contid);
  const Process* const process = ProcessOf(tid);
  if (process == nullptr) return Unknown(tid);
  const auto refused = [&](const auto&... why) {
    return absl::StrCat("task ", tid, " cannot be put into container ", contid, ": it ", why...);
  };
  if (process->marks.contid) {
    return absl::AlreadyExistsError(
        refused("is in container ", *process->marks.contid, " (EEXIST)"));
  }
  if (process->children > 0) {
    return absl::FailedPreconditionError(refused("has children (EBUSY)"));
  }
  if (process->threads > 1) {
    return absl::FailedPreconditionError(refused("has threads (EALREADY)"));
  }
  return absl::OkStatus();
}

absl::Status Containers::Set(pid_t tid, uint64_t contid) {
  PROVOST_RETURN_IF_ERROR(MaySet(tid, contid));
  Process* const process = ProcessOf(tid);
  process->marks.contid = contid;
  process->marked = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> Containers::SetAudited(pid_t tid, bool audited) {
  Process* const process = ProcessOf(tid);
  if (process == nullptr) return Unknown(tid);
  const std::optional<uint64_t> contid = process->marks.contid;
  if (!audited && contid && audited_containers_.contains(*contid)) {
    return absl::FailedPreconditionError(
        absl::StrCat("task ", tid, " stays audited: all of its container ", *contid, " is"));
  }
  process->marked = true;
  return std::exchange(process->marks.audited, audited);
}

absl::StatusOr<bool> Containers::SetContainerAudited(uint64_t contid, bool audited) {
  if (contid == kUnset) return NoContainer(contid);
  const bool was = audited_containers_.contains(contid);
  if (audited) {
    audited_containers_.insert(contid);
  } else {
    audited_containers_.erase(contid);
  }
  return was;
}

std::optional<uint64_t> Containers::Of(pid_t tid) const {
  const Process* const process = ProcessOf(tid);
  return process == nullptr ? std::nullopt : process->marks.contid;
}

Containers::Marks Containers::MarksOf(pid_t tid) const {
  const Process* const process = ProcessOf(tid);
  return process == nullptr ? Marks() : process->marks;
}

pid_t Containers::ParentOf(pid_t tid) const {
  const Process* const process = ProcessOf(tid);
  return process == nullptr ? 0 : process->parent;
}

bool Containers::IsAudited(pid_t tid) const {
  const Process* const process = ProcessOf(tid);
  if (process == nullptr) return false;
  return process->marks.audited ||
         (process->marks.contid && audited_containers_.contains(*process->marks.contid));
}

std::vector<Containers::Listed> Containers::Processes() const {
  std::vector<Listed> listed;
  for (const auto& [pid, process] : processes_) {
    const bool by_container =
        process.marks.contid && audited_containers_.contains(*process.marks.contid);
    listed.push_back({pid, {process.marks.contid, process.marks.audited || by_container}});
  }
  return listed;
}

std::map<pid_t, uint64_t> Containers::Representatives() const {
  std::map<uint64_t, pid_t> first;
  for (const auto& [pid, process] : processes_) {
    if (pid == 0 || !process.marks.contid) continue;  // 0 is nobody's id
    const auto [entry, is_new] = first.try_emplace(*process.marks.contid, pid);
    if (!is_new) entry->second = std::min(entry->second, pid);
  }
  std::map<pid_t, uint64_t> representatives;
  for (const auto& [contid, pid] : first) representatives[pid] = contid;
  return representatives;
}

bool Containers::HasLabels() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const auto& entry) { return entry.second.marks.contid.has_value(); });
}

std::vector<uint64_t> Containers::SharingNetwork(pid_t tid, const NetworkReader& read) const {
  std::vector<uint64_t> contids;
  const Process* const asked = ProcessOf(tid);
  if (asked == nullptr) return contids;
  if (asked->marks.contid) contids.push_back(*asked->marks.contid);
  std::optional<NetworkNamespace> network;
  for (const auto& [other, process] : tasks_) {
    const std::optional<uint64_t> contid = processes_.find(process)->second.marks.contid;
    if (!contid || std::count(contids.begin(), contids.end(), *contid) > 0) continue;
    if (!network) network = read(tid);
    if (!network) break;
    if (read(other) == network) contids.push_back(*contid);
  }
  std::sort(contids.begin(), contids.end());
  return contids;
}

Containers::Saved Containers::Save() const {
  Saved saved;
  saved.tasks.assign(tasks_.begin(), tasks_.end());
  saved.processes.assign(processes_.begin(), processes_.end());
  saved.audited_containers.assign(audited_containers_.begin(), audited_containers_.end());
  return saved;
}

void Containers::Restore(const Saved& saved) {
  tasks_ = {saved.tasks.begin(), saved.tasks.end()};
  processes_ = {saved.processes.begin(), saved.processes.end()};
  audited_containers_ = {saved.audited_containers.begin(), saved.audited_containers.end()};
}

}  // namespace provost
