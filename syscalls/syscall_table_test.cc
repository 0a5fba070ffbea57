#include "syscalls/syscall_table.h"

#include <linux/audit.h>
#include <seccomp.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "syscalls/constants.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"

namespace provost {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

const SyscallTable& Table() { return SyscallTable::Get(); }

uint32_t SeccompArch(Arch arch) { return arch == Arch::kX86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_X86; }

std::string Describe(const Syscall& call) {
  return absl::StrCat(ArchName(call.arch), " ", call.nr, " ", call.signature->name);
}

TEST(SyscallTable, HasEveryCallOfLibseccomp) {
  constexpr int kBeyondEveryNumber = 1024;
  for (Arch arch : kAllArches) {
    for (int nr = 0; nr < kBeyondEveryNumber; ++nr) {
      char* name = seccomp_syscall_resolve_num_arch(SeccompArch(arch), nr);
      if (name == nullptr) continue;
      const Syscall* call = Table().Find(arch, nr);
      ASSERT_NE(call, nullptr) << ArchName(arch) << " " << nr << " " << name << " has no row";
      EXPECT_EQ(std::string(call->signature->name), name);
      free(name);  // NOLINT: libseccomp's strdup
    }
  }
}

// libseccomp 2.5.4 ends with Linux 6.7: what it has no name for is newer, and nothing else is.
TEST(SyscallTable, OnlyCallsNewerThanLibseccompBringTheirNumbers) {
  const std::set<std::string> probes = {"uprobe", "uretprobe"};  // x86_64, Linux 6.11 and 6.18
  for (Arch arch : kAllArches) {
    for (const Syscall& call : Table().All(arch)) {
      char* name = seccomp_syscall_resolve_num_arch(SeccompArch(arch), call.nr);
      if (name == nullptr) {
        EXPECT_TRUE(call.nr > 456 || probes.count(std::string(call.signature->name)) != 0)
            << Describe(call);
      }
      free(name);  // NOLINT: libseccomp's strdup
    }
  }
}

// Every "#define __NR_name number" of the kernel's header for one architecture.
void ExpectNumbersOfHeader(Arch arch, const std::string& path) {
  std::ifstream header(path);
  ASSERT_TRUE(header) << path;
  int found = 0;
  for (std::string line; std::getline(header, line);) {
    std::istringstream words(line);
    std::string define;
    std::string macro;
    int number = -1;
    if (!(words >> define >> macro >> number) || define != "#define") continue;
    absl::string_view name = macro;
    if (!absl::ConsumePrefix(&name, "__NR_")) continue;
    const Syscall* call = Table().Find(arch, name);
    ASSERT_NE(call, nullptr) << macro;
    EXPECT_EQ(call->nr, number) << macro;
    ++found;
  }
  EXPECT_GT(found, 300);
}

TEST(SyscallTable, NumbersAreThoseOfTheKernelHeaders) {
  ExpectNumbersOfHeader(Arch::kX86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h");
  ExpectNumbersOfHeader(Arch::kI386, "/usr/include/x86_64-linux-gnu/asm/unistd_32.h");
}

TEST(SyscallTable, CallsNewerThanLibseccomp) {
  EXPECT_EQ(Table().Find(Arch::kX86_64, 335)->signature->name, "uretprobe");
  EXPECT_EQ(Table().Find(Arch::kI386, "uretprobe"), nullptr);
  for (Arch arch : kAllArches) {
    EXPECT_EQ(Table().Find(arch, 462)->signature->name, "mseal");
    EXPECT_EQ(Table().Find(arch, "file_setattr")->nr, 469);
    for (int nr = 424; nr <= 469; ++nr) EXPECT_NE(Table().Find(arch, nr), nullptr) << nr;
  }
}

TEST(SyscallTable, IsInOrderAndLookupsAgree) {
  for (Arch arch : kAllArches) {
    int32_t last = -1;
    for (const Syscall& call : Table().All(arch)) {
      EXPECT_EQ(call.arch, arch);
      EXPECT_GT(call.nr, last) << Describe(call);
      last = call.nr;
      EXPECT_EQ(Table().Find(arch, call.nr), &call);
      EXPECT_EQ(Table().Find(arch, call.signature->name), &call) << Describe(call);
      EXPECT_TRUE(Table().IsKnownName(call.signature->name));
    }
    EXPECT_EQ(Table().Limit(arch), last + 1);
  }
}

TEST(SyscallTable, WhatIsNotThereIsNull) {
  for (Arch arch : kAllArches) {
    EXPECT_EQ(Table().Find(arch, -1), nullptr);
    EXPECT_EQ(Table().Find(arch, INT32_MIN), nullptr);
    EXPECT_EQ(Table().Find(arch, Table().Limit(arch)), nullptr);
    EXPECT_EQ(Table().Find(arch, INT32_MAX), nullptr);
    EXPECT_EQ(Table().Find(arch, "opennat"), nullptr);
  }
  EXPECT_EQ(Table().Find(Arch::kI386, 222), nullptr) << "a hole in i386's numbers";
  EXPECT_EQ(Table().Find(static_cast<Arch>(AUDIT_ARCH_AARCH64), 0), nullptr);
  EXPECT_FALSE(Table().IsKnownName("opennat"));
}

TEST(SyscallTable, Requests) {
  SyscallRequest request;
  request.arch = AUDIT_ARCH_X86_64;
  request.nr = 257;
  ASSERT_NE(Table().Find(request), nullptr);
  EXPECT_EQ(Table().Find(request)->signature->name, "openat");
  request.nr = 257 | static_cast<int32_t>(kX32Bit);
  EXPECT_EQ(Table().Find(request), nullptr) << "x32";
  request.nr = -1;
  EXPECT_EQ(Table().Find(request), nullptr) << "a skipped call";
  request.arch = AUDIT_ARCH_I386;
  request.nr = 295;
  EXPECT_EQ(Table().Find(request)->signature->name, "openat");
  request.arch = AUDIT_ARCH_AARCH64;
  EXPECT_EQ(Table().Find(request), nullptr);
  request.arch = 0;
  EXPECT_EQ(Table().Find(request), nullptr);
}

TEST(SyscallTable, ArchitecturesShareARowOrHaveTheirOwn) {
  const auto row = [](Arch arch, absl::string_view name) {
    return Table().Find(arch, name)->signature;
  };
  EXPECT_EQ(row(Arch::kX86_64, "openat"), row(Arch::kI386, "openat"));
  EXPECT_EQ(row(Arch::kX86_64, "mmap")->args.size(), 6U);
  EXPECT_EQ(row(Arch::kI386, "mmap")->args.size(), 1U);
  EXPECT_EQ(row(Arch::kX86_64, "clone")->IndexOf("tls"), 4);
  EXPECT_EQ(row(Arch::kI386, "clone")->IndexOf("tls"), 3);
  EXPECT_EQ(row(Arch::kI386, "pread64")->args.size(), 5U);
  EXPECT_EQ(row(Arch::kI386, "fanotify_mark")->IndexOf("path"), 5);
}

TEST(SyscallTable, NamesThatPoliciesUse) {
  const struct {
    absl::string_view call;
    std::vector<absl::string_view> args;
  } cases[] = {
      {"openat", {"dfd", "path", "flags", "mode"}},
      {"open", {"path", "flags", "mode"}},
      {"socket", {"family", "type", "protocol"}},
      {"connect", {"fd", "addr", "addrlen"}},
      {"mmap", {"addr", "len", "prot", "flags", "fd", "off"}},
      {"execve", {"path", "argv", "envp"}},
      {"execveat", {"dfd", "path", "argv", "envp", "flags"}},
      {"renameat2", {"olddfd", "oldpath", "newdfd", "newpath", "flags"}},
      {"write", {"fd", "buf", "count"}},
      {"prctl", {"option", "arg2", "arg3", "arg4", "arg5"}},
      {"ioctl", {"fd", "cmd", "arg"}},
      {"kill", {"pid", "sig"}},
      {"clone", {"flags", "newsp", "parent_tidptr", "child_tidptr", "tls"}},
  };
  for (const auto& test : cases) {
    const Syscall* call = Table().Find(Arch::kX86_64, test.call);
    ASSERT_NE(call, nullptr) << test.call;
    ASSERT_EQ(call->signature->args.size(), test.args.size()) << test.call;
    for (size_t i = 0; i < test.args.size(); ++i) {
      EXPECT_EQ(call->signature->args[i].name, test.args[i]) << test.call;
    }
  }
}

bool IsStruct(ArgKind kind) {
  return kind == ArgKind::kStructIn || kind == ArgKind::kStructOut || kind == ArgKind::kStructInOut;
}

bool MayComplete(const Argument& argument, const Argument& companion) {
  switch (argument.kind) {
    case ArgKind::kPath:
      return companion.kind == ArgKind::kDirFd;
    case ArgKind::kSockaddr:
      return companion.kind == ArgKind::kLength || IsStruct(companion.kind);
    case ArgKind::kBufferIn:
    case ArgKind::kBufferOut:
    case ArgKind::kIovec:
    case ArgKind::kStructIn:
    case ArgKind::kStructOut:
    case ArgKind::kStructInOut:
      return companion.kind == ArgKind::kLength;
    default:
      return false;
  }
}

void ExpectSoundArgument(const Syscall& call, size_t index) {
  const auto args = call.signature->args;
  const Argument& argument = args[index];
  const std::string where = absl::StrCat(Describe(call), " ", argument.name);
  EXPECT_FALSE(argument.name.empty()) << where;
  if (argument.companion != -1) {
    ASSERT_LT(static_cast<size_t>(argument.companion), args.size()) << where;
    EXPECT_NE(static_cast<size_t>(argument.companion), index) << where;
    EXPECT_TRUE(MayComplete(argument, args[argument.companion])) << where;
  } else {
    EXPECT_NE(argument.kind, ArgKind::kIovec) << where << ": vectors have a count";
    EXPECT_NE(argument.kind, ArgKind::kSockaddr) << where << ": addresses have a length";
  }
  if (argument.constants != nullptr) {
    EXPECT_EQ(argument.constants->is_mask, argument.kind == ArgKind::kFlags) << where;
    EXPECT_TRUE(argument.kind == ArgKind::kFlags || argument.kind == ArgKind::kEnum) << where;
    EXPECT_THAT(AllConstantSets(), Contains(argument.constants)) << where;
  }
  if (argument.IsPointer()) {
    EXPECT_EQ(argument.width, ArgWidth::kU64) << where;
  }
}

TEST(Rows, AreSound) {
  for (Arch arch : kAllArches) {
    for (const Syscall& call : Table().All(arch)) {
      std::set<std::string> names;
      EXPECT_LE(call.signature->args.size(), 6U) << Describe(call);
      for (size_t i = 0; i < call.signature->args.size(); ++i) {
        ExpectSoundArgument(call, i);
        names.emplace(call.signature->args[i].name);
      }
      EXPECT_EQ(names.size(), call.signature->args.size()) << Describe(call);
    }
  }
}

// The same thing has the same name everywhere: what every path, dirfd and address is called.
TEST(Rows, UseOneNameForOneThing) {
  const std::set<std::string> paths = {"path",     "oldpath",  "newpath",
                                       "dev_name", "new_root", "put_old"};
  const std::set<std::string> dirfds = {"dfd", "olddfd", "newdfd", "mountdirfd"};
  for (Arch arch : kAllArches) {
    for (const Syscall& call : Table().All(arch)) {
      for (const Argument& argument : call.signature->args) {
        const std::string name(argument.name);
        if (argument.kind == ArgKind::kPath) {
          EXPECT_TRUE(paths.count(name)) << Describe(call);
        }
        if (argument.kind == ArgKind::kDirFd) {
          EXPECT_TRUE(dirfds.count(name)) << Describe(call);
        }
        if (argument.kind == ArgKind::kSockaddr) {
          EXPECT_EQ(name, "addr") << Describe(call);
        }
        if (argument.kind == ArgKind::kStringArray) {
          EXPECT_TRUE(name == "argv" || name == "envp") << Describe(call);
        }
      }
    }
  }
}

TEST(WidthOn, RegistersOfI386Are32BitsWide) {
  const Argument argument = {"len", ArgKind::kLength, ArgWidth::kU64};
  EXPECT_EQ(WidthOn(Arch::kX86_64, argument), ArgWidth::kU64);
  EXPECT_EQ(WidthOn(Arch::kI386, argument), ArgWidth::kU32);
  const Argument offset = {"offset", ArgKind::kOffset, ArgWidth::kS64};
  EXPECT_EQ(WidthOn(Arch::kX86_64, offset), ArgWidth::kS64);
  EXPECT_EQ(WidthOn(Arch::kI386, offset), ArgWidth::kS32);
  const Argument fd = {"fd", ArgKind::kFd, ArgWidth::kS32};
  EXPECT_EQ(WidthOn(Arch::kI386, fd), ArgWidth::kS32);
}

TEST(ArchName, GoesBothWays) {
  for (Arch arch : kAllArches) EXPECT_EQ(ArchByName(ArchName(arch)), arch);
  EXPECT_EQ(ArchName(Arch::kI386), "i386");
  EXPECT_EQ(ArchByName("arm"), std::nullopt);
}

TEST(Suggest, DidYouMean) {
  EXPECT_EQ(Table().Suggest("opennat").front(), "openat");
  EXPECT_EQ(Table().Suggest("exceve").front(), "execve");
  EXPECT_EQ(Table().Suggest("sokcetcall").front(), "socketcall");
  EXPECT_THAT(Table().Suggest("quite_another_word"), IsEmpty());
}

}  // namespace
}  // namespace provost
