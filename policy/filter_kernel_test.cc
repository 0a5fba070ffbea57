// Asks the kernel: installs programs in forked children, makes calls there, and holds the kernel's
// answers against RunBpf and Policy::Decide. The calls asked about are refused whatever their
// arguments, so that none of them does anything.

#include <asm/unistd.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/raw_syscall.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/fake_argument_reader.h"
#include "policy/filter_compiler.h"
#include "policy/policy.h"
#include "policy/predicate_builders.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr uint64_t kAllBits = ~uint64_t{0};
constexpr uint32_t kX86_64 = static_cast<uint32_t>(Arch::kX86_64);
constexpr uint32_t kI386 = static_cast<uint32_t>(Arch::kI386);

int64_t Make(const SyscallRequest& request) {
  return request.IsI386() ? Call32(request.nr, request.args) : Call64(request.nr, request.args);
}

// Runs `body` in a forked child, which ends without libc: its filter may refuse what libc would do.
// Returns the wait status.
int RunInChild(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    Call64(__NR_exit_group, {0});
    __builtin_trap();
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Memory that a child writes and its parent reads, so that a result needs no call.
template <typename T>
class Shared {
 public:
  explicit Shared(size_t count)
      : bytes_(count * sizeof(T)),
        items_(static_cast<T*>(
            mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { munmap(items_, bytes_); }
  T& operator[](size_t index) { return items_[index]; }

 private:
  size_t bytes_;
  T* items_;
};

// 0, or -errno.
int64_t Install(const std::vector<sock_filter>& program) {
  Call64(__NR_prctl, {PR_SET_NO_NEW_PRIVS, 1});
  const sock_fprog filter = {static_cast<uint16_t>(program.size()),
                             const_cast<sock_filter*>(program.data())};
  return Call64(__NR_seccomp, {SECCOMP_SET_MODE_FILTER, 0, reinterpret_cast<uintptr_t>(&filter)});
}

// What the kernel makes of `requests` under `program`, in one child.
std::vector<int64_t> AskKernel(const std::vector<sock_filter>& program,
                               const std::vector<SyscallRequest>& requests) {
  Shared<int64_t> results(requests.size() + 1);
  const int status = RunInChild([&] {
    results[requests.size()] = Install(program);
    for (size_t i = 0; i < requests.size(); ++i) results[i] = Make(requests[i]);
  });
  EXPECT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(results[requests.size()], 0);
  std::vector<int64_t> answers;
  for (size_t i = 0; i < requests.size(); ++i) answers.push_back(results[i]);
  return answers;
}

// Holds the kernel's, the interpreter's and the evaluator's answers equal. All must be errnos.
void ExpectAgreement(const Policy& policy, const std::vector<SyscallRequest>& requests) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program,
                               CompileFilter(policy, {.trace_exec = false}));
  ASSERT_THAT(VerifyBpf(program), IsOk());
  const std::vector<int64_t> kernel = AskKernel(program, requests);
  FakeArgumentReader nothing;
  for (size_t i = 0; i < requests.size(); ++i) {
    const SyscallRequest& request = requests[i];
    SCOPED_TRACE(absl::StrCat("arch 0x", absl::Hex(request.arch), " nr ", request.nr, " args 0x",
                              absl::Hex(request.args[0]), " 0x", absl::Hex(request.args[1])));
    PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer, RunBpf(program, ToSeccompData(request)));
    EXPECT_EQ(answer & SECCOMP_RET_ACTION_FULL, uint32_t{SECCOMP_RET_ERRNO});
    EXPECT_EQ(kernel[i], -static_cast<int64_t>(answer & SECCOMP_RET_DATA));
    PolicyState state;
    const Decision decision = policy.Decide(request, nothing, state);
    EXPECT_EQ(decision.verdict, Verdict(Deny{static_cast<int>(-kernel[i])}));
  }
}

constexpr uint64_t kEdges[] = {0,
                               1,
                               2,
                               0x7fffffff,
                               0x80000000,
                               0xfffffffe,
                               0xffffffff,
                               0x100000000,
                               0x100000001,
                               0x7fffffffffffffff,
                               0x8000000000000000,
                               0xffffffff00000000,
                               0xffffffff80000000,
                               0xfffffffffffffffe,
                               kAllBits};

const CompareOp kOps[] = {CompareOp::kEq, CompareOp::kNe, CompareOp::kLt,
                          CompareOp::kLe, CompareOp::kGt, CompareOp::kGe};

// sysfs(2), refused with an errno of its own for each comparison that holds first.
Policy SysfsPolicy(absl::Span<const ArgWidth> widths, uint32_t seed) {
  std::mt19937 random(seed);
  PolicyBuilder builder;
  int error = 1000;
  for (int rule = 0; rule < 12; ++rule) {
    const auto compare = [&] {
      const uint64_t mask = random() % 3 == 0 ? kEdges[random() % std::size(kEdges)] : kAllBits;
      return Arg(static_cast<uint8_t>(random() % 6), widths[random() % widths.size()],
                 kOps[random() % std::size(kOps)], kEdges[random() % std::size(kEdges)], mask);
    };
    const Predicate condition = random() % 2 == 0 ? Any({All({compare(), compare()}), compare()})
                                                  : All({compare(), Negation(compare())});
    builder.Add({.verdict = Deny{++error}}, {"sysfs"}, Always(condition));
  }
  builder.Add({.verdict = Deny{++error}}, {"sysfs"});
  absl::StatusOr<Policy> policy = builder.Build();
  EXPECT_THAT(policy, IsOk());
  return *std::move(policy);
}

std::vector<SyscallRequest> SysfsRequests(Arch arch, uint32_t seed) {
  std::mt19937 random(seed);
  const int32_t nr = SyscallTable::Get().Find(arch, "sysfs")->nr;
  std::vector<SyscallRequest> requests;
  for (int i = 0; i < 200; ++i) {
    SyscallRequest request = {.arch = static_cast<uint32_t>(arch), .nr = nr};
    for (uint64_t& arg : request.args) arg = kEdges[random() % std::size(kEdges)];
    requests.push_back(request);
  }
  return requests;
}

TEST(FilterInTheKernel, ComparesSixtyFourBitArguments) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    const Policy policy =
        SysfsPolicy({ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64}, seed);
    ExpectAgreement(policy, SysfsRequests(Arch::kX86_64, seed));
  }
}

// The arguments are wider than i386's registers: the kernel reads the low halves but shows the
// filter all of them, so a filter that looked further could be deceived.
TEST(FilterInTheKernel, ComparesArgumentsOfI386) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    const Policy policy =
        SysfsPolicy({ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64}, seed);
    ExpectAgreement(policy, SysfsRequests(Arch::kI386, seed));
  }
}

TEST(FilterInTheKernel, RefusesForeignEntries) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const Policy native, PolicyBuilder().Arches({Arch::kX86_64}).Default(Deny{EXDEV}).Build());
  const std::vector<SyscallRequest> requests = {
      {.arch = kX86_64, .nr = __NR_getpid},
      {.arch = kX86_64, .nr = static_cast<int32_t>(__NR_getpid | kX32Bit)},
      {.arch = kX86_64, .nr = -1},
      {.arch = kX86_64, .nr = INT32_MIN},
      {.arch = kX86_64, .nr = 5000},
      {.arch = kX86_64, .nr = ControlNumbers().kill_process - 1},
      {.arch = kI386, .nr = 20},
      {.arch = kI386, .nr = -1},
      {.arch = kI386, .nr = 0x40000014},
  };
  ExpectAgreement(native, requests);
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy both, PolicyBuilder().Default(Deny{EXDEV}).Build());
  ExpectAgreement(both, requests);
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy open,
                               PolicyBuilder().Add({.verdict = Deny{EXDEV}}, {"getpid"}).Build());
  ExpectAgreement(open, requests);
}

TEST(FilterInTheKernel, ReturnsZeroWithoutRunningTheCall) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                               PolicyBuilder().Add({.verdict = Return{0}}, {"getpid"}).Build());
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program, CompileFilter(policy, {}));
  const std::vector<SyscallRequest> requests = {{.arch = kX86_64, .nr = __NR_getpid},
                                                {.arch = kI386, .nr = 20},
                                                {.arch = kX86_64, .nr = __NR_getppid}};
  EXPECT_EQ(AskKernel(program, requests), (std::vector<int64_t>{0, 0, getpid()}));
}

TEST(FilterInTheKernel, KillsAndTrapsByTheTracersNumbers) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program, CompileFilter(Policy(), {}));
  for (const int32_t nr :
       {ControlNumbers().kill_process, ControlNumbers().kill_thread, ControlNumbers().trap}) {
    for (const uint32_t arch : {kX86_64, kI386}) {
      const int status = RunInChild([&] {
        signal(SIGSYS, SIG_DFL);
        Install(program);
        Make({.arch = arch, .nr = nr});
      });
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << std::hex << nr << status;
    }
  }
}

TEST(FilterInTheKernel, KillsAndTrapsByVerdict) {
  for (const Verdict& verdict :
       std::vector<Verdict>{Trap{}, Kill{Kill::Scope::kThread}, Kill{Kill::Scope::kProcess}}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                                 PolicyBuilder().Add({.verdict = verdict}, {"getpid"}).Build());
    PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program, CompileFilter(policy, {}));
    const int status = RunInChild([&] {
      signal(SIGSYS, SIG_DFL);
      Install(program);
      Call64(__NR_getpid, {});
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << VerdictToString(verdict);
  }
}

TEST(FilterInTheKernel, TakesTheLongestProgram) {
  PolicyBuilder builder;
  for (int i = 0; i < 1900; ++i) {
    builder.Add({.verdict = Deny{1000 + i}}, {"sysfs"},
                Always(Arg(0, ArgWidth::kU32, CompareOp::kEq, static_cast<uint64_t>(i))));
  }
  builder.Add({.verdict = Deny{4000}}, {"sysfs"});
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy, builder.Arches({Arch::kX86_64}).Build());
  std::vector<SyscallRequest> requests;
  for (uint64_t i = 0; i < 2000; i += 7) {
    requests.push_back({.arch = kX86_64, .nr = __NR_sysfs, .args = {i}});
  }
  ExpectAgreement(policy, requests);
}

// ---- The interpreter and the verifier against the kernel, over random programs. ----

// Instructions that mean something, and some that do not.
class ProgramGenerator {
 public:
  explicit ProgramGenerator(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  // Arithmetic, scratch words and branches over a call's data, ending in an errno made of A.
  std::vector<sock_filter> Program() {
    const uint32_t size = 3 + Below(30);
    std::vector<sock_filter> program;
    while (program.size() < size) {
      program.push_back(Instruction(size - static_cast<uint32_t>(program.size())));
    }
    program.push_back(Plain(BPF_ALU | BPF_AND | BPF_K, 0xfff));
    program.push_back(Plain(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO));
    program.push_back(Plain(BPF_RET | BPF_A, 0));
    return program;
  }

  // The same with something changed, most often for the worse.
  std::vector<sock_filter> BrokenProgram() {
    std::vector<sock_filter> program = Program();
    for (uint32_t i = 0, changes = 1 + Below(2); i < changes; ++i) {
      sock_filter& instruction = program[Below(static_cast<uint32_t>(program.size()))];
      switch (Below(4)) {
        case 0:
          instruction.code = static_cast<uint16_t>(Below(0x100));
          break;
        case 1:
          instruction.k = Below(2) == 0 ? Below(80) : random_();
          break;
        case 2:
          instruction.jt = static_cast<uint8_t>(Below(40));
          break;
        default:
          program.resize(1 + Below(static_cast<uint32_t>(program.size())));
          break;
      }
    }
    return program;
  }

  uint64_t Value() { return kEdges[Below(std::size(kEdges))]; }

 private:
  static sock_filter Plain(int code, uint32_t k) { return {static_cast<uint16_t>(code), 0, 0, k}; }

  sock_filter Instruction(uint32_t left) {
    constexpr int kArithmetic[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                   BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH};
    constexpr int kBranches[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};
    switch (Below(10)) {
      case 0:
      case 1:
        return Plain(BPF_LD | BPF_W | BPF_ABS, 4 * Below(16));
      case 2:
        return Plain(Below(2) == 0 ? BPF_LDX | BPF_IMM : BPF_LD | BPF_IMM,
                     static_cast<uint32_t>(Value()));
      case 3:
        return Plain(Below(2) == 0 ? BPF_MISC | BPF_TAX : BPF_MISC | BPF_TXA, 0);
      case 4: {
        constexpr int kScratch[] = {BPF_ST, BPF_STX, BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM};
        return Plain(kScratch[Below(4)], Below(3));
      }
      case 5: {
        constexpr int kOthers[] = {BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN,
                                   BPF_ALU | BPF_NEG};
        return Plain(kOthers[Below(3)], 0);
      }
      case 6: {
        const int code = BPF_JMP | kBranches[Below(4)] | (Below(2) == 0 ? BPF_K : BPF_X);
        return {static_cast<uint16_t>(code), static_cast<uint8_t>(Below(std::min(left, 5u))),
                static_cast<uint8_t>(Below(std::min(left, 5u))), static_cast<uint32_t>(Value())};
      }
      default: {
        const int op = kArithmetic[Below(std::size(kArithmetic))];
        if (Below(2) == 0) return Plain(BPF_ALU | op | BPF_X, 0);
        const bool shifts = op == BPF_LSH || op == BPF_RSH;
        return Plain(BPF_ALU | op | BPF_K,
                     shifts ? Below(32) : static_cast<uint32_t>(Value() | (op == BPF_DIV)));
      }
    }
  }

  std::mt19937 random_;
};

struct KernelAnswer {
  int64_t installed = 1;
  int64_t result = 1;
};

TEST(BpfInTheKernel, VerifierAndInterpreterAgreeWithIt) {
  constexpr uint32_t kPrograms = 600;
  Shared<KernelAnswer> shared(1);
  uint32_t taken = 0;
  uint32_t killed = 0;
  for (uint32_t seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    ProgramGenerator generator(seed);
    const std::vector<sock_filter> program =
        seed % 2 == 0 ? generator.Program() : generator.BrokenProgram();
    SyscallRequest request = {.arch = kX86_64, .nr = __NR_sysfs};
    for (uint64_t& arg : request.args) arg = generator.Value();
    shared[0] = {};
    const int status = RunInChild([&] {
      signal(SIGSYS, SIG_DFL);
      shared[0].installed = Install(program);
      // What is not taken is not to run unfiltered.
      if (shared[0].installed == 0) shared[0].result = Make(request);
    });
    EXPECT_EQ(shared[0].installed, VerifyBpf(program).ok() ? 0 : -EINVAL)
        << VerifyBpf(program) << "\n"
        << DisassembleBpf(program);
    if (shared[0].installed != 0) continue;
    ++taken;
    // The address of the call is not known here; programs that look at it are not compared.
    bool looks_at_ip = false;
    for (const sock_filter& instruction : program) {
      looks_at_ip |= instruction.code == (BPF_LD | BPF_W | BPF_ABS) &&
                     (instruction.k == 8 || instruction.k == 12);
    }
    if (looks_at_ip) continue;
    PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer, RunBpf(program, ToSeccompData(request)));
    const uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
    if (action == SECCOMP_RET_ERRNO) {
      EXPECT_EQ(shared[0].result, -static_cast<int64_t>(std::min(answer & SECCOMP_RET_DATA, 4095u)))
          << DisassembleBpf(program);
    } else if (action == SECCOMP_RET_KILL_THREAD) {
      ++killed;
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << DisassembleBpf(program);
      EXPECT_EQ(shared[0].result, 1) << DisassembleBpf(program);
    }
  }
  EXPECT_GT(taken, kPrograms / 3);
  EXPECT_LT(taken, kPrograms);
  EXPECT_GT(killed, 0u) << "no program divided by zero";
}

}  // namespace
}  // namespace provost
