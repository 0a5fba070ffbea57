#include "tracee/address_space.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tracee/died.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// Of the thread itself, not of its process: threads need not share descriptors (linux/pidfd.h,
// Linux 6.9).
constexpr unsigned kPidfdThread = O_EXCL;

// Hands the lines of a file of the task's to `look` until that says true; false if it never does.
absl::StatusOr<bool> FindLine(pid_t tid, const char* name,
                              const std::function<bool(const char*)>& look) {
  FILE* file = fopen(ProcPath(tid, name).c_str(), "re");
  if (file == nullptr) {
    // proc(5): there is no such directory once the task has been waited for.
    const int error = errno == ENOENT ? ESRCH : errno;
    return TraceeError(absl::StrCat("open of /proc/TID/", name), tid, error);
  }
  char* line = nullptr;
  size_t capacity = 0;
  bool found = false;
  while (!found && getline(&line, &capacity, file) >= 0) found = look(line);
  // A task that ends meanwhile is an error of the reading (ESRCH), not of the opening.
  const int error = ferror(file) != 0 ? errno : 0;
  free(line);
  (void)fclose(file);
  if (!found && error != 0)
    return TraceeError(absl::StrCat("read of /proc/TID/", name), tid, error);
  return found;
}

// True if the line is that of the mapping that `address` lies in.
bool IsMappingOf(const char* line, uint64_t address) {
  uint64_t begin = 0;
  uint64_t end = 0;
  return sscanf(line, "%lx-%lx", &begin, &end) == 2 && address >= begin && address < end;
}

}  // namespace

absl::Status CheckSharedReadOnly(pid_t tid, const FileMapping& wanted) {
  std::string mapping;
  const absl::StatusOr<bool> found = FindLine(tid, "maps", [&](const char* line) {
    const bool is_it = IsMappingOf(line, wanted.address);
    if (is_it) mapping = line;
    return is_it;
  });
  if (!found.ok()) return found.status();
  uint64_t begin = 0;
  uint64_t end = 0;
  char permissions[5] = "";
  uint64_t offset = 0;
  unsigned major_number = 0;
  unsigned minor_number = 0;
  uint64_t inode = 0;
  const int fields = sscanf(mapping.c_str(), "%lx-%lx %4s %lx %x:%x %lu", &begin, &end, permissions,
                            &offset, &major_number, &minor_number, &inode);
  const FileIdentity file = {makedev(major_number, minor_number), inode};
  const bool is_it = fields == 7 && begin == wanted.address && end >= begin + wanted.size &&
                     absl::string_view(permissions) == (wanted.executable ? "r-xs" : "r--s") &&
                     offset == wanted.offset && file == wanted.file;
  if (is_it) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("task ", tid, " has at 0x",
                                                    absl::Hex(wanted.address),
                                                    " not what was mapped there: ", mapping));
}

absl::Status CheckSealed(pid_t tid, uint64_t address) {
  bool is_it = false;
  const absl::StatusOr<bool> sealed = FindLine(tid, "smaps", [&](const char* line) {
    constexpr absl::string_view kFlags = "VmFlags:";
    const absl::string_view text(line);
    if (!absl::StartsWith(text, kFlags)) {
      // Of the lines that follow it, none begins like a mapping's.
      is_it = is_it || IsMappingOf(line, address);
      return false;
    }
    const bool has_it = is_it && absl::StrContains(text, " sl");
    is_it = false;
    return has_it;
  });
  if (!sealed.ok()) return sealed.status();
  if (*sealed) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("task ", tid, " has not sealed what it has at 0x", absl::Hex(address)));
}

absl::StatusOr<int> CountFilters(pid_t tid) {
  int count = 0;
  const absl::StatusOr<bool> found = FindLine(tid, "status", [&](const char* line) {
    return sscanf(line, "Seccomp_filters: %d", &count) == 1;
  });
  if (!found.ok()) return found.status();
  if (*found) return count;
  return absl::UnimplementedError("/proc says no number of filters");
}

bool ShareMemory(pid_t one, pid_t other) {
  return syscall(SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0;
}

absl::StatusOr<dev_t> ReadDevice(pid_t tid, int fd) {
  struct stat status = {};
  const std::string path = ProcPath(tid, absl::StrCat("fd/", fd));
  if (stat(path.c_str(), &status) != 0) return absl::ErrnoToStatus(errno, path);
  const bool is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  return is_device ? status.st_rdev : dev_t{0};
}

absl::StatusOr<clockid_t> ReadTimerClock(pid_t tid, int fd) {
  const std::string path = ProcPath(tid, absl::StrCat("fdinfo/", fd));
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    absl::string_view text = line;
    clockid_t clock = 0;
    if (absl::ConsumePrefix(&text, "clockid: ") && absl::SimpleAtoi(text, &clock)) return clock;
  }
  return absl::NotFoundError(absl::StrCat(path, " is of no timer"));
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
