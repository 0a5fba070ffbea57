#ifndef PROVOST_AUDIT_APPENDER_H_
#define PROVOST_AUDIT_APPENDER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {

// Appends pieces of text, each made of whole lines, to a log that others may be appending to.
//
// In a regular file opened here a piece is on record whole or not at all, and nothing that others
// wrote is ever touched:
//   * Text goes out by one write(2) with O_APPEND, which the kernel does as one step.
//   * A write that fell short (disk or quota full, file size limit) leaves part of a piece. It is
//     overwritten in place with blanks, which no reader takes for anything. ftruncate(2) would
//     instead cut off whatever others appended meanwhile; the bytes of one's own write are nobody
//     else's, at any time.
//   * An appender killed inside write(2), or one that writes no whole lines, leaves a line without
//     end, with which our text would fuse. It is seen by the byte before the file's end and ended
//     by a newline that goes ahead of our piece in the same write. If it was a neighbour's write in
//     progress, this comes to a blank line, which readers skip.
//   * A line left open between that look and our write is seen by the byte before our text. Then
//     our text is overwritten with blanks and a newline, which ends the line, and written again.
//
// Where the file cannot also be opened for patching (chattr +a, no /proc, no permission) and in
// descriptors opened by somebody else, where other text is not ours to touch, the newline ahead of
// a piece is all there is. Pipes, sockets and terminals get whole pieces in order; beyond PIPE_BUF
// bytes the kernel may mix in what other writers send.
//
// A descriptor that would block is waited for. Nothing here raises or handles signals: the process
// must ignore SIGPIPE and SIGXFSZ or die by them, as with every write(2).
//
// Not thread-safe; one thread at a time.
class Appender {
 public:
  // Opens or creates (mode 0600) `path`; a FIFO without a reader is waited for. "-" is standard
  // output. Errors name the path and the reason.
  static absl::StatusOr<Appender> Open(const std::string& path);
  // Takes a regular file that was opened with O_APPEND, as Open does.
  static absl::StatusOr<Appender> ForFile(UniqueFd fd, std::string name);
  // Takes an open descriptor it does not own; `name` is for messages.
  static absl::StatusOr<Appender> ForDescriptor(int fd, std::string name);

  // Appends `piece`, which ends in a newline. An error means that it is not there and may be
  // offered again.
  absl::Status Append(absl::string_view piece);
  // The same for a regular file that was just found `end` bytes long.
  absl::Status AppendAt(absl::string_view piece, off_t end) { return AppendToFile(piece, end); }
  // The same without a look at the file: what others wrote since our last piece is looked at
  // behind the write. Only where LooksBack.
  absl::Status AppendUnseen(absl::string_view piece) { return AppendToFile(piece, last_end_); }
  // A regular file opened here that can be read and patched.
  bool LooksBack() const { return kind_ == Kind::kOwnFile; }
  // Blanks `piece`, the last that was appended; a regular file of our own. Does nothing if that
  // cannot be done.
  void Withdraw(absl::string_view piece) { TakeBack(piece, last_end_); }

  int fd() const { return fd_; }

 private:
  enum class Kind : uint8_t {
    kOwnFile,     // regular, opened here, can be patched
    kSharedFile,  // any other regular file
    kStream,      // anything else: cannot be read back
  };

  Appender(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  absl::Status Classify();
  absl::Status AppendToFile(absl::string_view piece, off_t seen_end);
  absl::Status AppendToStream(absl::string_view piece);
  absl::Status WaitUntilWritable() const;
  absl::Status Error(int error) const;

  bool MustLeadWithNewline(off_t& end) const;
  bool IsLineOpenBefore(off_t offset) const;
  off_t EndOfFile() const;
  bool TakeBack(absl::string_view piece, off_t end);

  int fd_;
  std::string name_;
  UniqueFd owned_;  // fd_ where it is ours to close
  UniqueFd
      patch_;  // the same regular file without O_APPEND: readable or none; in kOwnFile writable
  Kind kind_ = Kind::kStream;
  bool append_mode_ = false;  // writes go to the file's end rather than to the descriptor's offset
  bool line_open_ = false;    // a line without end stands before where the next piece goes
  off_t last_end_ = 0;        // where our last write ended
};

}  // namespace provost

#endif  // PROVOST_AUDIT_APPENDER_H_
