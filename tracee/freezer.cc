#include "tracee/freezer.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "tracee/proc_path.h"

namespace provost {
namespace {

// What the kernel does to tasks that are told to is done in microseconds; these are milliseconds.
constexpr int kFreezeLimit = 1000;
constexpr int kEndLimit = 5000;
// The names of the cgroups begin so.
constexpr absl::string_view kName = "provost-handover.";

// Passes over processes that are moved; each finds those that were born meanwhile.
constexpr int kMostPasses = 1000;

std::string ReadAll(const std::string& path) {
  std::ifstream stream(path);
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

// 0, or an errno.
int WriteAll(const std::string& path, absl::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno;
  return write(fd.get(), text.data(), text.size()) < 0 ? errno : 0;
}

absl::Status Refused(absl::string_view what, const std::string& path, int error) {
  return absl::FailedPreconditionError(absl::StrCat("no cgroup v2 to freeze tasks in: cannot ",
                                                    what, " ", path, ": ", strerror(error)));
}

// Where the v2 hierarchy is mounted, and which of its cgroups is mounted there; "" is the root.
struct CgroupMount {
  std::string directory;
  std::string root;
};

// Names in /proc/self/mountinfo have blanks and the like in octal (proc(5)).
std::string Unescape(absl::string_view text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    int octal = 0;
    const bool is_escape = text[i] == '\\' && i + 3 < text.size();
    for (size_t k = 1; is_escape && k <= 3; ++k) octal = octal * 8 + (text[i + k] - '0');
    name += is_escape ? static_cast<char>(octal) : text[i];
    if (is_escape) i += 3;
  }
  return name;
}

absl::StatusOr<CgroupMount> FindMount() {
  const std::string mounts = ReadAll("/proc/self/mountinfo");
  for (const absl::string_view line : absl::StrSplit(mounts, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || dash == fields.end() || dash + 1 == fields.end()) continue;
    if (*(dash + 1) != "cgroup2") continue;
    CgroupMount mount = {Unescape(fields[4]), Unescape(absl::StripSuffix(fields[3], "/"))};
    struct statfs system = {};
    // Another may be mounted over it.
    const bool is_there = statfs(mount.directory.c_str(), &system) == 0 &&
                          system.f_type == CGROUP2_SUPER_MAGIC &&
                          !absl::StartsWith(mount.root, "/..");
    if (is_there) return mount;
  }
  return absl::FailedPreconditionError(
      "no cgroup v2 to freeze tasks in: none is mounted here (mount -t cgroup2 none DIRECTORY)");
}

// The directory of the cgroup a process is in; "": it is gone.
absl::StatusOr<std::string> CgroupOf(pid_t process) {
  const std::string text = ReadAll(ProcPath(process, "cgroup"));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "0::")) continue;
    PROVOST_ASSIGN_OR_RETURN(const CgroupMount mount, FindMount());
    const bool is_below = absl::ConsumePrefix(&line, mount.root) &&
                          (line.empty() || line[0] == '/') && !absl::StartsWith(line, "/..");
    if (!is_below) {
      return absl::FailedPreconditionError(absl::StrCat(
          "no cgroup v2 to freeze tasks in: that of process ", process, " is not mounted here"));
    }
    return mount.directory + std::string(absl::StripSuffix(line, "/"));
  }
  if (access(ProcPath(process, "stat").c_str(), F_OK) != 0) return std::string();
  return absl::FailedPreconditionError(
      "no cgroup v2 to freeze tasks in: this kernel, or its configuration, has none");
}

// Not by a stream: what could not be read must not look like nothing.
absl::StatusOr<std::vector<pid_t>> NumbersIn(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t got = fd.valid() ? 1 : -1;
  while (got > 0) {
    got = read(fd.get(), buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), got);
  }
  if (got < 0) return Refused("read", path, errno);
  std::vector<pid_t> numbers;
  for (const absl::string_view word : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    pid_t number = 0;
    // 0 is who cannot be seen from here.
    if (absl::SimpleAtoi(word, &number) && number > 0) numbers.push_back(number);
  }
  return numbers;
}

bool Says(const std::string& cgroup, absl::string_view line) {
  const std::string events = ReadAll(cgroup + "/cgroup.events");
  const std::vector<absl::string_view> lines = absl::StrSplit(events, '\n');
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool AwaitLine(const std::string& cgroup, absl::string_view line, int limit) {
  for (int waited = 0; !Says(cgroup, line); ++waited) {
    if (waited >= limit || access(cgroup.c_str(), F_OK) != 0) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

std::string ParentOf(const std::string& cgroup) { return cgroup.substr(0, cgroup.rfind('/')); }

// Until a pass finds none: who forks meanwhile has a child where it was itself.
absl::Status MoveAll(const std::string& from, const std::string& to) {
  for (int pass = 0; pass < kMostPasses; ++pass) {
    PROVOST_ASSIGN_OR_RETURN(const std::vector<pid_t> processes, NumbersIn(from + "/cgroup.procs"));
    if (processes.empty()) return absl::OkStatus();
    for (const pid_t process : processes) {
      const int error = WriteAll(to + "/cgroup.procs", absl::StrCat(process));
      if (error != 0 && error != ESRCH) {
        return absl::InternalError(
            absl::StrCat("cannot move process ", process, " to ", to, ": ", strerror(error)));
      }
    }
  }
  return absl::InternalError(absl::StrCat(from, " does not get empty"));
}

absl::Status RemoveDirectory(const std::string& cgroup) {
  // What has ended is still there until the kernel is done with it.
  for (int waited = 0; rmdir(cgroup.c_str()) != 0 && errno != ENOENT; ++waited) {
    if (errno != EBUSY || waited >= kEndLimit) {
      return absl::InternalError(absl::StrCat("cannot remove ", cgroup, ": ", strerror(errno)));
    }
    poll(nullptr, 0, 1);
  }
  return absl::OkStatus();
}

void Note(absl::Status& first, const absl::Status& next) {
  if (first.ok()) first = next;
}

}  // namespace

bool IsFrozen(pid_t process) {
  const absl::StatusOr<std::string> cgroup = CgroupOf(process);
  return cgroup.ok() && !cgroup->empty() && Says(*cgroup, "frozen 1");
}

absl::Status Freezer::Take(pid_t process) {
  PROVOST_ASSIGN_OR_RETURN(const std::string origin, CgroupOf(process));
  if (origin.empty()) return absl::OkStatus();
  if (std::find(cgroups_.begin(), cgroups_.end(), origin) != cgroups_.end()) {
    return absl::OkStatus();
  }
  auto own = std::find_if(cgroups_.begin(), cgroups_.end(),
                          [&](const std::string& cgroup) { return ParentOf(cgroup) == origin; });
  if (own == cgroups_.end()) {
    // Threads of a process in a threaded one may be in several.
    const std::string type = ReadAll(origin + "/cgroup.type");
    if (!type.empty() && type != "domain\n") {
      return absl::FailedPreconditionError(
          absl::StrCat("no cgroup v2 to freeze tasks in: process ", process, " is in ", origin,
                       ", whose type is ", absl::StripSuffix(type, "\n")));
    }
    const std::string path =
        absl::StrCat(origin, "/", kName, getpid(), ".", std::random_device()());
    if (announce_) announce_(path);
    if (mkdir(path.c_str(), 0700) != 0) return Refused("make", path, errno);
    own = cgroups_.insert(cgroups_.end(), path);
  }
  const int error = WriteAll(*own + "/cgroup.procs", absl::StrCat(process));
  return error == 0 || error == ESRCH ? absl::OkStatus() : Refused("move tasks to", *own, error);
}

std::vector<std::string> Freezer::MadeBy(pid_t process) {
  std::vector<std::string> cgroups;
  const absl::StatusOr<CgroupMount> mount = FindMount();
  if (!mount.ok()) return cgroups;
  const std::string beginning = absl::StrCat(kName, process, ".");
  std::error_code error;
  // Others come and go meanwhile.
  std::filesystem::recursive_directory_iterator at(mount->directory, error);
  for (; !error && at != end(at); at.increment(error)) {
    if (absl::StartsWith(at->path().filename().string(), beginning)) cgroups.push_back(at->path());
  }
  return cgroups;
}

absl::StatusOr<std::vector<pid_t>> Freezer::Threads() const {
  std::vector<pid_t> threads;
  for (const std::string& cgroup : cgroups_) {
    const std::string path = cgroup + "/cgroup.threads";
    PROVOST_ASSIGN_OR_RETURN(const std::vector<pid_t> more, NumbersIn(path));
    threads.insert(threads.end(), more.begin(), more.end());
  }
  return threads;
}

absl::Status Freezer::Freeze() const {
  for (const std::string& cgroup : cgroups_) {
    if (const int error = WriteAll(cgroup + "/cgroup.freeze", "1"); error != 0) {
      return Refused("freeze", cgroup, error);
    }
  }
  for (const std::string& cgroup : cgroups_) {
    // An empty one counts as frozen too.
    if (!AwaitLine(cgroup, "frozen 1", kFreezeLimit)) {
      return absl::UnavailableError(absl::StrCat(cgroup, " does not freeze"));
    }
  }
  return absl::OkStatus();
}

absl::Status Freezer::GiveBack() {
  absl::Status status;
  for (const std::string& cgroup : cgroups_) {
    const int error = WriteAll(cgroup + "/cgroup.freeze", "0");
    if (error != 0 && error != ENOENT) Note(status, Refused("thaw", cgroup, error));
  }
  for (const std::string& cgroup : cgroups_) Note(status, MoveAll(cgroup, ParentOf(cgroup)));
  Note(status, Remove());
  return status;
}

absl::Status Freezer::Kill() {
  for (const std::string& cgroup : cgroups_) WriteAll(cgroup + "/cgroup.kill", "1");
  for (const std::string& cgroup : cgroups_) AwaitLine(cgroup, "populated 0", kEndLimit);
  return Remove();
}

absl::Status Freezer::Remove() {
  absl::Status status;
  for (const std::string& cgroup : std::exchange(cgroups_, {})) {
    Note(status, RemoveDirectory(cgroup));
  }
  return status;
}

}  // namespace provost
