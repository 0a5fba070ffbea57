#ifndef PROVOST_AUDIT_STREAM_OUTLET_H_
#define PROVOST_AUDIT_STREAM_OUTLET_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/outlet.h"
#include "base/unique_fd.h"

namespace provost {

// Writes to a pipe, a terminal or a stream socket, in order and without waiting. Events of more
// than PIPE_BUF bytes (4,096) can mix with what others write to the same pipe. A pipe without a
// reader, or a socket that was shut, is kFailedPrecondition.
//
// The process must ignore SIGPIPE.
class StreamOutlet final : public Outlet {
 public:
  // Takes a descriptor it does not own, and leaves its flags alone: others write to it too.
  static absl::StatusOr<StreamOutlet> ForDescriptor(int fd, std::string name);
  // Opens `path`; a FIFO without a reader is waited for.
  static absl::StatusOr<StreamOutlet> Open(const std::string& path, std::string name);

  const std::string& name() const override { return name_; }
  absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) override;
  void Await(int milliseconds) override;
  int fd() const { return fd_; }

 private:
  enum class How : uint8_t {
    kNonBlocking,  // a description of our own
    kSocket,       // send(2) can say for each call that it must not block
    kPolled,       // neither: asked by poll(2) first, and no more than PIPE_BUF bytes at a time
  };

  StreamOutlet(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  ssize_t WriteOnce(absl::string_view text) const;
  bool IsReady(int milliseconds) const;

  int fd_;
  std::string name_;
  UniqueFd owned_;  // fd_ where it is ours to close
  How how_ = How::kPolled;
  bool line_open_ = false;  // a line without end stands before where the next piece goes
};

}  // namespace provost

#endif  // PROVOST_AUDIT_STREAM_OUTLET_H_
