#include "tracee/task_identities.h"

#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tracee/identity.h"

namespace provost {
namespace {

using Source = TaskIdentities::Source;

size_t OpenDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  size_t count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

// A child that does one thing after the other, each when it is told to, and says when it is done.
class Actor {
 public:
  explicit Actor(const std::vector<std::function<bool()>>& acts) {
    int orders[2];
    int answers[2];
    EXPECT_EQ(pipe2(orders, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(answers, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      for (const auto& act : acts) {
        char order = 0;
        if (read(orders[0], &order, 1) != 1) _exit(1);
        const char answer = act() ? 'y' : 'n';
        if (write(answers[1], &answer, 1) != 1) _exit(1);
      }
      pause();
      _exit(0);
    }
    orders_.reset(orders[1]);
    answers_.reset(answers[0]);
    close(orders[0]);
    close(answers[1]);
  }
  ~Actor() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  void Act() const {
    char answer = 0;
    EXPECT_EQ(write(orders_.get(), "x", 1), 1);
    EXPECT_EQ(read(answers_.get(), &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  UniqueFd orders_;
  UniqueFd answers_;
};

// The same tests for both ways of reading.
class TaskIdentitiesTest : public testing::TestWithParam<Source> {
 protected:
  Identity Read(pid_t tid) {
    Identity identity;
    PROVOST_EXPECT_OK(identities_.Read(tid, identity));
    return identity;
  }
  TaskIdentities identities_{0, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Sources, TaskIdentitiesTest,
                         testing::Values(Source::kBest, Source::kProcOnly));

void ExpectSame(const Identity& actual, const Identity& expected) {
  EXPECT_EQ(actual.pid, expected.pid);
  EXPECT_EQ(actual.tid, expected.tid);
  EXPECT_EQ(actual.ppid, expected.ppid);
  EXPECT_EQ(actual.auid, expected.auid);
  EXPECT_EQ(actual.ses, expected.ses);
  EXPECT_EQ(actual.uid, expected.uid);
  EXPECT_EQ(actual.euid, expected.euid);
  EXPECT_EQ(actual.suid, expected.suid);
  EXPECT_EQ(actual.fsuid, expected.fsuid);
  EXPECT_EQ(actual.gid, expected.gid);
  EXPECT_EQ(actual.egid, expected.egid);
  EXPECT_EQ(actual.sgid, expected.sgid);
  EXPECT_EQ(actual.fsgid, expected.fsgid);
  EXPECT_EQ(actual.comm, expected.comm);
  EXPECT_EQ(actual.exe, expected.exe);
  EXPECT_EQ(actual.tty, expected.tty);
  EXPECT_EQ(actual.proctitle, expected.proctitle);
}

TEST_P(TaskIdentitiesTest, SaysWhatProcSays) {
  const Actor actor({[] { return true; }});
  for (const pid_t tid : {getpid(), getppid(), actor.pid()}) {
    Identity expected;
    PROVOST_ASSERT_OK(ReadTaskIdentity(tid, expected));
    PROVOST_ASSERT_OK(ReadProgramIdentity(tid, expected));
    for (int time = 0; time < 2; ++time) ExpectSame(Read(tid), expected);
  }
}

TEST_P(TaskIdentitiesTest, AThreadHasANameOfItsOwn) {
  pid_t tid = 0;
  Identity identity;
  std::thread([&] {
    tid = gettid();
    prctl(PR_SET_NAME, "one) 2\n(three");
    identity = Read(tid);
  }).join();
  EXPECT_EQ(identity.comm, "one) 2\n(three");
  EXPECT_EQ(identity.tid, tid);
  EXPECT_EQ(identity.pid, getpid());
  EXPECT_NE(Read(getpid()).comm, identity.comm);
}

TEST_P(TaskIdentitiesTest, ChangesAreSeenAtOnce) {
  int controller = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&controller, &terminal, nullptr, nullptr, nullptr), 0);
  char name[64] = {};
  ASSERT_EQ(ttyname_r(terminal, name, sizeof(name)), 0);
  const Actor actor({
      [] { return signal(SIGHUP, SIG_IGN) != SIG_ERR && setsid() > 0; },
      [&] { return ioctl(terminal, TIOCSCTTY, 0) == 0; },
      [&] { return ioctl(terminal, TIOCNOTTY) == 0; },
      [] { return prctl(PR_SET_NAME, "second") == 0; },
  });
  const pid_t pid = actor.pid();
  Read(pid);
  actor.Act();
  EXPECT_EQ(Read(pid).tty, "");
  actor.Act();
  EXPECT_EQ(Read(pid).tty, absl::StrCat("pts", name + strlen("/dev/pts/")));
  actor.Act();
  EXPECT_EQ(Read(pid).tty, "");
  actor.Act();
  EXPECT_EQ(Read(pid).comm, "second");
  close(controller);
  close(terminal);
}

// What only calls change that the caller is told of.
TEST_P(TaskIdentitiesTest, TaskChangesAreSeenOnceTheyAreTold) {
  int controller = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&controller, &terminal, nullptr, nullptr, nullptr), 0);
  const Actor actor({
      [] { return signal(SIGHUP, SIG_IGN) != SIG_ERR; },
      [] { return setsid() > 0; },
      [&] { return ioctl(terminal, TIOCSCTTY, 0) == 0; },
  });
  const pid_t pid = actor.pid();
  const auto kept_root = [&] {
    const absl::StatusOr<TaskDirectory> directory = identities_.Directory(pid);
    PROVOST_EXPECT_OK(directory.status());
    return directory->has_our_root;
  };
  EXPECT_EQ(kept_root(), nullptr) << "before it is said that the calls are told";
  identities_.KeepTaskChanges();
  ASSERT_NE(kept_root(), nullptr);
  EXPECT_FALSE(*kept_root());
  *kept_root() = true;
  EXPECT_TRUE(*kept_root());
  for (int time = 0; time < 3; ++time) Read(pid);
  identities_.KeepNoSessions();
  EXPECT_TRUE(*kept_root());
  identities_.KeepNoRoots();
  EXPECT_EQ(kept_root(), nullptr);
  actor.Act();
  Read(pid);
  actor.Act();
  Read(pid);
  actor.Act();
  EXPECT_NE(Read(pid).tty, "");
  close(controller);
  close(terminal);
}

TEST_P(TaskIdentitiesTest, IdsAreSeenAtOnce) {
  const auto may_set = [] {
    const pid_t probe = fork();
    if (probe == 0) _exit(setresgid(11, 12, 13) == 0 && setresuid(1, 2, 3) == 0 ? 0 : 1);
    int status = 0;
    return waitpid(probe, &status, 0) == probe && status == 0;
  };
  if (!may_set()) GTEST_SKIP() << "needs CAP_SETUID and a user namespace with more than one uid";
  const Actor actor({
      [] { return setresgid(11, 12, 13) == 0; },
      [] { return setresuid(1, 2, 3) == 0; },
  });
  const pid_t pid = actor.pid();
  Read(pid);
  actor.Act();
  Identity identity = Read(pid);
  EXPECT_EQ(identity.gid, 11U);
  EXPECT_EQ(identity.egid, 12U);
  EXPECT_EQ(identity.sgid, 13U);
  EXPECT_EQ(identity.fsgid, 12U);
  EXPECT_EQ(identity.uid, 0U);
  actor.Act();
  identity = Read(pid);
  EXPECT_EQ(identity.uid, 1U);
  EXPECT_EQ(identity.euid, 2U);
  EXPECT_EQ(identity.suid, 3U);
  EXPECT_EQ(identity.fsuid, 2U);
}

TEST_P(TaskIdentitiesTest, ALoginIsSeenWhenItComes) {
  const auto log_in = [] {
    const UniqueFd file(open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC));
    return write(file.get(), "4711", 4) == 4;
  };
  const pid_t probe = fork();
  if (probe == 0) _exit(log_in() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(probe, &status, 0), probe);
  if (status != 0) GTEST_SKIP() << "needs CAP_AUDIT_CONTROL and a kernel with audit";
  const Actor actor({log_in});
  const uint32_t ses = Read(actor.pid()).ses;
  actor.Act();
  EXPECT_EQ(Read(actor.pid()).auid, 4711U);
  EXPECT_NE(Read(actor.pid()).ses, ses);
}

TEST_P(TaskIdentitiesTest, ProgramsAreKeptUntilForgotten) {
  const Actor actor({[] {
    // What a task makes of its arguments later is not its command line.
    program_invocation_name[0] = 'X';
    return true;
  }});
  const std::string before = Read(actor.pid()).proctitle;
  actor.Act();
  EXPECT_EQ(Read(actor.pid()).proctitle, before);
  identities_.KeepNoPrograms();
  EXPECT_EQ(Read(actor.pid()).proctitle[0], 'X');
  identities_.Forget(actor.pid());
  EXPECT_EQ(Read(actor.pid()).proctitle[0], 'X');
}

TEST_P(TaskIdentitiesTest, KeepsFewDescriptors) {
  TaskIdentities identities(2, GetParam());
  const size_t before = OpenDescriptors();
  for (int round = 0; round < 3; ++round) {
    for (const pid_t tid : {1, getpid(), getppid()}) {
      Identity identity;
      PROVOST_ASSERT_OK(identities.Read(tid, identity));
      EXPECT_EQ(identity.tid, tid);
    }
  }
  EXPECT_LE(OpenDescriptors(), before + 2 * 6);
  identities.Forget(getppid());
  identities.Forget(getpid());
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_P(TaskIdentitiesTest, WithoutADescriptorNothingIsInvented) {
  Read(getppid());
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  // Other tasks' descriptors are given up first.
  const UniqueFd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
  none.rlim_cur = next.get() + 4;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Identity first;
  const absl::Status given = identities_.Read(getpid(), first);
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Identity second;
  const absl::Status refused = identities_.Read(1, second);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  PROVOST_EXPECT_OK(given);
  EXPECT_EQ(first.pid, getpid());
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  PROVOST_EXPECT_OK(identities_.Read(1, second));
}

TEST_P(TaskIdentitiesTest, AGoneTaskIsNotFound) {
  Identity identity;
  EXPECT_EQ(identities_.Read(1 << 23, identity).code(), absl::StatusCode::kNotFound);
  pid_t pid = 0;
  {
    const Actor actor({});
    pid = actor.pid();
    Read(pid);
  }
  EXPECT_EQ(identities_.Read(pid, identity).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace provost
