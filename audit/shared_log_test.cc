// What several supervisors make of one log, and what ausearch(8) reads of it.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "audit/event.h"
#include "audit/file_sink.h"
#include "audit/formatter.h"
#include "audit/log_file.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

// What one supervisor of several writes: `events` decisions, numbered in a1, of process `pid`.
// Lengths vary, so that events meet page boundaries everywhere. Says each by a byte to `told`.
void WriteEvents(const std::string& path, const LogFile::Options& options, int pid, int events,
                 int told = -1) {
  absl::StatusOr<std::unique_ptr<FileSink>> sink = FileSink::Open(path, options);
  if (!sink.ok()) _exit(1);
  Identity who = SomeTask();
  who.pid = pid;
  DecisionEvent event = SomeDecision(who);
  for (int i = 0; i < events; ++i) {
    who.proctitle.assign(i % 128, 'x');
    event.request.args[1] = i;
    if (!(*sink)->Write(event).ok()) _exit(2);
    if (told >= 0 && write(told, "!", 1) != 1) _exit(3);
  }
}

// The whole events of each process in a log: a1 of each. Says so if one is there twice.
std::map<int, std::set<int>> WholeEvents(const std::string& text) {
  std::map<int, std::set<int>> whole;
  std::vector<absl::string_view> event;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    if (absl::StartsWith(line, "type=SECCOMP ")) event.clear();
    event.push_back(line);
    if (event.size() != 3 || !absl::StartsWith(event[1], "type=SYSCALL ") ||
        !absl::StartsWith(event[2], "type=PROCTITLE ") ||
        SerialOf(event[0]) != SerialOf(event[2])) {
      continue;
    }
    int pid = 0;
    int number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(Field(event[1], "pid"), &pid));
    EXPECT_TRUE(absl::SimpleHexAtoi(Field(event[1], "a1"), &number));
    if (!whole[pid].insert(number).second) ADD_FAILURE() << number << " is there twice";
    event.clear();
  }
  return whole;
}

// How many a second: sink_benchmark.cc.
TEST(SharedLog, EightSupervisorsLoseNothingAndTearNothing) {
  constexpr int kSupervisors = 8;
  constexpr int kEvents = 5'000;
  const struct {
    const char* name;
    uint64_t max_size;
  } kTable[] = {{"plain.log", 0}, {"rotated.log", 8 << 20}};
  for (const auto& row : kTable) {
    const std::string directory = FreshPath(row.name);
    ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
    const std::string path = directory + "/audit.log";
    const LogFile::Options options = {.max_size = row.max_size, .keep = 100};
    std::vector<pid_t> children;
    children.reserve(kSupervisors);
    for (int i = 0; i < kSupervisors; ++i) {
      children.push_back(Fork([&, i] { WriteEvents(path, options, 1 + i, kEvents); }));
    }
    for (const pid_t child : children) EXPECT_TRUE(EndsWell(child));
    std::string text;
    int rotated = 0;
    while (access(absl::StrCat(path, ".", rotated + 1).c_str(), F_OK) == 0) ++rotated;
    EXPECT_EQ(rotated > 0, row.max_size > 0);
    for (; rotated > 0; --rotated) text += ReadFile(absl::StrCat(path, ".", rotated));
    text += ReadFile(path);
    EXPECT_EQ(Records(text).size(), 3u * kSupervisors * kEvents);
    std::map<int, std::set<int>> whole = WholeEvents(text);
    for (int i = 0; i < kSupervisors; ++i) {
      EXPECT_EQ(whole[1 + i].size(), static_cast<size_t>(kEvents));
    }
    OutputOf(absl::StrCat("rm -r '", directory, "'"));
  }
}

// Kills one in the middle of its writes, with the others rotating.
TEST(SharedLog, OneThatIsKilledHarmsNoOther) {
  constexpr int kEvents = 4'000;
  const std::string directory = FreshPath("killed");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string path = directory + "/audit.log";
  const LogFile::Options options = {.max_size = 256 << 10, .keep = 500};
  const pid_t one = Fork([&] { WriteEvents(path, options, 1, kEvents); });
  const pid_t two = Fork([&] { WriteEvents(path, options, 2, kEvents); });
  for (int i = 0; i < 20; ++i) {
    int told[2];
    ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
    const UniqueFd written(told[0]);
    UniqueFd tell(told[1]);
    const pid_t victim =
        Fork([&, i] { WriteEvents(path, options, 100 + i, 1'000'000, tell.get()); });
    tell.reset();
    // In the middle of an event behind these.
    char byte = 0;
    for (int event = 0; event <= 7 * i; ++event) ASSERT_EQ(read(written.get(), &byte, 1), 1);
    kill(victim, SIGKILL);
    EXPECT_FALSE(EndsWell(victim));
  }
  EXPECT_TRUE(EndsWell(one));
  EXPECT_TRUE(EndsWell(two));
  const pid_t last = Fork([&] { WriteEvents(path, options, 3, 1); });
  EXPECT_TRUE(EndsWell(last));
  std::string text;
  for (int number = 500; number > 0; --number) {
    const std::string name = absl::StrCat(path, ".", number);
    if (access(name.c_str(), F_OK) == 0) text += ReadFile(name);
  }
  std::map<int, std::set<int>> whole = WholeEvents(text + ReadFile(path));
  EXPECT_EQ(whole[1].size(), static_cast<size_t>(kEvents));
  EXPECT_EQ(whole[2].size(), static_cast<size_t>(kEvents));
  EXPECT_EQ(whole[3].size(), 1u);
  for (const auto& [pid, numbers] : whole) {
    if (pid < 100) continue;
    EXPECT_EQ(*numbers.rbegin() + 1, static_cast<int>(numbers.size())) << pid;
  }
}

// As a collector does: again and again, with the log rotated in between.
TEST(SharedLog, AReaderWithACheckpointSeesEachEventOnce) {
  constexpr int kRounds = 12;
  constexpr int kEventsARound = 40;
  const std::string directory = FreshPath("checkpoint");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string path = directory + "/audit.log";
  const std::string checkpoint = FreshPath("checkpoint.state");
  const LogFile::Options options = {.max_size = 24 << 10, .keep = 50};
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile one, LogFile::Open(path, options));
  PROVOST_ASSERT_OK_AND_ASSIGN(LogFile two, LogFile::Open(path, options));
  const Identity who = SomeTask();
  std::map<uint64_t, int> seen;
  EventStamp stamp = {1795311668, 0, 1'100'000'000};
  uint64_t written = 0;
  for (int round = 0; round < kRounds; ++round) {
    size_t event_size = 0;
    // ausearch holds the last event back, and finds its place again only if the one before that is
    // in the same file.
    for (int i = 0; i < kEventsARound || ReadFile(path).size() < 2 * event_size; ++i) {
      std::string text;
      FormatEvent(SomeDecision(who), stamp, text);
      PROVOST_ASSERT_OK((i % 2 == 0 ? one : two).Append(text));
      event_size = text.size();
      ++written;
      ++stamp.serial;
      stamp.seconds += 3;
    }
    const std::string output = OutputOf(absl::StrCat(
        "ausearch -if '", directory, "' --checkpoint '", checkpoint, "' --raw </dev/null 2>&1"));
    std::set<uint64_t> found;
    for (const std::string& record : Records(output)) {
      if (absl::StartsWith(record, "type=")) found.insert(SerialOf(record));
    }
    for (const uint64_t serial : found) ++seen[serial];
  }
  EXPECT_EQ(access((path + ".5").c_str(), F_OK), 0) << "rotated often enough";
  EXPECT_EQ(seen.size(), written - 1) << "all but the last";
  for (const auto& [serial, times] : seen) EXPECT_EQ(times, 1) << serial;
  uint64_t expected = 1'100'000'000;
  for (const auto& [serial, times] : seen) EXPECT_EQ(serial, expected++);
}

}  // namespace
}  // namespace provost
