// Where `provost run` records to: several places at once, slow ones, ones that fail.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

int Count(const std::string& text, absl::string_view what) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, what);
  return static_cast<int>(parts.size()) - 1;
}

const std::string kRule = "deny EPERM getppid";

// A path for a socket: short enough for its address, and of this process alone (in sandboxes pids
// are the same).
class SocketPath {
 public:
  SocketPath() {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/socket";
  }
  ~SocketPath() {
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;
  const std::string& get() const { return path_; }

 private:
  std::string directory_ = "/tmp/provost-XXXXXX";
  std::string path_;
};

// A daemon's datagram socket.
UniqueFd Listen(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

std::vector<std::string> Datagrams(int fd) {
  std::vector<std::string> all;
  char buffer[65'536];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof(buffer))) >= 0) all.emplace_back(buffer, got);
  return all;
}

TEST(OutputUsageTest, SaysWhatIsWrong) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kCases = {
      {{"-o", ""}, "--output: it is empty; name a FILE, -, kernel:, syslog: or journal:"},
      {{"-o", "x.log", "-o", "x.log"}, "--output: `x.log` is named twice"},
      {{"-o", "/tmp/x.log", "-o", "/tmp/../tmp/x.log"}, "`/tmp/../tmp/x.log` is named twice"},
      {{"-o", "x.log", "--copy-to", "./x.log"}, "--copy-to: `./x.log` is named twice"},
      {{"-o", "kernel:x"}, "--output: nothing follows `kernel:`"},
      {{"--copy-to", "x.log"}, "--copy-to: it goes with --output"},
      {{"-o", "x.log", "--audit-max-size", "5X"}, "--audit-max-size: `5X` is no size"},
      {{"-o", "x.log", "--audit-max-size", "1K"}, "--audit-max-size: `1K` is less than 4K"},
      {{"-o", "x.log", "--audit-keep", "3"}, "--audit-keep: it goes with --audit-max-size"},
      {{"-o", "syslog:", "--audit-max-size", "1M"}, "--audit-max-size: it is for log files"},
      {{"-o", "-", "--audit-durability", "event"}, "--audit-durability: it is for log files"},
      {{"-o", "x.log", "--audit-queue", "1"}, "--audit-queue: `1` is less than 64K"},
      {{"-o", "x.log", "--audit-queue", "99999999999G"},
       "--audit-queue: `99999999999G` is no size"},
      {{"-o", "x.log", "--audit-node", ""}, "--audit-node: the name is empty"},
      {{"-o", "x.log", "--contid", "-5"}, "--contid: `-5` is not a whole number from 0 to "},
      {{"-o", "x.log", "--contid", "010"}, "--contid: `010` is not a whole number"},
      {{"-o", "x.log", "--contid", ""}, "--contid: `` is not a whole number"},
      {{"-o", "x.log", "--contid", "18446744073709551615"}, "from 0 to 18446744073709551614"},
      {{"-o", "x.log", "--audit-format", "xml"}, "--audit-format"},
  };
  for (const auto& [options, said] : kCases) {
    const Ended ended = Provost(options, {Victim("succeeds")});
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(said));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  EXPECT_NE(access("x.log", F_OK), 0) << "nothing was opened";
}

TEST(OutputsTest, SeveralGetTheSameEvents) {
  const std::string log = TemporaryPath("several.log");
  const SocketPath place;
  const std::string& socket = place.get();
  const UniqueFd daemon = Listen(socket);
  // No more than a socket holds that nobody reads from: net.unix.max_dgram_qlen, 10 by default.
  const Ended ended = Provost({"-o", log, "-o", "-", "-o", "syslog:" + socket, "-e", kRule},
                              {Victim("getppid_many"), "-1", "1"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, IsEmpty());
  const std::string text = ReadFile(log);
  EXPECT_EQ(Count(text, "type=SECCOMP "), 1);
  EXPECT_EQ(Count(text, "op=supervisor-end events=1 lost=0"), 1);
  std::string by_syslog;
  for (const std::string& datagram : Datagrams(daemon.get())) {
    absl::StrAppend(&by_syslog, datagram.substr(datagram.find("type=")), "\n");
  }
  EXPECT_EQ(by_syslog, text);
  // Standard output is the program's as well.
  std::string by_output;
  for (const absl::string_view line : absl::StrSplit(ended.out, '\n')) {
    if (absl::StartsWith(line, "type=")) absl::StrAppend(&by_output, line, "\n");
  }
  EXPECT_EQ(by_output, text);
}

TEST(OutputsTest, FormatsAndNodes) {
  const std::string log = TemporaryPath("formats.log");
  Ended ended = Provost({"-o", log, "--audit-format", "json", "--audit-node", "host7", "-e", kRule},
                        {Victim("getppid_many"), "-1", "1"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  const std::vector<std::string> lines = absl::StrSplit(ReadFile(log), '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 3u);
  for (const std::string& line : lines) {
    const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    EXPECT_EQ(event["node"], "host7") << line;
  }
  ended = Provost({"-o", "-", "--audit-format", "enriched", "-e", kRule},
                  {Victim("getppid_many"), "-1", "1"});
  EXPECT_THAT(ended.out, HasSubstr("\x1d"));
  EXPECT_THAT(ended.out, HasSubstr("SYSCALL=getppid"));
}

TEST(OutputsTest, AFileIsRotatedAndKeptDurable) {
  const std::string directory = TemporaryPath("rotated");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string log = directory + "/audit.log";
  const Ended ended = Provost({"-o", log, "--audit-max-size", "64K", "--audit-keep", "3",
                               "--audit-durability", "batch", "-e", kRule},
                              {Victim("getppid_many"), "-1", "500"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, IsEmpty());
  for (const char* suffix : {".1", ".2", ".3"}) {
    struct stat status = {};
    ASSERT_EQ(stat((log + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 07777, 0400u);
    EXPECT_LE(status.st_size, 64 << 10);
  }
  EXPECT_NE(access((log + ".4").c_str(), F_OK), 0);
  EXPECT_THAT(ReadFile(log), HasSubstr("op=supervisor-end events=500 lost=0"));
}

// A FIFO that nobody reads from while the program runs.
class SlowReaderTest : public testing::Test {
 protected:
  SlowReaderTest() : path_(TemporaryPath("slow.fifo")) {
    unlink(path_.c_str());
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
    reader_.reset(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    fcntl(reader_.get(), F_SETPIPE_SZ, 4096);
    fcntl(reader_.get(), F_SETFL, 0);
  }
  std::string ReadAll() {
    std::string text;
    char buffer[65'536];
    ssize_t got;
    while ((got = read(reader_.get(), buffer, sizeof(buffer))) > 0) text.append(buffer, got);
    return text;
  }

  std::string path_;
  UniqueFd reader_;
};

TEST_F(SlowReaderTest, HoldsUpNobodyAndGetsAllInTheEnd) {
  Subprocess provost(
      CommandLine({"-o", path_, "-e", kRule}, {Victim("getppid_many"), "-1", "200"}));
  // The program has ended by then, with most of its events in the queue.
  ASSERT_TRUE(provost.AwaitOutput("EXIT-SUCCESS\n"));
  const std::string text = ReadAll();
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(Count(text, "type=SECCOMP "), 200);
  EXPECT_THAT(text, HasSubstr("op=supervisor-end events=200 lost=0"));
}

TEST_F(SlowReaderTest, BeyondTheQueueTasksWaitOrAreCounted) {
  const std::vector<std::string> program = {Victim("getppid_many"), "-1", "1000"};
  {
    Subprocess provost(CommandLine({"-o", path_, "--audit-queue", "64K", "-e", kRule}, program));
    ASSERT_TRUE(provost.AwaitError("tasks wait at their calls until it can"));
    const std::string text = ReadAll();
    EXPECT_EQ(provost.Wait().exit_code, 0);
    EXPECT_EQ(Count(text, "type=SECCOMP "), 1000) << "nothing is lost";
  }
  Subprocess provost(CommandLine(
      {"-o", path_, "--audit-queue", "64K", "--on-audit-failure", "continue", "-e", kRule},
      program));
  ASSERT_TRUE(provost.AwaitOutput("EXIT-SUCCESS\n"));
  const std::string text = ReadAll();
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, HasSubstr("the queue before it is full; tasks go on, unrecorded"));
  const int recorded = Count(text, "type=SECCOMP ");
  EXPECT_GT(recorded, 20);
  EXPECT_LT(recorded, 1000);
  const int lost = 1000 - recorded;
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat(lost, " decisions are missing")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("op=supervisor-end events=", recorded, " lost=", lost)));
}

TEST_F(SlowReaderTest, ThatNeverReadsIsGivenUpOnRequest) {
  Subprocess provost(
      CommandLine({"-o", path_, "-e", kRule}, {Victim("getppid_many"), "-1", "100"}));
  ASSERT_TRUE(provost.AwaitError("waiting for delivery: "));
  ASSERT_EQ(kill(provost.pid(), SIGTERM), 0);
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, HasSubstr("provost: not delivered: "));
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat(" events for audit log '", path_, "'")));
}

// A program that waits in the middle until OpenGate.
std::vector<std::string> AwaitsGateThenKills(const std::string& gate) {
  unlink(gate.c_str());
  EXPECT_EQ(mkfifo(gate.c_str(), 0600), 0);
  return {"/bin/sh", "-c",
          absl::StrCat("echo READY; read line <'", gate, "'; kill -0 $$ 2>/dev/null; echo DONE")};
}

void OpenGate(const std::string& gate) {
  const UniqueFd fd(open(gate.c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write(fd.get(), "\n", 1), 1);
}

// A log in a directory of its own, which can be away for a while.
class AwayLogTest : public testing::Test {
 protected:
  AwayLogTest()
      : there_(TemporaryPath(testing::UnitTest::GetInstance()->current_test_info()->name())),
        away_(there_ + ".away") {
    EXPECT_EQ(mkdir(there_.c_str(), 0700), 0);
  }
  void TakeAway() { EXPECT_EQ(rename(there_.c_str(), away_.c_str()), 0); }
  void BringBack() { EXPECT_EQ(rename(away_.c_str(), there_.c_str()), 0); }
  std::string log() const { return there_ + "/audit.log"; }

  const std::string there_;
  const std::string away_;
};

TEST_F(AwayLogTest, OneSignalEndsWhatIsHeldWhoeverOfThemIsQuicker) {
  const std::string gate = TemporaryPath("gate-of-child");
  ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
  // The program itself is not held, and dies by the signal at once.
  Subprocess provost(CommandLine(
      {"-o", log(), "-e", "deny EPERM kill"},
      {"/bin/sh", "-c",
       absl::StrCat("(read line <'", gate, "'; kill -0 $$; sleep 1000) & echo READY; wait")}));
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  TakeAway();
  OpenGate(gate);
  ASSERT_TRUE(provost.AwaitError("interrupt to kill them"));
  ASSERT_EQ(kill(provost.pid(), SIGTERM), 0);
  const Ended ended = provost.Wait();
  EXPECT_FALSE(ended.timed_out);
  EXPECT_TRUE(ended.exit_code == 128 + SIGTERM || ended.exit_code == 128 + SIGKILL) << ended;
  EXPECT_THAT(ended.err, HasSubstr("1 decisions are missing from the audit log"));
}

TEST_F(AwayLogTest, EachLogCountsItsOwn) {
  const std::string whole = TemporaryPath("whole.log");
  const std::string gate = TemporaryPath("gate-of-both");
  ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
  Subprocess provost(CommandLine(
      {"--on-audit-failure", "continue", "-o", log(), "-o", whole, "-e", "deny EPERM kill"},
      {"/bin/sh", "-c",
       absl::StrCat("kill -0 $$; echo READY; read line <'", gate,
                    "'; kill -0 $$; kill -0 $$; echo LOST; read line <'", gate,
                    "'; kill -0 $$; exit 0")}));
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  TakeAway();
  OpenGate(gate);
  ASSERT_TRUE(provost.AwaitOutput("LOST\n"));
  BringBack();
  OpenGate(gate);
  EXPECT_EQ(provost.Wait().exit_code, 0);
  EXPECT_THAT(ReadFile(whole), HasSubstr("op=supervisor-end events=4 lost=0"));
  EXPECT_THAT(ReadFile(log()), HasSubstr("op=supervisor-end events=2 lost=2"));
  EXPECT_THAT(ReadFile(log()), HasSubstr("op=events-lost lost=2"));
}

TEST(SyslogTest, ThatIsGoneIsAnAuditFailure) {
  const SocketPath place;
  const std::string& socket = place.get();
  Ended ended = Provost({"-o", "syslog:" + socket, "-e", kRule}, {Victim("succeeds")});
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_THAT(ended.err, HasSubstr("(is its daemon running?)"));
  EXPECT_THAT(ended.out, IsEmpty());

  // It goes while the program waits.
  UniqueFd daemon = Listen(socket);
  const std::string gate = TemporaryPath("gate");
  Subprocess provost(
      CommandLine({"-o", "syslog:" + socket, "-e", "deny EPERM kill"}, AwaitsGateThenKills(gate)));
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  daemon.reset();
  unlink(socket.c_str());
  OpenGate(gate);
  ASSERT_TRUE(provost.AwaitError("tasks wait at their calls until it can"));
  daemon = Listen(socket);
  ended = provost.Wait();
  unlink(socket.c_str());
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nDONE\n");
  EXPECT_THAT(ended.err, HasSubstr("the audit log can be written again"));
  std::string got;
  for (const std::string& datagram : Datagrams(daemon.get())) got += datagram;
  EXPECT_THAT(got, HasSubstr("type=SYSCALL"));
  EXPECT_THAT(got, HasSubstr("op=supervisor-end events=1 lost=0"));
}

TEST(SyslogTest, ACopyHoldsUpNobody) {
  const std::string log = TemporaryPath("copied.log");
  const SocketPath place;
  const std::string& socket = place.get();
  UniqueFd daemon = Listen(socket);
  const std::string gate = TemporaryPath("gate");
  Subprocess provost(
      CommandLine({"-o", log, "--copy-to", "syslog:" + socket, "-e", "deny EPERM kill"},
                  AwaitsGateThenKills(gate)));
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  daemon.reset();
  unlink(socket.c_str());
  OpenGate(gate);
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, HasSubstr("it loses events for now"));
  EXPECT_THAT(ReadFile(log), HasSubstr("op=supervisor-end events=1 lost=0"));
}

TEST_F(SlowReaderTest, WhatACopyLostIsSaid) {
  const std::string log = TemporaryPath("whole-beside-copy.log");
  const Ended ended = Provost({"-o", log, "--copy-to", path_, "--audit-queue", "64K", "-e", kRule},
                              {Victim("getppid_many"), "-1", "1000"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  int undelivered = 0;
  int lost = 0;
  const std::string name = absl::StrCat("audit log '", path_, "'");
  for (const absl::string_view line : absl::StrSplit(ended.err, '\n')) {
    if (sscanf(std::string(line).c_str(), "provost: not delivered: %d", &undelivered) == 1) {
      EXPECT_TRUE(absl::EndsWith(line, " events for " + name)) << line;
    }
    if (sscanf(std::string(line).c_str(), "provost: lost: %d", &lost) == 1) {
      EXPECT_TRUE(absl::EndsWith(line, " events for " + name)) << line;
    }
  }
  EXPECT_GT(undelivered, 0);
  EXPECT_GT(lost, 0);
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("takes events again")));
  // Of the piece that was next the pipe may have a part. The run's own two are not refused, though
  // the last of them, which comes with the count of what was lost, is not delivered either.
  const std::string text = ReadAll();
  const int whole = Count(text.substr(0, text.rfind('\n')), "type=PROCTITLE ");
  EXPECT_EQ(1 + whole + undelivered + lost, 1000 + 2) << ended.err;
}

TEST(CopyTest, AReaderThatNeverReadsDoesNotKeepTheRunFromEnding) {
  const std::string log = TemporaryPath("beside-copy.log");
  const std::string fifo = TemporaryPath("copy.fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const UniqueFd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Ended ended = RunNatively(
      CommandLine({"-o", log, "--copy-to", fifo, "--audit-queue", "1M", "-e", "deny EPERM getppid"},
                  {Victim("getppid_many"), "-1", "300"}));
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, HasSubstr("not delivered: "));
  EXPECT_THAT(ended.err, testing::Not(HasSubstr("waiting for delivery")));
  EXPECT_THAT(ReadFile(log), HasSubstr("op=supervisor-end events=300 lost=0"));
}

}  // namespace
}  // namespace provost
