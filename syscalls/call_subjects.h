#ifndef PROVOST_SYSCALLS_CALL_SUBJECTS_H_
#define PROVOST_SYSCALLS_CALL_SUBJECTS_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "syscalls/path_lookup.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {

// What a call is about, beside its registers: the files that it names, the address, the other
// tasks. What the kernel's audit code notes of each call (audit_inode and its callers,
// move_addr_to_kernel, audit_signal_info), seen from its arguments.
struct CallSubjects {
  struct Path {
    enum class Role : uint8_t {
      kLookedUp,     // must be there
      kOpened,       // open(2): may be made
      kCreated,      // an entry of a directory, made
      kRemoved,      // an entry of a directory, removed
      kRenamedFrom,  // the same, of rename(2)
      kRenamedTo,
      kText,         // a symbolic link's: not looked up at all
      kMountSource,  // of mount(2): a file only for some mounts
    };
    Role role = Role::kLookedUp;
    int8_t path = -1;          // its argument
    int8_t directory = -1;     // the argument that it is relative to; -1: the working directory
    bool may_be_null = false;  // NULL stands for the directory's descriptor itself
    PathLookup lookup;
  };
  // A task, by the argument that names it.
  struct Task {
    enum class By : uint8_t {
      kTask,            // a task's id; 0 is the caller
      kProcessOrGroup,  // as kill(2) has it: 0, -1 and what is below stand for groups
      kDescriptor,      // a pidfd
    };
    By by = By::kTask;
    int8_t argument = -1;
    bool is_signal = false;  // then the caller itself is no less a subject
    int8_t flags = -1;       // PIDFD_SIGNAL_*, by which a descriptor stands for a group
  };

  // In the order in which the kernel writes their PATH records.
  absl::InlinedVector<Path, 2> paths;
  absl::InlinedVector<Task, 1> tasks;
  int8_t file = -1;     // a descriptor whose file the kernel notes: fchmod
  int8_t address = -1;  // a sockaddr that the call hands over, and its length
  int8_t address_length = -1;
  int8_t message = -1;        // a msghdr, or an array of mmsghdr
  int8_t message_count = -1;  // whose elements this counts
  int8_t flags = -1;          // of rename, mount and ptrace: what the roles depend on
  bool is_bind = false;       // the address is a name to be made

  bool IsEmpty() const {
    return paths.empty() && tasks.empty() && file < 0 && address < 0 && message < 0;
  }
};

// Of a call of SyscallTable or SubCalls. Immutable; safe from any thread; does not allocate after
// the first use.
const CallSubjects& SubjectsOf(const Signature& signature);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_CALL_SUBJECTS_H_
