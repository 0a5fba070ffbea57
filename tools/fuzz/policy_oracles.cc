#include "tools/fuzz/policy_oracles.h"

#include <asm/unistd.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/raw_syscall.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

// Actions by the errno that stands for them: above all errnos of policies, and no larger than the
// kernel lets one be (MAX_ERRNO, 4095).
constexpr uint32_t kFirstCode = 4001;
constexpr std::array<uint32_t, 7> kCodedActions = {
    SECCOMP_RET_ALLOW,        SECCOMP_RET_TRACE, SECCOMP_RET_TRAP,      SECCOMP_RET_KILL_THREAD,
    SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_LOG,   SECCOMP_RET_USER_NOTIF};

uint32_t Encode(uint32_t answer) {
  const auto* found =
      std::find(kCodedActions.begin(), kCodedActions.end(), answer & SECCOMP_RET_ACTION_FULL);
  if (found == kCodedActions.end()) return answer;
  return SECCOMP_RET_ERRNO | (kFirstCode + static_cast<uint32_t>(found - kCodedActions.begin()));
}

uint32_t Decode(int64_t result) {
  const auto error = static_cast<uint32_t>(-result);
  if (error < kFirstCode || error >= kFirstCode + kCodedActions.size()) {
    return SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA);
  }
  const uint32_t action = kCodedActions[error - kFirstCode];
  return action == SECCOMP_RET_TRACE ? kAskTracer : action;
}

// The child must be able to end: its own exit_group, which no sample makes with this status.
constexpr uint32_t kExitStatus = 0x5a;

BpfProgram Harmless(const BpfProgram& filter) {
  BpfProgram program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kExitStatus, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  for (sock_filter instruction : filter) {
    if (instruction.code == (BPF_RET | BPF_K)) instruction.k = Encode(instruction.k);
    program.push_back(instruction);
  }
  return program;
}

struct Unmap {
  size_t size;
  void operator()(int64_t* memory) const { munmap(memory, size); }
};

// Memory that a child writes and its parent reads, so that a result needs no call.
std::unique_ptr<int64_t, Unmap> ShareMemory(size_t count) {
  const size_t size = count * sizeof(int64_t);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return {memory == MAP_FAILED ? nullptr : static_cast<int64_t*>(memory), Unmap{size}};
}

// In the child; no libc once the filter is there. The first result is that of the installation.
[[noreturn, gnu::no_sanitize("address")]] void MakeCalls(const sock_fprog& filter,
                                                         absl::Span<const SyscallRequest> requests,
                                                         int64_t* results) {
  Call64(__NR_prctl, {PR_SET_NO_NEW_PRIVS, 1});
  results[0] =
      Call64(__NR_seccomp, {SECCOMP_SET_MODE_FILTER, 0, reinterpret_cast<uintptr_t>(&filter)});
  if (results[0] == 0) {
    for (const SyscallRequest& request : requests) {
      ++results;
      *results = request.IsI386() ? Call32(request.nr, request.args)
                                  : Call64(static_cast<uint32_t>(request.nr), request.args);
    }
  }
  Call64(__NR_exit_group, {kExitStatus});
  __builtin_trap();
}

// ---- libseccomp. ----

absl::StatusOr<uint32_t> LibseccompAction(absl::string_view action) {
  if (action == "allow") return SCMP_ACT_ALLOW;
  if (action == "trap") return SCMP_ACT_TRAP;
  if (action == "kill process") return SCMP_ACT_KILL_PROCESS;
  if (action == "kill thread") return SCMP_ACT_KILL_THREAD;
  if (absl::ConsumePrefix(&action, "deny ")) {
    if (const std::optional<int> error = ErrnoByName(action)) return SCMP_ACT_ERRNO(*error);
  }
  return absl::InvalidArgumentError(absl::StrCat("libseccomp has no action `", action, "`"));
}

scmp_compare LibseccompOperator(CompareOp op) {
  constexpr scmp_compare kOperators[] = {SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT,
                                         SCMP_CMP_LE, SCMP_CMP_GT, SCMP_CMP_GE};
  return kOperators[static_cast<size_t>(op)];
}

absl::StatusOr<std::vector<scmp_arg_cmp>> LibseccompArguments(const SampleRule& rule) {
  std::vector<scmp_arg_cmp> arguments;
  if (!rule.condition) return arguments;
  const bool is_one = rule.condition->kind == SampleCondition::Kind::kTest;
  for (const SampleCondition& test :
       is_one ? std::vector<SampleCondition>{*rule.condition} : rule.condition->children) {
    if (!test.plain) return absl::InvalidArgumentError("libseccomp cannot say this condition");
    scmp_arg_cmp argument = {.arg = test.plain->arg, .op = LibseccompOperator(test.plain->op)};
    argument.datum_a = test.plain->value;
    if (test.plain->mask) {
      argument.op = SCMP_CMP_MASKED_EQ;
      argument.datum_a = *test.plain->mask;
      argument.datum_b = test.plain->value;
    }
    arguments.push_back(argument);
  }
  return arguments;
}

absl::Status AddRule(scmp_filter_ctx context, const SampleRule& rule) {
  PROVOST_ASSIGN_OR_RETURN(const uint32_t action, LibseccompAction(rule.action));
  PROVOST_ASSIGN_OR_RETURN(const std::vector<scmp_arg_cmp> arguments, LibseccompArguments(rule));
  for (const std::string& call : rule.calls) {
    const int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, call.c_str());
    const int status = seccomp_rule_add_exact_array(
        context, action, nr, static_cast<unsigned>(arguments.size()), arguments.data());
    // The same rule twice is no error of meaning.
    if (status != 0 && status != -EEXIST) {
      return absl::InvalidArgumentError(absl::StrCat("libseccomp refuses `", rule.Text(), "`"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<BpfProgram> Export(scmp_filter_ctx context) {
  const UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  if (const int status = seccomp_export_bpf(context, file.get()); status != 0) {
    return absl::ErrnoToStatus(-status, "seccomp_export_bpf");
  }
  BpfProgram program(static_cast<size_t>(lseek(file.get(), 0, SEEK_END)) / sizeof(sock_filter));
  const size_t size = program.size() * sizeof(sock_filter);
  if (pread(file.get(), program.data(), size, 0) != static_cast<ssize_t>(size)) {
    return absl::ErrnoToStatus(errno, "pread of the exported filter");
  }
  return program;
}

}  // namespace

uint32_t AskEvaluator(const Policy& policy, const SyscallRequest& request,
                      ArgumentReader& arguments, PolicyState& state) {
  const Decision decision = policy.Decide(request, arguments, state);
  if (std::holds_alternative<Allow>(decision.verdict)) return SECCOMP_RET_ALLOW;
  if (AsksForRecord(decision.wish)) return kAskTracer;
  if (const auto* deny = std::get_if<Deny>(&decision.verdict)) {
    return SECCOMP_RET_ERRNO | static_cast<uint32_t>(deny->error);
  }
  if (decision.verdict == Verdict(Return{0})) return SECCOMP_RET_ERRNO;
  if (std::holds_alternative<Trap>(decision.verdict)) return SECCOMP_RET_TRAP;
  if (const auto* kill = std::get_if<Kill>(&decision.verdict)) {
    return kill->scope == Kill::Scope::kThread ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_KILL_PROCESS;
  }
  return kAskTracer;
}

absl::StatusOr<std::vector<uint32_t>> AskKernel(const BpfProgram& filter,
                                                absl::Span<const SyscallRequest> requests) {
  BpfProgram program = Harmless(filter);
  if (program.size() > BPF_MAXINSNS) return absl::ResourceExhaustedError("the filter is too long");
  const auto results = ShareMemory(requests.size() + 1);
  if (results == nullptr) return absl::ErrnoToStatus(errno, "mmap");
  const sock_fprog fprog = {static_cast<unsigned short>(program.size()), program.data()};
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) MakeCalls(fprog, requests, results.get());
  int status = 0;
  if (waitpid(child, &status, 0) != child) return absl::ErrnoToStatus(errno, "waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kExitStatus) {
    return absl::InternalError(absl::StrCat("the child that asks the kernel ended with ", status));
  }
  const int64_t* result = results.get();
  if (*result != 0) {
    return absl::ErrnoToStatus(static_cast<int>(-*result), "the kernel refuses the filter");
  }
  std::vector<uint32_t> answers;
  answers.reserve(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) answers.push_back(Decode(*++result));
  return answers;
}

absl::StatusOr<BpfProgram> CompileByLibseccomp(const SamplePolicy& policy) {
  PROVOST_ASSIGN_OR_RETURN(const uint32_t otherwise, LibseccompAction(policy.default_action));
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, void (*)(scmp_filter_ctx)> context(
      seccomp_init(otherwise), seccomp_release);
  if (context == nullptr) return absl::InternalError("seccomp_init failed");
  for (const SampleRule& rule : policy.rules) {
    PROVOST_RETURN_IF_ERROR(AddRule(context.get(), rule));
  }
  return Export(context.get());
}

}  // namespace provost
