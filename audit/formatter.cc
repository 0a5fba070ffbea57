#include "audit/formatter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "audit/fact_records.h"
#include "audit/json_format.h"
#include "audit/record_line.h"
#include "audit/untrusted.h"
#include "audit/wording.h"
#include "base/call_facts.h"
#include "base/identity.h"
#include "policy/verdict.h"

namespace provost {
namespace {

constexpr absl::string_view kKeySeparator = "\x01";  // AUDIT_KEY_SEPARATOR
// What the kernel keeps of each untrusted string: TASK_COMM_LEN less its NUL, AUDIT_MAX_KEY_LEN,
// MAX_PROCTITLE_AUDIT_LEN.
constexpr size_t kMaxComm = 15;
constexpr size_t kMaxKey = AUDIT_MAX_KEY_LEN;
constexpr size_t kMaxProctitle = 128;
// Bytes an encoded path may take in a record. With it the longest SYSCALL record, where every
// number has all its digits and every other string is as long as it may be, stays within
// kMaxRecord.
constexpr size_t kMaxEncodedPath = 7168;
// A terminal's name comes from a driver and is short.
constexpr size_t kMaxTty = 32;

// As audit_log_d_path_exe() has it: (null) where there is none, <too_long> where it does not fit.
void AppendExe(absl::string_view exe, std::string& out,
               void (*encode)(absl::string_view, std::string&) = AppendUntrusted) {
  if (exe.empty()) {
    out += "(null)";
    return;
  }
  const size_t start = out.size();
  encode(exe, out);
  if (out.size() - start <= kMaxEncodedPath) return;
  out.resize(start);
  out += "\"<too_long>\"";
}

void AppendComm(absl::string_view comm, std::string& out) {
  AppendUntrusted(comm.substr(0, kMaxComm), out);
}

// The rule's name, and, as a second key, the task's container. A rule's name is one key whatever is
// in it.
void AppendKey(absl::string_view rule, const CallFacts* facts, std::string& out) {
  rule = rule.substr(0, kMaxKey);
  const bool contained = facts != nullptr && facts->contid.has_value();
  const bool plain = rule.find(kKeySeparator[0]) == absl::string_view::npos;
  if (!contained && rule.empty()) {
    out += "(null)";
  } else if (!contained && plain) {
    AppendUntrusted(rule, out);
  } else {
    std::string keys(rule);
    std::replace(keys.begin(), keys.end(), kKeySeparator[0], ' ');
    if (contained) {
      absl::StrAppend(&keys, keys.empty() ? "" : kKeySeparator, "contid=", *facts->contid);
    }
    AppendUntrusted(keys, out);
  }
}

// The kernel prints a terminal's name bare, so nothing may stand in it that could end the field.
void AppendTty(const std::string& tty, absl::string_view none, std::string& out) {
  const bool bare = !tty.empty() && tty.size() <= kMaxTty && IsQuotable(tty) &&
                    tty.find('\'') == std::string::npos;
  if (bare) {
    out += tty;
  } else {
    out.append(none.data(), none.size());
  }
}

// The kernel's isprint() is that of Latin-1 (lib/ctype.c).
bool IsKernelPrintable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte <= 0x7e) || byte >= 0xa0;
}

// Drops the unprintable end of an argv, its last NUL above all: audit_proctitle_rtrim().
absl::string_view TrimProctitle(absl::string_view title) {
  title = title.substr(0, kMaxProctitle);
  while (!title.empty() && !IsKernelPrintable(title.back())) title.remove_suffix(1);
  return title;
}

// audit_seccomp() in kernel/auditsc.c, with `subj=?` and `op=` ours: auparse finds arch and syscall
// by their place, which only a subject puts right, and ausearch wants `syscall=` not to be last.
void AppendSeccomp(const DecisionEvent& event, const Identity& who, const EventLines& lines) {
  const SyscallRequest& request = event.request;
  const int signal = std::holds_alternative<Kill>(event.decision.verdict) ? SIGSYS : 0;
  RecordLine line(lines, "SECCOMP");
  line.Add("auid=", who.auid, " uid=", who.uid, " gid=", who.gid, " ses=", who.ses,
           " subj=? pid=", who.pid, " comm=");
  AppendComm(who.comm, line.out());
  line.Add(" exe=");
  AppendExe(who.exe, line.out());
  line.Add(" sig=", signal, " arch=", absl::Hex(request.arch), " syscall=", request.nr,
           " compat=", request.IsI386() ? 1 : 0, " ip=0x", absl::Hex(request.ip), " code=0x",
           absl::Hex(SECCOMP_RET_TRACE), " op=", OperationName(event.decision.verdict));
  line.NameUser("AUID", who.auid);
  line.NameUser("UID", who.uid);
  line.NameGroup("GID", who.gid);
  line.NameArch(request.arch);
  line.NameCall(request);
}

void AppendArguments(const SyscallRequest& request, const RecordLine& line) {
  const uint64_t mask = request.IsI386() ? UINT32_MAX : UINT64_MAX;
  line.Add(" a0=", absl::Hex(request.args[0] & mask), " a1=", absl::Hex(request.args[1] & mask),
           " a2=", absl::Hex(request.args[2] & mask), " a3=", absl::Hex(request.args[3] & mask));
}

void AppendTaskIds(const Identity& who, const RecordLine& line) {
  line.Add(" ppid=", who.ppid, " pid=", who.pid, " auid=", who.auid, " uid=", who.uid,
           " gid=", who.gid, " euid=", who.euid, " suid=", who.suid, " fsuid=", who.fsuid,
           " egid=", who.egid, " sgid=", who.sgid, " fsgid=", who.fsgid, " tty=");
}

void NameTaskIds(const Identity& who, RecordLine& line) {
  line.NameUser("AUID", who.auid);
  line.NameUser("UID", who.uid);
  line.NameGroup("GID", who.gid);
  line.NameUser("EUID", who.euid);
  line.NameUser("SUID", who.suid);
  line.NameUser("FSUID", who.fsuid);
  line.NameGroup("EGID", who.egid);
  line.NameGroup("SGID", who.sgid);
  line.NameGroup("FSGID", who.fsgid);
}

// audit_log_exit() and audit_log_task_info() in kernel/auditsc.c.
void AppendSyscall(const DecisionEvent& event, const Identity& who, const EventLines& lines) {
  RecordLine line(lines, "SYSCALL");
  line.Add("arch=", absl::Hex(event.request.arch), " syscall=", event.request.nr);
  if (event.result.has_value()) {
    line.Add(" success=", IsError(*event.result) ? "no" : "yes", " exit=", *event.result);
  }
  AppendArguments(event.request, line);
  line.Add(" items=", event.facts != nullptr ? event.facts->paths.size() : 0);
  AppendTaskIds(who, line);
  AppendTty(who.tty, "(none)", line.out());
  line.Add(" ses=", who.ses, " comm=");
  AppendComm(who.comm, line.out());
  line.Add(" exe=");
  AppendExe(who.exe, line.out());
  line.Add(" subj=? key=");
  AppendKey(event.decision.rule, event.facts, line.out());
  line.NameArch(event.request.arch);
  line.NameCall(event.request);
  NameTaskIds(who, line);
}

// audit_log_proctitle() in kernel/auditsc.c.
void AppendProctitle(const Identity& who, const EventLines& lines) {
  const absl::string_view title = TrimProctitle(who.proctitle);
  const RecordLine line(lines, "PROCTITLE");
  line.Add("proctitle=");
  AppendUntrusted(title.empty() ? "(null)" : title, line.out());
}

void AppendDecision(const DecisionEvent& event, const Identity& who, const EventLines& lines) {
  if (event.facts != nullptr) AppendContainerIds(*event.facts, lines);
  AppendSeccomp(event, who, lines);
  if (event.facts != nullptr) AppendPeers(*event.facts, lines);
  AppendSyscall(event, who, lines);
  if (event.facts != nullptr) AppendFactRecords(*event.facts, lines);
  AppendProctitle(who, lines);
}

// Inside msg='…' an apostrophe would end the message, so it is no more quotable than '"'.
void AppendInMessage(absl::string_view text, std::string& out) {
  if (text.find('\'') != absl::string_view::npos) {
    AppendHex(text, out);
  } else {
    AppendUntrusted(text, out);
  }
}

// What is too long to stay whole is left out: half a policy is another one.
void AppendSources(absl::string_view field, const std::vector<std::string>& sources,
                   const RecordLine& line) {
  constexpr size_t kMost = 1700;  // bytes, of which hexadecimal makes two each
  const std::string joined = absl::StrJoin(sources, absl::string_view("\x01"));
  if (joined.empty()) return;
  line.Add(field);
  if (joined.size() > kMost) {
    line.Add("?");
  } else {
    AppendInMessage(joined, line.out());
  }
}

void AppendOperation(const SupervisorEvent& event, const RecordLine& line) {
  line.Add("op=", OperationName(event.what));
  if (event.seed.has_value()) line.Add(" seed=", *event.seed);
  if (event.generation > 0) line.Add(" generation=", event.generation);
  AppendSources(" policies=", event.policies, line);
  AppendSources(" rules=", event.rules, line);
  if (!event.attached.empty()) line.Add(" attached=", absl::StrJoin(event.attached, ","));
  if (!event.unseen.empty()) line.Add(" unseen=", UnseenCalls(event));
  if (event.what == SupervisorEvent::What::kEnd) line.Add(" events=", event.events);
  if (HasLostCount(event)) line.Add(" lost=", event.lost);
  if (!event.reason.empty()) line.Add(" reason=", event.reason);
}

// The form of a user-space message: audit_log_user_message(3) over audit_receive_msg() in
// kernel/audit.c.
void AppendOwnMessage(const SupervisorEvent& event, const Identity& who, const EventLines& lines) {
  const bool failed = IsFailure(event);
  const RecordLine line(lines, RecordTypeOf(event));
  line.Add("pid=", who.pid, " uid=", who.uid, " auid=", who.auid, " ses=", who.ses,
           " subj=? msg='");
  // A service's records read "started-service provost" where others read "unknown".
  if (event.what != SupervisorEvent::What::kEventsLost) line.Add("unit=provost ");
  AppendOperation(event, line);
  line.Add(" comm=");
  AppendInMessage(absl::string_view(who.comm).substr(0, kMaxComm), line.out());
  line.Add(" exe=");
  AppendExe(who.exe, line.out(), AppendInMessage);
  line.Add(" hostname=? addr=? terminal=");
  AppendTty(who.tty, "?", line.out());
  line.Add(" res=", failed ? "failed" : "success", "'");
}

// In the form that was proposed to the kernel (audit_set_contid in the patches "audit: implement
// container identifier").
void AppendContainerOp(const ContainerEvent& event, const Identity& who, const EventLines& lines) {
  RecordLine line(lines, "CONTAINER_OP");
  line.Add("op=set opid=", event.pid, " contid=", event.contid, " old-contid=", event.old_contid,
           " pid=", who.pid, " auid=", who.auid, " uid=", who.uid, " tty=");
  AppendTty(who.tty, "(none)", line.out());
  line.Add(" ses=", who.ses, " subj=? comm=");
  AppendComm(who.comm, line.out());
  line.Add(" exe=");
  AppendExe(who.exe, line.out());
  line.Add(" res=", event.succeeded ? 1 : 0);
  line.NameUser("AUID", who.auid);
  line.NameUser("UID", who.uid);
}

// audit_seccomp_actions_logged() in kernel/auditsc.c; who it was stands around that as in what the
// kernel writes of its own configuration (audit_log_config_change() in kernel/audit.c). A list of
// names is bare, as the kernel's.
void AppendConfigChange(const ConfigChangeEvent& event, const EventLines& lines) {
  constexpr size_t kMaxList = 256;  // several times that of all actions
  const auto list = [](const std::string& actions) {
    const bool is_list = !actions.empty() && actions.size() <= kMaxList && IsQuotable(actions);
    return is_list ? absl::string_view(actions) : "?";
  };
  RecordLine line(lines, "CONFIG_CHANGE");
  if (event.asked_by != nullptr) {
    const Identity& who = *event.asked_by;
    line.Add("pid=", who.pid, " uid=", who.uid, " auid=", who.auid, " ses=", who.ses, " subj=? ");
  }
  if (!event.mark) {
    line.Add("op=seccomp-logging actions=", list(event.actions),
             " old-actions=", list(event.old_actions));
  } else {
    const AuditedMark& mark = *event.mark;
    line.Add("op=audited");
    mark.pid != 0 ? line.Add(" opid=", mark.pid) : line.Add(" contid=", mark.contid);
    line.Add(" audited=", mark.audited ? 1 : 0, " old-audited=", mark.was_audited ? 1 : 0);
  }
  if (event.asked_by != nullptr) {
    line.Add(" comm=");
    AppendComm(event.asked_by->comm, line.out());
    line.Add(" exe=");
    AppendExe(event.asked_by->exe, line.out());
  }
  line.Add(" res=", event.succeeded ? 1 : 0);
  if (event.asked_by != nullptr) {
    line.NameUser("AUID", event.asked_by->auid);
    line.NameUser("UID", event.asked_by->uid);
  }
}

// Stands in for an identity that nobody supplied: every id is the "unset" of audit.
const Identity& UnknownIdentity() {
  static const Identity* const unknown = [] {
    auto* identity = new Identity;
    for (uint32_t* id : {&identity->uid, &identity->euid, &identity->suid, &identity->fsuid,
                         &identity->gid, &identity->egid, &identity->sgid, &identity->fsgid}) {
      *id = UINT32_MAX;
    }
    return identity;
  }();
  return *unknown;
}

const Identity& Known(const Identity* who) { return who != nullptr ? *who : UnknownIdentity(); }

struct AppendLines {
  const EventLines& lines;

  void operator()(const DecisionEvent& event) const {
    AppendDecision(event, Known(event.identity), lines);
  }
  void operator()(const SupervisorEvent& event) const {
    AppendOwnMessage(event, Known(event.identity), lines);
  }
  void operator()(const ContainerEvent& event) const {
    AppendContainerOp(event, Known(event.identity), lines);
  }
  void operator()(const ConfigChangeEvent& event) const { AppendConfigChange(event, lines); }
};

}  // namespace

void FormatEvent(const Event& event, const EventStamp& stamp, const EventFormat& format,
                 std::string& out) {
  if (format.kind == EventFormat::Kind::kJson) return AppendJsonEvent(event, stamp, format, out);
  std::visit(AppendLines{EventLines(stamp, format, out)}, event);
}

void FormatEvent(const Event& event, const EventStamp& stamp, std::string& out) {
  static const auto& raw = *new EventFormat;
  FormatEvent(event, stamp, raw, out);
}

}  // namespace provost
