#include "supervisor/lineage.h"

#include <utility>

namespace provost {
namespace {

// Stands for the run among the tasks of Containers.
constexpr pid_t kRun = 0;

using Kin = Containers::Kin;

}  // namespace

void Lineage::Begin(const Containers::Marks& marks) {
  first_ = marks;
  containers_.Begin(kRun, marks);
}

void Lineage::Follow(const std::vector<pid_t>& tasks) {
  if (std::exchange(follows_, true)) return;
  containers_ = Containers();
  containers_.Begin(kRun, first_);
  absl::flat_hash_map<pid_t, TaskStatus> left;
  for (const pid_t tid : tasks) left[tid] = read_(tid).value_or(TaskStatus{.process = tid});
  // Parents before children, and processes before their threads.
  const std::function<void(pid_t)> place = [&](pid_t tid) {
    const auto found = left.find(tid);
    if (found == left.end()) return;
    const TaskStatus status = found->second;
    left.erase(found);
    place(status.process == tid ? status.parent : status.process);
    Place(tid, status);
  };
  for (const pid_t tid : tasks) place(tid);
}

pid_t Lineage::Place(pid_t tid, const TaskStatus& status) {
  if (status.process != tid && containers_.Knows(status.process)) {
    containers_.Born(tid, status.process, Kin::kThread);
    return status.process;
  }
  const pid_t parent = containers_.Knows(status.parent) ? status.parent : kRun;
  containers_.Born(tid, parent, Kin::kChild);
  return parent;
}

void Lineage::Seen(pid_t tid) {
  if (containers_.Knows(tid)) return;
  if (!follows_) {
    // Records of other tasks' calls may name it.
    if (first_.contid) containers_.Born(tid, kRun, Kin::kChild);
    return;
  }
  const TaskStatus status = read_(tid).value_or(TaskStatus{.process = tid});
  const pid_t parent = Place(tid, status);
  if (status.process != tid) return;
  unannounced_[tid] = parent;
  // Whose parent is none of ours was made by one that has ended, or by an orphan.
  if (parent == kRun) containers_.Adopt(tid, last_ended_);
}

void Lineage::Created(pid_t tid, pid_t creator) {
  if (!follows_) return Seen(tid);
  if (containers_.Knows(tid)) {
    unannounced_.erase(tid);
    return containers_.Reparent(tid, creator);
  }
  const absl::StatusOr<TaskStatus> status = read_(tid);
  if (!status.ok() || status->ended) return;
  containers_.Born(tid, creator, status->process == tid ? Kin::kChild : Kin::kThread);
}

void Lineage::Ended(pid_t tid) {
  unannounced_.erase(tid);
  if (follows_ && containers_.Knows(tid)) {
    last_ended_ = containers_.MarksOf(tid);
    // It may have been killed before it could tell whom it made.
    const pid_t parent = containers_.ParentOf(tid);
    if (last_ended_ != Containers::Marks()) {
      absl::erase_if(unannounced_, [&](const auto& child) {
        if (child.second != kRun && child.second != parent) return false;
        containers_.Adopt(child.first, last_ended_);
        return true;
      });
    }
  }
  containers_.Ended(tid);
}

void Lineage::Executed(pid_t leader, pid_t former) {
  if (follows_) return containers_.Executed(leader, former);
  if (former != leader) containers_.Ended(former);
}

Lineage::Saved Lineage::Save() const {
  return {.follows = follows_,
          .first = first_,
          .unannounced = {unannounced_.begin(), unannounced_.end()},
          .last_ended = last_ended_,
          .containers = containers_.Save()};
}

void Lineage::Restore(const Saved& saved) {
  follows_ = saved.follows;
  first_ = saved.first;
  unannounced_ = {saved.unannounced.begin(), saved.unannounced.end()};
  last_ended_ = saved.last_ended;
  containers_.Restore(saved.containers);
}

}  // namespace provost
