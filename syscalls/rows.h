#ifndef PROVOST_SYSCALLS_ROWS_H_
#define PROVOST_SYSCALLS_ROWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/signature.h"

// The notation of the signature rows (rows_*.cc), private to this room. A row reads as the
// prototype does:
//
//   {"openat", {DirFd(), Path("path", "dfd"), Flags("flags", kOpenFlags, kS32), Mode()}},
//
// Rows are constant expressions: a companion that names no argument of its row does not compile.
namespace provost::rows {

inline constexpr ArgWidth kS32 = ArgWidth::kS32;
inline constexpr ArgWidth kU32 = ArgWidth::kU32;
inline constexpr ArgWidth kS64 = ArgWidth::kS64;
inline constexpr ArgWidth kU64 = ArgWidth::kU64;

// An argument as a row writes it: its companion is still a name.
struct Arg {
  Argument argument;
  absl::string_view companion;
};

constexpr Arg Make(absl::string_view name, ArgKind kind, ArgWidth width,
                   absl::string_view companion = {}) {
  return {{name, kind, width, nullptr, -1}, companion};
}

constexpr Arg Int(absl::string_view name, ArgWidth width) {
  return Make(name, ArgKind::kInteger, width);
}
constexpr Arg Fd(absl::string_view name = "fd", ArgWidth width = kS32) {
  return Make(name, ArgKind::kFd, width);
}
constexpr Arg DirFd(absl::string_view name = "dfd") { return Make(name, ArgKind::kDirFd, kS32); }
constexpr Arg Path(absl::string_view name = "path", absl::string_view dirfd = {}) {
  return Make(name, ArgKind::kPath, kU64, dirfd);
}
constexpr Arg Str(absl::string_view name) { return Make(name, ArgKind::kString, kU64); }
// `length` names the argument that holds the size in bytes, where that is a value.
constexpr Arg In(absl::string_view name, absl::string_view length = {}) {
  return Make(name, ArgKind::kBufferIn, kU64, length);
}
constexpr Arg Out(absl::string_view name, absl::string_view length = {}) {
  return Make(name, ArgKind::kBufferOut, kU64, length);
}
constexpr Arg Length(absl::string_view name, ArgWidth width = kU64) {
  return Make(name, ArgKind::kLength, width);
}
constexpr Arg Flags(absl::string_view name, const ConstantSet& set, ArgWidth width) {
  return {{name, ArgKind::kFlags, width, &set, -1}, {}};
}
// Flags of which no bit has a name.
constexpr Arg NoFlags(absl::string_view name, ArgWidth width) {
  return Make(name, ArgKind::kFlags, width);
}
constexpr Arg Enum(absl::string_view name, const ConstantSet& set, ArgWidth width) {
  return {{name, ArgKind::kEnum, width, &set, -1}, {}};
}
// What a prototype takes as a 16-bit type: the kernel never sees the bits above.
constexpr Arg Low16(Arg arg) {
  arg.argument.kept_bits = 16;
  return arg;
}
constexpr Arg Mode(absl::string_view name = "mode") {  // umode_t
  return Low16(Make(name, ArgKind::kMode, kU32));
}
constexpr Arg Sockaddr(absl::string_view name, absl::string_view length) {
  return Make(name, ArgKind::kSockaddr, kU64, length);
}
constexpr Arg Signal(absl::string_view name = "sig", ArgWidth width = kS32) {
  return Make(name, ArgKind::kSignal, width);
}
constexpr Arg ClockId(absl::string_view name) { return Make(name, ArgKind::kClockId, kS32); }
constexpr Arg Pid(absl::string_view name = "pid") { return Make(name, ArgKind::kPid, kS32); }
constexpr Arg Uid(absl::string_view name) { return Make(name, ArgKind::kUid, kU32); }
constexpr Arg Gid(absl::string_view name) { return Make(name, ArgKind::kGid, kU32); }
constexpr Arg Device(absl::string_view name = "dev") { return Make(name, ArgKind::kDevice, kU32); }
constexpr Arg Offset(absl::string_view name, ArgWidth width = kS64) {
  return Make(name, ArgKind::kOffset, width);
}
constexpr Arg Strings(absl::string_view name) { return Make(name, ArgKind::kStringArray, kU64); }
constexpr Arg Iovec(absl::string_view name, absl::string_view count) {
  return Make(name, ArgKind::kIovec, kU64, count);
}
// `length` names the size in bytes of an extensible structure, or the number of elements of an
// array of structures.
constexpr Arg StructIn(absl::string_view name, absl::string_view length = {}) {
  return Make(name, ArgKind::kStructIn, kU64, length);
}
constexpr Arg StructOut(absl::string_view name, absl::string_view length = {}) {
  return Make(name, ArgKind::kStructOut, kU64, length);
}
constexpr Arg StructInOut(absl::string_view name, absl::string_view length = {}) {
  return Make(name, ArgKind::kStructInOut, kU64, length);
}
// A structure whose fields are known.
constexpr Arg Of(const StructType& type, Arg arg) {
  arg.argument.structure = &type;
  return arg;
}
// What may be NULL, for "none".
constexpr Arg Optional(Arg arg) {
  arg.argument.optional = true;
  return arg;
}
constexpr Arg Address(absl::string_view name, ArgWidth width = kU64) {
  return Make(name, ArgKind::kAddress, width);
}
constexpr Arg Function(absl::string_view name) { return Make(name, ArgKind::kFunction, kU64); }

// Architectures on which a row's arguments are right. A name may have one row for each.
enum class On : uint8_t { kBoth, kX86_64, kI386 };

// Numbers of a call that the oldest supported libseccomp (2.5.4) does not know; -1 where the
// architecture has no such call.
struct Newer {
  int32_t x86_64 = -1;
  int32_t i386 = -1;
};

// Deliberately not constexpr: calling it while a row is evaluated is the compile error.
void CompanionIsNoArgumentOfThisRow();

// One signature, and where it holds.
struct Row {
  absl::string_view name;
  std::array<Argument, 6> args = {};
  size_t arg_count = 0;
  On on = On::kBoth;
  Newer newer;

  constexpr Row(absl::string_view row_name, std::initializer_list<Arg> row_args,
                On where = On::kBoth, Newer numbers = {})
      : name(row_name), on(where), newer(numbers) {
    for (const Arg& arg : row_args) args[arg_count++] = arg.argument;
    size_t i = 0;
    for (const Arg& arg : row_args) args[i++].companion = Find(arg.companion);
  }

 private:
  constexpr int8_t Find(absl::string_view argument) const {
    if (argument.empty()) return -1;
    for (size_t i = 0; i < arg_count; ++i) {
      if (args[i].name == argument) return static_cast<int8_t>(i);
    }
    CompanionIsNoArgumentOfThisRow();
    return -1;
  }
};

absl::Span<const Row> FileRows();      // files, directories, descriptors, mounts
absl::Span<const Row> MemoryRows();    // address space, futexes
absl::Span<const Row> ProcessRows();   // tasks, signals, identities, scheduling
absl::Span<const Row> NetworkRows();   // sockets
absl::Span<const Row> SystemRows();    // IPC, keys, time, polling, and the machine
absl::Span<const Row> ObsoleteRows();  // calls that no current kernel implements
absl::Span<const Row> I386Rows();      // calls that only i386 has, or has differently

// All of these. A row's place is its index when they are counted through, one after the other.
inline std::array<absl::Span<const Row>, 7> AllRows() {
  return {FileRows(),   MemoryRows(),   ProcessRows(), NetworkRows(),
          SystemRows(), ObsoleteRows(), I386Rows()};
}

}  // namespace provost::rows

#endif  // PROVOST_SYSCALLS_ROWS_H_
