#include "tracee/identity.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <iterator>
#include <string>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

TEST(ReadTaskIdentity, IsWhatTheTaskItselfSees) {
  Identity identity;
  PROVOST_ASSERT_OK(ReadTaskIdentity(getpid(), identity));
  EXPECT_EQ(identity.pid, getpid());
  EXPECT_EQ(identity.ppid, getppid());
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  ASSERT_EQ(getresuid(&real, &effective, &saved), 0);
  EXPECT_EQ(identity.uid, real);
  EXPECT_EQ(identity.euid, effective);
  EXPECT_EQ(identity.suid, saved);
  EXPECT_EQ(identity.egid, getegid());
}

TEST(ReadTaskIdentity, TakesAnyName) {
  std::array<char, 16> before;
  ASSERT_EQ(prctl(PR_GET_NAME, before.data()), 0);
  for (const std::string name : {"a) b (c", "S 1 2 3 4) x", "line\nend", ")", "("}) {
    ASSERT_EQ(prctl(PR_SET_NAME, name.c_str()), 0);
    Identity identity;
    PROVOST_ASSERT_OK(ReadTaskIdentity(gettid(), identity));
    EXPECT_EQ(identity.comm, name);
    EXPECT_EQ(identity.ppid, getppid()) << name;
  }
  prctl(PR_SET_NAME, before.data());
}

TEST(ReadProgramIdentity, FindsTheProgramAndItsArguments) {
  Identity identity;
  PROVOST_ASSERT_OK(ReadProgramIdentity(getpid(), identity));
  std::array<char, PATH_MAX> exe;
  const ssize_t length = readlink("/proc/self/exe", exe.data(), exe.size());
  ASSERT_GT(length, 0);
  EXPECT_EQ(identity.exe, std::string(exe.data(), length));
  // The kernel keeps the first 128 bytes; this test may have a longer name than that.
  std::ifstream cmdline("/proc/self/cmdline");
  std::string whole((std::istreambuf_iterator<char>(cmdline)), std::istreambuf_iterator<char>());
  while (!whole.empty() && whole.back() == '\0') whole.pop_back();
  ASSERT_FALSE(whole.empty());
  EXPECT_EQ(identity.proctitle, whole.substr(0, 128));
}

TEST(ReadTaskIdentity, AGoneTaskIsNotFound) {
  Identity identity;
  // Above the highest pid Linux gives out (PID_MAX_LIMIT, 2^22).
  EXPECT_THAT(ReadTaskIdentity(1 << 23, identity),
              StatusIs(absl::StatusCode::kNotFound, testing::HasSubstr("status")));
}

}  // namespace
}  // namespace provost
