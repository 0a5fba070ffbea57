#include "tools/report/event_assembler.h"

#include <auparse.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Parser = std::unique_ptr<auparse_state_t, decltype(&auparse_destroy)>;

// Records of an event that nobody ends (a filter's, say) wait for younger ones; no more than so
// many wait.
constexpr size_t kMaxOpen = 4096;
// An event of more records is taken for several.
constexpr size_t kMaxRecords = 4096;
constexpr int64_t kSecondsOpen = 2;

// An untrusted string as it stands in a record: in quotes, or hexadecimal.
std::string Decode(absl::string_view raw) {
  if (raw.size() >= 2 && raw.front() == '"' && raw.back() == '"') {
    return std::string(raw.substr(1, raw.size() - 2));
  }
  const bool hex = !raw.empty() && raw.size() % 2 == 0 &&
                   std::all_of(raw.begin(), raw.end(), absl::ascii_isxdigit);
  return hex ? absl::HexStringToBytes(raw) : std::string(raw);
}

bool IsNone(absl::string_view raw) { return raw == "(null)" || raw == "?"; }

template <typename T>
void TakeNumber(absl::string_view raw, std::optional<T>& into) {
  T number = 0;
  if (!into.has_value() && absl::SimpleAtoi(raw, &number)) into = number;
}

// Ids are unsigned; some records write "unset" as -1.
void TakeId(absl::string_view raw, std::optional<uint32_t>& into) {
  if (raw == "-1" && !into.has_value()) into = UINT32_MAX;
  TakeNumber(raw, into);
}

void TakeString(absl::string_view raw, std::string& into) {
  if (into.empty() && !IsNone(raw)) into = Decode(raw);
}

template <typename T>
void AddOnce(std::vector<T>& all, T value) {
  if (std::find(all.begin(), all.end(), value) == all.end()) all.push_back(std::move(value));
}

void TakeContainers(absl::string_view raw, std::vector<uint64_t>& containers) {
  for (const absl::string_view one : absl::StrSplit(raw, ',')) {
    uint64_t contid = 0;
    if (absl::SimpleAtoi(one, &contid)) AddOnce(containers, contid);
  }
}

// What a filter of the kernel's did, in the words of op=.
std::string VerdictOf(uint32_t code) {
  switch (code & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
      return "kill";
    case SECCOMP_RET_TRAP:
      return "trap";
    case SECCOMP_RET_ERRNO:
      return "deny";
    case SECCOMP_RET_USER_NOTIF:
      return "notify";
    case SECCOMP_RET_TRACE:
      return "trace";
    case SECCOMP_RET_LOG:
      return "log";
    default:
      return "allow";
  }
}

// The field that the parser is at, of a record that says who called what.
void TakeField(auparse_state_t* parser, absl::string_view name, absl::string_view raw,
               LogEvent& event) {
  if (name == "arch") {
    uint32_t arch = 0;
    if (!event.arch.has_value() && absl::SimpleHexAtoi(raw, &arch)) event.arch = arch;
  } else if (name == "syscall") {
    TakeNumber(raw, event.nr);
    if (event.syscall.empty()) {
      const SyscallRequest request{.arch = event.arch.value_or(0), .nr = event.nr.value_or(-1)};
      const Syscall* known = SyscallTable::Get().Find(request);
      // Of other architectures auparse knows the calls.
      const char* interpreted = request.HasKnownArch() ? nullptr : auparse_interpret_field(parser);
      if (known != nullptr) {
        event.syscall = std::string(known->signature->name);
      } else if (interpreted != nullptr && !absl::StartsWith(interpreted, "unknown")) {
        event.syscall = interpreted;
      } else {
        event.syscall = absl::StrCat(absl::Hex(request.arch), ":", request.nr);
      }
    }
  } else if (name == "success" || name == "res") {
    const bool yes = raw == "yes" || raw == "success" || raw == "1";
    const bool no = raw == "no" || raw == "failed" || raw == "0";
    if (!event.success.has_value() && (yes || no)) event.success = yes;
  } else if (name == "exit") {
    TakeNumber(raw, event.exit);
  } else if (name == "pid") {
    TakeNumber(raw, event.pid);
  } else if (name == "ppid") {
    TakeNumber(raw, event.ppid);
  } else if (name == "uid") {
    TakeId(raw, event.uid);
  } else if (name == "euid") {
    TakeId(raw, event.euid);
  } else if (name == "auid") {
    TakeId(raw, event.auid);
  } else if (name == "ses") {
    TakeId(raw, event.session);
  } else if (name == "comm") {
    TakeString(raw, event.name);
  } else if (name == "exe") {
    TakeString(raw, event.program);
  } else if (name == "tty" || name == "terminal") {
    TakeString(raw, event.terminal);
  } else if (name == "lost") {
    TakeNumber(raw, event.lost);
  }
}

void TakeKey(absl::string_view raw, LogEvent& event) {
  if (IsNone(raw)) return;
  // auparse has several keys in one as fields of their own.
  for (absl::string_view key : absl::StrSplit(Decode(raw), '\x01')) {
    absl::string_view contid = key;
    const bool label = !event.rules.empty() && absl::ConsumePrefix(&contid, "contid=");
    if (label) {
      TakeContainers(contid, event.containers);
    } else if (!key.empty()) {
      AddOnce(event.rules, std::string(key));
    }
  }
}

void TakeRecordField(auparse_state_t* parser, absl::string_view type, LogEvent& event) {
  const char* field_name = auparse_get_field_name(parser);
  const char* value = auparse_get_field_str(parser);
  if (field_name == nullptr || value == nullptr) return;
  const absl::string_view name = field_name;
  const absl::string_view raw = value;
  if (type == "PATH") {
    if (name == "name" && raw != "(null)") event.paths.push_back(Decode(raw));
  } else if (type == "SOCKADDR") {
    if (name != "saddr") return;
    const char* family = auparse_interpret_sock_family(parser);
    if (family == nullptr || absl::string_view(family) != "local") return;
    if (const char* address = auparse_interpret_sock_address(parser)) {
      event.paths.emplace_back(address);
    }
  } else if (type == "PROCTITLE") {
    if (name == "proctitle") {
      event.command = absl::StrReplaceAll(Decode(raw), {{absl::string_view("\0", 1), " "}});
    }
  } else if (type == "CONTAINER_ID") {
    const absl::string_view text = auparse_get_record_text(parser);
    const bool other = absl::StrContains(text, " opid=") || absl::StrContains(text, " op=net");
    if (name == "contid") TakeContainers(raw, other ? event.other_containers : event.containers);
  } else if (type == "CWD" || type == "OBJ_PID") {
    return;
  } else if (name == "key") {
    TakeKey(raw, event);
  } else if (name == "op") {
    (type == "SECCOMP" ? event.verdict : event.op) = Decode(raw);
  } else if (name == "code" && type == "SECCOMP") {
    uint32_t code = 0;
    if (event.verdict.empty() && absl::SimpleHexAtoi(raw, &code)) event.verdict = VerdictOf(code);
  } else if (name == "contid" && type == "CONTAINER_OP") {
    TakeContainers(raw, event.containers);
  } else {
    TakeField(parser, name, raw, event);
  }
}

// Fills in what the records say.
void TakeApart(LogEvent& event) {
  std::string text;
  for (const std::string& line : event.lines) absl::StrAppend(&text, line, "\n");
  const Parser parser(auparse_init(AUSOURCE_BUFFER, text.c_str()), auparse_destroy);
  if (parser == nullptr) return;
  auparse_set_escape_mode(parser.get(), AUPARSE_ESC_RAW);
  while (auparse_next_event(parser.get()) > 0) {
    if (auparse_first_record(parser.get()) <= 0) continue;
    do {
      absl::string_view type;
      if (auparse_first_field(parser.get()) <= 0) continue;
      do {
        const char* name = auparse_get_field_name(parser.get());
        if (type.empty()) {
          if (name != nullptr && absl::string_view(name) == "type") {
            type = auparse_get_field_str(parser.get());
          }
          continue;  // node=, type=
        }
        TakeRecordField(parser.get(), type, event);
      } while (auparse_next_field(parser.get()) > 0);
    } while (auparse_next_record(parser.get()) > 0);
  }
}

// One record is the whole event: what user space sends, and what the audit system says of itself.
bool StandsAlone(absl::string_view type) {
  static constexpr absl::string_view kPrefixes[] = {
      "USER", "CRED_", "TRUSTED_APP", "DAEMON_", "SERVICE_", "SYSTEM_", "CONTAINER_OP", "USYS_"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](absl::string_view prefix) { return absl::StartsWith(type, prefix); });
}

}  // namespace

void EventAssembler::Add(const RecordHeader& header, absl::string_view line) {
  Key key(header.node, header.seconds, header.milliseconds, header.serial);
  auto known = by_key_.find(key);
  if (known != by_key_.end() && known->second->event.lines.size() >= kMaxRecords) {
    known->second->ended = true;
    by_key_.erase(known);
    known = by_key_.end();
  }
  if (known == by_key_.end()) {
    // Another event's record: those before it that look whole are.
    while (!open_.empty() && (open_.front().ended || open_.size() >= kMaxOpen ||
                              open_.front().event.seconds + kSecondsOpen <= header.seconds)) {
      Emit();
    }
    LogEvent event;
    event.seconds = header.seconds;
    event.milliseconds = header.milliseconds;
    event.serial = header.serial;
    event.node = std::string(header.node);
    open_.push_back({key, std::move(event), false, std::chrono::steady_clock::now()});
    known = by_key_.emplace(std::move(key), std::prev(open_.end())).first;
  }
  Open& open = *known->second;
  open.event.types.emplace_back(header.type);
  open.event.lines.emplace_back(line);
  open.ended |= header.type == "PROCTITLE" || header.type == "EOE" || StandsAlone(header.type);
}

void EventAssembler::Emit() {
  const auto known = by_key_.find(open_.front().key);
  if (known != by_key_.end() && known->second == open_.begin()) by_key_.erase(known);
  Open open = std::move(open_.front());
  open_.pop_front();
  TakeApart(open.event);
  take_(open.event);
}

void EventAssembler::Idle(std::chrono::steady_clock::time_point now) {
  while (!open_.empty() &&
         (open_.front().ended || open_.front().came + std::chrono::seconds(kSecondsOpen) <= now)) {
    Emit();
  }
}

void EventAssembler::Finish() {
  while (!open_.empty()) Emit();
}

}  // namespace provost
