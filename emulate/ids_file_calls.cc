// What changes files' owners, modes and names, and access(2).

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "emulate/ids_state.h"

namespace provost {
namespace {

constexpr mode_t kPermissions = 07777;
constexpr char kCapabilityAttribute[] = "security.capability";

// What the real mode keeps, so that the real user can do what root could whatever the mode told is.
mode_t KeptBits(mode_t type) { return S_ISDIR(type) ? 0700 : 0600; }

// -- chown

struct Owners {
  uint32_t uid;
  uint32_t gid;
};

// chown_common and setattr_prepare in fs/ of the kernel.
bool MayChown(const Credentials& credentials, const FileStatus& shown, const Owners& wanted) {
  if (credentials.Has(CAP_CHOWN)) return true;
  const bool is_owner = credentials.user().file_system == shown.uid;
  if (wanted.uid != kNoId && (!is_owner || wanted.uid != shown.uid)) return false;
  return wanted.gid == kNoId ||
         (is_owner && (wanted.gid == shown.gid || credentials.IsIn(wanted.gid)));
}

// Linux takes these off whoever changes the owner.
mode_t ModeAfterChown(mode_t mode) {
  if (S_ISDIR(mode)) return mode;
  mode &= ~S_ISUID;
  return (mode & S_IXGRP) != 0 ? mode & ~S_ISGID : mode;
}

Answer ChangeOwner(IdsState& state, const EmulatedCall& call, const SeenFile& seen,
                   const Owners& wanted) {
  const FileStatus shown = state.files.Shown(seen.status);
  if (!MayChown(state.Of(call), shown, wanted)) return {-EPERM};
  RememberedFile& file = state.files.Remember(seen.status);
  if (wanted.uid != kNoId) file.uid = wanted.uid;
  if (wanted.gid != kNoId) file.gid = wanted.gid;
  file.mode = ModeAfterChown(file.mode);
  file.attributes.erase(kCapabilityAttribute);
  return {0};
}

Reaction ChownAt(IdsState& state, const EmulatedCall& call,
                 const absl::StatusOr<FileLocation>& location, size_t path, const Owners& wanted) {
  if (!location.ok()) return RunAsItIs(call);
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok()) return RunAsItIs(call);
  uint64_t flags = location->follow ? 0 : AT_SYMLINK_NOFOLLOW;
  if (location->path.empty()) flags |= AT_EMPTY_PATH;
  return AskWhetherThere(call, static_cast<uint32_t>(location->descriptor), call.argument(path),
                         flags,
                         [&state, seen = *std::move(seen), wanted](const EmulatedCall& made) {
                           return ChangeOwner(state, made, seen, wanted);
                         });
}

template <bool kFollow>
Reaction Chown(IdsState& state, const EmulatedCall& call) {
  return ChownAt(state, call, LocationOf(call, -1, 0, kFollow), 0,
                 {IdArgument(call, 1), IdArgument(call, 2)});
}

Reaction FchownAt(IdsState& state, const EmulatedCall& call) {
  const uint64_t flags = call.argument(4);
  if ((flags & ~uint64_t{AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH}) != 0) return RunAsItIs(call);
  return ChownAt(state, call, LocationWithFlags(call, 1, flags), 1,
                 {IdArgument(call, 2), IdArgument(call, 3)});
}

Reaction Fchown(IdsState& state, const EmulatedCall& call) {
  const absl::StatusOr<SeenFile> seen =
      LookAt(state, call, {.descriptor = call.number(0), .path = ""});
  if (!seen.ok() || call.number(0) < 0) return RunAsItIs(call);
  return ChangeOwner(state, call, *seen, {IdArgument(call, 1), IdArgument(call, 2)});
}

// -- chmod

// What becomes of a mode that the process asks for; nullopt: it may not.
std::optional<mode_t> GrantedMode(const Credentials& credentials, const FileStatus& shown,
                                  mode_t wanted) {
  if (!credentials.Has(CAP_FOWNER) && credentials.user().file_system != shown.uid) {
    return std::nullopt;
  }
  if (!credentials.Has(CAP_FSETID) && !credentials.IsIn(shown.gid)) wanted &= ~S_ISGID;
  return (shown.mode & S_IFMT) | (wanted & kPermissions);
}

Answer ChangeMode(IdsState& state, const EmulatedCall& call, const SeenFile& seen, mode_t mode,
                  int64_t result) {
  // The real owner may be another, or the file may be one of the system's.
  if (result != 0 && result != -EPERM) return {result};
  const absl::StatusOr<FileStatus> real = ReadFileStatus(call.tid(), *seen.file);
  const FileStatus& status = real.ok() ? *real : seen.status;
  // What the kernel tells of it anyway needs no memory.
  if (state.files.Find(status) != nullptr || status.mode != mode) {
    state.files.Remember(status).mode = mode;
  }
  return {0};
}

Reaction ChmodAt(IdsState& state, const EmulatedCall& call,
                 const absl::StatusOr<FileLocation>& location, size_t argument) {
  if (!location.ok()) return RunAsItIs(call);
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok()) return RunAsItIs(call);
  const auto wanted = static_cast<mode_t>(call.argument(argument));
  const std::optional<mode_t> mode =
      GrantedMode(state.Of(call), state.files.Shown(seen->status), wanted);
  if (!mode.has_value()) return Answer{-EPERM};
  const mode_t real = (wanted & kPermissions) | KeptBits(seen->status.mode);
  return RunCall{
      WithArgument(call.request(), argument, real),
      {},
      [&state, seen = *std::move(seen), mode = *mode](const EmulatedCall& made, int64_t result) {
        return ChangeMode(state, made, seen, mode, result);
      }};
}

Reaction Chmod(IdsState& state, const EmulatedCall& call) {
  return ChmodAt(state, call, LocationOf(call, -1, 0, true), 1);
}
Reaction Fchmod(IdsState& state, const EmulatedCall& call) {
  return ChmodAt(state, call, FileLocation{.descriptor = call.number(0), .path = ""}, 1);
}
Reaction FchmodAt(IdsState& state, const EmulatedCall& call) {
  return ChmodAt(state, call, LocationOf(call, 0, 1, true), 2);
}
Reaction FchmodAt2(IdsState& state, const EmulatedCall& call) {
  return ChmodAt(state, call, LocationWithFlags(call, 1, call.argument(3)), 2);
}

// -- What is made

// The kernel has made a file under the call's path, with more permissions than are told of it.
Answer RememberMade(IdsState& state, const EmulatedCall& call, const FileLocation& location,
                    mode_t type, mode_t wanted, uint64_t device) {
  const absl::StatusOr<SeenFile> seen = LookAt(state, call, location);
  if (!seen.ok()) return {0};
  // The umask, or the directory's default list, has taken from these as it would have from those;
  // a directory may have given its own set-group-id bit.
  const mode_t real = seen->status.mode;
  const mode_t kept = KeptBits(type) & ~wanted;
  const mode_t mode = type | (real & kPermissions & ~kept);
  if (mode == real && device == 0) return {0};
  // Whatever had the number before is gone.
  state.files.Forget(seen->status.identity);
  RememberedFile& file = state.files.Remember(seen->status);
  file.mode = mode;
  file.device = device;
  return {0};
}

Reaction MakeFile(IdsState& state, const EmulatedCall& call, int directory, size_t path,
                  mode_t type, uint64_t device, const SyscallRequest& makes) {
  absl::StatusOr<FileLocation> location = LocationOf(call, directory, path, false);
  if (!location.ok()) return RunAsItIs(call);
  const auto wanted = static_cast<mode_t>(call.argument(path + 1)) & kPermissions;
  return RunCall{makes,
                 {},
                 [&state, location = *std::move(location), type, wanted, device](
                     const EmulatedCall& made, int64_t result) -> Answer {
                   if (result != 0) return {result};
                   return RememberMade(state, made, location, type, wanted, device);
                 }};
}

template <int kDirectory>
Reaction Mknod(IdsState& state, const EmulatedCall& call) {
  constexpr size_t kPath = kDirectory + 1;
  const auto mode = static_cast<mode_t>(call.argument(kPath + 1));
  // The others everybody may make.
  if (!S_ISCHR(mode) && !S_ISBLK(mode)) return RunAsItIs(call);
  if (!state.Of(call).Has(CAP_MKNOD)) return RunAsItIs(call);
  SyscallRequest makes =
      WithArgument(call.request(), kPath + 1, S_IFREG | (mode & kPermissions) | KeptBits(S_IFREG));
  makes = WithArgument(makes, kPath + 2, 0);
  return MakeFile(state, call, kDirectory, kPath, mode & S_IFMT,
                  static_cast<uint32_t>(call.argument(kPath + 2)), makes);
}

template <int kDirectory>
Reaction Mkdir(IdsState& state, const EmulatedCall& call) {
  constexpr size_t kPath = kDirectory + 1;
  const uint64_t mode = call.argument(kPath + 1);
  const mode_t kept = KeptBits(S_IFDIR);
  if ((mode & kept) == kept) return RunAsItIs(call);
  return MakeFile(state, call, kDirectory, kPath, S_IFDIR, 0,
                  WithArgument(call.request(), kPath + 1, mode | kept));
}

// -- What loses a name

// `location` names a file that the call takes a name from.
Reaction Removing(IdsState& state, const EmulatedCall& call,
                  const absl::StatusOr<FileLocation>& location) {
  if (!location.ok()) return RunAsItIs(call);
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok() || !state.files.Knows(seen->status.identity)) return RunAsItIs(call);
  return RunCall{
      call.request(),
      {},
      [&state, seen = *std::move(seen)](const EmulatedCall& made, int64_t result) -> Answer {
        if (result != 0) return {result};
        const absl::StatusOr<FileStatus> left = ReadFileStatus(made.tid(), *seen.file);
        if (!left.ok() || left->links == 0) state.files.Forget(seen.status.identity);
        return {result};
      }};
}

template <int kDirectory, size_t kPath>
Reaction Remove(IdsState& state, const EmulatedCall& call) {
  if (state.files.empty()) return RunAsItIs(call);
  return Removing(state, call, LocationOf(call, kDirectory, kPath, false));
}

// -- access

struct AccessQuestion {
  int mode;
  bool effective;  // by the ids that files are opened with, rather than the real ones
};

bool IsReadOnly(const SeenFile& seen) {
  const mode_t mode = seen.status.mode;
  struct statvfs status = {};
  return (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)) &&
         fstatvfs(seen.file->get(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

// generic_permission in fs/namei.c of the kernel.
bool Permits(const Credentials& credentials, const FileStatus& shown, const AccessQuestion& asked) {
  const uint32_t uid = asked.effective ? credentials.user().file_system : credentials.user().real;
  const uint32_t gid = asked.effective ? credentials.group().file_system : credentials.group().real;
  const bool overrides = asked.effective ? credentials.Has(CAP_DAC_OVERRIDE)
                                         : uid == 0 && credentials.IsPermitted(CAP_DAC_OVERRIDE);
  const mode_t wanted = asked.mode;
  if (overrides) {
    return (wanted & X_OK) == 0 || S_ISDIR(shown.mode) || (shown.mode & 0111) != 0;
  }
  mode_t granted = shown.mode;
  if (uid == shown.uid) {
    granted >>= 6;
  } else if (gid == shown.gid || credentials.IsSupplementary(shown.gid)) {
    granted >>= 3;
  }
  return (wanted & ~granted) == 0;
}

Answer AnswerAccess(IdsState& state, const EmulatedCall& call, const SeenFile& seen,
                    const AccessQuestion& asked) {
  if ((asked.mode & W_OK) != 0 && IsReadOnly(seen)) return {-EROFS};
  return {Permits(state.Of(call), state.files.Shown(seen.status), asked) ? 0 : -EACCES};
}

Reaction AccessTo(IdsState& state, const EmulatedCall& call,
                  const absl::StatusOr<FileLocation>& location, size_t argument, bool effective) {
  const int mode = call.number(argument);
  if (!location.ok() || mode == F_OK || (mode & ~(R_OK | W_OK | X_OK)) != 0) return RunAsItIs(call);
  absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
  if (!seen.ok()) return RunAsItIs(call);
  const AccessQuestion asked = {mode, effective};
  return RunCall{
      WithArgument(call.request(), argument, F_OK),
      {},
      [&state, seen = *std::move(seen), asked](const EmulatedCall& made, int64_t result) -> Answer {
        if (result != 0) return {result};
        return AnswerAccess(state, made, seen, asked);
      }};
}

Reaction Access(IdsState& state, const EmulatedCall& call) {
  return AccessTo(state, call, LocationOf(call, -1, 0, true), 1, false);
}
Reaction FaccessAt(IdsState& state, const EmulatedCall& call) {
  return AccessTo(state, call, LocationOf(call, 0, 1, true), 2, false);
}
Reaction FaccessAt2(IdsState& state, const EmulatedCall& call) {
  const uint64_t flags = call.argument(3);
  return AccessTo(state, call, LocationWithFlags(call, 1, flags), 2, (flags & AT_EACCESS) != 0);
}

constexpr IdsCall kCalls[] = {
    {"chown", Chown<true>},
    {"chown32", Chown<true>},
    {"lchown", Chown<false>},
    {"lchown32", Chown<false>},
    {"fchown", Fchown},
    {"fchown32", Fchown},
    {"fchownat", FchownAt},
    {"chmod", Chmod},
    {"fchmod", Fchmod},
    {"fchmodat", FchmodAt},
    {"fchmodat2", FchmodAt2},
    {"mknod", Mknod<-1>},
    {"mknodat", Mknod<0>},
    {"mkdir", Mkdir<-1>},
    {"mkdirat", Mkdir<0>},
    {"unlink", Remove<-1, 0>},
    {"unlinkat", Remove<0, 1>},
    {"rmdir", Remove<-1, 0>},
    // What had the new name loses it.
    {"rename", Remove<-1, 1>},
    {"renameat", Remove<2, 3>},
    {"renameat2", Remove<2, 3>},
    {"access", Access},
    {"faccessat", FaccessAt},
    {"faccessat2", FaccessAt2},
};

}  // namespace

absl::Span<const IdsCall> IdsFileCalls() { return kCalls; }

}  // namespace provost
