#include "tracee/task_status.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"
#include "tracee/task_masks.h"

namespace provost {

namespace {

// The beginning of a file of the task's.
absl::StatusOr<std::string> ReadBeginning(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer;
  const ssize_t got = fd.valid() ? read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (got >= 0) return std::string(buffer.data(), got);
  // ESRCH: it ended between the two.
  return absl::NotFoundError(absl::StrCat("cannot read ", path, ": errno ", errno));
}

// A field of /proc/TID/stat behind the name, which is the second; numbered as in proc_pid_stat(5).
absl::StatusOr<std::string> ReadStatField(pid_t tid, size_t number) {
  constexpr size_t kFirst = 3;
  const std::string path = ProcPath(tid, "stat");
  PROVOST_ASSIGN_OR_RETURN(const std::string text, ReadBeginning(path));
  // The name can hold anything, and no field behind it a parenthesis.
  const size_t name_end = text.rfind(") ");
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::string_view(text).substr(name_end == std::string::npos ? 0 : name_end + 2), ' ');
  if (fields.size() > number - kFirst) {
    return std::string(absl::StripAsciiWhitespace(fields[number - kFirst]));
  }
  return absl::InternalError(absl::StrCat(path, " has no field ", number));
}

absl::StatusOr<int> ReadStatNumber(pid_t tid, size_t number) {
  PROVOST_ASSIGN_OR_RETURN(const std::string field, ReadStatField(tid, number));
  int value = 0;
  if (absl::SimpleAtoi(field, &value)) return value;
  return absl::InternalError(
      absl::StrCat(ProcPath(tid, "stat"), ": field ", number, " is no number"));
}

}  // namespace

absl::StatusOr<TaskStatus> ReadTaskStatus(pid_t tid) {
  const std::string path = ProcPath(tid, "status");
  // What is wanted is among the first; the name, which stands before it, has its newlines escaped.
  PROVOST_ASSIGN_OR_RETURN(const std::string text, ReadBeginning(path));
  TaskStatus status;
  bool whole = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
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

absl::StatusOr<int> ReadWaitStatus(pid_t tid) { return ReadStatNumber(tid, 52); }

absl::StatusOr<uint64_t> ReadPersonality(pid_t tid) {
  const std::string path = ProcPath(tid, "personality");
  PROVOST_ASSIGN_OR_RETURN(const std::string text, ReadBeginning(path));
  uint64_t personality = 0;
  if (absl::SimpleHexAtoi(absl::StripAsciiWhitespace(text), &personality)) return personality;
  return absl::InternalError(absl::StrCat(path, " is no number"));
}

absl::StatusOr<bool> IsCapable(pid_t tid, int capability) {
  constexpr ino_t kInitialUserNamespace = 0xeffffffd;  // PROC_USER_INIT_INO, linux/proc_ns.h
  struct stat user_namespace = {};
  const std::string link = ProcPath(tid, "ns/user");
  if (stat(link.c_str(), &user_namespace) != 0) return absl::ErrnoToStatus(errno, link);
  if (user_namespace.st_ino != kInitialUserNamespace) return false;
  PROVOST_ASSIGN_OR_RETURN(const uint64_t effective, ReadEffectiveCapabilities(tid));
  return (effective >> capability & 1) != 0;
}

absl::StatusOr<int> ReadLastCpu(pid_t tid) { return ReadStatNumber(tid, 39); }

absl::StatusOr<char> ReadTaskState(pid_t tid) {
  PROVOST_ASSIGN_OR_RETURN(const std::string state, ReadStatField(tid, 3));
  return state.empty() ? '\0' : state.front();
}

}  // namespace provost
