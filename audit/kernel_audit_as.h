#ifndef PROVOST_AUDIT_KERNEL_AUDIT_AS_H_
#define PROVOST_AUDIT_KERNEL_AUDIT_AS_H_

#include <sys/types.h>

#include <string>

#include "base/unique_fd.h"

namespace provost {

// For tests: the kernel's audit is on, or off, as long as this lives, and then as it was before. A
// process of its own sees to that, so it holds too if the test crashes or is killed. One test at a
// time on a machine: others wait. Listens to what the kernel logs, as a second reader beside auditd
// (multicast group AUDIT_NLGRP_READLOG).
class KernelAuditAs {
 public:
  explicit KernelAuditAs(bool on);
  ~KernelAuditAs();
  KernelAuditAs(const KernelAuditAs&) = delete;
  KernelAuditAs& operator=(const KernelAuditAs&) = delete;

  // Empty: it is so. Else what this machine lacks (a kernel with audit, CAP_AUDIT_CONTROL and
  // CAP_AUDIT_READ).
  const std::string& lacking() const { return lacking_; }

  // The next record of `type` that holds `text`, as a line of an audit log would have it after its
  // type; "" if there is none within the time.
  std::string Await(int type, const std::string& text, int milliseconds);

 private:
  void Start(bool on);

  std::string lacking_;
  UniqueFd log_;
  UniqueFd life_;  // its end tells the process to restore
  pid_t restorer_ = -1;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_KERNEL_AUDIT_AS_H_
