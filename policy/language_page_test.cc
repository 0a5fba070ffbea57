#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "policy/call_text.h"
#include "policy/parser.h"
#include "policy/policy_state.h"
#include "policy/verdict.h"

namespace provost {
namespace {

// The examples of docs/POLICY_LANGUAGE.md and docs/EXPLAIN.md: blocks marked as policies, by the
// line they begin at.
struct Example {
  int line;
  std::string text;
};

std::vector<std::string> PageLines(const char* name) {
  std::ifstream page(name);
  EXPECT_TRUE(page.good());
  const std::string text{std::istreambuf_iterator<char>(page), std::istreambuf_iterator<char>()};
  return absl::StrSplit(text, '\n');
}

std::vector<Example> Examples(const char* name) {
  std::vector<Example> examples;
  bool inside = false;
  int number = 0;
  for (const std::string& line : PageLines(name)) {
    ++number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&examples.back().text, line, "\n");
    } else if (line == "```policy") {
      inside = true;
      examples.push_back({number, ""});
    }
  }
  return examples;
}

std::vector<Example> AllExamples() {
  std::vector<Example> examples = Examples("docs/POLICY_LANGUAGE.md");
  for (Example& example : Examples("docs/EXPLAIN.md")) examples.push_back(std::move(example));
  return examples;
}

absl::StatusOr<ParsedPolicy> Parse(const Example& example) {
  // Examples of rules alone go without a default.
  const bool whole = absl::StrContains(example.text, "default ");
  return ParsePolicyText(absl::StrCat(whole ? "" : "default allow\n", example.text), "example");
}

TEST(LanguagePageTest, EveryExampleIsAPolicy) {
  const std::vector<Example> examples = AllExamples();
  EXPECT_GE(examples.size(), 20U);
  for (const Example& example : examples) {
    EXPECT_THAT(Parse(example), IsOk()) << "line " << example.line;
  }
}

struct Decided {
  const char* example;  // part of it; the shortest that has it is meant
  const char* call;
  const char* verdict;
  Arch arch = Arch::kX86_64;
};

constexpr Decided kDecided[] = {
    {"unix-only", "socket(AF_INET, SOCK_STREAM, 0)", "deny EAFNOSUPPORT"},
    {"unix-only", "socket(AF_UNIX, SOCK_STREAM, 0)", "allow"},
    {"unix-only", "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)", "deny EACCES"},
    {"unix-only", "openat(AT_FDCWD, \"/usr/lib/x.so\", O_RDONLY|O_CLOEXEC)", "allow"},
    {"unix-only", "openat(AT_FDCWD, \"/usr/lib/x.so\", O_RDWR)", "deny EPERM"},
    {"unix-only", "mmap(NULL, 4096, PROT_READ|PROT_EXEC)", "deny EPERM"},
    {"unix-only", "ptrace(PTRACE_TRACEME)", "kill process"},
    {"unix-only", "mount(\"a\", \"/b\", \"c\")", "trap"},
    {"unix-only", "getuid()", "return 0"},
    {"default deny EPERM log", "getpid()", "deny EPERM"},
    {"low_ports", "openat(AT_FDCWD, \"/home/joe/.ssh/id\", O_RDONLY)", "deny ENOENT"},
    {"low_ports", "openat(AT_FDCWD, \"/home/joe/x\", O_RDONLY)", "allow"},
    {"nonsense", "sysinfo(NULL)", "return 1000000"},
    {"nonsense", "kill(1, SIGTERM)", "kill process"},
    {"nonsense", "swapoff(\"/x\")", "kill thread"},
    {"nonsense", "fsync(3)", "deny EIO"},
    {"rewrite listen", "listen(3, 100)", "rewrite set backlog = 16"},
    {"rewrite listen", "listen(3, 5)", "allow"},
    {"rewrite listen", "openat(AT_FDCWD, \"x\", O_CREAT)", "deny EPERM"},
    {"removal", "unlink(\"/x\")", "ask"},
    {"removal", "getpid()", "deny EPERM"},
    {"@mount, @module", "umount2(\"/x\", 0)", "deny EPERM"},
    {"@mount, @module", "socket(AF_UNIX, SOCK_STREAM, 0)", "log"},
    {"@mount, @module", "brk(0)", "allow"},
    {"no-debugging", "ptrace(PTRACE_TRACEME)", "deny EPERM"},
    {"no-debugging", "openat(AT_FDCWD, \"/home/x\", O_RDONLY)", "deny ENOENT"},
    {"no-debugging", "execve(\"/bin/sh\", NULL, NULL)", "log"},
    {"pid == 4711", "kill(1, SIGKILL)", "deny EPERM"},
    {"pid == 4711", "kill(2, SIGKILL)", "allow"},
    {"pid == 4711", "openat(AT_FDCWD, \"/etc/x\", O_WRONLY)", "deny EPERM"},
    {"whatever else stands", "socket(0x100000002, SOCK_STREAM, 0)", "deny EINVAL"},
    {"whatever else stands", "socket(0x100000001, SOCK_STREAM, 0)", "deny EINVAL"},
    {"whatever else stands", "socket(AF_UNIX, SOCK_STREAM, 0)", "allow"},
    {"brk in 1..64M", "read(50, NULL, 1)", "deny EBADF"},
    {"brk in 1..64M", "read(150, NULL, 1)", "allow"},
    {"brk in 1..64M", "brk(4096)", "deny ENOMEM"},
    {"brk in 1..64M", "mprotect(NULL, 4096, PROT_WRITE|PROT_EXEC)", "deny EPERM"},
    {"sudoers.d", "rename(\"/srv/a\", \"/tmp/b\")", "deny EXDEV"},
    {"sudoers.d", "rename(\"/srv/a\", \"/srv/b\")", "allow"},
    {"sudoers.d", "openat(AT_FDCWD, \"/etc/shadow-\", O_RDONLY)", "deny EACCES"},
    {"nscd", "connect(3, x\"02000050080808080000000000000000\", 16)", "deny ENETUNREACH"},
    {"nscd", "connect(3, x\"020000507f0000010000000000000000\", 16)", "allow"},
    {"nscd", "connect(3, x\"02001f90080808080000000000000000\", 16)", "allow"},
    {"RESOLVE_BENEATH", "prlimit64(0, 7, x\"0000000000000000ffffffffffffffff\", NULL)",
     "deny EPERM"},
    {"RESOLVE_BENEATH", "prlimit64(0, 7, x\"00000000000000000001000000000000\", NULL)", "allow"},
    {"ssl/private", "write(3, \"x\", 1)", "deny EPERM"},  // what is open there is not known
    {"ssl/private", "getpid()", "allow"},
    {"semctl", "socketcall(1, x\"010000000100000000000000\")", "allow", Arch::kI386},
    {"semctl", "socketcall(1, x\"020000000100000000000000\")", "deny EACCES", Arch::kI386},
    {"semctl", "semctl(1, 0, IPC_RMID, 0)", "deny EPERM"},
    {"kworker", "bpf(0, NULL, 0)", "deny ENOSYS", Arch::kI386},
    {"kworker", "bpf(0, NULL, 0)", "allow"},
    {"chaos", "write(5, \"x\", 1)", "allow"},
    {"/etc/secret", "openat(AT_FDCWD, \"/etc/secret/x\", O_RDONLY)", "deny EACCES"},
    {"/etc/secret", "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY)", "allow"},
    {"/etc/secret", "getpid()", "deny EPERM"},
    {"allow @basic-io, exit_group", "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)", "deny EACCES"},
    {"kill execve", "execve(\"/bin/sh\", NULL, NULL)", "kill process"},
    {"kill execve", "execve(\"/usr/bin/id\", NULL, NULL)", "allow"},
    {"setgroups", "setgroups(0, NULL)", "deny EPERM"},
    {"container 7001", "setns(3, 0)", "deny EPERM"},
    {"container 7001", "unshare(0)", "log"},
    {"container 7001", "bpf(0, NULL, 0)", "deny EPERM"},  // whose task is not known
    {"container 7001", "getpid()", "allow"},
    {"harden off", "getpid()", "allow"},
    {"allow openat\ndeny EPERM ptrace", "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY)",
     "deny EACCES"},
    {"allow openat\ndeny EPERM ptrace", "unlink(\"/x\")", "log"},
};

TEST(LanguagePageTest, EveryExampleDecides) {
  const std::vector<Example> examples = AllExamples();
  std::set<int> decided_lines;
  for (const Decided& decided : kDecided) {
    SCOPED_TRACE(absl::StrCat(decided.example, ": ", decided.call));
    const Example* example = nullptr;
    for (const Example& one : examples) {
      const bool shorter = example == nullptr || one.text.size() < example->text.size();
      if (shorter && absl::StrContains(one.text, decided.example)) example = &one;
    }
    ASSERT_NE(example, nullptr);
    decided_lines.insert(example->line);
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, Parse(*example));
    PROVOST_ASSERT_OK_AND_ASSIGN(CallText call, ParseCallText(decided.call, decided.arch));
    PolicyState state;
    const Decision decision = parsed.policy.Decide(call.request, call.memory, state);
    EXPECT_EQ(VerdictToString(decision.verdict), decided.verdict);
  }
  for (const Example& example : examples) {
    EXPECT_EQ(decided_lines.count(example.line), 1u)
        << "no call of the example at line " << example.line << " is decided here";
  }
}

}  // namespace
}  // namespace provost
