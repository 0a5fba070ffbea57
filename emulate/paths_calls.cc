#include "emulate/paths_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Mounts are the kernel's, of real files; and so are disks.
constexpr absl::string_view kLeftAlone[] = {
    "mount",      "umount",        "umount2", "pivot_root", "open_tree", "open_tree_attr",
    "move_mount", "mount_setattr", "fspick",  "swapon",     "swapoff",   "quotactl",
};

struct OtherCallRow {
  absl::string_view call;
  PathCallKind kind;
};
// Those whose paths are not all that there is to them.
constexpr OtherCallRow kOthers[] = {
    {"execve", PathCallKind::kExecve},
    {"execveat", PathCallKind::kExecveat},
    {"getcwd", PathCallKind::kGetcwd},
    {"readlink", PathCallKind::kReadlink},
    {"readlinkat", PathCallKind::kReadlink},
    {"chdir", PathCallKind::kChdir},
    {"chroot", PathCallKind::kChroot},
    {"bind", PathCallKind::kSendsName},
    {"connect", PathCallKind::kSendsName},
    {"sendto", PathCallKind::kSendsName},
    {"sendmsg", PathCallKind::kSendsName},
    {"recvmsg", PathCallKind::kReceivesName},
    {"accept", PathCallKind::kReceivesName},
    {"accept4", PathCallKind::kReceivesName},
    {"getsockname", PathCallKind::kReceivesName},
    {"getpeername", PathCallKind::kReceivesName},
    {"recvfrom", PathCallKind::kReceivesName},
    {"socketcall", PathCallKind::kSocketcall},
    {"fchmod", PathCallKind::kDescriptor},
    {"fchown", PathCallKind::kDescriptor},
    {"fchown32", PathCallKind::kDescriptor},
    {"fsetxattr", PathCallKind::kDescriptor},
    {"fremovexattr", PathCallKind::kDescriptor},
};

struct EffectRow {
  absl::string_view call;
  PathEffect effect;
  absl::string_view path = {};  // empty: every path of the call
};
constexpr EffectRow kEffects[] = {
    {"open", PathEffect::kOpens},
    {"openat", PathEffect::kOpens},
    {"openat2", PathEffect::kOpens},
    {"creat", PathEffect::kOpens},
    {"access", PathEffect::kAsks},
    {"faccessat", PathEffect::kAsks},
    {"faccessat2", PathEffect::kAsks},
    {"mkdir", PathEffect::kCreates},
    {"mkdirat", PathEffect::kCreates},
    {"mknod", PathEffect::kCreates},
    {"mknodat", PathEffect::kCreates},
    {"symlink", PathEffect::kCreates},
    {"symlinkat", PathEffect::kCreates},
    {"link", PathEffect::kCreates, "newpath"},
    {"linkat", PathEffect::kCreates, "newpath"},
    {"link", PathEffect::kLinks, "oldpath"},
    {"linkat", PathEffect::kLinks, "oldpath"},
    {"unlink", PathEffect::kRemoves},
    {"unlinkat", PathEffect::kRemoves},
    {"rmdir", PathEffect::kRemoves},
    {"rename", PathEffect::kRemoves, "oldpath"},
    {"renameat", PathEffect::kRemoves, "oldpath"},
    {"renameat2", PathEffect::kRemoves, "oldpath"},
    {"rename", PathEffect::kReplaces, "newpath"},
    {"renameat", PathEffect::kReplaces, "newpath"},
    {"renameat2", PathEffect::kReplaces, "newpath"},
    {"acct", PathEffect::kChanges},
    {"chmod", PathEffect::kChanges},
    {"fchmodat", PathEffect::kChanges},
    {"fchmodat2", PathEffect::kChanges},
    {"chown", PathEffect::kChanges},
    {"chown32", PathEffect::kChanges},
    {"lchown", PathEffect::kChanges},
    {"lchown32", PathEffect::kChanges},
    {"fchownat", PathEffect::kChanges},
    {"truncate", PathEffect::kChanges},
    {"truncate64", PathEffect::kChanges},
    {"utime", PathEffect::kChanges},
    {"utimes", PathEffect::kChanges},
    {"futimesat", PathEffect::kChanges},
    {"utimensat", PathEffect::kChanges},
    {"utimensat_time64", PathEffect::kChanges},
    {"setxattr", PathEffect::kChanges},
    {"lsetxattr", PathEffect::kChanges},
    {"setxattrat", PathEffect::kChanges},
    {"removexattr", PathEffect::kChanges},
    {"lremovexattr", PathEffect::kChanges},
    {"removexattrat", PathEffect::kChanges},
    {"file_setattr", PathEffect::kChanges},
};

PathEffect EffectOf(absl::string_view call, absl::string_view path) {
  for (const EffectRow& row : kEffects) {
    if (row.call == call && (row.path.empty() || row.path == path)) return row.effect;
  }
  return PathEffect::kNone;
}

PathCall CallOf(const Signature& signature) {
  PathCall call;
  for (size_t i = 0; i < signature.args.size(); ++i) {
    const Argument& argument = signature.args[i];
    if (argument.kind != ArgKind::kPath) continue;
    call.paths.push_back({i, argument.companion, EffectOf(signature.name, argument.name),
                          LookupOf(signature, static_cast<int>(i))});
  }
  const auto* other =
      absl::c_find_if(kOthers, [&](const OtherCallRow& row) { return row.call == signature.name; });
  if (other != std::end(kOthers)) {
    call.kind = other->kind;
  } else if (!call.paths.empty() && !absl::c_linear_search(kLeftAlone, signature.name)) {
    call.kind = PathCallKind::kPaths;
  }
  return call;
}

}  // namespace

const PathCalls& PathCalls::Get() {
  static const auto* const calls = new PathCalls;
  return *calls;
}

PathCalls::PathCalls() {
  for (const Arch arch : kAllArches) {
    std::vector<const PathCall*>& numbers = arch == Arch::kI386 ? i386_ : x86_64_;
    numbers.resize(SyscallTable::Get().Limit(arch));
    for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
      PathCall call = CallOf(*syscall.signature);
      if (call.kind == PathCallKind::kUnknown) continue;
      // The places of the arguments are those of this architecture.
      const std::string key = absl::StrCat(ArchName(arch), " ", syscall.signature->name);
      numbers[syscall.nr] = &calls_.emplace(key, std::move(call)).first->second;
      names_.emplace(syscall.signature->name, numbers[syscall.nr]->kind);
    }
  }
}

const PathCall& PathCalls::Of(const EmulatedCall& call) const {
  static const PathCall* const unknown = new PathCall;
  const std::vector<const PathCall*>& numbers = call.is_i386() ? i386_ : x86_64_;
  const int32_t nr = call.request().nr;
  const bool is_known =
      nr >= 0 && static_cast<size_t>(nr) < numbers.size() && numbers[nr] != nullptr;
  return is_known ? *numbers[nr] : *unknown;
}

std::vector<std::string> PathCalls::Names(bool with_descriptors) const {
  std::vector<std::string> names;
  for (const auto& [name, kind] : names_) {
    if (with_descriptors || kind != PathCallKind::kDescriptor) names.push_back(name);
  }
  return names;
}

bool FollowsLast(const EmulatedCall& call, const PathLookup& lookup) {
  const auto flags = lookup.flags < 0 ? 0 : static_cast<uint32_t>(call.argument(lookup.flags));
  const auto opens = [](uint64_t how) {
    return (how & O_NOFOLLOW) == 0 && (how & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  };
  switch (lookup.last_link) {
    case PathLookup::LastLink::kFollowed:
      return true;
    case PathLookup::LastLink::kNotFollowed:
      return false;
    case PathLookup::LastLink::kUnlessFlags:
      return (flags & lookup.mask) == 0;
    case PathLookup::LastLink::kIfFlags:
      return (flags & lookup.mask) != 0;
    case PathLookup::LastLink::kOpen:
      return opens(flags);
    case PathLookup::LastLink::kOpenHow: {
      const absl::StatusOr<open_how> how = call.Read<open_how>(call.argument(lookup.flags));
      return !how.ok() || opens(how->flags);
    }
  }
  return true;
}

}  // namespace provost
