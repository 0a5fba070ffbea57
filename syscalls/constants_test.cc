#include "syscalls/constants.h"

#include <errno.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "syscalls/constant_sets.h"

namespace provost {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

TEST(ConstantSets, HaveNamesOfTheirOwnAndMembers) {
  std::set<std::string> names;
  for (const ConstantSet* set : AllConstantSets()) {
    EXPECT_TRUE(names.emplace(set->name).second) << set->name;
    EXPECT_FALSE(set->constants.empty()) << set->name;
    std::set<std::string> members;
    for (const Constant& constant : set->constants) {
      EXPECT_TRUE(members.emplace(constant.name).second) << set->name << " " << constant.name;
    }
  }
  EXPECT_GT(names.size(), 150U);
}

TEST(ConstantSets, AConstantHasOneValueEverywhere) {
  std::map<std::string, uint64_t> values;
  for (const ConstantSet* set : AllConstantSets()) {
    for (const Constant& constant : set->constants) {
      const auto [entry, is_new] = values.emplace(std::string(constant.name), constant.value);
      EXPECT_EQ(entry->second, constant.value) << set->name << " " << constant.name;
      EXPECT_EQ(FindConstant(constant.name), constant.value) << constant.name;
    }
  }
  EXPECT_GT(values.size(), 2000U);
}

// What FormatConstant says of a value, read back.
uint64_t Parse(const std::string& text) {
  uint64_t value = 0;
  for (absl::string_view word : absl::StrSplit(text, '|')) {
    uint64_t number = 0;
    const std::optional<uint64_t> constant = FindConstant(word);
    if (constant.has_value()) {
      value |= *constant;
    } else if (absl::SimpleHexAtoi(word, &number)) {
      value |= number;
    } else {
      ADD_FAILURE() << text;
    }
  }
  return value;
}

TEST(ConstantSets, EveryValueIsFormattedAsItself) {
  for (const ConstantSet* set : AllConstantSets()) {
    for (const Constant& constant : set->constants) {
      const std::string text = FormatConstant(*set, constant.value);
      EXPECT_EQ(Parse(text), constant.value) << set->name << " " << constant.name << " " << text;
      EXPECT_EQ(text.find("0x"), std::string::npos) << set->name << " " << text;
    }
  }
}

TEST(FormatConstant, Table) {
  const struct {
    const ConstantSet& set;
    uint64_t value;
    absl::string_view text;
  } cases[] = {
      {kOpenFlags, 0, "O_RDONLY"},
      {kOpenFlags, 01 | 0100, "O_WRONLY|O_CREAT"},
      {kOpenFlags, 01 | 0100 | 0x40000000, "O_WRONLY|O_CREAT|0x40000000"},
      {kOpenFlags, 0x80000000, "0x80000000"},
      {kOpenFlags, 04010000 | 02, "O_RDWR|O_SYNC"},
      {kOpenFlags, 020200000 | 02, "O_RDWR|O_TMPFILE"},
      {kProtection, 0, "PROT_NONE"},
      {kProtection, 7, "PROT_READ|PROT_WRITE|PROT_EXEC"},
      {kMapFlags, 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"},
      {kMapFlags, 3, "MAP_SHARED_VALIDATE"},
      {kSocketTypes, 5, "SOCK_SEQPACKET"},
      {kSocketTypes, 3 | 02000000, "SOCK_RAW|SOCK_CLOEXEC"},
      {kFileModes, 060644, "S_IFBLK|S_IRUSR|S_IWUSR|S_IRGRP|S_IROTH"},
      {kCloneFlags, 0x4111, "CLONE_VM|CLONE_VFORK|SIGCHLD"},
      {kFutexOps, 128 | 9, "FUTEX_WAIT_BITSET_PRIVATE"},
      {kFutexOps, 256 | 128 | 9, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME"},
      {kFutexOps, 128, "FUTEX_WAIT_PRIVATE"},
      {kUnlinkatFlags, 0, "0"},
      {kEpollEvents, 0x80000001, "EPOLLIN|EPOLLET"},
      {kMountFlags, 1ULL << 40, "0x10000000000"},
      {kSocketFamilies, 1, "AF_UNIX"},
      {kSocketFamilies, 0x100000002, "4294967298"},
      {kSocketFamilies, 99, "99"},
      {kAtSpecials, static_cast<uint64_t>(-100), "AT_FDCWD"},
      {kAtSpecials, 0xffffff9c, "AT_FDCWD"},
      {kAtSpecials, static_cast<uint64_t>(-5), "-5"},
      {kIoctlRequests, 0x5401, "TCGETS"},
      {kSeccompActions, 0x7ffc0000, "SECCOMP_RET_LOG"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(FormatConstant(test.set, test.value), test.text);
  }
}

// Values that headers of the C library have otherwise, or only newer kernels have.
TEST(FindConstant, ValuesAreTheKernels) {
  const struct {
    absl::string_view name;
    uint64_t value;
  } cases[] = {
      {"O_LARGEFILE", 0100000},
      {"O_CLOEXEC", 02000000},
      {"O_NDELAY", 04000},
      {"AT_FDCWD", static_cast<uint64_t>(-100)},
      {"AT_EACCESS", 0x200},
      {"AT_REMOVEDIR", 0x200},
      {"F_GETLK64", 12},
      {"MS_NOUSER", 1ULL << 31},
      {"EPOLLET", 1ULL << 31},
      {"SECCOMP_RET_KILL_PROCESS", 0x80000000},
      {"KEY_SPEC_SESSION_KEYRING", static_cast<uint64_t>(-3)},
      {"PIDFD_SELF", static_cast<uint64_t>(-10000)},
      {"RUSAGE_CHILDREN", static_cast<uint64_t>(-1)},
      {"RLIM_INFINITY", UINT64_MAX},
      {"PR_SET_NO_NEW_PRIVS", 38},
      {"TCGETS", 0x5401},
      {"TIOCSTI", 0x5412},
      {"FIONREAD", 0x541b},
      {"SIOCGIFCONF", 0x8912},
      {"BLKGETSIZE64", 0x80081272},
      {"FS_IOC_GETFLAGS", 0x80086601},
      {"KVM_RUN", 0xae80},
      {"RWF_DONTCACHE", 0x80},
      {"STATX_SUBVOL", 0x8000},
      {"MOVE_MOUNT_BENEATH", 0x200},
      {"LANDLOCK_ACCESS_FS_IOCTL_DEV", 1ULL << 15},
      {"CAP_CHECKPOINT_RESTORE", 40},
      {"SIGKILL", 9},
      {"SIG_BLOCK", 0},
      {"CLOCK_BOOTTIME", 7},
      {"MADV_GUARD_INSTALL", 102},
  };
  for (const auto& test : cases) EXPECT_EQ(FindConstant(test.name), test.value) << test.name;
  EXPECT_EQ(FindConstant("O_CLOEXECC"), std::nullopt);
  EXPECT_EQ(FindConstant(""), std::nullopt);
}

TEST(SuggestConstant, DidYouMean) {
  EXPECT_THAT(SuggestConstant("O_CLOEXE"), Contains("O_CLOEXEC"));
  EXPECT_EQ(SuggestConstant("AF_UNXI").front(), "AF_UNIX");
  EXPECT_THAT(SuggestConstant("NOTHING_LIKE_THIS_ONE"), IsEmpty());
}

TEST(Errno, NamesAndAliases) {
  EXPECT_EQ(ErrnoName(13), "EACCES");
  EXPECT_EQ(ErrnoName(11), "EAGAIN");
  EXPECT_EQ(ErrnoName(95), "EOPNOTSUPP");
  EXPECT_EQ(ErrnoName(0), std::nullopt);
  EXPECT_EQ(ErrnoName(-13), std::nullopt);
  EXPECT_EQ(ErrnoName(512), std::nullopt) << "ERESTARTSYS is the kernel's own";
  EXPECT_EQ(ErrnoByName("EWOULDBLOCK"), EAGAIN);
  EXPECT_EQ(ErrnoByName("ENOTSUP"), EOPNOTSUPP);
  EXPECT_EQ(ErrnoByName("EDEADLOCK"), EDEADLK);
  EXPECT_EQ(ErrnoByName("eacces"), std::nullopt);
  EXPECT_EQ(SuggestErrno("EACCESS").front(), "EACCES");
}

// glibc has a name for exactly the numbers that Linux has.
TEST(Errno, AllOfThem) {
  for (int number = 1; number < 140; ++number) {
    const char* name = strerrorname_np(number);
    const std::optional<absl::string_view> ours = ErrnoName(number);
    ASSERT_EQ(ours.has_value(), name != nullptr) << number;
    if (!ours.has_value()) continue;
    EXPECT_EQ(ErrnoByName(*ours), number);
    EXPECT_EQ(ErrnoByName(name), number) << name;
  }
}

TEST(Signals, NamesAsStraceShowsThem) {
  EXPECT_EQ(SignalName(9), "SIGKILL");
  EXPECT_EQ(SignalName(29), "SIGIO");
  EXPECT_EQ(SignalName(31), "SIGSYS");
  EXPECT_EQ(SignalName(32), "SIGRT_0");
  EXPECT_EQ(SignalName(40), "SIGRT_8");
  EXPECT_EQ(SignalName(64), "SIGRT_32");
  EXPECT_EQ(SignalName(65), "65");
  EXPECT_EQ(SignalName(0), "0");
  EXPECT_EQ(SignalName(-1), "-1");
}

TEST(Signals, GoBothWays) {
  for (int number = 1; number <= 64; ++number) {
    EXPECT_EQ(SignalByName(SignalName(number)), number);
    const char* abbreviation = number < 32 ? sigabbrev_np(number) : nullptr;
    if (abbreviation != nullptr) {
      EXPECT_EQ(SignalByName("SIG" + std::string(abbreviation)), number);
    }
  }
  EXPECT_EQ(SignalByName("SIGPOLL"), SignalByName("SIGIO"));
  EXPECT_EQ(SignalByName("SIGIOT"), SignalByName("SIGABRT"));
  for (absl::string_view name : {"SIGRT_33", "SIGRT_-1", "SIGRT_", "KILL", "65", ""}) {
    EXPECT_EQ(SignalByName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace provost
