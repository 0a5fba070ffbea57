#ifndef PROVOST_TRACEE_FILE_VIEW_H_
#define PROVOST_TRACEE_FILE_VIEW_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/call_facts.h"
#include "base/unique_fd.h"
#include "tracee/paths.h"
#include "tracee/task_directory.h"

struct statx;

namespace provost {

// Files' security.capability attributes that were read lately. Setting one changes the file's
// ctime, so that what is kept under that is never stale; a file changed within the last seconds is
// not kept. For one thread.
class CapabilityCache {
 public:
  // Of the file that `file` is open on with O_PATH, whose statx is given, found for the task `tid`.
  // A file on FUSE has none: its server is not asked.
  PathFact::Capabilities Get(pid_t tid, const UniqueFd& file, const struct statx& status);

 private:
  struct Key {
    uint64_t inode = 0;
    int64_t seconds = 0;
    uint32_t nanoseconds = 0;
    PathFact::Device device;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    PathFact::Capabilities capabilities;
  };
  std::array<Entry, 64> entries_;
};

// The root of this process, by which a task's is known for the same. Kept open: one a supervisor.
class OwnRoot {
 public:
  // An error if it cannot be opened; it is tried again then.
  absl::Status Open();
  const UniqueFd& directory() const { return directory_; }
  bool Is(const struct statx& status) const;

 private:
  UniqueFd directory_;
  uint64_t inode_ = 0;
  uint64_t mount_ = 0;
  PathFact::Device device_;
};

// The files that one stopped task sees, at one stop: what its paths name, from its own root and
// working directory. Nothing is opened but with O_PATH, and no automount is triggered. Errors are
// this process's own (no descriptor to be had), or the task's end; what the task may not or cannot
// see is no error but nothing.
class FileView {
 public:
  // What a path leads to.
  struct Sight {
    std::optional<PathFact::Inode> inode;  // nothing: there is no such file, or it cannot be seen
    PathFact::Capabilities capabilities;
  };

  // What `task` refers to, `own` and `cache` must outlive this.
  FileView(pid_t tid, const TaskDirectory& task, OwnRoot& own, CapabilityCache& cache)
      : tid_(tid), task_(task), own_(own), cache_(cache) {}

  // The working directory, relative to the task's root.
  absl::StatusOr<std::string> WorkingDirectory();
  // What a descriptor names, likewise; nothing if it is not open. AT_FDCWD as above.
  absl::StatusOr<std::optional<std::string>> DescriptorName(int32_t descriptor);

  absl::StatusOr<Sight> Look(const TaskPath& path);
  absl::StatusOr<Sight> LookAtDescriptor(int32_t descriptor);

 private:
  absl::Status FindRoot();
  absl::StatusOr<std::string> ReadLink(const std::string& name) const {
    return ReadLinkAt(task_.proc, name.c_str(), name);
  }
  absl::StatusOr<std::string> ReadLinkAt(int directory, const char* path,
                                         absl::string_view name) const;
  absl::StatusOr<std::string> RelativeToRoot(std::string name);
  // Like OpenTaskPath, and faster where that is safe. Fails with errno.
  absl::StatusOr<UniqueFd> OpenAt(const TaskPath& path);
  absl::StatusOr<UniqueFd> OpenBase(int32_t descriptor) const;
  absl::StatusOr<Sight> Describe(const UniqueFd& file) const;

  const pid_t tid_;
  const TaskDirectory task_;
  OwnRoot& own_;
  CapabilityCache& cache_;
  bool root_known_ = false;
  bool shares_root_ = false;
  std::string root_;  // its name, if it is not ours
};

}  // namespace provost

#endif  // PROVOST_TRACEE_FILE_VIEW_H_
