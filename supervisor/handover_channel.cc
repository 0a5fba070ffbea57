#include "supervisor/handover_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/passed_descriptor.h"

namespace provost {
namespace {

using Json = nlohmann::json;

// More than any message has.
constexpr size_t kMaxMessage = size_t{64} << 10;

}  // namespace

absl::StatusOr<HandoverChannel> HandoverChannel::Of(UniqueFd socket) {
  int domain = 0;
  int type = 0;
  socklen_t size = sizeof(domain);
  const bool is_one = socket.valid() &&
                      getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
                      getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
                      domain == AF_UNIX && type == SOCK_SEQPACKET;
  if (is_one) return HandoverChannel(std::move(socket));
  return absl::InvalidArgumentError("a handover takes one end of a unix SOCK_SEQPACKET pair");
}

absl::StatusOr<std::pair<HandoverChannel, UniqueFd>> HandoverChannel::Open() {
  std::array<int, 2> ends = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  return std::pair(HandoverChannel(UniqueFd(ends[0])), UniqueFd(ends[1]));
}

absl::Status HandoverChannel::Send(const Json& message, int passed) {
  const std::string text = message.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (SendPassing(socket_.get(), text, passed) >= 0) return absl::OkStatus();
  return absl::UnavailableError(strerror(errno));
}

absl::StatusOr<HandoverChannel::Message> HandoverChannel::Receive(
    std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  pollfd waited = {.fd = socket_.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    ready = poll(&waited, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return absl::DeadlineExceededError("it does not answer");
  std::string text(kMaxMessage, '\0');
  Message message;
  const ssize_t got = ReceivePassed(socket_.get(), text.data(), text.size(), message.passed);
  if (got <= 0) return absl::UnavailableError("it is gone");
  text.resize(static_cast<size_t>(got));
  message.body = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!message.body.is_object()) return absl::InternalError("it is not to be understood");
  return message;
}

bool HandoverChannel::IsOver() const {
  pollfd asked = {.fd = socket_.get(), .events = 0, .revents = 0};
  return poll(&asked, 1, 0) > 0 && (asked.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace provost
