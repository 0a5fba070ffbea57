// What becomes of a tree whose tracer dies, at whatever moment: nothing of it lives on, and nothing
// that the policy rules runs undecided.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tests/support/watchdog.h"

namespace provost {
namespace {

// Where marks_until_killed writes.
constexpr int kMarks = 100;

// The reading end of a pipe whose writing end tasks hold: its end is the end of the last of them.
class Marks {
 public:
  Marks() {
    std::array<int, 2> fds = {-1, -1};
    if (pipe2(fds.data(), O_CLOEXEC) < 0) abort();
    reading_.reset(fds[0]);
    writing_.reset(fds[1]);
  }
  // In the child that becomes the supervisor.
  void Inherit() const { dup2(writing_.get(), kMarks); }
  // In the test, once the child is there.
  void CloseWriting() { writing_.reset(); }

  // Reads until there are `count` marks; false if the last writer ended or time was up before.
  bool Await(size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + kTestTimeout;
    while (marks_.size() < count) {
      if (!ReadSome(deadline)) return false;
    }
    return true;
  }
  // Reads what is left until nobody holds the pipe; false if somebody still does when time is up.
  bool AwaitEnd() {
    const auto deadline = std::chrono::steady_clock::now() + kTestTimeout;
    while (ReadSome(deadline)) {
    }
    return ended_;
  }
  const std::string& marks() const { return marks_; }

 private:
  bool ReadSome(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd fd = {reading_.get(), POLLIN, 0};
    if (poll(&fd, 1, std::max<int>(0, static_cast<int>(left.count()))) != 1) return false;
    std::array<char, 256> buffer;
    const ssize_t got = read(reading_.get(), buffer.data(), buffer.size());
    ended_ = got == 0;
    if (got > 0) marks_.append(buffer.data(), got);
    return got > 0;
  }

  UniqueFd reading_;
  UniqueFd writing_;
  std::string marks_;
  bool ended_ = false;
};

// More by hand: --test_env=PROVOST_KILLED_ROUNDS=2000.
int Rounds() {
  int rounds = 40;
  if (const char* text = getenv("PROVOST_KILLED_ROUNDS")) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &rounds)) << text;
  }
  return rounds;
}

std::string MakeDirectory(const std::string& name) {
  std::string path = TemporaryPath(name);
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0) << path;
  return path;
}

std::vector<std::string> Statements(const std::string& directory) {
  return {absl::StrCat("deny EACCES open if path == \"", directory, "/forbidden\""),
          absl::StrCat("return 4711 access if path == \"", directory, "/answered\"")};
}

// The dead supervisor's tree: no mark of a call that was not decided, no survivor.
void ExpectNothingUndecided(Marks& marks, const std::string& directory) {
  EXPECT_TRUE(marks.AwaitEnd()) << "a task lives on";
  EXPECT_EQ(marks.marks().find_first_not_of('.'), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory + "/forbidden"));
}

TEST(TracerDeathTest, NothingRunsUndecidedNorLivesOnWheneverItIsKilled) {
  const uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  // Where the tree is at its start, and where all of it runs.
  std::array<std::uniform_int_distribution<size_t>, 2> moments = {
      std::uniform_int_distribution<size_t>(1, 20), std::uniform_int_distribution<size_t>(1, 400)};
  const std::string directory = MakeDirectory("killed");
  std::vector<std::string> options;
  for (const std::string& statement : Statements(directory)) {
    options.insert(options.end(), {"-e", statement});
  }
  for (int round = 0; round < Rounds(); ++round) {
    const size_t moment = moments[round % moments.size()](random);
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", round ", round, ", killed after ", moment));
    Marks marks;
    Subprocess supervisor(CommandLine(options, {Victim("marks_until_killed"), directory}),
                          [&] { marks.Inherit(); });
    marks.CloseWriting();
    ASSERT_TRUE(marks.Await(moment));
    ASSERT_EQ(kill(supervisor.pid(), SIGKILL), 0);
    ExpectNothingUndecided(marks, directory);
    const Ended ended = supervisor.Wait();
    EXPECT_EQ(ended.signal, SIGKILL) << ended;
    EXPECT_EQ(ended.err, "");
    if (testing::Test::HasFailure()) return;
  }
}

// Lets everything through; ahead of the numbered call that writes a mark it does `what`.
class EndingDecider final : public Decider {
 public:
  EndingDecider(int at, std::function<void()> what) : at_(at), what_(std::move(what)) {}
  Decision Decide(const SyscallRequest& request, ArgumentReader& /*arguments*/) override {
    const bool is_mark = request.nr == SYS_write && request.args[0] == kMarks;
    if (is_mark && ++marks_ == at_) what_();
    return {Allow{}, RecordWish::kUnsaid, "let through"};
  }

 private:
  int at_;
  std::function<void()> what_;
  int marks_ = 0;
};

void Supervise(int at, const std::function<void()>& what,
               const std::function<void(pid_t)>& started) {
  EndingDecider decider(at, what);
  Options options = OptionsOf({"log write"});
  options.decider = &decider;
  options.on_started = started;
  (void)Supervisor(std::move(options)).Run({Victim("marks_ten_calls")});
}

TEST(TracerDeathTest, TheCallThatPendsDoesNotRun) {
  for (int at = 1; at <= 10; ++at) {
    Marks marks;
    const pid_t pid = fork();
    if (pid == 0) {
      marks.Inherit();
      marks.CloseWriting();
      Supervise(
          at, [] { raise(SIGKILL); }, nullptr);
      _exit(2);
    }
    marks.CloseWriting();
    EXPECT_TRUE(marks.AwaitEnd()) << "a task lives on";
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_EQ(marks.marks(), std::string("0123456789").substr(0, at - 1));
  }
}

// ptrace(2): a tracer is a thread. The process of this one lives on.
TEST(TracerDeathTest, TheTracingThreadsEndIsTheTreesEnd) {
  for (int at = 1; at <= 10; ++at) {
    Marks marks;
    std::array<int, 2> release = {-1, -1};
    ASSERT_EQ(pipe2(release.data(), O_CLOEXEC), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      close(release[1]);
      marks.Inherit();
      marks.CloseWriting();
      std::promise<void> started;
      std::thread([&] {
        Supervise(
            at, [] { syscall(SYS_exit, 0); }, [&](pid_t) { started.set_value(); });
      }).detach();
      started.get_future().wait();
      close(kMarks);
      char byte = 0;
      _exit(read(release[0], &byte, 1) == 0 ? 7 : 1);
    }
    close(release[0]);
    marks.CloseWriting();
    EXPECT_TRUE(marks.AwaitEnd()) << "a task lives on";
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, WNOHANG), 0) << "the process was to live on";
    close(release[1]);
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
    EXPECT_EQ(marks.marks(), std::string("0123456789").substr(0, at - 1));
  }
}

}  // namespace
}  // namespace provost
