#include "supervisor/control_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/passed_descriptor.h"

namespace provost {

short ControlConnection::events() const {
  if (!out_.empty()) return POLLOUT;
  // A busy one is asked only whether it is still there, which poll(2) says unasked.
  return is_busy_ ? 0 : POLLIN;
}

std::optional<std::string> ControlConnection::Read(size_t limit, absl::string_view too_long) {
  if (!is_idle() || is_closing_) return std::nullopt;
  std::array<char, 4096> chunk;
  size_t end = in_.find('\n');
  while (end == std::string::npos && in_.size() < limit) {
    const ssize_t got =
        ReceivePassed(fd(), chunk.data(), std::min(chunk.size(), limit - in_.size()), passed_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (got <= 0) {
      is_broken_ = true;
      return std::nullopt;
    }
    const size_t before = in_.size();
    in_.append(chunk.data(), static_cast<size_t>(got));
    end = in_.find('\n', before);
  }
  is_busy_ = true;
  if (end == std::string::npos) {
    Answer(too_long);
    Close();
    return std::nullopt;
  }
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  return line;
}

void ControlConnection::Answer(absl::string_view line) {
  is_busy_ = false;
  absl::StrAppend(&out_, line, "\n");
  Write();
}

void ControlConnection::Write() {
  while (!out_.empty()) {
    const ssize_t written = send(fd(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        is_broken_ = true;
        out_.clear();
      }
      return;
    }
    out_.erase(0, static_cast<size_t>(written));
  }
}

}  // namespace provost
