#include "tracee/task_status.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"

namespace provost {

absl::StatusOr<TaskStatus> ReadTaskStatus(pid_t tid) {
  const std::string path = ProcPath(tid, "status");
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // What is wanted is among the first; the name, which stands before it, has its newlines escaped.
  std::array<char, 1024> buffer;
  const ssize_t got = fd.valid() ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (got < 0) {
    // ESRCH: it ended between the two.
    return absl::NotFoundError(absl::StrCat("cannot read ", path, ": errno ", errno));
  }
  TaskStatus status;
  bool whole = false;
  for (absl::string_view line : absl::StrSplit(absl::string_view(buffer.data(), got), '\n')) {
    if (absl::ConsumePrefix(&line, "State:\t")) {
      status.ended = !line.empty() && (line[0] == 'Z' || line[0] == 'X');
    } else if (absl::ConsumePrefix(&line, "Tgid:\t")) {
      whole = absl::SimpleAtoi(line, &status.process);
    } else if (absl::ConsumePrefix(&line, "PPid:\t")) {
      whole = whole && absl::SimpleAtoi(line, &status.parent);
    } else if (absl::ConsumePrefix(&line, "TracerPid:\t")) {
      if (whole && absl::SimpleAtoi(line, &status.tracer)) return status;
      break;
    }
  }
  return absl::InternalError(absl::StrCat(path, " does not say whose task it is"));
}

}  // namespace provost
