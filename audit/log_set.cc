#include "audit/log_set.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "audit/log_lines.h"
#include "base/status_macros.h"

namespace provost {
namespace {

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string BaseOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The numbers N of the files PATH.N, highest first.
std::vector<uint32_t> RotatedNumbers(const std::string& path) {
  std::vector<uint32_t> numbers;
  const std::string start = BaseOf(path) + ".";
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(opendir(DirectoryOf(path).c_str()));
  if (directory == nullptr) return numbers;
  while (const dirent* entry = readdir(directory.get())) {
    absl::string_view name = entry->d_name;
    uint32_t number = 0;
    if (!absl::ConsumePrefix(&name, start) || name.empty() || name.front() == '0') continue;
    if (name.find_first_not_of("0123456789") != absl::string_view::npos) continue;
    if (absl::SimpleAtoi(name, &number)) numbers.push_back(number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

// Newest first: what is renamed meanwhile gets a higher number and is met again, not missed;
// `is_still` tells if none was.
absl::StatusOr<std::vector<OpenedLog>> OpenNewestFirst(const std::vector<std::string>& paths,
                                                       bool& is_still) {
  std::vector<OpenedLog> files;
  is_still = true;
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    absl::StatusOr<OpenedLog> file = OpenOneLog(*path);
    if (!file.ok() && absl::IsNotFound(file.status()) && paths.size() > 1) {
      is_still = false;
      continue;
    }
    if (!file.ok()) return file.status();
    const bool is_known = std::any_of(files.begin(), files.end(),
                                      [&](const OpenedLog& other) { return other.Is(*file); });
    is_still &= !is_known;
    if (!is_known) files.push_back(*std::move(file));
  }
  // Rotated once or often while the others were opened.
  struct stat status = {};
  is_still &= stat(paths.back().c_str(), &status) == 0 && !files.empty() &&
              status.st_dev == files.front().device && status.st_ino == files.front().inode;
  return files;
}

}  // namespace

std::string LivePathOfLog(const std::string& path) {
  struct stat status = {};
  const bool is_directory = stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (!is_directory) return path;
  return absl::StrCat(absl::StripSuffix(path, "/"), "/audit.log");
}

absl::StatusOr<OpenedLog> OpenOneLog(const std::string& path) {
  PROVOST_ASSIGN_OR_RETURN(const int fd, OpenAuditLog(path));
  OpenedLog file;
  file.path = path;
  file.fd.reset(fd);
  struct stat status = {};
  if (fstat(fd, &status) != 0) {
    return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
  }
  file.device = status.st_dev;
  file.inode = status.st_ino;
  file.is_regular = S_ISREG(status.st_mode);
  return file;
}

absl::StatusOr<std::vector<std::string>> FilesOfLog(const std::string& path) {
  const std::string live = LivePathOfLog(path);
  std::vector<std::string> files;
  for (const uint32_t number : RotatedNumbers(live)) {
    files.push_back(absl::StrCat(live, ".", number));
  }
  if (access(live.c_str(), F_OK) == 0) {
    files.push_back(live);
  } else if (files.empty() && live != path) {
    return absl::NotFoundError(
        absl::StrCat(path, ": is a directory without an audit.log: name the log in it"));
  } else if (files.empty()) {
    return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  }
  return files;
}

absl::StatusOr<std::vector<OpenedLog>> OpenLogSet(const std::string& path) {
  const std::string live = LivePathOfLog(path);
  // A log that is rotated faster than its files can be opened is read as it is found at last. Who
  // rotates may be kept from it halfway by others who want the CPU; a set from which somebody took
  // a file away must not be waited for much longer.
  constexpr int kTries = 64;
  constexpr int kTriesWithoutPause = 16;
  constexpr timespec kPause = {0, 2'000'000};
  std::vector<OpenedLog> files;
  for (int i = 0; i < kTries; ++i) {
    bool is_still = false;
    PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> before, FilesOfLog(path));
    PROVOST_ASSIGN_OR_RETURN(files, OpenNewestFirst(before, is_still));
    PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> after, FilesOfLog(path));
    // In the middle of a rotation a number is free.
    const std::vector<uint32_t> numbers = RotatedNumbers(live);
    const bool is_whole = numbers.empty() || numbers.front() == numbers.size();
    if (is_still && is_whole && before == after) break;
    if (i >= kTriesWithoutPause) nanosleep(&kPause, nullptr);
  }
  if (files.empty()) return absl::NotFoundError(absl::StrCat(path, ": is gone"));
  std::reverse(files.begin(), files.end());
  return files;
}

}  // namespace provost
