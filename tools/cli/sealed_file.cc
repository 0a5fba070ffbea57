#include "tools/cli/sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace provost {

absl::StatusOr<UniqueFd> ToSealedFile(const std::string& bytes) {
  UniqueFd file(memfd_create("provost-run", MFD_ALLOW_SEALING));
  if (!file.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = write(file.get(), bytes.data() + done, bytes.size() - done);
    if (wrote < 0) return absl::ErrnoToStatus(errno, "write of the run's state");
    done += static_cast<size_t>(wrote);
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return absl::ErrnoToStatus(errno, "F_ADD_SEALS");
  return file;
}

absl::StatusOr<std::string> ReadSealedFile(int fd) {
  constexpr int kWhole = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int seals = fcntl(fd, F_GET_SEALS);
  struct stat status = {};
  if (seals < 0 || (seals & kWhole) != kWhole || fstat(fd, &status) != 0) {
    return absl::InvalidArgumentError("it is for provost itself: no state of a run is there");
  }
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  if (pread(fd, bytes.data(), bytes.size(), 0) != status.st_size) {
    return absl::ErrnoToStatus(errno, "read of the run's state");
  }
  return bytes;
}

}  // namespace provost
