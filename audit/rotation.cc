#include "audit/rotation.h"

#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace provost {
namespace {

absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot rotate audit log '", from,
                                             "': ", strerror(errno)));
}

}  // namespace

absl::Status RotateByRename(const std::string& path, int keep) {
  const auto numbered = [&path](int number) { return absl::StrCat(path, ".", number); };
  struct stat found;
  int last = 1;  // the highest number that gets a file
  while (last < keep && lstat(numbered(last).c_str(), &found) == 0) ++last;
  for (int number = last; number > 1; --number) {
    PROVOST_RETURN_IF_ERROR(Rename(numbered(number - 1), numbered(number)));
  }
  return Rename(path, numbered(1));
}

}  // namespace provost
