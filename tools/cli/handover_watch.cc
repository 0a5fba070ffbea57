#include "tools/cli/handover_watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "base/unique_fd.h"
#include "supervisor/supervisor.h"

namespace provost {
namespace {

// How often it is looked whether the old supervisor has its tree back.
constexpr int kLookMilliseconds = 100;

// After so many, more than the old supervisor takes for a step, nothing is under way.
constexpr int kMostLooks = 60;

// What the watch knows.
struct Watched {
  UniqueFd successor;
  UniqueFd old_supervisor;
  pid_t old_pid;
};

UniqueFd PidfdOf(pid_t pid) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool AwaitEnd(const UniqueFd& pidfd, int milliseconds) {
  pollfd fd = {pidfd.get(), POLLIN, 0};
  return poll(&fd, 1, milliseconds) == 1;
}

[[noreturn]] void Watch(const Watched& watched) {
  AwaitEnd(watched.successor, -1);
  int looks = 0;
  while (!AwaitEnd(watched.old_supervisor, kLookMilliseconds)) {
    // It has its tree back, and no successor that it could go on for.
    if (FindFrozen(watched.old_pid).cgroups.empty() && ++looks == kMostLooks) _exit(0);
  }
  KillFrozen(FindFrozen(watched.old_pid)).IgnoreError();
  _exit(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HandoverWatch>> HandoverWatch::Start(pid_t old_supervisor) {
  const Watched watched = {PidfdOf(getpid()), PidfdOf(old_supervisor), old_supervisor};
  if (!watched.successor.valid() || !watched.old_supervisor.valid()) {
    return absl::ErrnoToStatus(errno, "pidfd_open");
  }
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork of the handover's watch");
  if (pid == 0) {
    setsid();
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    prctl(PR_SET_NAME, "provost-watch");
    prctl(PR_SET_DUMPABLE, 0);
    Watch(watched);
  }
  return std::unique_ptr<HandoverWatch>(new HandoverWatch(pid));
}

HandoverWatch::~HandoverWatch() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace provost
