#include "tools/attack/attack_runner.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "tools/attack/attacks.h"

namespace provost {
namespace {

// The program of attacks.c.
constexpr unsigned char kProgram[] = {
#include "tools/attack/attacks_program.inc"
};

constexpr Attack kAttacks[] = {
#define ATTACK(name, function, what) {name, what},
#include "tools/attack/attack_list.inc"
#undef ATTACK
};

// No attack takes longer, however busy the machine; what still runs then hangs.
constexpr unsigned kMostSeconds = 60;

// The host's own ends, beside those in attacks.h.
constexpr int kHostFailed = 20;

std::atomic<bool> g_was_hit = false;

// A process that does nothing but be attacked.
class Outsider {
 public:
  Outsider() : pid_(fork()) {
    if (pid_ != 0) return;
    for (;;) pause();
  }
  ~Outsider() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Outsider(const Outsider&) = delete;
  Outsider& operator=(const Outsider&) = delete;
  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

// The host: supervises the attack, and is attacked.
int Host(const Attack& attack, const Options& options, int program, pid_t outsider) {
  alarm(kMostSeconds);
  struct sigaction action = {};
  action.sa_handler = [](int) { g_was_hit = true; };
  action.sa_flags = SA_RESTART;
  sigaction(SIGURG, &action, nullptr);
  const absl::StatusOr<Outcome> outcome = Supervisor(options).Run(
      {absl::StrCat("/proc/self/fd/", program), std::string(attack.name), absl::StrCat(outsider)});
  if (!outcome.ok()) return kHostFailed;
  const auto* exited = std::get_if<Exited>(&*outcome);
  if (exited == nullptr) {
    return std::holds_alternative<KilledBy>(*outcome) ? static_cast<int>(kRefused) : kHostFailed;
  }
  if (exited->code != kAskSupervisor) return exited->code;
  return g_was_hit ? kGotThrough : kRefused;
}

absl::StatusOr<AttackOutcome> ReadEnd(const Attack& attack, int status) {
  using Result = AttackOutcome::Result;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return AttackOutcome{Result::kGotThrough,
                         signal == SIGALRM
                             ? "the supervisor hung"
                             : absl::StrCat("the supervisor died of ", strsignal(signal))};
  }
  switch (WEXITSTATUS(status)) {
    case kGotThrough:
      return AttackOutcome{Result::kGotThrough, ""};
    case kRefused:
      return AttackOutcome{Result::kRefused, ""};
    case kNotHere:
      return AttackOutcome{Result::kNotHere, ""};
    default:
      return absl::InternalError(
          absl::StrCat("the attack ", attack.name, " could not be run: ", WEXITSTATUS(status)));
  }
}

}  // namespace

absl::Span<const Attack> AllAttacks() { return kAttacks; }

const Attack* FindAttack(absl::string_view name) {
  const auto* found = std::find_if(std::begin(kAttacks), std::end(kAttacks),
                                   [&](const Attack& attack) { return attack.name == name; });
  return found == std::end(kAttacks) ? nullptr : found;
}

absl::StatusOr<AttackOutcome> RunAttack(const Attack& attack, const Options& options) {
  const UniqueFd program(memfd_create("provost-attack", MFD_CLOEXEC));
  if (!program.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  if (write(program.get(), kProgram, sizeof(kProgram)) != static_cast<ssize_t>(sizeof(kProgram))) {
    return absl::ErrnoToStatus(errno, "write of the attack's program");
  }
  const Outsider outsider;
  if (outsider.pid() < 0) return absl::ErrnoToStatus(errno, "fork");
  const pid_t host = fork();
  if (host < 0) return absl::ErrnoToStatus(errno, "fork");
  if (host == 0) _exit(Host(attack, options, program.get(), outsider.pid()));
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(host, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended < 0) return absl::ErrnoToStatus(errno, "waitpid");
  return ReadEnd(attack, status);
}

}  // namespace provost
