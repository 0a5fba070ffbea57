#include "supervisor/run_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"

namespace provost {
namespace {

constexpr absl::string_view kFirstLine = "provost run 2";
constexpr absl::string_view kSocketSuffix = ".sock";
// More than a state with a container for each of some thousands of processes needs.
constexpr size_t kMaxSize = size_t{1} << 20;

absl::Status Failed(absl::StatusCode code, const std::string& path) {
  return {code, absl::StrCat(path, ": ", strerror(errno))};
}

// All of a file that is open, as long as it is no longer than kMaxSize.
std::string ReadAll(int fd) {
  std::string text;
  char chunk[4096];
  ssize_t got = 0;
  while (text.size() <= kMaxSize && (got = read(fd, chunk, sizeof(chunk))) > 0) {
    text.append(chunk, static_cast<size_t>(got));
  }
  return text;
}

// Nobody but `owner` may write in it.
bool IsPrivate(const struct stat& status, uid_t owner) {
  return status.st_uid == owner && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// A state or a control socket, and of a process that is gone. Any other file here is somebody's.
bool IsStale(const std::string& directory, absl::string_view name) {
  const std::string path = absl::StrCat(directory, "/", name);
  const bool is_socket = absl::ConsumeSuffix(&name, kSocketSuffix);
  int32_t pid = 0;
  if (!absl::SimpleAtoi(name, &pid) || pid <= 0 || ProcessStart(pid).ok()) return false;
  struct stat status = {};
  if (is_socket) return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const absl::StatusOr<RunState> state = ParseRunState(ReadAll(fd.get()));
  return state.ok() && state->pid == pid;
}

std::vector<std::string> NamesIn(const std::string& directory) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  std::vector<std::string> names;
  const std::unique_ptr<DIR, Close> entries(opendir(directory.c_str()));
  if (entries == nullptr) return names;
  while (const dirent* entry = readdir(entries.get())) names.emplace_back(entry->d_name);
  return names;
}

// Files that a supervisor left behind that was killed.
void RemoveStale(const std::string& directory) {
  for (const std::string& name : NamesIn(directory)) {
    if (IsStale(directory, name)) unlink(absl::StrCat(directory, "/", name).c_str());
  }
}

}  // namespace

std::string RunStateDirectory() {
  if (const char* chosen = getenv("PROVOST_RUNTIME_DIR"); chosen != nullptr && *chosen == '/') {
    return chosen;
  }
  if (geteuid() == 0) return "/run/provost";
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  return runtime != nullptr && *runtime == '/' ? absl::StrCat(runtime, "/provost") : "";
}

std::string ControlSocketPath(const std::string& directory, pid_t pid) {
  return directory.empty() ? "" : absl::StrCat(directory, "/", pid, kSocketSuffix);
}

std::vector<uint64_t> ContidsOfOtherRuns(const std::string& directory,
                                         const NetworkNamespace& network) {
  std::vector<uint64_t> contids;
  for (const std::string& name : NamesIn(directory)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(name, &pid) || pid <= 0 || pid == getpid()) continue;
    const absl::StatusOr<RunState> state = ReadRunState(directory, pid, geteuid());
    if (!state.ok()) continue;
    if (state->containers.empty() && state->contid != UINT64_MAX && state->network == network) {
      contids.push_back(state->contid);
    }
    for (const auto& [process, contid] : state->containers) {
      const bool is_here = contid == state->contid ? state->network == network
                                                   : ReadNetworkNamespace(process) == network;
      if (is_here) contids.push_back(contid);
    }
  }
  return contids;
}

absl::StatusOr<uint64_t> ProcessStart(pid_t pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/stat");
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Failed(absl::StatusCode::kNotFound, path);
  // Empty of a process that has been waited for since.
  absl::StatusOr<uint64_t> start = ParseProcessStart(ReadAll(fd.get()));
  if (!start.ok()) return absl::NotFoundError(absl::StrCat(path, ": ", start.status().message()));
  return start;
}

absl::StatusOr<uint64_t> ParseProcessStart(absl::string_view stat) {
  // The name, in parentheses, may hold blanks and parentheses.
  constexpr size_t kStartTime = 22 - 3;  // fields behind the name start with the third
  const size_t name_end = stat.rfind(") ");
  uint64_t start = 0;
  if (name_end != absl::string_view::npos) {
    const std::vector<absl::string_view> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
    if (fields.size() > kStartTime && absl::SimpleAtoi(fields[kStartTime], &start)) return start;
  }
  return absl::InvalidArgumentError("is not to be understood");
}

std::string FormatRunState(const RunState& state) {
  std::string text = absl::StrCat(kFirstLine, "\npid ", state.pid, "\nstart ", state.start,
                                  "\nmode ", state.mode, "\ncontid ", state.contid, "\nnetwork ",
                                  state.network.device, " ", state.network.inode, "\n");
  for (const auto& [process, contid] : state.containers) {
    absl::StrAppend(&text, "container ", process, " ", contid, "\n");
  }
  return text;
}

absl::StatusOr<RunState> ParseRunState(absl::string_view text) {
  const auto malformed = [] { return absl::InvalidArgumentError("no state of a run"); };
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() < 7 || lines[0] != kFirstLine || !lines.back().empty()) return malformed();
  lines.pop_back();
  RunState state;
  bool whole =
      absl::ConsumePrefix(&lines[1], "pid ") && absl::SimpleAtoi(lines[1], &state.pid) &&
      absl::ConsumePrefix(&lines[2], "start ") && absl::SimpleAtoi(lines[2], &state.start) &&
      absl::ConsumePrefix(&lines[3], "mode ") && absl::ConsumePrefix(&lines[4], "contid ") &&
      absl::SimpleAtoi(lines[4], &state.contid);
  state.mode = std::string(lines[3]);
  const std::vector<absl::string_view> network = absl::StrSplit(lines[5], ' ');
  whole = whole && network.size() == 3 && network[0] == "network" &&
          absl::SimpleAtoi(network[1], &state.network.device) &&
          absl::SimpleAtoi(network[2], &state.network.inode);
  for (size_t i = 6; whole && i < lines.size(); ++i) {
    const std::vector<absl::string_view> words = absl::StrSplit(lines[i], ' ');
    pid_t process = 0;
    uint64_t contid = 0;
    whole = words.size() == 3 && words[0] == "container" && absl::SimpleAtoi(words[1], &process) &&
            absl::SimpleAtoi(words[2], &contid);
    state.containers[process] = contid;
  }
  if (!whole) return malformed();
  return state;
}

absl::StatusOr<RunState> ReadRunState(const std::string& directory, pid_t pid, uid_t owner) {
  const UniqueFd in(open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status = {};
  if (!in.valid() || fstat(in.get(), &status) != 0) {
    return Failed(absl::StatusCode::kNotFound, directory);
  }
  const std::string path = absl::StrCat(directory, "/", pid);
  const auto refuse = [&] {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": somebody else than user ", owner, " could have written it"));
  };
  if (!IsPrivate(status, owner)) return refuse();
  // A pipe must not keep us waiting.
  const UniqueFd fd(
      openat(in.get(), absl::StrCat(pid).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() || fstat(fd.get(), &status) != 0) {
    return Failed(absl::StatusCode::kNotFound, path);
  }
  if (!S_ISREG(status.st_mode) || !IsPrivate(status, owner)) return refuse();
  PROVOST_ASSIGN_OR_RETURN(RunState state, ParseRunState(ReadAll(fd.get())));
  PROVOST_ASSIGN_OR_RETURN(const uint64_t start, ProcessStart(pid));
  if (state.pid != pid || state.start != start) {
    return absl::NotFoundError(absl::StrCat(path, ": is of a process that is gone"));
  }
  return state;
}

absl::StatusOr<std::unique_ptr<PublishedRunState>> PublishedRunState::Publish(
    const std::string& directory, RunState state) {
  if (directory.empty()) return absl::NotFoundError("no runtime directory: set XDG_RUNTIME_DIR");
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Failed(absl::StatusCode::kUnavailable, directory);
  }
  struct stat status = {};
  if (lstat(directory.c_str(), &status) != 0) {
    return Failed(absl::StatusCode::kUnavailable, directory);
  }
  if (!S_ISDIR(status.st_mode) || !IsPrivate(status, geteuid())) {
    return absl::PermissionDeniedError(
        absl::StrCat(directory, ": is not a directory that only user ", geteuid(), " may write"));
  }
  RemoveStale(directory);
  state.pid = getpid();
  PROVOST_ASSIGN_OR_RETURN(state.start, ProcessStart(state.pid));
  state.network = ReadNetworkNamespace(state.pid).value_or(NetworkNamespace());
  std::unique_ptr<PublishedRunState> published(new PublishedRunState(directory, std::move(state)));
  PROVOST_RETURN_IF_ERROR(published->Write());
  return published;
}

PublishedRunState::~PublishedRunState() {
  // A child of a fork is not the one that published.
  if (getpid() == state_.pid) unlink(Path().c_str());
}

std::string PublishedRunState::Path() const { return absl::StrCat(directory_, "/", state_.pid); }

absl::Status PublishedRunState::Write() const {
  const std::string path = Path();
  const std::string fresh = path + ".new";
  const std::string text = FormatRunState(state_);
  unlink(fresh.c_str());
  const UniqueFd fd(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return Failed(absl::StatusCode::kUnavailable, fresh);
  const bool written =
      write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || rename(fresh.c_str(), path.c_str()) != 0) {
    absl::Status failed = Failed(absl::StatusCode::kUnavailable, fresh);
    unlink(fresh.c_str());
    return failed;
  }
  return absl::OkStatus();
}

void PublishedRunState::SetContainers(const std::map<pid_t, uint64_t>& containers) {
  if (containers == state_.containers) return;
  state_.containers = containers;
  Write().IgnoreError();
}

}  // namespace provost
