#include "tests/support/kernel_audit.h"

#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace provost {
namespace {

constexpr uint32_t kBacklog = 8192;
constexpr int kAnswerMilliseconds = 10'000;

absl::Status Unavailable(absl::string_view what, int error) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", strerror(error)));
}

// Whom a rule is for; written to the guard in one piece.
struct Target {
  pid_t pid = 0;
  std::array<char, 1020> program = {};
};

// Every call of it; freed by the caller.
audit_rule_data* RuleFor(const Target& target) {
  const size_t length = strlen(target.program.data());
  auto* rule = static_cast<audit_rule_data*>(calloc(1, sizeof(audit_rule_data) + length));
  rule->flags = AUDIT_FILTER_EXIT;
  rule->action = AUDIT_ALWAYS;
  for (uint32_t& word : rule->mask) word = ~uint32_t{0};
  rule->field_count = 2;
  rule->fields[0] = AUDIT_PID;
  rule->fieldflags[0] = AUDIT_EQUAL;
  rule->values[0] = static_cast<uint32_t>(target.pid);
  rule->fields[1] = AUDIT_EXE;
  rule->fieldflags[1] = AUDIT_EQUAL;
  rule->values[1] = length;
  rule->buflen = length;
  memcpy(rule->buf, target.program.data(), length);
  return rule;
}

// What the guard does until its pipe ends, and then.
[[noreturn]] void Guard(int pipe, UniqueFd ready, const AuditState& found) {
  setsid();
  for (const int signal_number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE}) {
    signal(signal_number, SIG_IGN);
  }
  // From here on no signal to whoever started it ends it as well.
  if (write(ready.get(), "!", 1) != 1) _exit(1);
  ready.reset();
  std::vector<Target> watched;
  Target target;
  while (true) {
    const ssize_t got = read(pipe, &target, sizeof(target));
    if (got == sizeof(target)) {
      watched.push_back(target);
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  const int audit = audit_open();
  for (const Target& each : watched) {
    audit_rule_data* rule = RuleFor(each);
    audit_delete_rule_data(audit, rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
    free(rule);
  }
  const bool restored = audit_set_enabled(audit, found.enabled) > 0 &&
                        audit_set_backlog_limit(audit, found.backlog_limit) > 0;
  _exit(restored ? 0 : 1);
}

// The next answer of the kinds wanted.
absl::Status NextReply(int audit, audit_reply& reply) {
  pollfd ready = {audit, POLLIN, 0};
  if (poll(&ready, 1, kAnswerMilliseconds) != 1) return absl::DeadlineExceededError("no answer");
  if (audit_get_reply(audit, &reply, GET_REPLY_NONBLOCKING, 0) < 0) {
    return absl::ErrnoToStatus(errno, "audit_get_reply");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AuditState> ReadAuditState() {
  const UniqueFd audit(audit_open());
  if (!audit.valid()) return Unavailable("no kernel with audit", errno);
  AuditState state;
  audit_reply reply = {};
  if (const int result = audit_request_status(audit.get()); result <= 0) {
    return Unavailable("the audit state cannot be asked for", -result);
  }
  do {
    PROVOST_RETURN_IF_ERROR(NextReply(audit.get(), reply));
    if (reply.type == NLMSG_ERROR && reply.error->error != 0) {
      return Unavailable("the audit state cannot be read", -reply.error->error);
    }
  } while (reply.type != AUDIT_GET);
  state.enabled = reply.status->enabled;
  state.backlog_limit = reply.status->backlog_limit;
  state.pid = reply.status->pid;
  if (audit_request_rules_list_data(audit.get()) <= 0) return Unavailable("no rules", errno);
  do {
    PROVOST_RETURN_IF_ERROR(NextReply(audit.get(), reply));
    if (reply.type == AUDIT_LIST_RULES) ++state.rules;
  } while (reply.type != NLMSG_DONE);
  return state;
}

absl::StatusOr<std::unique_ptr<KernelAudit>> KernelAudit::Start(bool on) {
  std::unique_ptr<KernelAudit> audit(new KernelAudit());
  audit->lock_.reset(open("/tmp/provost-audit-test.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!audit->lock_.valid() || flock(audit->lock_.get(), LOCK_EX) != 0) {
    return Unavailable("the lock of the machine's audit", errno);
  }
  PROVOST_ASSIGN_OR_RETURN(const AuditState found, ReadAuditState());
  if (found.enabled == 2) return absl::FailedPreconditionError("the audit configuration is locked");
  audit->records_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  const int size = 32 << 20;
  setsockopt(audit->records_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
  sockaddr_nl group = {};
  group.nl_family = AF_NETLINK;
  group.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
  if (bind(audit->records_.get(), reinterpret_cast<const sockaddr*>(&group), sizeof(group)) != 0) {
    return Unavailable("records cannot be read (CAP_AUDIT_READ)", errno);
  }
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  audit->to_guard_.reset(pipe_ends[1]);
  std::array<int, 2> ready_ends;
  if (pipe2(ready_ends.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const UniqueFd is_ready(ready_ends[0]);
  UniqueFd ready(ready_ends[1]);
  audit->guard_ = fork();
  if (audit->guard_ == 0) {
    audit->to_guard_.reset();
    Guard(pipe_ends[0], std::move(ready), found);
  }
  ready.reset();
  close(pipe_ends[0]);
  char byte = 0;
  if (read(is_ready.get(), &byte, 1) != 1) return absl::InternalError("the guard did not start");
  const UniqueFd control(audit_open());
  const int limit = audit_set_backlog_limit(control.get(), kBacklog);
  const int enabled = limit > 0 ? audit_set_enabled(control.get(), on ? 1 : 0) : limit;
  if (enabled <= 0)
    return Unavailable("audit cannot be turned on or off (CAP_AUDIT_CONTROL)", -enabled);
  return audit;
}

KernelAudit::~KernelAudit() {
  to_guard_.reset();
  if (guard_ > 0) waitpid(guard_, nullptr, 0);
}

absl::Status KernelAudit::Watch(pid_t pid, const std::string& program) {
  Target target;
  target.pid = pid;
  if (program.size() >= target.program.size()) return absl::InvalidArgumentError(program);
  memcpy(target.program.data(), program.data(), program.size());
  static_assert(sizeof(target) <= PIPE_BUF);
  // The guard knows of it first.
  if (write(to_guard_.get(), &target, sizeof(target)) != sizeof(target)) {
    return absl::ErrnoToStatus(errno, "write to the guard");
  }
  const UniqueFd control(audit_open());
  audit_rule_data* rule = RuleFor(target);
  const int added = audit_add_rule_data(control.get(), rule, AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
  free(rule);
  if (added <= 0) return absl::ErrnoToStatus(-added, "add a rule");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<KernelRecord>> KernelAudit::ReadUntilEnd(pid_t pid) {
  std::vector<KernelRecord> records;
  std::set<std::string> own;  // events of that process
  const std::string of_pid = absl::StrCat(" pid=", pid, " ");
  std::string last;
  std::vector<char> buffer(65536);
  while (true) {
    pollfd ready = {records_.get(), POLLIN, 0};
    if (poll(&ready, 1, kAnswerMilliseconds) != 1) {
      return absl::DeadlineExceededError("no record of the process's end");
    }
    const ssize_t got = recv(records_.get(), buffer.data(), buffer.size(), 0);
    if (got < static_cast<ssize_t>(NLMSG_HDRLEN)) return absl::ErrnoToStatus(errno, "recv");
    nlmsghdr header = {};
    memcpy(&header, buffer.data(), sizeof(header));
    absl::string_view text(buffer.data() + NLMSG_HDRLEN, got - NLMSG_HDRLEN);
    text = text.substr(0, text.find('\0'));
    const size_t end = text.find("):");
    if (end == absl::string_view::npos || !absl::StartsWith(text, "audit(")) continue;
    KernelRecord record = {header.nlmsg_type, std::string(text.substr(6, end - 6)),
                           std::string(text.substr(std::min(end + 3, text.size())))};
    const std::string line = absl::StrCat(" ", record.text, " ");
    const bool names = record.type == AUDIT_SYSCALL || record.type == AUDIT_SECCOMP;
    if (names && absl::StrContains(line, of_pid)) own.insert(record.event);
    // exit_group never returns: its event is the last.
    const bool exits = absl::StrContains(line, " arch=c000003e syscall=231 ") ||
                       absl::StrContains(line, " arch=40000003 syscall=252 ");
    const bool is_end = record.type == AUDIT_SYSCALL && absl::StrContains(line, of_pid) && exits;
    if (is_end) last = record.event;
    const bool is_complete = record.type == AUDIT_EOE && record.event == last;
    if (own.count(record.event) != 0) records.push_back(std::move(record));
    if (is_complete) return records;
  }
}

absl::StatusOr<std::vector<KernelRecord>> KernelAudit::Run(const std::vector<std::string>& argv,
                                                           std::string& output,
                                                           const std::function<bool()>& prepare,
                                                           const std::string& program) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::array<int, 2> go_ends;
  std::array<int, 2> out_ends;
  if (pipe2(go_ends.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const UniqueFd awaits_go(go_ends[0]);
  const UniqueFd go(go_ends[1]);
  if (pipe2(out_ends.data(), O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const UniqueFd out(out_ends[0]);
  UniqueFd prints(out_ends[1]);
  const pid_t pid = fork();
  if (pid == 0) {
    char byte = 0;
    if (read(awaits_go.get(), &byte, 1) != 1 || dup2(prints.get(), STDOUT_FILENO) < 0 ||
        !prepare()) {
      _exit(125);
    }
    execv(words[0], words.data());
    _exit(126);
  }
  prints.reset();
  // Nothing of it is missed: it waits for this.
  const absl::Status watched =
      Watch(pid, std::filesystem::canonical(program.empty() ? argv[0] : program));
  if (watched.ok() && write(go.get(), "!", 1) == 1) {
    std::array<char, 4096> buffer;
    ssize_t got = 0;
    while ((got = read(out.get(), buffer.data(), buffer.size())) > 0) {
      output.append(buffer.data(), got);
    }
  } else {
    kill(pid, SIGKILL);
  }
  waitpid(pid, nullptr, 0);
  if (!watched.ok()) return watched;
  return ReadUntilEnd(pid);
}

std::string KernelAudit::Await(int type, absl::string_view text) {
  std::vector<char> buffer(65536);
  while (true) {
    pollfd ready = {records_.get(), POLLIN, 0};
    if (poll(&ready, 1, kAnswerMilliseconds) != 1) return "";
    const ssize_t got = recv(records_.get(), buffer.data(), buffer.size(), 0);
    if (got < static_cast<ssize_t>(NLMSG_HDRLEN)) return "";
    nlmsghdr header = {};
    memcpy(&header, buffer.data(), sizeof(header));
    const absl::string_view record(buffer.data() + NLMSG_HDRLEN, got - NLMSG_HDRLEN);
    if (header.nlmsg_type == type && absl::StrContains(record, text)) {
      return std::string(record.substr(0, record.find('\0')));
    }
  }
}

}  // namespace provost
