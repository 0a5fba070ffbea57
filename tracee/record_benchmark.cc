// What gathering a record costs, of a task that is stopped: before formatting, beside nothing.

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/call_facts.h"
#include "base/identity.h"
#include "benchmark/benchmark.h"
#include "syscalls/request.h"
#include "tracee/call_facts.h"
#include "tracee/identity.h"
#include "tracee/task_identities.h"
#include "tracee/task_memory.h"

namespace provost {
namespace {

constexpr char kAbsolute[] = "/etc/passwd";
constexpr char kThroughALink[] = "/bin/sh";
constexpr char kAbsent[] = "/etc/absent";
constexpr char kRelative[] = "etc/passwd";

class Stopped {
 public:
  Stopped() : pid_(fork()) {
    if (pid_ == 0) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      raise(SIGSTOP);
      _exit(0);
    }
    waitpid(pid_, nullptr, 0);
  }
  ~Stopped() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

void IdentityFromProc(benchmark::State& state) {
  const Stopped task;
  while (state.KeepRunning()) {
    Identity identity;
    if (!ReadTaskIdentity(task.pid(), identity).ok()) return state.SkipWithError("unread");
    benchmark::DoNotOptimize(identity);
  }
}
BENCHMARK(IdentityFromProc);

void IdentityKeptOpen(benchmark::State& state) {
  const Stopped task;
  TaskIdentities identities(0, static_cast<TaskIdentities::Source>(state.range(0)));
  while (state.KeepRunning()) {
    Identity identity;
    if (!identities.Read(task.pid(), identity).ok()) return state.SkipWithError("unread");
    benchmark::DoNotOptimize(identity);
  }
}
BENCHMARK(IdentityKeptOpen)->Arg(0)->Arg(1);

void Facts(benchmark::State& state, const char* path) {
  const Stopped task;
  TaskIdentities identities;
  CallFactsReader reader;
  TaskMemory memory(task.pid());
  SyscallRequest request;
  request.arch = AUDIT_ARCH_X86_64;
  request.nr = SYS_open;
  request.args[0] = reinterpret_cast<uint64_t>(path);
  while (state.KeepRunning()) {
    CallFacts facts;
    const auto directory = identities.Directory(task.pid());
    if (!directory.ok() || !reader.Read(task.pid(), *directory, request, memory, facts).ok() ||
        facts.paths.empty()) {
      return state.SkipWithError("unread");
    }
    benchmark::DoNotOptimize(facts);
  }
}
BENCHMARK_CAPTURE(Facts, absolute, kAbsolute);
BENCHMARK_CAPTURE(Facts, link, kThroughALink);
BENCHMARK_CAPTURE(Facts, absent, kAbsent);
BENCHMARK_CAPTURE(Facts, relative, kRelative);

}  // namespace
}  // namespace provost
