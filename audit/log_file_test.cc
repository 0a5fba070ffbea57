#include "audit/log_file.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

std::string FreshDirectory(absl::string_view name) {
  std::string path = FreshPath(name);
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
  return path;
}

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string Told(const absl::Status& status) { return status.ok() ? "OK" : status.ToString(); }

// The live file and its rotated ones, oldest first, as one text.
std::string WholeSet(const std::string& path) {
  std::string text;
  int oldest = 0;
  while (Exists(absl::StrCat(path, ".", oldest + 1))) ++oldest;
  for (; oldest > 0; --oldest) text += ReadFile(absl::StrCat(path, ".", oldest));
  return text + ReadFile(path);
}

TEST(LogFile, FollowsItsPath) {
  const std::string directory = FreshDirectory("follows");
  const std::string path = directory + "/audit.log";
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {}));
  PROVOST_ASSERT_OK(log.Append("first\n"));
  ASSERT_EQ(rename(path.c_str(), (path + ".old").c_str()), 0);
  PROVOST_ASSERT_OK(log.Append("renamed\n"));
  EXPECT_EQ(ReadFile(path + ".old"), "first\n");
  EXPECT_EQ(ReadFile(path), "renamed\n");
  EXPECT_EQ(ModeOf(path), 0600u);

  ASSERT_EQ(rename((path + ".old").c_str(), path.c_str()), 0);
  PROVOST_ASSERT_OK(log.Append("replaced\n"));
  EXPECT_EQ(ReadFile(path), "first\nreplaced\n");

  ASSERT_EQ(unlink(path.c_str()), 0);
  PROVOST_ASSERT_OK(log.Append("removed\n"));
  EXPECT_EQ(ReadFile(path), "removed\n");

  WriteFile(path + ".new", "torn");
  ASSERT_EQ(rename((path + ".new").c_str(), path.c_str()), 0);
  PROVOST_ASSERT_OK(log.Append("piece\n"));
  EXPECT_EQ(ReadFile(path), "torn\npiece\n");
}

// Where the kernel tells of changes, and where each time is looked: the same. Shared memory is of
// the first kind, the tests' own directory may be of either.
TEST(LogFile, FollowsItsPathThroughItsDirectories) {
  std::string shared = "/dev/shm/log_file_XXXXXX";
  ASSERT_NE(mkdtemp(shared.data()), nullptr);
  for (const std::string& top : {shared, FreshDirectory("through")}) {
    const std::string directory = top + "/a";
    ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
    const std::string path = directory + "/audit.log";
    PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {}));
    for (const char* piece : {"1\n", "2\n"}) PROVOST_ASSERT_OK(log.Append(piece));
    ASSERT_EQ(rename(directory.c_str(), (top + "/b").c_str()), 0);
    EXPECT_FALSE(log.Append("nowhere\n").ok());
    ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
    for (const char* piece : {"3\n", "4\n"}) PROVOST_ASSERT_OK(log.Append(piece));
    EXPECT_EQ(ReadFile(top + "/b/audit.log"), "1\n2\n");
    EXPECT_EQ(ReadFile(path), "3\n4\n");
    ASSERT_EQ(rename(path.c_str(), (path + ".1").c_str()), 0);
    for (const char* piece : {"5\n", "6\n"}) PROVOST_ASSERT_OK(log.Append(piece));
    EXPECT_EQ(ReadFile(path + ".1"), "3\n4\n");
    EXPECT_EQ(ReadFile(path), "5\n6\n");
  }
  std::filesystem::remove_all(shared);
}

// A line that somebody else leaves open is not run into, nor is what was cut off.
TEST(LogFile, OthersMayWriteBesideIt) {
  std::string top = "/dev/shm/log_file_XXXXXX";
  ASSERT_NE(mkdtemp(top.data()), nullptr);
  const std::string path = top + "/audit.log";
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {}));
  for (const char* piece : {"1\n", "2\n"}) PROVOST_ASSERT_OK(log.Append(piece));
  const UniqueFd other(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_EQ(write(other.get(), "whole\n", 6), 6);
  PROVOST_ASSERT_OK(log.Append("3\n"));
  ASSERT_EQ(write(other.get(), "torn", 4), 4);
  PROVOST_ASSERT_OK(log.Append("4\n"));
  ASSERT_EQ(ftruncate(other.get(), 1), 0);
  PROVOST_ASSERT_OK(log.Append("5\n"));
  std::vector<std::string> lines = Lines(ReadFile(path));
  EXPECT_EQ(lines.front(), "1 ") << "what ran into it was taken back";
  EXPECT_EQ(lines.back(), "5");
  ASSERT_EQ(ftruncate(other.get(), 0), 0);
  PROVOST_ASSERT_OK(log.Append("6\n"));
  EXPECT_EQ(ReadFile(path), "6\n");
  std::filesystem::remove_all(top);
}

TEST(LogFile, ComesBackWithItsDirectory) {
  const std::string directory = FreshDirectory("gone");
  const std::string path = directory + "/audit.log";
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {}));
  PROVOST_ASSERT_OK(log.Append("first\n"));
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(rmdir(directory.c_str()), 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(log.Append("nowhere\n"),
                StatusIs(absl::StatusCode::kNotFound,
                         HasSubstr(absl::StrCat("cannot open audit log '", path,
                                                "' (does its directory exist?)"))));
  }
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  PROVOST_ASSERT_OK(log.Append("again\n"));
  EXPECT_EQ(ReadFile(path), "again\n");
}

TEST(LogFile, WritesToNoOtherKindOfFileThatTookItsPlace) {
  const std::string directory = FreshDirectory("kinds");
  const std::string path = directory + "/audit.log";
  const std::string other = directory + "/other";
  WriteFile(other, "other's\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {}));
  const auto refused = [&] {
    const absl::Status status = log.Append("piece\n");
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(absl::IsFailedPrecondition(status)) << "it may come back: " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_EQ(remove(path.c_str()), 0);
  };
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(symlink(other.c_str(), path.c_str()), 0);
  refused();
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  refused();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  refused();
  PROVOST_ASSERT_OK(log.Append("piece\n"));
  EXPECT_EQ(ReadFile(path), "piece\n");
  EXPECT_EQ(ReadFile(other), "other's\n");
}

TEST(LogFile, ALinkNamedAtFirstStandsForItsFile) {
  const std::string directory = FreshDirectory("link");
  const std::string path = directory + "/real.log";
  const std::string link = directory + "/audit.log";
  ASSERT_EQ(symlink("real.log", link.c_str()), 0);
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(link, {.max_size = 10, .keep = 2}));
  PROVOST_ASSERT_OK(log.Append("first\n"));
  PROVOST_ASSERT_OK(log.Append("second\n"));
  EXPECT_EQ(ReadFile(path + ".1"), "first\n");
  EXPECT_EQ(ReadFile(link), "second\n");
}

TEST(LogFile, RotatesBetweenPieces) {
  const std::string path = FreshDirectory("rotates") + "/audit.log";
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {.max_size = 30, .keep = 3}));
  for (int i = 0; i < 14; ++i) PROVOST_ASSERT_OK(log.Append(absl::StrCat("piece ", i, "\nend\n")));
  // Two pieces fit in 30 bytes.
  EXPECT_EQ(ReadFile(path), "piece 12\nend\npiece 13\nend\n");
  EXPECT_EQ(ReadFile(path + ".1"), "piece 10\nend\npiece 11\nend\n");
  EXPECT_EQ(ReadFile(path + ".2"), "piece 8\nend\npiece 9\nend\n");
  EXPECT_EQ(ReadFile(path + ".3"), "piece 6\nend\npiece 7\nend\n");
  EXPECT_FALSE(Exists(path + ".4"));
  EXPECT_EQ(ModeOf(path), 0600u);
  EXPECT_EQ(ModeOf(path + ".1"), 0400u);
  EXPECT_EQ(ModeOf(path + ".3"), 0400u);
  // Longer than the limit: a file of its own.
  PROVOST_ASSERT_OK(log.Append(std::string(100, 'x') + "\n"));
  PROVOST_ASSERT_OK(log.Append("next\n"));
  EXPECT_EQ(ReadFile(path), "next\n");
  EXPECT_EQ(ReadFile(path + ".1").size(), 101u);
}

TEST(LogFile, GrowsWhileSomebodyStandsStillInTheMiddleOfAPiece) {
  const std::string path = FreshDirectory("lock") + "/audit.log";
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {.max_size = 10, .keep = 3}));
  PROVOST_ASSERT_OK(log.Append("first\n"));
  {
    UniqueFd other(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(flock(other.get(), LOCK_SH), 0);
    PROVOST_ASSERT_OK(log.Append("second\n"));
    PROVOST_ASSERT_OK(log.Append("third\n"));
    EXPECT_EQ(ReadFile(path), "first\nsecond\nthird\n");
    // Somebody who stopped while renaming holds up nobody either.
    ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
    PROVOST_ASSERT_OK(log.Append("fourth\n"));
  }
  PROVOST_ASSERT_OK(log.Append("fifth\n"));
  EXPECT_EQ(ReadFile(path + ".1"), "first\nsecond\nthird\nfourth\n");
  EXPECT_EQ(ReadFile(path), "fifth\n");
}

TEST(LogFile, SaysAtOnceThatItCannotRotate) {
  const std::string directory = FreshDirectory("unrotatable");
  const std::string path = directory + "/audit.log";
  WriteFile(path, "");
  ASSERT_EQ(chmod(directory.c_str(), 0500), 0);
  const std::string told = InChild([&] {
    DropCapabilities();
    const std::string plain = Told(LogFile::Open(path, {}).status());
    return absl::StrCat(plain, "; ", Told(LogFile::Open(path, {.max_size = 10}).status()));
  });
  EXPECT_EQ(told, absl::StrCat("OK; PERMISSION_DENIED: cannot rotate audit log '", path,
                               "': cannot make files in its directory: Permission denied"));
}

// Processes that rotate one log under each other's hands.
TEST(LogFile, SeveralRotateOneLog) {
  constexpr int kWorkers = 4;
  constexpr int kPieces = 3'000;
  const std::string path = FreshDirectory("several") + "/audit.log";
  std::vector<pid_t> children;
  children.reserve(kWorkers);
  for (int worker = 0; worker < kWorkers; ++worker) {
    children.push_back(Fork([&, worker] {
      absl::StatusOr<LogFile> log = LogFile::Open(path, {.max_size = 4'096, .keep = 1'000});
      if (!log.ok()) _exit(1);
      const std::string filler(worker * 20, 'x');
      for (int i = 0; i < kPieces; ++i) {
        const absl::Status status =
            log->Append(absl::StrCat(worker, " ", i, "\n", filler, "end\n"));
        if (!status.ok()) {
          std::cerr << status << "\n";
          _exit(2);
        }
      }
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(EndsWell(child));

  const std::vector<std::string> lines = Lines(WholeSet(path));
  ASSERT_EQ(lines.size(), 2u * kWorkers * kPieces);
  std::map<std::string, int> next;
  for (size_t i = 0; i < lines.size(); i += 2) {
    const std::vector<std::string> words = absl::StrSplit(lines[i], ' ');
    ASSERT_EQ(words.size(), 2u) << lines[i];
    EXPECT_EQ(words[1], absl::StrCat(next[words[0]]++)) << "each worker's in its order";
    EXPECT_TRUE(absl::EndsWith(lines[i + 1], "end"));
  }
  EXPECT_TRUE(Exists(path + ".20"));
  for (int number = 1; Exists(absl::StrCat(path, ".", number)); ++number) {
    EXPECT_EQ(ModeOf(absl::StrCat(path, ".", number)), 0400u);
  }
}

// Under a filter that refuses fdatasync(2) as a broken disk does.
std::string AppendWhereNothingCanBeSynced(const std::string& path, Durability durability) {
  return InChild([&]() -> std::string {
    absl::StatusOr<LogFile> log = LogFile::Open(path, {.durability = durability});
    if (!log.ok()) return Told(log.status());
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {4, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      return "no filter";
    }
    std::string told = Told(log->Append("piece\n"));
    return absl::StrCat(told, "; ", Told(log->Flush()));
  });
}

TEST(LogFile, SyncsAsItsDurabilitySays) {
  const std::string path = FreshPath("durable.log");
  const std::string error = absl::StrCat("UNAVAILABLE: audit log '", path,
                                         "' cannot be made durable: Input/output error");
  EXPECT_EQ(AppendWhereNothingCanBeSynced(path, Durability::kNone), "OK; OK");
  EXPECT_EQ(ReadFile(path), "piece\n");
  EXPECT_EQ(AppendWhereNothingCanBeSynced(path, Durability::kBatch), "OK; " + error);
  EXPECT_EQ(ReadFile(path), "piece\npiece\n");
  EXPECT_EQ(AppendWhereNothingCanBeSynced(path, Durability::kEvent), error + "; OK");
  EXPECT_EQ(ReadFile(path), "piece\npiece\n     \n") << "what will be offered again is not there";

  for (const Durability durability : {Durability::kNone, Durability::kBatch, Durability::kEvent}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(LogFile log, LogFile::Open(path, {.durability = durability}));
    PROVOST_EXPECT_OK(log.Append("more\n"));
    PROVOST_EXPECT_OK(log.Flush());
  }
}

// In mount namespaces of their own.
std::string OnATmpfs(const std::string& directory, const std::function<std::string()>& body) {
  return InChild([&]() -> std::string {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return "unshare";
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=1m") != 0) {
      return absl::StrCat("mount: ", errno);
    }
    return body();
  });
}

TEST(LogFile, AReadOnlyFileSystemIsAnErrorUntilItIsWritable) {
  const std::string directory = FreshDirectory("readonly");
  const std::string path = directory + "/audit.log";
  const std::string told = OnATmpfs(directory, [&]() -> std::string {
    const char* where = directory.c_str();
    const auto remount = [&](int flags) {
      return mount(nullptr, where, nullptr, MS_REMOUNT | flags, nullptr) == 0 ? 0 : errno;
    };
    if (remount(MS_RDONLY) != 0) return "remount";
    std::string said = absl::StrCat(Told(LogFile::Open(path, {}).status()), "\n");
    if (remount(0) != 0) return "remount";
    absl::StatusOr<LogFile> log = LogFile::Open(path, {});
    if (!log.ok()) return Told(log.status());
    // The kernel refuses it while a log is open there.
    if (remount(MS_RDONLY) != EBUSY) return "remount under an open file";
    said += Told(log->Append("first\n")) + "\n";
    // What an administrator mounts over it.
    if (mount("tmpfs", where, "tmpfs", MS_RDONLY, nullptr) != 0) return "second mount";
    for (int i = 0; i < 2; ++i) absl::StrAppend(&said, Told(log->Append("second\n")), "\n");
    if (umount2(where, MNT_DETACH) != 0) return "umount";
    absl::StrAppend(&said, Told(log->Append("second\n")), "\n");
    return said + ReadFile(path);
  });
  const std::string error =
      absl::StrCat("cannot open audit log '", path, "': Read-only file system\n");
  const std::vector<std::string> lines = absl::StrSplit(told, '\n');
  ASSERT_EQ(lines.size(), 8u) << told;
  EXPECT_THAT(lines[0] + "\n", testing::EndsWith(error));
  EXPECT_EQ(lines[1], "OK");
  EXPECT_THAT(lines[2] + "\n", testing::EndsWith(error));
  EXPECT_EQ(lines[3], lines[2]);
  EXPECT_EQ(lines[4], "OK");
  EXPECT_EQ(lines[5] + lines[6], "firstsecond");
  rmdir(directory.c_str());
}

}  // namespace
}  // namespace provost
