#include "tracee/launcher.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "tracee/died.h"
#include "tracee/trace_options.h"

namespace provost {

// One page of shared memory; the child writes it before it exits, the supervisor reads it after
// that exit was waited for.
struct Launcher::Report {
  LaunchFailure failure;
};

namespace {

// What the child needs after the fork, made before it: nothing is allocated there.
struct ChildPlan {
  std::vector<char*> argv;
  std::vector<sock_fprog> filters;
  SignalState signals;
  bool no_new_privs;
  int go;
};

// Neither this nor RunChild may make calls of a sanitizer's own (sigaltstack(2) ahead of whatever
// does not return): the filter might refuse them.
[[noreturn, gnu::no_sanitize("address")]] void Fail(LaunchFailure& failure,
                                                    LaunchFailure::Step step) {
  failure.error = errno;
  failure.step = step;
  _exit(step == LaunchFailure::Step::kExec ? 127 : 125);
}

// Between fork and execve; async-signal-safe calls only.
[[noreturn, gnu::no_sanitize("address")]] void RunChild(const ChildPlan& plan,
                                                        LaunchFailure& failure) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = read(plan.go, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(125);  // the supervisor is gone; nobody reads our report

  plan.signals.Restore();
  if (plan.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    Fail(failure, LaunchFailure::Step::kNoNewPrivs);
  }
  for (const sock_fprog& filter : plan.filters) {
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
      Fail(failure, LaunchFailure::Step::kFilter);
    }
  }
  execvp(plan.argv[0], plan.argv.data());
  Fail(failure, LaunchFailure::Step::kExec);
}

ChildPlan MakePlan(const LaunchSpec& spec, int go) {
  ChildPlan plan = {.signals = spec.signals ? *spec.signals : SignalState::Capture(),
                    .no_new_privs = !spec.unsafe_allow_new_privs,
                    .go = go};
  for (const std::string& argument : spec.argv) {
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  }
  plan.argv.push_back(nullptr);
  for (const std::vector<sock_filter>& filter : spec.filters) {
    plan.filters.push_back(
        {static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())});
  }
  return plan;
}

void KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace

absl::StatusOr<Launcher> Launcher::Start(const LaunchSpec& spec) {
  if (spec.argv.empty()) return absl::InvalidArgumentError("no program to start");
  std::array<int, 2> pipe_fds;
  if (pipe2(pipe_fds.data(), O_CLOEXEC) < 0) return absl::ErrnoToStatus(errno, "pipe2");
  UniqueFd go_read(pipe_fds[0]);
  UniqueFd go_write(pipe_fds[1]);
  void* page =
      mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap of the launch report");
  auto* report = new (page) Report;
  const ChildPlan plan = MakePlan(spec, go_read.get());

  const pid_t pid = fork();
  if (pid == 0) {
    // Our copy of the writing end would keep the read from ending if the supervisor died.
    close(go_write.get());
    RunChild(plan, report->failure);
  }
  Launcher launcher(pid, report);
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (ptrace(PTRACE_SEIZE, pid, nullptr, kGuardedTraceOptions) < 0) {
    absl::Status status = TraceeError("PTRACE_SEIZE", pid, errno);
    if (absl::IsPermissionDenied(status)) {
      status = absl::PermissionDeniedError(absl::StrCat(
          status.message(),
          "; a task has one tracer, and this one has one already if it was started under strace, "
          "gdb or provost: start it outside of them; kernel.yama.ptrace_scope 3 forbids every "
          "tracer"));
    }
    KillAndReap(pid);
    return status;
  }
  if (write(go_write.get(), "g", 1) != 1) {
    const absl::Status status = absl::ErrnoToStatus(errno, "write to the new task's pipe");
    KillAndReap(pid);
    return status;
  }
  return launcher;
}

Launcher::Launcher(Launcher&& other) noexcept
    : pid_(other.pid_), report_(std::exchange(other.report_, nullptr)) {}

Launcher::~Launcher() {
  if (report_ != nullptr) munmap(report_, sizeof(Report));
}

LaunchFailure Launcher::Failure() const { return report_->failure; }

}  // namespace provost
