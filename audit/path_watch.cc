#include "audit/path_watch.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#include <cstddef>
#include <cstdint>

namespace provost {
namespace {

// Whatever changes their directories goes by rename(2), unlink(2) and mounts of this machine.
bool TellsOfChanges(int64_t file_system) {
  return file_system == TMPFS_MAGIC || file_system == EXT4_SUPER_MAGIC ||
         file_system == XFS_SUPER_MAGIC;
}

}  // namespace

std::optional<PathWatch> PathWatch::Begin(const std::string& path) {
  UniqueFd events(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  UniqueFd mounts(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!events.valid() || !mounts.valid()) return std::nullopt;
  for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (!Add(events, path.substr(0, end))) return std::nullopt;
  }
  if (!Add(events, path)) return std::nullopt;
  return PathWatch(std::move(events), std::move(mounts));
}

bool PathWatch::Add(const UniqueFd& events, const std::string& path) {
  // IN_ATTRIB is told of a removed name, too, and of rights that are taken away.
  constexpr uint32_t kChanges = IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB | IN_DONT_FOLLOW;
  struct statfs where = {};
  return statfs(path.c_str(), &where) == 0 && TellsOfChanges(where.f_type) &&
         inotify_add_watch(events.get(), path.c_str(), kChanges) >= 0;
}

bool PathWatch::MayHaveChanged() const {
  // What was told is not read: it stays so.
  pollfd watched[] = {{events_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}};
  return poll(watched, 2, 0) != 0;
}

}  // namespace provost
