#include "tracee/identity.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// Up to `limit` bytes of a /proc file; an error for one that is gone or closed to us.
absl::Status ReadProcFile(pid_t tid, absl::string_view file, size_t limit, std::string& text) {
  const std::string path = ProcPath(tid, file);
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  text.resize(limit);
  const ssize_t got = read(fd.get(), text.data(), limit);
  if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
  text.resize(got);
  return absl::OkStatus();
}

// A kernel without audit has no such file: that is no error.
absl::Status ReadNumber(pid_t tid, absl::string_view file, uint32_t& number) {
  std::string text;
  const absl::Status status = ReadProcFile(tid, file, 32, text);
  if (!status.ok()) return absl::IsNotFound(status) ? absl::OkStatus() : status;
  uint32_t value = 0;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &value)) number = value;
  return absl::OkStatus();
}

// The four numbers of a "Uid:" or "Gid:" line: real, effective, saved, filesystem.
bool ReadIds(absl::string_view numbers, std::array<uint32_t*, 4> ids) {
  size_t index = 0;
  for (absl::string_view number :
       absl::StrSplit(numbers, absl::ByAnyChar("\t "), absl::SkipEmpty())) {
    if (index == ids.size() || !absl::SimpleAtoi(number, ids[index++])) return false;
  }
  return index == ids.size();
}

// The names audit uses are the kernel's own for ttys (drivers/tty): no /dev/ and no slash.
std::string TtyName(uint32_t device) {
  const uint32_t major_number = major(device);
  const uint32_t minor_number = minor(device);
  if (device == 0) return "";
  if (major_number >= 136 && major_number <= 143) {
    return absl::StrCat("pts", (major_number - 136) * 256 + minor_number);
  }
  if (major_number == 4 && minor_number < 64) return absl::StrCat("tty", minor_number);
  if (major_number == 4) return absl::StrCat("ttyS", minor_number - 64);
  if (major_number == 5 && minor_number == 1) return "console";
  return absl::StrCat("char", major_number, ":", minor_number);
}

}  // namespace

// comm is the second field of /proc/TID/stat and may hold anything, so the last ')' is what ends
// it; the controlling terminal is the seventh.
bool ParseTaskStat(absl::string_view stat, Identity& identity) {
  const size_t end_of_comm = stat.rfind(')');
  const size_t start_of_comm = stat.find('(');
  if (end_of_comm == absl::string_view::npos || start_of_comm >= end_of_comm) return false;
  int index = 0;
  for (const absl::string_view field :
       absl::StrSplit(stat.substr(end_of_comm + 1), ' ', absl::SkipEmpty())) {
    if (++index < 5) continue;
    int32_t tty = 0;  // printed as a signed number
    if (!absl::SimpleAtoi(field, &tty)) return false;
    identity.comm = std::string(stat.substr(start_of_comm + 1, end_of_comm - start_of_comm - 1));
    identity.tty = TtyName(static_cast<uint32_t>(tty));
    return true;
  }
  return false;
}

bool ParseTaskStatus(absl::string_view status, Identity& identity) {
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (absl::ConsumePrefix(&line, "Tgid:\t")) {
      if (!absl::SimpleAtoi(line, &identity.pid)) return false;
    } else if (absl::ConsumePrefix(&line, "PPid:\t")) {
      if (!absl::SimpleAtoi(line, &identity.ppid)) return false;
    } else if (absl::ConsumePrefix(&line, "Uid:\t")) {
      if (!ReadIds(line, {&identity.uid, &identity.euid, &identity.suid, &identity.fsuid})) {
        return false;
      }
    } else if (absl::ConsumePrefix(&line, "Gid:\t")) {
      // The last of those wanted.
      return ReadIds(line, {&identity.gid, &identity.egid, &identity.sgid, &identity.fsgid});
    }
  }
  return false;
}

std::string ProctitleOf(std::string command_line) {
  // audit_proctitle_rtrim in kernel/auditsc.c takes unprintable bytes off the end.
  while (!command_line.empty() && !absl::ascii_isprint(command_line.back())) {
    command_line.pop_back();
  }
  return command_line;
}

absl::StatusOr<std::string> ReadExe(pid_t tid) {
  const std::string path = ProcPath(tid, "exe");
  std::array<char, PATH_MAX> exe;
  const ssize_t length = readlink(path.c_str(), exe.data(), exe.size());
  if (length < 0) return absl::ErrnoToStatus(errno, absl::StrCat("readlink ", path));
  return std::string(exe.data(), length);
}

absl::Status ReadProgramIdentity(pid_t tid, Identity& identity) {
  // A kernel thread or a dying task has none; a task that is not dumpable hides it.
  identity.exe = ReadExe(tid).value_or("");

  std::string title;
  PROVOST_RETURN_IF_ERROR(ReadProcFile(tid, "cmdline", kMaxProctitle, title));
  identity.proctitle = ProctitleOf(std::move(title));
  return ReadLogin(tid, identity);
}

absl::Status ReadLogin(pid_t tid, Identity& identity) {
  PROVOST_RETURN_IF_ERROR(ReadNumber(tid, "loginuid", identity.auid));
  return ReadNumber(tid, "sessionid", identity.ses);
}

absl::Status ReadTaskIdentity(pid_t tid, Identity& identity) {
  std::string text;
  identity.tid = tid;
  PROVOST_RETURN_IF_ERROR(ReadProcFile(tid, "status", 1024, text));
  if (!ParseTaskStatus(text, identity)) {
    return absl::InternalError(absl::StrCat(ProcPath(tid, "status"), " does not say whose it is"));
  }
  PROVOST_RETURN_IF_ERROR(ReadProcFile(tid, "stat", 512, text));
  if (!ParseTaskStat(text, identity)) {
    return absl::InternalError(absl::StrCat(ProcPath(tid, "stat"), " does not name the task"));
  }
  return absl::OkStatus();
}

}  // namespace provost
