#include "syscalls/path_lookup.h"

#include <cstdint>

#include "absl/strings/string_view.h"

namespace provost {
namespace {

using LastLink = PathLookup::LastLink;

constexpr uint32_t kAtSymlinkNofollow = 0x100;
constexpr uint32_t kAtSymlinkFollow = 0x400;
constexpr uint32_t kAtEmptyPath = 0x1000;
constexpr uint32_t kInDontFollow = 0x02000000;
constexpr uint32_t kFanMarkDontFollow = 0x4;
constexpr uint32_t kUmountNofollow = 0x8;
constexpr uint32_t kFspickSymlinkNofollow = 0x2;
constexpr uint32_t kFspickEmptyPath = 0x8;
constexpr uint32_t kMoveMountFromSymlinks = 0x1;
constexpr uint32_t kMoveMountFromEmptyPath = 0x4;
constexpr uint32_t kMoveMountToSymlinks = 0x10;
constexpr uint32_t kMoveMountToEmptyPath = 0x40;

struct Entry {
  absl::string_view call;
  absl::string_view path;  // empty: every path of the call
  absl::string_view flags;
  uint32_t mask = 0;
  uint32_t empty_mask = 0;
  LastLink last_link = LastLink::kFollowed;
  bool empty_always = false;
};

constexpr Entry Never(absl::string_view call, absl::string_view path = {}) {
  return {.call = call, .path = path, .last_link = LastLink::kNotFollowed};
}
constexpr Entry Unless(uint32_t mask, absl::string_view call, absl::string_view flags = "flags",
                       uint32_t empty_mask = 0) {
  return {.call = call,
          .flags = flags,
          .mask = mask,
          .empty_mask = empty_mask,
          .last_link = LastLink::kUnlessFlags};
}
constexpr Entry If(uint32_t mask, absl::string_view call, absl::string_view path,
                   uint32_t empty_mask) {
  return {.call = call,
          .path = path,
          .flags = "flags",
          .mask = mask,
          .empty_mask = empty_mask,
          .last_link = LastLink::kIfFlags};
}
constexpr Entry At(absl::string_view call) {
  return Unless(kAtSymlinkNofollow, call, "flags", kAtEmptyPath);
}
constexpr Entry Open(absl::string_view call, absl::string_view flags, LastLink last_link) {
  return {.call = call, .flags = flags, .last_link = last_link};
}

// What is not here follows. From the kernel's fs/namei.c, fs/open.c, fs/stat.c, fs/xattr.c,
// fs/namespace.c and their callers.
constexpr Entry kEntries[] = {
    Open("open", "flags", LastLink::kOpen),
    Open("openat", "flags", LastLink::kOpen),
    Open("openat2", "how", LastLink::kOpenHow),

    Never("lstat"),
    Never("lstat64"),
    Never("oldlstat"),
    Never("readlink"),
    {.call = "readlinkat", .last_link = LastLink::kNotFollowed, .empty_always = true},
    Never("lchown"),
    Never("lchown32"),
    Never("lsetxattr"),
    Never("lgetxattr"),
    Never("llistxattr"),
    Never("lremovexattr"),

    // What makes, removes or renames an entry of a directory.
    Never("mkdir"),
    Never("mkdirat"),
    Never("mknod"),
    Never("mknodat"),
    Never("rmdir"),
    Never("unlink"),
    Never("unlinkat"),
    Never("rename"),
    Never("renameat"),
    Never("renameat2"),
    Never("link"),
    Never("symlink"),
    Never("symlinkat"),
    Never("linkat", "newpath"),
    If(kAtSymlinkFollow, "linkat", "oldpath", kAtEmptyPath),

    At("newfstatat"),
    At("fstatat64"),
    At("statx"),
    At("fchownat"),
    At("fchmodat2"),
    At("faccessat2"),
    At("utimensat"),
    At("utimensat_time64"),
    At("execveat"),
    At("setxattrat"),
    At("getxattrat"),
    At("listxattrat"),
    At("removexattrat"),
    At("open_tree"),
    At("open_tree_attr"),
    At("mount_setattr"),
    At("file_getattr"),
    At("file_setattr"),
    If(kAtSymlinkFollow, "name_to_handle_at", {}, kAtEmptyPath),
    If(kMoveMountFromSymlinks, "move_mount", "oldpath", kMoveMountFromEmptyPath),
    If(kMoveMountToSymlinks, "move_mount", "newpath", kMoveMountToEmptyPath),
    Unless(kUmountNofollow, "umount2", "flags"),
    Unless(kFspickSymlinkNofollow, "fspick", "flags", kFspickEmptyPath),
    Unless(kInDontFollow, "inotify_add_watch", "mask"),
    Unless(kFanMarkDontFollow, "fanotify_mark", "flags"),
};

}  // namespace

PathLookup LookupOf(const Signature& signature, int path_argument) {
  const absl::string_view path = signature.args[path_argument].name;
  for (const Entry& entry : kEntries) {
    if (entry.call != signature.name || (!entry.path.empty() && entry.path != path)) continue;
    const int flags = entry.flags.empty() ? -1 : signature.IndexOf(entry.flags);
    return {entry.last_link, static_cast<int8_t>(flags), entry.mask, entry.empty_mask,
            entry.empty_always};
  }
  return {};
}

}  // namespace provost
