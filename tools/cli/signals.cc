#include "tools/cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

constexpr std::array kRelayed = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                 SIGUSR2, SIGALRM, SIGTSTP, SIGCONT};

// Between two attempts to wake the supervisor, in seconds.
constexpr unsigned kWakeAgain = 1;

std::atomic<pid_t> g_program = 0;
std::atomic<bool> g_end_asked = false;
// The program did not begin in our process group.
std::atomic<bool> g_apart = false;
// What the program should have got came when it was reaped, and nobody had been told yet.
std::atomic<bool> g_came_late = false;

// True for a task that we trace, as /proc/PID/status tells. For a signal handler: async-signal-safe
// calls only, nothing allocated.
bool IsOurTask(pid_t pid) {
  constexpr absl::string_view kField = "\nTracerPid:\t";
  std::array<char, 32> path = {"/proc/"};
  char* end = std::to_chars(path.data() + strlen(path.data()), path.end(), pid).ptr;
  memcpy(end, "/status", sizeof("/status"));
  const int fd = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  // The field is among the first; comm, which stands before it, has its newlines escaped.
  std::array<char, 512> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  close(fd);
  if (got < 0) return false;
  const absl::string_view text(buffer.data(), got);
  const size_t field = text.find(kField);
  if (field == absl::string_view::npos) return false;
  pid_t tracer = 0;
  std::from_chars(text.data() + field + kField.size(), text.data() + text.size(), tracer);
  return tracer == getpid();
}

// True for a signal that the program has not got by itself, and would have got in our place.
bool IsForProgramAlone(int signal, const siginfo_t& info) {
  // What a task of ours sends to us it has sent to its whole group: `kill 0` of a script.
  if (info.si_code <= 0) return !IsOurTask(info.si_pid);
  if (const pid_t program = g_program; g_apart && program > 0 && getpgid(program) != getpgrp()) {
    return true;
  }
  // The kernel's own go to the whole foreground group (a key on the terminal), but for the end of
  // the terminal, of which it tells the leader of the session alone (drivers/tty/tty_jobctrl.c).
  if (signal == SIGHUP || signal == SIGCONT) return getsid(0) == getpid();
  // An alarm set before we were executed, as `timeout` scripts do: the program would have kept it.
  return signal == SIGALRM;
}

void OnSignal(int signal, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (signal == SIGINT || signal == SIGQUIT || signal == SIGTERM || signal == SIGHUP) {
    g_end_asked = true;
  }
  const pid_t program = g_program;
  if (IsForProgramAlone(signal, *info)) {
    const bool is_gone = program == 0 || (kill(program, signal) != 0 && errno == ESRCH);
    if (is_gone && signal != SIGTSTP && signal != SIGCONT) g_came_late = true;
  }
  errno = saved_errno;
}

// What would end the supervisor once the program is gone: the run ends in order instead. The wait
// that this interrupts may be about to begin, so the alarm comes back until somebody has asked.
void OnEnd(int /*signal*/) {
  g_end_asked = true;
  alarm(kWakeAgain);
}

void AskForEndOn(int signal) {
  struct sigaction action = {};
  action.sa_handler = OnEnd;  // without SA_RESTART
  sigaction(signal, &action, nullptr);
}

void OnFirstEnd(int /*signal*/) {
  constexpr absl::string_view kWarning =
      "provost: the processes that it supervises cannot do without it: they end with it. "
      "Once more ends all of them\n";
  const int saved_errno = errno;
  (void)!write(STDERR_FILENO, kWarning.data(), kWarning.size());
  errno = saved_errno;
}

enum class Phase : uint8_t { kProgramRuns, kProgramEnded, kOver };

void SetHandlers(Phase phase) {
  for (const int signal : kRelayed) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) < 0 || action.sa_handler == SIG_IGN) continue;
    action = {};
    if (phase == Phase::kProgramRuns) {
      action.sa_sigaction = OnSignal;
      action.sa_flags = SA_SIGINFO | SA_RESTART;
    } else {
      action.sa_handler = SIG_DFL;
    }
    if (phase == Phase::kProgramEnded && signal != SIGTSTP && signal != SIGCONT) {
      AskForEndOn(signal);
    } else {
      sigaction(signal, &action, nullptr);
    }
  }
  if (phase == Phase::kProgramEnded) AskForEndOn(SIGALRM);
}

// Stops the calling process by `signal`, whatever else it does on it.
void StopBy(int signal) {
  sigset_t only;
  sigset_t blocked;
  sigemptyset(&only);
  sigaddset(&only, signal);
  struct sigaction stop = {};
  struct sigaction usual = {};
  stop.sa_handler = SIG_DFL;
  // Fails for SIGSTOP alone, which does nothing else.
  const bool changed = sigaction(signal, &stop, &usual) == 0;
  pthread_sigmask(SIG_UNBLOCK, &only, &blocked);
  raise(signal);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  if (changed) sigaction(signal, &usual, nullptr);
}

// A shell with job control gives each job a process group of its own, in its session.
bool ParentHasJobControl() {
  const pid_t parent = getppid();
  return getsid(parent) == getsid(0) && getpgid(parent) != getpgrp();
}

}  // namespace

SignalRelay::SignalRelay() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  // A reader that closed our pipe is an error of the write, not our end.
  sigaction(SIGPIPE, &ignore, nullptr);
  // So is a log that has grown to RLIMIT_FSIZE.
  sigaction(SIGXFSZ, &ignore, nullptr);
  // A diagnostic while another job has the terminal must not stop us (termios(3), TOSTOP).
  sigaction(SIGTTOU, &ignore, nullptr);
  // It tells which of many tasks to wait for (tracee/waiter.h).
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &usual, nullptr);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &only, nullptr);
}

SignalRelay::~SignalRelay() {
  alarm(0);
  SetHandlers(Phase::kOver);
}

void SignalRelay::Start(pid_t pid) {
  g_program = pid;
  SetHandlers(Phase::kProgramRuns);
}

void SignalRelay::StartApart(pid_t pid) {
  g_apart = true;
  Start(pid);
}

void SignalRelay::ProgramEnded() {
  g_program = 0;
  // What the program was asked is not asked of what it left running.
  g_end_asked = false;
  SetHandlers(Phase::kProgramEnded);
  if (g_came_late) OnEnd(0);
}

bool SignalRelay::EndWasAsked() {
  if (!g_end_asked) return false;
  if (g_program == 0) alarm(0);
  return true;
}

void WarnBeforeEnd() {
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) < 0 || action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = OnFirstEnd;
    action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &ignore, nullptr);
}

void StopWithJob(pid_t pid, int signal) {
  if (!ParentHasJobControl()) return;
  const pid_t group = getpgid(pid);
  if (group == getpgrp()) return StopBy(signal);
  // A shell that has left the job for a group of its own, and suspends: to our parent it is the job
  // all the same. What `fg` then does to our group is meant for that one.
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  const bool had_terminal = terminal.valid() && tcgetpgrp(terminal.get()) == group;
  StopBy(signal);
  if (had_terminal && tcgetpgrp(terminal.get()) == getpgrp()) tcsetpgrp(terminal.get(), group);
  kill(-group, SIGCONT);
}

}  // namespace provost
