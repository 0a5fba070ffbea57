#include "audit/log_reader.h"

#include <auparse.h>
#include <libaudit.h>

#include <cstring>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "audit/log_lines.h"
#include "audit/log_set.h"
#include "base/status_macros.h"
#include "syscalls/path_lookup.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Parser = std::unique_ptr<auparse_state_t, decltype(&auparse_destroy)>;

// The fields of the record that the parser is at, as they stand there.
std::map<std::string, std::string> Fields(auparse_state_t* parser) {
  std::map<std::string, std::string> fields;
  auparse_first_field(parser);
  do {
    const char* name = auparse_get_field_name(parser);
    // A key may be hexadecimal.
    const bool key = name != nullptr && strcmp(name, "key") == 0;
    const char* value = key ? auparse_interpret_field(parser) : auparse_get_field_str(parser);
    if (name != nullptr && value != nullptr) fields.emplace(name, value);
  } while (auparse_next_field(parser) > 0);
  return fields;
}

bool TakeSyscall(const std::map<std::string, std::string>& fields, RecordedCall& call) {
  const auto find = [&](const char* name) -> std::string {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  };
  bool whole = absl::SimpleHexAtoi(find("arch"), &call.request.arch) &&
               absl::SimpleAtoi(find("syscall"), &call.request.nr);
  for (int i = 0; i < 4; ++i) {
    whole &= absl::SimpleHexAtoi(find(absl::StrCat("a", i).c_str()), &call.request.args[i]);
  }
  int64_t exit = 0;
  if (absl::SimpleAtoi(find("exit"), &exit)) call.exit = exit;
  call.rule = find("key");
  if (call.rule == "(null)") call.rule.clear();
  return whole;
}

// An untrusted string as it stands in a record: in quotes, or in hexadecimal.
std::optional<std::string> Decode(absl::string_view raw) {
  if (absl::ConsumePrefix(&raw, "\"") && absl::ConsumeSuffix(&raw, "\"")) return std::string(raw);
  const bool hex = !raw.empty() && raw.size() % 2 == 0 &&
                   raw.find_first_not_of("0123456789ABCDEFabcdef") == absl::string_view::npos;
  if (!hex) return std::nullopt;
  return absl::HexStringToBytes(raw);
}

// The value of a field in a record's text, up to the next blank; empty if it is not there.
absl::string_view RawField(absl::string_view record, absl::string_view name) {
  const std::string start = absl::StrCat(" ", name, "=");
  const size_t at = record.find(start);
  if (at == absl::string_view::npos) return {};
  const absl::string_view value = record.substr(at + start.size());
  return value.substr(0, value.find(' '));
}

// Of one path argument there is one item, beside the directory that it is made in or removed from,
// and the interpreters of a program that was executed (`is_exec`).
void TakePath(absl::string_view record, bool is_exec, RecordedCall& call, int& named) {
  if (RawField(record, "nametype") == "PARENT" || (is_exec && named > 0)) return;
  call.path = ++named == 1 ? Decode(RawField(record, "name")) : std::nullopt;
}

// Takes the event that the parser is at; false if it is not of a call.
bool TakeEvent(auparse_state_t* parser, RecordedCall& call) {
  bool found = false;
  bool is_exec = false;
  int named = 0;
  auparse_first_record(parser);
  do {
    const int type = auparse_get_type(parser);
    if (type == AUDIT_SYSCALL) found = TakeSyscall(Fields(parser), call);
    if (type == AUDIT_SECCOMP) {
      const auto fields = Fields(parser);
      if (const auto op = fields.find("op"); op != fields.end()) call.op = op->second;
    }
    const char* text = auparse_get_record_text(parser);
    if (text == nullptr) continue;
    is_exec |= type == AUDIT_EXECVE;
    if (type == AUDIT_PATH) TakePath(text, is_exec, call, named);
    if (type == AUDIT_CWD) call.cwd = Decode(RawField(text, "cwd"));
  } while (auparse_next_record(parser) > 0);
  return found;
}

// True if the call's path may have been empty, for the record has the name of the descriptor then:
// by what stands in a record, for flags behind the fourth argument do not.
bool MayHaveEmptyPath(const RecordedCall& call) {
  const Syscall* syscall = SyscallTable::Get().Find(call.request);
  if (syscall == nullptr) return false;
  const Signature& signature = *syscall->signature;
  for (size_t i = 0; i < signature.args.size(); ++i) {
    if (signature.args[i].kind != ArgKind::kPath) continue;
    const PathLookup lookup = LookupOf(signature, static_cast<int>(i));
    if (lookup.empty_always) return true;
    if (lookup.empty_mask == 0 || lookup.flags < 0) continue;
    const bool is_known = (RecordedCall::kKnownArgs >> lookup.flags & 1) != 0;
    if (!is_known || (call.request.args[lookup.flags] & lookup.empty_mask) != 0) return true;
  }
  return false;
}

// A descriptor's name is absolute, or like "pipe:[7]".
bool MayBeDescriptorsName(absl::string_view name) {
  return absl::StartsWith(name, "/") || absl::StrContains(name, ':');
}

// Serials by runs of neighbours: a log holds those of each of its writers.
class Serials {
 public:
  void Add(uint64_t serial) {
    auto after = ranges_.upper_bound(serial);
    if (after != ranges_.begin()) {
      auto& [first, last] = *std::prev(after);
      if (serial <= last) return;
      if (serial - last == 1) {
        last = serial;
        if (after != ranges_.end() && after->first == serial + 1) {
          last = after->second;
          ranges_.erase(after);
        }
        return;
      }
    }
    ranges_[serial] = serial;
  }

  std::string ToString() const {
    if (ranges_.empty()) return "it holds no event";
    constexpr size_t kMaxNamed = 5;
    std::string text = "it holds ";
    size_t named = 0;
    for (const auto& [first, last] : ranges_) {
      if (named == kMaxNamed) return absl::StrCat(text, " and others");
      absl::StrAppend(&text, named++ == 0 ? "" : ", ", first);
      if (last != first) absl::StrAppend(&text, " to ", last);
    }
    return text;
  }

 private:
  std::map<uint64_t, uint64_t> ranges_;  // first to last
};

// The call among the records of `text`, all of them of one event.
absl::StatusOr<RecordedCall> ParseEvent(const std::string& path, uint64_t serial,
                                        const std::string& text) {
  const Parser parser(auparse_init(AUSOURCE_BUFFER, text.c_str()), auparse_destroy);
  if (parser == nullptr) {
    return absl::UnavailableError(absl::StrCat(path, ": event ", serial, " cannot be read"));
  }
  // Records of a type that auparse does not know end an event early.
  RecordedCall call;
  bool found = false;
  while (auparse_next_event(parser.get()) > 0) found |= TakeEvent(parser.get(), call);
  if (call.path && MayBeDescriptorsName(*call.path) && MayHaveEmptyPath(call)) call.path.reset();
  if (found) return call;
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": event ", serial, " is not of a call: it is the run's own"));
}

}  // namespace

namespace {

// The record that names the policies in force at an event, of its run's start or of a reload: each
// supervisor's serials rise from a random place, so that it is the nearest before it.
struct RunStart {
  std::optional<uint64_t> serial;
  int64_t seconds = 0;
  std::string record;

  void Take(const RecordHeader& header, absl::string_view line, uint64_t event) {
    const bool start =
        header.type == "SERVICE_START" && absl::StrContains(line, " op=supervisor-start ");
    const bool reload =
        header.type == "USYS_CONFIG" && absl::StrContains(line, " op=supervisor-reload ");
    if (header.serial > event || (!start && !reload) ||
        (serial.has_value() && *serial > header.serial))
      return;
    serial = header.serial;
    seconds = header.seconds;
    record = std::string(line);
  }

  std::vector<std::string> Sources(absl::string_view field) const {
    const std::optional<std::string> joined = Decode(RawField(record, field));
    if (!joined.has_value()) return {};
    return absl::StrSplit(*joined, '\x01');
  }
};

// A log with the files that rotation left of it, oldest first; "-" is standard input.
absl::StatusOr<std::vector<OpenedLog>> OpenAll(const std::string& path) {
  if (path != "-") return OpenLogSet(path);
  std::vector<OpenedLog> files(1);
  PROVOST_ASSIGN_OR_RETURN(files[0], OpenOneLog(path));
  return files;
}

}  // namespace

absl::StatusOr<RecordedCall> ReadRecordedCall(const std::string& path, uint64_t serial) {
  Serials serials;
  std::string event;
  RunStart run;
  const auto take = [&](absl::string_view line) {
    const absl::StatusOr<RecordHeader> header = ParseRecordHeader(line);
    if (!header.ok()) return;
    serials.Add(header->serial);
    run.Take(*header, line, serial);
    if (header->serial == serial) absl::StrAppend(&event, line, "\n");
  };
  PROVOST_ASSIGN_OR_RETURN(const std::vector<OpenedLog> files, OpenAll(path));
  for (const OpenedLog& file : files) {
    LogLines lines(file.fd.get(), file.path);
    while (true) {
      PROVOST_ASSIGN_OR_RETURN(const std::optional<absl::string_view> line, lines.Next());
      if (!line) break;
      take(*line);
    }
    if (const std::optional<absl::string_view> rest = lines.Rest()) take(*rest);
  }
  if (event.empty()) {
    return absl::NotFoundError(
        absl::StrCat(path, ": no event has the serial ", serial, ": ", serials.ToString()));
  }
  PROVOST_ASSIGN_OR_RETURN(RecordedCall call, ParseEvent(path, serial, event));
  call.run_policies = run.Sources("policies");
  call.run_rules = run.Sources("rules");
  call.run_started = run.seconds;
  return call;
}

}  // namespace provost
