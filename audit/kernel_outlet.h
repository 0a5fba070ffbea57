#ifndef PROVOST_AUDIT_KERNEL_OUTLET_H_
#define PROVOST_AUDIT_KERNEL_OUTLET_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "audit/outlet.h"
#include "base/unique_fd.h"

namespace provost {

// Hands events to the kernel's audit, one TRUSTED_APP record each (kernel_message.h), by
// audit_log_user_message(3): they stand in the machine's own audit log, between the kernel's.
// SECCOMP and SYSCALL records the kernel takes from nobody. Needs CAP_AUDIT_WRITE in the initial
// user namespace.
//
// What the kernel does with a record it does not tell: with audit disabled it drops it, beyond its
// rate or backlog limit it may (auditctl -s counts those as lost).
class KernelOutlet final : public Outlet {
 public:
  // Errors say what is missing.
  static absl::StatusOr<KernelOutlet> Open();

  // False: records are taken and dropped (auditctl -e 0).
  bool IsAuditEnabled() const;

  const std::string& name() const override { return name_; }
  Text text() const override { return Text::kKernelMessage; }
  absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) override;

 private:
  KernelOutlet() = default;

  std::string name_ = "the kernel's audit";
  UniqueFd socket_;
};

}  // namespace provost

#endif  // PROVOST_AUDIT_KERNEL_OUTLET_H_
