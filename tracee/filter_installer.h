#ifndef PROVOST_TRACEE_FILTER_INSTALLER_H_
#define PROVOST_TRACEE_FILTER_INSTALLER_H_

#include <linux/filter.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tracee/borrowed_task.h"

namespace provost {

// The calls that a task makes for this under filters that are in already; those must let them
// through at the gate.
inline constexpr std::array<absl::string_view, 4> kInstallingCalls = {"mmap", "mmap2", "seccomp",
                                                                      "munmap"};

struct InstallSpec {
  absl::Span<const std::vector<sock_filter>> filters;
  // The instruction pointer at which the filters let kInstallingCalls pass (Gate in
  // injected_call.h).
  uint64_t gate = 0;
  // Filters with that gate are in already, so that every call is made there; else those behind the
  // first of `filters` are.
  bool is_gated = false;
  bool set_no_new_privs = true;
  // Where threads have filters of their own, which a filter for all of them cannot join, nor may
  // they be joined by it: the task alone gets it. Else that is an error.
  bool alone_if_diverged = false;
  // Where the kernel is to read the filters: memory of the task's that only we can write. 0: in
  // some of its own, which tasks that run meanwhile could write.
  uint64_t address = 0;
  char* bytes = nullptr;  // the same, here
};

// What the kernel is to read takes so many bytes.
size_t ImageSize(absl::Span<const std::vector<sock_filter>> filters);

struct FilterImage;

// Puts filters on a borrowed task and all the threads of its process at once
// (SECCOMP_FILTER_FLAG_TSYNC, seccomp(2)). Lives on the tracing thread.
class FilterInstaller {
 public:
  // `task` is not owned; what `spec` refers to outlives this.
  FilterInstaller(const InstallSpec& spec, BorrowedTask& task) : spec_(spec), task_(task) {}

  // Call it once. kFailedPrecondition: a call of ours was refused, or answered in the kernel's
  // place, by a filter of the task's own, or there is no room; IsDied: the task is gone.
  absl::Status Install();

  // True once a filter is in.
  bool has_installed() const { return has_installed_; }
  // True if all threads of the process have got all of them.
  bool is_shared() const { return is_shared_; }

 private:
  uint64_t Gate() const { return spec_.is_gated || has_installed_ ? spec_.gate : 0; }
  absl::Status InstallByOwnMemory();
  absl::Status InstallFrom(const FilterImage& image);
  absl::Status InstallOne(uint64_t program);
  // What it gave: 0, or the thread that has diverged.
  absl::StatusOr<uint64_t> CallSeccomp(uint64_t flags, uint64_t program);

  const InstallSpec spec_;
  // A thread has other filters than the task.
  bool has_diverged_ = false;
  BorrowedTask& task_;
  bool has_installed_ = false;
  bool is_shared_ = true;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_FILTER_INSTALLER_H_
