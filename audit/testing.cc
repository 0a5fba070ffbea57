#include "audit/testing.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/call_facts.h"
#include "gtest/gtest.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

Identity SomeTask() {
  Identity who;
  who.pid = 1001;
  who.tid = 1002;
  who.ppid = 1000;
  who.auid = 1000;
  who.ses = 3;
  who.comm = "cat";
  who.exe = "/usr/bin/cat";
  who.tty = "pts3";
  who.proctitle = std::string("cat\0/etc/shadow", 15);
  return who;
}

DecisionEvent SomeDecision(const Identity& who) {
  DecisionEvent event;
  event.identity = &who;
  event.request.arch = static_cast<uint32_t>(Arch::kX86_64);
  event.request.nr = 257;
  event.request.args = {0xffffff9c, 0x7ffd5a1b2c3d, 0, 0, 5, 6};
  event.request.ip = 0x7f34cb7df829;
  event.decision.verdict = Deny{EACCES};
  event.decision.rule = "no-shadow";
  event.result = -EACCES;
  return event;
}

CallFacts SomeFacts() {
  CallFacts facts;
  facts.cwd = "/root";
  PathFact& path = facts.paths.emplace_back();
  path.name = "/etc/shadow";
  path.inode = {
      .number = 1835, .device = {0xfe, 1}, .mode = 0100640, .uid = 0, .gid = 42, .rdev = {0, 0}};
  path.name_type = PathFact::NameType::kNormal;
  return facts;
}

CallFacts EveryFact() {
  CallFacts facts = SomeFacts();
  facts.contid = 123456;
  facts.sockaddr = std::string("\x02\0\x01\xbb\xc0\0\x02\x07\0\0\0\0\0\0\0\0", 16);
  facts.network_contids = {123456, 7};
  facts.objects = {{.pid = 2222, .auid = 1000, .uid = 33, .ses = 5, .comm = "victim", .contid = 77},
                   {.pid = 2223, .comm = "other"}};
  facts.clock.injected = {-3, 500};
  facts.clock.values = {{ClockChange::Value::What::kFreq, 10, -20},
                        {ClockChange::Value::What::kTai, 0, 37}};
  PathFact& made = facts.paths.emplace_back();
  made.name = "made by me";
  made.name_type = PathFact::NameType::kCreate;
  return facts;
}

std::string FreshPath(absl::string_view name) {
  std::string path = absl::StrCat(testing::TempDir(), "/", name, ".", getpid());
  unlink(path.c_str());
  return path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void WriteFile(const std::string& path, absl::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  EXPECT_TRUE(out.good()) << path;
}

std::vector<std::string> Lines(absl::string_view text) {
  if (text.empty()) return {};
  EXPECT_TRUE(absl::EndsWith(text, "\n")) << "the last line has no end";
  return absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
}

std::vector<std::string> Records(absl::string_view text) {
  std::vector<std::string> records;
  for (std::string& line : Lines(text)) {
    if (line.find_first_not_of(' ') != std::string::npos) records.push_back(std::move(line));
  }
  return records;
}

std::string Field(absl::string_view record, absl::string_view name) {
  const std::string start = absl::StrCat(" ", name, "=");
  const size_t at = record.find(start);
  if (at == absl::string_view::npos) return "";
  const absl::string_view rest = record.substr(at + start.size());
  return std::string(rest.substr(0, rest.find(' ')));
}

uint64_t SerialOf(absl::string_view record) {
  const size_t at = record.find(':');
  uint64_t serial = 0;
  const bool is_number =
      at != absl::string_view::npos &&
      absl::SimpleAtoi(record.substr(at + 1, record.find(')') - at - 1), &serial);
  EXPECT_TRUE(is_number) << record;
  return serial;
}

std::string OutputOf(const std::string& command) {
  FILE* pipe = popen(absl::StrCat("export LC_ALL=C TZ=UTC; ", command).c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  char chunk[4096];
  size_t got;
  while ((got = fread(chunk, 1, sizeof(chunk), pipe)) > 0) output.append(chunk, got);
  const int status = pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1) << command << "\n" << output;
  return output;
}

pid_t Fork(const std::function<void()>& body) {
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child == 0) {
    body();
    _exit(0);
  }
  return child;
}

bool EndsWell(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string InChild(const std::function<std::string()>& body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = Fork([&] {
    const std::string answer = body();
    if (write(ends[1], answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) {
      _exit(1);
    }
  });
  close(ends[1]);
  std::string answer;
  char chunk[4096];
  ssize_t got;
  while ((got = read(ends[0], chunk, sizeof(chunk))) > 0) answer.append(chunk, got);
  close(ends[0]);
  EXPECT_TRUE(EndsWell(child));
  return answer;
}

void DropCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) std::abort();
}

void LimitFileSize(uint64_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
}

void LiftFileSizeLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) std::abort();
}

}  // namespace provost
