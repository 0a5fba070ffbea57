#include "tools/cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace provost {
namespace {

constexpr std::array kRelayed = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                 SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT};

std::atomic<pid_t> g_program = 0;
std::atomic<bool> g_end_asked = false;

void OnSignal(int signal, siginfo_t* info, void*) {
  const int saved_errno = errno;
  if (signal == SIGINT || signal == SIGQUIT || signal == SIGTERM || signal == SIGHUP) {
    g_end_asked = true;
  }
  // The kernel's own (SI_KERNEL: a key on the terminal) went to the whole foreground group, the
  // program included.
  const pid_t program = g_program;
  if (info->si_code <= 0 && program > 0) kill(program, signal);
  errno = saved_errno;
}

void SetHandlers(bool ours) {
  for (const int signal : kRelayed) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) < 0 || action.sa_handler == SIG_IGN) continue;
    action = {};
    if (ours) {
      action.sa_sigaction = OnSignal;
      action.sa_flags = SA_SIGINFO | SA_RESTART;
    } else {
      action.sa_handler = SIG_DFL;
    }
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace

SignalRelay::SignalRelay() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  // A reader that closed our pipe is an error of the write, not our end.
  sigaction(SIGPIPE, &ignore, nullptr);
  // A diagnostic while another job has the terminal must not stop us (termios(3), TOSTOP).
  sigaction(SIGTTOU, &ignore, nullptr);
}

SignalRelay::~SignalRelay() { Stop(); }

void SignalRelay::Start(pid_t pid) {
  g_program = pid;
  SetHandlers(true);
}

void SignalRelay::Stop() {
  SetHandlers(false);
  g_program = 0;
}

bool SignalRelay::EndWasAsked() { return g_end_asked; }

void StopWithJob(pid_t pid) {
  if (getpgid(pid) == getpgrp()) raise(SIGSTOP);
}

}  // namespace provost
