#include "supervisor/guardian.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/identity.h"

namespace provost {
namespace {

constexpr int kExitHung = 125;

// What the guardian's process knows of whom it watches.
struct Watched {
  pid_t pid;
  pid_t thread;
  UniqueFd pidfd;
  Identity identity;
};

// True if the watched thread is stopped by a signal or a debugger, or is gone.
bool IsStopped(const Watched& watched) {
  std::ifstream file(absl::StrCat("/proc/", watched.pid, "/task/", watched.thread, "/stat"));
  const std::string stat{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return true;
  return absl::string_view("TtZX").find(stat[name_end + 2]) != absl::string_view::npos;
}

// True once the supervisor's process has ended, for which it waits `milliseconds` (-1: for ever).
bool AwaitEnd(const Watched& watched, int milliseconds) {
  pollfd fd = {watched.pidfd.get(), POLLIN, 0};
  return poll(&fd, 1, milliseconds) == 1;
}

void KillAndRecord(const Watched& watched, const GuardianOptions& options) {
  syscall(SYS_pidfd_send_signal, watched.pidfd.get(), SIGKILL, nullptr, 0);
  // EXITKILL has taken the tree by then: the kernel does it before it tells of the end.
  AwaitEnd(watched, -1);
  const std::string text =
      absl::StrCat("provost: the supervisor (pid ", watched.pid,
                   ") hung; its guardian has killed it and all that it supervised\n");
  (void)!write(STDERR_FILENO, text.data(), text.size());
  const std::unique_ptr<AuditSink> sink = options.open_sink ? options.open_sink() : nullptr;
  if (sink == nullptr) return;
  (void)sink->Write(
      SupervisorEvent{.what = SupervisorEvent::What::kHung, .identity = &watched.identity});
  (void)sink->Flush();
}

[[noreturn]] void Guard(const std::atomic<uint64_t>& beats, const Watched& watched,
                        const GuardianOptions& options) {
  uint64_t seen = 0;
  int unchanged = 0;
  while (!AwaitEnd(watched, static_cast<int>(options.tick.count()))) {
    const uint64_t now = beats.load(std::memory_order_relaxed);
    const bool at_work = now % 2 == 1;
    if (!at_work || now != seen || IsStopped(watched)) {
      seen = now;
      unchanged = 0;
      continue;
    }
    if (++unchanged < options.ticks) continue;
    KillAndRecord(watched, options);
    _exit(kExitHung);
  }
  _exit(0);
}

// In the guardian's process.
void Hide() {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  prctl(PR_SET_NAME, "provost-guard");
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Guardian>> Guardian::Start(const GuardianOptions& options) {
  Watched watched{getpid(), gettid(), UniqueFd(), Identity()};
  watched.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, watched.pid, 0)));
  if (!watched.pidfd.valid()) return absl::ErrnoToStatus(errno, "pidfd_open of the supervisor");
  PROVOST_RETURN_IF_ERROR(ReadProgramIdentity(watched.pid, watched.identity));
  PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(watched.pid, watched.identity));
  void* memory =
      mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap of the guardian's page");
  std::unique_ptr<Guardian> guardian(new Guardian(new (memory) Page(0)));
  std::array<int, 2> fds = {-1, -1};
  if (pipe2(fds.data(), O_CLOEXEC) < 0) return absl::ErrnoToStatus(errno, "pipe2");
  const UniqueFd ready(fds[0]);
  UniqueFd says_ready(fds[1]);
  guardian->pid_ = fork();
  if (guardian->pid_ < 0) return absl::ErrnoToStatus(errno, "fork of the guardian");
  if (guardian->pid_ == 0) {
    Hide();
    (void)!write(says_ready.get(), "r", 1);
    says_ready.reset();
    Guard(*guardian->page_, watched, options);
  }
  // No task is started before it is out of their reach.
  says_ready.reset();
  char byte = 0;
  ssize_t got = 0;
  do {
    got = read(ready.get(), &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) return absl::UnavailableError("the guardian was killed before it could begin");
  return guardian;
}

Guardian::~Guardian() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  munmap(page_, sizeof(Page));
}

bool Guardian::IsThere() const {
  siginfo_t info = {};
  return waitid(P_PID, pid_, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

}  // namespace provost
