#include "tracee/file_view.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr unsigned kPlace = STATX_INO | STATX_MNT_ID;
constexpr int kAsItIs = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;

PathFact::Device DeviceOf(const struct statx& status) {
  return {status.stx_dev_major, status.stx_dev_minor};
}

// True of what is wrong with this process rather than with what it looks at.
bool IsOwnLack(const absl::Status& status) { return absl::IsResourceExhausted(status); }

// The attribute as cap_get_file(3) finds it: struct vfs_ns_cap_data in linux/capability.h, of which
// revision 2 lacks the last field.
PathFact::Capabilities ReadCapabilities(const UniqueFd& file) {
  // fgetxattr(2) takes no O_PATH descriptor.
  const std::string path = absl::StrCat("/proc/self/fd/", file.get());
  vfs_ns_cap_data data = {};
  const ssize_t size = getxattr(path.c_str(), "security.capability", &data, sizeof(data));
  PathFact::Capabilities capabilities;
  if (size < static_cast<ssize_t>(XATTR_CAPS_SZ_1)) return capabilities;
  const uint32_t revision = data.magic_etc & VFS_CAP_REVISION_MASK;
  capabilities.version = revision >> VFS_CAP_REVISION_SHIFT;
  capabilities.effective = (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) != 0;
  capabilities.permitted = data.data[0].permitted;
  capabilities.inheritable = data.data[0].inheritable;
  if (revision != VFS_CAP_REVISION_1) {
    capabilities.permitted |= uint64_t{data.data[1].permitted} << 32;
    capabilities.inheritable |= uint64_t{data.data[1].inheritable} << 32;
  }
  if (revision == VFS_CAP_REVISION_3) capabilities.root_id = data.rootid;
  return capabilities;
}

absl::StatusOr<UniqueFd> OpenTwo(int directory, const char* path, uint64_t flags,
                                 uint64_t resolve) {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC | flags;
  // What is not in the kernel's caches may be behind an automount, or a server that waits for us.
  how.resolve = resolve | RESOLVE_CACHED;
  UniqueFd file(static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof(how))));
  if (file.valid()) return file;
  // Nobody reads the words, and there is no dearer part of a path that leads nowhere.
  if (errno == ENOENT) return absl::Status(absl::StatusCode::kNotFound, "");
  return absl::ErrnoToStatus(errno, path);
}

}  // namespace

PathFact::Capabilities CapabilityCache::Get(pid_t tid, const UniqueFd& file,
                                            const struct statx& status) {
  constexpr int64_t kSettled = 2;  // seconds: longer than the ticks of any file system's clock
  const Key key = {status.stx_ino, status.stx_ctime.tv_sec, status.stx_ctime.tv_nsec,
                   DeviceOf(status)};
  Entry& entry = entries_[key.inode % entries_.size()];
  if (entry.key == key) return entry.capabilities;
  PathFact::Capabilities capabilities;
  if (FileSystemOf(tid, file) != FileSystem::kFuse) capabilities = ReadCapabilities(file);
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (key.seconds + kSettled < now.tv_sec) entry = {key, capabilities};
  return capabilities;
}

absl::Status OwnRoot::Open() {
  if (directory_.valid()) return absl::OkStatus();
  UniqueFd directory(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct statx status = {};
  if (!directory.valid() || statx(directory.get(), "", AT_EMPTY_PATH, kPlace, &status) != 0) {
    return absl::ErrnoToStatus(errno, "open /");
  }
  directory_ = std::move(directory);
  inode_ = status.stx_ino;
  mount_ = status.stx_mnt_id;
  device_ = DeviceOf(status);
  return absl::OkStatus();
}

bool OwnRoot::Is(const struct statx& status) const {
  return status.stx_ino == inode_ && status.stx_mnt_id == mount_ && DeviceOf(status) == device_;
}

absl::Status FileView::FindRoot() {
  if (root_known_) return absl::OkStatus();
  // Of those who share it nobody's changes alone: pivot_root(2) of somebody else's changes ours,
  // too.
  if (task_.has_our_root != nullptr && *task_.has_our_root) {
    root_known_ = shares_root_ = true;
    return absl::OkStatus();
  }
  PROVOST_RETURN_IF_ERROR(own_.Open());
  struct statx status = {};
  if (statx(task_.proc, "root", kAsItIs, kPlace, &status) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("stat /proc/", tid_, "/root"));
  }
  shares_root_ = own_.Is(status);
  if (task_.has_our_root != nullptr) *task_.has_our_root = shares_root_;
  if (!shares_root_) {
    PROVOST_ASSIGN_OR_RETURN(root_, ReadLink("root"));
  }
  root_known_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileView::ReadLinkAt(int directory, const char* path,
                                                 absl::string_view name) const {
  std::array<char, PATH_MAX> text;
  const ssize_t length = readlinkat(directory, path, text.data(), text.size());
  if (length < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("readlink /proc/", tid_, "/", name));
  }
  return std::string(text.data(), length);
}

absl::StatusOr<std::string> FileView::RelativeToRoot(std::string name) {
  PROVOST_RETURN_IF_ERROR(FindRoot());
  if (shares_root_ || root_ == "/" || !absl::StartsWith(name, root_)) return name;
  if (name.size() == root_.size()) return std::string("/");
  // What lies outside keeps its whole name, as the kernel has it (d_path in fs/d_path.c).
  if (name[root_.size()] != '/') return name;
  return name.substr(root_.size());
}

absl::StatusOr<std::string> FileView::WorkingDirectory() {
  absl::StatusOr<std::string> name = ReadLinkAt(task_.cwd, "", "cwd");
  // ENAMETOOLONG. What stands for it is the kernel's (audit_log_d_path in kernel/audit.c); a
  // directory's own name begins with a slash.
  if (absl::IsInvalidArgument(name.status())) return std::string("<too_long>");
  if (!name.ok()) return name;
  return RelativeToRoot(*std::move(name));
}

absl::StatusOr<std::optional<std::string>> FileView::DescriptorName(int32_t descriptor) {
  absl::StatusOr<std::string> name =
      descriptor == AT_FDCWD ? ReadLink("cwd") : ReadLink(absl::StrCat("fd/", descriptor));
  if (!name.ok()) {
    if (IsOwnLack(name.status())) return name.status();
    return std::optional<std::string>();
  }
  PROVOST_ASSIGN_OR_RETURN(std::string relative, RelativeToRoot(*std::move(name)));
  return std::optional<std::string>(std::move(relative));
}

absl::StatusOr<UniqueFd> FileView::OpenBase(int32_t descriptor) const {
  const std::string name = descriptor == AT_FDCWD ? "cwd" : absl::StrCat("fd/", descriptor);
  UniqueFd base(openat(task_.proc, name.c_str(), O_PATH | O_CLOEXEC));
  if (!base.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("open /proc/", tid_, "/", name));
  }
  return base;
}

absl::StatusOr<UniqueFd> FileView::OpenAt(const TaskPath& path) {
  PROVOST_RETURN_IF_ERROR(FindRoot());
  // In another root one openat2 does not do it: ".." and links would leave it.
  if (!shares_root_ || path.in_root) return OpenTaskPath(tid_, path);
  const bool is_absolute = absl::StartsWith(path.path, "/");
  UniqueFd base;
  if (!is_absolute) {
    PROVOST_ASSIGN_OR_RETURN(base, OpenBase(path.descriptor));
  }
  const int directory = is_absolute ? own_.directory().get() : base.get();
  const uint64_t flags = path.follow_last ? 0 : O_NOFOLLOW;
  // The links of procfs that depend on who follows them would lead to our own: without links on the
  // way, none of them was met.
  absl::StatusOr<UniqueFd> file = OpenTwo(directory, path.path.c_str(), flags, RESOLVE_NO_SYMLINKS);
  if (file.ok() || absl::IsNotFound(file.status())) return file;
  file = OpenTwo(directory, path.path.c_str(), flags, RESOLVE_NO_MAGICLINKS);
  if (file.ok() && FileSystemOf(tid_, *file) == FileSystem::kOther) return file;
  return OpenTaskPath(tid_, path);
}

absl::StatusOr<FileView::Sight> FileView::Describe(const UniqueFd& file) const {
  struct statx status = {};
  if (statx(file.get(), "", AT_EMPTY_PATH | kAsItIs, STATX_BASIC_STATS, &status) != 0) {
    return absl::ErrnoToStatus(errno, "statx");
  }
  Sight sight;
  sight.inode = PathFact::Inode{.number = status.stx_ino,
                                .device = DeviceOf(status),
                                .mode = status.stx_mode,
                                .uid = status.stx_uid,
                                .gid = status.stx_gid,
                                .rdev = {status.stx_rdev_major, status.stx_rdev_minor}};
  if (S_ISREG(status.stx_mode)) sight.capabilities = cache_.Get(tid_, file, status);
  return sight;
}

absl::StatusOr<FileView::Sight> FileView::Look(const TaskPath& path) {
  const absl::StatusOr<UniqueFd> file = OpenAt(path);
  if (file.ok()) return Describe(*file);
  if (IsOwnLack(file.status())) return file.status();
  return Sight();
}

absl::StatusOr<FileView::Sight> FileView::LookAtDescriptor(int32_t descriptor) {
  const absl::StatusOr<UniqueFd> file = OpenBase(descriptor);
  if (file.ok()) return Describe(*file);
  if (IsOwnLack(file.status())) return file.status();
  return Sight();
}

}  // namespace provost
