#ifndef PROVOST_SUPERVISOR_ARGUMENT_COPY_H_
#define PROVOST_SUPERVISOR_ARGUMENT_COPY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/tracee_arguments.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {

// What a decision has read of a call's memory, byte for byte, in a form that the kernel can read in
// place of the task's own: strings, addresses and structures, with the pointers in them that lead
// to other such memory (msg_name of a msghdr, the words of socketcall). Pointers to what no
// decision looked at stay as they are. A path that could not be read is one that the kernel cannot
// read either (EFAULT, ENAMETOOLONG).
class ArgumentCopy {
 public:
  // Of the call `runs`, on which `arguments` has answered what was asked. Reads on where the kernel
  // reads more of a structure than any decision does.
  ArgumentCopy(const SyscallRequest& runs, TraceeArguments& arguments);

  // What else can be said of memory that was read.
  enum class Rest : uint8_t {
    kNone,      // all of it is in the copy
    kWritten,   // it is of a structure that the kernel also writes to: it must stay where it is
    kUnplaced,  // no argument is known to lead to it
  };
  Rest rest() const { return rest_; }

  bool is_empty() const { return pointers_.empty(); }
  // Bytes that it takes.
  size_t size() const;
  // The argument that leads to its beginning; nullopt: none does.
  std::optional<size_t> Base() const;
  // Writes it to `bytes`, which the task has at `address`; the call that reads it from there.
  SyscallRequest Place(char* bytes, uint64_t address) const;

 private:
  // Where a pointer stands: in a register or in a piece.
  struct Location {
    std::optional<size_t> piece;
    size_t at;  // the register, or the offset in the piece
  };
  // A call's arguments: what they are, and where they stand.
  struct View {
    const Syscall* syscall;
    std::array<uint64_t, 6> values = {};
    std::array<Location, 6> places = {};
  };
  struct Pointer {
    Location place;
    std::optional<size_t> piece;  // what it leads to; nullopt: nowhere
  };

  View ViewOf(const SyscallRequest& runs);
  void TakeSubCall(View& view);
  void TakeArgument(const View& view, size_t index);
  void TakeString(const View& view, size_t index);
  void TakeStruct(const View& view, size_t index);
  void TakeAddressOf(const Argument& argument, size_t message);
  // Adds `size` bytes from `address`, which `place` leads to; the piece's number, or nullopt if
  // they cannot be read.
  std::optional<size_t> TakeBytes(uint64_t address, size_t size, const Location& place);
  void NoteRest(const View& view);
  Arch arch() const { return runs_.IsI386() ? Arch::kI386 : Arch::kX86_64; }
  size_t PointerSize() const { return runs_.IsI386() ? 4 : 8; }

  struct Piece {
    uint64_t source;
    std::string bytes;
  };

  const SyscallRequest runs_;
  TraceeArguments& arguments_;
  std::vector<std::pair<uint64_t, size_t>> read_;
  std::vector<Piece> pieces_;
  std::vector<Pointer> pointers_;
  Rest rest_ = Rest::kNone;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_ARGUMENT_COPY_H_
