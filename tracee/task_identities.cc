#include "tracee/task_identities.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "tracee/identity.h"

namespace provost {
namespace {

// struct pidfd_info of linux/pidfd.h in its first form (64 bytes), which every later kernel takes
// (PIDFD_INFO_SIZE_VER0).
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t pid, tgid, ppid;
  uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  uint32_t spare;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kInfoPid = 1;
constexpr uint64_t kInfoCreds = 2;
// PIDFD_THREAD: of a task that is not its process's first, too.
constexpr unsigned kPidfdThread = O_EXCL;

constexpr size_t kMostTasks = 256;
constexpr size_t kFilesOfATask = 6;

size_t TasksToKeep() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  const auto descriptors = std::min<rlim_t>(limit.rlim_cur, kMostTasks * kFilesOfATask * 4);
  return std::max<size_t>(descriptors / 4 / kFilesOfATask, 1);
}

absl::Status FileError(pid_t tid, absl::string_view file, int error) {
  // What a directory in /proc answers when its task is gone.
  if (error == ESRCH) error = ENOENT;
  return absl::ErrnoToStatus(error, absl::StrCat("/proc/", tid, "/", file));
}

// The file from its beginning, into `buffer`.
template <size_t kSize>
absl::StatusOr<absl::string_view> ReadAll(pid_t tid, const char* name, const UniqueFd& file,
                                          std::array<char, kSize>& buffer) {
  const ssize_t length = pread(file.get(), buffer.data(), buffer.size(), 0);
  if (length < 0) return FileError(tid, name, errno);
  return absl::string_view(buffer.data(), length);
}

absl::StatusOr<uint32_t> NumberIn(pid_t tid, const char* name, const UniqueFd& file) {
  std::array<char, 32> buffer;
  PROVOST_ASSIGN_OR_RETURN(const absl::string_view text, ReadAll(tid, name, file, buffer));
  uint32_t number = 0;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &number)) return number;
  return absl::InternalError(absl::StrCat("/proc/", tid, "/", name, " holds no number"));
}

std::string LinkAt(int directory, const char* name) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = readlinkat(directory, name, text.data(), text.size());
  return length < 0 ? std::string() : std::string(text.data(), length);
}

// A path that this process sees, as one sees it whose root is `root`.
std::string SeenFrom(const std::string& root, std::string path) {
  if (root.size() <= 1 || !absl::StartsWith(path, root)) return path;
  return path.size() > root.size() && path[root.size()] == '/' ? path.substr(root.size()) : path;
}

}  // namespace

TaskIdentities::TaskIdentities(size_t most_tasks, Source source)
    : most_tasks_(most_tasks != 0 ? most_tasks : TasksToKeep()),
      has_info_(source == Source::kBest) {}

absl::Status TaskIdentities::Read(pid_t tid, Identity& identity) {
  identity.tid = tid;
  PROVOST_ASSIGN_OR_RETURN(Files * files, FilesOf(tid));
  PROVOST_RETURN_IF_ERROR(ReadIds(*files, identity));
  PROVOST_RETURN_IF_ERROR(ReadName(*files, identity));
  PROVOST_RETURN_IF_ERROR(ReadLoginOf(*files, identity));
  PROVOST_RETURN_IF_ERROR(ReadTerminal(*files, identity));
  return ReadProgram(*files, identity);
}

absl::StatusOr<TaskDirectory> TaskIdentities::Directory(pid_t tid) {
  PROVOST_ASSIGN_OR_RETURN(Files * files, FilesOf(tid));
  return TaskDirectory{.proc = files->directory.get(),
                       .cwd = files->cwd.get(),
                       .has_our_root = keeps_roots_ ? &files->has_our_root : nullptr};
}

void TaskIdentities::Forget(pid_t tid) {
  programs_.erase(tid);
  const auto found = by_tid_.find(tid);
  if (found == by_tid_.end()) return;
  by_age_.erase(found->second);
  by_tid_.erase(found);
}

absl::StatusOr<TaskIdentities::Files*> TaskIdentities::FilesOf(pid_t tid) {
  const auto found = by_tid_.find(tid);
  if (found != by_tid_.end()) {
    by_age_.splice(by_age_.begin(), by_age_, found->second);
    return &by_age_.front();
  }
  while (by_age_.size() >= most_tasks_) {
    by_tid_.erase(by_age_.back().tid);
    by_age_.pop_back();
  }
  by_age_.emplace_front().tid = tid;
  by_tid_[tid] = by_age_.begin();
  const absl::Status opened = Open(by_age_.front());
  if (opened.ok()) return &by_age_.front();
  by_tid_.erase(tid);
  by_age_.pop_front();
  return opened;
}

absl::Status TaskIdentities::Open(Files& files) {
  const std::string name = absl::StrCat("/proc/", files.tid);
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  files.directory.reset(open(name.c_str(), kFlags));
  if (!files.directory.valid() && (errno == EMFILE || errno == ENFILE)) {
    DropOthers(files.tid);
    files.directory.reset(open(name.c_str(), kFlags));
  }
  if (!files.directory.valid()) return FileError(files.tid, "", errno);
  PROVOST_ASSIGN_OR_RETURN(files.cwd, OpenFile(files, "cwd", O_PATH | O_NOFOLLOW));
  PROVOST_ASSIGN_OR_RETURN(files.comm, OpenFile(files, "comm"));
  absl::StatusOr<UniqueFd> session = OpenFile(files, "sessionid");
  // A kernel without audit has no such file: that is no error.
  if (!session.ok() && !absl::IsNotFound(session.status())) return session.status();
  if (session.ok()) files.session = *std::move(session);
  if (has_info_) {
    files.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, files.tid, kPidfdThread)));
    if (!files.pidfd.valid() && (errno == EINVAL || errno == ENOSYS)) has_info_ = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> TaskIdentities::OpenFile(const Files& files, const char* name, int flags) {
  UniqueFd file(openat(files.directory.get(), name, flags | O_CLOEXEC));
  if (!file.valid() && (errno == EMFILE || errno == ENFILE)) {
    DropOthers(files.tid);
    file.reset(openat(files.directory.get(), name, flags | O_CLOEXEC));
  }
  if (!file.valid()) return FileError(files.tid, name, errno);
  return file;
}

void TaskIdentities::DropOthers(pid_t tid) {
  for (auto files = by_age_.begin(); files != by_age_.end();) {
    if (files->tid == tid) {
      ++files;
      continue;
    }
    by_tid_.erase(files->tid);
    files = by_age_.erase(files);
  }
}

absl::Status TaskIdentities::ReadIds(Files& files, Identity& identity) {
  if (has_info_ && files.pidfd.valid()) {
    PidfdInfo info = {};
    info.mask = kInfoPid | kInfoCreds;
    const bool is_told = ioctl(files.pidfd.get(), kPidfdGetInfo, &info) == 0 &&
                         (info.mask & kInfoCreds) != 0 && info.tgid != 0;
    if (is_told) {
      identity.pid = static_cast<int32_t>(info.tgid);
      identity.ppid = static_cast<int32_t>(info.ppid);
      identity.uid = info.ruid;
      identity.euid = info.euid;
      identity.suid = info.suid;
      identity.fsuid = info.fsuid;
      identity.gid = info.rgid;
      identity.egid = info.egid;
      identity.sgid = info.sgid;
      identity.fsgid = info.fsgid;
      return absl::OkStatus();
    }
    if (errno == ENOTTY || errno == EINVAL) has_info_ = false;
  }
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd status, OpenFile(files, "status"));
  std::array<char, 1024> buffer;
  PROVOST_ASSIGN_OR_RETURN(const absl::string_view text,
                           ReadAll(files.tid, "status", status, buffer));
  if (ParseTaskStatus(text, identity)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("/proc/", files.tid, "/status does not say whose it is"));
}

absl::Status TaskIdentities::ReadName(const Files& files, Identity& identity) {
  std::array<char, 64> buffer;
  PROVOST_ASSIGN_OR_RETURN(absl::string_view text, ReadAll(files.tid, "comm", files.comm, buffer));
  // The kernel adds a newline; one before it is the name's own.
  absl::ConsumeSuffix(&text, "\n");
  identity.comm = std::string(text);
  return absl::OkStatus();
}

// Whoever sets a login gets a new session number (audit_set_loginuid in kernel/audit.c): while that
// is the same, so is the login.
absl::Status TaskIdentities::ReadLoginOf(Files& files, Identity& identity) {
  if (files.session.valid()) {
    PROVOST_ASSIGN_OR_RETURN(const uint32_t ses, NumberIn(files.tid, "sessionid", files.session));
    if (!files.has_login || ses != files.ses) {
      PROVOST_ASSIGN_OR_RETURN(const UniqueFd login, OpenFile(files, "loginuid"));
      PROVOST_ASSIGN_OR_RETURN(files.auid, NumberIn(files.tid, "loginuid", login));
      files.ses = ses;
      files.has_login = true;
    }
  }
  identity.auid = files.auid;
  identity.ses = files.ses;
  return absl::OkStatus();
}

// A process without a terminal stays without one unless it leads a session (tty_ioctl(2),
// TIOCSCTTY; drivers/tty/tty_jobctrl.c), and once it leads one it always will. Only setsid(2) makes
// it lead one.
absl::Status TaskIdentities::ReadTerminal(Files& files, Identity& identity) {
  identity.tty.clear();
  if (files.has_no_tty) {
    if (files.leads_none && keeps_sessions_) return absl::OkStatus();
    files.leads_none = getsid(files.tid) != identity.pid;
    if (files.leads_none) return absl::OkStatus();
  }
  if (!files.stat.valid()) {
    PROVOST_ASSIGN_OR_RETURN(files.stat, OpenFile(files, "stat"));
  }
  std::array<char, 512> buffer;
  PROVOST_ASSIGN_OR_RETURN(const absl::string_view text,
                           ReadAll(files.tid, "stat", files.stat, buffer));
  if (!ParseTaskStat(text, identity)) {
    return absl::InternalError(absl::StrCat("/proc/", files.tid, "/stat does not name the task"));
  }
  files.has_no_tty = identity.tty.empty();
  return absl::OkStatus();
}

absl::Status TaskIdentities::ReadProgram(const Files& files, Identity& identity) {
  Program& program = programs_[identity.pid];
  if (!program.is_known || !keeps_programs_) {
    PROVOST_ASSIGN_OR_RETURN(const UniqueFd command_line, OpenFile(files, "cmdline"));
    std::array<char, kMaxProctitle> buffer;
    PROVOST_ASSIGN_OR_RETURN(const absl::string_view text,
                             ReadAll(files.tid, "cmdline", command_line, buffer));
    program.proctitle = ProctitleOf(std::string(text));
    // A dying task has none; a task that is not dumpable hides it.
    program.exe =
        SeenFrom(LinkAt(files.directory.get(), "root"), LinkAt(files.directory.get(), "exe"));
    program.is_known = true;
  }
  identity.exe = program.exe;
  identity.proctitle = program.proctitle;
  return absl::OkStatus();
}

}  // namespace provost
