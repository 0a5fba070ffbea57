#include "tracee/filter_installer.h"

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "syscalls/request.h"
#include "tracee/address_space.h"
#include "tracee/memory.h"
#include "tracee/proc_path.h"

namespace provost {

// The filters as seccomp(2) takes them, made for memory at `address` in a task: a sock_fprog for
// each, and the programs behind them.
struct FilterImage {
  std::string bytes;
  std::vector<uint64_t> programs;  // the address of each sock_fprog
};

namespace {

FilterImage MakeImage(absl::Span<const std::vector<sock_filter>> filters, Arch arch,
                      uint64_t address) {
  // struct sock_fprog of 64-bit code; i386 has its pointer at offset 4 (struct compat_sock_fprog).
  constexpr size_t kSlot = sizeof(sock_fprog);
  const size_t pointer_at = arch == Arch::kX86_64 ? offsetof(sock_fprog, filter) : 4;
  const size_t pointer_size = arch == Arch::kX86_64 ? 8 : 4;
  FilterImage image;
  image.bytes.assign(kSlot * filters.size(), '\0');
  for (size_t i = 0; i < filters.size(); ++i) {
    const auto length = static_cast<uint16_t>(filters[i].size());
    const uint64_t at = address + image.bytes.size();
    std::memcpy(&image.bytes[kSlot * i], &length, sizeof(length));
    std::memcpy(&image.bytes[kSlot * i + pointer_at], &at, pointer_size);
    image.bytes.append(reinterpret_cast<const char*>(filters[i].data()),
                       filters[i].size() * sizeof(sock_filter));
    image.programs.push_back(address + kSlot * i);
  }
  return image;
}

absl::StatusOr<uint64_t> Expect(absl::string_view name, pid_t tid, absl::StatusOr<int64_t> result) {
  if (!result.ok()) return result.status();
  if (*result >= 0 || *result < -4095) return static_cast<uint64_t>(*result);
  return absl::FailedPreconditionError(absl::StrCat(name, " in task ", tid, " gives ",
                                                    strerror(static_cast<int>(-*result)),
                                                    " (a filter of its own may refuse it)"));
}

// How many filters the task has; nullopt: the kernel does not say (before Linux 5.9).
absl::StatusOr<std::optional<int>> FiltersOf(pid_t tid) {
  const absl::StatusOr<int> count = CountFilters(tid);
  if (absl::IsUnimplemented(count.status())) return std::optional<int>();
  if (!count.ok()) return count.status();
  return std::optional<int>(*count);
}

// True if another thread of its process has more or fewer.
bool HasDiverged(pid_t tid, int count) {
  std::error_code error;
  std::filesystem::directory_iterator at(ProcPath(tid, "task"), error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    pid_t thread = 0;
    if (!absl::SimpleAtoi(at->path().filename().string(), &thread)) continue;
    const absl::StatusOr<int> its = CountFilters(thread);
    if (its.ok() && *its != count) return true;
  }
  return false;
}

}  // namespace

size_t ImageSize(absl::Span<const std::vector<sock_filter>> filters) {
  return MakeImage(filters, Arch::kX86_64, 0).bytes.size();
}

absl::Status FilterInstaller::Install() {
  PROVOST_ASSIGN_OR_RETURN(const std::optional<int> before, FiltersOf(task_.tid()));
  // A thread's own filter must not come upon the others with ours, which TSYNC would see to.
  has_diverged_ =
      spec_.alone_if_diverged && before.has_value() && HasDiverged(task_.tid(), *before);
  if (spec_.address == 0) {
    PROVOST_RETURN_IF_ERROR(InstallByOwnMemory());
  } else {
    const FilterImage image = MakeImage(spec_.filters, task_.arch(), spec_.address);
    image.bytes.copy(spec_.bytes, image.bytes.size());
    PROVOST_RETURN_IF_ERROR(InstallFrom(image));
  }
  // A filter of the task's own can say 0 for a call that it did not let run.
  PROVOST_ASSIGN_OR_RETURN(const std::optional<int> after, FiltersOf(task_.tid()));
  if (!before.has_value() || !after.has_value() ||
      *before + static_cast<int>(spec_.filters.size()) == *after) {
    return absl::OkStatus();
  }
  has_installed_ = *after > *before;
  return absl::FailedPreconditionError(
      absl::StrCat("task ", task_.tid(), " has ", *after, " filters and had ", *before,
                   " (a filter of its own may have answered for the kernel)"));
}

absl::Status FilterInstaller::InstallByOwnMemory() {
  const uint64_t size = ImageSize(spec_.filters);
  constexpr uint64_t kReadWrite = PROT_READ | PROT_WRITE;
  constexpr uint64_t kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
  PROVOST_ASSIGN_OR_RETURN(
      const uint64_t address,
      Expect("mmap", task_.tid(),
             task_.Call("mmap", {0, size, kReadWrite, kPrivate, ~uint64_t{0}, 0}, Gate())));
  const FilterImage image = MakeImage(spec_.filters, task_.arch(), address);
  absl::Status status = TraceeMemory(task_.tid()).Write(RemotePtr<void>(address), image.bytes);
  if (status.ok()) status = InstallFrom(image);
  // Also where it failed: nothing of ours stays.
  const absl::Status unmapped =
      Expect("munmap", task_.tid(), task_.Call("munmap", {address, size}, Gate())).status();
  return status.ok() ? unmapped : status;
}

absl::Status FilterInstaller::InstallFrom(const FilterImage& image) {
  if (spec_.set_no_new_privs) {
    PROVOST_RETURN_IF_ERROR(
        Expect("prctl", task_.tid(), task_.Call("prctl", {PR_SET_NO_NEW_PRIVS, 1})).status());
  }
  for (const uint64_t program : image.programs) PROVOST_RETURN_IF_ERROR(InstallOne(program));
  return absl::OkStatus();
}

absl::Status FilterInstaller::InstallOne(uint64_t program) {
  uint64_t diverged = has_diverged_ ? 1 : 0;
  if (!has_diverged_) {
    PROVOST_ASSIGN_OR_RETURN(diverged, CallSeccomp(SECCOMP_FILTER_FLAG_TSYNC, program));
  }
  if (diverged != 0 && !spec_.alone_if_diverged) {
    return absl::FailedPreconditionError(
        absl::StrCat("thread ", diverged, " has filters of its own, which cannot be joined"));
  }
  if (diverged != 0) {
    is_shared_ = false;
    PROVOST_RETURN_IF_ERROR(CallSeccomp(0, program).status());
  }
  has_installed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FilterInstaller::CallSeccomp(uint64_t flags, uint64_t program) {
  return Expect("seccomp", task_.tid(),
                task_.Call("seccomp", {SECCOMP_SET_MODE_FILTER, flags, program}, Gate()));
}

}  // namespace provost
