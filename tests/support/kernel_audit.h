#ifndef PROVOST_TESTS_SUPPORT_KERNEL_AUDIT_H_
#define PROVOST_TESTS_SUPPORT_KERNEL_AUDIT_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace provost {

// The machine's audit state, as far as it is set by anybody.
struct AuditState {
  uint32_t enabled = 0;
  uint32_t backlog_limit = 0;
  uint32_t pid = 0;
  size_t rules = 0;
  bool operator==(const AuditState&) const = default;
};
absl::StatusOr<AuditState> ReadAuditState();

// One record as the kernel sends it.
struct KernelRecord {
  int type = 0;
  std::string event;  // "1795334284.693:2356"
  std::string text;   // what follows "audit(…): "
};

// The kernel's audit, turned on (or off) for as long as this lives. The state that was found is put
// back by a process of its own, which is there before anything is changed and acts when this
// object, or the process that has it, is gone, however it went. One at a time on a machine: Start
// waits.
class KernelAudit {
 public:
  // kFailedPrecondition with the reason where there is no audit to be had: no CAP_AUDIT_CONTROL or
  // CAP_AUDIT_READ, a kernel without it, or a configuration that is locked.
  static absl::StatusOr<std::unique_ptr<KernelAudit>> Start(bool on = true);
  ~KernelAudit();
  KernelAudit(const KernelAudit&) = delete;
  KernelAudit& operator=(const KernelAudit&) = delete;

  // From now on every call is audited that the process makes while it runs that program (a path
  // without symbolic links). Not what it does before execve: the kernel keeps the first command
  // line that it saw, also across that.
  absl::Status Watch(pid_t pid, const std::string& program);
  // The events of such a process, all records of each, up to and with that of its end.
  absl::StatusOr<std::vector<KernelRecord>> ReadUntilEnd(pid_t pid);
  // Runs `argv` after `prepare` in the child, and returns the kernel's records of it. `output` gets
  // what it prints. `program` is what is watched, if it is not argv[0].
  absl::StatusOr<std::vector<KernelRecord>> Run(
      const std::vector<std::string>& argv, std::string& output,
      const std::function<bool()>& prepare = [] { return true; }, const std::string& program = "");
  // The next record of that type, of anybody's, that holds `text`, as it stands in a log behind
  // "type=… msg="; "" if none comes in time.
  std::string Await(int type, absl::string_view text);

 private:
  KernelAudit() = default;

  UniqueFd lock_;
  UniqueFd records_;
  UniqueFd to_guard_;
  pid_t guard_ = 0;
};

}  // namespace provost

#endif  // PROVOST_TESTS_SUPPORT_KERNEL_AUDIT_H_
