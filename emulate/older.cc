// Calls that a given release of Linux has not: made by older calls where those can do the same, and
// else answered as that release would, ENOSYS, so that programs fall back to what there was.

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "emulate/builtin.h"
#include "emulate/settings.h"
#include "policy/policy.h"
#include "syscalls/introduced.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

const Reaction kNotThere = Answer{-ENOSYS};

using Arguments = std::array<uint64_t, 6>;

// ---- One call by another ----

// What a call of flags alone asks for without flags.
struct WithoutFlags {
  const char* call;
  size_t flags;       // the argument that must be 0
  const char* older;  // the same with the arguments before it
};
constexpr WithoutFlags kWithoutFlags[] = {
    {"accept4", 3, "accept"},
    {"eventfd2", 1, "eventfd"},
    {"faccessat2", 3, "faccessat"},
    {"fchmodat2", 3, "fchmodat"},
    {"inotify_init1", 0, "inotify_init"},
    {"mlock2", 2, "mlock"},
    {"pipe2", 1, "pipe"},
    {"preadv2", 5, "preadv"},
    {"pwritev2", 5, "pwritev"},
    {"renameat2", 4, "renameat"},
    {"signalfd4", 3, "signalfd"},
};

// What a call that takes a directory's descriptor is without it: for paths that do not need it.
struct WithoutDirectory {
  const char* call;
  const char* older;
  size_t directory;  // the descriptor; the path is the argument behind it
  int second = -1;   // another descriptor with a path behind it
  int flags = -1;    // flags, of which none may be set but those that name another call
  uint32_t flag = 0;
  const char* with_flag = nullptr;
};
constexpr WithoutDirectory kWithoutDirectory[] = {
    {"openat", "open", 0},
    {"mkdirat", "mkdir", 0},
    {"mknodat", "mknod", 0},
    {"fchownat", "chown", 0, -1, 4, AT_SYMLINK_NOFOLLOW, "lchown"},
    {"futimesat", "utimes", 0},
    {"newfstatat", "stat", 0, -1, 3, AT_SYMLINK_NOFOLLOW, "lstat"},
    {"fstatat64", "stat64", 0, -1, 3, AT_SYMLINK_NOFOLLOW, "lstat64"},
    {"unlinkat", "unlink", 0, -1, 2, AT_REMOVEDIR, "rmdir"},
    {"renameat", "rename", 0, 2},
    {"linkat", "link", 0, 2, 4},
    {"symlinkat", "symlink", 1},
    {"readlinkat", "readlink", 0},
    {"fchmodat", "chmod", 0},
    {"faccessat", "access", 0},
};

// What struct stat of newfstatat, or stat64 of fstatat64, has where.
struct StatLayout {
  size_t size;
  size_t device, inode, mode, links, uid, gid, rdev, length, block_size, blocks;
  size_t times;  // atime, mtime, ctime: seconds and nanoseconds
  size_t word;   // bytes of each of those
};
constexpr StatLayout kStat64 = {.size = 144,
                                .device = 0,
                                .inode = 8,
                                .mode = 24,
                                .links = 16,
                                .uid = 28,
                                .gid = 32,
                                .rdev = 40,
                                .length = 48,
                                .block_size = 56,
                                .blocks = 64,
                                .times = 72,
                                .word = 8};
constexpr StatLayout kStatI386 = {.size = 96,
                                  .device = 0,
                                  .inode = 88,
                                  .mode = 16,
                                  .links = 20,
                                  .uid = 24,
                                  .gid = 28,
                                  .rdev = 32,
                                  .length = 44,
                                  .block_size = 52,
                                  .blocks = 56,
                                  .times = 64,
                                  .word = 4};

uint64_t NumberAt(const std::string& bytes, size_t offset, size_t size) {
  uint64_t number = 0;  // x86 is little-endian
  memcpy(&number, bytes.data() + offset, size);
  return number;
}

statx_timestamp TimeAt(const std::string& bytes, const StatLayout& layout, size_t index) {
  const size_t at = layout.times + 2 * index * layout.word;
  statx_timestamp time = {};
  time.tv_sec = layout.word == sizeof(int32_t)
                    ? static_cast<int32_t>(NumberAt(bytes, at, layout.word))
                    : static_cast<int64_t>(NumberAt(bytes, at, layout.word));
  time.tv_nsec = static_cast<uint32_t>(NumberAt(bytes, at + layout.word, layout.word));
  return time;
}

struct statx StatxOf(const std::string& bytes, bool is_i386) {
  const StatLayout& layout = is_i386 ? kStatI386 : kStat64;
  struct statx status = {};
  status.stx_mask = STATX_BASIC_STATS;
  status.stx_blksize = static_cast<uint32_t>(NumberAt(bytes, layout.block_size, 4));
  status.stx_nlink = static_cast<uint32_t>(NumberAt(bytes, layout.links, 4));
  status.stx_uid = static_cast<uint32_t>(NumberAt(bytes, layout.uid, 4));
  status.stx_gid = static_cast<uint32_t>(NumberAt(bytes, layout.gid, 4));
  status.stx_mode = static_cast<uint16_t>(NumberAt(bytes, layout.mode, 4));
  status.stx_ino = NumberAt(bytes, layout.inode, 8);
  status.stx_size = NumberAt(bytes, layout.length, 8);
  status.stx_blocks = NumberAt(bytes, layout.blocks, 8);
  status.stx_atime = TimeAt(bytes, layout, 0);
  status.stx_mtime = TimeAt(bytes, layout, 1);
  status.stx_ctime = TimeAt(bytes, layout, 2);
  const uint64_t device = NumberAt(bytes, layout.device, 8);
  const uint64_t rdev = NumberAt(bytes, layout.rdev, 8);
  status.stx_dev_major = major(device);
  status.stx_dev_minor = minor(device);
  status.stx_rdev_major = major(rdev);
  status.stx_rdev_minor = minor(rdev);
  return status;
}

class Older final : public Handler {
 public:
  explicit Older(KernelVersion release) : release_(release) {}

  Reaction OnCall(const EmulatedCall& call) override { return Instead(call.request(), call); }

  static bool IsNewer(absl::string_view name, KernelVersion release) {
    // It came with the architecture, of which there was no release before: no program is loaded
    // without it.
    if (name == "arch_prctl") return false;
    const std::optional<KernelVersion> introduced = IntroducedIn(name);
    return introduced.has_value() && *introduced > release;
  }

 private:
  // `asked` is the call itself, or what an older release would make of it that is still too new.
  Reaction Instead(const SyscallRequest& asked, const EmulatedCall& call) const {
    const Syscall* syscall = SyscallTable::Get().Find(asked);
    if (syscall == nullptr) return kNotThere;
    const absl::string_view name = syscall->signature->name;
    for (const WithoutFlags& row : kWithoutFlags) {
      if (name == row.call) return DropFlags(row, asked, call);
    }
    for (const WithoutDirectory& row : kWithoutDirectory) {
      if (name == row.call) return DropDirectory(row, asked, call);
    }
    if (name == "openat2") return OpenAt2(call);
    if (name == "statx") return Statx(call);
    if (name == "getrandom") return GetRandom(call);
    if (name == "dup3") return Dup3(call);
    if (name == "epoll_create1") {
      return call.number(0) == 0 ? As(call, "epoll_create", {1}) : kNotThere;
    }
    if (name == "epoll_pwait2") return EpollPwait2(call);
    return kNotThere;
  }

  // The call of that name, or what the release has in its place.
  Reaction As(const EmulatedCall& call, absl::string_view name, const Arguments& arguments,
              std::vector<Input> inputs = {}, Afterwards then = nullptr) const {
    const absl::StatusOr<SyscallRequest> other = OtherCall(call.request(), name, arguments);
    if (!other.ok()) return kNotThere;
    if (!IsNewer(name, release_)) return RunCall{*other, std::move(inputs), std::move(then)};
    if (!inputs.empty()) return kNotThere;
    Reaction reaction = Instead(*other, call);
    auto* run = std::get_if<RunCall>(&reaction);
    if (run != nullptr && then != nullptr) run->then = std::move(then);
    return reaction;
  }

  Reaction DropFlags(const WithoutFlags& row, const SyscallRequest& asked,
                     const EmulatedCall& call) const {
    if (static_cast<uint32_t>(asked.Register(static_cast<uint8_t>(row.flags))) != 0) {
      return kNotThere;
    }
    Arguments arguments = {};
    std::copy_n(asked.args.begin(), row.flags, arguments.begin());
    const bool is_vectored = absl::EndsWith(row.call, "v2");
    if (!is_vectored) return As(call, row.older, arguments);
    // An offset of -1 stands for the file's own, which readv and writev take.
    const bool is_own = call.is_i386() ? (asked.args[3] & asked.args[4]) == UINT32_MAX
                                       : asked.args[3] == UINT64_MAX;
    if (!is_own) return As(call, row.older, arguments);
    return As(call, absl::StartsWith(row.call, "pread") ? "readv" : "writev",
              {asked.args[0], asked.args[1], asked.args[2]});
  }

  // True if the path is found without the descriptor before it.
  static bool NeedsNoDirectory(const SyscallRequest& asked, const EmulatedCall& call, size_t at) {
    if (static_cast<int32_t>(asked.args[at]) == AT_FDCWD) return true;
    const auto path = call.ReadString(asked.Register(static_cast<uint8_t>(at + 1)));
    return path.ok() && absl::StartsWith(*path, "/");
  }

  // The status of a descriptor is what its own call says.
  std::optional<Reaction> StatusOfDescriptor(const SyscallRequest& asked,
                                             const EmulatedCall& call) const {
    const Syscall* syscall = SyscallTable::Get().Find(asked);
    const absl::string_view name = syscall->signature->name;
    if (name != "newfstatat" && name != "fstatat64") return std::nullopt;
    if ((asked.args[3] & AT_EMPTY_PATH) == 0) return std::nullopt;
    const auto path = call.ReadString(asked.Register(1));
    if (!path.ok() || !path->empty()) return std::nullopt;
    return As(call, name == "newfstatat" ? "fstat" : "fstat64", {asked.args[0], asked.args[2]});
  }

  Reaction DropDirectory(const WithoutDirectory& row, const SyscallRequest& asked,
                         const EmulatedCall& call) const {
    if (const std::optional<Reaction> status = StatusOfDescriptor(asked, call)) return *status;
    const char* older = row.older;
    if (row.flags >= 0) {
      const auto flags = static_cast<uint32_t>(asked.args[static_cast<size_t>(row.flags)]);
      if (flags != 0 && flags != row.flag) return kNotThere;
      if (flags != 0) older = row.with_flag;
    }
    if (older == nullptr || !NeedsNoDirectory(asked, call, row.directory) ||
        (row.second >= 0 && !NeedsNoDirectory(asked, call, static_cast<size_t>(row.second)))) {
      return kNotThere;
    }
    Arguments arguments = {};
    size_t count = 0;
    for (size_t i = 0; i < asked.args.size(); ++i) {
      const bool is_dropped = i == row.directory || static_cast<int>(i) == row.second ||
                              static_cast<int>(i) == row.flags;
      if (!is_dropped) arguments[count++] = asked.args[i];
    }
    return As(call, older, arguments);
  }

  Reaction OpenAt2(const EmulatedCall& call) const {
    struct OpenHow {
      uint64_t flags, mode, resolve;
    };
    constexpr uint64_t kKnown = 0x7fffc3 | O_LARGEFILE | O_TMPFILE | O_PATH;
    const uint64_t size = call.argument(3);
    if (size < sizeof(OpenHow)) return Answer{-EINVAL};
    if (size > sizeof(OpenHow)) return kNotThere;  // of a Linux that is newer still
    const auto how = call.Read<OpenHow>(call.argument(2));
    if (!how.ok()) return Answer{-ErrnoOf(how.status())};
    if (how->resolve != 0) return kNotThere;
    const bool creates = (how->flags & O_CREAT) != 0 || (how->flags & O_TMPFILE) == O_TMPFILE;
    if ((how->flags & ~kKnown) != 0 || (how->mode & ~uint64_t{07777}) != 0 ||
        (!creates && how->mode != 0)) {
      return Answer{-EINVAL};
    }
    return As(call, "openat", {call.argument(0), call.argument(1), how->flags, how->mode});
  }

  // The kernel writes the older structure, which is shorter, where the newer one is to be.
  Reaction Statx(const EmulatedCall& call) const {
    constexpr uint32_t kKnown = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
    const auto flags = static_cast<uint32_t>(call.argument(2)) & ~uint32_t{AT_STATX_SYNC_TYPE};
    if ((flags & ~kKnown) != 0) return kNotThere;
    const char* older = call.is_i386() ? "fstatat64" : "newfstatat";
    const uint64_t buffer = call.argument(4);
    return As(call, older, {call.argument(0), call.argument(1), buffer, flags}, {},
              [buffer](const EmulatedCall& made, int64_t result) -> Answer {
                if (result != 0) return {result};
                const StatLayout& layout = made.is_i386() ? kStatI386 : kStat64;
                std::string bytes(layout.size, '\0');
                const absl::Status read = made.ReadBytes(buffer, absl::MakeSpan(bytes));
                if (!read.ok()) return {-ErrnoOf(read)};
                return {0, {{buffer, BytesOf(StatxOf(bytes, made.is_i386()))}}};
              });
  }

  // It is ours to ask this kernel.
  static Reaction GetRandom(const EmulatedCall& call) {
    // Less than asked for may come of every such call.
    constexpr uint64_t kMost = 1 << 20;
    std::string bytes(std::min<uint64_t>(call.argument(1), kMost), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = getrandom(&bytes[filled], bytes.size() - filled, 0);
      if (got < 0) return Answer{-EAGAIN};
      filled += static_cast<size_t>(got);
    }
    return Answer{static_cast<int64_t>(bytes.size()), {{call.argument(0), bytes}}};
  }

  Reaction Dup3(const EmulatedCall& call) const {
    if (call.number(2) != 0) return kNotThere;
    if (call.number(0) == call.number(1)) return Answer{-EINVAL};
    return As(call, "dup2", {call.argument(0), call.argument(1)});
  }

  Reaction EpollPwait2(const EmulatedCall& call) const {
    struct Timespec64 {
      int64_t seconds, nanoseconds;
    };
    int64_t milliseconds = -1;
    if (call.argument(3) != 0) {
      const auto time = call.Read<Timespec64>(call.argument(3));
      if (!time.ok()) return Answer{-ErrnoOf(time.status())};
      if (time->seconds < 0 || time->nanoseconds < 0 || time->nanoseconds >= 1000000000) {
        return Answer{-EINVAL};
      }
      // Rather later than sooner.
      const int64_t most = INT_MAX / 1000 - 1;
      milliseconds = time->seconds > most
                         ? INT_MAX
                         : time->seconds * 1000 + (time->nanoseconds + 999999) / 1000000;
    }
    return As(call, "epoll_pwait",
              {call.argument(0), call.argument(1), call.argument(2),
               static_cast<uint32_t>(static_cast<int32_t>(milliseconds)), call.argument(4),
               call.argument(5)});
  }

  const KernelVersion release_;
};

std::vector<std::string> NewerCalls(KernelVersion release) {
  std::vector<std::string> names;
  for (const Arch arch : kAllArches) {
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      const absl::string_view name = syscall.signature->name;
      if (!Older::IsNewer(name, release) || Policy::IsNeverRefused(arch, syscall.nr)) continue;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }
  }
  return names;
}

absl::StatusOr<KernelVersion> ReleaseTold(const Emulation& told) {
  const std::optional<std::string> release = TextTold(told, "release");
  if (!release.has_value()) {
    return absl::InvalidArgumentError(
        "no release is told: `with release = \"2.6.32\"`, for example");
  }
  const std::optional<KernelVersion> version = ParseRelease(*release);
  if (version.has_value() && *version >= KernelVersion{2, 4, 0}) return *version;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", *release, "\" is no release of Linux from 2.4 on, as \"2.6.32\" is one"));
}

}  // namespace

EmulatorSpec OlderSpec() {
  return {.name = "older",
          .keys = {{"release", EmulatorKey::Kind::kString,
                    "the release that calls are to be had of, as in \"2.6.32\"; from 2.4 on"}},
          .calls = NewerCalls({2, 4, 0}),
          .what = "calls that a release has not, by older ones or ENOSYS",
          .calls_when = [](const Emulation& told) {
            const absl::StatusOr<KernelVersion> release = ReleaseTold(told);
            return release.ok() ? NewerCalls(*release) : std::vector<std::string>();
          }};
}

absl::StatusOr<std::unique_ptr<Handler>> MakeOlder(const Emulation& told) {
  const absl::StatusOr<KernelVersion> release = ReleaseTold(told);
  if (!release.ok()) return release.status();
  return std::make_unique<Older>(*release);
}

}  // namespace provost
