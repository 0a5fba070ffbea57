#include "supervisor/repeated_calls.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace provost {
namespace {

// The number by which the kernel has a task go on with a call whose remaining time it keeps
// (asm/unistd_64.h, asm/unistd_32.h).
bool IsRestartSyscall(const SyscallRequest& request, int32_t nr) {
  constexpr int32_t kX86_64 = 219;
  constexpr int32_t kI386 = 0;
  return nr == (request.IsI386() ? kI386 : kX86_64);
}

bool IsSame(const SyscallRequest& before, const SyscallRequest& now) {
  return before.arch == now.arch && before.ip == now.ip && before.sp == now.sp &&
         before.args == now.args && (before.nr == now.nr || IsRestartSyscall(now, now.nr));
}

}  // namespace

CountedCall& RepeatedCalls::Enter(const SyscallRequest& request) {
  const auto same = std::find_if(interrupted_.rbegin(), interrupted_.rend(),
                                 [&](const Call& call) { return IsSame(call.request, request); });
  if (same == interrupted_.rend()) {
    current_.request = request;
    current_.counted.Clear();
  } else {
    // The handlers that interrupted it are done, and what they left behind with them.
    current_ = std::move(*same);
    interrupted_.erase(same.base() - 1, interrupted_.end());
  }
  entered_ = true;
  return current_.counted;
}

void RepeatedCalls::Interrupt(const InterruptedCall& interrupted) {
  const SyscallRequest& request = current_.request;
  const bool is_current =
      entered_ && interrupted.ip == request.ip && interrupted.sp == request.sp &&
      (interrupted.nr == request.nr || IsRestartSyscall(request, interrupted.nr));
  // Another one, which the kernel's filter let through.
  if (!is_current) return;
  if (interrupted_.size() == kMaxInterrupted) interrupted_.erase(interrupted_.begin());
  interrupted_.push_back(std::exchange(current_, Call()));
  entered_ = false;
}

void RepeatedCalls::Clear() {
  entered_ = false;
  interrupted_.clear();
}

RepeatedCalls::Saved RepeatedCalls::Save() const {
  Saved saved;
  if (entered_) saved.current = current_;
  saved.interrupted = interrupted_;
  return saved;
}

void RepeatedCalls::Restore(Saved saved) {
  entered_ = saved.current.has_value();
  if (entered_) current_ = *std::move(saved.current);
  interrupted_ = std::move(saved.interrupted);
}

}  // namespace provost
