#ifndef PROVOST_BASE_IDENTITY_H_
#define PROVOST_BASE_IDENTITY_H_

#include <cstdint>
#include <string>

namespace provost {

// What a record says of the task that made a call: read from /proc by tracee/, written by audit/. A
// plain value. Ids are those of the initial user and pid namespaces as the supervisor sees them;
// `exe` is relative to the task's root. The kernel's own choice of fields is in kernel/auditsc.c
// (audit_log_task_info, audit_log_proctitle).
struct Identity {
  int32_t pid = 0;             // the thread group's id ("pid=" in a record)
  int32_t tid = 0;             // the task's own id
  int32_t ppid = 0;            // the thread group id of the parent
  uint32_t auid = UINT32_MAX;  // login uid, UINT32_MAX is "unset"
  uint32_t ses = UINT32_MAX;   // session id of the login, UINT32_MAX is "unset"
  uint32_t uid = 0, euid = 0, suid = 0, fsuid = 0;
  uint32_t gid = 0, egid = 0, sgid = 0, fsgid = 0;
  std::string comm;  // at most 15 bytes, any byte
  std::string exe;   // empty: unknown
  std::string tty;   // a name such as "pts3", or empty for none
  std::string
      proctitle;  // argv as the kernel keeps it, NULs between, at most 128 bytes; empty: unknown
};

}  // namespace provost

#endif  // PROVOST_BASE_IDENTITY_H_
