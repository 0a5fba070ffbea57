#include "tools/ps/supervised_processes.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "supervisor/run_state.h"
#include "tools/control/control_client.h"

namespace provost {
namespace {

// The entries of a directory that are numbers, in order.
std::vector<pid_t> Numbers(const std::string& directory) {
  struct Close {
    void operator()(DIR* open) const { closedir(open); }
  };
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, Close> entries(opendir(directory.c_str()));
  if (entries == nullptr) return numbers;
  while (const dirent* entry = readdir(entries.get())) {
    pid_t number = 0;
    if (absl::SimpleAtoi(entry->d_name, &number)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Members of /proc/PID/status by name.
struct Status {
  std::string name;
  std::string state;
  pid_t tgid = 0;
  pid_t ppid = 0;
  pid_t tracer = 0;
  uid_t euid = 0;
  int threads = 0;
};

std::optional<Status> ReadStatus(const std::string& directory) {
  std::ifstream file(directory + "/status");
  if (!file) return std::nullopt;
  Status status;
  std::string line;
  while (std::getline(file, line)) {
    absl::string_view value = line;
    if (absl::ConsumePrefix(&value, "Name:\t")) {
      status.name = std::string(value);
    } else if (absl::ConsumePrefix(&value, "State:\t")) {
      // "S (sleeping)"
      const size_t open = value.find('(');
      status.state = std::string(absl::StripSuffix(value.substr(open + 1), ")"));
    } else if (absl::ConsumePrefix(&value, "Tgid:\t")) {
      (void)absl::SimpleAtoi(value, &status.tgid);
    } else if (absl::ConsumePrefix(&value, "PPid:\t")) {
      (void)absl::SimpleAtoi(value, &status.ppid);
    } else if (absl::ConsumePrefix(&value, "TracerPid:\t")) {
      (void)absl::SimpleAtoi(value, &status.tracer);
    } else if (absl::ConsumePrefix(&value, "Uid:\t")) {
      value.remove_prefix(std::min(value.find('\t') + 1, value.size()));
      (void)absl::SimpleAtoi(value.substr(0, value.find('\t')), &status.euid);
    } else if (absl::ConsumePrefix(&value, "Threads:\t")) {
      (void)absl::SimpleAtoi(value, &status.threads);
    }
  }
  return status;
}

std::string CommandOf(pid_t pid, const std::string& name) {
  std::string command = ReadFile(absl::StrCat("/proc/", pid, "/cmdline"));
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace(command.begin(), command.end(), '\0', ' ');
  return command.empty() ? absl::StrCat("[", name, "]") : command;
}

// The process that traces `pid`: of any of its threads, for the leader may have ended. 0: none.
pid_t TracerOf(pid_t pid, const Status& leader) {
  pid_t tracer = leader.tracer;
  if (tracer == 0 && leader.state == "zombie") {
    const std::string tasks = absl::StrCat("/proc/", pid, "/task");
    for (const pid_t tid : Numbers(tasks)) {
      const std::optional<Status> task = ReadStatus(absl::StrCat(tasks, "/", tid));
      if (task && task->tracer != 0) tracer = task->tracer;
    }
  }
  if (tracer == 0) return 0;
  // TracerPid is the tracing thread.
  const std::optional<Status> thread = ReadStatus(absl::StrCat("/proc/", tracer));
  return thread ? thread->tgid : 0;
}

// Where the state of a supervisor of user `owner` may be.
std::vector<std::string> StateDirectories(uid_t owner) {
  std::vector<std::string> directories = {RunStateDirectory()};
  if (geteuid() == 0) {
    directories.push_back(owner == 0 ? "/run/provost"
                                     : absl::StrCat("/run/user/", owner, "/provost"));
  }
  return directories;
}

struct FoundState {
  RunState state;
  RunAddress address;
};

std::optional<FoundState> StateOf(pid_t supervisor, uid_t owner) {
  for (const std::string& directory : StateDirectories(owner)) {
    absl::StatusOr<RunState> state = ReadRunState(directory, supervisor, owner);
    if (!state.ok()) continue;
    return FoundState{*std::move(state),
                      {supervisor, owner, ControlSocketPath(directory, supervisor)}};
  }
  return std::nullopt;
}

// What a supervisor says of its processes when it is asked; nullopt if it does not answer.
class Said {
 public:
  static std::optional<Said> By(const RunAddress& address) {
    // One that is stopped holds nobody up for long.
    constexpr std::chrono::milliseconds kPatience(500);
    absl::StatusOr<ControlClient> client =
        ControlClient::Connect(address.socket, address.supervisor, address.owner);
    if (!client.ok()) return std::nullopt;
    const absl::StatusOr<nlohmann::json> status = client->Ask({{"request", "status"}}, kPatience);
    if (!status.ok()) return std::nullopt;
    Said said;
    const auto processes = status->find("processes");
    if (processes == status->end()) {
      said.common_ = MarksIn(*status);
    } else if (processes->is_array()) {
      for (const nlohmann::json& process : *processes) {
        if (!process.is_object()) continue;
        const auto pid = process.find("pid");
        if (pid == process.end() || !pid->is_number_unsigned()) continue;
        said.of_[pid->get<pid_t>()] = MarksIn(process);
      }
    }
    return said;
  }

  void Tell(SupervisedProcess& process) const {
    const auto found = of_.find(process.pid);
    const std::optional<Marks>& marks = found == of_.end() ? common_ : found->second;
    process.contid = marks ? marks->contid : std::nullopt;
    if (marks) process.audited = marks->audited;
  }

 private:
  struct Marks {
    std::optional<uint64_t> contid;
    bool audited = false;
  };

  static Marks MarksIn(const nlohmann::json& object) {
    Marks marks;
    if (const auto contid = object.find("contid");
        contid != object.end() && contid->is_number_unsigned()) {
      marks.contid = contid->get<uint64_t>();
    }
    const auto audited = object.find("audited");
    marks.audited = audited != object.end() && audited->is_boolean() && audited->get<bool>();
    return marks;
  }

  std::optional<Marks> common_;  // of all that are not in `of_`
  std::map<pid_t, std::optional<Marks>> of_;
};

bool IsThisProgram(pid_t pid) {
  struct stat self = {};
  struct stat other = {};
  return stat("/proc/self/exe", &self) == 0 &&
         stat(absl::StrCat("/proc/", pid, "/exe").c_str(), &other) == 0 &&
         self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

// As far as the published state knows: once a process was labelled later it is only of some.
std::optional<uint64_t> ContidOf(const RunState& state, pid_t pid) {
  const auto own = state.containers.find(pid);
  if (own != state.containers.end()) return own->second;
  if (!state.containers.empty() || state.contid == UINT64_MAX) return std::nullopt;
  return state.contid;
}

}  // namespace

absl::StatusOr<RunAddress> FindRun(pid_t pid) {
  const std::optional<Status> status = ReadStatus(absl::StrCat("/proc/", pid));
  if (!status) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  if (const std::optional<FoundState> own = StateOf(pid, status->euid)) return own->address;
  const pid_t supervisor = TracerOf(pid, *status);
  const std::optional<Status> its =
      supervisor == 0 ? std::nullopt : ReadStatus(absl::StrCat("/proc/", supervisor));
  if (!its) {
    return absl::NotFoundError(
        absl::StrCat("process ", pid, " is no supervisor, and has none; see `provost ps`"));
  }
  if (const std::optional<FoundState> found = StateOf(supervisor, its->euid)) {
    return found->address;
  }
  return absl::NotFoundError(absl::StrCat("supervisor ", supervisor, " has not said in ",
                                          absl::StrJoin(StateDirectories(its->euid), " or "),
                                          " where it is to be asked"));
}

std::vector<SupervisedTree> FindSupervisedTrees() {
  struct Found {
    std::optional<FoundState> state;
    std::optional<Said> said;
    std::optional<SupervisedTree> tree;  // absent: the tracer is no supervisor of ours
  };
  std::map<pid_t, Found> tracers;
  for (const pid_t pid : Numbers("/proc")) {
    const std::optional<Status> status = ReadStatus(absl::StrCat("/proc/", pid));
    const pid_t tracer = status ? TracerOf(pid, *status) : 0;
    if (tracer == 0) continue;
    const auto [known, fresh] = tracers.try_emplace(tracer);
    Found& found = known->second;
    if (fresh) {
      const std::optional<Status> its = ReadStatus(absl::StrCat("/proc/", tracer));
      if (!its) continue;
      found.state = StateOf(tracer, its->euid);
      if (!found.state && !IsThisProgram(tracer)) continue;
      found.tree.emplace();
      found.tree->supervisor = tracer;
      found.tree->command = CommandOf(tracer, its->name);
      if (found.state) {
        found.tree->mode = found.state->state.mode;
        found.said = Said::By(found.state->address);
      }
    }
    if (!found.tree) continue;
    SupervisedProcess process = {.pid = pid,
                                 .ppid = status->ppid,
                                 .state = status->state,
                                 .threads = status->threads,
                                 .command = CommandOf(pid, status->name)};
    if (found.said) {
      found.said->Tell(process);
    } else if (found.state) {
      process.contid = ContidOf(found.state->state, pid);
    }
    found.tree->processes.push_back(std::move(process));
  }
  std::vector<SupervisedTree> trees;
  for (auto& [pid, found] : tracers) {
    if (found.tree) trees.push_back(*std::move(found.tree));
  }
  return trees;
}

}  // namespace provost
