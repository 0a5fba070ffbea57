#ifndef PROVOST_SUPERVISOR_CONTROL_CONNECTION_H_
#define PROVOST_SUPERVISOR_CONTROL_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/identity.h"
#include "base/unique_fd.h"

namespace provost {

// One client of a ControlSocket: lines in, lines out, and no call that waits. While a request is
// under way, or its answer has not been taken, nothing more is read from it. For one thread.
class ControlConnection {
 public:
  // A stream socket that does not block.
  ControlConnection(UniqueFd socket, Identity client)
      : socket_(std::move(socket)), client_(std::move(client)) {}

  int fd() const { return socket_.get(); }
  const Identity& client() const { return client_; }
  // What poll(2) is to wait for.
  short events() const;
  // True from a request until its answer.
  bool is_busy() const { return is_busy_; }
  // True if it has nothing under way, nor to be written.
  bool is_idle() const { return !is_busy_ && out_.empty(); }
  // True if there is nothing more to be done for it.
  bool is_over() const { return is_broken_ || (is_closing_ && out_.empty()); }

  // The next line, without its newline, of at most `limit` bytes with it; a request is then under
  // way. Nullopt: not yet. A longer one is answered with `too_long`, and is the last.
  std::optional<std::string> Read(size_t limit, absl::string_view too_long);
  // The descriptor that came along with what was read last, if any did; once.
  UniqueFd TakePassed() { return std::exchange(passed_, UniqueFd()); }
  // The answer to what is under way: `line` and a newline, written as far as the client takes it.
  void Answer(absl::string_view line);
  // Nothing more is read; it ends when what was answered is written.
  void Close() { is_closing_ = true; }
  // It is over at once.
  void Abandon() { is_broken_ = true; }
  // Writes on what could not be written yet.
  void Write();

 private:
  UniqueFd socket_;
  Identity client_;
  UniqueFd passed_;
  std::string in_;
  std::string out_;
  bool is_busy_ = false;
  bool is_closing_ = false;
  bool is_broken_ = false;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_CONTROL_CONNECTION_H_
