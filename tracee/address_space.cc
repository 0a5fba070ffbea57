#include "tracee/address_space.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "tracee/died.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// Of the thread itself, not of its process: threads need not share descriptors (linux/pidfd.h,
// Linux 6.9).
constexpr unsigned kPidfdThread = O_EXCL;

// The line of /proc/TID/maps that `address` lies in; empty if it lies in none.
absl::StatusOr<std::string> MapsLine(pid_t tid, uint64_t address) {
  FILE* maps = fopen(ProcPath(tid, "maps").c_str(), "re");
  if (maps == nullptr) return TraceeError("open of /proc/TID/maps", tid, errno);
  std::string found;
  char* line = nullptr;
  size_t capacity = 0;
  while (found.empty() && getline(&line, &capacity, maps) >= 0) {
    uint64_t begin = 0;
    uint64_t end = 0;
    if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && address >= begin && address < end) {
      found = line;
    }
  }
  free(line);
  (void)fclose(maps);
  return found;
}

}  // namespace

absl::Status CheckSharedReadOnly(pid_t tid, uint64_t address, size_t size,
                                 const FileIdentity& file) {
  const absl::StatusOr<std::string> line = MapsLine(tid, address);
  if (!line.ok()) return line.status();
  uint64_t begin = 0;
  uint64_t end = 0;
  char permissions[5] = "";
  uint64_t offset = 0;
  unsigned major_number = 0;
  unsigned minor_number = 0;
  uint64_t inode = 0;
  const int fields = sscanf(line->c_str(), "%lx-%lx %4s %lx %x:%x %lu", &begin, &end, permissions,
                            &offset, &major_number, &minor_number, &inode);
  const bool is_it = fields == 7 && begin == address && end >= address + size &&
                     std::string(permissions) == "r--s" && offset == 0 &&
                     makedev(major_number, minor_number) == file.device && inode == file.inode;
  if (is_it) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("task ", tid, " has at 0x", absl::Hex(address),
                                                    " not what was mapped there: ", *line));
}

bool ShareMemory(pid_t one, pid_t other) {
  return syscall(SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0;
}

absl::StatusOr<UniqueFd> CopyDescriptor(pid_t tid, int fd) {
  UniqueFd task(static_cast<int>(syscall(SYS_pidfd_open, tid, kPidfdThread)));
  // Before Linux 6.9 there are pidfds of processes alone.
  if (!task.valid() && errno == EINVAL) {
    task.reset(static_cast<int>(syscall(SYS_pidfd_open, tid, 0)));
  }
  if (!task.valid()) return TraceeError("pidfd_open", tid, errno);
  UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, task.get(), fd, 0)));
  if (!copy.valid()) return TraceeError("pidfd_getfd", tid, errno);
  return copy;
}

}  // namespace provost
