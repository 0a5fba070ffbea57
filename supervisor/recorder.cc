#include "supervisor/recorder.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "supervisor/run_state.h"
#include "supervisor/tracee_arguments.h"
#include "syscalls/task_changes.h"
#include "tracee/identity.h"
#include "tracee/network_namespace.h"
#include "tracee/read_watch.h"
#include "tracee/task_directory.h"

namespace provost {
namespace {

// Events of tasks that are gone, each of about a kilobyte.
constexpr size_t kMostLeft = 65'536;

// seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, …). The filters of a run ask
// for all calls that install one (GatedCalls::trace_filters).
bool InstallsListener(const SyscallRequest& request) {
  constexpr int32_t kSeccomp = 317;
  constexpr int32_t kSeccompI386 = 354;
  const bool is_seccomp = (request.IsX86_64() && request.nr == kSeccomp) ||
                          (request.IsI386() && request.nr == kSeccompI386);
  return is_seccomp && (request.args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

}  // namespace

PendingRecord Recorder::Make(pid_t tid, const SyscallRequest& request, const Decision& decision,
                             ArgumentMemory& arguments) {
  const ReadWatch::Reading reading(tid);  // the command line is memory too
  PendingRecord record;
  record.request = request;
  record.decision = decision;
  record.offer = ++made_;
  record.unread = identities_.Read(tid, record.identity);
  if (record.unread.ok()) record.unread = ReadFacts(record, arguments);
  record.clock = ClockWatch::Begin(request, arguments);
  NameContainers(record);
  return record;
}

void Recorder::NameContainers(PendingRecord& record) const {
  const pid_t tid = record.identity.tid;
  record.facts.contid = containers_.Of(tid);
  for (OtherTask& task : record.facts.objects) task.contid = containers_.Of(task.pid);
  if (!record.facts.sockaddr.empty()) {
    record.facts.network_contids = SharingNetwork(tid);
  }
}

std::vector<uint64_t> Recorder::SharingNetwork(pid_t tid) const {
  if (!containers_.HasLabels()) return {};
  std::vector<uint64_t> contids = containers_.SharingNetwork(tid, ReadNetworkNamespace);
  if (other_runs_.empty()) return contids;
  const std::optional<NetworkNamespace> network = ReadNetworkNamespace(tid);
  if (!network) return contids;
  for (const uint64_t contid : ContidsOfOtherRuns(other_runs_, *network)) contids.push_back(contid);
  std::sort(contids.begin(), contids.end());
  contids.erase(std::unique(contids.begin(), contids.end()), contids.end());
  return contids;
}

absl::Status Recorder::ReadFacts(PendingRecord& record, ArgumentMemory& arguments) {
  const pid_t tid = record.identity.tid;
  PROVOST_ASSIGN_OR_RETURN(const TaskDirectory directory, identities_.Directory(tid));
  absl::Status status = call_facts_.Read(tid, directory, record.request, arguments, record.facts);
  record.has_facts = status.ok();
  if (!status.ok()) record.facts = CallFacts();
  return status;
}

void Recorder::Finish(PendingRecord& record, int64_t result) {
  const ReadWatch::Reading reading(record.identity.tid);
  record.result = result;
  record.has_run = true;
  CallFactsReader::KeepSent(result, record.facts);
  if (record.clock) record.facts.clock = record.clock->End(result);
  if (result < 0 || !record.has_facts) return;
  const absl::StatusOr<TaskDirectory> directory = identities_.Directory(record.identity.tid);
  if (!directory.ok()) return;
  call_facts_.Complete(record.identity.tid, *directory, record.request, record.facts);
}

void Recorder::FinishExec(pid_t tid, PendingRecord& record, Exec exec) {
  if (exec == Exec::kIsOver) record.result = 0;
  record.has_run = true;
  const ReadWatch::Reading reading(tid);
  record.identity = Identity();
  record.unread = identities_.Read(tid, record.identity);
  if (!record.has_facts) return;
  const absl::StatusOr<TaskDirectory> directory = identities_.Directory(tid);
  if (directory.ok()) call_facts_.CompleteExec(tid, *directory, record.facts);
}

void Recorder::NoteCall(const SyscallRequest& request) {
  constexpr int32_t kPrctl = 157;
  constexpr int32_t kPrctlI386 = 172;
  const bool is_prctl = (request.IsX86_64() && request.nr == kPrctl) ||
                        (request.IsI386() && request.nr == kPrctlI386);
  if (is_prctl && static_cast<uint32_t>(request.args[0]) == PR_SET_MM) {
    identities_.KeepNoPrograms();
  }
  if (!request.HasKnownArch()) return;
  const TaskChange change = TaskChangeOf(static_cast<Arch>(request.arch), request.nr);
  // Who is asked by a filter before us can let calls run that we are not asked about.
  const bool listens = InstallsListener(request);
  if (change == TaskChange::kSession || listens) identities_.KeepNoSessions();
  if (change == TaskChange::kRoot || listens) identities_.KeepNoRoots();
}

absl::Status Recorder::Write(PendingRecord& record) {
  if (!record.unread.ok()) {
    const pid_t tid = record.identity.tid;
    const ReadWatch::Reading reading(tid);
    record.unread = identities_.Read(tid, record.identity);
    if (record.unread.ok() && !record.has_facts && !record.has_run) {
      pid_t process = record.identity.pid;
      TraceeArguments arguments(tid, process, nullptr);
      record.unread = ReadFacts(record, arguments);
      NameContainers(record);
    }
    PROVOST_RETURN_IF_ERROR(record.unread);
  }
  PROVOST_RETURN_IF_ERROR(sink_->Write(DecisionEvent{.identity = &record.identity,
                                                     .request = record.request,
                                                     .decision = record.decision,
                                                     .result = record.result,
                                                     .facts = &record.facts,
                                                     .offer = record.offer}));
  ++written_;
  unflushed_ = true;
  return absl::OkStatus();
}

void Recorder::BeginAgain(PendingRecord& record) const {
  if (!record.clock) return;
  pid_t process = record.identity.pid;
  TraceeArguments arguments(record.identity.tid, process, nullptr);
  record.clock = ClockWatch::Begin(record.request, arguments);
}

void Recorder::Leave(PendingRecord record) {
  if (!record.unread.ok() || left_.size() >= kMostLeft) return CountLost(record);
  left_.push_back(std::move(record));
}

void Recorder::GiveUpLeft() {
  for (const PendingRecord& record : left_) CountLost(record);
  left_.clear();
}

absl::Status Recorder::Flush() {
  if (!unflushed_) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(sink_->Flush());
  unflushed_ = false;
  return absl::OkStatus();
}

absl::Status Recorder::WriteStart(SupervisorEvent start) {
  start.what = SupervisorEvent::What::kStart;
  PROVOST_RETURN_IF_ERROR(WriteOwn(std::move(start)));
  if (actions_ == ActionsLogged::All()) return absl::OkStatus();
  return WriteOwn(ConfigChangeEvent{.actions = actions_.ToList(),
                                    .old_actions = ActionsLogged::All().ToList()});
}

absl::Status Recorder::WriteEnd(std::string reason) {
  return WriteOwn(SupervisorEvent{.what = SupervisorEvent::What::kEnd,
                                  .events = written_,
                                  .lost = lost_,
                                  .reason = std::move(reason)});
}

absl::Status Recorder::Restore(const Saved& saved) {
  PROVOST_ASSIGN_OR_RETURN(actions_, ActionsLogged::Parse(saved.actions));
  made_ = saved.made;
  written_ = saved.written;
  lost_ = saved.lost;
  tells_apart_ = saved.tells_apart;
  identities_.KeepTaskChanges();
  if (!saved.keeps_sessions) identities_.KeepNoSessions();
  if (!saved.keeps_roots) identities_.KeepNoRoots();
  return absl::OkStatus();
}

absl::Status Recorder::ReadSelf() {
  if (self_) return absl::OkStatus();
  Identity self;
  PROVOST_RETURN_IF_ERROR(ReadProgramIdentity(getpid(), self));
  PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(getpid(), self));
  self_ = std::move(self);
  return absl::OkStatus();
}

absl::Status Recorder::WriteOwn(Event event) {
  if (sink_ == nullptr) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(ReadSelf());
  std::visit(
      [&](auto& own) {
        if (own.identity == nullptr) own.identity = &*self_;
      },
      event);
  PROVOST_RETURN_IF_ERROR(sink_->Write(event));
  return sink_->Flush();
}

}  // namespace provost
