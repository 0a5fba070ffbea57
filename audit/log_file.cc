#include "audit/log_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "audit/rotation.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

constexpr mode_t kLiveMode = 0600;
constexpr mode_t kRotatedMode = 0400;
// How often the path may change under one piece.
constexpr int kAttempts = 256;
// Pauses between attempts to get a lock double; all together are about a tenth of a second.
constexpr int64_t kFirstPause = 20'000;  // nanoseconds
constexpr int64_t kLastPause = 50'000'000;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Nothing here is beyond repair, whatever code the reason would have of itself.
absl::Status Retriable(const absl::Status& status) {
  if (!absl::IsFailedPrecondition(status)) return status;
  return absl::UnavailableError(status.message());
}

}  // namespace

absl::StatusOr<LogFile> LogFile::Open(const std::string& path, const Options& options) {
  LogFile file(path, options);
  PROVOST_RETURN_IF_ERROR(file.OpenFile(0));
  file.ResolvePath();
  const std::string directory = DirectoryOf(file.path_);
  if (options.max_size > 0 && file.follows_path_ &&
      faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot rotate audit log '", path,
                                                   "': cannot make files in its directory"));
  }
  return file;
}

absl::Status LogFile::OpenFile(int extra_flags) {
  // A FIFO in its place would be waited for.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  UniqueFd fd;
  do {
    fd.reset(open(path_.c_str(), kFlags | extra_flags, kLiveMode));
  } while (!fd.valid() && errno == EINTR);
  if (!fd.valid()) {
    const absl::string_view hint = errno == ENOENT ? " (does its directory exist?)" : "";
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open audit log '", named_, "'", hint));
  }
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("audit log '", named_, "' is no regular file any more"));
  }
  PROVOST_ASSIGN_OR_RETURN(
      appender_, Appender::ForFile(std::move(fd), absl::StrCat("audit log '", named_, "'")));
  device_ = status.st_dev;
  inode_ = status.st_ino;
  may_watch_ = true;
  return options_.durability == Durability::kNone ? absl::OkStatus() : SyncDirectory();
}

// From here on the file's own name counts, wherever the process goes and whatever becomes of a link
// to it.
void LogFile::ResolvePath() {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path_.c_str(), nullptr), &free);
  struct stat named = {};
  follows_path_ = real != nullptr && lstat(real.get(), &named) == 0 && named.st_dev == device_ &&
                  named.st_ino == inode_;
  if (follows_path_) path_ = real.get();
}

absl::Status LogFile::Append(absl::string_view piece) {
  absl::Status status;
  if (IsWatched()) {
    status = appender_->AppendUnseen(piece);
  } else {
    PROVOST_ASSIGN_OR_RETURN(const off_t end, Enter(piece.size()));
    status = appender_->AppendAt(piece, end);
  }
  if (status.ok()) {
    unsynced_ = true;
    if (options_.durability == Durability::kEvent) {
      status = Sync();
      // It is offered again, and shall not be there twice.
      if (!status.ok()) appender_->Withdraw(piece);
    }
  }
  Leave();
  return Retriable(status);
}

absl::Status LogFile::Flush() {
  if (options_.durability != Durability::kBatch || !unsynced_) return absl::OkStatus();
  return Sync();
}

void LogFile::Watch() {
  watch_.reset();
  // Who rotates must look at the size, and does that by the path.
  if (!may_watch_ || !follows_path_ || options_.max_size > 0 || !appender_->LooksBack()) return;
  watch_ = PathWatch::Begin(path_);
  may_watch_ = watch_.has_value();
}

absl::StatusOr<off_t> LogFile::Enter(size_t size) {
  bool may_rotate = options_.max_size > 0 && follows_path_;
  for (int attempts = 0; attempts < kAttempts; ++attempts) {
    if (!appender_.has_value()) {
      if (absl::Status status = OpenFile(O_NOFOLLOW); !status.ok()) return Retriable(status);
    }
    if (options_.max_size > 0) locked_ = Lock(LOCK_SH);
    Watch();
    off_t length = 0;
    const absl::StatusOr<bool> ours = NamesOurFile(length);
    if (!ours.ok() || !*ours) {
      Leave();
      watch_.reset();
      PROVOST_RETURN_IF_ERROR(ours.status());
      if (unsynced_ && options_.durability != Durability::kNone) (void)Sync();
      appender_.reset();
      continue;
    }
    if (!may_rotate || !IsTooLong(length, size)) return length;
    Leave();
    PROVOST_ASSIGN_OR_RETURN(may_rotate, Rotate(size));
  }
  return absl::UnavailableError(
      absl::StrCat("audit log '", named_, "' is replaced faster than it can be opened"));
}

void LogFile::Leave() {
  if (locked_) flock(appender_->fd(), LOCK_UN);
  locked_ = false;
}

absl::StatusOr<bool> LogFile::NamesOurFile(off_t& length) const {
  struct stat live = {};
  const int failed = follows_path_ ? lstat(path_.c_str(), &live) : fstat(appender_->fd(), &live);
  if (failed == 0) {
    length = live.st_size;
    return live.st_dev == device_ && live.st_ino == inode_;
  }
  if (follows_path_ && (errno == ENOENT || errno == ENOTDIR)) return false;
  return absl::UnavailableError(
      absl::StrCat("cannot look at audit log '", named_, "': ", strerror(errno)));
}

bool LogFile::IsTooLong(off_t now, size_t size) const {
  return now > 0 && static_cast<uint64_t>(now) + size > options_.max_size;
}

absl::StatusOr<bool> LogFile::Rotate(size_t size) {
  if (!Lock(LOCK_EX)) return false;
  locked_ = true;
  off_t length = 0;
  absl::StatusOr<bool> ours = NamesOurFile(length);
  if (!ours.ok() || !*ours || !IsTooLong(length, size)) {
    Leave();
    if (!ours.ok()) return ours;
    return true;  // somebody else did it
  }
  absl::Status status;
  if (unsynced_ && options_.durability != Durability::kNone) status = Sync();
  if (status.ok()) status = RotateByRename(path_, options_.keep);
  if (!status.ok()) {
    Leave();
    return status;
  }
  fchmod(appender_->fd(), kRotatedMode);
  // The lock goes with the old file, and that when there is a new one: who rotates next finds all
  // names in their places.
  const std::optional<Appender> old = std::exchange(appender_, std::nullopt);
  locked_ = false;
  if (status = OpenFile(O_NOFOLLOW); !status.ok()) return Retriable(status);
  return true;
}

// True too where the file system has no locks.
bool LogFile::Lock(int operation) {
  for (int64_t pause = kFirstPause;; pause *= 2) {
    if (flock(appender_->fd(), operation | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
      patient_ = true;
      return true;
    }
    patient_ = patient_ && pause < kLastPause;
    if (!patient_) return false;
    const timespec duration = {0, static_cast<long>(pause)};
    nanosleep(&duration, nullptr);
  }
}

absl::Status LogFile::Sync() {
  while (fdatasync(appender_->fd()) != 0) {
    if (errno == EINTR) continue;
    return absl::UnavailableError(
        absl::StrCat("audit log '", named_, "' cannot be made durable: ", strerror(errno)));
  }
  unsynced_ = false;
  return absl::OkStatus();
}

absl::Status LogFile::SyncDirectory() const {
  const std::string directory = DirectoryOf(path_);
  const UniqueFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid() && fsync(fd.get()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot sync directory '", directory, "'"));
}

}  // namespace provost
