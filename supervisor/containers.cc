#include "supervisor/containers.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

namespace provost {

void Containers::Begin(pid_t pid) {
  if (!tasks_.try_emplace(pid, Task{pid, {}}).second) return;
  processes_[pid] = {.threads = 1};
}

void Containers::Born(pid_t tid, pid_t creator, Kin kin) {
  const auto made_by = tasks_.find(creator);
  if (made_by == tasks_.end()) return Begin(tid);
  const Task made = made_by->second;  // the table may move
  const pid_t process = kin == Kin::kThread ? made.process : tid;
  if (!tasks_.try_emplace(tid, Task{process, made.network}).second) return;
  Process& creating = processes_.find(made.process)->second;
  if (kin == Kin::kThread) {
    ++creating.threads;
    return;
  }
  ++creating.children;
  const Process child = {.contid = creating.contid, .parent = made.process, .threads = 1};
  processes_.insert_or_assign(tid, child);
}

void Containers::Ended(pid_t tid) {
  const auto task = tasks_.find(tid);
  if (task == tasks_.end()) return;
  const auto process = processes_.find(task->second.process);
  tasks_.erase(task);
  if (--process->second.threads > 0) return;
  const pid_t parent = process->second.parent;
  const pid_t ended = process->first;
  processes_.erase(process);
  if (const auto found = processes_.find(parent); found != processes_.end()) {
    --found->second.children;
  }
  // Its children have a parent elsewhere now; a later process of the same id is not theirs.
  for (auto& [pid, other] : processes_) {
    if (other.parent == ended) other.parent = 0;
  }
}

const Containers::Process* Containers::ProcessOf(pid_t tid) const {
  const auto task = tasks_.find(tid);
  return task == tasks_.end() ? nullptr : &processes_.find(task->second.process)->second;
}

absl::Status Containers::Set(pid_t tid, uint64_t contid) {
  if (contid == kUnset) {
    return absl::InvalidArgumentError(
        absl::StrCat(contid, " stands for a task without a container"));
  }
  const auto task = tasks_.find(tid);
  if (task == tasks_.end()) {
    return absl::NotFoundError(absl::StrCat("task ", tid, " is not one of the run's"));
  }
  Process& process = processes_.find(task->second.process)->second;
  const auto refused = [&](const auto&... why) {
    return absl::StrCat("task ", tid, " cannot be put into container ", contid, ": it ", why...);
  };
  if (process.contid) {
    return absl::AlreadyExistsError(refused("is in container ", *process.contid));
  }
  if (process.children > 0) return absl::FailedPreconditionError(refused("has children"));
  if (process.threads > 1) return absl::FailedPreconditionError(refused("has threads"));
  process.contid = contid;
  return absl::OkStatus();
}

std::optional<uint64_t> Containers::Of(pid_t tid) const {
  const Process* const process = ProcessOf(tid);
  return process == nullptr ? std::nullopt : process->contid;
}

void Containers::SetNetwork(pid_t tid, const NetworkNamespace& network) {
  if (const auto task = tasks_.find(tid); task != tasks_.end()) task->second.network = network;
}

std::vector<uint64_t> Containers::SharingNetwork(pid_t tid) const {
  std::vector<uint64_t> contids;
  const auto asked = tasks_.find(tid);
  if (asked == tasks_.end()) return contids;
  for (const auto& [other, task] : tasks_) {
    if (task.network != asked->second.network) continue;
    if (const Process* const process = ProcessOf(other); process->contid) {
      contids.push_back(*process->contid);
    }
  }
  std::sort(contids.begin(), contids.end());
  contids.erase(std::unique(contids.begin(), contids.end()), contids.end());
  return contids;
}

}  // namespace provost
