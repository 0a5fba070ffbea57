// What a supervisor without privilege can and cannot do, and what set-uid programs gain under one.

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

constexpr uid_t kNobody = 65534;

class UnprivilegedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "becoming somebody else takes root";
    // Where nobody may go: the runfiles may be in a home.
    std::string name = "/tmp/provost-unprivileged-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
    provost_ = Copy("tools/cli/provost");
    prints_ids_ = Copy("tests/victims/bin/prints_ids");
    dumpable_ = Copy("tests/victims/bin/dumpable_0_path_answers");
    drops_ = Copy("tests/victims/bin/drops_and_execs");
    ASSERT_EQ(chmod(prints_ids_.c_str(), 04755), 0);
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  static void BecomeNobody() {
    if (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
        setresuid(kNobody, kNobody, kNobody) != 0) {
      _exit(126);
    }
  }
  // provost run as root or as nobody.
  Ended Run(const std::vector<std::string>& options, const std::vector<std::string>& program,
            bool as_root = false) const {
    std::vector<std::string> argv = {provost_, "run"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back("--");
    argv.insert(argv.end(), program.begin(), program.end());
    return Subprocess(argv, as_root ? std::function<void()>() : BecomeNobody).Wait();
  }

  std::string directory_;
  std::string provost_;
  std::string prints_ids_;
  std::string dumpable_;
  std::string drops_;

 private:
  std::string Copy(const std::string& runfile) const {
    std::string to = absl::StrCat(directory_, "/", runfile.substr(runfile.rfind('/') + 1));
    std::filesystem::copy_file(Runfile(runfile), to);
    EXPECT_EQ(chmod(to.c_str(), 0755), 0);
    return to;
  }
};

TEST_F(UnprivilegedTest, SetUidProgramsGainNothing) {
  const std::string gained = absl::StrCat(kNobody, " 0\n");
  const std::string not_gained = absl::StrCat(kNobody, " ", kNobody, "\n");
  EXPECT_EQ(Subprocess({prints_ids_}, BecomeNobody).Wait().out, gained);
  for (const char* statement : {"default allow", "log getpid"}) {
    EXPECT_EQ(Run({"-e", statement}, {prints_ids_}).out, not_gained) << statement;
    // Under a tracer that is root, no_new_privs alone is in the way.
    const std::vector<std::string> drops = {drops_, std::to_string(kNobody), prints_ids_};
    EXPECT_EQ(Run({"-e", statement}, drops, true).out, not_gained) << statement;
    EXPECT_EQ(Run({"-e", statement, "--unsafe-allow-new-privs"}, drops, true).out, gained)
        << statement;
  }
}

TEST_F(UnprivilegedTest, FiltersNeedNoNewPrivs) {
  const Ended ended = Run({"-e", "default allow", "--unsafe-allow-new-privs"}, {prints_ids_});
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_NE(ended.err.find("without no_new_privs it takes CAP_SYS_ADMIN"), std::string::npos)
      << ended;
}

// What cannot be read matches no rule that lets run and every one that refuses: the memory of a
// task that has made itself undumpable is closed to a tracer without privilege.
TEST_F(UnprivilegedTest, UndumpableTasksAreRefusedWhatHangsOnTheirMemory) {
  const std::string answer = std::to_string(-EACCES);
  for (const std::vector<std::string>& rules :
       {std::vector<std::string>{"deny EACCES access if path under \"/secret\""},
        {"allow access if !(path under \"/secret\")", "deny EACCES access"}}) {
    std::vector<std::string> options;
    for (const std::string& rule : rules) options.insert(options.end(), {"-e", rule});
    const Ended ended = Run(options, {dumpable_, answer});
    EXPECT_EQ(ended.exit_code, 0) << rules[0] << ended;
    EXPECT_EQ(ended.out, kExitSuccess) << ended;
  }
}

// Nor does it hold up what is recorded of it.
TEST_F(UnprivilegedTest, UndumpableTasksAreRecorded) {
  const Ended ended = Run({"-o", "-", "-e", "deny EACCES access if path under \"/secret\" log"},
                          {dumpable_, std::to_string(-EACCES)});
  EXPECT_EQ(ended.exit_code, 0) << ended;
}

}  // namespace
}  // namespace provost
