#include "tests/support/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "tests/support/watchdog.h"

namespace provost {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> fds = {-1, -1};
    if (pipe2(fds.data(), O_CLOEXEC) < 0) abort();
    reading.reset(fds[0]);
    writing.reset(fds[1]);
  }
  UniqueFd reading;
  UniqueFd writing;
};

// Milliseconds until `deadline`, for poll(2).
int Left(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

// Appends what can be read now; closes `fd` at its end.
void Drain(UniqueFd& fd, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), got);
  } else if (got == 0 || errno != EINTR) {
    fd.reset();
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Ended& ended) {
  stream << "exit code " << ended.exit_code << ", signal " << ended.signal;
  if (ended.timed_out) stream << ", timed out";
  return stream << ", standard output:\n" << ended.out << "standard error:\n" << ended.err;
}

Subprocess::Subprocess(const std::vector<std::string>& argv,
                       const std::function<void()>& in_child) {
  Pipe out;
  Pipe err;
  const UniqueFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) abort();
  if (pid_ == 0) {
    setpgid(0, 0);
    dup2(nothing.get(), STDIN_FILENO);
    dup2(out.writing.get(), STDOUT_FILENO);
    dup2(err.writing.get(), STDERR_FILENO);
    if (in_child) in_child();
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  // Both sides do it, so that it is done whoever runs first.
  setpgid(pid_, pid_);
  out_ = std::move(out.reading);
  err_ = std::move(err.reading);
}

Subprocess::~Subprocess() {
  if (reaped_) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Subprocess::ReadSome(Clock::time_point deadline) {
  std::array<pollfd, 2> fds = {{{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
  if (!out_.valid() && !err_.valid()) return false;
  const int ready = poll(fds.data(), fds.size(), Left(deadline));
  if (ready == 0) return false;
  if (fds[0].revents != 0) Drain(out_, out_text_);
  if (fds[1].revents != 0) Drain(err_, err_text_);
  return true;
}

bool Subprocess::AwaitOutput(absl::string_view text) { return AwaitIn(out_text_, text); }

bool Subprocess::AwaitError(absl::string_view text) { return AwaitIn(err_text_, text); }

bool Subprocess::AwaitIn(const std::string& written, absl::string_view text) {
  const Clock::time_point deadline = Clock::now() + kTestTimeout;
  while (!absl::StrContains(written, text)) {
    if (!ReadSome(deadline)) return false;
  }
  return true;
}

int Subprocess::AwaitStop() {
  const Clock::time_point deadline = Clock::now() + kTestTimeout;
  while (Clock::now() < deadline) {
    siginfo_t info = {};
    // A process that has ended stays for Wait.
    waitid(P_PID, pid_, &info, WSTOPPED | WEXITED | WNOWAIT | WNOHANG);
    if (info.si_pid == pid_) {
      if (info.si_code != CLD_STOPPED) return 0;
      waitid(P_PID, pid_, &info, WSTOPPED);
      return info.si_status;
    }
    poll(nullptr, 0, 5);
  }
  return 0;
}

void Subprocess::Fill(Ended& ended, int status) {
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = std::move(out_text_);
  ended.err = std::move(err_text_);
}

Ended Subprocess::Wait() {
  Ended ended;
  const Clock::time_point deadline = Clock::now() + kTestTimeout;
  while (ReadSome(deadline)) {
  }
  int status = 0;
  while (true) {
    const pid_t got = waitpid(pid_, &status, WNOHANG);
    if (got != 0) break;
    if (Clock::now() >= deadline) {
      ended.timed_out = true;
      kill(-pid_, SIGKILL);
      waitpid(pid_, &status, 0);
      break;
    }
    poll(nullptr, 0, 2);
  }
  reaped_ = true;
  if (out_.valid() || err_.valid()) ended.timed_out = true;
  Fill(ended, status);
  return ended;
}

Ended RunNatively(const std::vector<std::string>& argv) { return Subprocess(argv).Wait(); }

}  // namespace provost
