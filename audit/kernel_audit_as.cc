#include "audit/kernel_audit_as.h"

#include <errno.h>
#include <fcntl.h>
#include <libaudit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "absl/strings/str_cat.h"

namespace provost {
namespace {

constexpr char kLock[] = "/tmp/provost-kernel-audit.lock";

UniqueFd OpenReadLog() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1);
  if (fd.valid() && bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    fd.reset();
  }
  return fd;
}

// Changes the state, says what it was or that it cannot, and puts it back when `life` ends.
[[noreturn]] void Restore(bool on, int answer, int life) {
  setsid();  // what kills the test's group shall not kill this
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  const UniqueFd lock(open(kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.valid()) flock(lock.get(), LOCK_EX);
  const UniqueFd audit(audit_open());
  const int before = audit.valid() ? audit_is_enabled(audit.get()) : -1;
  const bool changed = (before == 0 || before == 1) &&
                       (before == static_cast<int>(on) || audit_set_enabled(audit.get(), on) > 0);
  const char said = changed ? 'y' : 'n';
  if (write(answer, &said, 1) == 1 && changed) {
    char end;
    while (read(life, &end, 1) < 0 && errno == EINTR) {
    }
  }
  if (changed && before != static_cast<int>(on)) audit_set_enabled(audit.get(), before);
  _exit(0);
}

}  // namespace

KernelAuditAs::KernelAuditAs(bool on) : log_(OpenReadLog()) {
  if (!log_.valid()) {
    lacking_ = absl::StrCat("cannot listen to the kernel's audit: ", strerror(errno));
    return;
  }
  Start(on);
}

void KernelAuditAs::Start(bool on) {
  int answer[2];
  int life[2];
  if (pipe2(answer, O_CLOEXEC) != 0 || pipe2(life, O_CLOEXEC) != 0) {
    lacking_ = "no descriptors";
    return;
  }
  const UniqueFd answered(answer[0]);
  const UniqueFd restorer_end(life[0]);
  life_.reset(life[1]);
  restorer_ = fork();
  if (restorer_ == 0) {
    close(answer[0]);
    close(life[1]);
    Restore(on, answer[1], life[0]);
  }
  close(answer[1]);
  char said = 'n';
  while (read(answered.get(), &said, 1) < 0 && errno == EINTR) {
  }
  if (said != 'y') lacking_ = "the kernel's audit cannot be turned on and off here";
}

KernelAuditAs::~KernelAuditAs() {
  life_.reset();
  if (restorer_ > 0) waitpid(restorer_, nullptr, 0);
}

std::string KernelAuditAs::Await(int type, const std::string& text, int milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waited = {log_.get(), POLLIN, 0};
    if (left.count() <= 0 || poll(&waited, 1, static_cast<int>(left.count())) <= 0) return "";
    alignas(nlmsghdr) char buffer[MAX_AUDIT_MESSAGE_LENGTH + sizeof(nlmsghdr)] = {};
    const ssize_t got = recv(log_.get(), buffer, sizeof(buffer) - 1, 0);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) continue;
    const auto* header = reinterpret_cast<const nlmsghdr*>(buffer);
    const std::string record(buffer + sizeof(nlmsghdr), got - sizeof(nlmsghdr));
    if (header->nlmsg_type == type && record.find(text) != std::string::npos) {
      return record.substr(0, record.find('\0'));
    }
  }
}

}  // namespace provost
