#ifndef PROVOST_BASE_CALL_FACTS_H_
#define PROVOST_BASE_CALL_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace provost {

// What a record says of a call beyond its registers: read from the stopped task by tracee/, written
// by audit/. Plain values. The kernel's own choice of fields is in kernel/auditsc.c
// (audit_log_name, audit_log_pid_context, audit_log_time).

// What a path argument names: one PATH record.
struct PathFact {
  // The kernel's nametype=.
  enum class NameType : uint8_t { kUnknown, kNormal, kParent, kCreate, kDelete };
  struct Device {
    uint32_t major = 0;
    uint32_t minor = 0;
    bool operator==(const Device&) const = default;
  };
  // What was found there; ids are those of the initial user namespace.
  struct Inode {
    uint64_t number = 0;
    Device device;
    uint32_t mode = 0;  // type and permissions, as st_mode
    uint32_t uid = 0;
    uint32_t gid = 0;
    Device rdev;
    bool operator==(const Inode&) const = default;
  };
  // The file's security.capability attribute; all zero without one.
  struct Capabilities {
    uint64_t permitted = 0;
    uint64_t inheritable = 0;
    bool effective = false;
    uint32_t version = 0;
    uint32_t root_id = 0;
    bool operator==(const Capabilities&) const = default;
  };

  std::optional<std::string> name;  // any bytes; absent: "(null)"
  std::optional<Inode> inode;       // absent: nothing was found, and the fields are left out
  Capabilities capabilities;
  NameType name_type = NameType::kUnknown;

  bool operator==(const PathFact&) const = default;
};

// A task that the call is about (kill, ptrace, process_vm_readv …): one OBJ_PID record.
struct OtherTask {
  int32_t pid = 0;  // its thread group
  uint32_t auid = UINT32_MAX;
  uint32_t uid = 0;
  uint32_t ses = UINT32_MAX;
  std::string comm;
  std::optional<uint64_t> contid;  // its container's identifier, if it has one
};

// What a call changed of a clock: TIME_INJOFFSET and TIME_ADJNTPVAL records.
struct ClockChange {
  struct Offset {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
  };
  struct Value {
    enum class What : uint8_t { kOffset, kFreq, kStatus, kTai, kTick, kAdjust };
    What what;
    int64_t old_value;
    int64_t new_value;
  };
  std::optional<Offset> injected;  // new time minus old
  std::vector<Value> values;       // each with old_value != new_value
};

// What an execve that succeeded gave the program: an EXECVE record.
struct ExecArguments {
  uint64_t count = 0;              // argc
  std::vector<std::string> words;  // the first of them, as many as a record may hold
};

// The address that one of several messages has.
struct MessageAddress {
  uint32_t index = 0;
  std::string sockaddr;
};

struct CallFacts {
  std::optional<std::string> cwd;        // set where `paths` is not empty and it could be read
  std::vector<PathFact> paths;           // items= counts them
  std::string sockaddr;                  // the address's bytes as the call has them; empty: none
  std::vector<MessageAddress> messages;  // sendmmsg: of those that have one, in order
  std::vector<OtherTask> objects;
  std::optional<uint64_t> contid;         // the container of the task itself
  std::vector<uint64_t> network_contids;  // for a network call: of all who share the namespace
  ClockChange clock;
  std::optional<ExecArguments> exec;
};

}  // namespace provost

#endif  // PROVOST_BASE_CALL_FACTS_H_
