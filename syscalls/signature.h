#ifndef PROVOST_SYSCALLS_SIGNATURE_H_
#define PROVOST_SYSCALLS_SIGNATURE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// What an argument is to the kernel. The kind says how a value is shown and what it may be compared
// with.
enum class ArgKind : uint8_t {
  kInteger,    // a number with no better kind
  kFd,         // a descriptor
  kDirFd,      // a descriptor that a following path is relative to; AT_FDCWD
  kPath,       // const char*, a file name; `companion` is its dirfd's index or -1
  kString,     // const char*, another NUL-terminated string
  kBufferIn,   // memory the kernel reads; `companion` is the index of its length or -1
  kBufferOut,  // memory the kernel writes; `companion` is the index of its length or -1
  kLength,     // a size in bytes or elements
  kFlags,      // bits of the set `constants`
  kEnum,       // exactly one of the set `constants`
  kMode,       // file permission bits; of a umode_t the kernel keeps the low 16 bits
  kSockaddr,   // struct sockaddr*; `companion` is the index of its length (a value or a pointer)
  kSignal,     // a signal number
  kClockId,    // CLOCK_*
  kPid,        // pid, tid or pgid
  kUid,
  kGid,
  kDevice,       // dev_t
  kOffset,       // a file position
  kStringArray,  // char* const[] ending in NULL: argv, envp
  kIovec,        // struct iovec*; `companion` is the index of its count
  kStructIn,     // a structure the kernel reads; `companion` is the index of its size in bytes or,
                 // for an array of structures, of their number, or -1
  kStructOut,    // a structure the kernel writes; `companion` as for kStructIn
  kStructInOut,  // both; also a length behind a pointer (accept's addrlen)
  kAddress,      // an address in the task that is no argument memory: mmap's addr, brk
  kFunction,     // a function of the task: sighandler_t
};

// How wide the kernel reads the register, and whether as signed (the prototype's C type on that
// architecture).
enum class ArgWidth : uint8_t { kS32, kU32, kS64, kU64 };

constexpr bool IsSigned(ArgWidth width) {
  return width == ArgWidth::kS32 || width == ArgWidth::kS64;
}
constexpr bool Is32Bit(ArgWidth width) {
  return width == ArgWidth::kS32 || width == ArgWidth::kU32;
}

struct ConstantSet;  // constants.h
struct StructType;   // structs.h

// In the order in which rows are written, whatever padding that costs.
struct Argument {  // NOLINT(clang-analyzer-optin.performance.Padding)
  absl::string_view name;
  ArgKind kind = ArgKind::kInteger;
  ArgWidth width = ArgWidth::kU64;         // on x86_64; see WidthOn in syscall_table.h for i386
  const ConstantSet* constants = nullptr;  // for kFlags and kEnum where known, else nullptr
  int8_t companion = -1;                   // index of the argument that completes this one, or -1

  // The kernel keeps only this many low bits of it (umode_t, old_uid_t); 0: all of `width`.
  uint8_t kept_bits = 0;
  // What the structure at this address holds, where it is known (kStructIn, kStructInOut).
  const StructType* structure = nullptr;
  // NULL is "none" to the kernel and no error: then there is nothing to compare.
  bool optional = false;

  // True for the kinds whose memory the kernel reads or writes as part of the call: kPath to
  // kStructInOut. kAddress and kFunction are numbers that happen to be addresses.
  bool IsPointer() const;
  bool IsPathOrString() const { return kind == ArgKind::kPath || kind == ArgKind::kString; }
};

// The arguments of one call. One row serves every architecture on which the call takes the same
// arguments.
struct Signature {
  absl::string_view name;
  absl::Span<const Argument> args;

  // The index of the argument called `name`, or -1.
  int IndexOf(absl::string_view argument_name) const;
};

}  // namespace provost

#endif  // PROVOST_SYSCALLS_SIGNATURE_H_
