#include "emulate/machine_limits.h"

#include <linux/capability.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tracee/task_masks.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

struct Resource {
  const char* name;
  uint32_t number;
};
// As ulimit and limits.conf(5) name them.
constexpr Resource kResources[] = {
    {"cpu", RLIMIT_CPU},           {"fsize", RLIMIT_FSIZE},
    {"data", RLIMIT_DATA},         {"stack", RLIMIT_STACK},
    {"core", RLIMIT_CORE},         {"rss", RLIMIT_RSS},
    {"nproc", RLIMIT_NPROC},       {"nofile", RLIMIT_NOFILE},
    {"memlock", RLIMIT_MEMLOCK},   {"as", RLIMIT_AS},
    {"locks", RLIMIT_LOCKS},       {"sigpending", RLIMIT_SIGPENDING},
    {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"rtprio", RLIMIT_RTPRIO},     {"rttime", RLIMIT_RTTIME},
};

constexpr uint64_t kNone = UINT64_MAX;       // RLIM64_INFINITY
constexpr uint32_t kNone32 = UINT32_MAX;     // RLIM_INFINITY of 32 bits
constexpr uint32_t kOldNone32 = 0x7fffffff;  // the same of i386's first getrlimit

bool ParseOne(absl::string_view text, uint64_t& limit) {
  if (text == "unlimited") {
    limit = kNone;
    return true;
  }
  return absl::SimpleAtoi(text, &limit);
}

}  // namespace

absl::StatusOr<MachineLimits::Limits> MachineLimits::Parse(const EmulatorMap& told) {
  Limits limits;
  for (const std::pair<std::string, std::string>& told_limit : told) {
    const std::string& name = told_limit.first;
    const std::string& text = told_limit.second;
    const auto* resource = std::find_if(std::begin(kResources), std::end(kResources),
                                        [&](const Resource& each) { return each.name == name; });
    if (resource == std::end(kResources)) {
      return absl::InvalidArgumentError(
          absl::StrCat("`limits`: no resource is called \"", name, "\"; there are ",
                       absl::StrJoin(kResources, ", ", [](std::string* out, const Resource& each) {
                         absl::StrAppend(out, each.name);
                       })));
    }
    const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
    Limit limit = {};
    if (parts.size() > 2 || !ParseOne(parts.front(), limit.soft) ||
        !ParseOne(parts.back(), limit.hard) || limit.soft > limit.hard) {
      return absl::InvalidArgumentError(
          absl::StrCat("`limits`: \"", text,
                       "\" is no limit, as \"1024\", \"1024:4096\" (soft, not "
                       "above hard) and \"unlimited\" are"));
    }
    limits[resource->number] = limit;
  }
  return limits;
}

const std::vector<std::string>& MachineLimits::Calls() {
  static const auto* const calls =
      new std::vector<std::string>{"getrlimit", "setrlimit", "ugetrlimit", "prlimit64"};
  return *calls;
}

size_t MachineLimits::WidthOf(const EmulatedCall& call) {
  return call.is_i386() && call.name() != "prlimit64" ? sizeof(uint32_t) : sizeof(uint64_t);
}

std::string MachineLimits::BytesOfLimit(const Limit& limit, size_t width, bool is_old) {
  std::string bytes;
  for (const uint64_t number : {limit.soft, limit.hard}) {
    // What does not fit is none.
    const uint64_t narrow = std::min<uint64_t>(number, is_old ? kOldNone32 : kNone32);
    bytes += BytesOf(width == sizeof(uint32_t) ? narrow : number).substr(0, width);
  }
  return bytes;
}

Reaction MachineLimits::OnCall(const EmulatedCall& call) {
  const bool is_prlimit = call.name() == "prlimit64";
  const pid_t asked = is_prlimit ? call.number(0) : 0;
  // Another process's are the kernel's.
  if (asked != 0 && asked != call.process()) return RunAsItIs(call);
  Limits& limits = processes_.Of(call.process());
  const auto known = limits.find(static_cast<uint32_t>(call.argument(is_prlimit ? 1 : 0)));
  if (known == limits.end()) return RunAsItIs(call);
  const uint64_t old_address = call.argument(is_prlimit ? 3 : 1);
  const uint64_t new_address = is_prlimit ? call.argument(2) : call.argument(1);
  Answer answer = {0};
  const bool gets = is_prlimit ? old_address != 0 : call.name() != "setrlimit";
  if (gets) {
    const bool is_old = call.is_i386() && call.name() == "getrlimit";
    answer.writes.push_back({old_address, BytesOfLimit(known->second, WidthOf(call), is_old)});
  }
  const bool sets = is_prlimit ? new_address != 0 : call.name() == "setrlimit";
  return sets ? Set(call, known->second, new_address, std::move(answer)) : answer;
}

Reaction MachineLimits::Set(const EmulatedCall& call, Limit& limit, uint64_t address,
                            Answer answer) {
  const size_t width = WidthOf(call);
  uint64_t numbers[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    const absl::Status read = call.ReadBytes(
        address + i * width, absl::MakeSpan(reinterpret_cast<char*>(&numbers[i]), width));
    if (!read.ok()) return Answer{-ErrnoOf(read)};
    if (width == sizeof(uint32_t) && numbers[i] == kNone32) numbers[i] = kNone;
  }
  if (numbers[0] > numbers[1]) return Answer{-EINVAL};
  if (numbers[1] > limit.hard && !HasCapability(call.tid(), CAP_SYS_RESOURCE)) {
    return Answer{-EPERM};
  }
  limit = {numbers[0], numbers[1]};
  return answer;
}

void MachineLimits::OnTaskMade(pid_t creator, pid_t child) {
  const absl::StatusOr<TaskStatus> made = ReadTaskStatus(child);
  const absl::StatusOr<TaskStatus> maker = ReadTaskStatus(creator);
  if (!made.ok() || !maker.ok() || made->process != child) return;  // gone, or a thread
  processes_.Made(maker->process, child);
}

std::string MachineLimits::Save() const {
  std::string saved;
  for (const auto& [process, limits] : processes_.all()) {
    for (const auto& [resource, limit] : limits) {
      absl::StrAppend(&saved, process, " ", resource, " ", limit.soft, " ", limit.hard, "\n");
    }
  }
  return saved;
}

absl::Status MachineLimits::Restore(absl::string_view saved) {
  std::map<pid_t, Limits> restored;
  for (const absl::string_view line : absl::StrSplit(saved, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    pid_t process = 0;
    uint32_t resource = 0;
    Limit limit = {};
    if (fields.size() != 4 || !absl::SimpleAtoi(fields[0], &process) ||
        !absl::SimpleAtoi(fields[1], &resource) || !absl::SimpleAtoi(fields[2], &limit.soft) ||
        !absl::SimpleAtoi(fields[3], &limit.hard)) {
      return absl::InvalidArgumentError("no state of `emulate machine`");
    }
    restored[process][resource] = limit;
  }
  for (auto& [process, limits] : restored) processes_.Set(process, std::move(limits));
  return absl::OkStatus();
}

}  // namespace provost
