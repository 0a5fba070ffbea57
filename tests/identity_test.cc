#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

// What the victim's calls say, as in identity_changes.c.
enum Says { kIds = 1, kName, kProgram, kTitleSince, kLogin };

uint32_t Low(uint64_t two) { return static_cast<uint32_t>(two); }
uint32_t High(uint64_t two) { return static_cast<uint32_t>(two >> 32); }

std::string Title(char what, uint64_t round, const std::string& copy) {
  const std::string word = what == 's' ? "second" : "third";
  std::string title = absl::StrCat("victim", std::string(1, '\0'), word, std::string(1, '\0'),
                                   round, std::string(1, '\0'), copy);
  return title.substr(0, 128);
}

// Holds one record against what the task said of itself; empty if they agree.
std::string Difference(const CollectingSink::Recorded& record, const std::string& copy) {
  const Identity& who = record.identity;
  const std::array<uint64_t, 6>& said = record.request.args;
  std::vector<std::string> wrong;
  const auto hold = [&](const char* name, const auto& recorded, const auto& expected) {
    if (recorded != expected) wrong.push_back(absl::StrCat(name, "=", recorded, " not ", expected));
  };
  switch (said[0]) {
    case kIds:
      hold("uid", who.uid, Low(said[1]));
      hold("euid", who.euid, High(said[1]));
      hold("suid", who.suid, Low(said[2]));
      hold("fsuid", who.fsuid, High(said[2]));
      hold("gid", who.gid, Low(said[3]));
      hold("egid", who.egid, High(said[3]));
      hold("sgid", who.sgid, Low(said[4]));
      hold("fsgid", who.fsgid, High(said[4]));
      hold("pid", static_cast<uint32_t>(who.pid), Low(said[5]));
      hold("ppid", static_cast<uint32_t>(who.ppid), High(said[5]));
      break;
    case kName: {
      std::array<char, 17> name = {};
      memcpy(name.data(), &said[1], 16);
      hold("comm", who.comm, std::string(name.data()));
      const std::string tty =
          said[3] == 0 ? "" : absl::StrCat("pts", (major(said[3]) - 136) * 256 + minor(said[3]));
      hold("tty", who.tty, tty);
      hold("pid", static_cast<uint64_t>(who.pid), said[4]);
      break;
    }
    case kProgram:
      hold("exe", who.exe, copy);
      hold("proctitle", who.proctitle, Title(static_cast<char>(said[1]), said[2], copy));
      hold("pid", static_cast<uint64_t>(who.pid), said[4]);
      break;
    case kTitleSince:
      hold("proctitle", who.proctitle,
           Title(static_cast<char>(said[2]), said[3], copy).substr(said[1]));
      break;
    case kLogin:
      hold("auid", who.auid, Low(said[1]));
      hold("ses", who.ses, Low(said[2]));
      break;
    default:
      wrong.push_back("says nothing");
  }
  std::string text;
  for (const std::string& part : wrong) absl::StrAppend(&text, part, "; ");
  return text;
}

// Runs the victim for some rounds and holds every record against what it said.
TEST(IdentityTest, EveryRecordSaysWhatTheTaskIs) {
  constexpr int kRounds = 8;
  // Short enough for a command line of 128 bytes to hold it.
  std::string directory = "/tmp/provost_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string copy = absl::StrCat(directory, "/copied");
  std::filesystem::copy_file(Victim("identity_changes"), copy);
  ASSERT_EQ(chmod(copy.c_str(), 0755), 0);
  ASSERT_EQ(chmod(directory.c_str(), 0755), 0);

  CollectingSink sink;
  // The calls by which it changes are not seen, but PR_SET_MM, for which the filter asks unbidden.
  Options options = OptionsOf({"log getppid"});
  options.sink = &sink;
  const SupervisedRun run =
      RunSupervised(options, {Victim("identity_changes"), std::to_string(kRounds), copy});
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(run.outcome.ok()) << run;
  EXPECT_TRUE(absl::EndsWith(run.output, kExitSuccess)) << run;

  const int32_t getppid = SyscallTable::Get().Find(Arch::kX86_64, "getppid")->nr;
  std::map<uint64_t, int> compared;
  for (const CollectingSink::Recorded& record : sink.decisions()) {
    if (record.request.nr != getppid || record.request.args[0] == 0 ||
        record.request.args[0] > kLogin) {
      continue;  // what the libc asks for itself
    }
    ++compared[record.request.args[0]];
    EXPECT_EQ(Difference(record, copy), "")
        << "kind " << record.request.args[0] << " of task " << record.identity.tid;
  }
  const bool may_change_ids = !absl::StrContains(run.output, "may not change its ids");
  const bool may_log_in = !absl::StrContains(run.output, "may not log in");
  EXPECT_GE(compared[kIds], kRounds * (may_change_ids ? 7 : 1));
  EXPECT_EQ(compared[kName], kRounds * (6 + 2 + 3 + 2));
  EXPECT_EQ(compared[kProgram], kRounds * 2);
  const bool may_move = !absl::StrContains(run.output, "may not move its arguments");
  EXPECT_EQ(compared[kTitleSince], may_move ? kRounds : 0);
  EXPECT_EQ(compared[kLogin], may_log_in ? kRounds * 2 : 0);
  // Root of the machine may do all of it.
  if (geteuid() == 0 && ReadFile("/proc/self/uid_map").find("4294967295") != std::string::npos) {
    EXPECT_TRUE(may_change_ids);
  }
}

// By every way to PR_SET_MM that there is, under a policy that has nothing to do with prctl: what
// was recorded before is not what is recorded after.
TEST(IdentityTest, PrSetMmIsNeverMissed) {
  struct Way {
    const char* name;
    bool changes_exe;
  };
  constexpr Way kWays[] = {{"map", false}, {"int80", false}, {"shared", false}, {"exe", true}};
  for (const Way& way : kWays) {
    CollectingSink sink;
    Options options = OptionsOf({"log getppid"});
    options.sink = &sink;
    const std::string victim = Victim("sets_mm");
    const SupervisedRun run = RunSupervised(options, {victim, way.name});
    ASSERT_TRUE(run.outcome.ok()) << run;
    EXPECT_TRUE(absl::EndsWith(run.output, kExitSuccess)) << run;
    // No user namespace is to be had.
    if (way.changes_exe && absl::StartsWith(run.output, "may not")) continue;
    std::vector<const Identity*> said;
    for (const CollectingSink::Recorded& record : sink.decisions()) {
      if (record.request.args[0] == 0xcafe) said.push_back(&record.identity);
    }
    ASSERT_EQ(said.size(), 2U) << way.name;
    const std::string before = absl::StrCat(victim, std::string(1, '\0'), way.name);
    EXPECT_EQ(said[0]->proctitle, before.substr(0, 128)) << way.name;
    EXPECT_EQ(said[1]->proctitle, absl::StrCat("moved by ", way.name));
    EXPECT_EQ(said[0]->exe, std::filesystem::canonical(victim));
    EXPECT_EQ(said[1]->exe, way.changes_exe ? "/usr/bin/true" : said[0]->exe) << way.name;
  }
}

// A mount namespace in which a directory is mounted on its own "in", as long as it lives.
class OtherMounts {
 public:
  explicit OtherMounts(const std::string& directory) {
    int ready[2];
    EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
    child_ = fork();
    if (child_ == 0) {
      const bool is_made =
          unshare(CLONE_NEWNS) == 0 &&
          mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
          mount(directory.c_str(), (directory + "/in").c_str(), nullptr, MS_BIND, nullptr) == 0;
      if (is_made && write(ready[1], "y", 1) == 1) pause();
      _exit(1);
    }
    close(ready[1]);
    char answer = 0;
    is_made_ = read(ready[0], &answer, 1) == 1;
    close(ready[0]);
  }
  ~OtherMounts() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  OtherMounts(const OtherMounts&) = delete;
  OtherMounts& operator=(const OtherMounts&) = delete;

  bool is_made() const { return is_made_; }
  std::string path() const { return absl::StrCat("/proc/", child_, "/ns/mnt"); }

 private:
  pid_t child_ = 0;
  bool is_made_ = false;
};

// By every way to another root, under a policy that has nothing to do with the calls: a record says
// what is there for the task now.
TEST(IdentityTest, AnotherRootIsNeverMissed) {
  std::string directory = "/tmp/provost_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  ASSERT_EQ(mkdir((directory + "/in").c_str(), 0755), 0);
  std::ofstream(directory + "/provost-marker") << "";
  struct stat marker = {};
  ASSERT_EQ(stat((directory + "/provost-marker").c_str(), &marker), 0);
  const OtherMounts mounts(directory);
  if (!mounts.is_made()) GTEST_SKIP() << "needs CAP_SYS_ADMIN";
  const std::string in_root = "/provost-marker";
  const std::string in_mount = directory + "/in/provost-marker";
  for (const char* way : {"chroot", "int80", "shared", "unshare", "setns"}) {
    const bool changes_mounts = way == std::string("unshare") || way == std::string("setns");
    const std::string& path = changes_mounts ? in_mount : in_root;
    CollectingSink sink;
    Options options =
        OptionsOf({absl::StrCat("log access if path == \"", path, "\""), "harden off"});
    options.sink = &sink;
    const SupervisedRun run =
        RunSupervised(options, {Victim("changes_root"), way, directory, path, mounts.path()});
    ASSERT_TRUE(run.outcome.ok()) << run;
    EXPECT_TRUE(absl::EndsWith(run.output, kExitSuccess)) << way << run;
    ASSERT_EQ(sink.decisions().size(), 2U) << way;
    const CallFacts& before = sink.decisions()[0].facts;
    const CallFacts& after = sink.decisions()[1].facts;
    ASSERT_EQ(before.paths.size(), 1U) << way;
    ASSERT_EQ(after.paths.size(), 1U) << way;
    EXPECT_FALSE(before.paths[0].inode.has_value()) << way;
    ASSERT_TRUE(after.paths[0].inode.has_value()) << way;
    EXPECT_EQ(after.paths[0].inode->number, marker.st_ino) << way;
    EXPECT_EQ(after.cwd, changes_mounts ? directory + "/in" : "/in") << way;
  }
  std::filesystem::remove_all(directory);
}

// An execve that is awaited says what the task became, with which arguments, and what ran for it;
// one that is not says who made it.
TEST(IdentityTest, AnExecSaysWhatTheTaskBecame) {
  std::string directory = "/tmp/provost_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string script = directory + "/script";
  std::ofstream(script) << "#!/usr/bin/env true\n";
  ASSERT_EQ(chmod(script.c_str(), 0755), 0);
  const auto run = [&](const std::string& rule) {
    CollectingSink sink;
    Options options = OptionsOf({rule});
    options.sink = &sink;
    const SupervisedRun ran = RunSupervised(options, {"/usr/bin/env", script, "a b", ""});
    EXPECT_TRUE(ran.outcome.ok()) << ran;
    return sink.decisions();
  };
  const std::vector<CollectingSink::Recorded> awaited =
      run(absl::StrCat("log execve if path == \"", script, "\" log result"));
  ASSERT_EQ(awaited.size(), 1U);
  EXPECT_EQ(awaited[0].identity.comm, "script");
  EXPECT_EQ(awaited[0].identity.exe, "/usr/bin/env");
  EXPECT_EQ(awaited[0].result, 0);
  ASSERT_TRUE(awaited[0].facts.exec.has_value());
  EXPECT_EQ(awaited[0].facts.exec->count, 5U);
  EXPECT_EQ(awaited[0].facts.exec->words,
            (std::vector<std::string>{"/usr/bin/env", "true", script, "a b", ""}));
  std::vector<std::string> names;
  for (const PathFact& path : awaited[0].facts.paths) {
    names.push_back(path.name.value_or("(null)"));
    EXPECT_TRUE(path.inode.has_value()) << names.back();
  }
  ASSERT_EQ(names.size(), 3U);
  EXPECT_EQ(names[0], script);
  EXPECT_EQ(names[1], "/usr/bin/env");
  EXPECT_TRUE(absl::StrContains(names[2], "/ld-linux")) << names[2];

  const std::vector<CollectingSink::Recorded> decided =
      run(absl::StrCat("log execve if path == \"", script, "\""));
  std::filesystem::remove_all(directory);
  ASSERT_EQ(decided.size(), 1U);
  EXPECT_EQ(decided[0].identity.comm, "env");
  EXPECT_FALSE(decided[0].facts.exec.has_value());
  EXPECT_EQ(decided[0].facts.paths.size(), 1U);
}

}  // namespace
}  // namespace provost
