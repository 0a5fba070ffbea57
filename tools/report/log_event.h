#ifndef PROVOST_TOOLS_REPORT_LOG_EVENT_H_
#define PROVOST_TOOLS_REPORT_LOG_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace provost {

// One audit event, provost's or the kernel's, with all its records. A plain value; strings are
// decoded and may hold any byte.
struct LogEvent {
  int64_t seconds = 0;  // since 1970
  uint32_t milliseconds = 0;
  uint64_t serial = 0;
  std::string node;                // empty: none was written
  std::vector<std::string> types;  // its records', in order
  std::vector<std::string> lines;  // the records as they stand, without newlines

  // Of SYSCALL and SECCOMP records, and of those that user space sends; the first record that has
  // a field says it. Absent where none has.
  std::optional<uint32_t> arch;  // AUDIT_ARCH_*
  std::optional<int32_t> nr;
  std::string syscall;  // the call's name, "arch:nr" for one without; empty: no call
  std::optional<bool> success;
  std::optional<int64_t> exit;
  std::string verdict;  // op= of our SECCOMP record, else what the kernel's code= says; or empty
  std::vector<std::string> rules;  // keys, without those that only label a container
  std::string name;                // comm=
  std::string program;             // exe=
  std::string terminal;            // tty= or terminal=; "(none)" where a record says so
  std::optional<int64_t> pid, ppid;
  std::optional<uint32_t> uid, euid, auid, session;
  // PATH records' names, and paths of AF_UNIX addresses; one as often as records name it.
  std::vector<std::string> paths;
  std::vector<uint64_t> containers;        // the task's own; of CONTAINER_OP, the one that was set
  std::vector<uint64_t> other_containers;  // of tasks the call is about, or in its network
  std::string command;                     // PROCTITLE, its NULs as blanks
  // Of records that user space sends: "supervisor-end" …, and its numbers.
  std::string op;
  std::optional<uint64_t> lost;

  // True if the call was refused: by provost or a filter, else by what the kernel answered.
  bool Refused() const {
    for (const char* refusal : {"deny", "return", "trap", "kill"}) {
      if (verdict == refusal) return true;
    }
    for (const char* passage : {"log", "rewrite", "emulate", "allow"}) {
      if (verdict == passage) return false;
    }
    return nr.has_value() && success == false;
  }
};

}  // namespace provost

#endif  // PROVOST_TOOLS_REPORT_LOG_EVENT_H_
