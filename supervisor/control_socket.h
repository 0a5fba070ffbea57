#ifndef PROVOST_SUPERVISOR_CONTROL_SOCKET_H_
#define PROVOST_SUPERVISOR_CONTROL_SOCKET_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/identity.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "supervisor/control_connection.h"
#include "supervisor/wake_signal.h"

namespace provost {

// What somebody outside asks of a run.
struct ControlRequest {
  Identity client;  // who asks, as it was when it connected
  nlohmann::json body;
  // A descriptor that came along (SCM_RIGHTS, unix(7)); null: none did.
  std::shared_ptr<UniqueFd> passed = nullptr;
};

// A unix stream socket at which a run takes requests while it goes on. A request is a JSON object
// on one line, and so is its answer; a connection may ask again and again, one thing at a time.
// Who may ask: see CheckControlPeer.
//
// A thread of its own accepts, reads and writes, and never waits for any one client; the thread
// that made the socket carries requests out, between whatever else it does. Nothing that clients do
// holds that thread up but what they ask for, and until one asks it costs it pending() alone.
class ControlSocket {
 public:
  // The longest request, with its newline, in bytes.
  static constexpr size_t kMaxRequest = size_t{1} << 20;
  // Of so many clients at a time each is served; for another, one that asks for nothing must go.
  static constexpr size_t kMaxConnections = 32;

  // Listens at `path`, whose directory must be there; the socket is this user's alone (0600). What
  // stood there is replaced if it is a socket. The calling thread carries requests out. Errors name
  // the path.
  static absl::StatusOr<std::unique_ptr<ControlSocket>> Listen(const std::string& path);
  // Who still waits is told that the run has ended. Removes the socket.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  // True if there are requests. While there are, the thread that carries them out is interrupted
  // when it waits (WakeSignal).
  bool pending() const { return pending_.load(std::memory_order_relaxed); }
  // Carries out what there is, in the order in which it came. On the thread that listens.
  void CarryOut(const std::function<nlohmann::json(const ControlRequest&)>& handler);

 private:
  struct Waiting {
    uint64_t connection;
    ControlRequest request;
  };

  ControlSocket(UniqueFd directory, std::string name, UniqueFd listener, UniqueFd news);
  absl::Status StartThread();

  // All the following on the thread of the socket.
  void Serve();
  void Poll(int timeout);
  void Accept();
  bool MakeRoom();
  void Attend(uint64_t id, ControlConnection& connection, short events);
  // What a line asks; what is wrong with it is answered at once.
  void Take(uint64_t id, ControlConnection& connection, const std::string& line);
  // True if there are requests that nobody has begun to carry out.
  bool HandOutAnswers();
  void SayGoodbye();

  const UniqueFd directory_;  // the socket's name is looked up in it
  const std::string name_;
  const UniqueFd listener_;
  const UniqueFd news_;  // an eventfd: there are answers, or it is over
  const pid_t process_;
  WakeSignal wake_;
  std::atomic<bool> pending_ = false;

  std::mutex mutex_;
  bool over_ = false;                                      // guarded by mutex_
  std::vector<Waiting> requests_;                          // guarded by mutex_
  std::vector<std::pair<uint64_t, std::string>> answers_;  // guarded by mutex_

  // The thread's own.
  std::map<uint64_t, ControlConnection> connections_;
  uint64_t next_id_ = 0;
  bool accepts_ = true;  // false: no descriptors are left, for now

  std::thread thread_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTROL_SOCKET_H_
