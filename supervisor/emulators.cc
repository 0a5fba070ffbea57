#include "supervisor/emulators.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <variant>

#include "base/status_macros.h"
#include "supervisor/call_outcome.h"
#include "tracee/died.h"
#include "tracee/memory.h"
#include "tracee/registers.h"
#include "tracee/task_memory.h"

namespace provost {
namespace {

// How many emulators may have one call, one behind the other.
constexpr int kMostEmulators = 16;

// What becomes of a call whose handler has failed, on record under the rule's name.
Decision InsteadOf(const Decision& emulation, const Policy& policy) {
  Decision decision = policy.default_rule().decision();
  if (std::holds_alternative<Allow>(decision.verdict)) decision.verdict = Log{};
  decision.wish = RecordWish::kLog;
  decision.rule = emulation.rule;
  return decision;
}

// False: the task cannot write there.
bool WriteAhead(pid_t tid, const std::vector<MemoryWrite>& writes) {
  const TraceeMemory memory(tid);
  return std::all_of(writes.begin(), writes.end(), [&](const MemoryWrite& write) {
    return memory.Write(RemotePtr<void>(write.address), write.bytes).ok();
  });
}

// The call that a handler asks for, with its inputs where the arguments point.
SyscallRequest Provided(const RunCall& run, TraceeArguments& arguments) {
  SyscallRequest call = run.call;
  for (const Input& input : run.inputs) {
    std::string bytes = input.bytes;
    if (input.inner.has_value()) {
      // x86 is little-endian.
      const uint64_t address = arguments.Provide(call, input.argument, input.inner->bytes);
      bytes.replace(input.inner->offset, call.IsI386() ? sizeof(uint32_t) : sizeof(uint64_t),
                    reinterpret_cast<const char*>(&address),
                    call.IsI386() ? sizeof(uint32_t) : sizeof(uint64_t));
    }
    call.args[input.argument] = arguments.Provide(call, input.argument, bytes);
  }
  return call;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Emulators>> Emulators::Create(absl::Span<const Policy> policies,
                                                             const HandlerTable& table,
                                                             const Complain& complain,
                                                             const Emulators* former) {
  auto emulators = std::make_unique<Emulators>();
  for (const Policy& policy : policies) {
    for (const std::shared_ptr<const Rule>& rule : policy.rules()) {
      const auto* emulate = std::get_if<provost::Emulate>(&rule->verdict);
      if (emulate == nullptr) continue;
      const Entry* known = former == nullptr ? nullptr : former->Find(*emulate->emulation);
      if (known != nullptr) {
        emulators->handlers_.push_back({emulate->emulation, known->handler, policy});
        continue;
      }
      PROVOST_ASSIGN_OR_RETURN(std::shared_ptr<Handler> handler, table.Make(*emulate->emulation));
      handler->SetComplaints(complain);
      emulators->handlers_.push_back({emulate->emulation, std::move(handler), policy});
    }
  }
  return emulators;
}

bool Emulators::AreIn(absl::Span<const Policy> policies) {
  return std::any_of(policies.begin(), policies.end(), [](const Policy& policy) {
    return std::any_of(policy.rules().begin(), policy.rules().end(), [](const auto& rule) {
      return std::holds_alternative<provost::Emulate>(rule->verdict);
    });
  });
}

const Emulators::Entry* Emulators::Find(const Emulation& emulation) const {
  const auto same = [&](const Entry& entry) {
    return entry.emulation.get() == &emulation || *entry.emulation == emulation;
  };
  const auto found = std::find_if(handlers_.begin(), handlers_.end(), same);
  return found == handlers_.end() ? nullptr : &*found;
}

std::optional<Emulated> Emulators::Emulate(pid_t tid, pid_t process, const SyscallRequest& asked,
                                           TraceeArguments& arguments, const Decide& decide,
                                           Judgement& judged) const {
  Emulated emulated;
  const Decision first = judged.decision;
  SyscallRequest call = asked;
  for (int i = 0; i < kMostEmulators; ++i) {
    const auto* emulate = std::get_if<provost::Emulate>(&judged.decision.verdict);
    if (emulate == nullptr) break;
    const Entry* entry = Find(*emulate->emulation);
    if (entry == nullptr) return std::nullopt;  // a decider in code names what no policy does
    call = judged.runs;
    Reaction reaction = entry->handler->OnCall(EmulatedCall(call, tid, process, arguments));
    arguments.PassOn(emulate->emulation);
    if (auto* answer = std::get_if<Answer>(&reaction)) {
      emulated.answer = std::move(*answer);
      judged.decision = first;
      return emulated;
    }
    if (const auto* failed = std::get_if<Failed>(&reaction)) {
      entry->handler->Complain(failed->why);
      judged = {InsteadOf(first, entry->policy), asked};
      return std::nullopt;
    }
    auto& run = std::get<RunCall>(reaction);
    if (!WriteAhead(tid, run.writes)) {
      emulated.answer = Answer{-EFAULT};
      judged.decision = first;
      return emulated;
    }
    if (run.then != nullptr) {
      emulated.looks.push_back({call, std::move(run.then), run.looks_at_restarts});
    }
    emulated.before.insert(emulated.before.end(), std::make_move_iterator(run.before.begin()),
                           std::make_move_iterator(run.before.end()));
    judged = decide(Provided(run, arguments));
  }
  if (std::holds_alternative<provost::Emulate>(judged.decision.verdict)) {
    judged.decision = {Deny{ELOOP}, first.wish, first.rule};
    return std::nullopt;
  }
  if (!Runs(judged.decision.verdict)) return std::nullopt;
  judged.decision = first;
  return emulated;
}

bool Emulators::HidesVdso() const {
  return std::any_of(handlers_.begin(), handlers_.end(),
                     [](const Entry& entry) { return entry.handler->HidesVdso(); });
}

void Emulators::OnTaskMade(pid_t creator, pid_t child) const {
  for (const Entry& entry : handlers_) entry.handler->OnTaskMade(creator, child);
}

void Emulators::OnExec(pid_t process) const {
  for (const Entry& entry : handlers_) entry.handler->OnExec(process);
}

void Emulators::OnTaskEnded(pid_t tid) const {
  for (const Entry& entry : handlers_) entry.handler->OnTaskEnded(tid);
}

absl::Status Emulators::Finish() const {
  absl::Status first;
  for (const Entry& entry : handlers_) first.Update(entry.handler->Finish());
  return first;
}

std::vector<std::string> Emulators::Save() const {
  std::vector<std::string> saved;
  saved.reserve(handlers_.size());
  for (const Entry& entry : handlers_) saved.push_back(entry.handler->Save());
  return saved;
}

absl::Status Emulators::Restore(absl::Span<const std::string> saved) const {
  if (saved.size() != handlers_.size()) {
    return absl::InvalidArgumentError("the run's state is of other emulators");
  }
  for (size_t i = 0; i < saved.size(); ++i) {
    PROVOST_RETURN_IF_ERROR(handlers_[i].handler->Restore(saved[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WriteAnswer(const Stopped& stopped, const Answer& answer) {
  const TraceeMemory memory(stopped.tid());
  for (const MemoryWrite& write : answer.writes) {
    absl::Status status = memory.Write(RemotePtr<void>(write.address), write.bytes);
    if (IsDied(status)) return status;
    if (!status.ok() && !write.may_fail) return -EFAULT;
  }
  return answer.result;
}

absl::Status WriteBefore(const Stopped& stopped, const Emulated& emulated) {
  const TraceeMemory memory(stopped.tid());
  for (const MemoryWrite& write : emulated.before) {
    absl::Status status = memory.Write(RemotePtr<void>(write.address), write.bytes);
    if (IsDied(status)) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> LookAtResult(const Stopped& stopped, pid_t process,
                                     const Emulated& emulated, int64_t result) {
  if (emulated.looks.empty()) return result;
  const bool restarts = AsksForRestart(result);
  int64_t seen = result;
  for (auto look = emulated.looks.rbegin(); look != emulated.looks.rend(); ++look) {
    if (restarts && !look->looks_at_restarts) continue;
    TaskMemory memory(stopped.tid());
    const EmulatedCall call(look->call, stopped.tid(), process, memory);
    PROVOST_ASSIGN_OR_RETURN(const int64_t answer, WriteAnswer(stopped, look->then(call, seen)));
    if (!restarts) seen = answer;
  }
  if (seen != result) PROVOST_RETURN_IF_ERROR(SetResult(stopped, seen));
  return seen;
}

}  // namespace provost
