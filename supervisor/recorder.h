#ifndef PROVOST_SUPERVISOR_RECORDER_H_
#define PROVOST_SUPERVISOR_RECORDER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "audit/event.h"
#include "audit/log_decision.h"
#include "audit/sink.h"
#include "base/call_facts.h"
#include "base/identity.h"
#include "policy/verdict.h"
#include "supervisor/clock_changes.h"
#include "supervisor/containers.h"
#include "syscalls/request.h"
#include "tracee/call_facts.h"
#include "tracee/memory.h"
#include "tracee/task_identities.h"

namespace provost {

// A decision on its way to the audit log. A plain value that outlives the stop it was made at.
struct PendingRecord {
  Identity identity;
  // Not OK: who the task is could not be read yet (no descriptor to be had, no /proc); a record
  // must not invent it. Nor what the call is about, while it has not run.
  absl::Status unread;
  SyscallRequest request;
  Decision decision;
  std::optional<int64_t> result;
  CallFacts facts;
  bool has_facts = false;
  bool has_run = false;             // its arguments may have changed since
  uint64_t offer = 0;               // see DecisionEvent
  std::optional<ClockWatch> clock;  // it may change the clock: its result is waited for
};

// Decides what is recorded, knows who the tasks are, and writes events. Lives on the tracing
// thread.
class Recorder {
 public:
  // `sink` is not owned and may be null: then nothing is wanted.
  // `audited`: the tasks are, so that every decision but allow is recorded.
  Recorder(AuditSink* sink, const ActionsLogged& actions, bool logging, bool audited = false)
      : sink_(sink), actions_(actions), logging_(logging), audited_(audited) {}

  // Of any task, as the run begins.
  bool Wants(const Decision& decision) const { return WouldRecord(decision, audited_); }
  bool Wants(const Decision& decision, pid_t tid) const {
    return WouldRecord(decision, tells_apart_ ? containers_.IsAudited(tid) : audited_);
  }
  // Of a task that is audited, or of one that is not.
  bool WouldRecord(const Decision& decision, bool audited) const {
    return sink_ != nullptr && LogDecision(decision, actions_, logging_, audited);
  }

  const ActionsLogged& actions() const { return actions_; }
  // From here on.
  void SetActions(const ActionsLogged& actions) { actions_ = actions; }
  // From here on containers() says of each task whether it is audited.
  void TellTasksApart() { tells_apart_ = true; }
  // Other runs of this user say in that directory what they are (supervisor/run_state.h): network
  // lists take their containers in.
  void LookForOtherRuns(std::string directory) { other_runs_ = std::move(directory); }

  // A record of `decision`, with what can be known of the task `tid`, at its seccomp stop, and of
  // its call now; `arguments` are those that the decision saw. The one place where what a record
  // says is gathered.
  PendingRecord Make(pid_t tid, const SyscallRequest& request, const Decision& decision,
                     ArgumentMemory& arguments);
  // The same call at its exit: it gave `result`, and what it made is there.
  void Finish(PendingRecord& record, int64_t result);
  // The same call, an execve, when it has succeeded, at its PTRACE_EVENT_EXEC stop: the task is
  // `tid` and another program now. Whether it is at its exit too: the one that started the run's
  // program has no other.
  enum class Exec : uint8_t { kGoesOn, kIsOver };
  void FinishExec(pid_t tid, PendingRecord& record, Exec exec);

  // An error means that it is not on record and may be offered again. Reads first what of the task
  // could not be read yet; it must still be where it was then.
  absl::Status Write(PendingRecord& record);
  // Hands on what the sink may have buffered. Cheap when nothing was written since the last time.
  absl::Status Flush();
  bool has_unflushed() const { return unflushed_; }
  // The run's first and last records; nothing without a sink.
  // `start` is what the first says; who says it is filled in. A second record follows it where the
  // run does not record every action.
  absl::Status WriteStart(SupervisorEvent start);
  // What is recorded of the run was changed, a task was put into a container, or either was
  // refused. Without an `identity` it was the supervisor that did it.
  absl::Status WriteChange(ConfigChangeEvent change) { return WriteOwn(std::move(change)); }
  absl::Status WriteChange(const ContainerEvent& change) { return WriteOwn(change); }
  absl::Status WriteChange(const SupervisorEvent& reload) { return WriteOwn(reload); }
  // `reason`: see SupervisorEvent.
  absl::Status WriteEnd(std::string reason);
  // A record that was refused will not be offered again.
  void CountLost(const PendingRecord& record) {
    ++lost_;
    if (sink_ != nullptr) sink_->GiveUp(record.offer);
  }
  uint64_t lost() const { return lost_; }

  // Before a call that was held runs: its record is as if it had been made now, where that matters.
  void BeginAgain(PendingRecord& record) const;

  // Events that could not be written while their tasks lived, oldest first. They are as good as
  // others, up to a bound: those beyond it, and of tasks that could not be looked at, are lost.
  void Leave(PendingRecord record);
  PendingRecord* first_left() { return left_.empty() ? nullptr : &left_.front(); }
  void DropLeft() { left_.pop_front(); }
  size_t left() const { return left_.size(); }
  // They are lost.
  void GiveUpLeft();
  // What another process needs to go on with the same run.
  struct Saved {
    uint64_t made = 0;
    uint64_t written = 0;
    uint64_t lost = 0;
    std::string actions;
    bool tells_apart = false;
    bool keeps_sessions = false;
    bool keeps_roots = false;
  };
  Saved Save() const {
    return {made_,
            written_,
            lost_,
            actions_.ToString(),
            tells_apart_,
            identities_.keeps_sessions(),
            identities_.keeps_roots()};
  }
  absl::Status Restore(const Saved& saved);

  // The containers of the tasks; records name them.
  Containers& containers() { return containers_; }

  // What is kept of a task is wrong from here on: it ran execve, or ended.
  void Forget(pid_t tid) { identities_.Forget(tid); }
  // A task at its seccomp stop is about to make a call, whose record is made if there is one. Every
  // prctl(PR_SET_MM) must come here (FilterOptions::trace_task_changes).
  void NoteCall(const SyscallRequest& request);
  // The calls of syscalls/task_changes.h come there as well, from the first one that any task of
  // the run makes, and nobody outside the run can change its tasks: what they change may be kept
  // until one comes.
  void KeepTaskChanges() { identities_.KeepTaskChanges(); }

 private:
  absl::Status ReadFacts(PendingRecord& record, ArgumentMemory& arguments);
  void NameContainers(PendingRecord& record) const;
  // The containers of all labelled tasks in the task's network namespace that we know of.
  std::vector<uint64_t> SharingNetwork(pid_t tid) const;
  // Fills self_ in.
  absl::Status ReadSelf();
  // `event` with the supervisor as its `identity`, if it has none; nothing without a sink.
  absl::Status WriteOwn(Event event);

  AuditSink* sink_;
  ActionsLogged actions_;
  bool logging_;
  bool audited_;
  bool tells_apart_ = false;
  std::string other_runs_;
  uint64_t made_ = 0;
  uint64_t written_ = 0;
  uint64_t lost_ = 0;
  bool unflushed_ = false;
  // Read once: at the end there may be no descriptor left to read it through.
  std::optional<Identity> self_;
  std::deque<PendingRecord> left_;
  TaskIdentities identities_;
  CallFactsReader call_facts_;
  Containers containers_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RECORDER_H_
