#include "tools/cli/handover_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "supervisor/supervisor.h"

namespace provost {
namespace {

// How often it is looked whether the old supervisor has its tree back.
constexpr int kLookMilliseconds = 100;

// What the watch knows.
struct Watched {
  UniqueFd successor;
  UniqueFd old_supervisor;
  UniqueFd cgroups;  // paths, each with a NUL behind it
};

UniqueFd PidfdOf(pid_t pid) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool AwaitEnd(const UniqueFd& pidfd, int milliseconds) {
  pollfd fd = {pidfd.get(), POLLIN, 0};
  return poll(&fd, 1, milliseconds) == 1;
}

// Appends what can be read without waiting; false once nothing more will come.
bool ReadSome(const UniqueFd& fd, std::string& text) {
  std::array<char, 4096> piece;
  const ssize_t got = read(fd.get(), piece.data(), piece.size());
  if (got > 0) text.append(piece.data(), static_cast<size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

// All that the successor has named until its end.
FrozenTree AwaitSuccessorsEnd(const Watched& watched) {
  std::string text;
  std::array<pollfd, 2> fds = {pollfd{watched.successor.get(), POLLIN, 0},
                               pollfd{watched.cgroups.get(), POLLIN, 0}};
  while (fds[0].revents == 0) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if ((fds[1].revents & POLLIN) != 0) ReadSome(watched.cgroups, text);
  }
  while (ReadSome(watched.cgroups, text)) {
  }
  FrozenTree tree;
  tree.cgroups = absl::StrSplit(text, '\0', absl::SkipEmpty());
  return tree;
}

[[noreturn]] void Watch(const Watched& watched) {
  const FrozenTree tree = AwaitSuccessorsEnd(watched);
  const auto is_there = [](const std::string& path) { return access(path.c_str(), F_OK) == 0; };
  // They are named before they are made.
  bool were_there = false;
  while (!AwaitEnd(watched.old_supervisor, kLookMilliseconds)) {
    const bool are_there = std::any_of(tree.cgroups.begin(), tree.cgroups.end(), is_there);
    // It has its tree back, and has removed them.
    if (were_there && !are_there) _exit(0);
    were_there = were_there || are_there;
  }
  KillFrozen(tree).IgnoreError();
  _exit(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HandoverWatch>> HandoverWatch::Start(pid_t old_supervisor) {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) return absl::ErrnoToStatus(errno, "pipe2");
  Watched watched = {PidfdOf(getpid()), PidfdOf(old_supervisor), UniqueFd(ends[0])};
  UniqueFd cgroups(ends[1]);
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
    cgroups.reset();
    Watch(watched);
  }
  return std::unique_ptr<HandoverWatch>(new HandoverWatch(pid, std::move(cgroups)));
}

HandoverWatch::~HandoverWatch() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void HandoverWatch::Add(const std::string& cgroup) const {
  // In one piece (pipe(7), PIPE_BUF).
  (void)!write(cgroups_.get(), cgroup.c_str(), cgroup.size() + 1);
}

}  // namespace provost
