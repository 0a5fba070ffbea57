// Outlets that may block: pipes, terminals, sockets, the log daemons. And how all are named.

#include <fcntl.h>
#include <signal.h>
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
#include "audit/datagram_outlet.h"
#include "audit/kernel_message.h"
#include "audit/open_outlet.h"
#include "audit/stream_outlet.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;
using Progress = Outlet::Progress;

std::string ReadSome(int fd) {
  char buffer[65'536];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  return got < 0 ? absl::StrCat("errno ", errno) : std::string(buffer, got);
}

// Puts the whole piece there; "done", "blocked" or the error.
std::string PutAll(Outlet& outlet, absl::string_view piece) {
  size_t sent = 0;
  const absl::StatusOr<Progress> progress = outlet.Put(piece, sent);
  if (!progress.ok()) return progress.status().ToString();
  return *progress == Progress::kDone ? "done" : "blocked";
}

struct Pipe {
  UniqueFd out;
  UniqueFd in;
};

Pipe MakePipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A full pipe (or socket) blocks, and takes the rest when there is room.
void ExpectBlocksWhenFull(Outlet& outlet, int reader) {
  const std::string piece = std::string(2'999, 'x') + "\n";
  size_t sent = 0;
  size_t pieces = 0;
  while (true) {
    sent = 0;
    const absl::StatusOr<Progress> progress = outlet.Put(piece, sent);
    PROVOST_ASSERT_OK(progress.status());
    if (*progress == Progress::kBlocked) break;
    ASSERT_LT(++pieces, 1'000u);
  }
  outlet.Await(0);
  std::string read;
  while (read.size() < pieces * piece.size()) read += ReadSome(reader);
  outlet.Await(1'000);
  const absl::StatusOr<Progress> progress = outlet.Put(piece, sent);
  PROVOST_ASSERT_OK(progress.status());
  EXPECT_EQ(*progress, Progress::kDone);
  while (read.size() < (pieces + 1) * piece.size()) read += ReadSome(reader);
  std::string expected;
  for (size_t i = 0; i <= pieces; ++i) expected += piece;
  EXPECT_TRUE(read == expected);
}

TEST(StreamOutlet, WritesToAPipeWithoutWaiting) {
  const Pipe pipe = MakePipe();
  PROVOST_ASSERT_OK_AND_ASSIGN(StreamOutlet outlet,
                               StreamOutlet::ForDescriptor(pipe.in.get(), "it"));
  EXPECT_EQ(PutAll(outlet, "piece\n"), "done");
  EXPECT_EQ(ReadSome(pipe.out.get()), "piece\n");
  EXPECT_EQ(fcntl(pipe.in.get(), F_GETFL) & O_NONBLOCK, 0) << "others write to it too";
  ExpectBlocksWhenFull(outlet, pipe.out.get());
}

TEST(StreamOutlet, WritesToASocketWithoutWaiting) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd here(ends[0]);
  const UniqueFd there(ends[1]);
  PROVOST_ASSERT_OK_AND_ASSIGN(StreamOutlet outlet, StreamOutlet::ForDescriptor(here.get(), "it"));
  ExpectBlocksWhenFull(outlet, there.get());
  EXPECT_EQ(fcntl(here.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(StreamOutlet, WhatWasBegunAndGivenUpEndsInALineOfItsOwn) {
  const Pipe pipe = MakePipe();
  ASSERT_EQ(fcntl(pipe.in.get(), F_SETPIPE_SZ, 4096), 4096);
  PROVOST_ASSERT_OK_AND_ASSIGN(StreamOutlet outlet,
                               StreamOutlet::ForDescriptor(pipe.in.get(), "it"));
  EXPECT_EQ(PutAll(outlet, std::string(6'000, 'x') + "\n"), "blocked");
  const std::string begun = ReadSome(pipe.out.get());
  EXPECT_EQ(begun, std::string(4'096, 'x'));
  EXPECT_EQ(PutAll(outlet, "next\n"), "done");
  EXPECT_EQ(ReadSome(pipe.out.get()), "\nnext\n");
}

TEST(StreamOutlet, APipeWithoutAReaderIsHopeless) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe = MakePipe();
  PROVOST_ASSERT_OK_AND_ASSIGN(StreamOutlet outlet,
                               StreamOutlet::ForDescriptor(pipe.in.get(), "it"));
  pipe.out.reset();
  EXPECT_EQ(PutAll(outlet, "piece\n"), "FAILED_PRECONDITION: cannot write to it: Broken pipe");
}

TEST(OpenOutlet, KnowsWhatIsBehindAPath) {
  const std::string fifo = FreshPath("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const UniqueFd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const UniqueFd terminal(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(grantpt(terminal.get()), 0);
  ASSERT_EQ(unlockpt(terminal.get()), 0);
  const std::string file = FreshPath("file.log");
  const struct {
    std::string path;
    int reader;
    std::string read;
  } kTable[] = {
      {fifo, reader.get(), "piece\n"},
      {ptsname(terminal.get()), terminal.get(), "piece\r\n"},
      {"/dev/null", -1, ""},
      {file, -1, ""},
  };
  for (const auto& row : kTable) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const OpenedOutlet opened,
                                 OpenOutlet({OutletSpec::Kind::kFile, row.path}, {}));
    EXPECT_EQ(opened.outlet->name(), absl::StrCat("audit log '", row.path, "'"));
    EXPECT_EQ(PutAll(*opened.outlet, "piece\n"), "done") << row.path;
    if (row.reader >= 0) {
      EXPECT_EQ(ReadSome(row.reader), row.read);
    }
  }
  EXPECT_EQ(ReadFile(file), "piece\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(const OpenedOutlet full,
                               OpenOutlet({OutletSpec::Kind::kFile, "/dev/full"}, {}));
  EXPECT_THAT(PutAll(*full.outlet, "piece\n"), HasSubstr("No space left on device"));
}

TEST(OutletSpec, IsWrittenAsUsersWriteIt) {
  using Kind = OutletSpec::Kind;
  const struct {
    const char* text;
    Kind kind;
    const char* path;
  } kTable[] = {
      {"audit.log", Kind::kFile, "audit.log"},
      {"/var/log/x", Kind::kFile, "/var/log/x"},
      {"kernel", Kind::kFile, "kernel"},
      {"./kernel:", Kind::kFile, "./kernel:"},
      {"file:kernel:", Kind::kFile, "kernel:"},
      {"file:-", Kind::kFile, "-"},
      {"-", Kind::kStandardOutput, ""},
      {"kernel:", Kind::kKernel, ""},
      {"syslog:", Kind::kSyslog, "/dev/log"},
      {"syslog:/run/x", Kind::kSyslog, "/run/x"},
      {"journal:", Kind::kJournal, "/run/systemd/journal/socket"},
      {"journal:/run/y", Kind::kJournal, "/run/y"},
  };
  for (const auto& row : kTable) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const OutletSpec spec, OutletSpec::Parse(row.text));
    EXPECT_EQ(spec.kind, row.kind) << row.text;
    EXPECT_EQ(spec.path, row.path) << row.text;
  }
  for (const char* wrong : {"", "file:", "kernel:x"}) EXPECT_FALSE(OutletSpec::Parse(wrong).ok());
}

// A log daemon: a datagram socket of its own.
UniqueFd Listen(const std::string& path) {
  unlink(path.c_str());
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  EXPECT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// With a path for a daemon's socket: short enough for its address, and of this process alone (in
// sandboxes pids are the same).
class DatagramOutletTest : public testing::Test {
 protected:
  DatagramOutletTest() { EXPECT_NE(mkdtemp(directory_.data()), nullptr); }
  ~DatagramOutletTest() override {
    unlink(SocketPath().c_str());
    rmdir(directory_.c_str());
  }
  std::string SocketPath() const { return directory_ + "/socket"; }

 private:
  std::string directory_ = "/tmp/provost-XXXXXX";
};

TEST_F(DatagramOutletTest, SyslogGetsEachRecordAsAMessage) {
  const std::string path = SocketPath();
  const UniqueFd daemon = Listen(path);
  PROVOST_ASSERT_OK_AND_ASSIGN(DatagramOutlet outlet,
                               DatagramOutlet::Open(DatagramOutlet::Protocol::kSyslog, path));
  EXPECT_EQ(outlet.name(), absl::StrCat("syslog at '", path, "'"));
  // What a record may hold at worst: no newline, but all that is not one.
  EXPECT_EQ(PutAll(outlet, "type=SECCOMP \x1d %s%n \xff\ntype=SYSCALL\n"), "done");
  // <authpriv.info>Mmm dd hh:mm:ss provost[PID]: RECORD
  const std::string first = ReadSome(daemon.get());
  EXPECT_TRUE(absl::StartsWith(first, "<86>")) << first;
  EXPECT_EQ(first.substr(4 + 15),
            absl::StrCat(" provost[", getpid(), "]: type=SECCOMP \x1d %s%n \xff"));
  EXPECT_TRUE(absl::EndsWith(ReadSome(daemon.get()), "]: type=SYSCALL"));
  EXPECT_EQ(ReadSome(daemon.get()), absl::StrCat("errno ", EAGAIN)) << "nothing more";
  unlink(path.c_str());
}

TEST_F(DatagramOutletTest, TheJournalGetsEachRecordAsAnEntry) {
  const std::string path = SocketPath();
  const UniqueFd daemon = Listen(path);
  PROVOST_ASSERT_OK_AND_ASSIGN(DatagramOutlet outlet,
                               DatagramOutlet::Open(DatagramOutlet::Protocol::kJournal, path));
  EXPECT_EQ(PutAll(outlet, "type=SECCOMP x=1\ntype=SYSCALL\n"), "done");
  EXPECT_EQ(
      ReadSome(daemon.get()),
      "MESSAGE=type=SECCOMP x=1\nPRIORITY=6\nSYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=provost\n");
  EXPECT_THAT(ReadSome(daemon.get()), HasSubstr("MESSAGE=type=SYSCALL\n"));
  unlink(path.c_str());
}

TEST_F(DatagramOutletTest, ADaemonThatIsGoneIsAnErrorUntilItIsBack) {
  const std::string path = SocketPath();
  const auto open = [&] { return DatagramOutlet::Open(DatagramOutlet::Protocol::kSyslog, path); };
  unlink(path.c_str());
  EXPECT_THAT(
      open(),
      StatusIs(absl::StatusCode::kUnavailable,
               testing::Eq(absl::StrCat("cannot send to syslog at '", path,
                                        "': No such file or directory (is its daemon running?)"))));
  UniqueFd daemon = Listen(path);
  PROVOST_ASSERT_OK_AND_ASSIGN(DatagramOutlet outlet, open());
  EXPECT_EQ(PutAll(outlet, "one\n"), "done");
  daemon.reset();
  EXPECT_THAT(PutAll(outlet, "two\n"), HasSubstr("UNAVAILABLE: cannot send to syslog"));
  unlink(path.c_str());
  EXPECT_THAT(PutAll(outlet, "two\n"), HasSubstr("No such file or directory"));
  daemon = Listen(path);
  EXPECT_EQ(PutAll(outlet, "three\n"), "done");
  EXPECT_TRUE(absl::EndsWith(ReadSome(daemon.get()), ": three"));
  // Started anew between two records.
  daemon = Listen(path);
  EXPECT_EQ(PutAll(outlet, "four\n"), "done");
  EXPECT_TRUE(absl::EndsWith(ReadSome(daemon.get()), ": four"));
  unlink(path.c_str());
}

TEST_F(DatagramOutletTest, ADaemonThatDoesNotReadBlocks) {
  const std::string path = SocketPath();
  const UniqueFd daemon = Listen(path);
  PROVOST_ASSERT_OK_AND_ASSIGN(DatagramOutlet outlet,
                               DatagramOutlet::Open(DatagramOutlet::Protocol::kSyslog, path));
  std::string piece;
  for (int i = 0; i < 1'000; ++i) absl::StrAppend(&piece, "record ", i, "\n");
  size_t sent = 0;
  int received = 0;
  while (true) {
    const absl::StatusOr<Progress> progress = outlet.Put(piece, sent);
    PROVOST_ASSERT_OK(progress.status());
    if (*progress == Progress::kDone) break;
    std::string got;
    while ((got = ReadSome(daemon.get())) != absl::StrCat("errno ", EAGAIN)) {
      ASSERT_TRUE(absl::EndsWith(got, absl::StrCat(": record ", received++))) << got;
    }
    outlet.Await(1'000);
  }
  EXPECT_GT(received, 0) << "it never blocked";
  while (received < 1'000) {
    ASSERT_TRUE(absl::EndsWith(ReadSome(daemon.get()), absl::StrCat(": record ", received++)));
  }
  unlink(path.c_str());
}

TEST(KernelMessage, IsOneLineOfPlainTokens) {
  const auto message = [](const Event& event) {
    std::string out;
    AppendKernelMessage(event, out);
    return out;
  };
  Identity who = SomeTask();
  DecisionEvent event = SomeDecision(who);
  EXPECT_EQ(message(event),
            "op=seccomp verdict=deny call=openat key=\"no-shadow\" result=EACCES opid=1001 "
            "oauid=1000 ouid=0 oses=3 ocomm=\"cat\" oexe=\"/usr/bin/cat\"\n");
  who.comm = "a' b\n";
  who.exe = "/x' res=success'\ntype=SECCOMP msg=audit(1.1:1): syscall=1";
  event.decision.verdict = Return{7};
  event.decision.rule = "it's";
  event.result = 7;
  CallFacts facts;
  facts.contid = 123;
  event.facts = &facts;
  const std::string hostile = message(event);
  EXPECT_EQ(Lines(hostile).size(), 1u);
  EXPECT_THAT(hostile, HasSubstr("verdict=return call=openat key=69742773 result=7 opid=1001"));
  EXPECT_THAT(hostile, HasSubstr("ocomm=612720620A oexe=2F7827"));
  EXPECT_TRUE(absl::EndsWith(hostile, " contid=123\n"));
  for (const char* misread : {" syscall=", " arch=", " exit=", "'"}) {
    EXPECT_EQ(hostile.find(misread), std::string::npos) << misread;
  }
  EXPECT_EQ(message(SupervisorEvent{SupervisorEvent::What::kEnd, &who, 5, 2}),
            "op=supervisor-end events=5 lost=2\n");
  EXPECT_EQ(message(SupervisorEvent{.what = SupervisorEvent::What::kEventsLost, .lost = 2}),
            "op=events-lost lost=2\n");
  Identity asks = SomeTask();
  asks.pid = 7;
  asks.auid = 1000;
  asks.uid = 12;
  asks.comm = "it's";
  EXPECT_EQ(message(ContainerEvent{.identity = &asks, .pid = 5, .contid = 1, .succeeded = false}),
            "op=container-set opid=5 contid=1 old-contid=18446744073709551615 result=refused "
            "by-pid=7 by-auid=1000 by-uid=12 by-comm=69742773\n");
  EXPECT_EQ(message(ConfigChangeEvent{.asked_by = &asks,
                                      .mark = AuditedMark{.contid = 9, .audited = true}}),
            "op=audited contid=9 audited=1 old-audited=0 by-pid=7 by-auid=1000 by-uid=12 "
            "by-comm=69742773\n");
  EXPECT_EQ(message(ConfigChangeEvent{.actions = "log", .old_actions = "errno"}),
            "op=seccomp-logging actions=\"log\" old-actions=\"errno\"\n");
}

}  // namespace
}  // namespace provost
