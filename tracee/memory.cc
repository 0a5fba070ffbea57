#include "tracee/memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tracee/died.h"
#include "tracee/read_watch.h"

namespace provost {
namespace {

constexpr uint64_t kPage = 4096;

absl::Status ReadError(pid_t tid, uint64_t address, int error) {
  if (error == EFAULT) {
    return absl::OutOfRangeError(
        absl::StrCat("task ", tid, " has no readable memory at 0x", absl::Hex(address)));
  }
  return TraceeError("process_vm_readv", tid, error);
}

// process_vm_readv, which waits for a page as long as whoever provides it likes; ESRCH for a task
// that was killed for that.
ssize_t ReadBounded(pid_t tid, const iovec& local, absl::Span<const iovec> remote) {
  const ReadWatch::Reading reading(tid);
  const ssize_t got = process_vm_readv(tid, &local, 1, remote.data(), remote.size(), 0);
  if (!reading.was_cut_off()) return got;
  errno = ESRCH;
  return -1;
}

}  // namespace

absl::Status TraceeMemory::Read(RemotePtr<void> address, absl::Span<char> bytes) const {
  if (bytes.empty()) return absl::OkStatus();
  const iovec local = {bytes.data(), bytes.size()};
  const iovec remote = {reinterpret_cast<void*>(address.address()), bytes.size()};
  const ssize_t got = ReadBounded(tid_, local, {&remote, 1});
  if (got < 0) return ReadError(tid_, address.address(), errno);
  // The kernel stops at the end of a mapping and says how far it came.
  if (static_cast<size_t>(got) < bytes.size()) {
    return ReadError(tid_, address.address() + got, EFAULT);
  }
  return absl::OkStatus();
}

absl::Status TraceeMemory::Write(RemotePtr<void> address, absl::Span<const char> bytes) const {
  if (bytes.empty()) return absl::OkStatus();
  iovec local = {const_cast<char*>(bytes.data()), bytes.size()};
  iovec remote = {reinterpret_cast<void*>(address.address()), bytes.size()};
  const ssize_t written = process_vm_writev(tid_, &local, 1, &remote, 1, 0);
  if (written < 0 && errno != EFAULT) return TraceeError("process_vm_writev", tid_, errno);
  if (written < 0 || static_cast<size_t>(written) < bytes.size()) {
    return absl::OutOfRangeError(
        absl::StrCat("task ", tid_, " has no writable memory at 0x", absl::Hex(address.address())));
  }
  return absl::OkStatus();
}

absl::Status TraceeMemory::ReadString(RemotePtr<char> address, size_t limit,
                                      std::string& text) const {
  text.clear();
  uint64_t at = address.address();
  std::array<char, 512> buffer;
  while (text.size() < limit) {
    // Two pieces split at the page end, so that one call brings a string that crosses it, and the
    // part before an unreadable page.
    const size_t want = std::min(buffer.size(), limit - text.size());
    const size_t in_page = std::min<uint64_t>(want, kPage - at % kPage);
    const iovec local = {buffer.data(), want};
    const std::array<iovec, 2> remote = {{{reinterpret_cast<void*>(at), in_page},
                                          {reinterpret_cast<void*>(at + in_page), want - in_page}}};
    const ssize_t got = ReadBounded(tid_, local, {remote.data(), want > in_page ? 2U : 1U});
    if (got < 0) return ReadError(tid_, at, errno);
    const char* nul = static_cast<const char*>(memchr(buffer.data(), '\0', got));
    if (nul != nullptr) {
      text.append(buffer.data(), nul - buffer.data());
      return absl::OkStatus();
    }
    text.append(buffer.data(), got);
    at += got;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("a string of task ", tid_, " is longer than ", limit, " bytes"));
}

}  // namespace provost
