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
  LastLink last_link;
  absl::string_view flags = {};
  uint32_t mask = 0;
  uint32_t empty_mask = 0;
  bool empty_always = false;
};

constexpr Entry At(absl::string_view call) {
  return {call, {}, LastLink::kUnlessFlags, "flags", kAtSymlinkNofollow, kAtEmptyPath};
}
constexpr Entry Never(absl::string_view call, absl::string_view path = {}) {
  return {call, path, LastLink::kNotFollowed};
}

// What is not here follows. From the kernel's fs/namei.c, fs/open.c, fs/stat.c, fs/xattr.c,
// fs/namespace.c and their callers.
constexpr Entry kEntries[] = {
    {"open", {}, LastLink::kOpen, "flags"},
    {"openat", {}, LastLink::kOpen, "flags"},
    {"openat2", {}, LastLink::kOpenHow, "how"},

    Never("lstat"),
    Never("lstat64"),
    Never("oldlstat"),
    Never("readlink"),
    {"readlinkat", {}, LastLink::kNotFollowed, {}, 0, 0, true},
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
    {"linkat", "oldpath", LastLink::kIfFlags, "flags", kAtSymlinkFollow, kAtEmptyPath},

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
    {"name_to_handle_at", {}, LastLink::kIfFlags, "flags", kAtSymlinkFollow, kAtEmptyPath},
    {"move_mount", "oldpath", LastLink::kIfFlags, "flags", kMoveMountFromSymlinks,
     kMoveMountFromEmptyPath},
    {"move_mount", "newpath", LastLink::kIfFlags, "flags", kMoveMountToSymlinks,
     kMoveMountToEmptyPath},
    {"umount2", {}, LastLink::kUnlessFlags, "flags", kUmountNofollow},
    {"fspick", {}, LastLink::kUnlessFlags, "flags", kFspickSymlinkNofollow, kFspickEmptyPath},
    {"inotify_add_watch", {}, LastLink::kUnlessFlags, "mask", kInDontFollow},
    {"fanotify_mark", {}, LastLink::kUnlessFlags, "flags", kFanMarkDontFollow},
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
