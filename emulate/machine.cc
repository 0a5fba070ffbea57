// What programs are told of the machine: its CPUs, memory, load, name, their limits, and files that
// say such things.

#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "emulate/builtin.h"
#include "emulate/machine_limits.h"
#include "emulate/provided_files.h"
#include "emulate/settings.h"
#include "tracee/task_masks.h"

namespace provost {
namespace {

constexpr int64_t kMostCpus = 8192;  // CONFIG_NR_CPUS of distributions
constexpr size_t kHostName = 64;     // __NEW_UTS_LEN

// Where uname(2) has the host's name.
constexpr size_t kNodeNameOffset = 65;
constexpr size_t kNodeNameWidth = 65;

// What a rule tells.
struct Machine {
  std::optional<int64_t> cpus;
  std::optional<int64_t> memory;  // bytes
  std::optional<int64_t> uptime;  // seconds
  std::optional<std::array<double, 3>> load;
  std::optional<std::string> hostname;
  MachineLimits::Limits limits;
  EmulatorMap files;
};

absl::Status ParseLoad(const Emulation& told, Machine& machine) {
  const std::optional<std::string> text = TextTold(told, "load");
  if (!text.has_value()) return absl::OkStatus();
  const std::vector<absl::string_view> parts = absl::StrSplit(*text, ' ', absl::SkipEmpty());
  std::array<double, 3> load = {};
  bool is_right = parts.size() == load.size();
  for (size_t i = 0; is_right && i < load.size(); ++i) {
    is_right = absl::SimpleAtod(parts[i], &load[i]) && load[i] >= 0 && load[i] < 65536;
  }
  if (!is_right) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`load` is three numbers, of the last 1, 5 and 15 minutes, as in \"0.50 0.40 0.30\": \"",
        *text, "\" is not"));
  }
  machine.load = load;
  return absl::OkStatus();
}

absl::Status CheckFiles(const EmulatorMap& files) {
  for (const auto& [path, contents] : files) {
    if (absl::StartsWith(path, "/") && path.size() > 1 && path.back() != '/') continue;
    return absl::InvalidArgumentError(
        absl::StrCat("`files`: \"", path, "\" is no absolute path of a file"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Machine> MachineTold(const Emulation& told) {
  if (told.settings.empty()) {
    return absl::InvalidArgumentError("nothing is told: `with cpus = 4`, for example");
  }
  Machine machine = {.cpus = NumberTold(told, "cpus"),
                     .memory = NumberTold(told, "memory"),
                     .uptime = NumberTold(told, "uptime"),
                     .load = std::nullopt,
                     .hostname = TextTold(told, "hostname"),
                     .limits = {},
                     .files = MapTold(told, "files")};
  if (machine.cpus.has_value() && (*machine.cpus < 1 || *machine.cpus > kMostCpus)) {
    return absl::InvalidArgumentError(absl::StrCat("`cpus` is a number from 1 to ", kMostCpus));
  }
  if (machine.memory.has_value() && *machine.memory < (1 << 20)) {
    return absl::InvalidArgumentError("`memory` is a number of bytes, from 1M on, as in 4G");
  }
  if (machine.uptime.has_value() && *machine.uptime < 0) {
    return absl::InvalidArgumentError("`uptime` is a number of seconds, not below 0");
  }
  if (machine.hostname.has_value() &&
      (machine.hostname->empty() || machine.hostname->size() > kHostName)) {
    return absl::InvalidArgumentError(absl::StrCat("`hostname` has 1 to ", kHostName, " bytes"));
  }
  PROVOST_RETURN_IF_ERROR(ParseLoad(told, machine));
  PROVOST_RETURN_IF_ERROR(CheckFiles(machine.files));
  PROVOST_ASSIGN_OR_RETURN(machine.limits, MachineLimits::Parse(MapTold(told, "limits")));
  return machine;
}

// The files that say what `machine` says.
EmulatorMap FilesOf(const Machine& machine) {
  EmulatorMap files;
  if (machine.cpus.has_value()) {
    const std::string list =
        *machine.cpus == 1 ? "0\n" : absl::StrCat("0-", *machine.cpus - 1, "\n");
    for (const char* name : {"online", "possible", "present"}) {
      files.emplace_back(absl::StrCat("/sys/devices/system/cpu/", name), list);
    }
  }
  if (machine.memory.has_value()) {
    const int64_t kib = *machine.memory / 1024;
    files.emplace_back("/proc/meminfo",
                       absl::StrFormat("MemTotal:       %8d kB\nMemFree:        %8d kB\n"
                                       "MemAvailable:   %8d kB\nBuffers:        %8d kB\n"
                                       "Cached:         %8d kB\nSwapTotal:      %8d kB\n"
                                       "SwapFree:       %8d kB\n",
                                       kib, kib / 2, kib / 2, 0, 0, 0, 0));
  }
  if (machine.load.has_value()) {
    files.emplace_back("/proc/loadavg",
                       absl::StrFormat("%.2f %.2f %.2f 1/100 1\n", (*machine.load)[0],
                                       (*machine.load)[1], (*machine.load)[2]));
  }
  if (machine.uptime.has_value()) {
    files.emplace_back("/proc/uptime", absl::StrCat(*machine.uptime, ".00 0.00\n"));
  }
  if (machine.hostname.has_value()) {
    files.emplace_back("/proc/sys/kernel/hostname", absl::StrCat(*machine.hostname, "\n"));
  }
  files.insert(files.end(), machine.files.begin(), machine.files.end());
  return files;
}

std::vector<std::string> CallsOf(const Machine& machine) {
  std::vector<std::string> calls;
  const auto add = [&](std::vector<std::string> more) {
    calls.insert(calls.end(), more.begin(), more.end());
  };
  if (machine.cpus.has_value()) add({"sched_getaffinity", "sched_setaffinity"});
  if (machine.memory.has_value() || machine.load.has_value() || machine.uptime.has_value()) {
    add({"sysinfo"});
  }
  if (machine.hostname.has_value()) add({"uname", "olduname", "oldolduname", "sethostname"});
  if (!machine.limits.empty()) add(MachineLimits::Calls());
  if (!FilesOf(machine).empty()) add(ProvidedFiles::Calls());
  return calls;
}

// CPUs by number, in a task's order of bytes.
using Mask = std::string;

class MachineHandler final : public Handler {
 public:
  explicit MachineHandler(Machine machine)
      : machine_(std::move(machine)), limits_(machine_.limits) {
    for (const auto& [path, contents] : FilesOf(machine_)) files_.Add(path, contents);
  }

  Reaction OnCall(const EmulatedCall& call) override {
    const absl::string_view name = call.name();
    if (name == "sched_getaffinity") return GetAffinity(call);
    if (name == "sched_setaffinity") return SetAffinity(call);
    if (name == "sysinfo") return Sysinfo(call);
    if (name == "sethostname") return SetHostName(call);
    if (absl::EndsWith(name, "uname")) return Uname(call);
    if (absl::StrContains(name, "rlimit")) return limits_.OnCall(call);
    return files_.OnCall(call);
  }

  void OnTaskMade(pid_t creator, pid_t child) override {
    limits_.OnTaskMade(creator, child);
    const auto known = affinities_.find(creator);
    if (known != affinities_.end()) affinities_.try_emplace(child, Mask(known->second));
  }
  void OnTaskEnded(pid_t tid) override {
    limits_.OnTaskEnded(tid);
    affinities_.erase(tid);
  }

  std::string Save() const override { return limits_.Save(); }
  absl::Status Restore(absl::string_view saved) override { return limits_.Restore(saved); }

 private:
  // All CPUs that there are, as many bytes as the kernel says of so many.
  Mask All() const {
    constexpr size_t kWord = sizeof(uint64_t);
    const auto cpus = static_cast<size_t>(*machine_.cpus);
    Mask all((cpus + 8 * kWord - 1) / (8 * kWord) * kWord, '\0');
    for (size_t cpu = 0; cpu < cpus; ++cpu) {
      all[cpu / 8] = static_cast<char>(all[cpu / 8] | 1 << (cpu % 8));
    }
    return all;
  }

  Reaction GetAffinity(const EmulatedCall& call) {
    return RunCall{call.request(), {}, [this](const EmulatedCall& made, int64_t result) -> Answer {
                     // A wrong size is judged by the CPUs that the program is told of.
                     if (result < 0 && result != -EINVAL) return {result};
                     const pid_t asked = made.number(0);
                     const auto known = affinities_.find(asked == 0 ? made.tid() : asked);
                     const Mask mask = known == affinities_.end() ? All() : known->second;
                     const uint64_t size = static_cast<uint32_t>(made.argument(1));
                     const size_t word = made.is_i386() ? 4 : 8;
                     if (size % word != 0 || size < mask.size()) return {-EINVAL};
                     const auto bytes = static_cast<int64_t>(mask.size());
                     return {bytes, {{made.argument(2), mask}}};
                   }};
  }

  Reaction SetAffinity(const EmulatedCall& call) {
    Mask mask = All();
    const size_t size = std::min<uint64_t>(static_cast<uint32_t>(call.argument(1)), mask.size());
    std::string wanted(size, '\0');
    const absl::Status read = call.ReadBytes(call.argument(2), absl::MakeSpan(wanted));
    if (!read.ok()) return Answer{-ErrnoOf(read)};
    wanted.resize(mask.size(), '\0');
    for (size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<char>(mask[i] & wanted[i]);
    if (std::all_of(mask.begin(), mask.end(), [](char byte) { return byte == 0; })) {
      return Answer{-EINVAL};
    }
    // The kernel says whether there is such a task.
    const auto exists = OtherCall(call.request(), "sched_getscheduler", {call.argument(0)});
    if (!exists.ok()) return Answer{-ENOSYS};
    return RunCall{*exists, {}, [this, mask](const EmulatedCall& made, int64_t result) -> Answer {
                     if (result < 0) return {result};
                     const pid_t asked = made.number(0);
                     affinities_[asked == 0 ? made.tid() : asked] = mask;
                     return {0};
                   }};
  }

  Reaction Sysinfo(const EmulatedCall& call) {
    return RunCall{call.request(), {}, [this](const EmulatedCall& made, int64_t result) {
                     return result < 0 ? Answer{result} : Answer{0, SysinfoWrites(made)};
                   }};
  }

  // struct sysinfo: words of the task's, then numbers of 16 bits, words, and the unit.
  std::vector<MemoryWrite> SysinfoWrites(const EmulatedCall& call) const {
    const size_t word = call.is_i386() ? sizeof(uint32_t) : sizeof(uint64_t);
    const uint64_t base = call.argument(0);
    std::vector<MemoryWrite> writes;
    const auto put = [&](size_t index, uint64_t value) {
      writes.push_back({base + index * word, BytesOf(value).substr(0, word)});
    };
    if (machine_.uptime.has_value()) put(0, static_cast<uint64_t>(*machine_.uptime));
    for (size_t i = 0; machine_.load.has_value() && i < machine_.load->size(); ++i) {
      constexpr double kScale = 1 << 16;  // SI_LOAD_SHIFT
      put(1 + i, static_cast<uint64_t>(std::lround((*machine_.load)[i] * kScale)));
    }
    if (machine_.memory.has_value()) {
      const auto total = static_cast<uint64_t>(*machine_.memory);
      // As the kernel does for what 32 bits cannot count in bytes.
      const uint64_t unit = call.is_i386() && total > UINT32_MAX ? 4096 : 1;
      const std::array<uint64_t, 6> amounts = {total / unit, total / 2 / unit, 0, 0, 0, 0};
      for (size_t i = 0; i < amounts.size(); ++i) put(4 + i, amounts[i]);
      const size_t high = call.is_i386() ? 44 : 88;  // totalhigh, freehigh, mem_unit
      writes.push_back({base + high, std::string(2 * word, '\0')});
      writes.push_back({base + high + 2 * word, BytesOf(static_cast<uint32_t>(unit))});
    }
    return writes;
  }

  Reaction Uname(const EmulatedCall& call) {
    return RunCall{call.request(), {}, [this](const EmulatedCall& made, int64_t result) -> Answer {
                     if (result < 0) return {result};
                     const bool is_oldest = made.name() == "oldolduname";
                     const size_t width = is_oldest ? 9 : kNodeNameWidth;
                     std::string name = machine_.hostname->substr(0, width - 1);
                     name.resize(width, '\0');
                     return {result, {{made.argument(0) + width, name}}};
                   }};
  }

  // The tree's own name changes, if the task could change the machine's.
  Reaction SetHostName(const EmulatedCall& call) {
    const auto length = call.number(1);
    if (length < 0 || length > static_cast<int32_t>(kHostName)) return Answer{-EINVAL};
    if (!HasCapability(call.tid(), CAP_SYS_ADMIN)) return Answer{-EPERM};
    std::string name(static_cast<size_t>(length), '\0');
    const absl::Status read = call.ReadBytes(call.argument(0), absl::MakeSpan(name));
    if (!read.ok()) return Answer{-ErrnoOf(read)};
    machine_.hostname = name.substr(0, name.find('\0'));
    return Answer{0};
  }

  Machine machine_;
  MachineLimits limits_;
  ProvidedFiles files_;
  absl::flat_hash_map<pid_t, Mask> affinities_;  // of tasks that have set one
};

}  // namespace

EmulatorSpec MachineSpec() {
  using Kind = EmulatorKey::Kind;
  EmulatorSpec spec = {
      .name = "machine",
      .keys =
          {{"cpus", Kind::kInteger, "how many CPUs there are, numbered from 0"},
           {"memory", Kind::kInteger, "bytes of memory, half of them free: 4G"},
           {"load", Kind::kString, "the mean load of 1, 5 and 15 minutes: \"0.50 0.40 0.30\""},
           {"uptime", Kind::kInteger, "seconds since the machine was started"},
           {"hostname", Kind::kString, "the host's name"},
           {"limits", Kind::kMap,
            "limits of each process: {\"nofile\" => \"1024:4096\", \"stack\" => \"unlimited\"}"},
           {"files", Kind::kMap,
            "contents of files: {\"/proc/version\" => \"Linux version 2.6.32\\n\"}"}},
      .calls = {},
      .what = "what programs are told of the machine; what is not told stays the kernel's"};
  Machine whole = {.cpus = 1,
                   .memory = 1 << 20,
                   .uptime = 0,
                   .load = std::array<double, 3>(),
                   .hostname = "x",
                   .limits = {{0, {0, 0}}},
                   .files = {}};
  spec.calls = CallsOf(whole);
  spec.calls_when = [](const Emulation& told) {
    const absl::StatusOr<Machine> machine = MachineTold(told);
    return machine.ok() ? CallsOf(*machine) : std::vector<std::string>();
  };
  return spec;
}

absl::StatusOr<std::unique_ptr<Handler>> MakeMachine(const Emulation& told) {
  PROVOST_ASSIGN_OR_RETURN(Machine machine, MachineTold(told));
  return std::make_unique<MachineHandler>(std::move(machine));
}

}  // namespace provost
