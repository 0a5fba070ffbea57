// Holds the compiled filter equal to the evaluator over random policies and calls: what the filter
// answers by itself is what Decide says for every content of memory, and the filter asks the tracer
// only where it must.

#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
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

constexpr uint32_t kTrace = SECCOMP_RET_TRACE | kTraceData;

// Strings that conditions ask for, and one that none does.
constexpr const char* kTexts[] = {"a", "b", "c"};

// Arguments that conditions take for strings.
constexpr size_t kStringArgs = 2;

constexpr const char* kCalls[] = {"read",       "openat",  "socket",    "getpriority",  "ioctl",
                                  "mmap",       "execve",  "execveat",  "exit",         "fcntl64",
                                  "socketcall", "_llseek", "sigreturn", "rt_sigreturn", "getpid",
                                  "close",      "mmap2",   "arch_prctl"};

constexpr uint64_t kEdges[] = {0,
                               1,
                               2,
                               3,
                               7,
                               0x7f,
                               0x7ffffffe,
                               0x7fffffff,
                               0x80000000,
                               0x80000001,
                               0xfffffffe,
                               0xffffffff,
                               0x100000000,
                               0x100000001,
                               0x1ffffffff,
                               0x7fffffffffffffff,
                               0x8000000000000000,
                               0xffffffff00000000,
                               0xffffffff7fffffff,
                               0xffffffff80000000,
                               0xfffffffffffffffe,
                               0xffffffffffffffff};

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  bool OneIn(uint32_t count) { return Below(count) == 0; }

  template <typename T, size_t N>
  const T& Pick(const T (&items)[N]) {
    return items[Below(N)];
  }

  uint64_t Value() {
    const uint64_t value = OneIn(6) ? Below(12) : Pick(kEdges);
    return OneIn(8) ? value + Below(3) - 1 : value;
  }

  uint64_t Mask() {
    if (!OneIn(3)) return ~uint64_t{0};
    constexpr uint64_t kMasks[] = {0,          1,          3,           0xf0,
                                   0x7fffffff, 0x80000000, 0xffffffff,  0xffffffff00000000,
                                   1ull << 63, 1ull << 32, ~uint64_t{7}};
    return Pick(kMasks);
  }

  Predicate Comparison() {
    constexpr ArgWidth kWidths[] = {ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64};
    constexpr CompareOp kOps[] = {CompareOp::kEq, CompareOp::kNe, CompareOp::kLt,
                                  CompareOp::kLe, CompareOp::kGt, CompareOp::kGe};
    return Arg(static_cast<uint8_t>(Below(4)), Pick(kWidths), Pick(kOps), Value(), Mask());
  }

  // What `x in {…}` makes: one argument's comparisons side by side, few or many.
  Predicate Membership() {
    constexpr ArgWidth kWidths[] = {ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64};
    const bool in = OneIn(2);
    const auto arg = static_cast<uint8_t>(Below(3));
    const ArgWidth width = Pick(kWidths);
    const uint64_t mask = Mask();
    std::vector<Predicate> children;
    for (uint32_t i = 0, count = 2 + Below(14); i < count; ++i) {
      children.push_back(Arg(arg, width, in ? CompareOp::kEq : CompareOp::kNe, Value(), mask));
    }
    return in ? Any(std::move(children)) : All(std::move(children));
  }

  Predicate Condition(int depth) {
    switch (depth > 0 ? Below(10) : Below(6)) {
      case 0:
        return StringIs(static_cast<uint8_t>(Below(kStringArgs)), Below(2) == 0 ? "a" : "b");
      case 1:
        return OneIn(4) ? Constant(OneIn(2)) : Comparison();
      case 2:
        return Membership();
      case 3:
      case 4:
      case 5:
        return Comparison();
      case 6:
        return Negation(Condition(depth - 1));
      default: {
        std::vector<Predicate> children;
        for (uint32_t i = 0, count = Below(4); i < count; ++i) {
          children.push_back(Condition(depth - 1));
        }
        return OneIn(2) ? Any(std::move(children)) : All(std::move(children));
      }
    }
  }

  Verdict SomeVerdict() {
    switch (Below(10)) {
      case 0:
        return Log{};
      case 1:
        return Return{OneIn(2) ? 0 : static_cast<int64_t>(Below(100))};
      case 2:
        return Trap{};
      case 3:
        return Kill{OneIn(2) ? Kill::Scope::kThread : Kill::Scope::kProcess};
      case 4:
      case 5:
      case 6:
        return Allow{};
      default:
        return Deny{static_cast<int>(1 + Below(4))};
    }
  }

  RecordWish Wish() {
    constexpr RecordWish kWishes[] = {RecordWish::kLog, RecordWish::kLogResult, RecordWish::kQuiet,
                                      RecordWish::kAudited};
    return OneIn(8) ? Pick(kWishes) : RecordWish::kUnsaid;
  }

  absl::StatusOr<Policy> SomePolicy() {
    PolicyBuilder builder;
    const uint32_t arches = Below(6);
    if (arches == 0) builder.Arches({Arch::kX86_64});
    if (arches == 1) builder.Arches({Arch::kI386});
    builder.Default(SomeVerdict(), Wish());
    if (OneIn(8)) builder.Logging(true);
    for (uint32_t i = 0, count = Below(8); i < count; ++i) {
      std::vector<absl::string_view> calls;
      for (uint32_t n = 0, wanted = 1 + Below(3); n < wanted; ++n) {
        const absl::string_view call = Pick(kCalls);
        const bool bound = (arches != 0 && SyscallTable::Get().Find(Arch::kI386, call)) ||
                           (arches != 1 && SyscallTable::Get().Find(Arch::kX86_64, call));
        if (bound) calls.push_back(call);
      }
      // One condition for all of a rule's calls, or one each.
      PolicyBuilder::Binder binder;
      if (!OneIn(4)) {
        binder = OneIn(2) ? Always(Condition(3)) : [this](const Syscall&) { return Bound(); };
      }
      builder.Add({.verdict = SomeVerdict(), .wish = Wish()}, calls, binder);
    }
    return builder.Build();
  }

  SyscallRequest SomeRequest() {
    constexpr uint32_t kArches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386};
    SyscallRequest request;
    request.arch = OneIn(40) ? AUDIT_ARCH_AARCH64 : Pick(kArches);
    const Arch arch = static_cast<Arch>(request.arch);
    const Syscall* syscall =
        request.HasKnownArch() ? SyscallTable::Get().Find(arch, Pick(kCalls)) : nullptr;
    if (syscall != nullptr) {
      request.nr = syscall->nr;
    } else {
      request.nr = static_cast<int32_t>(Below(500));
    }
    if (OneIn(20)) {
      constexpr uint32_t kNumbers[] = {0xffffffff, 0x80000000, 0x7fffffff, 0x40000000,
                                       0x40000001, 0x3fffffff, 400,        5000};
      request.nr = static_cast<int32_t>(Pick(kNumbers));
    }
    for (uint64_t& arg : request.args) arg = OneIn(10) ? Random64() : Value();
    return request;
  }

  bool Chance() { return OneIn(2); }

 private:
  absl::StatusOr<Predicate> Bound() { return Condition(3); }
  uint64_t Random64() { return (uint64_t{random_()} << 32) ^ random_(); }

  std::mt19937 random_;
};

// Everything that memory could be to the conditions of a call: each string argument is unreadable
// or one of kTexts. Arguments that are equal have one string.
std::vector<FakeArgumentReader> EveryMemory(const SyscallRequest& request) {
  std::vector<FakeArgumentReader> memories = {FakeArgumentReader()};
  for (size_t arg = 0; arg < kStringArgs; ++arg) {
    const auto address = [&request](size_t index) {
      const uint64_t raw = request.args[index];
      return request.IsI386() ? static_cast<uint32_t>(raw) : raw;
    };
    if (arg > 0 && address(arg) == address(0)) break;
    std::vector<FakeArgumentReader> more = memories;
    for (const FakeArgumentReader& memory : memories) {
      for (const char* text : kTexts) {
        more.push_back(memory);
        more.back().Set(address(arg), text);
      }
    }
    memories = std::move(more);
  }
  return memories;
}

// What the kernel is to answer for a decision; written from filter_compiler.h's table.
uint32_t AnswerFor(const Decision& decision, const FilterOptions& options) {
  if (std::holds_alternative<Allow>(decision.verdict)) return SECCOMP_RET_ALLOW;
  if (AsksForRecord(decision.wish)) return kTrace;
  if (options.needs_tracer && options.needs_tracer(decision)) return kTrace;
  if (const auto* deny = std::get_if<Deny>(&decision.verdict)) {
    return SECCOMP_RET_ERRNO | static_cast<uint32_t>(deny->error);
  }
  if (decision.verdict == Verdict(Return{0})) return SECCOMP_RET_ERRNO;
  if (decision.verdict == Verdict(Trap{})) return SECCOMP_RET_TRAP;
  if (decision.verdict == Verdict(Kill{Kill::Scope::kProcess})) return SECCOMP_RET_KILL_PROCESS;
  if (decision.verdict == Verdict(Kill{Kill::Scope::kThread})) return SECCOMP_RET_KILL_THREAD;
  return kTrace;
}

enum class ByRegisters : uint8_t { kFalse, kTrue, kOpen };

// What registers say of a condition whose strings are each free to match or not. Not by way of
// MayHold and MustHold, which the compiler uses.
ByRegisters Consider(const Predicate& predicate, const SyscallRequest& request) {
  if (predicate == nullptr) return ByRegisters::kTrue;
  const auto known = [](bool value) { return value ? ByRegisters::kTrue : ByRegisters::kFalse; };
  const auto join = [&](const std::vector<Predicate>& children, ByRegisters deciding,
                        ByRegisters otherwise) {
    for (const Predicate& child : children) {
      const ByRegisters one = Consider(child, request);
      if (one == deciding) return deciding;
      if (one == ByRegisters::kOpen) otherwise = ByRegisters::kOpen;
    }
    return otherwise;
  };
  const auto& node = predicate->node;
  if (const auto* constantly = std::get_if<Constantly>(&node)) return known(constantly->value);
  if (const auto* compare = std::get_if<Compare>(&node)) {
    const uint64_t raw = request.args[compare->arg];
    return known(Holds(*compare, request.IsI386() ? static_cast<uint32_t>(raw) : raw));
  }
  if (const auto* all = std::get_if<AllOf>(&node)) {
    return join(all->children, ByRegisters::kFalse, ByRegisters::kTrue);
  }
  if (const auto* any = std::get_if<AnyOf>(&node)) {
    return join(any->children, ByRegisters::kTrue, ByRegisters::kFalse);
  }
  if (const auto* negation = std::get_if<Not>(&node)) {
    const ByRegisters one = Consider(negation->child, request);
    if (one == ByRegisters::kOpen) return one;
    return known(one == ByRegisters::kFalse);
  }
  return ByRegisters::kOpen;
}

// True if the filter may ask: the first rule that is not ruled out by registers is open, or its
// answer is the tracer's to give.
bool MayAsk(const Policy& policy, const SyscallRequest& request, const FilterOptions& options) {
  const auto arch = static_cast<Arch>(request.arch);
  const bool exec =
      request.HasKnownArch() && SyscallTable::Get().Find(request) != nullptr &&
      absl::StrCat(SyscallTable::Get().Find(request)->signature->name).find("execve") == 0;
  const auto answer_asks = [&](const Rule& rule) {
    const uint32_t answer = AnswerFor(rule.decision(), options);
    return answer == kTrace || (options.trace_exec && exec && answer != SECCOMP_RET_ALLOW);
  };
  if (!request.HasKnownArch()) return answer_asks(policy.ArchRule());
  for (const BoundRule& bound : policy.RulesFor(arch, request.nr)) {
    switch (Consider(bound.condition, request)) {
      case ByRegisters::kFalse:
        break;
      case ByRegisters::kTrue:
        return answer_asks(*bound.rule);
      case ByRegisters::kOpen:
        return true;
    }
  }
  return answer_asks(policy.OtherwiseFor(arch, request.nr));
}

std::string Describe(const Policy& policy, const SyscallRequest& request,
                     const BpfProgram& program) {
  std::string text = absl::StrCat("arch 0x", absl::Hex(request.arch), " nr ", request.nr);
  for (const uint64_t arg : request.args) absl::StrAppend(&text, " 0x", absl::Hex(arg));
  for (const BoundRule& bound : policy.RulesFor(static_cast<Arch>(request.arch), request.nr)) {
    absl::StrAppend(&text, "\n", VerdictToString(bound.rule->verdict), " if ",
                    PredicateToString(bound.condition, nullptr));
  }
  return absl::StrCat(text, "\ndefault ", VerdictToString(policy.default_rule().verdict), "\n",
                      DisassembleBpf(program));
}

struct Tally {
  int answered = 0;
  int asked = 0;
};

void Compare(const Policy& policy, const FilterOptions& options, const BpfProgram& program,
             const SyscallRequest& request, Tally& tally) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer, RunBpf(program, ToSeccompData(request)));
  if (answer == kTrace) {
    ++tally.asked;
    EXPECT_TRUE(MayAsk(policy, request, options)) << Describe(policy, request, program);
    return;
  }
  ++tally.answered;
  PolicyState state;
  for (FakeArgumentReader& memory : EveryMemory(request)) {
    ASSERT_EQ(SeccompActionToString(answer),
              SeccompActionToString(AnswerFor(policy.Decide(request, memory, state), options)))
        << Describe(policy, request, program);
  }
}

TEST(FilterDifferential, FilterAndEvaluatorAgree) {
  constexpr uint32_t kSeed = 20240229;
  constexpr int kPolicies = 3000;
  constexpr int kRequests = 50;
  Tally tally;
  for (int round = 0; round < kPolicies; ++round) {
    const uint32_t seed = kSeed + static_cast<uint32_t>(round);
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Generator generator(seed);
    PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy, generator.SomePolicy());
    FilterOptions options = {.trace_exec = generator.Chance()};
    if (generator.OneIn(3)) {
      const uint32_t parity = generator.Below(2);
      options.needs_tracer = [parity](const Decision& decision) {
        return (decision.rule.back() & 1) == static_cast<int>(parity);
      };
    }
    PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program, CompileFilter(policy, options));
    ASSERT_THAT(VerifyBpf(program), IsOk());
    for (int i = 0; i < kRequests; ++i) {
      Compare(policy, options, program, generator.SomeRequest(), tally);
      if (HasFailure()) return;
    }
  }
  // The two ways are both exercised, or the test would prove little.
  EXPECT_GT(tally.answered, kPolicies * kRequests / 4);
  EXPECT_GT(tally.asked, kPolicies * kRequests / 20);
}

}  // namespace
}  // namespace provost
