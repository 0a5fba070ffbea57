#include "tools/cli/inheritance.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "supervisor/policy_source_json.h"
#include "tools/cli/command_line.h"
#include "tools/cli/sealed_file.h"

namespace provost {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LogSink::Saved::Outlet, lost, run_taken, run_lost)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LogSink::Saved, next_serial, unstamped_lost, outlets)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Inheritance, run, policies, sink, kept, blocked)

namespace {

using Json = nlohmann::json;

// Of what stands beside the run's state, which has a version of its own.
constexpr int kVersion = 1;
// The longest that the successor may take to say whether it can go on.
constexpr int kCheckMilliseconds = 20'000;

absl::Status Refused(const std::string& successor, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(successor, " cannot go on with it: ", why));
}

absl::Status Check(const std::string& successor, int state) {
  std::vector<std::string> words = WithDescriptor(OwnCommandLine(), "--resume-check", state);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, successor.c_str(), nullptr, nullptr, Pointers(words).data(), environ);
  if (error != 0) return Refused(successor, strerror(error));
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  pollfd end = {.fd = process.get(), .events = POLLIN, .revents = 0};
  const bool in_time = process.valid() && poll(&end, 1, kCheckMilliseconds) == 1;
  if (!in_time) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return Refused(successor, "it does not say whether it can");
  if (!WIFEXITED(status)) return Refused(successor, "its check was killed");
  if (WEXITSTATUS(status) == 0) return absl::OkStatus();
  return Refused(successor, absl::StrCat("its check gave ", WEXITSTATUS(status)));
}

// A writer that is open across the execve.
std::vector<UniqueFd> KeepOpen(const std::vector<std::string>& pipes) {
  std::vector<UniqueFd> kept;
  for (const std::string& path : pipes) {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY));
    if (fd.valid()) kept.push_back(std::move(fd));
  }
  return kept;
}

}  // namespace

absl::StatusOr<Inheritance> ReadInheritance(int fd) {
  PROVOST_ASSIGN_OR_RETURN(const std::string bytes, ReadSealedFile(fd));
  // nlohmann-json has no other way to say what is wrong with a value.
  try {
    const Json json = Json::from_cbor(bytes);
    if (const int version = json.at("version").get<int>(); version != kVersion) {
      return absl::UnimplementedError(absl::StrCat("the run was left by a version ", version,
                                                   ", and this program knows ", kVersion));
    }
    return json.at("left").get<Inheritance>();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no state of a run: ", error.what()));
  }
}

absl::StatusOr<UniqueFd> WriteInheritance(const Inheritance& left) {
  std::string bytes;
  Json::to_cbor(Json{{"version", kVersion}, {"left", left}}, bytes);
  return ToSealedFile(bytes);
}

absl::Status LeaveTo(const std::string& successor, Inheritance left,
                     const std::vector<std::string>& pipes) {
  const std::vector<UniqueFd> kept = KeepOpen(pipes);
  for (const UniqueFd& fd : kept) left.kept.push_back(fd.get());
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  for (int signal = 1; signal < _NSIG; ++signal) {
    if (sigismember(&before, signal) == 1) left.blocked.push_back(signal);
  }
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd state, WriteInheritance(left));
  PROVOST_RETURN_IF_ERROR(Check(successor, state.get()));
  std::vector<std::string> words = WithDescriptor(OwnCommandLine(), "--resume", state.get());
  // A signal must not meet the successor before its handlers.
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  execv(successor.c_str(), Pointers(words).data());
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return Refused(successor, strerror(error));
}

void TakeOver(const Inheritance& inheritance) {
  for (const int fd : inheritance.kept) close(fd);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int signal : inheritance.blocked) sigaddset(&blocked, signal);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace provost
