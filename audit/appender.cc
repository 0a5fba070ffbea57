#include "audit/appender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {
namespace {

// write(2) of `text`, led by a newline if so wished, in one step. The number of bytes of `text`
// and newline written, or -1 and errno.
ssize_t WriteOnce(int fd, bool newline_first, absl::string_view text) {
  char newline = '\n';
  const iovec parts[] = {{&newline, 1}, {const_cast<char*>(text.data()), text.size()}};
  ssize_t written;
  do {
    written = newline_first ? writev(fd, parts, 2) : write(fd, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  return written;
}

bool ReadFully(int fd, off_t offset, std::string& buffer) {
  size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t got = pread(fd, &buffer[have], buffer.size() - have, offset + have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += got;
  }
  return true;
}

bool OverwriteFully(int fd, off_t offset, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t put = pwrite(fd, text.data(), text.size(), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    text.remove_prefix(put);
    offset += put;
  }
  return true;
}

}  // namespace

absl::StatusOr<Appender> Appender::Open(const std::string& path) {
  if (path == "-") return ForDescriptor(STDOUT_FILENO, "standard output");
  // A FIFO opened for reading too would never see its reader go: hence not O_RDWR.
  int fd;
  do {
    fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    const absl::string_view hint = errno == ENOENT ? " (does its directory exist?)" : "";
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open audit log '", path, "'", hint));
  }
  return ForFile(UniqueFd(fd), absl::StrCat("audit log '", path, "'"));
}

absl::StatusOr<Appender> Appender::ForFile(UniqueFd fd, std::string name) {
  Appender appender(fd.get(), std::move(name));
  appender.owned_ = std::move(fd);
  PROVOST_RETURN_IF_ERROR(appender.Classify());
  return appender;
}

absl::StatusOr<Appender> Appender::ForDescriptor(int fd, std::string name) {
  Appender appender(fd, std::move(name));
  PROVOST_RETURN_IF_ERROR(appender.Classify());
  return appender;
}

absl::Status Appender::Classify() {
  const int flags = fcntl(fd_, F_GETFL);
  struct stat status = {};
  if (flags < 0 || fstat(fd_, &status) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write to ", name_));
  }
  if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write to ", name_, ": the descriptor is not open for writing"));
  }
  append_mode_ = (flags & O_APPEND) != 0;
  if (!S_ISREG(status.st_mode)) return absl::OkStatus();

  const std::string self = absl::StrCat("/proc/self/fd/", fd_);
  patch_.reset(open(self.c_str(), O_RDWR | O_CLOEXEC));
  kind_ = owned_.valid() && patch_.valid() ? Kind::kOwnFile : Kind::kSharedFile;
  if (!patch_.valid()) patch_.reset(open(self.c_str(), O_RDONLY | O_CLOEXEC));
  last_end_ = EndOfFile();
  line_open_ = IsLineOpenBefore(last_end_);
  return absl::OkStatus();
}

absl::Status Appender::Append(absl::string_view piece) {
  if (piece.empty()) return absl::OkStatus();
  return kind_ == Kind::kStream ? AppendToStream(piece) : AppendToFile(piece, EndOfFile());
}

// A short write says nothing of its reason, so the piece is tried once more: if the reason
// persists, the second write has it in errno.
absl::Status Appender::AppendToFile(absl::string_view piece, off_t seen_end) {
  constexpr int kAttempts = 4;
  for (int attempts = 0; attempts < kAttempts; ++attempts) {
    if (attempts > 0) seen_end = EndOfFile();
    const bool lead = MustLeadWithNewline(seen_end);
    const ssize_t written = WriteOnce(fd_, lead, piece);
    if (written < 0) {
      if (errno != EAGAIN) return Error(errno);
      PROVOST_RETURN_IF_ERROR(WaitUntilWritable());
      continue;
    }
    if (written == 0) continue;
    const off_t end = lseek(fd_, 0, SEEK_CUR);
    const size_t sent = written - (lead ? 1 : 0);
    // In a file of our own; elsewhere a piece that others' text ran into is not to be helped.
    const bool fused = kind_ == Kind::kOwnFile && !lead && end - written != seen_end &&
                       IsLineOpenBefore(end - written);
    last_end_ = end;
    line_open_ = false;
    if (sent == piece.size() && !fused) return absl::OkStatus();
    if (TakeBack(piece.substr(0, sent), end)) continue;
    // Nothing can be read or written here any more; all of the piece but its first line is good.
    if (sent == piece.size()) return absl::OkStatus();
    line_open_ = true;
  }
  return absl::ResourceExhaustedError(absl::StrCat("cannot append to ", name_, ": short write"));
}

absl::Status Appender::AppendToStream(absl::string_view piece) {
  size_t sent = 0;
  while (sent < piece.size()) {
    const bool lead = line_open_ && sent == 0;
    const ssize_t written = WriteOnce(fd_, lead, piece.substr(sent));
    absl::Status status;
    if (written > 0) {
      sent += written - (lead ? 1 : 0);
      if (lead) line_open_ = false;
    } else if (written < 0 && errno == EAGAIN) {
      status = WaitUntilWritable();
    } else {
      status = Error(written < 0 ? errno : EIO);
    }
    if (!status.ok()) {
      line_open_ = line_open_ || sent > 0;
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Appender::WaitUntilWritable() const {
  pollfd waited = {fd_, POLLOUT, 0};
  while (poll(&waited, 1, -1) < 0) {
    if (errno != EINTR) return Error(errno);
  }
  return absl::OkStatus();
}

absl::Status Appender::Error(int error) const {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot append to ", name_));
}

// `end` is what was last seen of the file's; moved on if it moves while we look.
bool Appender::MustLeadWithNewline(off_t& end) const {
  if (line_open_) return true;
  // What looks torn may be a neighbour's write halfway: those are over in a moment.
  constexpr int kLooks = 3;
  for (int looks = 0; looks < kLooks; ++looks) {
    if (end == last_end_ || !IsLineOpenBefore(end)) return false;
    sched_yield();
    end = EndOfFile();
  }
  return true;
}

// True also where it cannot be known.
bool Appender::IsLineOpenBefore(off_t offset) const {
  if (offset <= 0) return false;
  char before = 0;
  return pread(patch_.get(), &before, 1, offset - 1) != 1 || before != '\n';
}

// Where the next write goes.
off_t Appender::EndOfFile() const {
  if (!append_mode_) return lseek(fd_, 0, SEEK_CUR);
  struct stat status = {};
  return fstat(fd_, &status) == 0 ? status.st_size : -1;
}

// Replaces our own `piece`, which ends at `end`, by blanks and a newline. Reads it first: through a
// descriptor that others share, `end` may be theirs. False if part of the piece stays in the file.
bool Appender::TakeBack(absl::string_view piece, off_t end) {
  if (piece.empty()) return true;
  const off_t start = end - static_cast<off_t>(piece.size());
  if (!patch_.valid() || start < 0) return false;
  std::string found(piece.size(), '\0');
  if (!ReadFully(patch_.get(), start, found) || found != piece) return false;
  std::string blanks(piece.size(), ' ');
  blanks.back() = '\n';
  return OverwriteFully(patch_.get(), start, blanks);
}

}  // namespace provost
