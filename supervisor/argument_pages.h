#ifndef PROVOST_SUPERVISOR_ARGUMENT_PAGES_H_
#define PROVOST_SUPERVISOR_ARGUMENT_PAGES_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "supervisor/argument_region.h"
#include "syscalls/request.h"
#include "tracee/injected_call.h"

namespace provost {

// The calls by which a region gets into a task, and which its filters must let through at our Gate.
extern const std::array<absl::string_view, 9> kInjectedCalls;

// Brings memory that tasks can only read (ArgumentRegion) into the address spaces of a run, and
// hands out slots of it.
//
// A region comes in by calls that the space's own tasks make for us (InjectedCall), one at a stop:
// memory to write on, a socket pair, of which we take one end and send the region's descriptor into
// it, the receipt, mmap over that memory, mprotect for its code, mseal, and the closing of all
// that. None looks a file up, so that it works in every root, namespace and mount tree. Whichever
// task of the space stops next makes the next call: no task waits longer than for one call that
// does not block. What the other tasks of the space do to it meanwhile can make it fail; in the end
// CheckSharedReadOnly says whether what is mapped and sealed is our region and nothing else.
//
// A space belongs to a process and an architecture (addresses of 64-bit code do not fit into i386's
// registers). A child process begins with what its creator has: it is mapped there, too, unless it
// was kept from it (MADV_DONTFORK), so that it is sealed and checked before it is used, or the
// memory is the same. After execve there is nothing.
//
// On the tracing thread.
class ArgumentPages {
 public:
  explicit ArgumentPages(const Gate& gate) : gate_(gate) {}

  const Gate& gate() const { return gate_; }

  // What a task at a seccomp stop has to do for a slot.

  // The task makes this call, whose result goes to Done.
  struct Inject {
    RemoteCall call;
  };
  // Another task of the space is just making one; ask again after its Done or Abandon.
  struct Wait {};
  // There is no getting one.
  struct Unavailable {
    absl::Status why;
  };
  using Answer = std::variant<ArgumentSlot, Inject, Wait, Unavailable>;
  // How many filters a task has that has installed none: results of injected calls are then the
  // kernel's.
  void SetFilters(int count) { filters_ = count; }
  int filters() const { return filters_; }
  // A task may have a filter of its own, which may answer injected calls, or refuse calls that come
  // from elsewhere. Where one is about to be installed, what tasks may need should come in first.
  void SetOwnFilters() { own_filters_ = true; }
  bool own_filters() const { return own_filters_; }
  // True if something is under way, or calls are to be made to undo it: it would be left behind.
  bool IsInstalling() const;
  // The same of that process alone.
  bool IsInstalling(pid_t process) const;

  // True if a task of the process makes a call for us just now.
  bool IsCalling(pid_t process) const;

  // For the task `tid` of `process`, which is at `request`'s stop. An error is the task's death.
  absl::StatusOr<Answer> Reserve(pid_t tid, pid_t process, const SyscallRequest& request,
                                 size_t size);

  // The next call of what is under way in the task's space, if any is and nobody makes one.
  absl::StatusOr<std::optional<Inject>> Continue(pid_t tid, pid_t process,
                                                 const SyscallRequest& request);

  // The call that Inject named has given `result`.
  absl::Status Done(pid_t tid, pid_t process, const SyscallRequest& request, int64_t result);

  // `child` was made by `parent`, a task of process `creator`.
  void Born(pid_t child, pid_t parent, pid_t creator);
  // The process runs another program.
  void Execed(pid_t process);
  // A task (the process's last, if it is named as it) has ended. True if it was making a call for
  // us.
  bool Ended(pid_t tid);

 private:
  struct Mapping {
    std::shared_ptr<ArgumentRegion> region;
    uint64_t address;
    bool has_code;  // to execute
  };
  // A region on its way in.
  struct Installation {
    enum class Step : uint8_t {
      kScratch,
      kSocketPair,
      kReceive,
      kMap,
      kProtect,  // where there is code for
      kSeal,
      kUnmap,  // what could not be used
      kCloseRange,
      kClose,
      kFreeScratch,
    };
    Step step = Step::kScratch;
    std::shared_ptr<ArgumentRegion> region;
    uint64_t scratch = 0;  // where the region will be; 0 from when it is
    std::vector<int> descriptors;
    int received = -1;
    uint64_t address = 0;
    bool has_code = false;
    absl::Status failure;
  };
  struct Space {
    std::vector<Mapping> mappings;
    std::vector<Mapping> inherited;  // not yet known to be there
    std::unique_ptr<Installation> installation;
    std::optional<Mapping> checking;     // of `inherited`: is being sealed
    pid_t caller = 0;                    // makes a call of ours
    int failures = 0;                    // in a row
    absl::flat_hash_set<pid_t> waiting;  // were told to, and nothing has come of it yet
    absl::Status failure;                // the last
  };
  // Process, and whether it is i386's space.
  using Key = std::pair<pid_t, bool>;
  // What a new task may have, by what its creator had.
  struct Birth {
    pid_t parent;
    std::array<std::vector<Mapping>, 2> mappings;  // as Key's second
  };

  static bool IsUnderWay(const Space& space) {
    return space.installation != nullptr || space.checking.has_value();
  }
  Space& SpaceOf(pid_t tid, const Key& key);
  void InheritFromParent(const Key& key, Space& space) const;
  static std::optional<ArgumentSlot> TakeSlot(const Space& space, size_t size);
  static RemoteCall NextCall(const Space& space, bool is_i386);
  // Takes the step whose call has given `result`. The error is what makes the installation fail.
  absl::Status Advance(pid_t tid, Space& space, int64_t result, bool is_i386) const;
  // OK if `mapping`, which mseal was called for with `result`, is there to stay.
  absl::Status Check(pid_t tid, const Mapping& mapping, int64_t result) const;
  // The same of what is sealed.
  static absl::Status CheckMapped(pid_t tid, const Mapping& mapping);
  // Takes what is known to be there without a call, which a filter of the task's own could refuse.
  static absl::Status TakeSealed(pid_t tid, Space& space);
  static absl::Status SendRegion(pid_t tid, Installation& installation, bool is_i386);
  static absl::Status TakeReceipt(pid_t tid, Installation& installation, bool is_i386);
  // Undoes what is left to be undone, or ends it.
  static void CleanUp(Space& space);

  const Gate gate_;
  int filters_ = -1;
  bool own_filters_ = false;
  std::map<Key, Space> spaces_;
  absl::flat_hash_map<pid_t, Birth> births_;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_ARGUMENT_PAGES_H_
