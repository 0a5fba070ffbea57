#include "tracee/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// MAXSYMLINKS in the kernel's linux/namei.h.
constexpr int kMaxLinks = 40;
// The directory that procfs begins at (PROC_ROOT_INO in linux/proc_fs.h).
constexpr ino_t kProcRoot = 1;

std::string DescriptorFile(pid_t tid, int32_t descriptor) {
  if (descriptor == AT_FDCWD) return ProcPath(tid, "cwd");
  return ProcPath(tid, absl::StrCat("fd/", descriptor));
}

absl::StatusOr<std::string> ReadLink(int directory, const std::string& path) {
  std::array<char, PATH_MAX> text;
  const ssize_t length = readlinkat(directory, path.c_str(), text.data(), text.size());
  if (length < 0) return absl::ErrnoToStatus(errno, absl::StrCat("readlink ", path));
  return std::string(text.data(), length);
}

absl::StatusOr<UniqueFd> OpenPath(int directory, const std::string& path, int flags) {
  UniqueFd fd(openat(directory, path.c_str(), O_PATH | O_CLOEXEC | flags));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  return fd;
}

absl::StatusOr<std::string> NameOf(const UniqueFd& fd) {
  return ReadLink(AT_FDCWD, absl::StrCat("/proc/self/fd/", fd.get()));
}

// What /proc/TID/mountinfo says of the mount with that id; nothing: it is not there.
std::optional<FileSystem> FindMount(pid_t tid, uint64_t id) {
  std::ifstream mounts(ProcPath(tid, "mountinfo"));
  const std::string start = absl::StrCat(id, " ");
  std::string line;
  while (std::getline(mounts, line)) {
    if (!absl::StartsWith(line, start)) continue;
    const size_t end = line.find(" - ");
    if (end == std::string::npos) return std::nullopt;
    const absl::string_view type = absl::string_view(line).substr(end + 3);
    if (absl::StartsWith(type, "fuse")) return FileSystem::kFuse;
    return absl::StartsWith(type, "proc ") ? FileSystem::kProc : FileSystem::kOther;
  }
  return std::nullopt;
}

// One walk along a path, from component to component.
class Walk {
 public:
  enum class FuseServers : bool { kAsk, kDoNotAsk };

  Walk(pid_t tid, bool follow_last, FuseServers fuse_servers)
      : tid_(tid), follow_last_(follow_last), fuse_servers_(fuse_servers) {}

  absl::StatusOr<std::string> Name(const TaskPath& path) {
    PROVOST_ASSIGN_OR_RETURN(const std::string missing, Run(path));
    absl::StatusOr<std::string> name = NameOf(at_);
    if (!name.ok() || missing.empty()) return name;
    return absl::StrCat(*name, absl::EndsWith(*name, "/") ? "" : "/", missing);
  }

  absl::StatusOr<UniqueFd> Open(const TaskPath& path) {
    PROVOST_ASSIGN_OR_RETURN(const std::string missing, Run(path));
    if (!missing.empty()) return absl::NotFoundError(absl::StrCat("no file ", missing));
    return std::move(at_);
  }

 private:
  // Walks to where the path leads; if only the last component is not there, to its directory, and
  // returns that component.
  absl::StatusOr<std::string> Run(const TaskPath& path) {
    PROVOST_RETURN_IF_ERROR(Start(path));
    // What ends in a slash is a directory, and a link there is followed to it.
    if (absl::EndsWith(path.path, "/")) follow_last_ = true;
    Prepend(path.path);
    while (!pending_.empty()) {
      std::string component = std::move(pending_.front());
      pending_.pop_front();
      PROVOST_ASSIGN_OR_RETURN(const bool exists, Step(component));
      if (!exists) return component;
    }
    return std::string();
  }

  absl::Status Start(const TaskPath& path) {
    const bool from_root = absl::StartsWith(path.path, "/") && !path.in_root;
    UniqueFd base;
    if (!from_root) {
      const std::string file = DescriptorFile(tid_, path.descriptor);
      PROVOST_ASSIGN_OR_RETURN(base, OpenPath(AT_FDCWD, file, O_DIRECTORY));
    }
    if (path.in_root) {
      PROVOST_ASSIGN_OR_RETURN(root_, Copy(base));
    } else {
      PROVOST_ASSIGN_OR_RETURN(root_, OpenPath(AT_FDCWD, ProcPath(tid_, "root"), O_DIRECTORY));
    }
    if (!from_root) {
      at_ = std::move(base);
      return absl::OkStatus();
    }
    return GoToRoot();
  }

  static absl::StatusOr<UniqueFd> Copy(const UniqueFd& fd) {
    UniqueFd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return absl::ErrnoToStatus(errno, "dup");
    return copy;
  }

  absl::Status GoToRoot() {
    PROVOST_ASSIGN_OR_RETURN(at_, Copy(root_));
    return absl::OkStatus();
  }

  void Prepend(absl::string_view path) {
    const std::vector<std::string> components = absl::StrSplit(path, '/', absl::SkipEmpty());
    pending_.insert(pending_.begin(), components.begin(), components.end());
  }

  // False if the component is the last and not there.
  absl::StatusOr<bool> Step(const std::string& component) {
    if (component == "." || component == "..") {
      PROVOST_RETURN_IF_ERROR(StepToDots(component));
      return true;
    }
    absl::StatusOr<UniqueFd> next = OpenComponent(component);
    if (!next.ok()) {
      if (absl::IsNotFound(next.status()) && pending_.empty()) return false;
      return next.status();
    }
    struct statx status = {};
    if (statx(next->get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) != 0) {
      return absl::ErrnoToStatus(errno, "statx");
    }
    const bool follows = S_ISLNK(status.stx_mode) && (!pending_.empty() || follow_last_);
    if (!follows) {
      at_ = *std::move(next);
      return true;
    }
    PROVOST_RETURN_IF_ERROR(Follow(component, *next));
    return true;
  }

  // A component of at_, itself.
  absl::StatusOr<UniqueFd> OpenComponent(const std::string& component) const {
    if (fuse_servers_ == FuseServers::kDoNotAsk) {
      open_how how = {};
      how.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
      how.resolve = RESOLVE_CACHED;
      UniqueFd cached(
          static_cast<int>(syscall(SYS_openat2, at_.get(), component.c_str(), &how, sizeof(how))));
      if (cached.valid()) return cached;
      if (errno == EAGAIN && FileSystemOf(tid_, at_) == FileSystem::kFuse) {
        return absl::UnavailableError(absl::StrCat(component, " is not in the kernel's cache"));
      }
    }
    return OpenPath(at_.get(), component, O_NOFOLLOW);
  }

  absl::Status StepToDots(const std::string& component) {
    const bool is_parent = component == "..";
    if (is_parent) {
      PROVOST_ASSIGN_OR_RETURN(const bool at_root, IsRoot());
      if (at_root) return absl::OkStatus();
    }
    PROVOST_ASSIGN_OR_RETURN(at_, OpenPath(at_.get(), component, O_DIRECTORY));
    return absl::OkStatus();
  }

  // By mount, too: the root of a chroot may be seen elsewhere by a bind mount.
  absl::StatusOr<bool> IsRoot() const {
    struct statx here = {};
    struct statx root = {};
    constexpr unsigned kWanted = STATX_INO | STATX_MNT_ID;
    if (statx(at_.get(), "", AT_EMPTY_PATH, kWanted, &here) != 0 ||
        statx(root_.get(), "", AT_EMPTY_PATH, kWanted, &root) != 0) {
      return absl::ErrnoToStatus(errno, "statx");
    }
    return here.stx_ino == root.stx_ino && here.stx_dev_major == root.stx_dev_major &&
           here.stx_dev_minor == root.stx_dev_minor && here.stx_mnt_id == root.stx_mnt_id;
  }

  // Follows the link `component` of at_, opened as `link`.
  absl::Status Follow(const std::string& component, const UniqueFd& link) {
    if (++links_ > kMaxLinks) {
      return absl::FailedPreconditionError(absl::StrCat(component, ": too many links"));
    }
    std::string target;
    const FileSystem file_system = FileSystemOf(tid_, at_);
    if (file_system == FileSystem::kFuse && fuse_servers_ == FuseServers::kDoNotAsk) {
      return absl::UnavailableError(absl::StrCat(component, " is a link in FUSE"));
    }
    if (file_system == FileSystem::kProc) {
      PROVOST_ASSIGN_OR_RETURN(target, OwnLink(component));
      if (target.empty() && IsMagic(component)) {
        // The kernel knows where it leads; a name would not do.
        PROVOST_ASSIGN_OR_RETURN(at_, OpenPath(at_.get(), component, 0));
        return absl::OkStatus();
      }
    }
    if (target.empty()) {
      PROVOST_ASSIGN_OR_RETURN(target, ReadLink(link.get(), ""));
    }
    if (absl::StartsWith(target, "/")) PROVOST_RETURN_IF_ERROR(GoToRoot());
    Prepend(target);
    return absl::OkStatus();
  }

  // Where a link at the top of procfs leads that depends on who looks; empty for any other.
  absl::StatusOr<std::string> OwnLink(absl::string_view component) const {
    struct stat status = {};
    if (fstat(at_.get(), &status) != 0) return absl::ErrnoToStatus(errno, "fstat");
    const bool is_own = component == "self" || component == "thread-self";
    if (!is_own || status.st_ino != kProcRoot) return std::string();
    PROVOST_ASSIGN_OR_RETURN(const TaskIds ids, IdsIn(status.st_dev));
    return component == "self" ? ids.tgid : absl::StrCat(ids.tgid, "/task/", ids.tid);
  }

  struct TaskIds {
    std::string tgid;
    std::string tid;
  };

  // The task's own numbers in the procfs on `device`: ours, or the innermost namespace's.
  absl::StatusOr<TaskIds> IdsIn(dev_t device) const {
    PROVOST_ASSIGN_OR_RETURN(const std::string text, ReadStatus());
    struct stat ours = {};
    const bool is_ours = stat("/proc", &ours) == 0 && ours.st_dev == device;
    TaskIds ids;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      const std::vector<absl::string_view> words =
          absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
      if (words.size() < 2) continue;
      const absl::string_view number = is_ours ? words[1] : words.back();
      if (words[0] == "NStgid:") ids.tgid = std::string(number);
      if (words[0] == "NSpid:") ids.tid = std::string(number);
    }
    if (ids.tgid.empty() || ids.tid.empty()) return absl::NotFoundError("no ids in status");
    return ids;
  }

  absl::StatusOr<std::string> ReadStatus() const {
    const std::string path = ProcPath(tid_, "status");
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> text;
    const ssize_t length = fd.valid() ? read(fd.get(), text.data(), text.size()) : -1;
    if (length < 0) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
    return std::string(text.data(), length);
  }

  // True of a link in procfs that leads to a file rather than to a name.
  bool IsMagic(const std::string& component) const {
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    const UniqueFd plain(
        static_cast<int>(syscall(SYS_openat2, at_.get(), component.c_str(), &how, sizeof(how))));
    return !plain.valid() && errno == ELOOP;
  }

  const pid_t tid_;
  bool follow_last_;
  const FuseServers fuse_servers_;
  UniqueFd root_;
  UniqueFd at_;
  std::deque<std::string> pending_;
  int links_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ReadDescriptorPath(pid_t tid, int32_t descriptor) {
  return ReadLink(AT_FDCWD, DescriptorFile(tid, descriptor));
}

absl::StatusOr<std::string> ResolveTaskPath(pid_t tid, const TaskPath& path) {
  return Walk(tid, path.follow_last, Walk::FuseServers::kAsk).Name(path);
}

FileSystem FileSystemOf(pid_t tid, const UniqueFd& file) {
  // STATX_MNT_ID_UNIQUE, since Linux 6.8: an id that no later mount gets, so that what was found
  // stays true.
  constexpr unsigned kUniqueId = 0x4000;
  constexpr size_t kMostKept = 256;
  thread_local absl::flat_hash_map<uint64_t, FileSystem> known;
  struct statx unique = {};
  const bool is_unique =
      statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kUniqueId, &unique) == 0 &&
      (unique.stx_mask & kUniqueId) != 0;
  if (is_unique) {
    const auto found = known.find(unique.stx_mnt_id);
    if (found != known.end()) return found->second;
  }
  struct statx status = {};
  constexpr int kAsItIs = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (statx(file.get(), "", kAsItIs, STATX_MNT_ID, &status) != 0) return FileSystem::kFuse;
  std::optional<FileSystem> found = FindMount(tid, status.stx_mnt_id);
  if (!found.has_value()) found = FindMount(getpid(), status.stx_mnt_id);
  if (!found.has_value()) return FileSystem::kFuse;
  if (is_unique) {
    if (known.size() >= kMostKept) known.clear();
    known.emplace(unique.stx_mnt_id, *found);
  }
  return *found;
}

absl::StatusOr<UniqueFd> OpenTaskPath(pid_t tid, const TaskPath& path) {
  return Walk(tid, path.follow_last, Walk::FuseServers::kDoNotAsk).Open(path);
}

}  // namespace provost
