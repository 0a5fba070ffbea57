#include "tools/control/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/passed_descriptor.h"
#include "base/status_macros.h"

namespace provost {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

// More than a run with some ten thousand processes answers.
constexpr size_t kMaxAnswer = size_t{4} << 20;
// While the line is full: for five seconds.
constexpr int kMostTries = 500;
constexpr int kBetweenTries = 10;  // milliseconds

// Waits until the socket is ready for `events`.
absl::Status Await(const UniqueFd& socket, short events, Clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waited = {.fd = socket.get(), .events = events, .revents = 0};
    const int ready = poll(&waited, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return absl::OkStatus();
    if (ready == 0) return absl::DeadlineExceededError("it does not answer; is it stopped?");
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  }
}

absl::Status Ended() { return absl::UnavailableError("it has ended"); }

}  // namespace

absl::StatusOr<ControlClient> ControlClient::Connect(const std::string& path, pid_t supervisor,
                                                     uid_t owner) {
  // sockaddr_un has room for 107 bytes, paths are longer: it goes by its descriptor.
  const UniqueFd place(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!place.valid()) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = absl::StrCat("/proc/self/fd/", place.get());
  memcpy(address.sun_path, name.c_str(), name.size() + 1);
  UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!client.valid()) return absl::ErrnoToStatus(errno, "socket");
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  int failed = connect(client.get(), at, sizeof(address)) == 0 ? 0 : errno;
  // Those who stand in line before us, or a program that keeps its supervisor busy.
  for (int tries = 0; failed == EAGAIN && tries < kMostTries; ++tries) {
    poll(nullptr, 0, kBetweenTries);
    failed = connect(client.get(), at, sizeof(address)) == 0 ? 0 : errno;
  }
  if (failed != 0) {
    const std::string message = absl::StrCat(path, ": ", strerror(failed));
    if (failed == EACCES || failed == EPERM) return absl::PermissionDeniedError(message);
    return absl::NotFoundError(message);
  }
  // Who listens, as it was when it began to.
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return absl::ErrnoToStatus(errno, "SO_PEERCRED");
  }
  if (peer.pid != supervisor || peer.uid != owner) {
    return absl::PermissionDeniedError(absl::StrCat(path, ": process ", peer.pid, " of user ",
                                                    peer.uid, " listens there, not supervisor ",
                                                    supervisor, " of user ", owner));
  }
  return ControlClient(std::move(client));
}

absl::StatusOr<Json> ControlClient::Ask(const Json& request, std::chrono::milliseconds patience,
                                        int passed) {
  const Clock::time_point deadline = Clock::now() + patience;
  const std::string line = request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // Who is refused at once has been answered, whether this is read or not.
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t written =
        SendPassing(socket_.get(), absl::string_view(line).substr(sent), sent == 0 ? passed : -1);
    if (written >= 0) {
      sent += static_cast<size_t>(written);
    } else if (errno == EAGAIN) {
      PROVOST_RETURN_IF_ERROR(Await(socket_, POLLOUT, deadline));
    } else if (errno != EINTR) {
      break;
    }
  }
  std::string answer;
  std::array<char, 4096> chunk;
  while (answer.find('\n') == std::string::npos) {
    PROVOST_RETURN_IF_ERROR(Await(socket_, POLLIN, deadline));
    const ssize_t got = recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Ended();
    answer.append(chunk.data(), static_cast<size_t>(got));
    if (answer.size() > kMaxAnswer) return absl::InternalError("its answer does not end");
  }
  Json json = Json::parse(answer, nullptr, /*allow_exceptions=*/false);
  const auto ok = json.is_object() ? json.find("ok") : json.end();
  if (ok == json.end() || !ok->is_boolean()) {
    return absl::InternalError("its answer is not to be understood");
  }
  if (ok->get<bool>()) return json;
  const auto error = json.find("error");
  const bool says = error != json.end() && error->is_string();
  return absl::FailedPreconditionError(says ? error->get<std::string>() : "it refuses");
}

}  // namespace provost
