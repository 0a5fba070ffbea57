#ifndef PROVOST_SYSCALLS_SUB_CALLS_H_
#define PROVOST_SYSCALLS_SUB_CALLS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/syscall_table.h"

namespace provost {

// Where an argument of a call made by way of socketcall or ipc stands.
struct SubCallArgument {
  enum class From : uint8_t {
    kZero,      // not passed: 0 to the kernel
    kRegister,  // in the multiplexer's argument `index`
    kCommand,   // the same, without the bit IPC_64 (compat_ipc_parse_version in ipc/util.h)
    kMemory,    // the 32-bit word `index` of the array that SubCall::array points to
  };
  From from = From::kZero;
  uint8_t index = 0;
};

// A call that i386 can make through a multiplexer: socketcall(SYS_CONNECT, {fd, addr, addrlen}) is
// connect(fd, addr, addrlen).
struct SubCall {
  // What ipc's `call` has above its low 16 bits: a version on which msgrcv's arguments depend.
  enum class Version : uint8_t { kAny, kZero, kNotZero };

  const Syscall* multiplexer;  // i386's socketcall or ipc
  uint16_t code;               // the multiplexer's argument 0, of ipc the low 16 bits
  Version version = Version::kAny;
  // The call it is. Its `nr` is the number that i386 has for it, too; or, where i386 has none
  // (accept, semop, semtimedop), a negative number of ours, which belongs to this name alone.
  Syscall syscall;
  uint8_t array = 0;        // the multiplexer's argument with the address of the array
  uint8_t array_words = 0;  // how many words of it the kernel reads; 0: there is no array
  std::array<SubCallArgument, 6> arguments;
};

// Every one, as net/socket.c (socketcall) and ipc/syscall.c (compat_ksys_ipc) have them. A call may
// be there more than once: SYS_SEND is sendto without an address. Immutable, made at the first use;
// safe from any thread.
absl::Span<const SubCall> SubCalls();

// The call of that name that i386 can make through a multiplexer alone; nullptr if it has a number
// of its own or is not made so.
const Syscall* FindSubCallOnly(absl::string_view name);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_SUB_CALLS_H_
