#include "supervisor/argument_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "supervisor/call_return.h"

namespace provost {
namespace {

// glibc's fcntl.h has it only in newer versions (linux/fcntl.h, Linux 5.1).
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

// Two slots share no cache line.
constexpr size_t kGranule = 64;

size_t Rounded(size_t size) { return (size + kGranule - 1) / kGranule * kGranule; }

}  // namespace

absl::StatusOr<std::shared_ptr<ArgumentRegion>> ArgumentRegion::Make(size_t slots) {
  const size_t size = CallReturn::kCodeSize + slots;
  UniqueFd writable(memfd_create("provost-arguments", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!writable.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  if (ftruncate(writable.get(), static_cast<off_t>(size)) < 0) {
    return absl::ErrnoToStatus(errno, "ftruncate of the arguments' memory");
  }
  struct stat status = {};
  if (fstat(writable.get(), &status) < 0) return absl::ErrnoToStatus(errno, "fstat");
  // By its own link, so that it is not open for writing to whom it is sent.
  UniqueFd readable(
      open(absl::StrCat("/proc/self/fd/", writable.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable.valid()) return absl::ErrnoToStatus(errno, "open of the arguments' memory");
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, writable.get(), 0);
  if (bytes == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap of the arguments' memory");
  std::shared_ptr<ArgumentRegion> region(new ArgumentRegion(
      std::move(readable), static_cast<char*>(bytes), size, {status.st_dev, status.st_ino}));
  CallReturn::WriteCode(region->bytes_);
  constexpr int kSeals = F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (fcntl(writable.get(), F_ADD_SEALS, kSeals) < 0) {
    return absl::ErrnoToStatus(errno, "F_ADD_SEALS on the arguments' memory");
  }
  return region;
}

ArgumentRegion::ArgumentRegion(UniqueFd descriptor, char* bytes, size_t size,
                               const FileIdentity& file)
    : descriptor_(std::move(descriptor)), bytes_(bytes), size_(size), file_(file) {
  free_[CallReturn::kCodeSize] = size - CallReturn::kCodeSize;
}

ArgumentRegion::~ArgumentRegion() { munmap(bytes_, size_); }

std::optional<size_t> ArgumentRegion::Take(size_t size) {
  const size_t wanted = Rounded(size);
  for (auto extent = free_.begin(); extent != free_.end(); ++extent) {
    if (extent->second < wanted) continue;
    const size_t offset = extent->first;
    const size_t rest = extent->second - wanted;
    free_.erase(extent);
    if (rest > 0) free_[offset + wanted] = rest;
    return offset;
  }
  return std::nullopt;
}

void ArgumentRegion::Give(size_t offset, size_t size) {
  memset(At(offset), 0, size);
  auto extent = free_.emplace(offset, Rounded(size)).first;
  const auto next = std::next(extent);
  if (next != free_.end() && extent->first + extent->second == next->first) {
    extent->second += next->second;
    free_.erase(next);
  }
  if (extent == free_.begin()) return;
  const auto before = std::prev(extent);
  if (before->first + before->second != extent->first) return;
  before->second += extent->second;
  free_.erase(extent);
}

}  // namespace provost
