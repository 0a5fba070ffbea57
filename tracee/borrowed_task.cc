#include "tracee/borrowed_task.h"

#include <linux/rseq.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"
#include "tracee/memory.h"
#include "tracee/registers.h"

namespace provost {
namespace {

// Selectors of user code (arch/x86/include/asm/segment.h): which instruction set the task is in at
// this moment.
constexpr uint64_t kCode64 = 0x33;
constexpr uint64_t kCode32 = 0x23;

// How long a call of ours may take, none of which waits for anything, and the stop that is then
// asked for.
constexpr std::chrono::seconds kPatience(5);

constexpr uint64_t kAllSignals = ~uint64_t{0};
constexpr size_t kKernelMaskSize = 8;

struct Mapping {
  uint64_t start = 0;
  uint64_t end = 0;
  bool is_vdso = false;
};

// What the task can execute, the vDSO first: it is small, and has what is looked for.
std::vector<Mapping> ExecutableMappings(pid_t tid) {
  std::vector<Mapping> mappings;
  std::ifstream maps(absl::StrCat("/proc/", tid, "/maps"));
  std::string line;
  while (std::getline(maps, line)) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    const std::vector<absl::string_view> ends = absl::StrSplit(words[0], '-');
    Mapping mapping;
    // Reading is what finds it; [vsyscall] lies where only its own few addresses can be called.
    if (words.size() < 3 || ends.size() != 2 || words[1].size() < 3 || words[1][0] != 'r' ||
        words[1][2] != 'x' || absl::EndsWith(line, "[vsyscall]") ||
        !absl::SimpleHexAtoi(ends[0], &mapping.start) ||
        !absl::SimpleHexAtoi(ends[1], &mapping.end)) {
      continue;
    }
    mapping.is_vdso = absl::EndsWith(line, "[vdso]");
    mappings.insert(mapping.is_vdso ? mappings.begin() : mappings.end(), mapping);
  }
  return mappings;
}

// Where `bytes` stand in the mapping; 0 if nowhere.
uint64_t FindIn(const TraceeMemory& memory, const Mapping& mapping, const std::string& bytes) {
  constexpr uint64_t kPiece = 64 << 10;
  std::string piece;
  for (uint64_t at = mapping.start; at + bytes.size() <= mapping.end;) {
    piece.resize(std::min(kPiece, mapping.end - at));
    if (!memory.Read(RemotePtr<void>(at), absl::MakeSpan(piece)).ok()) return 0;
    if (const size_t found = piece.find(bytes); found != std::string::npos) return at + found;
    // One that lies across two pieces is seen whole in the next.
    at += piece.size() - (bytes.size() - 1);
    if (piece.size() < bytes.size()) break;
  }
  return 0;
}

void SetArguments(Arch arch, const std::array<uint64_t, 6>& args, user_regs_struct& registers) {
  if (arch == Arch::kX86_64) {
    registers.rdi = args[0];
    registers.rsi = args[1];
    registers.rdx = args[2];
    registers.r10 = args[3];
    registers.r8 = args[4];
    registers.r9 = args[5];
  } else {
    registers.rbx = args[0];
    registers.rcx = args[1];
    registers.rdx = args[2];
    registers.rsi = args[3];
    registers.rdi = args[4];
    registers.rbp = args[5];
  }
}

}  // namespace

absl::StatusOr<BorrowedTask> BorrowedTask::Begin(Stopped& stopped, StopQueue& queue) {
  BorrowedTask task(std::move(stopped), queue);
  if (absl::Status status = task.Prepare(); !status.ok()) {
    stopped = std::move(task.stopped_);
    return status;
  }
  return task;
}

absl::Status BorrowedTask::Prepare() {
  PROVOST_ASSIGN_OR_RETURN(saved_, ReadRegisters(stopped_));
  if (saved_.cs != kCode64 && saved_.cs != kCode32) {
    return absl::FailedPreconditionError(absl::StrCat(
        "task ", tid(), " runs in a code segment of its own, 0x", absl::Hex(saved_.cs)));
  }
  arch_ = saved_.cs == kCode64 ? Arch::kX86_64 : Arch::kI386;
  PROVOST_RETURN_IF_ERROR(FindInstruction());
  PROVOST_RETURN_IF_ERROR(LeaveRestartableSequence());
  if (ptrace(PTRACE_GETSIGMASK, tid(), kKernelMaskSize, &saved_mask_) < 0) {
    return TraceeError("PTRACE_GETSIGMASK", tid(), errno);
  }
  return SetSignalMask(kAllSignals);
}

// A restartable sequence that is left must be begun again (rseq(2)). The kernel does that when it
// sees the task inside on its way back; it will see it in the calls of ours.
absl::Status BorrowedTask::LeaveRestartableSequence() {
  __ptrace_rseq_configuration configuration = {};
  if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, tid(), sizeof(configuration), &configuration) < 0 ||
      configuration.rseq_abi_pointer == 0) {
    return absl::OkStatus();
  }
  const TraceeMemory memory(tid());
  uint64_t sequence = 0;
  const uint64_t field = configuration.rseq_abi_pointer + offsetof(struct rseq, rseq_cs);
  const absl::Span<char> pointer(reinterpret_cast<char*>(&sequence), sizeof(sequence));
  if (!memory.Read(RemotePtr<void>(field), pointer).ok() || sequence == 0) return absl::OkStatus();
  rseq_cs section = {};
  const absl::Span<char> bytes(reinterpret_cast<char*>(&section), sizeof(section));
  if (!memory.Read(RemotePtr<void>(sequence), bytes).ok()) return absl::OkStatus();
  if (saved_.rip - section.start_ip < section.post_commit_offset) saved_.rip = section.abort_ip;
  return absl::OkStatus();
}

absl::Status BorrowedTask::FindInstruction() {
  const std::string bytes = arch_ == Arch::kX86_64 ? "\x0f\x05" : "\xcd\x80";
  const TraceeMemory memory(tid());
  for (const Mapping& mapping : ExecutableMappings(tid())) {
    instruction_ = FindIn(memory, mapping, bytes);
    if (instruction_ != 0) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("task ", tid(), " has no instruction that makes a system call"));
}

absl::Status BorrowedTask::SetRegisters(const user_regs_struct& registers) const {
  if (ptrace(PTRACE_SETREGS, tid(), nullptr, &registers) < 0) {
    return TraceeError("PTRACE_SETREGS", tid(), errno);
  }
  return absl::OkStatus();
}

absl::Status BorrowedTask::SetSignalMask(uint64_t mask) const {
  if (ptrace(PTRACE_SETSIGMASK, tid(), kKernelMaskSize, &mask) < 0) {
    return TraceeError("PTRACE_SETSIGMASK", tid(), errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> BorrowedTask::Call(absl::string_view name,
                                           const std::array<uint64_t, 6>& args, uint64_t seen_at) {
  // i386's own mmap takes its arguments from memory.
  const bool is_mmap = arch_ == Arch::kI386 && name == "mmap";
  const Syscall* syscall = SyscallTable::Get().Find(arch_, is_mmap ? "mmap2" : name);
  if (syscall == nullptr) return absl::InternalError(absl::StrCat("no call ", name));
  user_regs_struct registers = saved_;
  registers.rip = instruction_;
  registers.rax = static_cast<uint64_t>(syscall->nr);
  registers.orig_rax = static_cast<uint64_t>(-1);  // it is in no call that is to be restarted
  SetArguments(arch_, args, registers);
  PROVOST_RETURN_IF_ERROR(SetRegisters(registers));
  PROVOST_RETURN_IF_ERROR(RunToSyscallStop());
  if (seen_at != 0) {
    PROVOST_ASSIGN_OR_RETURN(registers, ReadRegisters(stopped_));
    registers.rip = seen_at;
    PROVOST_RETURN_IF_ERROR(SetRegisters(registers));
  }
  PROVOST_RETURN_IF_ERROR(RunToSyscallStop());
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ReadResult(stopped_));
  constexpr int64_t kRestart = -512;  // ERESTARTSYS (linux/errno.h): the stop has ended it
  if (is_late_ && result == kRestart) {
    return absl::DeadlineExceededError(
        absl::StrCat("a filter of task ", tid(), " leaves ", name, " to who does not answer"));
  }
  return result;
}

// None of our calls is execve: it was another thread that made it, whose number is the leader's
// now. The task that was ours is no more.
absl::StatusOr<StoppedTask> BorrowedTask::NextStop(pid_t tid) {
  absl::StatusOr<StoppedTask> next = queue_->NextStopOf(tid, kPatience);
  if (absl::IsDeadlineExceeded(next.status()) && !std::exchange(is_late_, true)) {
    PROVOST_RETURN_IF_ERROR(Interrupt(tid));
    next = queue_->NextStopOf(tid, kPatience);
  }
  if (absl::IsDeadlineExceeded(next.status())) {
    // With registers of ours it cannot be left.
    kill(tid, SIGKILL);
    was_killed_ = true;
    return TraceeError("SIGKILL, since it does not stop,", tid, ESRCH);
  }
  if (!next.ok()) return next.status();
  StoppedTask stop = *std::move(next);
  if (!std::holds_alternative<ExecStop>(stop.event)) return stop;
  queue_->Keep(std::move(stop));
  return TraceeError("wait4", tid, ESRCH);
}

absl::Status BorrowedTask::RunToSyscallStop() {
  const pid_t tid = stopped_.tid();
  is_late_ = false;
  while (true) {
    PROVOST_RETURN_IF_ERROR(std::move(stopped_).Restart(Resume::UntilSyscallExit()));
    PROVOST_ASSIGN_OR_RETURN(StoppedTask stop, NextStop(tid));
    stopped_ = std::move(stop.stopped);
    if (std::holds_alternative<SyscallExitStop>(stop.event)) return absl::OkStatus();
    const auto* signal = std::get_if<SignalStop>(&stop.event);
    if (signal == nullptr) continue;  // another's filter asks, or a group-stop: our call goes on
    if (signal->signal != SIGSTOP) {
      return absl::InternalError(absl::StrCat("task ", tid, " got signal ", signal->signal,
                                              " in the middle of a call of ours"));
    }
    late_signals_.push_back(signal->signal);
  }
}

absl::StatusOr<StoppedTask> BorrowedTask::Return() && {
  const pid_t tid = stopped_.tid();
  PROVOST_RETURN_IF_ERROR(Interrupt(tid));
  int signal = 0;
  while (true) {
    PROVOST_RETURN_IF_ERROR(std::move(stopped_).Restart(Resume::Continue(signal)));
    PROVOST_ASSIGN_OR_RETURN(StoppedTask stop, NextStop(tid));
    stopped_ = std::move(stop.stopped);
    const auto* delivered = std::get_if<SignalStop>(&stop.event);
    signal = delivered == nullptr ? 0 : delivered->signal;
    const bool is_event = std::holds_alternative<TrapStop>(stop.event) ||
                          std::holds_alternative<GroupStop>(stop.event);
    if (!is_event) continue;
    PROVOST_RETURN_IF_ERROR(SetRegisters(saved_));
    PROVOST_RETURN_IF_ERROR(SetSignalMask(saved_mask_));
    // SIGSTOP is the process's, whichever of its tasks is named.
    for (const int late : late_signals_) kill(tid, late);
    return StoppedTask{std::move(stopped_), stop.event};
  }
}

}  // namespace provost
