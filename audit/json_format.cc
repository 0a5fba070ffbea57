#include "audit/json_format.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "audit/socket_address.h"
#include "audit/untrusted.h"
#include "audit/wording.h"
#include "base/identity.h"
#include "policy/verdict.h"
#include "syscalls/constants.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// The length of the UTF-8 sequence that `text` begins with; 0 if it begins with none (Unicode
// 15.0, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
size_t SequenceLength(absl::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto continues = [&](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xbf; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && second < 0xa0;
    const bool surrogate = first == 0xed && second > 0x9f;
    return !overlong && !surrogate && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && second < 0x90;
    const bool too_high = first == 0xf4 && second > 0x8f;
    return !overlong && !too_high && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void AppendEscape(unsigned code, std::string& out) {
  absl::StrAppend(&out, "\\u", absl::Hex(code, absl::kZeroPad4));
}

// One sequence, escaped where a reader or a terminal would take it for more than a character.
void AppendSequence(absl::string_view sequence, std::string& out) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (first == '"' || first == '\\') {
    out.push_back('\\');
    out.push_back(sequence[0]);
  } else if (first < 0x20 || first == 0x7f) {
    AppendEscape(first, out);
  } else if (first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0) {
    AppendEscape(static_cast<unsigned char>(sequence[1]), out);  // U+0080…U+009F
  } else {
    out.append(sequence.data(), sequence.size());
  }
}

// A string as JSON has it; false if U+FFFD stands in it for a byte that is no part of a character.
bool AppendQuoted(absl::string_view text, std::string& out) {
  bool valid = true;
  out.push_back('"');
  for (absl::string_view rest = text; !rest.empty();) {
    const size_t length = SequenceLength(rest);
    if (length == 0) {
      valid = false;
      AppendEscape(0xfffd, out);
    } else {
      AppendSequence(rest.substr(0, length), out);
    }
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  out.push_back('"');
  return valid;
}

void AppendNumber(absl::string_view name, const absl::AlphaNum& number, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":", number);
}

void AppendWord(absl::string_view name, const absl::AlphaNum& word, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":\"", word, "\"");
}

void AppendId(absl::string_view name, uint32_t id, std::string& out) {
  if (id != UINT32_MAX) AppendNumber(name, id, out);
}

void AppendText(absl::string_view name, absl::string_view text, std::string& out) {
  if (!text.empty()) AppendJsonString(name, text, out);
}

// `,"name":` and a list of what `append` makes of each.
template <typename Items, typename Append>
void AppendList(absl::string_view name, const Items& items, std::string& out,
                const Append& append) {
  absl::StrAppend(&out, ",\"", name, "\":[");
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.push_back(',');
    first = false;
    append(item);
  }
  out.push_back(']');
}

// `{…}` where `append` appends the fields, each with a comma before it.
template <typename Append>
void AppendObject(std::string& out, const Append& append) {
  const size_t start = out.size();
  append();
  if (out.size() == start) out.push_back(' ');
  out[start] = '{';  // in place of the first comma
  out.push_back('}');
}

void AppendTask(const Identity& who, std::string& out) {
  AppendNumber("pid", who.pid, out);
  if (who.tid != 0) AppendNumber("tid", who.tid, out);
  if (who.ppid != 0) AppendNumber("ppid", who.ppid, out);
  AppendId("auid", who.auid, out);
  AppendId("ses", who.ses, out);
  AppendId("uid", who.uid, out);
  AppendId("euid", who.euid, out);
  AppendId("suid", who.suid, out);
  AppendId("fsuid", who.fsuid, out);
  AppendId("gid", who.gid, out);
  AppendId("egid", who.egid, out);
  AppendId("sgid", who.sgid, out);
  AppendId("fsgid", who.fsgid, out);
  AppendText("tty", who.tty, out);
  AppendText("comm", who.comm, out);
  AppendText("exe", who.exe, out);
  AppendText("proctitle", who.proctitle, out);
}

void AppendArch(uint32_t arch, std::string& out) {
  for (const Arch known : kAllArches) {
    if (static_cast<uint32_t>(known) == arch) return AppendWord("arch", ArchName(known), out);
  }
  AppendWord("arch", absl::Hex(arch), out);
}

void AppendCall(const SyscallRequest& request, std::string& out) {
  AppendArch(request.arch, out);
  if (const Syscall* const call = SyscallTable::Get().Find(request)) {
    AppendWord("syscall", call->signature->name, out);
  }
  AppendNumber("nr", request.nr, out);
  const uint64_t mask = request.IsI386() ? UINT32_MAX : UINT64_MAX;
  AppendList("args", request.args, out, [&](uint64_t argument) {
    absl::StrAppend(&out, "\"0x", absl::Hex(argument & mask), "\"");
  });
  absl::StrAppend(&out, ",\"ip\":\"0x", absl::Hex(request.ip), "\"");
}

void AppendResult(const DecisionEvent& event, std::string& out) {
  if (std::holds_alternative<Kill>(event.decision.verdict)) AppendWord("sig", "SIGSYS", out);
  if (!event.result) return;
  const int64_t result = *event.result;
  const bool failed = IsError(result);
  AppendNumber("success", failed ? "false" : "true", out);
  AppendNumber("exit", result, out);
  const auto error = failed ? ErrnoName(static_cast<int>(-result)) : std::nullopt;
  if (error) AppendWord("errno", *error, out);
}

void AppendDevice(absl::string_view name, const PathFact::Device& device, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":\"", absl::Hex(device.major, absl::kZeroPad2), ":",
                  absl::Hex(device.minor, absl::kZeroPad2), "\"");
}

void AppendCapabilities(const PathFact::Capabilities& capabilities, std::string& out) {
  if (capabilities == PathFact::Capabilities()) return;
  AppendWord("cap_fp", absl::Hex(capabilities.permitted, absl::kZeroPad16), out);
  AppendWord("cap_fi", absl::Hex(capabilities.inheritable, absl::kZeroPad16), out);
  AppendNumber("cap_fe", capabilities.effective ? "true" : "false", out);
  AppendNumber("cap_fver", capabilities.version, out);
  AppendNumber("cap_frootid", capabilities.root_id, out);
}

void AppendPath(const PathFact& path, std::string& out) {
  AppendObject(out, [&] {
    if (path.name) AppendJsonString("name", *path.name, out);
    AppendWord("nametype", NameTypeName(path.name_type), out);
    if (path.inode) {
      AppendNumber("inode", path.inode->number, out);
      AppendDevice("dev", path.inode->device, out);
      out += ",\"mode\":\"";
      AppendMode(path.inode->mode, out);
      out.push_back('"');
      AppendNumber("ouid", path.inode->uid, out);
      AppendNumber("ogid", path.inode->gid, out);
      AppendDevice("rdev", path.inode->rdev, out);
    }
    AppendCapabilities(path.capabilities, out);
  });
}

void AppendAddress(absl::string_view bytes, std::string& out) {
  const SocketAddress address = ParseSocketAddress(bytes);
  out += ",\"sockaddr\":";
  AppendObject(out, [&] {
    if (!address.family_name.empty()) {
      AppendWord("family", address.family_name, out);
    } else if (address.family) {
      AppendWord("family", *address.family, out);
    }
    if (address.port) {
      AppendWord("address", address.host, out);
      AppendNumber("port", *address.port, out);
    }
    if (address.path) AppendJsonString("path", *address.path, out);
    if (address.netlink_pid) AppendNumber("nlnk-pid", *address.netlink_pid, out);
    out += ",\"saddr\":\"";
    AppendHex(bytes, out);
    out.push_back('"');
  });
}

void AppendOtherTask(const OtherTask& task, std::string& out) {
  AppendObject(out, [&] {
    AppendNumber("opid", task.pid, out);
    AppendId("oauid", task.auid, out);
    AppendId("ouid", task.uid, out);
    AppendId("oses", task.ses, out);
    AppendText("ocomm", task.comm, out);
    if (task.contid) AppendNumber("contid", *task.contid, out);
  });
}

void AppendClock(const ClockChange& clock, std::string& out) {
  if (clock.injected) {
    out += ",\"injected\":";
    AppendObject(out, [&] {
      AppendNumber("sec", clock.injected->seconds, out);
      AppendNumber("nsec", clock.injected->nanoseconds, out);
    });
  }
  if (clock.values.empty()) return;
  AppendList("adjusted", clock.values, out, [&](const ClockChange::Value& value) {
    AppendObject(out, [&] {
      AppendWord("op", ClockValueName(value.what), out);
      AppendNumber("old", value.old_value, out);
      AppendNumber("new", value.new_value, out);
    });
  });
}

void AppendExec(const ExecArguments& exec, std::string& out) {
  AppendNumber("argc", exec.count, out);
  bool valid = true;
  AppendList("argv", exec.words, out,
             [&](const std::string& word) { valid &= AppendQuoted(word, out); });
  if (valid) return;
  AppendList("argv_hex", exec.words, out, [&](const std::string& word) {
    out.push_back('"');
    AppendHex(word, out);
    out.push_back('"');
  });
}

void AppendFacts(const CallFacts& facts, std::string& out) {
  if (facts.contid) AppendNumber("contid", *facts.contid, out);
  if (!facts.sockaddr.empty()) AppendAddress(facts.sockaddr, out);
  if (!facts.network_contids.empty()) {
    AppendList("network_contids", facts.network_contids, out,
               [&](uint64_t contid) { absl::StrAppend(&out, contid); });
  }
  if (!facts.objects.empty()) {
    AppendList("objects", facts.objects, out,
               [&](const OtherTask& task) { AppendOtherTask(task, out); });
  }
  AppendClock(facts.clock, out);
  if (facts.exec) AppendExec(*facts.exec, out);
  if (facts.paths.empty()) return;
  if (facts.cwd) AppendJsonString("cwd", *facts.cwd, out);
  AppendList("paths", facts.paths, out, [&](const PathFact& path) { AppendPath(path, out); });
}

// Everything after the fields that all events have.
struct AppendFields {
  std::string& out;

  void operator()(const DecisionEvent& event) const {
    AppendWord("op", OperationName(event.decision.verdict), out);
    AppendText("key", event.decision.rule, out);
    AppendCall(event.request, out);
    AppendResult(event, out);
    if (event.identity != nullptr) AppendTask(*event.identity, out);
    if (event.facts != nullptr) AppendFacts(*event.facts, out);
  }

  void operator()(const SupervisorEvent& event) const {
    AppendWord("op", OperationName(event.what), out);
    if (event.seed) AppendNumber("seed", *event.seed, out);
    if (event.generation > 0) AppendNumber("generation", event.generation, out);
    AppendText("policies", absl::StrJoin(event.policies, "\n"), out);
    AppendText("rules", absl::StrJoin(event.rules, "\n"), out);
    AppendText("attached", absl::StrJoin(event.attached, ","), out);
    AppendText("unseen", UnseenCalls(event), out);
    if (event.what == SupervisorEvent::What::kEnd) AppendNumber("events", event.events, out);
    if (HasLostCount(event)) AppendNumber("lost", event.lost, out);
    AppendText("reason", event.reason, out);
    AppendNumber("success", IsFailure(event) ? "false" : "true", out);
    if (event.identity != nullptr) AppendTask(*event.identity, out);
  }

  void operator()(const ContainerEvent& event) const {
    AppendWord("op", "set", out);
    AppendNumber("opid", event.pid, out);
    if (event.contid != UINT64_MAX) AppendNumber("contid", event.contid, out);
    if (event.old_contid != UINT64_MAX) AppendNumber("old-contid", event.old_contid, out);
    AppendNumber("success", event.succeeded ? "true" : "false", out);
    if (event.identity != nullptr) AppendTask(*event.identity, out);
  }

  void operator()(const ConfigChangeEvent& event) const {
    AppendWord("op", event.mark ? "audited" : "seccomp-logging", out);
    if (!event.mark) {
      AppendJsonString("actions", event.actions, out);
      AppendJsonString("old-actions", event.old_actions, out);
    } else {
      if (event.mark->pid != 0) AppendNumber("opid", event.mark->pid, out);
      if (event.mark->contid != UINT64_MAX) AppendNumber("contid", event.mark->contid, out);
      AppendNumber("audited", event.mark->audited ? "true" : "false", out);
      AppendNumber("old-audited", event.mark->was_audited ? "true" : "false", out);
    }
    AppendNumber("success", event.succeeded ? "true" : "false", out);
    const Identity* const who = event.asked_by != nullptr ? event.asked_by : event.identity;
    if (who != nullptr) AppendTask(*who, out);
  }
};

}  // namespace

void AppendJsonString(absl::string_view name, absl::string_view text, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":");
  if (AppendQuoted(text, out)) return;
  absl::StrAppend(&out, ",\"", name, "_hex\":\"");
  AppendHex(text, out);
  out.push_back('"');
}

void AppendJsonEvent(const Event& event, const EventStamp& stamp, const EventFormat& format,
                     std::string& out) {
  constexpr absl::string_view kTypes[] = {"SECCOMP", "", "CONTAINER_OP", "CONFIG_CHANGE"};
  static_assert(std::variant_size_v<Event> == std::size(kTypes));
  const auto* own = std::get_if<SupervisorEvent>(&event);
  const absl::string_view type = own != nullptr ? RecordTypeOf(*own) : kTypes[event.index()];
  absl::StrAppend(&out, "{\"type\":\"", type, "\",\"time\":", stamp.seconds, ".",
                  absl::Dec(stamp.milliseconds, absl::kZeroPad3), ",\"serial\":", stamp.serial);
  AppendText("node", format.node, out);
  std::visit(AppendFields{out}, event);
  out += "}\n";
}

}  // namespace provost
