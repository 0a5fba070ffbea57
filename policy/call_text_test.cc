#include "policy/call_text.h"

#include <fcntl.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Args = std::array<uint64_t, 6>;

TEST(CallTextTest, NumbersAndConstantsBecomeRegisters) {
  struct Case {
    const char* text;
    Arch arch;
    Args args;
  };
  const std::vector<Case> cases = {
      {"getpid()", Arch::kX86_64, {}},
      {" read ( 3 , NULL , 0x10 ) = 16", Arch::kX86_64, {3, 0, 16}},
      {"close(-1)", Arch::kX86_64, {UINT64_MAX}},
      {"close(-1)", Arch::kI386, {UINT32_MAX}},
      {"openat(AT_FDCWD, NULL, O_WRONLY|O_CREAT|0x40000000, 0644)",
       Arch::kX86_64,
       {static_cast<uint64_t>(AT_FDCWD), 0, O_WRONLY | O_CREAT | 0x40000000, 0644}},
      {"openat(AT_FDCWD, NULL, ...)", Arch::kX86_64, {static_cast<uint64_t>(AT_FDCWD)}},
      {"socket(0x100000002, SOCK_STREAM)", Arch::kX86_64, {0x100000002, 1}},
      {"kill(-9223372036854775808, SIGTERM)", Arch::kX86_64, {uint64_t{1} << 63, 15}},
      {"lseek(3, 18446744073709551615, SEEK_SET)", Arch::kX86_64, {3, UINT64_MAX, 0}},
      {"openat(flags=O_RDWR, dfd=5, arg5=9)", Arch::kX86_64, {5, 0, O_RDWR, 0, 0, 9}},
      {"syscall_0xffff(1, 2, 3, 4, 5, 6)", Arch::kX86_64, {1, 2, 3, 4, 5, 6}},
      {"syscall_0x3(7) /* close */", Arch::kX86_64, {7}},
  };
  for (const Case& one : cases) {
    const auto call = ParseCallText(one.text, one.arch);
    ASSERT_THAT(call, IsOk()) << one.text;
    EXPECT_EQ(call->request.args, one.args) << one.text;
    EXPECT_EQ(call->request.arch, static_cast<uint32_t>(one.arch));
  }
}

TEST(CallTextTest, StringsAndBytesBecomeMemory) {
  for (const Arch arch : kAllArches) {
    auto call = ParseCallText(R"(openat(3, "/a\"\\\n\t\x41\101\0", 0))", arch);
    ASSERT_THAT(call, IsOk());
    const uint64_t address = call->request.args[1];
    EXPECT_EQ(*call->memory.ReadString(address), "/a\"\\\n\tAA");
    EXPECT_EQ(*call->memory.ReadString(address + 2), "\"\\\n\tAA");
    EXPECT_FALSE(call->memory.ReadString(address - 1).ok());
    EXPECT_FALSE(call->memory.ReadString(0).ok());
    if (arch == Arch::kI386) {
      EXPECT_LE(address, UINT32_MAX);
    }
  }
  const auto bytes = ParseCallText("connect(3, x\"0200005000000000\", 8)", Arch::kX86_64);
  ASSERT_THAT(bytes, IsOk());
  EXPECT_EQ(bytes->memory.BytesAt(bytes->request.args[1]),
            absl::string_view("\x02\0\0\x50\0\0\0\0", 8));
  auto argv = ParseCallText(R"(execve("/bin/ls", ["ls", "-l"], []))", Arch::kX86_64);
  ASSERT_THAT(argv, IsOk());
  EXPECT_EQ(argv->memory.BytesAt(argv->request.args[1]).size(), 24U);
  EXPECT_EQ(argv->memory.BytesAt(argv->request.args[2]), std::string(8, '\0'));
}

TEST(CallTextTest, PathsAreResolvedByTheirTextAlone) {
  auto call = ParseCallText("openat(AT_FDCWD</home/u>, \"\", 0, dfd=7</srv/a>)", Arch::kX86_64);
  ASSERT_THAT(call, IsOk());
  struct Case {
    PathQuery query;
    const char* resolved;  // "": it cannot be
  };
  const std::vector<Case> cases = {
      {{.descriptor = 9, .path = "/etc/../usr//./lib/"}, "/usr/lib"},
      {{.descriptor = 9, .path = "/../.."}, "/"},
      {{.descriptor = AT_FDCWD, .path = "x/../../y"}, "/home/y"},
      {{.descriptor = 7, .path = "../../../y"}, "/y"},
      {{.descriptor = 7, .path = "../../y", .in_root = true}, "/srv/a/y"},
      {{.descriptor = 7, .path = "/y", .in_root = true}, "/srv/a/y"},
      {{.descriptor = 9, .path = "y"}, ""},
  };
  for (const Case& one : cases) {
    const auto resolved = call->memory.ResolvePath(one.query);
    EXPECT_EQ(resolved.ok() ? *resolved : "", one.resolved) << one.query.path;
  }
}

TEST(CallTextTest, AStringTooLongForTheKernelIsNotReadable) {
  const std::string path(5000, 'a');
  auto call = ParseCallText("chdir(\"" + path + "\")", Arch::kX86_64);
  ASSERT_THAT(call, IsOk());
  EXPECT_FALSE(call->memory.ReadString(call->request.args[0]).ok());
}

TEST(CallTextTest, ErrorsPointAtTheirPlaceAndSayTheMend) {
  struct Case {
    const char* text;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"", "call:1:1: error: a call begins with its name"},
      {"opennat(1)",
       "call:1:1: error: no syscall is called `opennat`\n  opennat(1)\n  ^~~~~~~\n"
       "  did you mean `openat`"},
      {"stat64(1)",
       "call:1:1: error: `stat64` is no call of x86_64, but of i386\n"
       "  stat64(1)\n  ^~~~~~\n  say `--arch i386`"},
      {"close", "call:1:6: error: `(` behind the call's name is missing"},
      {"close(1", "call:1:8: error: `,` or `)` is missing"},
      {"close(1) 5", "call:1:10: error: the call ends before this"},
      {"close(1, 2)", "call:1:10: error: `close` has 1 argument"},
      {"close(nonsense=2)", "call:1:7: error: this call has no argument called `nonsense`"},
      {"close(,)", "call:1:7: error: a value is missing here"},
      {"close(0x)", "call:1:7: error: this is no number of 64 bits"},
      {"close(08)", "call:1:7: error: this is no number of 64 bits"},
      {"close(18446744073709551616)", "call:1:7: error: this is no number of 64 bits"},
      {"close(-9223372036854775809)", "call:1:7: error: this is no number of 64 bits"},
      {"close(1|)", "call:1:9: error: a value is missing here"},
      {"openat(0, \"x\", O_RDONL)",
       "call:1:16: error: no constant is called `O_RDONL`\n  openat(0, \"x\", O_RDONL)\n"
       "                 ^~~~~~~\n  did you mean `O_RDONLY`"},
      {"chdir(\"/x", "call:1:7: error: this string is not closed"},
      {"chdir(\"/x\"...)", "call:1:7: error: this string is cut off: give the whole of it"},
      {"chdir(\"\\q\")", "call:1:8: error: no escape is written so"},
      {"close(\"x\")", "call:1:7: error: `fd` is a number, no pointer"},
      {"connect(3, {sa_family=AF_INET}, 16)",
       "call:1:12: error: a structure is given by its bytes here"},
      {"connect(3, x\"0\", 16)", "call:1:14: error: two hexadecimal digits make a byte"},
      {"execve(\"x\", [\"a\", NULL", "call:1:13: error: this array is not closed"},
      {"close(1 /* x", "call:1:9: error: this comment is not closed"},
      {"getpid() by", "call:1:10: error: the call ends before this"},
      {"getpid() by proc.udi=0",
       "call:1:13: error: of a task no `proc.udi` is known\n  getpid() by proc.udi=0\n"
       "              ^~~~~~~~\n  did you mean"},
      {"getpid() by proc.uid=\"root\"", "call:1:22: error: a value is missing here"},
      {"getpid() by proc.comm=5", "call:1:23: error: `proc.comm` is a string"},
      {"getpid() by proc.uid=4294967296", "call:1:22: error: this is no number of 32 bits"},
      {"getpid() by proc.uid=0,", "call:1:24: error: of a task no `` is known"},
      {"close(3</x", "call:1:8: error: this name is not closed by `>`"},
      {"kill(3</x>, 9)", "call:1:7: error: only a descriptor has a name in angle brackets"},
      {"syscall_0xg()", "call:1:1: error: this is no number of a call"},
  };
  for (const Case& one : cases) {
    const auto call = ParseCallText(one.text, Arch::kX86_64);
    ASSERT_EQ(call.status().code(), absl::StatusCode::kInvalidArgument) << one.text;
    EXPECT_TRUE(absl::StartsWith(call.status().message(), one.message)) << one.text << "\n"
                                                                        << call.status().message();
  }
}

// What is shown can be given again.
TEST(CallTextTest, FormatIsReadBack) {
  for (const char* text : {
           "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY, 0)",
           "openat(AT_FDCWD, \"/\\x01\\\"\", O_WRONLY|O_CREAT, 0644)",
           "openat(3, NULL, O_RDWR, 0)",
           "connect(3, x\"02000050\", 16)",
           "execve(\"/bin/ls\", [\"ls\", \"-l\"], NULL)",
           "socket(0x100000002, SOCK_STREAM, 0)",
           "kill(-1, SIGKILL)",
           "getpid()",
           "close(5, arg5=0x1)",
           "syscall_0xffff(1, 2, 3, 4, 5, 0x1000)",
           "sendmsg(3, [x\"02000035\", 4, 0, 0, 0, 0], 0)",
           "write(3</var/log/a b>, x\"0a\", 1)",
           "openat(AT_FDCWD</home/\\x3e\\\\x>, \"x\", O_RDONLY, 0)",
           "ptrace(PTRACE_ATTACH, 1, 0, 0) by proc.exe=\"/usr/bin/gdb\", proc.uid=1000",
       }) {
    const absl::string_view given = text;
    std::string read(given);
    if (given == "close(5, arg5=0x1)") read = "close(5, arg5=1)";
    const auto call = ParseCallText(read, Arch::kX86_64);
    ASSERT_THAT(call, IsOk()) << text;
    EXPECT_EQ(FormatCall(call->request, call->memory), text);
  }
}

}  // namespace
}  // namespace provost
