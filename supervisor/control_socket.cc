#include "supervisor/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/quiet_thread.h"
#include "base/status_macros.h"
#include "supervisor/control_peer.h"

namespace provost {
namespace {

using Json = nlohmann::json;

// Between two signals to a thread that has not heard the first, in milliseconds.
constexpr int kFirstPatience = 1;
constexpr int kMostPatience = 64;
// How long nobody is accepted after descriptors ran out.
constexpr int kNoDescriptors = 100;
constexpr size_t kMaxWaiting = 64;
constexpr int kMaxDepth = 8;

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", path, ": ", strerror(errno)));
}

// Never throws: what is no UTF-8 (in a name from /proc, or from a request) is replaced.
std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Refusal(absl::string_view why) {
  return ToLine({{"ok", false}, {"error", std::string(why)}});
}

// sockaddr_un has room for 107 bytes, paths are longer: the directory goes by its descriptor.
absl::StatusOr<sockaddr_un> AddressIn(const UniqueFd& directory, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/proc/self/fd/", directory.get(), "/", name);
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the socket's name is too long: ", name));
  }
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace

ControlSocket::ControlSocket(UniqueFd directory, std::string name, UniqueFd listener, UniqueFd news)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      listener_(std::move(listener)),
      news_(std::move(news)),
      process_(getpid()) {}

absl::StatusOr<std::unique_ptr<ControlSocket>> ControlSocket::Listen(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  UniqueFd directory(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return Failed("open", parent);
  PROVOST_ASSIGN_OR_RETURN(const sockaddr_un address, AddressIn(directory, name));
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  UniqueFd news(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!listener.valid() || !news.valid()) return Failed("make a socket at", path);
  struct stat status = {};
  if (fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISSOCK(status.st_mode)) {
    unlinkat(directory.get(), name.c_str(), 0);
  }
  // The name gets the mode that the socket has, less the umask (unix_bind in net/unix/af_unix.c):
  // at no time is it anybody else's.
  fchmod(listener.get(), 0600);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0) {
    return Failed("listen at", path);
  }
  std::unique_ptr<ControlSocket> made(
      new ControlSocket(std::move(directory), name, std::move(listener), std::move(news)));
  PROVOST_RETURN_IF_ERROR(made->StartThread());
  return made;
}

absl::Status ControlSocket::StartThread() {
  absl::Status status;
  try {
    thread_ = StartQuietThread([this] { Serve(); });
  } catch (const std::system_error& error) {
    status = absl::ResourceExhaustedError(
        absl::StrCat("cannot start a thread for requests: ", error.what()));
  }
  return status;
}

ControlSocket::~ControlSocket() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  eventfd_write(news_.get(), 1);
  // While the thread hears of it. A child of a fork is not the one that listens.
  if (getpid() == process_) unlinkat(directory_.get(), name_.c_str(), 0);
  if (thread_.joinable()) thread_.join();
}

void ControlSocket::CarryOut(const std::function<Json(const ControlRequest&)>& handler) {
  std::vector<Waiting> requests;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    pending_.store(false, std::memory_order_relaxed);
    requests.swap(requests_);
  }
  for (const Waiting& waiting : requests) {
    std::string line = ToLine(handler(waiting.request));
    const std::lock_guard<std::mutex> lock(mutex_);
    answers_.emplace_back(waiting.connection, std::move(line));
  }
  if (!requests.empty()) eventfd_write(news_.get(), 1);
}

void ControlSocket::Serve() {
  int patience = kFirstPatience;
  while (true) {
    const bool unheard = HandOutAnswers();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_) break;
    }
    int timeout = accepts_ ? -1 : kNoDescriptors;
    if (unheard) {
      wake_.Send();
      timeout = patience;
      patience = std::min(2 * patience, kMostPatience);
    } else {
      patience = kFirstPatience;
    }
    Poll(timeout);
  }
  SayGoodbye();
}

void ControlSocket::Poll(int timeout) {
  std::vector<pollfd> polled = {
      {.fd = news_.get(), .events = POLLIN, .revents = 0},
      {.fd = accepts_ ? listener_.get() : -1, .events = POLLIN, .revents = 0}};
  std::vector<uint64_t> ids;
  for (const auto& [id, connection] : connections_) {
    ids.push_back(id);
    polled.push_back({.fd = connection.fd(), .events = connection.events(), .revents = 0});
  }
  accepts_ = true;
  if (poll(polled.data(), polled.size(), timeout) <= 0) return;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (polled[i + 2].revents == 0) continue;
    const auto found = connections_.find(ids[i]);
    Attend(found->first, found->second, polled[i + 2].revents);
    if (found->second.is_over()) connections_.erase(found);
  }
  if (polled[1].revents != 0) Accept();
}

// As many as can be there at a time, so that each is read before it may have to go.
void ControlSocket::Accept() {
  for (size_t i = 0; i < kMaxConnections; ++i) {
    UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client.valid()) {
      accepts_ = errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR;
      return;
    }
    absl::StatusOr<Identity> identity = CheckControlPeer(client.get());
    std::string refusal;
    if (!identity.ok()) refusal = Refusal(identity.status().message());
    if (identity.ok() && !MakeRoom()) refusal = Refusal("too many others ask: try again");
    ControlConnection connection(std::move(client), identity.value_or(Identity()));
    if (!refusal.empty()) {
      connection.Answer(refusal);
      continue;
    }
    const uint64_t id = next_id_++;
    const auto entry = connections_.emplace(id, std::move(connection)).first;
    Attend(id, entry->second, POLLIN);
    if (entry->second.is_over()) connections_.erase(entry);
  }
}

bool ControlSocket::MakeRoom() {
  if (connections_.size() < kMaxConnections) return true;
  const auto idle = std::find_if(connections_.begin(), connections_.end(),
                                 [](const auto& entry) { return entry.second.is_idle(); });
  if (idle == connections_.end()) return false;
  connections_.erase(idle);
  return true;
}

void ControlSocket::Attend(uint64_t id, ControlConnection& connection, short events) {
  if ((events & POLLOUT) != 0) connection.Write();
  static const auto& too_long =
      *new std::string(Refusal(absl::StrCat("a request has at most ", kMaxRequest, " bytes")));
  while (const std::optional<std::string> line = connection.Read(kMaxRequest, too_long)) {
    Take(id, connection, *line);
  }
  // What it still wants to know nobody would hear.
  if ((events & (POLLHUP | POLLERR)) != 0 && !connection.is_over()) connection.Abandon();
}

void ControlSocket::Take(uint64_t id, ControlConnection& connection, const std::string& line) {
  UniqueFd passed = connection.TakePassed();
  bool too_deep = false;
  // What is nested without end could not be copied or written without end of the stack.
  const auto look = [&](int depth, Json::parse_event_t, const Json&) {
    too_deep = too_deep || depth >= kMaxDepth;
    return !too_deep;
  };
  Json body = Json::parse(line, look, /*allow_exceptions=*/false);
  if (!body.is_object() || too_deep) {
    connection.Answer(Refusal(absl::StrCat("a request is a JSON object on one line, nested ",
                                           kMaxDepth, " deep at most")));
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  // Clients that do not wait for answers could heap them up.
  if (requests_.size() >= kMaxWaiting) {
    connection.Answer(Refusal("too many requests wait: try again"));
    return;
  }
  ControlRequest request = {connection.client(), std::move(body)};
  if (passed.valid()) request.passed = std::make_shared<UniqueFd>(std::move(passed));
  requests_.push_back({id, std::move(request)});
  pending_.store(true, std::memory_order_relaxed);
}

bool ControlSocket::HandOutAnswers() {
  std::vector<std::pair<uint64_t, std::string>> answers;
  eventfd_t count = 0;
  eventfd_read(news_.get(), &count);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers.swap(answers_);
  }
  for (const auto& [id, line] : answers) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second.Answer(line);
    // It may have asked for more in the same breath.
    Attend(id, found->second, POLLIN);
    if (found->second.is_over()) connections_.erase(found);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return !requests_.empty();
}

void ControlSocket::SayGoodbye() {
  HandOutAnswers();
  for (auto& [id, connection] : connections_) {
    if (connection.is_busy()) connection.Answer(Refusal("the run has ended"));
  }
  connections_.clear();
}

}  // namespace provost
