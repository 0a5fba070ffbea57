// stat(2) in all its forms: the kernel answers, and whose the file is, its mode and the device that
// it stands for are put in place.

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "emulate/ids_state.h"

namespace provost {
namespace {

// A field of a structure, little-endian as both architectures are.
struct Field {
  size_t offset;
  size_t width;
};

// Where a structure has what we ask and change (asm/stat.h, asm/compat.h of the kernel).
struct Layout {
  size_t size;
  bool short_ids;
  Field device, inode, mode, links, uid, gid, rdev;
};
constexpr Layout kStat = {.size = 48,
                          .short_ids = false,
                          .device = {0, 8},
                          .inode = {8, 8},
                          .mode = {24, 4},
                          .links = {16, 8},
                          .uid = {28, 4},
                          .gid = {32, 4},
                          .rdev = {40, 8}};
constexpr Layout kStat64 = {.size = 96,
                            .short_ids = false,
                            .device = {0, 8},
                            .inode = {88, 8},
                            .mode = {16, 4},
                            .links = {20, 4},
                            .uid = {24, 4},
                            .gid = {28, 4},
                            .rdev = {32, 8}};
constexpr Layout kCompatStat = {.size = 20,
                                .short_ids = true,
                                .device = {0, 4},
                                .inode = {4, 4},
                                .mode = {8, 2},
                                .links = {10, 2},
                                .uid = {12, 2},
                                .gid = {14, 2},
                                .rdev = {16, 4}};
constexpr Layout kOldStat = {.size = 14,
                             .short_ids = true,
                             .device = {0, 2},
                             .inode = {2, 2},
                             .mode = {4, 2},
                             .links = {6, 2},
                             .uid = {8, 2},
                             .gid = {10, 2},
                             .rdev = {12, 2}};

uint64_t Get(const std::string& bytes, const Field& field) {
  uint64_t value = 0;
  std::memcpy(&value, &bytes[field.offset], field.width);
  return value;
}
void Put(std::string& bytes, const Field& field, uint64_t value) {
  std::memcpy(&bytes[field.offset], &value, field.width);
}

// What is told of a file that the kernel has just told of. Only where something is remembered under
// its number, and the kernel has not told of the same birth, it is looked at whether that is still
// this file, where `locate` says.
template <typename Locate>
FileStatus ShownAfter(IdsState& state, const EmulatedCall& call, const Locate& locate,
                      FileStatus told) {
  if (!state.files.Knows(told.identity) || state.files.KnowsBirth(told.identity, told.born)) {
    return state.files.Shown(told);
  }
  // What the kernel tells may be the birth of a copy (overlayfs).
  told.born = 0;
  if (const absl::StatusOr<FileLocation> location = locate(); location.ok()) {
    const absl::StatusOr<SeenFile> seen = LookAt(state, call, *location);
    if (seen.ok() && seen->status.identity == told.identity) told.born = seen->status.born;
  }
  return state.files.Shown(told);
}

// The kernel has written a structure at `address`.
template <const Layout& kLayout, typename Locate>
Answer Change(IdsState& state, const EmulatedCall& call, uint64_t address, const Locate& locate) {
  std::string bytes(kLayout.size, '\0');
  if (!call.ReadBytes(address, absl::MakeSpan(bytes)).ok()) return {-EFAULT};
  const FileStatus told = {
      .identity = {Get(bytes, kLayout.device), Get(bytes, kLayout.inode)},
      .mode = static_cast<mode_t>(Get(bytes, kLayout.mode)),
      .links = static_cast<uint32_t>(Get(bytes, kLayout.links)),
      .uid = static_cast<uid_t>(Get(bytes, kLayout.uid)),
      .gid = static_cast<gid_t>(Get(bytes, kLayout.gid)),
      .device = Get(bytes, kLayout.rdev),
  };
  const FileStatus shown = ShownAfter(state, call, locate, told);
  Put(bytes, kLayout.mode, shown.mode);
  Put(bytes, kLayout.uid, kLayout.short_ids ? ShortId(shown.uid) : shown.uid);
  Put(bytes, kLayout.gid, kLayout.short_ids ? ShortId(shown.gid) : shown.gid);
  Put(bytes, kLayout.rdev, shown.device);
  return {0, {{address, std::move(bytes)}}};
}

// A call with a path or a descriptor before the structure.
template <const Layout& kLayout, bool kFollow>
Reaction OfPath(IdsState& state, const EmulatedCall& call) {
  return RunCall{call.request(), {}, [&state](const EmulatedCall& made, int64_t result) -> Answer {
                   if (result != 0) return {result};
                   return Change<kLayout>(state, made, made.argument(1),
                                          [&] { return LocationOf(made, -1, 0, kFollow); });
                 }};
}

template <const Layout& kLayout>
Reaction OfDescriptor(IdsState& state, const EmulatedCall& call) {
  return RunCall{call.request(), {}, [&state](const EmulatedCall& made, int64_t result) -> Answer {
                   if (result != 0) return {result};
                   return Change<kLayout>(
                       state, made, made.argument(1), [&]() -> absl::StatusOr<FileLocation> {
                         return FileLocation{.descriptor = made.number(0), .path = ""};
                       });
                 }};
}

// newfstatat, fstatat64
template <const Layout& kLayout>
Reaction OfPathAt(IdsState& state, const EmulatedCall& call) {
  return RunCall{call.request(), {}, [&state](const EmulatedCall& made, int64_t result) -> Answer {
                   if (result != 0) return {result};
                   return Change<kLayout>(state, made, made.argument(2), [&] {
                     return LocationWithFlags(made, 1, made.argument(3));
                   });
                 }};
}

int64_t Nanoseconds(const statx_timestamp& time) {
  constexpr int64_t kSecond = 1'000'000'000;
  return time.tv_sec * kSecond + time.tv_nsec;
}

Answer ChangeStatx(IdsState& state, const EmulatedCall& call) {
  const absl::StatusOr<struct statx> status = call.Read<struct statx>(call.argument(4));
  if (!status.ok()) return {-EFAULT};
  const FileStatus told = {
      .identity = {makedev(status->stx_dev_major, status->stx_dev_minor), status->stx_ino},
      .mode = status->stx_mode,
      .links = status->stx_nlink,
      .uid = status->stx_uid,
      .gid = status->stx_gid,
      .device = makedev(status->stx_rdev_major, status->stx_rdev_minor),
      .born = (status->stx_mask & STATX_BTIME) == 0 ? 0 : Nanoseconds(status->stx_btime)};
  const FileStatus shown = ShownAfter(
      state, call, [&] { return LocationWithFlags(call, 1, call.argument(2)); }, told);
  struct statx changed = *status;
  changed.stx_mode = static_cast<uint16_t>(shown.mode);
  changed.stx_uid = shown.uid;
  changed.stx_gid = shown.gid;
  changed.stx_rdev_major = major(shown.device);
  changed.stx_rdev_minor = minor(shown.device);
  return {0, {{call.argument(4), BytesOf(changed)}}};
}

Reaction Statx(IdsState& state, const EmulatedCall& call) {
  // By what the memory knows files; more than is asked for may be told (statx(2)).
  constexpr uint64_t kNeeded =
      STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_GID | STATX_INO | STATX_BTIME;
  const SyscallRequest asks = WithArgument(call.request(), 3, call.argument(3) | kNeeded);
  return RunCall{asks, {}, [&state](const EmulatedCall& made, int64_t result) -> Answer {
                   if (result != 0) return {result};
                   return ChangeStatx(state, made);
                 }};
}

absl::Span<const IdsCall> Calls() {
  static constexpr IdsCall kCalls[] = {
      {"oldstat", OfPath<kOldStat, true>},
      {"oldlstat", OfPath<kOldStat, false>},
      {"oldfstat", OfDescriptor<kOldStat>},
      {"stat64", OfPath<kStat64, true>},
      {"lstat64", OfPath<kStat64, false>},
      {"fstat64", OfDescriptor<kStat64>},
      {"fstatat64", OfPathAt<kStat64>},
      {"newfstatat", OfPathAt<kStat>},
      {"statx", Statx},
      // The structure of these is the architecture's.
      {"stat",
       [](IdsState& state, const EmulatedCall& call) {
         return call.is_i386() ? OfPath<kCompatStat, true>(state, call)
                               : OfPath<kStat, true>(state, call);
       }},
      {"lstat",
       [](IdsState& state, const EmulatedCall& call) {
         return call.is_i386() ? OfPath<kCompatStat, false>(state, call)
                               : OfPath<kStat, false>(state, call);
       }},
      {"fstat",
       [](IdsState& state, const EmulatedCall& call) {
         return call.is_i386() ? OfDescriptor<kCompatStat>(state, call)
                               : OfDescriptor<kStat>(state, call);
       }},
  };
  return kCalls;
}

}  // namespace

absl::Span<const IdsCall> IdsStatCalls() { return Calls(); }

}  // namespace provost
