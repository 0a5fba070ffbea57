#ifndef PROVOST_AUDIT_PATH_WATCH_H_
#define PROVOST_AUDIT_PATH_WATCH_H_

#include <optional>
#include <string>
#include <utility>

#include "base/unique_fd.h"

namespace provost {

// Notices that a path may lead elsewhere than it did: one poll(2), where a look at the path would
// walk along it. The kernel tells of what is done to the file and to each directory on the way
// (inotify(7)), and of each mount (proc_pid_mountinfo(5)), before the call that does it returns: so
// whoever asks after that call, learns of it. Two descriptors, close-on-exec. One thread.
class PathWatch {
 public:
  // `path` is absolute and without links, as realpath(3) gives it. Whoever looks at the path from
  // here on, and asks MayHaveChanged later, misses nothing in between. Nothing where changes might
  // not be told: on other file systems than those of this machine's own (a server's files, layers),
  // where a directory may not be read, or where no descriptor is to be had.
  static std::optional<PathWatch> Begin(const std::string& path);

  // True from the first change on, and sometimes without one: then look, after another Begin.
  bool MayHaveChanged() const;

 private:
  PathWatch(UniqueFd events, UniqueFd mounts)
      : events_(std::move(events)), mounts_(std::move(mounts)) {}
  static bool Add(const UniqueFd& events, const std::string& path);

  UniqueFd events_;
  UniqueFd mounts_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_PATH_WATCH_H_
