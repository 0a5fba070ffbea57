// What a run records of calls that adjust the clock, beside what the kernel records of the same.

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "audit/collecting_sink.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

bool MaySetTheClock() {
  timex same = {};
  if (adjtimex(&same) < 0) return false;
  same.modes = ADJ_TICK;
  return adjtimex(&same) >= 0;
}

// Puts tick and frequency back whatever a victim did of its work.
class ClockKeeper {
 public:
  ClockKeeper() { adjtimex(&found_); }
  ~ClockKeeper() {
    found_.modes = ADJ_TICK | ADJ_FREQUENCY;
    EXPECT_GE(adjtimex(&found_), 0);
  }
  ClockKeeper(const ClockKeeper&) = delete;
  ClockKeeper& operator=(const ClockKeeper&) = delete;

 private:
  timex found_ = {};
};

// The records of `type` in `text`, from their first field on.
std::vector<std::string> RecordsOf(absl::string_view type, const std::string& text) {
  std::vector<std::string> records;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, absl::StrCat("type=", type, " "))) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits("): ", 1));
    if (parts.size() == 2) records.emplace_back(absl::StripTrailingAsciiWhitespace(parts[1]));
  }
  return records;
}

TEST(ClockTest, RecordsSayWhatChanged) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  const ClockKeeper keeper;
  CollectingSink sink;
  Options options = OptionsOf(
      {"default allow", "log settimeofday, clock_settime, adjtimex, clock_adjtime as \"clock\""});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("adjusts_clock")}), Succeeded());

  // Every one of them waited for its result.
  ASSERT_EQ(sink.decisions().size(), 13U);
  for (const CollectingSink::Recorded& decision : sink.decisions()) {
    const bool changes = decision.facts.clock.injected.has_value();
    const bool adjusts = !decision.facts.clock.values.empty();
    if (changes || adjusts) {
      EXPECT_TRUE(decision.result.has_value());
    }
  }
  timex now = {};
  adjtimex(&now);
  constexpr int64_t kUnit = 65'536'000;
  EXPECT_THAT(
      RecordsOf("TIME_ADJNTPVAL", sink.text()),
      ElementsAre(absl::StrCat("op=tick old=", now.tick, " new=", now.tick + 1),
                  absl::StrCat("op=tick old=", now.tick + 1, " new=", now.tick),
                  absl::StrCat("op=freq old=", now.freq * kUnit, " new=", (now.freq + 1) * kUnit),
                  absl::StrCat("op=freq old=", (now.freq + 1) * kUnit, " new=", now.freq * kUnit)));
  // 50 microseconds there and back, as exactly as two clocks can be read.
  EXPECT_THAT(RecordsOf("TIME_INJOFFSET", sink.text()),
              ElementsAre(MatchesRegex("sec=0 nsec=(49|50)[0-9][0-9][0-9]"),
                          MatchesRegex("sec=-1 nsec=9999(49|50)[0-9][0-9][0-9]")));
}

// Turns the kernel's audit on for the calls of one program, and off again; others that do the same
// wait for their turn.
class KernelAudit {
 public:
  explicit KernelAudit(std::string program) : program_(std::move(program)) {
    lock_.reset(open("/tmp/provost-kernel-audit.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    flock(lock_.get(), LOCK_EX);
    const Ended status = RunNatively({"auditctl", "-s"});
    found_ = absl::StrContains(status.out, "enabled 1") ? "1" : "0";
    reader_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
    usable_ = bind(reader_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
              status.exit_code == 0 && !absl::StrContains(status.out, "enabled 2") &&
              RunNatively(Rule("-a")).exit_code == 0 &&
              RunNatively({"auditctl", "-e", "1"}).exit_code == 0;
  }
  ~KernelAudit() {
    RunNatively(Rule("-d"));
    RunNatively({"auditctl", "-e", found_});
  }
  KernelAudit(const KernelAudit&) = delete;
  KernelAudit& operator=(const KernelAudit&) = delete;

  bool usable() const { return usable_; }

  // What has come by now, as lines; only what is of events that have a SYSCALL record of the rule.
  std::string Read() {
    std::string text;
    std::array<char, 16384> message = {};
    pollfd ready = {.fd = reader_.get(), .events = POLLIN, .revents = 0};
    while (poll(&ready, 1, 200) > 0) {
      const ssize_t got = recv(reader_.get(), message.data(), message.size(), 0);
      if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) continue;
      nlmsghdr header = {};
      memcpy(&header, message.data(), sizeof(header));
      const char* type = header.nlmsg_type == AUDIT_TIME_ADJNTPVAL ? "TIME_ADJNTPVAL" : "OTHER";
      absl::StrAppend(&text, "type=", type, " msg=",
                      absl::string_view(message.data() + sizeof(header),
                                        static_cast<size_t>(got) - sizeof(header)),
                      "\n");
    }
    return text;
  }

 private:
  std::vector<std::string> Rule(const char* action) const {
    return {"auditctl",
            action,
            "always,exit",
            "-F",
            "arch=b64",
            "-S",
            "adjtimex",
            "-F",
            absl::StrCat("exe=", program_),
            "-k",
            "provost-clock-test"};
  }

  std::string program_;
  std::string found_;
  UniqueFd lock_;
  UniqueFd reader_;
  bool usable_ = false;
};

TEST(ClockTest, TheKernelRecordsTheSame) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  const ClockKeeper keeper;
  CollectingSink sink;
  Options options = OptionsOf({"default allow", "log adjtimex"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("adjusts_clock")}), Succeeded());
  std::string kernels;
  {
    // The kernel compares what the path names itself, and runfiles are symbolic links.
    KernelAudit audit(std::filesystem::canonical(Victim("adjusts_clock")));
    if (!audit.usable()) GTEST_SKIP() << "the kernel's audit cannot be turned on here";
    EXPECT_EQ(RunNatively({Victim("adjusts_clock")}).exit_code, 0);
    kernels = audit.Read();
  }
  const std::vector<std::string> expected = RecordsOf("TIME_ADJNTPVAL", kernels);
  EXPECT_EQ(expected.size(), 4U) << kernels;
  EXPECT_EQ(RecordsOf("TIME_ADJNTPVAL", sink.text()), expected);
}

}  // namespace
}  // namespace provost
