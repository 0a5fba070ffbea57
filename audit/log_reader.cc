#include "audit/log_reader.h"

#include <auparse.h>
#include <fcntl.h>
#include <libaudit.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"

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
  call.rule = call.rule.substr(0, call.rule.find('\x01'));  // the second key is the container's
  if (call.rule == "(null)") call.rule.clear();
  return whole;
}

// The event that the parser is at; nullopt if it is not of a call.
std::optional<RecordedCall> TakeEvent(auparse_state_t* parser) {
  RecordedCall call;
  bool found = false;
  auparse_first_record(parser);
  do {
    const int type = auparse_get_type(parser);
    if (type == AUDIT_SYSCALL) found = TakeSyscall(Fields(parser), call);
    if (type == AUDIT_SECCOMP) {
      const auto fields = Fields(parser);
      if (const auto op = fields.find("op"); op != fields.end()) call.op = op->second;
    }
  } while (auparse_next_record(parser) > 0);
  if (!found) return std::nullopt;
  return call;
}

// Serials by runs of neighbours: a log holds those of each of its writers.
class Serials {
 public:
  void Add(uint64_t serial) {
    auto after = ranges_.upper_bound(serial);
    if (after != ranges_.begin()) {
      auto& [first, last] = *std::prev(after);
      if (serial <= last) return;
      if (serial == last + 1) {
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

}  // namespace

absl::StatusOr<RecordedCall> ReadRecordedCall(const std::string& path, uint64_t serial) {
  // auparse says of a file that it cannot open no more than that it cannot.
  if (!UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC)).valid()) {
    return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  }
  const Parser parser(auparse_init(AUSOURCE_FILE, path.c_str()), auparse_destroy);
  if (parser == nullptr) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be read as an audit log"));
  }
  Serials serials;
  bool is_own = false;
  while (auparse_next_event(parser.get()) > 0) {
    const uint64_t at = auparse_get_serial(parser.get());
    serials.Add(at);
    if (at != serial) continue;
    if (std::optional<RecordedCall> call = TakeEvent(parser.get())) return *std::move(call);
    is_own = true;  // or a record of its container's, which auparse makes an event of
  }
  if (is_own) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": event ", serial, " is not of a call: it is the run's own"));
  }
  return absl::NotFoundError(
      absl::StrCat(path, ": no event has the serial ", serial, ": ", serials.ToString()));
}

}  // namespace provost
