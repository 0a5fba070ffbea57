#include "tracee/other_tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/identity.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/identity.h"
#include "tracee/proc_path.h"

// Since Linux 6.11; here the headers may be older.
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS _IOR(NSIO, 0x6, int)
#endif

namespace provost {
namespace {

// PIDFD_SELF_* of linux/pidfd.h, since Linux 6.15.
constexpr int32_t kPidfdSelfThread = -10000;
constexpr int32_t kPidfdSelfThreadGroup = -10001;

using By = CallSubjects::Task::By;

// A pid namespace is known by its inode.
std::optional<ino_t> PidNamespaceOf(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

// The number under which /proc shows us what `task` calls `number`; 0 if there is none.
absl::StatusOr<pid_t> Translate(pid_t task, pid_t number) {
  const std::string path = ProcPath(task, "ns/pid");
  const std::optional<ino_t> theirs = PidNamespaceOf(path);
  static const std::optional<ino_t> ours = PidNamespaceOf("/proc/self/ns/pid");
  if (!theirs.has_value()) return 0;
  if (theirs == ours) return number;
  const UniqueFd space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!space.valid()) {
    const absl::Status status = absl::ErrnoToStatus(errno, path);
    if (absl::IsResourceExhausted(status)) return status;
    return 0;
  }
  const int translated = ioctl(space.get(), NS_GET_PID_FROM_PIDNS, number);
  return translated > 0 ? translated : 0;
}

// The number behind `field` at the start of a line; 0 if there is none.
pid_t ReadPid(int fd, absl::string_view field) {
  std::array<char, 1024> text;
  const ssize_t length = read(fd, text.data(), text.size());
  if (length <= 0) return 0;
  const absl::string_view lines(text.data(), length);
  for (absl::string_view line : absl::StrSplit(lines, '\n')) {
    pid_t pid = 0;
    if (absl::ConsumePrefix(&line, field) && absl::SimpleAtoi(line, &pid)) {
      return pid > 0 ? pid : 0;
    }
  }
  return 0;
}

// What fdinfo says of a pidfd (pidfd_show_fdinfo in fs/pidfs.c).
absl::StatusOr<pid_t> ProcessOfDescriptor(pid_t task, int32_t descriptor) {
  const std::string path = ProcPath(task, absl::StrCat("fdinfo/", descriptor));
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    const absl::Status status = absl::ErrnoToStatus(errno, path);
    if (absl::IsResourceExhausted(status)) return status;
    return 0;
  }
  return ReadPid(file.get(), "Pid:\t");
}

// A directory /proc/PID stands for its process to pidfd_send_signal (tgid_pidfd_to_pid in
// fs/proc/base.c).
absl::StatusOr<pid_t> ProcessOfDirectory(pid_t task, int32_t descriptor) {
  const std::string path = ProcPath(task, absl::StrCat("fd/", descriptor));
  struct stat status = {};
  // A device or a FIFO is not opened.
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
  const UniqueFd directory(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    const absl::Status error = absl::ErrnoToStatus(errno, path);
    if (absl::IsResourceExhausted(error)) return error;
    return 0;
  }
  struct statfs system = {};
  // A thread's directory has no `task`.
  if (fstatfs(directory.get(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC ||
      faccessat(directory.get(), "task", F_OK, 0) != 0) {
    return 0;
  }
  const UniqueFd file(openat(directory.get(), "status", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  const pid_t number = ReadPid(file.get(), "Tgid:\t");
  struct stat ours = {};
  const bool is_ours = stat("/proc", &ours) == 0 && ours.st_dev == status.st_dev;
  if (is_ours) return number;
  return Translate(task, number);
}

// One call's search for the tasks it names.
class Search {
 public:
  Search(pid_t caller, bool is_signal, std::vector<OtherTask>& objects)
      : caller_(caller), is_signal_(is_signal), objects_(objects) {}

  absl::Status Add(pid_t tid) {
    if (tid <= 0 || objects_.size() >= kMaxOtherTasks) return absl::OkStatus();
    Identity identity;
    absl::Status status = ReadTaskIdentity(tid, identity);
    if (status.ok()) status = ReadLogin(tid, identity);
    if (!status.ok()) return absl::IsResourceExhausted(status) ? status : absl::OkStatus();
    if (!is_signal_) {
      PROVOST_ASSIGN_OR_RETURN(const pid_t process, CallersProcess());
      if (identity.pid == process) return absl::OkStatus();
    }
    objects_.push_back({.pid = identity.pid,
                        .auid = identity.auid,
                        .uid = identity.uid,
                        .ses = identity.ses,
                        .comm = std::move(identity.comm),
                        .contid = std::nullopt});
    return absl::OkStatus();
  }

  // kill(2): 0 is the caller's own group, -1 all but the first process and the caller.
  absl::Status AddGroup(int32_t which) {
    const bool everyone = which == -1;
    pid_t group = 0;
    if (which == 0) {
      group = getpgid(caller_);
    } else if (!everyone) {
      PROVOST_ASSIGN_OR_RETURN(group, Translate(caller_, -which));
    }
    return AddMembers(group, everyone);
  }

  // Of the group with this number, or everyone.
  absl::Status AddMembers(pid_t group, bool everyone) {
    if (!everyone && group <= 0) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(const pid_t self, CallersProcess());
    const std::optional<ino_t> space = PidNamespaceOf(ProcPath(caller_, "ns/pid"));
    PROVOST_ASSIGN_OR_RETURN(const pid_t init, Translate(caller_, 1));
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), &closedir);
    if (proc == nullptr) return absl::ErrnoToStatus(errno, "open /proc");
    while (const dirent* entry = readdir(proc.get())) {
      pid_t pid = 0;
      if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
      const bool is_member =
          everyone ? pid != self && pid != init && PidNamespaceOf(ProcPath(pid, "ns/pid")) == space
                   : getpgid(pid) == group;
      if (!is_member) continue;
      PROVOST_RETURN_IF_ERROR(Add(pid));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<pid_t> CallersProcess() {
    if (process_ == 0) {
      Identity identity;
      PROVOST_RETURN_IF_ERROR(ReadTaskIdentity(caller_, identity));
      process_ = identity.pid;
    }
    return process_;
  }

  const pid_t caller_;
  const bool is_signal_;
  std::vector<OtherTask>& objects_;
  pid_t process_ = 0;
};

}  // namespace

absl::Status ReadOtherTasks(pid_t tid, const CallSubjects::Task& subject, uint64_t value,
                            bool is_group, std::vector<OtherTask>& objects) {
  const auto number = static_cast<int32_t>(value);
  Search search(tid, subject.is_signal, objects);
  if (subject.by == By::kDescriptor) {
    const bool is_self = number == kPidfdSelfThread || number == kPidfdSelfThreadGroup;
    pid_t process = is_self ? tid : 0;
    if (!is_self) {
      PROVOST_ASSIGN_OR_RETURN(process, ProcessOfDescriptor(tid, number));
    }
    if (process == 0 && subject.is_signal) {
      PROVOST_ASSIGN_OR_RETURN(process, ProcessOfDirectory(tid, number));
    }
    return is_group ? search.AddMembers(process, false) : search.Add(process);
  }
  if (subject.by == By::kProcessOrGroup && number <= 0) return search.AddGroup(number);
  if (number <= 0) return absl::OkStatus();
  PROVOST_ASSIGN_OR_RETURN(const pid_t task, Translate(tid, number));
  return search.Add(task);
}

}  // namespace provost
