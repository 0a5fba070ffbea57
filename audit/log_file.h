#ifndef PROVOST_AUDIT_LOG_FILE_H_
#define PROVOST_AUDIT_LOG_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/appender.h"
#include "audit/path_watch.h"

namespace provost {

// When what was appended is safe from a crash of the machine. A crash of the process alone loses
// nothing that was appended, under any of them.
enum class Durability : uint8_t {
  kNone,   // when the kernel writes it back, usually within half a minute
  kBatch,  // fdatasync(2) by Flush
  kEvent,  // fdatasync(2) before Append returns
};

// An audit log under a path: a regular file that several supervisors append to (appender.h), that
// is rotated, and that others may rename, replace or remove as logrotate(8) does.
//
// Before each piece the path is looked at, or, where the kernel tells of changes (path_watch.h),
// the kernel is asked whether it may name another file. If it names another file, or none, that one
// is opened or created (mode 0600) and appended to; a directory that is gone is an error, and a
// symbolic link in the file's place is not followed. A file removed between that look and the write
// takes the piece along, as it takes all that it had before.
//
// Rotation (max_size): the supervisor whose piece would make the file too long renames it, between
// pieces, and the piece goes into a new file; the rotated one is made read-only (0400). Supervisors
// that rotate hold a shared flock(2) on the file while they append, and an exclusive one while they
// rename, so that nothing is appended to a file once it is rotated: a reader that follows the set
// (ausearch --checkpoint) sees each event once. Nobody waits for a lock longer than a tenth of a
// second, lest a stopped process hold up the others: then the file grows beyond max_size instead,
// and another attempt is made with the next piece. All supervisors of one log should be given the
// same max_size.
//
// One thread at a time.
class LogFile {
 public:
  struct Options {
    uint64_t max_size = 0;  // bytes; 0: never rotated
    int keep = 5;           // rotated files that are kept; 1 or more
    Durability durability = Durability::kNone;
  };

  // `path` names a regular file or nothing yet. Errors name the path and the reason; with max_size
  // it is one that files cannot be renamed there.
  static absl::StatusOr<LogFile> Open(const std::string& path, const Options& options);

  // Appends whole lines. An error means that they are not there and may be offered again; it is
  // never kFailedPrecondition, for a file may always come back.
  absl::Status Append(absl::string_view piece);
  // kBatch: makes durable what was appended.
  absl::Status Flush();

 private:
  LogFile(std::string path, const Options& options)
      : named_(path), path_(std::move(path)), options_(options) {}

  // Opens or creates the file, not through a symbolic link unless it is the first time.
  absl::Status OpenFile(int extra_flags);
  void ResolvePath();
  // True if appender_ is the file that the path names, as far as no look at the path is needed.
  bool IsWatched() const { return watch_.has_value() && !watch_->MayHaveChanged(); }
  // From here on, if that can be and is of use.
  void Watch();
  // Makes appender_ the file that the path names, rotated if need be, and locks it. Its size.
  absl::StatusOr<off_t> Enter(size_t size);
  void Leave();
  absl::StatusOr<bool> NamesOurFile(off_t& length) const;
  // False: put off, for somebody is in the middle of a piece.
  absl::StatusOr<bool> Rotate(size_t size);
  bool IsTooLong(off_t now, size_t size) const;
  bool Lock(int operation);
  absl::Status Sync();
  absl::Status SyncDirectory() const;

  std::string named_;  // for messages: as it was given
  std::string path_;   // the file's own
  Options options_;
  std::optional<Appender> appender_;
  bool may_watch_ = true;           // false: of this file it cannot be
  std::optional<PathWatch> watch_;  // of path_ since it was seen to name appender_'s file
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool follows_path_ = true;  // false: opened by a name that is no path (/dev/fd/3, deleted)
  bool locked_ = false;
  bool patient_ = true;  // false: the last lock was not to be had in time
  bool unsynced_ = false;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_LOG_FILE_H_
