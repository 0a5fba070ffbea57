#include "audit/formatter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/identity.h"
#include "policy/verdict.h"

namespace provost {
namespace {

// What the kernel keeps of each untrusted string: TASK_COMM_LEN less its NUL, AUDIT_MAX_KEY_LEN,
// MAX_PROCTITLE_AUDIT_LEN.
constexpr size_t kMaxComm = 15;
constexpr size_t kMaxKey = AUDIT_MAX_KEY_LEN;
constexpr size_t kMaxProctitle = 128;
// Bytes an encoded path may take in a record. With it the longest SYSCALL record, where every
// number has all its digits and every other string is as long as it may be, stays below the 8,560
// bytes beyond which readers cut a line in two (MAX_AUDIT_MESSAGE_LENGTH in auditd's libaudit.h).
constexpr size_t kMaxEncodedPath = 7168;
// A terminal's name comes from a driver and is short.
constexpr size_t kMaxTty = 32;

constexpr int64_t kMaxErrno = 4095;  // MAX_ERRNO, linux/err.h

bool IsQuotable(char c) { return c >= 0x21 && c <= 0x7e && c != '"' && c != '='; }

bool IsQuotable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return IsQuotable(c); });
}

void AppendHex(absl::string_view text, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const size_t start = out.size();
  out.resize(start + 2 * text.size());
  char* to = out.data() + start;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 0xf];
  }
}

void AppendQuoted(absl::string_view text, std::string& out) {
  out.push_back('"');
  out.append(text.data(), text.size());
  out.push_back('"');
}

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

void AppendKey(absl::string_view key, std::string& out) {
  if (key.empty()) {
    out += "(null)";
  } else {
    AppendUntrusted(key.substr(0, kMaxKey), out);
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

void BeginRecord(absl::string_view type, const EventStamp& stamp, std::string& out) {
  absl::StrAppend(&out, "type=", type, " msg=audit(", stamp.seconds, ".",
                  absl::Dec(stamp.milliseconds, absl::kZeroPad3), ":", stamp.serial, "): ");
}

struct OpOf {
  absl::string_view operator()(const Allow&) const { return "allow"; }
  absl::string_view operator()(const Log&) const { return "log"; }
  absl::string_view operator()(const Deny&) const { return "deny"; }
  absl::string_view operator()(const Return&) const { return "return"; }
  absl::string_view operator()(const Trap&) const { return "trap"; }
  absl::string_view operator()(const Kill&) const { return "kill"; }
  absl::string_view operator()(const Emulate&) const { return "emulate"; }
  absl::string_view operator()(const Rewrite&) const { return "rewrite"; }
  absl::string_view operator()(const Ask&) const { return "ask"; }
};

// audit_seccomp() in kernel/auditsc.c, with `subj=?` and `op=` ours: auparse finds arch and syscall
// by their place, which only a subject puts right, and ausearch wants `syscall=` not to be last.
void AppendSeccomp(const DecisionEvent& event, const Identity& who, const EventStamp& stamp,
                   std::string& out) {
  const SyscallRequest& request = event.request;
  const int signal = std::holds_alternative<Kill>(event.decision.verdict) ? SIGSYS : 0;
  BeginRecord("SECCOMP", stamp, out);
  absl::StrAppend(&out, "auid=", who.auid, " uid=", who.uid, " gid=", who.gid, " ses=", who.ses,
                  " subj=? pid=", who.pid, " comm=");
  AppendComm(who.comm, out);
  out += " exe=";
  AppendExe(who.exe, out);
  absl::StrAppend(&out, " sig=", signal, " arch=", absl::Hex(request.arch), " syscall=", request.nr,
                  " compat=", request.IsI386() ? 1 : 0, " ip=0x", absl::Hex(request.ip), " code=0x",
                  absl::Hex(SECCOMP_RET_TRACE), " op=", std::visit(OpOf{}, event.decision.verdict),
                  "\n");
}

void AppendArguments(const SyscallRequest& request, std::string& out) {
  const uint64_t mask = request.IsI386() ? UINT32_MAX : UINT64_MAX;
  absl::StrAppend(
      &out, " a0=", absl::Hex(request.args[0] & mask), " a1=", absl::Hex(request.args[1] & mask),
      " a2=", absl::Hex(request.args[2] & mask), " a3=", absl::Hex(request.args[3] & mask));
}

void AppendTaskIds(const Identity& who, std::string& out) {
  absl::StrAppend(&out, " ppid=", who.ppid, " pid=", who.pid, " auid=", who.auid, " uid=", who.uid,
                  " gid=", who.gid, " euid=", who.euid, " suid=", who.suid, " fsuid=", who.fsuid);
  absl::StrAppend(&out, " egid=", who.egid, " sgid=", who.sgid, " fsgid=", who.fsgid, " tty=");
}

// audit_log_exit() and audit_log_task_info() in kernel/auditsc.c.
void AppendSyscall(const DecisionEvent& event, const Identity& who, const EventStamp& stamp,
                   std::string& out) {
  BeginRecord("SYSCALL", stamp, out);
  absl::StrAppend(&out, "arch=", absl::Hex(event.request.arch), " syscall=", event.request.nr);
  if (event.result.has_value()) {
    const bool failed = *event.result < 0 && *event.result >= -kMaxErrno;
    absl::StrAppend(&out, " success=", failed ? "no" : "yes", " exit=", *event.result);
  }
  AppendArguments(event.request, out);
  out += " items=0";
  AppendTaskIds(who, out);
  AppendTty(who.tty, "(none)", out);
  absl::StrAppend(&out, " ses=", who.ses, " comm=");
  AppendComm(who.comm, out);
  out += " exe=";
  AppendExe(who.exe, out);
  out += " subj=? key=";
  AppendKey(event.decision.rule, out);
  out.push_back('\n');
}

// audit_log_proctitle() in kernel/auditsc.c.
void AppendProctitle(const Identity& who, const EventStamp& stamp, std::string& out) {
  const absl::string_view title = TrimProctitle(who.proctitle);
  BeginRecord("PROCTITLE", stamp, out);
  out += "proctitle=";
  AppendUntrusted(title.empty() ? "(null)" : title, out);
  out.push_back('\n');
}

// Inside msg='…' an apostrophe would end the message, so it is no more quotable than '"'.
void AppendInMessage(absl::string_view text, std::string& out) {
  if (text.find('\'') != absl::string_view::npos) {
    AppendHex(text, out);
  } else {
    AppendUntrusted(text, out);
  }
}

void AppendOperation(const SupervisorEvent& event, std::string& out) {
  switch (event.what) {
    case SupervisorEvent::What::kStart:
      out += "op=supervisor-start";
      if (event.seed.has_value()) absl::StrAppend(&out, " seed=", *event.seed);
      return;
    case SupervisorEvent::What::kEnd:
      absl::StrAppend(&out, "op=supervisor-end events=", event.events, " lost=", event.lost);
      return;
    case SupervisorEvent::What::kEventsLost:
      absl::StrAppend(&out, "op=events-lost lost=", event.lost);
      return;
  }
}

// The form of a user-space message: audit_log_user_message(3) over audit_receive_msg() in
// kernel/audit.c.
void AppendTrustedApp(const SupervisorEvent& event, const Identity& who, const EventStamp& stamp,
                      std::string& out) {
  const bool failed = event.what == SupervisorEvent::What::kEventsLost;
  BeginRecord("TRUSTED_APP", stamp, out);
  absl::StrAppend(&out, "pid=", who.pid, " uid=", who.uid, " auid=", who.auid, " ses=", who.ses,
                  " subj=? msg='");
  AppendOperation(event, out);
  out += " comm=";
  AppendInMessage(absl::string_view(who.comm).substr(0, kMaxComm), out);
  out += " exe=";
  AppendExe(who.exe, out, AppendInMessage);
  out += " hostname=? addr=? terminal=";
  AppendTty(who.tty, "?", out);
  absl::StrAppend(&out, " res=", failed ? "failed" : "success", "'\n");
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

}  // namespace

void AppendUntrusted(absl::string_view text, std::string& out) {
  if (IsQuotable(text)) {
    AppendQuoted(text, out);
  } else {
    AppendHex(text, out);
  }
}

void FormatEvent(const Event& event, const EventStamp& stamp, std::string& out) {
  if (const auto* decision = std::get_if<DecisionEvent>(&event)) {
    const Identity& who = decision->identity ? *decision->identity : UnknownIdentity();
    AppendSeccomp(*decision, who, stamp, out);
    AppendSyscall(*decision, who, stamp, out);
    AppendProctitle(who, stamp, out);
  } else if (const auto* supervisor = std::get_if<SupervisorEvent>(&event)) {
    const Identity& who = supervisor->identity ? *supervisor->identity : UnknownIdentity();
    AppendTrustedApp(*supervisor, who, stamp, out);
  }
}

}  // namespace provost
