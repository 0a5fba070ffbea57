#include "tracee/stop.h"

#include <sys/ptrace.h>

#include <cerrno>

#include "tracee/died.h"

namespace provost {

absl::Status Stopped::Restart(Resume resume) && {
  const pid_t tid = std::exchange(tid_, 0);
  const auto signal = static_cast<unsigned long>(resume.signal());
  switch (resume.kind()) {
    case Resume::Kind::kContinue:
      if (ptrace(PTRACE_CONT, tid, nullptr, signal) < 0) {
        return TraceeError("PTRACE_CONT", tid, errno);
      }
      break;
    case Resume::Kind::kSyscall:
      if (ptrace(PTRACE_SYSCALL, tid, nullptr, signal) < 0) {
        return TraceeError("PTRACE_SYSCALL", tid, errno);
      }
      break;
    case Resume::Kind::kListen:
      if (ptrace(PTRACE_LISTEN, tid, nullptr, nullptr) < 0) {
        return TraceeError("PTRACE_LISTEN", tid, errno);
      }
      break;
  }
  return absl::OkStatus();
}

absl::Status Stopped::Detach() && {
  const pid_t tid = std::exchange(tid_, 0);
  if (ptrace(PTRACE_DETACH, tid, nullptr, nullptr) < 0) {
    return TraceeError("PTRACE_DETACH", tid, errno);
  }
  return absl::OkStatus();
}

absl::Status Interrupt(pid_t tid) {
  if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) < 0) {
    return TraceeError("PTRACE_INTERRUPT", tid, errno);
  }
  return absl::OkStatus();
}

}  // namespace provost
