#include "policy/filter_paths.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <random>
#include <set>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr auto kX86 = static_cast<uint32_t>(Arch::kX86_64);

std::vector<sock_filter> AllowsFirstArgument7() {
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 39, 0, 3),
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 1, 0),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 5),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

TEST(ExploreFilter, FollowsWhatArgumentsMayDo) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const FilterPaths paths,
                               ExploreFilter(AllowsFirstArgument7(), kX86, 39));
  EXPECT_EQ(paths.answers, (std::set<uint32_t>{SECCOMP_RET_TRACE | 5, SECCOMP_RET_ALLOW}));
  EXPECT_EQ(paths.least, 5);
  EXPECT_EQ(paths.most, 5);
  EXPECT_FALSE(paths.by_number);
  EXPECT_TRUE(paths.MayTrace());
  EXPECT_TRUE(paths.MayAnswer());
}

TEST(ExploreFilter, KnowsTheNumber) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const FilterPaths paths,
                               ExploreFilter(AllowsFirstArgument7(), kX86, 40));
  EXPECT_EQ(paths.answers, std::set<uint32_t>{SECCOMP_RET_ALLOW});
  EXPECT_EQ(paths.most, 3);
  EXPECT_TRUE(paths.by_number);
  EXPECT_FALSE(paths.MayTrace());
}

TEST(ExploreFilter, RefusesWhatTheKernelRefuses) { EXPECT_FALSE(ExploreFilter({}, kX86, 0).ok()); }

// Whatever a call's arguments are, what the filter does is among what was found.
TEST(ExploreFilter, MissesNothingThatAFilterDoes) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const ParsedPolicy parsed,
      ParsePolicyText("deny EACCES openat if path ~ \"/etc/**\" && flags has O_CREAT\n"
                      "deny EPERM socket if family in {AF_INET, AF_INET6}\n"
                      "log write if fd in 3..9\nallow read if count < 4096\n"
                      "deny EIO read\nkill process ptrace\nreturn 7 getppid\n"
                      "deny EPERM mmap if prot has PROT_EXEC|PROT_WRITE\ndefault allow\n",
                      "test"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram filter,
                               CompileFilter(parsed.policy, FilterOptions()));
  std::mt19937_64 random(7);
  for (const Arch arch : kAllArches) {
    for (const Syscall& call : SyscallTable::Get().All(arch)) {
      PROVOST_ASSERT_OK_AND_ASSIGN(const FilterPaths paths,
                                   ExploreFilter(filter, static_cast<uint32_t>(arch), call.nr));
      for (int i = 0; i < 50; ++i) {
        SyscallRequest request = {.arch = static_cast<uint32_t>(arch), .nr = call.nr};
        for (uint64_t& argument : request.args) argument = random() >> (random() % 64);
        int executed = 0;
        PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer,
                                     RunBpf(filter, ToSeccompData(request), &executed));
        EXPECT_TRUE(paths.answers.contains(answer)) << call.signature->name;
        EXPECT_GE(executed, paths.least) << call.signature->name;
        EXPECT_LE(executed, paths.most) << call.signature->name;
        EXPECT_TRUE(!paths.by_number || paths.answers.size() == 1);
      }
    }
  }
}

}  // namespace
}  // namespace provost
