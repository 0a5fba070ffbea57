// `emulate ids`: what victims see of it, and that archives made under it are those that fakeroot
// makes, which knows nothing of us.

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "emulate/handler_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/verdict.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tests/support/watchdog.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr uid_t kNobody = 65534;

void BecomeNobody() {
  if (geteuid() != 0) return;
  if (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
      setresuid(kNobody, kNobody, kNobody) != 0) {
    _exit(126);
  }
}

// Everything runs without privilege, in a directory that everybody may go to.
class EmulateIdsTest : public testing::Test {
 protected:
  void SetUp() override {
    // Of small inode numbers, if there is one: 16 bits of oldstat(2) are enough for them.
    const std::string shared = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    Make(shared, work_);
    Make("/tmp", directory_);
    provost_ = absl::StrCat(directory_, "/provost");
    std::filesystem::copy_file(Runfile("tools/cli/provost"), provost_);
    ASSERT_EQ(chmod(provost_.c_str(), 0755), 0);
  }
  void TearDown() override {
    for (const std::string& made : {directory_, work_}) {
      if (!made.empty()) std::filesystem::remove_all(made);
    }
  }

  static void Make(const std::string& in, std::string& directory) {
    std::string name = absl::StrCat(in, "/provost-ids-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    ASSERT_EQ(chmod(name.c_str(), 0777), 0);
    directory = name;
  }
  std::string In(const std::string& name) const { return absl::StrCat(directory_, "/", name); }

  // A command without privilege, in `where`.
  static Ended Command(const std::vector<std::string>& argv, const std::string& where) {
    return Subprocess(argv,
                      [&where] {
                        BecomeNobody();
                        if (chdir(where.c_str()) != 0) _exit(126);
                      })
        .Wait();
  }
  // provost run OPTIONS -- PROGRAM.
  Ended Run(std::vector<std::string> options, const std::vector<std::string>& program,
            const std::string& where) const {
    options.insert(options.begin(), {provost_, "run"});
    options.emplace_back("--");
    options.insert(options.end(), program.begin(), program.end());
    return Command(options, where);
  }

  std::string work_;
  std::string directory_;
  std::string provost_;
};

class VictimsTest : public EmulateIdsTest,
                    public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(VictimsTest, SeeWhatRootWouldSee) {
  const auto& [victim, rule] = GetParam();
  const std::string copy = In(victim);
  std::filesystem::copy_file(Victim(victim), copy);
  ASSERT_EQ(chmod(copy.c_str(), 0755), 0);
  const Ended ended = Run({"-e", rule}, {copy}, work_);
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, kExitSuccess) << ended;
}

constexpr char kWithGroups[] = "emulate ids with groups = \"0,4,27\"";
INSTANTIATE_TEST_SUITE_P(All, VictimsTest,
                         testing::Values(std::pair("ids_of_root", kWithGroups),
                                         std::pair("ids_of_root_i386", kWithGroups),
                                         std::pair("owners_remembered", "emulate ids"),
                                         std::pair("owners_remembered_i386", "emulate ids")));

// The same in pieces: what is known is handed to the supervisor that goes on.
TEST(EmulateIdsUpgradeTest, WhatIsRememberedGoesOn) {
  for (const char* victim : {"ids_of_root", "owners_remembered"}) {
    const Watchdog watchdog;
    std::string directory = TemporaryPath("ids_XXXXXX");
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    const std::string before = std::filesystem::current_path();
    std::filesystem::current_path(directory);
    Options options = OptionsOf({kWithGroups});
    int asked = 0;
    int pieces = 0;
    options.leave = [&asked]() -> std::optional<Departure> {
      if (++asked % 20 != 0) return std::nullopt;
      return SuspendRun{"/itself"};
    };
    absl::StatusOr<Outcome> outcome = Supervisor(options).Run({Victim(victim)});
    while (outcome.ok() && std::holds_alternative<Suspended>(*outcome)) {
      ++pieces;
      const std::string state = std::get<Suspended>(*outcome).state;
      outcome = Supervisor(options).Resume(state);
    }
    std::filesystem::current_path(before);
    std::filesystem::remove_all(directory);
    EXPECT_EQ(Describe(outcome), "exited with 0") << victim;
    EXPECT_GT(pieces, 1) << victim;
  }
}

TEST(EmulateIdsUpgradeTest, StateIsTextOfItsOwn) {
  const Emulation told = {.emulator = "ids", .settings = {}};
  absl::StatusOr<std::unique_ptr<Handler>> handler = HandlerTable::Builtin().Make(told);
  ASSERT_THAT(handler, IsOk());
  const std::string state =
      "file dev=fe00,ino=4,mode=100644,uid=0,gid=7,nlink=1,rdev=0 99 7472757374656420=00ff\n"
      "process 12 7 7 7 7 5 5 5 5 0 0 0 15 0 16 5 9\n";
  PROVOST_ASSERT_OK((*handler)->Restore(state));
  EXPECT_EQ((*handler)->Save(), state);
  for (const char* wrong : {"x", "process x 1", "process 1 2", "file dev=1", "file "}) {
    EXPECT_TRUE(absl::IsInvalidArgument((*handler)->Restore(wrong))) << wrong;
  }
}

// What a package's build does to a tree, with owners, modes and devices that only root can make.
constexpr char kMakesTree[] = R"(
set -e
umask 022
mkdir -p tree/DEBIAN tree/usr/bin tree/etc/secret tree/var/lib/game tree/dev tree/srv/sticky
printf 'Package: odd\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <n@example.org>\n' \
  >tree/DEBIAN/control
printf 'Description: owners and modes\n' >>tree/DEBIAN/control
printf '#!/bin/sh\n' >tree/usr/bin/tool
printf 'plain\n' >tree/etc/plain
printf 'key\n' >tree/etc/secret/key
ln -s ../../etc/plain tree/usr/bin/link
ln tree/etc/plain tree/etc/same
chown 1000:1001 tree/usr/bin/tool
chmod 4755 tree/usr/bin/tool
chown -h 12:13 tree/usr/bin/link
chown 0:42 tree/etc/secret/key
chmod 0000 tree/etc/secret/key
chown 60000:60001 tree/etc/secret
chmod 0 tree/etc/secret
chgrp 60 tree/var/lib/game
chmod 2775 tree/var/lib/game
chmod 1777 tree/srv/sticky
mknod -m 666 tree/dev/null c 1 3
mknod tree/dev/disk b 8 300
chown 0:6 tree/dev/disk
mkfifo tree/dev/fifo
chown 5:5 tree/dev/fifo
printf 'gone\n' >tree/gone
chown 99:99 tree/gone
rm tree/gone
find tree -exec touch -h -d @1000000000 {} +
)";
constexpr char kPacksTree[] = R"(
set -e
tar --sort=name --numeric-owner -cf tree.tar tree
SOURCE_DATE_EPOCH=1000000000 dpkg-deb --build -Zgzip tree tree.deb >&2
tar -tvf tree.tar --numeric-owner
)";

class BesideFakerootTest : public EmulateIdsTest {
 protected:
  void SetUp() override {
    EmulateIdsTest::SetUp();
    for (const char* tool : {"/usr/bin/fakeroot", "/usr/bin/dpkg-deb"}) {
      if (access(tool, X_OK) != 0) GTEST_SKIP() << tool << " is not installed";
    }
    ASSERT_EQ(Command({"mkdir", "ours", "theirs"}, directory_).exit_code, 0);
  }

  static std::vector<std::string> Shell(const std::string& script) {
    return {"/bin/sh", "-c", script};
  }
  static void ExpectSuccess(const Ended& ended) { EXPECT_EQ(ended.exit_code, 0) << ended; }
  // Of fakeroot with options.
  Ended Fakeroot(std::vector<std::string> options, const std::string& script,
                 const std::string& where) const {
    options.insert(options.begin(), "fakeroot");
    options.emplace_back("--");
    for (const std::string& word : Shell(script)) options.push_back(word);
    return Command(options, In(where));
  }
  void ExpectSameFile(const std::string& name) const {
    const std::string ours = ReadFile(In("ours/" + name));
    EXPECT_FALSE(ours.empty()) << name;
    EXPECT_TRUE(ours == ReadFile(In("theirs/" + name))) << name << " is another";
  }
};

TEST_F(BesideFakerootTest, ArchivesAreTheSame) {
  const std::string script = absl::StrCat(kMakesTree, kPacksTree);
  const Ended theirs = Fakeroot({}, script, "theirs");
  ExpectSuccess(theirs);
  const Ended ours = Run({"-p", "preset:fakeroot"}, Shell(script), In("ours"));
  ExpectSuccess(ours);
  EXPECT_EQ(ours.out, theirs.out);
  EXPECT_THAT(ours.out, HasSubstr("---------- 0/42"));
  EXPECT_THAT(ours.out, HasSubstr("brw-r--r-- 0/6           8,300"));
  ExpectSameFile("tree.tar");
  ExpectSameFile("tree.deb");
  // For everybody else nothing has happened.
  struct stat status = {};
  ASSERT_EQ(stat(In("ours/tree/dev/disk").c_str(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));
  EXPECT_EQ(status.st_uid, geteuid() == 0 ? kNobody : geteuid());
}

TEST_F(BesideFakerootTest, WhatItHasSavedWeLoad) {
  ExpectSuccess(Fakeroot({"-s", In("saved")}, kMakesTree, "theirs"));
  const Ended theirs = Fakeroot({"-i", In("saved")}, kPacksTree, "theirs");
  ExpectSuccess(theirs);
  ASSERT_EQ(rename(In("theirs/tree.tar").c_str(), In("theirs.tar").c_str()), 0);
  const Ended ours = Run({"-e", absl::StrCat("emulate ids with load = \"", In("saved"), "\"")},
                         Shell(kPacksTree), In("theirs"));
  ExpectSuccess(ours);
  EXPECT_EQ(ours.out, theirs.out);
  EXPECT_TRUE(ReadFile(In("theirs/tree.tar")) == ReadFile(In("theirs.tar")));
}

TEST_F(BesideFakerootTest, WhatWeHaveSavedItLoads) {
  const std::string saves = absl::StrCat("emulate ids with save = \"", In("saved"), "\"");
  ExpectSuccess(Run({"-e", saves}, Shell(kMakesTree), In("ours")));
  EXPECT_THAT(ReadFile(In("saved")), HasSubstr("mode=100000,uid=0,gid=42,nlink=1,rdev=0\n"));
  const std::string loads = absl::StrCat("emulate ids with load = \"", In("saved"), "\"");
  const Ended ours = Run({"-e", loads}, Shell(kPacksTree), In("ours"));
  ExpectSuccess(ours);
  ASSERT_EQ(rename(In("ours/tree.tar").c_str(), In("ours.tar").c_str()), 0);
  const Ended theirs = Fakeroot({"-i", In("saved")}, kPacksTree, "ours");
  ExpectSuccess(theirs);
  EXPECT_EQ(ours.out, theirs.out);
  EXPECT_TRUE(ReadFile(In("ours.tar")) == ReadFile(In("ours/tree.tar")));
}

// A file of which nothing is remembered: of root in both, whoever's it is.
TEST_F(BesideFakerootTest, OtherFilesBelongToTheSame) {
  const std::string script = "stat -c '%u %g %a %n' /etc/passwd /etc/shadow . /dev/null /tmp";
  const Ended theirs = Fakeroot({}, script, "theirs");
  ExpectSuccess(theirs);
  EXPECT_EQ(Run({"-p", "preset:fakeroot"}, Shell(script), In("theirs")).out, theirs.out);
}

TEST_F(EmulateIdsTest, OtherIdsThanRootsOwnTheirOwnFilesAlone) {
  const std::string script =
      "id -u; id -g; touch own; stat -c '%u %g' own /etc/passwd; chown 0 own";
  const Ended ended =
      Run({"-e", "emulate ids with uid = 1000, gid = 1001"}, {"/bin/sh", "-c", script}, work_);
  EXPECT_EQ(ended.out, "1000\n1001\n1000 1001\n0 0\n") << ended;
  EXPECT_EQ(ended.exit_code, 1) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Operation not permitted"));
}

// Somebody else removes a file, and another one gets its inode's number.
TEST_F(EmulateIdsTest, AReusedNumberIsAnotherFile) {
  const std::string told = In("told");
  const std::string again = In("again");
  ASSERT_EQ(mkfifo(In("go").c_str(), 0666), 0);
  const std::string script = absl::StrCat("touch told; chown 5 told; stat -c 'is of %u' told; ",
                                          "read line <go; stat -c 'is of %u' again");
  Subprocess tree({provost_, "run", "-e", "emulate ids", "--", "/bin/sh", "-c", script}, [this] {
    BecomeNobody();
    if (chdir(directory_.c_str()) != 0) _exit(126);
  });
  ASSERT_TRUE(tree.AwaitOutput("is of 5\n"));
  struct stat before = {};
  ASSERT_EQ(stat(told.c_str(), &before), 0);
  ASSERT_EQ(unlink(told.c_str()), 0);
  ASSERT_TRUE(UniqueFd(open(again.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644)).valid());
  struct stat after = {};
  ASSERT_EQ(stat(again.c_str(), &after), 0);
  const UniqueFd go(open(In("go").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(write(go.get(), "\n", 1), 1);
  const Ended ended = tree.Wait();
  if (before.st_ino != after.st_ino) GTEST_SKIP() << "this file system gave another number";
  EXPECT_EQ(ended.out, "is of 5\nis of 0\n") << ended;
}

TEST_F(EmulateIdsTest, WrongSettingsAreErrors) {
  const std::string wrong = In("wrong");
  ASSERT_EQ(Command({"/bin/sh", "-c", "printf '\\nno line\\n' >wrong"}, directory_).exit_code, 0);
  const std::pair<std::string, std::string> rules[] = {
      {"uid = -1", "`uid = -1` is no id"},
      {"gid = 4294967295", "`gid = 4294967295` is no id"},
      {"groups = \"0,x\"", "`x` in `groups` is no id"},
      {"groups = \"4294967295\"", "`4294967295` in `groups` is no id"},
      {"load = \"/nonexistent/file\"", "cannot be read: No such file or directory"},
      {absl::StrCat("load = \"", wrong, "\""), absl::StrCat(wrong, ":2: a line is `dev=")},
      {"owner = 1", "has no setting `owner`"},
  };
  for (const auto& [setting, says] : rules) {
    const Ended ended = Run({"-e", absl::StrCat("emulate ids with ", setting)}, {"true"}, work_);
    EXPECT_NE(ended.exit_code, 0) << setting;
    EXPECT_THAT(ended.err, HasSubstr(says)) << setting;
  }
}

TEST_F(EmulateIdsTest, WhatCannotBeSavedIsSaid) {
  const Ended ended = Run({"-e", "emulate ids with save = \"/nonexistent/file\""}, {"true"}, work_);
  EXPECT_THAT(ended.err, HasSubstr("what `emulate ids` remembers is not saved: /nonexistent/file"));
}

}  // namespace
}  // namespace provost
