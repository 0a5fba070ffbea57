#include "audit/appender.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// What a neighbour does that is no Appender.
void AppendRaw(const std::string& path, absl::string_view text) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string Told(const absl::Status& status) { return status.ok() ? "OK" : status.ToString(); }

TEST(Appender, CreatesAPrivateFileThatIsClosedOnExec) {
  const std::string path = FreshPath("new.log");
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
  PROVOST_ASSERT_OK(appender.Append("one\n"));
  PROVOST_ASSERT_OK(appender.Append("two\n"));
  EXPECT_EQ(ReadFile(path), "one\ntwo\n");
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  int found = 0;
  for (int fd = 3; fd < 100; ++fd) {
    struct stat other;
    if (fstat(fd, &other) != 0 || other.st_ino != status.st_ino) continue;
    ++found;
    EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  }
  EXPECT_GE(found, 1);
}

TEST(Appender, EndsALastLineLeftOpen) {
  const struct {
    const char* before;
    const char* after;
  } kTable[] = {
      {"", "piece\n"},
      {"whole\n", "whole\npiece\n"},
      {"torn", "torn\npiece\n"},
      {"whole\ntorn", "whole\ntorn\npiece\n"},
  };
  for (const auto& row : kTable) {
    const std::string path = FreshPath("tail.log");
    WriteFile(path, row.before);
    PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
    EXPECT_EQ(ReadFile(path), row.before) << "opening alone writes nothing";
    PROVOST_ASSERT_OK(appender.Append("piece\n"));
    EXPECT_EQ(ReadFile(path), row.after);
    PROVOST_ASSERT_OK(appender.Append("next\n"));
    EXPECT_EQ(ReadFile(path), absl::StrCat(row.after, "next\n"));
  }
}

TEST(Appender, TwoAppendersInterleave) {
  const std::string path = FreshPath("two.log");
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender one, Appender::Open(path));
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender two, Appender::Open(path));
  for (int i = 0; i < 3; ++i) {
    PROVOST_ASSERT_OK(one.Append("one\n"));
    PROVOST_ASSERT_OK(two.Append("two\n"));
  }
  EXPECT_EQ(ReadFile(path), "one\ntwo\none\ntwo\none\ntwo\n");
}

TEST(Appender, EndsALineThatANeighbourLeftOpenMeanwhile) {
  const std::string path = FreshPath("neighbour.log");
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
  PROVOST_ASSERT_OK(appender.Append("first\n"));
  AppendRaw(path, "killed in mid-wri");
  PROVOST_ASSERT_OK(appender.Append("second\n"));
  EXPECT_EQ(ReadFile(path), "first\nkilled in mid-wri\nsecond\n");
  AppendRaw(path, "whole\n");
  PROVOST_ASSERT_OK(appender.Append("third\n"));
  EXPECT_EQ(ReadFile(path), "first\nkilled in mid-wri\nsecond\nwhole\nthird\n");
}

TEST(Appender, GoesOnAfterTheFileWasTruncated) {
  const std::string path = FreshPath("truncated.log");
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
  PROVOST_ASSERT_OK(appender.Append("first\n"));
  ASSERT_EQ(truncate(path.c_str(), 0), 0);
  PROVOST_ASSERT_OK(appender.Append("second\n"));
  EXPECT_EQ(ReadFile(path), "second\n");
}

// The disk is full after `room` bytes, and later it is not.
std::string AppendWithRoomFor(const std::string& path, size_t room) {
  return InChild([&]() -> std::string {
    absl::StatusOr<Appender> appender = Appender::Open(path);
    if (!appender.ok()) return Told(appender.status());
    std::string told = Told(appender->Append("before\n"));
    LimitFileSize(7 + room);
    absl::StrAppend(&told, " ", Told(appender->Append("1111\n2222\n")));
    LiftFileSizeLimit();
    return absl::StrCat(told, " ", Told(appender->Append("after\n")));
  });
}

TEST(Appender, TakesBackWhatFellShort) {
  for (size_t room = 0; room < 10; ++room) {
    SCOPED_TRACE(room);
    const std::string path = FreshPath("short.log");
    const std::string told = AppendWithRoomFor(path, room);
    EXPECT_THAT(told, testing::StartsWith("OK "));
    EXPECT_THAT(told,
                HasSubstr(absl::StrCat("cannot append to audit log '", path, "': File too large")));
    EXPECT_THAT(told, testing::EndsWith(" OK"));
    const std::string blank = room > 0 ? absl::StrCat(std::string(room - 1, ' '), "\n") : "";
    EXPECT_EQ(ReadFile(path), absl::StrCat("before\n", blank, "after\n"));
  }
  const std::string path = FreshPath("short.log");
  EXPECT_EQ(AppendWithRoomFor(path, 10), "OK OK OK");
  EXPECT_EQ(ReadFile(path), "before\n1111\n2222\nafter\n");
}

// A neighbour that writes without end what is no whole line, as `printf abc >>log` does: it gets
// between our look at the file's end and our write.
TEST(Appender, HarmsNothingThatOthersLeaveOpenAllTheTime) {
  const std::string path = FreshPath("race.log");
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
  PROVOST_ASSERT_OK(appender.Append("begin\n"));
  const pid_t neighbour = Fork([&] {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    while (write(fd.get(), "<abc>", 5) == 5) {
    }
  });
  constexpr int kPieces = 20'000;
  for (int i = 0; i < kPieces; ++i) {
    PROVOST_ASSERT_OK(appender.Append(absl::StrCat("a piece ", i, "\nits end ", i, "\n")));
  }
  kill(neighbour, SIGKILL);
  EXPECT_FALSE(EndsWell(neighbour));
  std::vector<std::string> ours;
  for (const std::string& line : Lines(absl::StrCat(ReadFile(path), "\n"))) {
    if (absl::StartsWith(line, "a piece ") || absl::StartsWith(line, "its end ")) {
      ours.push_back(line);
      continue;
    }
    const std::string theirs = absl::StrReplaceAll(line, {{"<abc>", ""}});
    if (line != "begin" && theirs.find_first_not_of(' ') != std::string::npos) FAIL() << line;
  }
  ASSERT_EQ(ours.size(), 2u * kPieces);
  for (int i = 0; i < kPieces; ++i) {
    if (ours[2 * i] != absl::StrCat("a piece ", i)) FAIL() << i << ours[2 * i];
    if (ours[2 * i + 1] != absl::StrCat("its end ", i)) FAIL() << i << ours[2 * i + 1];
  }
}

// A file that its owner may write but not read: nothing can be taken back there.
TEST(Appender, LeadsWithANewlineWhereItCannotPatch) {
  const std::string path = FreshPath("writeonly.log");
  WriteFile(path, "");
  ASSERT_EQ(chmod(path.c_str(), 0200), 0);
  const std::string told = InChild([&]() -> std::string {
    DropCapabilities();
    absl::StatusOr<Appender> appender = Appender::Open(path);
    if (!appender.ok()) return Told(appender.status());
    std::string statuses = Told(appender->Append("first\n"));
    AppendRaw(path, "killed in mid-wri");
    absl::StrAppend(&statuses, " ", Told(appender->Append("second\n")));
    LimitFileSize(33);  // two bytes more than there are
    const bool fell_short = !appender->Append("third\n").ok();
    LiftFileSizeLimit();
    return absl::StrCat(statuses, " ", fell_short, " ", Told(appender->Append("fourth\n")));
  });
  EXPECT_EQ(told, "OK OK 1 OK");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(path), "first\nkilled in mid-wri\nsecond\nth\nfourth\n");
}

TEST(Appender, SharesADescriptorWithOthersOutput) {
  const std::string path = FreshPath("shared.log");
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::ForDescriptor(fd.get(), "output"));
  PROVOST_ASSERT_OK(appender.Append("first\n"));
  ASSERT_EQ(write(fd.get(), "hello, wor", 10), 10);
  PROVOST_ASSERT_OK(appender.Append("second\n"));
  ASSERT_EQ(write(fd.get(), "ld\n", 3), 3);
  PROVOST_ASSERT_OK(appender.Append("third\n"));
  EXPECT_EQ(ReadFile(path), "first\nhello, wor\nsecond\nld\nthird\n")
      << "what is not ours is not touched";
}

TEST(Appender, TakesBackThroughADescriptorOfOthers) {
  const std::string path = FreshPath("shared-short.log");
  const std::string told = InChild([&]() -> std::string {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    absl::StatusOr<Appender> appender = Appender::ForDescriptor(fd.get(), "output");
    if (!appender.ok()) return Told(appender.status());
    LimitFileSize(3);
    const absl::Status status = appender->Append("first\n");
    LiftFileSizeLimit();
    return absl::StrCat(Told(status), "; ", Told(appender->Append("second\n")));
  });
  EXPECT_THAT(
      told, AllOf(HasSubstr("cannot append to output: File too large"), testing::EndsWith("; OK")));
  EXPECT_EQ(ReadFile(path), "  \nsecond\n");
}

TEST(Appender, WaitsForASlowPipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  ASSERT_EQ(fcntl(out.get(), F_SETFL, 0), 0);
  std::string received;
  std::thread reader([&] {
    char chunk[1000];
    ssize_t got;
    while ((got = read(out.get(), chunk, sizeof(chunk))) > 0) received.append(chunk, got);
  });
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::ForDescriptor(in.get(), "pipe"));
  std::string sent;
  for (int i = 0; i < 100; ++i) {
    const std::string piece = absl::StrCat(std::string(9000, 'a' + i % 26), "\n");
    PROVOST_EXPECT_OK(appender.Append(piece));
    sent += piece;
  }
  in.reset();
  reader.join();
  EXPECT_EQ(received, sent);
}

TEST(Appender, ReportsAPipeWhoseReaderWent) {
  const std::string told = InChild([]() -> std::string {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    absl::StatusOr<Appender> appender = Appender::ForDescriptor(ends[1], "the pipe");
    if (!appender.ok()) return Told(appender.status());
    std::string statuses = Told(appender->Append("heard\n"));
    close(ends[0]);
    return absl::StrCat(statuses, "; ", Told(appender->Append("unheard\n")));
  });
  EXPECT_THAT(told,
              AllOf(testing::StartsWith("OK; "),
                    HasSubstr("FAILED_PRECONDITION: cannot append to the pipe: Broken pipe")));
}

TEST(Appender, WritesToDevicesSocketsAndTerminals) {
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender null, Appender::Open("/dev/null"));
  PROVOST_EXPECT_OK(null.Append("gone\n"));

  PROVOST_ASSERT_OK_AND_ASSIGN(Appender full, Appender::Open("/dev/full"));
  EXPECT_THAT(full.Append("piece\n"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("cannot append to audit log '/dev/full': No space left")));

  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd here(ends[0]);
  UniqueFd there(ends[1]);
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender socket, Appender::ForDescriptor(here.get(), "socket"));
  PROVOST_EXPECT_OK(socket.Append("piece\n"));
  char got[16];
  EXPECT_EQ(read(there.get(), got, sizeof(got)), 6);

  UniqueFd terminal(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal.valid());
  ASSERT_EQ(grantpt(terminal.get()), 0);
  ASSERT_EQ(unlockpt(terminal.get()), 0);
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender tty, Appender::Open(ptsname(terminal.get())));
  PROVOST_EXPECT_OK(tty.Append("piece\n"));
  EXPECT_EQ(read(terminal.get(), got, sizeof(got)), 7);  // with the terminal's own CR
}

TEST(Appender, WritesToAFifo) {
  const std::string path = FreshPath("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  UniqueFd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  PROVOST_ASSERT_OK_AND_ASSIGN(Appender appender, Appender::Open(path));
  PROVOST_EXPECT_OK(appender.Append("piece\n"));
  char got[16];
  EXPECT_EQ(read(reader.get(), got, sizeof(got)), 6);
}

TEST(Appender, RefusesWhatCannotBeOpened) {
  const std::string directory = testing::TempDir();
  EXPECT_THAT(Appender::Open(directory).status().ToString(),
              AllOf(HasSubstr(directory), HasSubstr("Is a directory")));

  const std::string orphan = FreshPath("missing") + "/audit.log";
  EXPECT_THAT(Appender::Open(orphan),
              StatusIs(absl::StatusCode::kNotFound,
                       testing::Eq(absl::StrCat("cannot open audit log '", orphan,
                                                "' (does its directory exist?): "
                                                "No such file or directory"))));

  const std::string forbidden = FreshPath("forbidden.log");
  WriteFile(forbidden, "");
  ASSERT_EQ(chmod(forbidden.c_str(), 0400), 0);
  const std::string told = InChild([&] {
    DropCapabilities();
    return Told(Appender::Open(forbidden).status());
  });
  EXPECT_THAT(told, AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr(forbidden),
                          HasSubstr("Permission denied")));
}

TEST(Appender, RefusesDescriptorsThatCannotBeWritten) {
  EXPECT_THAT(Appender::ForDescriptor(999, "nothing").status().ToString(),
              HasSubstr("cannot write to nothing: Bad file descriptor"));
  for (const int flags : {O_RDONLY, O_PATH}) {
    UniqueFd fd(open("/dev/null", flags | O_CLOEXEC));
    EXPECT_THAT(Appender::ForDescriptor(fd.get(), "it"),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("cannot write to it: the descriptor is not open for writing")));
  }
}

TEST(Appender, ADashIsStandardOutput) {
  const std::string path = FreshPath("stdout.log");
  EXPECT_TRUE(EndsWell(Fork([&] {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    dup2(fd.get(), STDOUT_FILENO);
    absl::StatusOr<Appender> appender = Appender::Open("-");
    if (!appender.ok() || !appender->Append("piece\n").ok()) _exit(1);
  })));
  EXPECT_EQ(ReadFile(path), "piece\n");
}

}  // namespace
}  // namespace provost
