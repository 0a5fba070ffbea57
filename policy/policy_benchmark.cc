// Time of what has no ptrace in it: deciding, interpreting and compiling.
//   tools/bench policy

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "policy/bpf.h"
#include "policy/fake_argument_reader.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/predicate_builders.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// `rules` rules in turn over every call of x86_64: one in four allows outright, the rest look at
// registers.
Policy RegisterPolicy(int rules) {
  PolicyBuilder builder;
  builder.Default(Deny{EPERM});
  const absl::Span<const Syscall> calls = SyscallTable::Get().All(Arch::kX86_64);
  for (int i = 0; i < rules; ++i) {
    const absl::string_view call = calls[static_cast<size_t>(i) % calls.size()].signature->name;
    const auto value = static_cast<uint64_t>(i);
    switch (i % 4) {
      case 0:
        builder.Add({.verdict = Allow{}}, {call});
        break;
      case 1:
        builder.Add({.verdict = Allow{}}, {call},
                    Always(Arg(0, ArgWidth::kS32, CompareOp::kLe, value)));
        break;
      case 2:
        builder.Add({.verdict = Deny{EACCES}}, {call},
                    Always(All({Arg(1, ArgWidth::kU64, CompareOp::kGt, value),
                                Arg(2, ArgWidth::kU32, CompareOp::kEq, 2, 3)})));
        break;
      default:
        builder.Add({.verdict = Allow{}}, {call},
                    Always(Any({Arg(0, ArgWidth::kS64, CompareOp::kLt, value),
                                Arg(3, ArgWidth::kU32, CompareOp::kEq, 0)})));
        break;
    }
  }
  return *builder.Build();
}

// Eight rules on openat's path and flags; the last one matches.
Policy PathPolicy() {
  PolicyBuilder builder;
  for (int i = 0; i < 8; ++i) {
    builder.Add({.verdict = Deny{EACCES}}, {"openat"},
                Always(All({StringIs(1, i == 7 ? "/etc/passwd" : absl::StrCat("/etc/shadow", i)),
                            Arg(2, ArgWidth::kS32, CompareOp::kEq, 0, 3)})));
  }
  return *builder.Build();
}

SyscallRequest OpenAt() {
  const int32_t nr = SyscallTable::Get().Find(Arch::kX86_64, "openat")->nr;
  return {.arch = AUDIT_ARCH_X86_64, .nr = nr, .args = {0, 0x1000, 0}};
}

void BM_DecideByRegisters(benchmark::State& state) {
  const Policy policy = RegisterPolicy(400);
  FakeArgumentReader memory;
  PolicyState counters;
  SyscallRequest request = OpenAt();
  while (state.KeepRunning()) {
    request.nr = (request.nr + 1) % 300;
    benchmark::DoNotOptimize(policy.Decide(request, memory, counters));
  }
}
BENCHMARK(BM_DecideByRegisters);

void BM_DecideByPath(benchmark::State& state) {
  const Policy policy = PathPolicy();
  FakeArgumentReader memory({{0x1000, "/etc/passwd"}});
  PolicyState counters;
  const SyscallRequest request = OpenAt();
  while (state.KeepRunning()) benchmark::DoNotOptimize(policy.Decide(request, memory, counters));
}
BENCHMARK(BM_DecideByPath);

// Among many rules for paths, of which none matches.
void BM_DecideAmongPaths(benchmark::State& state) {
  PolicyBuilder builder;
  for (int i = 0; i < state.range(0); ++i) {
    builder.Add({.verdict = Deny{EACCES}}, {"openat"},
                Always(StringIs(1, absl::StrCat("/srv/app", 1000 + i, "/secret"))));
  }
  const Policy policy = *builder.Build();
  FakeArgumentReader memory({{0x1000, "/srv/application"}});
  PolicyState counters;
  const SyscallRequest request = OpenAt();
  while (state.KeepRunning()) benchmark::DoNotOptimize(policy.Decide(request, memory, counters));
}
BENCHMARK(BM_DecideAmongPaths)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

void BM_RunBpf(benchmark::State& state) {
  const BpfProgram program = *CompileFilter(RegisterPolicy(400), {});
  seccomp_data data = ToSeccompData(OpenAt());
  int64_t instructions = 0;
  while (state.KeepRunning()) {
    int executed = 0;
    data.nr = (data.nr + 1) % 300;
    benchmark::DoNotOptimize(RunBpf(program, data, &executed));
    instructions += executed;
  }
  state.counters["instructions"] =
      benchmark::Counter(static_cast<double>(instructions), benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_RunBpf);

void BM_CompileFilter(benchmark::State& state) {
  const Policy policy = RegisterPolicy(static_cast<int>(state.range(0)));
  size_t size = 0;
  while (state.KeepRunning()) {
    const absl::StatusOr<BpfProgram> program = CompileFilter(policy, {});
    size = program->size();
    benchmark::DoNotOptimize(program);
  }
  state.counters["size"] = static_cast<double>(size);
}
BENCHMARK(BM_CompileFilter)->Arg(0)->Arg(400)->Arg(4000)->Unit(benchmark::kMillisecond);

// A policy file of `rules` rules as people write them, from its text to its filter.
std::string PolicyText(int rules) {
  std::string text = "default deny EPERM\nlet libraries = {\"/lib/**\", \"/usr/lib/**\"}\n";
  const absl::Span<const Syscall> calls = SyscallTable::Get().All(Arch::kX86_64);
  for (int i = 0; i < rules; ++i) {
    switch (i % 4) {
      case 0:
        absl::StrAppend(&text, "allow ",
                        calls[static_cast<size_t>(i) % calls.size()].signature->name, "\n");
        break;
      case 1:
        absl::StrAppend(&text, "allow socket if family in {AF_UNIX, ", i,
                        "} && (type & 0xf) == SOCK_STREAM\n");
        break;
      case 2:
        absl::StrAppend(&text, "deny EACCES openat if path ~ \"/srv/", i, "/**\" as \"rule-", i,
                        "\"\n");
        break;
      default:
        absl::StrAppend(&text, "allow openat if path ~ libraries && flags only ", i, "\n");
        break;
    }
  }
  return text;
}

void BM_TextToFilter(benchmark::State& state) {
  const std::string text = PolicyText(static_cast<int>(state.range(0)));
  while (state.KeepRunning()) {
    const absl::StatusOr<ParsedPolicy> parsed = ParsePolicyText(text, "benchmark.policy");
    if (!parsed.ok()) {
      state.SkipWithError(std::string(parsed.status().message()).c_str());
      break;
    }
    benchmark::DoNotOptimize(CompileFilter(parsed->policy, {}));
  }
}
BENCHMARK(BM_TextToFilter)->Arg(40)->Arg(400)->Arg(4000)->Unit(benchmark::kMillisecond);

// How many instructions a call costs, by the number of calls that have rules: the search over them
// is binary.
void BM_SearchOverCalls(benchmark::State& state) {
  PolicyBuilder builder;
  builder.Arches({Arch::kX86_64}).Default(Deny{EPERM});
  const absl::Span<const Syscall> calls = SyscallTable::Get().All(Arch::kX86_64);
  const auto ruled = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < ruled; ++i) {
    // Every one a different answer, or neighbours would be one range; spread over all numbers.
    builder.Add({.verdict = Deny{static_cast<int>(i + 1)}},
                {calls[i * calls.size() / ruled].signature->name});
  }
  const BpfProgram program = *CompileFilter(*builder.Build(), {.trace_exec = false});
  seccomp_data data = ToSeccompData(OpenAt());
  int most = 0;
  int64_t instructions = 0;
  while (state.KeepRunning()) {
    int executed = 0;
    data.nr = (data.nr + 1) % 300;
    benchmark::DoNotOptimize(RunBpf(program, data, &executed));
    instructions += executed;
    most = std::max(most, executed);
  }
  state.counters["instructions"] =
      benchmark::Counter(static_cast<double>(instructions), benchmark::Counter::kAvgIterations);
  state.counters["most"] = most;
}
BENCHMARK(BM_SearchOverCalls)->RangeMultiplier(4)->Range(1, 256);

void BM_BuildPolicy(benchmark::State& state) {
  while (state.KeepRunning()) benchmark::DoNotOptimize(RegisterPolicy(400));
}
BENCHMARK(BM_BuildPolicy)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace provost
