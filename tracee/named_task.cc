#include "tracee/named_task.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"

// Since Linux 6.11; here the headers may be older.
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 0x6, int)
#endif

namespace provost {
namespace {

// Of a small file of /proc, as much as there is room for; empty if it cannot be read. errno says
// why.
std::string ReadSmallFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return "";
  std::array<char, 4096> text;
  const ssize_t length = read(file.get(), text.data(), text.size());
  return length > 0 ? std::string(text.data(), length) : "";
}

// The number in the line that begins with `field`; nullopt if there is none.
std::optional<pid_t> NumberIn(absl::string_view text, absl::string_view field) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    pid_t number = 0;
    if (absl::ConsumePrefix(&line, field) && absl::SimpleAtoi(line, &number)) return number;
  }
  return std::nullopt;
}

// The number N of "/proc/N/mem" and "/proc/M/task/N/mem"; nullopt for other names.
std::optional<pid_t> OwnerNamedIn(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "/proc/") || !absl::ConsumeSuffix(&name, "/mem")) {
    return std::nullopt;
  }
  const size_t task = name.find("/task/");
  if (task != absl::string_view::npos) name.remove_prefix(task + strlen("/task/"));
  pid_t owner = 0;
  if (!absl::SimpleAtoi(name, &owner) || owner <= 0) return std::nullopt;
  return owner;
}

// The process of a directory of /proc, which stands for it; as TaskOfPidfd.
std::optional<pid_t> ProcessOfDirectory(pid_t tid, int32_t descriptor) {
  const std::string path = ProcPath(tid, absl::StrCat("fd/", descriptor));
  const UniqueFd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? std::optional<pid_t>(0) : std::nullopt;
  const FileSystem kind = FileSystemOf(tid, file);
  if (kind == FileSystem::kOther) return 0;
  struct stat found = {};
  struct stat ours = {};
  const bool is_ours = kind == FileSystem::kProc && fstat(file.get(), &found) == 0 &&
                       stat("/proc", &ours) == 0 && ours.st_dev == found.st_dev;
  if (!is_ours) return std::nullopt;
  const std::string status = ReadSmallFile(absl::StrCat("/proc/self/fd/", file.get(), "/status"));
  return NumberIn(status, "Tgid:\t").value_or(0);
}

}  // namespace

pid_t TaskNumbered(pid_t tid, int32_t number) {
  const std::string path = ProcPath(tid, "ns/pid");
  struct stat ours = {};
  struct stat theirs = {};
  if (stat(path.c_str(), &theirs) != 0 || stat("/proc/self/ns/pid", &ours) != 0) return number;
  if (theirs.st_ino == ours.st_ino) return number;
  const UniqueFd space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.valid()) return number;
  const int translated = ioctl(space.get(), NS_GET_PID_FROM_PIDNS, number);
  return translated > 0 ? translated : 0;
}

std::optional<pid_t> TaskOfPidfd(pid_t tid, int32_t descriptor) {
  // Negative ones stand for the caller itself (PIDFD_SELF), or for nothing.
  if (descriptor < 0) return 0;
  errno = 0;
  const std::string text = ReadSmallFile(ProcPath(tid, absl::StrCat("fdinfo/", descriptor)));
  if (text.empty()) return errno == ENOENT ? std::optional<pid_t>(0) : std::nullopt;
  // What fdinfo says of a pidfd: pidfd_show_fdinfo in fs/pidfs.c.
  const std::optional<pid_t> pid = NumberIn(text, "Pid:\t");
  if (!pid.has_value()) return ProcessOfDirectory(tid, descriptor);
  return *pid > 0 ? *pid : 0;
}

bool IsTracedByUs(pid_t tid) {
  const std::optional<pid_t> tracer =
      NumberIn(ReadSmallFile(ProcPath(tid, "status")), "TracerPid:\t");
  return tracer.has_value() && *tracer == static_cast<pid_t>(syscall(SYS_gettid));
}

bool IsOurOwn(pid_t tid) {
  if (tid <= 0) return false;
  if (syscall(SYS_tgkill, getpid(), tid, 0) == 0) return true;
  const std::optional<pid_t> parent = NumberIn(ReadSmallFile(ProcPath(tid, "status")), "PPid:\t");
  return parent.has_value() && *parent == getpid() && !IsTracedByUs(tid);
}

absl::StatusOr<std::optional<pid_t>> MemoryBehind(pid_t tid, const TaskPath& path) {
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd file, OpenTaskPath(tid, path));
  struct stat found = {};
  struct stat ours = {};
  // The mode of /proc/PID/mem, and of a handful of sysctls (fs/proc/base.c).
  constexpr mode_t kMemoryMode = S_IFREG | S_IRUSR | S_IWUSR;
  if (fstat(file.get(), &found) != 0 || found.st_mode != kMemoryMode) return 0;
  const bool is_ours = stat("/proc", &ours) == 0 && ours.st_dev == found.st_dev;
  const FileSystem kind = is_ours ? FileSystem::kProc : FileSystemOf(tid, file);
  if (kind == FileSystem::kOther) return 0;
  std::array<char, PATH_MAX> name;
  const ssize_t length =
      readlink(absl::StrCat("/proc/self/fd/", file.get()).c_str(), name.data(), name.size());
  if (length <= 0) return std::nullopt;
  const absl::string_view text(name.data(), length);
  // A user's file system, or a mount that nobody shows us, which may be a /proc: by its name, then.
  // Of a file that is mounted itself that is "/".
  if (kind == FileSystem::kFuse) {
    if (absl::EndsWith(text, "/mem") || text == "/") return std::nullopt;
    return 0;
  }
  if (!is_ours) return std::nullopt;
  if (absl::StartsWith(text, "/proc/sys/")) return 0;
  return OwnerNamedIn(text);
}

}  // namespace provost
