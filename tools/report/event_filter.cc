#include "tools/report/event_filter.h"

#include <libaudit.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "syscalls/constants.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"
#include "tools/report/when.h"

namespace provost {
namespace {

// Of records, as numbers (linux/audit.h, libaudit.h).
constexpr int kFirstType = 1000;
constexpr int kLastType = 2999;

absl::Status Wrong(absl::string_view option, absl::string_view value, absl::string_view mend) {
  return absl::InvalidArgumentError(absl::StrCat("--", option, ": `", value, "` ", mend));
}

// A user's number: given, "unset", -1, or by name.
std::optional<uint32_t> UserId(const std::string& value) {
  uint32_t id = 0;
  if (value == "unset" || value == "-1") return UINT32_MAX;
  if (absl::SimpleAtoi(value, &id)) return id;
  const passwd* user = getpwnam(value.c_str());
  if (user == nullptr) return std::nullopt;
  return user->pw_uid;
}

}  // namespace

absl::Status EventFilter::Add(absl::string_view option, const std::string& value, int64_t now) {
  if (value.empty()) return Wrong(option, value, "is empty: say what to look for");
  if (option == "start" || option == "end") {
    const bool start = option == "start";
    const absl::StatusOr<int64_t> when =
        ParseWhen(value, start ? WhenFor::kStart : WhenFor::kEnd, now);
    if (!when.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--", option, ": ", when.status().message()));
    }
    tests_.emplace_back([start, at = *when](const LogEvent& event) {
      return start ? event.seconds >= at : event.seconds <= at;
    });
    return absl::OkStatus();
  }
  if (option == "syscall") return AddSyscall(value);
  if (option == "arch") return AddArch(value);
  if (option == "exit") return AddExit(value);
  if (option == "message") return AddMessage(value);
  if (option == "node") {
    nodes_.push_back(value);
    return absl::OkStatus();
  }
  if (option == "success") {
    if (value != "yes" && value != "no") return Wrong(option, value, "is neither yes nor no");
    tests_.emplace_back(
        [wanted = value == "yes"](const LogEvent& event) { return event.success == wanted; });
    return absl::OkStatus();
  }
  if (option == "verdict") {
    static constexpr std::array<absl::string_view, 10> kVerdicts = {
        "log", "deny", "return", "emulate", "rewrite", "trap", "kill", "allow", "notify", "trace"};
    if (std::find(kVerdicts.begin(), kVerdicts.end(), value) == kVerdicts.end()) {
      return Wrong(option, value,
                   absl::StrCat("is no verdict: say ", absl::StrJoin(kVerdicts, ", ")));
    }
    tests_.emplace_back([value](const LogEvent& event) { return event.verdict == value; });
    return absl::OkStatus();
  }
  if (option == "uid" || option == "uid-effective" || option == "loginuid" || option == "uid-all") {
    return AddUser(option, value);
  }
  if (option == "key" || option == "executable" || option == "comm" || option == "file" ||
      option == "terminal") {
    return AddText(option, value);
  }
  return AddNumber(option, value);
}

absl::Status EventFilter::AddNumber(absl::string_view option, const std::string& value) {
  uint64_t number = 0;
  if ((option == "session" || option == "contid") && (value == "unset" || value == "-1")) {
    number = option == "session" ? UINT32_MAX : UINT64_MAX;
  } else if (value.find_first_not_of("0123456789") != std::string::npos ||
             !absl::SimpleAtoi(value, &number)) {
    return Wrong(option, value, "is no number");
  }
  const auto is = [number](const auto& field) {
    return field.has_value() && static_cast<uint64_t>(*field) == number;
  };
  if (option == "pid") {
    tests_.emplace_back([is](const LogEvent& event) { return is(event.pid); });
  } else if (option == "ppid") {
    tests_.emplace_back([is](const LogEvent& event) { return is(event.ppid); });
  } else if (option == "session") {
    tests_.emplace_back([is](const LogEvent& event) { return is(event.session); });
  } else if (option == "event") {
    tests_.emplace_back([number](const LogEvent& event) { return event.serial == number; });
  } else if (option == "contid") {
    tests_.emplace_back([number](const LogEvent& event) {
      // Unset: what has no container.
      if (number == UINT64_MAX && event.containers.empty()) return true;
      const auto in = [number](const std::vector<uint64_t>& all) {
        return std::find(all.begin(), all.end(), number) != all.end();
      };
      return in(event.containers) || in(event.other_containers);
    });
  } else {
    return absl::InternalError(absl::StrCat("--", option, " is no filter"));
  }
  return absl::OkStatus();
}

absl::Status EventFilter::AddUser(absl::string_view option, const std::string& value) {
  const std::optional<uint32_t> id = UserId(value);
  if (!id) return Wrong(option, value, "is no user of this machine: give the number");
  if (option == "uid") {
    tests_.emplace_back([id](const LogEvent& event) { return event.uid == id; });
  } else if (option == "uid-effective") {
    tests_.emplace_back([id](const LogEvent& event) { return event.euid == id; });
  } else if (option == "loginuid") {
    tests_.emplace_back([id](const LogEvent& event) { return event.auid == id; });
  } else {
    tests_.emplace_back([id](const LogEvent& event) {
      return event.uid == id || event.euid == id || event.auid == id;
    });
  }
  return absl::OkStatus();
}

bool EventFilter::MatchesText(const std::string& wanted, const std::string& text) const {
  return whole_words_ ? text == wanted : absl::StrContains(text, wanted);
}

absl::Status EventFilter::AddText(absl::string_view option, const std::string& value) {
  const auto any = [this, value](const std::vector<std::string>& all) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& one) { return MatchesText(value, one); });
  };
  if (option == "key") {
    tests_.emplace_back([this, value, any](const LogEvent& event) {
      if (any(event.rules)) return true;
      // The label of a container stands among the keys.
      return std::any_of(event.containers.begin(), event.containers.end(), [&](uint64_t contid) {
        return MatchesText(value, absl::StrCat("contid=", contid));
      });
    });
  } else if (option == "file") {
    tests_.emplace_back([any](const LogEvent& event) { return any(event.paths); });
  } else if (option == "executable") {
    tests_.emplace_back(
        [this, value](const LogEvent& event) { return MatchesText(value, event.program); });
  } else if (option == "comm") {
    tests_.emplace_back(
        [this, value](const LogEvent& event) { return MatchesText(value, event.name); });
  } else {
    tests_.emplace_back(
        [this, value](const LogEvent& event) { return MatchesText(value, event.terminal); });
  }
  return absl::OkStatus();
}

absl::Status EventFilter::AddSyscall(const std::string& value) {
  int32_t number = 0;
  if (absl::SimpleAtoi(value, &number)) {
    tests_.emplace_back([number](const LogEvent& event) { return event.nr == number; });
    return absl::OkStatus();
  }
  if (!SyscallTable::Get().IsKnownName(value)) {
    const std::vector<std::string> near = SyscallTable::Get().Suggest(value);
    return Wrong("syscall", value,
                 near.empty() ? "is no system call: give its name or number"
                              : absl::StrCat("is no system call; did you mean ",
                                             absl::StrJoin(near, ", "), "?"));
  }
  tests_.emplace_back([value](const LogEvent& event) { return event.syscall == value; });
  return absl::OkStatus();
}

absl::Status EventFilter::AddArch(const std::string& value) {
  uint32_t arch = 0;
  if (value == "b64") {
    arch = static_cast<uint32_t>(Arch::kX86_64);
  } else if (value == "b32") {
    arch = static_cast<uint32_t>(Arch::kI386);
  } else if (const std::optional<Arch> known = ArchByName(value)) {
    arch = static_cast<uint32_t>(*known);
  } else if (const int machine = audit_name_to_machine(value.c_str()); machine >= 0) {
    arch = audit_machine_to_elf(machine);
  } else if (!absl::SimpleHexAtoi(value, &arch)) {
    return Wrong("arch", value, "is no architecture: say x86_64, i386, b64, b32, aarch64 …");
  }
  tests_.emplace_back([arch](const LogEvent& event) { return event.arch == arch; });
  return absl::OkStatus();
}

absl::Status EventFilter::AddExit(const std::string& value) {
  int64_t wanted = 0;
  if (!absl::SimpleAtoi(value, &wanted)) {
    absl::string_view name = value;
    absl::ConsumePrefix(&name, "-");
    const std::optional<int> error = ErrnoByName(name);
    if (!error) {
      const std::vector<std::string> near = SuggestErrno(name);
      return Wrong("exit", value,
                   near.empty() ? "is neither a number nor an errno, as in -13 or -EACCES"
                                : absl::StrCat("is no errno; did you mean ",
                                               absl::StrJoin(near, ", "), "?"));
    }
    // A call answers with the negative; EACCES without its sign can mean nothing else.
    wanted = -*error;
  }
  tests_.emplace_back([wanted](const LogEvent& event) { return event.exit == wanted; });
  return absl::OkStatus();
}

absl::Status EventFilter::AddMessage(const std::string& value) {
  for (const absl::string_view one : absl::StrSplit(value, ',')) {
    int number = 0;
    std::string name = absl::AsciiStrToUpper(one);
    if (absl::SimpleAtoi(one, &number)) {
      if (number < kFirstType || number > kLastType) {
        return Wrong(
            "message", one,
            absl::StrCat("is no type of record: they are from ", kFirstType, " to ", kLastType));
      }
      const char* known = audit_msg_type_to_name(number);
      name = known == nullptr ? absl::StrCat("UNKNOWN[", number, "]") : known;
    } else if (name == "ALL") {
      messages_.clear();
      return absl::OkStatus();
    } else if (name != "CONTAINER_OP" && name != "CONTAINER_ID" &&
               audit_name_to_msg_type(name.c_str()) < 0) {
      return Wrong("message", one, "is no type of record, as in SECCOMP, SYSCALL or 1326");
    }
    messages_.push_back(std::move(name));
  }
  return absl::OkStatus();
}

bool EventFilter::Matches(const LogEvent& event) const {
  if (!nodes_.empty() && std::find(nodes_.begin(), nodes_.end(), event.node) == nodes_.end()) {
    return false;
  }
  const auto wanted = [this](const std::string& type) {
    return std::find(messages_.begin(), messages_.end(), type) != messages_.end();
  };
  if (!messages_.empty() && std::none_of(event.types.begin(), event.types.end(), wanted)) {
    return false;
  }
  return std::all_of(tests_.begin(), tests_.end(), [&](const Test& test) { return test(event); });
}

}  // namespace provost
