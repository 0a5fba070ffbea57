// What each language's constructs become, by hand, and what its errors and losses name.

#include <fcntl.h>

#include <cerrno>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/foreign/foreign.h"
#include "policy/foreign/sampling.h"
#include "policy/parser.h"

namespace provost {
namespace {

using F = PolicyFormat;

// The rules of the text that a policy becomes: without comments and names of rules, but for its
// first line each ends in a newline.
std::string Rules(const std::string& text) {
  std::string rules;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const size_t name = line.find(" as \"");
    absl::StrAppend(&rules, line.substr(0, name), "\n");
  }
  return rules;
}

struct Case {
  F format;
  std::string source;
  std::string rules;  // what Rules makes of it
};

std::vector<Case> Cases() {
  return {
      // snap-seccomp.
      {F::kSnap, "read\n", "default deny EPERM\nallow read\n"},
      {F::kSnap, "socket AF_UNIX - 0\n",
       "default deny EPERM\nallow socket if arg0 == 1 && arg2 == 0\n"
       "allow socketcall if arg0 == 1 && arg2 == 0\n"},
      {F::kSnap, "send\naccept\n",
       "default deny EPERM\nallow socketcall if arg0 == 9\nallow accept\n"
       "allow socketcall if arg0 == 5\n"},
      {F::kSnap, "~read 0\nread\n",
       "default deny EPERM\ndeny EACCES read if arg0 == 0\nallow read\n"},
      {F::kSnap, "read\n~read\n", "default deny EPERM\ndeny EACCES read\nallow read\n"},
      {F::kSnap, "openat - - 3|1 - -\n", "default deny EPERM\nallow openat if (arg2 & 3) == 1\n"},
      {F::kSnap, "openat - - |64\n", "default deny EPERM\nallow openat if (arg2 & 64) == 64\n"},
      {F::kSnap, "openat - - |0\n", "default deny EPERM\nallow openat\n"},
      {F::kSnap, "lseek !1 <5 >=7\n",
       "default deny EPERM\nallow lseek if arg0 != 1 && arg1 < 5 && arg2 >= 7\n"},
      {F::kSnap, "lseek >1 <=5\n", "default deny EPERM\nallow lseek if arg0 > 1 && arg1 <= 5\n"},
      {F::kSnap, "chown - -1 u:root\n",
       "default deny EPERM\n"
       "allow chown if (arg1 & 0xffffffff) == 0xffffffff && (arg2 & 0xffffffff) == 0\n"},
      {F::kSnap, "chown - g:root\n",
       "default deny EPERM\nallow chown if (arg1 & 0xffffffff) == 0\n"},
      {F::kSnap, "read\n  @complain \n~write\n", "default log\ndeny EACCES write\nallow read\n"},
      {F::kSnap, "read\n@complain\n@unrestricted\n@complain\n", "default allow\n"},
      {F::kSnap, "@unrestricted\nread nonsense\n", "default allow\n"},
      {F::kSnap, "# @unrestricted\nno_such_call 1 nonsense\n", "default deny EPERM\n"},
      {F::kSnap, "read 1\nread\nread 2\n", "default deny EPERM\nallow read\n"},
      // OCI.
      {F::kOci, R"({"defaultAction": "SCMP_ACT_ALLOW"})", "arch x86_64\ndefault allow\n"},
      {F::kOci, R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
                    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
                    "syscalls": [{"names": ["read", "exit"], "action": "SCMP_ACT_ALLOW"},
                                 {"name": "getuid", "action": "SCMP_ACT_ERRNO", "errnoRet": 0},
                                 {"names": ["ptrace"], "action": "SCMP_ACT_KILL"},
                                 {"names": ["mount"], "action": "SCMP_ACT_KILL_PROCESS"},
                                 {"names": ["umount2"], "action": "SCMP_ACT_TRAP"},
                                 {"names": ["getpid"], "action": "SCMP_ACT_LOG"},
                                 {"names": ["gettid"], "action": "SCMP_ACT_ERRNO", "errno": "ENOSYS"}]})",
       "default deny ENOSYS\nallow read, exit\nreturn 0 getuid\nkill thread ptrace\n"
       "kill process mount\ntrap umount2\nlog getpid\n"},
      // Two comparisons of one argument are joined by or, others by and.
      {F::kOci, R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                    {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [
                       {"index": 0, "value": 5, "op": "SCMP_CMP_GE"},
                       {"index": 2, "value": 6, "valueTwo": 7, "op": "SCMP_CMP_MASKED_EQ"}]},
                    {"names": ["write"], "action": "SCMP_ACT_ALLOW", "args": [
                       {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
                       {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]})",
       "arch x86_64\ndefault deny EPERM\nallow read if arg0 >= 5 && (arg2 & 6) == 6\n"
       "allow write if arg0 == 1\nallow write if arg0 == 2\n"},
      // The rule without comparisons swallows those with.
      {F::kOci, R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                    {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [
                       {"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}]},
                    {"names": ["read"], "action": "SCMP_ACT_KILL"},
                    {"names": ["read"], "action": "SCMP_ACT_TRAP"}]})",
       "arch x86_64\ndefault deny EPERM\nkill thread read\n"},
      {F::kOci, R"({"linux": {"seccomp": {"defaultAction": "SCMP_ACT_KILL", "syscalls": [
                    {"names": ["read"], "action": "SCMP_ACT_ALLOW",
                     "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                    {"names": ["write"], "action": "SCMP_ACT_ALLOW",
                     "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
                    {"names": ["close"], "action": "SCMP_ACT_ALLOW",
                     "includes": {"arches": ["arm64"]}},
                    {"names": ["dup"], "action": "SCMP_ACT_ALLOW",
                     "includes": {"minKernel": "3.1"}},
                    {"names": ["dup2"], "action": "SCMP_ACT_ALLOW",
                     "includes": {"minKernel": "999.0"}}]}}})",
       "arch x86_64\ndefault kill thread\nallow write\nallow dup\n"},
      // systemd.
      {F::kSystemd, "[Service]\nExecStart=/bin/true\nSystemCallFilter=~ptrace @swap:EPERM\n",
       "default allow\nkill process ptrace\ndeny EPERM swapoff, swapon\n"},
      {F::kSystemd,
       "SystemCallFilter=~ptrace mount\nSystemCallFilter=mount\nSystemCallErrorNumber=EACCES\n",
       "default allow\ndeny EACCES ptrace\n"},
      {F::kSystemd,
       "SystemCallFilter=~ptrace\nSystemCallFilter=\nSystemCallFilter=~mount:kill \\\n  swapon:0\n"
       "SystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n",
       "arch x86_64\ndefault allow\nkill process mount\nreturn 0 swapon\n"},
      {F::kSystemd, "SystemCallLog=ptrace\nSystemCallArchitectures=x86 native x32\n",
       "default allow\nlog ptrace\n"},
      // minijail.
      {F::kMinijail, "read: 1\nwrite: allow\nptrace: return EACCES\n",
       "arch x86_64\ndefault kill process\nallow read\nallow write\ndeny EACCES ptrace\n"},
      {F::kMinijail, "@default trap\nioctl: arg1 == 0x5401 || arg1 == TCSETS && arg0 != 2\n",
       "arch x86_64\ndefault trap\nallow ioctl if arg1 == 0x5401 || arg1 == 0x5402 && arg0 != 2\n"},
      {F::kMinijail, "mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE\nopenat: arg2 & 3\n",
       "arch x86_64\ndefault kill process\nallow mmap if (arg2 & 4) == 0 || (arg2 & 2) == 0\n"
       "allow openat if !((arg2 & 3) == 0)\n"},
      {F::kMinijail, "read: arg0 == 0; return EBADF\n",
       "arch x86_64\ndefault kill process\nallow read if arg0 == 0\ndeny EBADF read\n"},
      {F::kMinijail,
       "{read, write[arch=arm], 3}: { arg0 == 0; log, arg0 > 7 ; return 5, kill-thread }\n",
       "arch x86_64\ndefault kill process\nlog read, close if arg0 == 0\n"
       "deny EIO read, close if arg0 > 7\nkill thread read, close\n"},
      {F::kMinijail, "@denylist\nwrite: arg0 == 1; return ENOSYS # comment\n",
       "arch x86_64\ndefault allow\ndeny ENOSYS write if arg0 == 1\n"},
      {F::kMinijail, "kill: arg1 == (SIGTERM|0x10) && \\\n  arg0 <= -1\n",
       "arch x86_64\ndefault kill process\nallow kill if arg1 == 31\n"},
      // strace.
      {F::kStrace, "inject=chdir:error=ENOENT\n-e fault=read,write\n# none\n",
       "default allow\ndeny ENOENT chdir\ndeny ENOSYS read, write\n"},
      {F::kStrace,
       "--inject=getuid,?no_such:retval=0x2a\nfault=%clock:error=22\ninject=adjtimex:error=EIO\n",
       "default allow\nreturn 42 getuid\n"
       "deny EINVAL clock_adjtime, clock_adjtime64, clock_getres, clock_getres_time64\n"
       "deny EINVAL clock_gettime, clock_gettime64, clock_settime, clock_settime64, gettimeofday\n"
       "deny EINVAL settimeofday, time\ndeny EIO adjtimex\n"},
      {F::kStrace, "fault=/^swap:error=EPERM\n", "default allow\ndeny EPERM swapoff, swapon\n"},
      // Kafel.
      {F::kKafel, "POLICY a { ALLOW { read, write { fd == 1 || fd == 2 } } }\nUSE a DEFAULT KILL\n",
       "arch x86_64\ndefault kill thread\nallow read\n"
       "allow write if (arg0 & 0xffffffff) == 1 || (arg0 & 0xffffffff) == 2\n"},
      {F::kKafel,
       "#define MINE 0b11\n#define CALL 0\n// comment\nPOLICY a { /* comment */ ERRNO(13) { CALL, "
       "SYSCALL[1] } }\n"
       "POLICY b { USE a, LOG { openat(a, b, c) { (c & MINE) == 1, c == 0x40 } } }\n"
       "USE b, TRAP(0) { mmap { !(prot & 4 == 4) && addr > 5 } } DEFAULT KILL_PROCESS",
       "arch x86_64\ndefault kill process\ndeny EACCES read\ndeny EACCES write\n"
       "log openat if (arg2 & 3) == 1 || arg2 == 64\n"
       "trap mmap if !((arg2 & 4) == 4) && arg0 > 5\n"},
      {F::kKafel,
       "ALLOW { open { (flags | 0x80000) == 0x80001 && 2 != mode }, close ON arm, dup ON {x86_64, "
       "x86} }",
       "arch x86_64\ndefault kill thread\n"
       "allow open if (arg1 & 0xfff7ffff) == 1 && (arg2 & 0xffffffff) != 2\nallow dup\n"},
  };
}

TEST(ImportTest, EachConstruct) {
  for (const Case& one : Cases()) {
    const auto converted = ImportPolicy(one.format, one.source, "test", ImportOptions());
    ASSERT_THAT(converted, IsOk()) << one.source;
    EXPECT_EQ(Rules(converted->text), one.rules) << one.source;
    EXPECT_TRUE(converted->losses.empty()) << one.source << converted->losses[0].message;
    EXPECT_THAT(ParsePolicyText(converted->text, "text"), IsOk()) << converted->text;
  }
}

// Allow-lists of systemd hold @default, whatever they name.
TEST(ImportTest, SystemdAllowList) {
  const auto converted = ImportPolicy(
      F::kSystemd,
      "SystemCallFilter=@basic-io\nSystemCallFilter=~write\nSystemCallFilter=~read:EIO\n", "test",
      ImportOptions());
  ASSERT_THAT(converted, IsOk());
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyText(converted->text, "text"));
  const auto verdict = [&](const char* call) {
    const Syscall* syscall = SyscallTable::Get().Find(Arch::kX86_64, call);
    return DecideWithoutMemory(parsed.policy, {.arch = AUDIT_ARCH_X86_64, .nr = syscall->nr});
  };
  EXPECT_EQ(verdict("execve"), Verdict(Allow{}));
  EXPECT_EQ(verdict("clock_gettime"), Verdict(Allow{}));
  EXPECT_EQ(verdict("lseek"), Verdict(Allow{}));
  EXPECT_EQ(verdict("write"), Verdict(Kill{}));
  EXPECT_EQ(verdict("read"), Verdict(Deny{EIO}));
  EXPECT_EQ(verdict("socket"), Verdict(Kill{}));
}

TEST(ImportTest, RulesNameTheirLines) {
  const auto converted =
      ImportPolicy(F::kSnap, "# one\nread\n\nwrite 1\n", "dir/app.src", ImportOptions());
  ASSERT_THAT(converted, IsOk());
  EXPECT_EQ(converted->text,
            "# From dir/app.src, a snap-seccomp profile.\ndefault deny EPERM\n"
            "# app.src:2\nallow read as \"app.src:2\"\n"
            "# app.src:4\nallow write if arg0 == 1 as \"app.src:4\"\n");
}

struct Wrong {
  F format;
  std::string source;
  std::string place;    // "LINE:COLUMN"
  std::string message;  // part of it
};

TEST(ImportTest, ErrorsNameLineAndColumn) {
  const std::string deep(100, '[');
  const std::vector<Wrong> wrongs = {
      {F::kSnap, "read\nsocket AF_NONSENSE\n", "2:8", "no constant is called `AF_NONSENSE`"},
      {F::kSnap, "read 0x10\n", "1:6", "decimal"},
      {F::kSnap, "read 4294967296\n", "1:6", "below 2^32"},
      {F::kSnap, "read -1\n", "1:6", "negative"},
      {F::kSnap, "setuid <5\n", "1:8", "equality"},
      {F::kSnap, "chown - u:no_such_user_here\n", "1:9", "no user"},
      {F::kSnap, "read 1 2 3 4 5 6 7\n", "1:18", "six arguments"},
      {F::kSnap, "openat 1|2|3\n", "1:8", "one `|`"},
      {F::kSnap, "read # no comment\n", "1:6", "no constant"},
      {F::kOci, "{\"defaultAction\": }", "1:19", "a value is expected"},
      {F::kOci, "{\n  \"defaultAction\": 5\n}", "2:20", "a string, not a number"},
      {F::kOci, "{\n  \"defaultAction\": \"SCMP_ACT_NONE\"\n}", "2:20", "no action is called"},
      {F::kOci, "{\"syscalls\": []}", "1:1", "`defaultAction` is missing"},
      {F::kOci, "{\"defaultAction\": \"SCMP_ACT_KILL\",\n \"sycalls\": []}", "2:2",
       "has no `sycalls`"},
      {F::kOci, "{\"defaultAction\": \"SCMP_ACT_KILL\",\n \"syscalls\": [{\"names\": [7]}]}",
       "2:26", "a string, not a number"},
      {F::kOci,
       "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [{\"names\": [], \"action\": "
       "\"SCMP_ACT_ALLOW\",\n\"args\": [{\"index\": 0, \"op\": \"SCMP_CMP_EQ\", \"value\": -1}]}]}",
       "2:53", "from 0 to 2^64-1"},
      {F::kOci, "{\"a\": 1, \"a\": 2}", "1:10", "twice"},
      {F::kOci, "{\"a\": \"\\x\"}", "1:8", "no such escape"},
      {F::kOci, "{\"a\": 01}", "1:7", "no number"},
      {F::kOci, deep, "1:66", "64 values"},
      {F::kOci, "{} x", "1:4", "behind the value"},
      {F::kOci, "[1", "1:3", "`,` or `]`"},
      {F::kSystemd, "SystemCallFilter=@nonsense\n", "1:18", "no group"},
      {F::kSystemd, "\nSystemCallFilter=~read:EFOO\n", "2:19", "no errno"},
      {F::kSystemd, "SystemCalFilter=read\nSystemCallFilters=read\n", "2:1", "no setting"},
      {F::kSystemd, "SystemCallArchitectures=vax\n", "1:25", "no architecture"},
      {F::kMinijail, "read: 1\nopennat: 1\n", "2:1", "no call named `opennat`"},
      {F::kMinijail, "read: arg6 == 1\n", "1:7", "arg0 to arg5"},
      {F::kMinijail, "read: arg0 = 1\n", "1:12", "an operator"},
      {F::kMinijail, "read: arg0 == FOO\n", "1:15", "no constant"},
      {F::kMinijail, "read: 1\nread: 1\n", "2:7", "decided already, in line 1"},
      {F::kMinijail, "read 1\n", "1:6", "`:` is expected"},
      {F::kMinijail, "read: 1 1\n", "1:9", "ends before"},
      {F::kMinijail, "@include ./no/such/file\n", "1:10", "cannot open"},
      {F::kMinijail, "@default allow\n", "1:10", "a default is"},
      {F::kMinijail, "read: arg0 == 99999999999999999999\n", "1:15", "64 bits"},
      {F::kStrace, "inject=read\n", "1:8", "error="},
      {F::kStrace, "inject=opennat:error=EPERM\n", "1:8", "no call or class"},
      {F::kStrace, "inject=read:error=EFOO\n", "1:19", "no errno"},
      {F::kStrace, "inject=read:error=EIO:when=0\n", "1:28", "from 1 to 65535"},
      {F::kStrace, "inject=read:error=EIO:retval=1\n", "1:23", "one `error=`"},
      {F::kStrace, "trace=read\n", "1:1", "`inject="},
      {F::kKafel, "POLICY a {\n ALOW { read } }\n", "2:2", "an action is expected"},
      {F::kKafel, "ALLOW { opennat }", "1:9", "no call named `opennat`"},
      {F::kKafel, "ALLOW { read { foo == 1 } }", "1:16", "has no argument `foo`"},
      {F::kKafel, "USE a", "1:5", "no policy `a`"},
      {F::kKafel, "ALLOW { read { fd } }", "1:19", "a comparison"},
      {F::kKafel, "ALLOW { read } DEFAULT KILL DEFAULT KILL", "1:29", "twice"},
      {F::kKafel, "/* no end", "1:1", "does not end"},
      {F::kKafel, "ERRNO(65536) { read }", "1:7", "from 0 to 65535"},
  };
  for (const Wrong& wrong : wrongs) {
    const auto converted = ImportPolicy(wrong.format, wrong.source, "test", ImportOptions());
    ASSERT_FALSE(converted.ok()) << wrong.source;
    const std::string message(converted.status().message());
    EXPECT_TRUE(absl::StartsWith(message, absl::StrCat("test:", wrong.place, ": error: ")))
        << wrong.source << "\n"
        << message;
    EXPECT_TRUE(absl::StrContains(message, wrong.message)) << wrong.source << "\n" << message;
  }
}

TEST(ImportTest, LossesNameTheirPlaces) {
  const std::vector<Wrong> losses = {
      {F::kSnap, "read\n~exit\n", "2:1", "never refuses"},
      {F::kOci, "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}", "1:19", "another process"},
      {F::kOci, "{\"defaultAction\": \"SCMP_ACT_KILL\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]}",
       "1:46", "log"},
      {F::kOci,
       "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [\n"
       "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
       "\"value\": 1, "
       "\"op\": \"SCMP_CMP_GE\"}]},\n"
       "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_TRAP\", \"args\": [{\"index\": 0, "
       "\"value\": 5, "
       "\"op\": \"SCMP_CMP_EQ\"}]}]}",
       "3:1", "line 2 can both match"},
      {F::kOci,
       "{\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"SCMP_ARCH_X86\"], "
       "\"syscalls\": [\n"
       "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
       "\"value\": "
       "4294967301, \"op\": \"SCMP_CMP_EQ\"}]}]}",
       "2:1", "low 32 bits"},
      {F::kSystemd, "MemoryDenyWriteExecute=yes\nRestrictRealtime=no\n", "1:1",
       "filter of its own"},
      {F::kMinijail, "read: user-notify\n", "1:7", "another process"},
      {F::kMinijail, "files@libc: 1\n", "1:1", "groups of calls"},
      {F::kMinijail, "999: 1\n", "1:1", "by this number"},
      {F::kMinijail, "read: return 200\n", "1:14", "no name"},
      {F::kStrace, "inject=read:signal=SIGINT\n", "1:13", "`signal=`"},
      {F::kStrace, "inject=read:delay_enter=5\n", "1:13", "`delay_enter=`"},
      {F::kStrace, "fault=read:when=2..9+3\n", "1:17", "`when=`"},
      {F::kStrace, "fault=read@64\n", "1:7", "every architecture"},
      {F::kKafel, "ALLOW { read,\n write { fd != count } }", "2:2", "with one another"},
      {F::kKafel, "TRACE(1) { read }", "1:1", "another process"},
      {F::kKafel, "ALLOW { SYSCALL[9999] }", "1:9", "by this number"},
  };
  for (const Wrong& loss : losses) {
    const auto converted = ImportPolicy(loss.format, loss.source, "test", ImportOptions());
    ASSERT_THAT(converted, IsOk()) << loss.source;
    ASSERT_EQ(converted->losses.size(), 1U) << loss.source;
    const PlacedNote& found = converted->losses[0];
    EXPECT_EQ(absl::StrCat(found.where.line, ":", found.where.column), loss.place) << loss.source;
    EXPECT_TRUE(absl::StrContains(found.message, loss.message)) << found.message;
    EXPECT_THAT(ParsePolicyText(converted->text, "text"), IsOk()) << converted->text;
  }
}

TEST(ImportTest, CapabilitiesDecideWhatAnOciProfileSays) {
  const std::string profile =
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
          {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})";
  ImportOptions options;
  const auto without = ImportPolicy(F::kOci, profile, "test", options);
  ASSERT_THAT(without, IsOk());
  EXPECT_EQ(without->notes.size(), 1U);
  EXPECT_EQ(Rules(without->text), "arch x86_64\ndefault deny EPERM\n");
  options.capabilities = {"CAP_SYS_ADMIN"};
  const auto with = ImportPolicy(F::kOci, profile, "test", options);
  ASSERT_THAT(with, IsOk());
  EXPECT_TRUE(with->notes.empty());
  EXPECT_EQ(Rules(with->text), "arch x86_64\ndefault deny EPERM\nallow mount\n");
}

TEST(ImportTest, TooMuchIsAnError) {
  const std::string big((1 << 20) + 1, '\n');
  for (const F format : {F::kOci, F::kSnap, F::kSystemd, F::kMinijail, F::kStrace, F::kKafel}) {
    EXPECT_FALSE(ImportPolicy(format, big, "test", ImportOptions()).ok());
  }
  std::string brackets = "ALLOW { read { ";
  for (int i = 0; i < 1000; ++i) brackets += "(";
  EXPECT_FALSE(ImportPolicy(F::kKafel, brackets + "fd == 1", "test", ImportOptions()).ok());
  std::string doubling = "POLICY a0 { ALLOW { read, write } }\n";
  for (int i = 1; i < 40; ++i) {
    absl::StrAppend(&doubling, "POLICY a", i, " { USE a", i - 1, ", USE a", i - 1, " }\n");
  }
  EXPECT_FALSE(ImportPolicy(F::kKafel, doubling, "test", ImportOptions()).ok());
}

// Whatever is read, what it becomes is a policy; the rest is an error with its place.
TEST(ImportTest, DamagedPoliciesAreErrorsOrPolicies) {
  std::mt19937 random(20260222);
  constexpr absl::string_view kBytes = "{}[]()\",:;=|&~!<>#\\ \n019-xaA@%$.*/\xc3\xa9";
  int read = 0;
  int refused = 0;
  for (const Case& one : Cases()) {
    for (int round = 0; round < 60; ++round) {
      std::string text = one.source;
      for (uint32_t i = 0, count = 1 + random() % 4; i < count && !text.empty(); ++i) {
        const size_t at = random() % text.size();
        const char byte = kBytes[random() % kBytes.size()];
        const uint32_t how = random() % 3;
        if (how == 0) text[at] = byte;
        if (how == 1) text.insert(at, 1, byte);
        if (how == 2) text.erase(at, 1 + random() % 8);
      }
      const auto converted = ImportPolicy(one.format, text, "test", ImportOptions());
      if (converted.ok()) {
        ++read;
        EXPECT_THAT(ParsePolicyText(converted->text, "text"), IsOk()) << text << converted->text;
      } else {
        ++refused;
        EXPECT_TRUE(absl::StartsWith(converted.status().message(), "test:"))
            << text << "\n"
            << converted.status().message();
      }
    }
  }
  EXPECT_GT(read, 300);
  EXPECT_GT(refused, 300);
}

TEST(RecogniseTest, ByContent) {
  struct Recognised {
    const char* path;
    const char* text;
    F format;
  };
  for (const Recognised& one : std::vector<Recognised>{
           {"a.policy", "default deny EPERM\nallow read\n", F::kProvost},
           {"a.policy", "kill process ptrace\ndefault allow\n", F::kProvost},
           {"a.policy", "kill kill\ndefault allow\n", F::kProvost},
           {"a.policy", "", F::kProvost},
           {"a.policy", "nonsense\n", F::kProvost},
           {"a", "{\n \"defaultAction\": \"SCMP_ACT_KILL\"}", F::kOci},
           {"config.json", "{}", F::kOci},
           {"a", "read\nkill - 9\n", F::kSnap},
           {"a", "kill\n", F::kSnap},
           {"a", "~mount\n", F::kSnap},
           {"a", "@unrestricted\n", F::kSnap},
           {"a", "[Service]\nSystemCallFilter=@basic-io\n", F::kSystemd},
           {"a.policy", "read: 1\nkill: 1\n", F::kMinijail},
           {"a.policy", "@include ./x\n", F::kMinijail},
           {"a.policy", "{read, write}: 1\n", F::kMinijail},
           {"a", "inject=read:error=EIO\n", F::kStrace},
           {"a", "-e fault=read\n", F::kStrace},
           {"a.policy", "POLICY a { ALLOW { read } }\nUSE a DEFAULT KILL\n", F::kKafel},
           {"a.policy", "ERRNO(1) { read }\n", F::kKafel},
       }) {
    EXPECT_EQ(InfoOf(RecogniseFormat(one.path, one.text)).name, InfoOf(one.format).name)
        << one.text;
  }
}

}  // namespace
}  // namespace provost
