// Conditions on what arguments point to and stand for: from the text of a rule to its decision.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/ipc.h>
#include <linux/net.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/checker.h"
#include "policy/fake_argument_reader.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/policy_state.h"
#include "policy/predicate.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Args = std::array<uint64_t, 6>;

constexpr uint64_t kAt = 0x1000;
constexpr uint64_t kElsewhere = 0x2000;
constexpr uint64_t kUnreadable = 0x9000;

struct Call {
  const char* name;
  Args args;
  Arch arch = Arch::kX86_64;
};

SyscallRequest RequestOf(const Call& call) {
  const Syscall* syscall = SyscallTable::Get().Find(call.arch, call.name);
  EXPECT_NE(syscall, nullptr) << call.name;
  SyscallRequest request;
  request.arch = static_cast<uint32_t>(call.arch);
  request.nr = syscall == nullptr ? -1 : syscall->nr;
  request.args = call.args;
  return request;
}

Verdict DecisionOf(const std::string& text, const Call& call, FakeArgumentReader& memory) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  if (!parsed.ok()) return Kill{};
  PolicyState state;
  return parsed->policy.Decide(RequestOf(call), memory, state).verdict;
}

// What a condition of a rule for `ruled` comes out as for a call: unknown is what only a rule that
// refuses takes for true.
Truth TruthOf(const char* ruled, const std::string& condition, const Call& call,
              FakeArgumentReader& memory) {
  const std::string rule = absl::StrCat(" ", ruled, " if ", condition);
  const bool allows =
      DecisionOf(absl::StrCat("default log\nallow", rule), call, memory) == Verdict(Allow{});
  const bool denies =
      DecisionOf(absl::StrCat("default log\ndeny EIO", rule), call, memory) == Verdict(Deny{EIO});
  EXPECT_TRUE(denies || !allows);
  return allows ? Truth::kTrue : (denies ? Truth::kUnknown : Truth::kFalse);
}

std::string ErrorOf(const std::string& statement) {
  const auto parsed = ParsePolicyText(absl::StrCat("default allow\n", statement), "t");
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << statement;
  return std::string(parsed.status().message());
}

// ---- Socket addresses ----

template <typename T>
std::string BytesOf(const T& value, size_t size = sizeof(T)) {
  return {reinterpret_cast<const char*>(&value), size};
}

std::string Inet(uint32_t ip, uint16_t port, uint16_t family = AF_INET) {
  sockaddr_in address = {};
  address.sin_family = family;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(ip);
  return BytesOf(address);
}

std::string Inet6(std::array<uint8_t, 16> ip, uint16_t port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  memcpy(&address.sin6_addr, ip.data(), ip.size());
  return BytesOf(address);
}

std::string Unix(const std::string& path) {
  const uint16_t family = AF_UNIX;
  return BytesOf(family) + path;
}

Truth ConnectTruth(const std::string& condition, const std::string& address) {
  FakeArgumentReader memory;
  memory.SetBytes(kAt, address);
  return TruthOf("connect", condition, {"connect", {3, kAt, address.size()}}, memory);
}

TEST(SocketAddress, FieldsOfEachFamily) {
  const std::string loopback = Inet(0x7f000001, 80);
  const std::string ten = Inet(0x0a010203, 443);
  const std::string six = Inet6({0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 8080);
  const std::string mapped = Inet6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3}, 443);
  const std::string file = Unix("/run/x.sock");
  using namespace std::string_literals;
  const struct {
    const char* condition;
    std::string address;
    Truth truth;
  } cases[] = {
      {"addr.family == AF_INET", loopback, Truth::kTrue},
      {"addr.family in {AF_INET, AF_INET6}", file, Truth::kFalse},
      {"addr.family == AF_UNIX", file, Truth::kTrue},
      {"addr.port == 80", loopback, Truth::kTrue},
      {"addr.port in 1..1023", loopback, Truth::kTrue},
      {"addr.port > 1023", loopback, Truth::kFalse},
      {"addr.port == 8080", six, Truth::kTrue},
      {"addr.port & 0x50", loopback, Truth::kTrue},
      {"arg1.port == 80", loopback, Truth::kTrue},
      // What the address does not have makes every test false.
      {"addr.port == 80", file, Truth::kFalse},
      {"addr.port != 80", file, Truth::kFalse},
      {"!(addr.port == 80)", file, Truth::kTrue},
      {"addr.ip != 127.0.0.1", file, Truth::kFalse},
      {"addr.path !~ \"/tmp/**\"", loopback, Truth::kFalse},
      {"addr.path != \"x\"", loopback, Truth::kFalse},
      {"addr.ip == 127.0.0.1", loopback, Truth::kTrue},
      {"addr.ip != 127.0.0.1", loopback, Truth::kFalse},
      {"addr.ip in 127.0.0.0/8", loopback, Truth::kTrue},
      {"addr.ip in 10.0.0.0/8", loopback, Truth::kFalse},
      {"addr.ip in {10.0.0.0/8, ::1, fd00::/8}", ten, Truth::kTrue},
      {"addr.ip in {10.0.0.0/8, ::1, fd00::/8}", six, Truth::kTrue},
      {"addr.ip in {10.0.0.0/8, ::1, fd00::/8}", loopback, Truth::kFalse},
      {"addr.ip in 10.0.0.0/8", mapped, Truth::kTrue},
      {"addr.ip == 10.1.2.3", mapped, Truth::kTrue},
      {"addr.ip in ::/0", mapped, Truth::kTrue},
      {"addr.ip in ::/0", ten, Truth::kFalse},
      {"addr.path == \"/run/x.sock\"", file, Truth::kTrue},
      {"addr.path under \"/run\"", file, Truth::kTrue},
      {"addr.path ~ {\"/tmp/**\", \"/run/*.sock\"}", file, Truth::kTrue},
      {"addr.path =~ \"sock$\"", file, Truth::kTrue},
      {"addr.path in {\"/a\", \"/b\"}", file, Truth::kFalse},
      {"addr.path == \"/run/x.sock\"", Unix("/run/x.sock\0rest"s), Truth::kTrue},
      {"addr.path == \"@bus\"", Unix("\0bus"s), Truth::kTrue},
      {"addr.path == \"@bus\"", Unix("\0bus\0"s), Truth::kFalse},
      {"addr.path ~ \"@bus*\"", Unix("\0bus\0"s), Truth::kTrue},
      {"addr.path == \"@bus\"", Unix("@bus"), Truth::kFalse},
      {"addr.path == \"./@bus\"", Unix("@bus"), Truth::kTrue},
      {"addr.path ~ \"**\"", Unix(""), Truth::kFalse},
      {"addr.family == AF_UNIX", Unix(""), Truth::kTrue},
      // Disconnecting.
      {"addr.family == AF_UNSPEC", Inet(0x7f000001, 80, AF_UNSPEC), Truth::kTrue},
      {"addr.port == 80", Inet(0x7f000001, 80, AF_UNSPEC), Truth::kFalse},
      // Too short for its family, or too long for any.
      {"addr.family == AF_INET", loopback.substr(0, 1), Truth::kUnknown},
      {"addr.family == AF_INET", loopback.substr(0, 2), Truth::kTrue},
      {"addr.port == 80", loopback.substr(0, 15), Truth::kUnknown},
      {"addr.ip in ::/0", six.substr(0, 23), Truth::kUnknown},
      {"addr.ip in fd00::/8", six.substr(0, 24), Truth::kTrue},
      {"addr.path == \"x\"", Unix(std::string(109, 'x')), Truth::kUnknown},
      {"addr.path =~ \"^x{108}$\"", Unix(std::string(108, 'x')), Truth::kTrue},
      {"addr.family == AF_INET", loopback + std::string(112, '\0'), Truth::kTrue},
      {"addr.family == AF_INET", loopback + std::string(113, '\0'), Truth::kUnknown},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(ConnectTruth(test.condition, test.address), test.truth) << test.condition;
  }
}

TEST(SocketAddress, TheLengthIsAnInt) {
  FakeArgumentReader memory;
  memory.SetBytes(kAt, Inet(0x7f000001, 80));
  EXPECT_EQ(TruthOf("connect", "addr.port == 80", {"connect", {3, kAt, 0x100000010}}, memory),
            Truth::kTrue);
  EXPECT_EQ(TruthOf("connect", "addr.port == 80", {"connect", {3, kAt, 0xffffffff}}, memory),
            Truth::kUnknown);
  EXPECT_EQ(TruthOf("connect", "addr.port == 80", {"connect", {3, kUnreadable, 16}}, memory),
            Truth::kUnknown);
  EXPECT_EQ(TruthOf("connect", "addr.port == 80", {"connect", {3, 0, 16}}, memory),
            Truth::kUnknown);
}

TEST(SocketAddress, SendtoMayHaveNone) {
  FakeArgumentReader memory;
  memory.SetBytes(kAt, Inet(0x7f000001, 53));
  const char* const is_dns = "addr.port == 53";
  EXPECT_EQ(TruthOf("sendto", is_dns, {"sendto", {3, 0, 0, 0, kAt, 16}}, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("sendto", is_dns, {"sendto", {3, 0, 0, 0, 0, 16}}, memory), Truth::kFalse);
  EXPECT_EQ(TruthOf("sendto", is_dns, {"sendto", {3, 0, 0, 0, kAt, 0}}, memory), Truth::kFalse);
  // IPv4 sockets take AF_UNSPEC for AF_INET.
  memory.SetBytes(kAt, Inet(0x7f000001, 53, AF_UNSPEC));
  EXPECT_EQ(TruthOf("sendto", is_dns, {"sendto", {3, 0, 0, 0, kAt, 16}}, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("sendto", is_dns, {"sendto", {3, 0, 0, 0, kAt, 8}}, memory), Truth::kFalse);
}

TEST(SocketAddress, OfMessages) {
  FakeArgumentReader memory;
  memory.SetBytes(kElsewhere, Inet(0x0a000001, 53));
  msghdr message = {};
  message.msg_name = reinterpret_cast<void*>(kElsewhere);
  message.msg_namelen = sizeof(sockaddr_in);
  message.msg_controllen = 24;
  memory.SetStruct(kAt, message);
  const Call call = {"sendmsg", {3, kAt, 0}};
  EXPECT_EQ(TruthOf("sendmsg", "msg.name.port == 53", call, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("sendmsg", "msg.name.ip in 10.0.0.0/8", call, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("sendmsg", "msg.name.family == AF_UNIX", call, memory), Truth::kFalse);
  EXPECT_EQ(TruthOf("sendmsg", "msg.controllen == 0", call, memory), Truth::kFalse);
  EXPECT_EQ(TruthOf("sendmsg", "msg.namelen == 16", call, memory), Truth::kTrue);
  message.msg_name = nullptr;
  memory.SetStruct(kAt, message);
  EXPECT_EQ(TruthOf("sendmsg", "msg.name.port == 53", call, memory), Truth::kFalse);
  message.msg_name = reinterpret_cast<void*>(kUnreadable);
  memory.SetStruct(kAt, message);
  EXPECT_EQ(TruthOf("sendmsg", "msg.name.port == 53", call, memory), Truth::kUnknown);
  // compat_msghdr
  const std::array<uint32_t, 7> compat = {kElsewhere, sizeof(sockaddr_in), 0, 0, 0, 0, 0};
  memory.SetStruct(kAt, compat);
  EXPECT_EQ(
      TruthOf("sendmsg", "msg.name.port == 53", {"sendmsg", {3, kAt, 0}, Arch::kI386}, memory),
      Truth::kTrue);
}

TEST(SocketAddress, SeveralMessagesMustAgree) {
  FakeArgumentReader memory;
  memory.SetBytes(kElsewhere, Inet(0x0a000001, 53) + Inet(0x0a000001, 80));
  std::array<mmsghdr, 3> messages = {};
  const auto to = [&](size_t message, uint64_t address) {
    messages[message].msg_hdr.msg_name = reinterpret_cast<void*>(address);
    messages[message].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    memory.SetStruct(kAt, messages);
  };
  const auto truth = [&](uint64_t count, const char* condition = "mmsg.name.port == 53") {
    return TruthOf("sendmmsg", condition, {"sendmmsg", {3, kAt, count, 0}}, memory);
  };
  to(0, kElsewhere);
  to(1, kElsewhere);
  to(2, kElsewhere + sizeof(sockaddr_in));
  EXPECT_EQ(truth(0), Truth::kFalse);
  EXPECT_EQ(truth(2), Truth::kTrue);
  EXPECT_EQ(truth(3), Truth::kUnknown);
  EXPECT_EQ(truth(3, "mmsg.name.ip == 10.0.0.1"), Truth::kTrue);
  EXPECT_EQ(truth(3, "mmsg.name.port == 443"), Truth::kFalse);
  EXPECT_EQ(truth(4), Truth::kUnknown);
}

// ---- Structures ----

TEST(Structures, OpenHow) {
  FakeArgumentReader memory;
  memory.SetStruct(kAt, open_how{.flags = O_WRONLY | O_CREAT, .mode = 0644, .resolve = 8});
  const auto truth = [&](const char* condition, uint64_t size = sizeof(open_how)) {
    return TruthOf("openat2", condition, {"openat2", {0, 0, kAt, size}}, memory);
  };
  EXPECT_EQ(truth("how.flags has O_CREAT"), Truth::kTrue);
  EXPECT_EQ(truth("(how.flags & O_ACCMODE) == O_RDONLY"), Truth::kFalse);
  EXPECT_EQ(truth("(how.flags & O_ACCMODE) in {O_WRONLY, O_RDWR}"), Truth::kTrue);
  EXPECT_EQ(truth("how.flags only O_WRONLY|O_CREAT|O_CLOEXEC"), Truth::kTrue);
  EXPECT_EQ(truth("how.mode == 0644 && how.resolve & RESOLVE_BENEATH"), Truth::kTrue);
  EXPECT_EQ(truth("how.flags & O_TRUNC"), Truth::kFalse);
  // Longer than what is known is the kernel's to judge; shorter or longer than it takes is refused.
  EXPECT_EQ(truth("how.flags has O_CREAT", 64), Truth::kTrue);
  EXPECT_EQ(truth("how.flags has O_CREAT", 23), Truth::kUnknown);
  EXPECT_EQ(truth("how.flags has O_CREAT", 4097), Truth::kUnknown);
}

TEST(Structures, FieldsBeyondTheGivenSizeAreZero) {
  FakeArgumentReader memory;
  clone_args args = {};
  args.flags = CLONE_NEWUSER;
  args.exit_signal = SIGCHLD;
  args.cgroup = 7;
  memory.SetBytes(kAt, BytesOf(args, CLONE_ARGS_SIZE_VER2));
  const auto truth = [&](const char* condition, uint64_t size) {
    return TruthOf("clone3", condition, {"clone3", {kAt, size}}, memory);
  };
  EXPECT_EQ(truth("uargs.flags has CLONE_NEWUSER", CLONE_ARGS_SIZE_VER0), Truth::kTrue);
  EXPECT_EQ(truth("uargs.exit_signal == SIGCHLD", CLONE_ARGS_SIZE_VER0), Truth::kTrue);
  EXPECT_EQ(truth("uargs.cgroup == 0", CLONE_ARGS_SIZE_VER0), Truth::kTrue);
  EXPECT_EQ(truth("uargs.cgroup == 7", CLONE_ARGS_SIZE_VER2), Truth::kTrue);
  EXPECT_EQ(truth("uargs.flags == 0", CLONE_ARGS_SIZE_VER0 - 1), Truth::kUnknown);
  // The bytes that are there, as the kernel copies them.
  bpf_attr attr = {};
  attr.map_type = 0x01020304;
  memory.SetBytes(kAt, BytesOf(attr, 2));
  EXPECT_EQ(TruthOf("bpf", "uattr.map_type == 0x304", {"bpf", {BPF_MAP_CREATE, kAt, 2}}, memory),
            Truth::kTrue);
}

TEST(Structures, FieldsOfAUnionGoByItsSelector) {
  FakeArgumentReader memory;
  bpf_attr attr = {};
  attr.prog_type = BPF_PROG_TYPE_XDP;
  memory.SetStruct(kAt, attr);
  const auto truth = [&](const char* condition, uint64_t command) {
    return TruthOf("bpf", condition, {"bpf", {command, kAt, sizeof(attr)}}, memory);
  };
  EXPECT_EQ(truth("uattr.prog_type == BPF_PROG_TYPE_XDP", BPF_PROG_LOAD), Truth::kTrue);
  EXPECT_EQ(truth("uattr.prog_type == BPF_PROG_TYPE_XDP", BPF_MAP_CREATE), Truth::kFalse);
  EXPECT_EQ(truth("uattr.prog_type != BPF_PROG_TYPE_XDP", BPF_MAP_CREATE), Truth::kFalse);
  EXPECT_EQ(truth("uattr.map_type == 6", BPF_MAP_CREATE), Truth::kTrue);
  // The register decides: memory is not read.
  const int reads = memory.reads();
  EXPECT_EQ(truth("uattr.prog_type == BPF_PROG_TYPE_XDP", BPF_OBJ_PIN), Truth::kFalse);
  EXPECT_EQ(memory.reads(), reads);
}

TEST(Structures, WhatMayBeNullHasNoFieldsThen) {
  FakeArgumentReader memory;
  memory.SetStruct(kAt, rlimit{.rlim_cur = 100, .rlim_max = RLIM_INFINITY});
  const auto truth = [&](const char* condition, uint64_t address) {
    return TruthOf("prlimit64", condition, {"prlimit64", {0, 7, address, 0}}, memory);
  };
  EXPECT_EQ(truth("new_rlim.cur <= 100 && new_rlim.max == RLIM_INFINITY", kAt), Truth::kTrue);
  EXPECT_EQ(truth("new_rlim.cur <= 100", 0), Truth::kFalse);
  EXPECT_EQ(truth("new_rlim.cur > 100", 0), Truth::kFalse);
  EXPECT_EQ(truth("new_rlim.cur > 100", kUnreadable), Truth::kUnknown);
  EXPECT_EQ(TruthOf("clone3", "uargs.flags == 0", {"clone3", {0, 88}}, memory), Truth::kUnknown);
}

TEST(Structures, OfI386) {
  FakeArgumentReader memory;
  const auto truth = [&](const char* call, const char* condition, uint64_t arg0, uint64_t arg1) {
    return TruthOf(call, condition, {call, {arg0, arg1}, Arch::kI386}, memory);
  };
  memory.SetStruct(kAt, std::array<uint32_t, 2>{0xffffffff, 5});  // sec is -1
  EXPECT_EQ(truth("nanosleep", "rqtp.sec < 0 && rqtp.nsec == 5", kAt, 0), Truth::kTrue);
  EXPECT_EQ(truth("setrlimit", "rlim.cur == RLIM_INFINITY && rlim.max == 5", 0, kAt), Truth::kTrue);
  // handler, flags, restorer, mask
  memory.SetStruct(kAt, std::array<uint32_t, 5>{1, SA_RESTART, 0, 0x100, 0x1});
  EXPECT_EQ(truth("rt_sigaction", "act.handler == SIG_IGN && act.flags has SA_RESTART", 1, kAt),
            Truth::kTrue);
  EXPECT_EQ(truth("rt_sigaction", "act.mask == 0x100000100", 1, kAt), Truth::kTrue);
  // handler, mask, flags
  memory.SetStruct(kAt, std::array<uint32_t, 4>{0, 0x100, SA_RESTART, 0});
  EXPECT_EQ(truth("sigaction", "act.handler == SIG_DFL && act.mask == 0x100", 1, kAt),
            Truth::kTrue);
  EXPECT_EQ(truth("sigaction", "act.flags has SA_RESTART", 1, kAt), Truth::kTrue);
}

// ---- Files ----

TEST(Files, DescriptorPath) {
  FakeArgumentReader memory;
  memory.SetDescriptor(3, "/tmp/x");
  memory.SetDescriptor(AT_FDCWD, "/home");
  const auto truth = [&](uint64_t fd) {
    return TruthOf("write", "fd.path ~ \"/tmp/**\"", {"write", {fd}}, memory);
  };
  EXPECT_EQ(truth(3), Truth::kTrue);
  EXPECT_EQ(truth(4), Truth::kUnknown);
  EXPECT_EQ(truth(0xffffffff), Truth::kFalse);
  EXPECT_EQ(TruthOf("openat", "dfd.path == \"/home\"",
                    {"openat", {static_cast<uint32_t>(AT_FDCWD), kAt}}, memory),
            Truth::kTrue);
  EXPECT_EQ(TruthOf("fstat", "fd.path == \"/home\"",
                    {"fstat", {static_cast<uint32_t>(AT_FDCWD), kAt}}, memory),
            Truth::kFalse);
}

// Whether realpath(path) follows a last link, by what is asked of the reader.
bool Follows(const Call& call, uint64_t how_flags = 0) {
  FakeArgumentReader memory({{kAt, "l"}});
  memory.SetStruct(kElsewhere, open_how{.flags = how_flags, .mode = 0, .resolve = 0});
  for (const int32_t descriptor : {5, AT_FDCWD}) {
    memory.SetFile({descriptor, "l", true}, "/target");
    memory.SetFile({descriptor, "l", false}, "/l");
  }
  const Truth follows = TruthOf(call.name, "realpath(path) == \"/target\"", call, memory);
  const Truth not_follows = TruthOf(call.name, "realpath(path) == \"/l\"", call, memory);
  EXPECT_NE(follows, not_follows) << call.name;
  return follows == Truth::kTrue;
}

TEST(Files, RealPathFollowsTheLastLinkWhereTheCallDoes) {
  EXPECT_TRUE(Follows({"open", {kAt, O_RDONLY}}));
  EXPECT_TRUE(Follows({"open", {kAt, O_WRONLY | O_CREAT}}));
  EXPECT_FALSE(Follows({"open", {kAt, O_NOFOLLOW}}));
  EXPECT_FALSE(Follows({"openat", {5, kAt, O_CREAT | O_EXCL}}));
  EXPECT_TRUE(Follows({"openat2", {5, kAt, kElsewhere, 24}}));
  EXPECT_FALSE(Follows({"openat2", {5, kAt, kElsewhere, 24}}, O_NOFOLLOW));
  EXPECT_TRUE(Follows({"stat", {kAt}}));
  EXPECT_FALSE(Follows({"lstat", {kAt}}));
  EXPECT_FALSE(Follows({"unlink", {kAt}}));
  EXPECT_TRUE(Follows({"newfstatat", {5, kAt, 0, 0}}));
  EXPECT_FALSE(Follows({"newfstatat", {5, kAt, 0, AT_SYMLINK_NOFOLLOW}}));
  EXPECT_TRUE(Follows({"name_to_handle_at", {5, kAt, 0, 0, AT_SYMLINK_FOLLOW}}));
  EXPECT_FALSE(Follows({"name_to_handle_at", {5, kAt, 0, 0, 0}}));
}

TEST(Files, RealPathOfWhatCannotBeResolvedIsUnknown) {
  FakeArgumentReader memory({{kAt, "/x"}, {kElsewhere, ""}});
  memory.SetDescriptor(5, "/dir");
  const char* const condition = "realpath(path) == \"/dir\"";
  EXPECT_EQ(TruthOf("stat", condition, {"stat", {kAt}}, memory), Truth::kUnknown);
  EXPECT_EQ(TruthOf("stat", condition, {"stat", {kUnreadable}}, memory), Truth::kUnknown);
  // An empty path names the descriptor, where the flags say so.
  EXPECT_EQ(
      TruthOf("newfstatat", condition, {"newfstatat", {5, kElsewhere, 0, AT_EMPTY_PATH}}, memory),
      Truth::kTrue);
  EXPECT_EQ(TruthOf("newfstatat", condition, {"newfstatat", {5, kElsewhere, 0, 0}}, memory),
            Truth::kUnknown);
}

// ---- socketcall and ipc ----

constexpr Arch kI386 = Arch::kI386;

TEST(SubCalls, RulesForACallHoldForSocketcall) {
  FakeArgumentReader memory;
  memory.SetStruct(kAt, std::array<uint32_t, 3>{AF_INET, SOCK_STREAM, 0});
  const Call inet = {"socketcall", {SYS_SOCKET, kAt}, kI386};
  EXPECT_EQ(TruthOf("socket", "family == AF_INET", inet, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("socket", "family == AF_UNIX", inet, memory), Truth::kFalse);
  EXPECT_EQ(TruthOf("socket", "arg1 == 1", inet, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("socket", "family == AF_INET", {"socketcall", {SYS_SOCKET, kUnreadable}, kI386},
                    memory),
            Truth::kUnknown);
  EXPECT_EQ(
      TruthOf("socket", "family == AF_INET", {"socketcall", {SYS_LISTEN, kAt}, kI386}, memory),
      Truth::kFalse);
  // Its own number too, as ever.
  EXPECT_EQ(TruthOf("socket", "family == AF_INET", {"socket", {AF_INET}, kI386}, memory),
            Truth::kTrue);
  // The address behind the array.
  memory.SetStruct(kAt, std::array<uint32_t, 3>{3, kElsewhere, sizeof(sockaddr_in)});
  memory.SetBytes(kElsewhere, Inet(0x7f000001, 22));
  const Call connect = {"socketcall", {SYS_CONNECT, kAt}, kI386};
  EXPECT_EQ(TruthOf("connect", "addr.ip in 127.0.0.0/8 && addr.port == 22", connect, memory),
            Truth::kTrue);
  memory.SetDescriptor(3, "socket:[1]");
  EXPECT_EQ(TruthOf("connect", "fd.path ~ \"socket:*\"", connect, memory), Truth::kTrue);
}

TEST(SubCalls, SendIsSendtoWithoutAnAddress) {
  FakeArgumentReader memory;
  memory.SetStruct(kAt, std::array<uint32_t, 4>{3, 0x5000, 10, MSG_OOB});
  const Call send = {"socketcall", {SYS_SEND, kAt}, kI386};
  EXPECT_EQ(TruthOf("sendto", "len == 10 && flags has MSG_OOB", send, memory), Truth::kTrue);
  EXPECT_EQ(TruthOf("sendto", "addr.family == AF_INET", send, memory), Truth::kFalse);
}

TEST(SubCalls, WithoutConditionTheSubCallAloneDecides) {
  FakeArgumentReader memory;
  const std::string text = "default allow\ndeny EACCES socket, accept\ndeny EPERM semop";
  const auto verdict = [&](const char* multiplexer, uint64_t code) {
    return DecisionOf(text, {multiplexer, {code, kUnreadable}, kI386}, memory);
  };
  EXPECT_EQ(verdict("socketcall", SYS_SOCKET), Verdict(Deny{EACCES}));
  EXPECT_EQ(verdict("socketcall", SYS_ACCEPT), Verdict(Deny{EACCES}));
  EXPECT_EQ(verdict("socketcall", SYS_BIND), Verdict(Allow{}));
  EXPECT_EQ(verdict("socketcall", uint64_t{1} << 32 | SYS_SOCKET), Verdict(Deny{EACCES}));
  EXPECT_EQ(verdict("ipc", SEMOP), Verdict(Deny{EPERM}));
  EXPECT_EQ(verdict("ipc", 1 << 16 | SEMOP), Verdict(Deny{EPERM}));
  EXPECT_EQ(verdict("ipc", SEMGET), Verdict(Allow{}));
  EXPECT_EQ(memory.reads(), 0);
  const auto parsed = ParsePolicyText(text, "t");
  const Syscall* socketcall = SyscallTable::Get().Find(kI386, "socketcall");
  for (const BoundRule& rule : parsed->policy.RulesFor(kI386, socketcall->nr)) {
    EXPECT_TRUE(IsRegisterOnly(rule.condition));
  }
}

TEST(SubCalls, TheFirstRuleThatMatchesEitherDecides) {
  FakeArgumentReader memory;
  memory.SetStruct(kAt, std::array<uint32_t, 3>{AF_UNIX, SOCK_STREAM, 0});
  const Call call = {"socketcall", {SYS_SOCKET, kAt}, kI386};
  EXPECT_EQ(DecisionOf("default kill\nallow socket if family == AF_UNIX\ndeny EPERM socketcall",
                       call, memory),
            Verdict(Allow{}));
  EXPECT_EQ(DecisionOf("default kill\ndeny EPERM socketcall\nallow socket if family == AF_UNIX",
                       call, memory),
            Verdict(Deny{EPERM}));
  EXPECT_EQ(DecisionOf("default kill\nallow socket if family == AF_INET\ndeny EPERM socketcall",
                       call, memory),
            Verdict(Deny{EPERM}));
  // A rule for all that socketcall does needs no other.
  const auto parsed = ParsePolicyText("default allow\ndeny EPERM @network-io", "t");
  EXPECT_EQ(
      parsed->policy.RulesFor(kI386, SyscallTable::Get().Find(kI386, "socketcall")->nr).size(), 1U);
}

TEST(SubCalls, OfIpc) {
  FakeArgumentReader memory;
  const auto ipc = [](uint64_t call, uint64_t first, uint64_t second, uint64_t third, uint64_t ptr,
                      uint64_t fifth) {
    return Call{"ipc", {call, first, second, third, ptr, fifth}, kI386};
  };
  const struct {
    const char* ruled;
    const char* condition;
    Call call;
  } cases[] = {
      {"semop", "semid == 1 && nsops == 2 && arg1 == 5", ipc(SEMOP, 1, 2, 3, 5, 6)},
      {"semtimedop", "semid == 1 && arg3 == 6", ipc(SEMTIMEDOP, 1, 2, 3, 5, 6)},
      {"semget", "key == 1 && nsems == 2 && semflg == 3", ipc(SEMGET, 1, 2, 3, 0, 0)},
      {"semctl", "semid == 1 && semnum == 2 && cmd == IPC_RMID && arg == 77",
       ipc(SEMCTL, 1, 2, IPC_64 | IPC_RMID, kAt, 0)},
      {"msgget", "key == 1 && msgflg == 2", ipc(MSGGET, 1, 2, 0, 0, 0)},
      {"msgsnd", "msqid == 1 && msgsz == 2 && msgflg == 3 && arg1 == 5",
       ipc(MSGSND, 1, 2, 3, 5, 0)},
      {"msgrcv", "msqid == 1 && arg1 == 77 && msgsz == 2 && msgtyp == 88 && msgflg == 3",
       ipc(MSGRCV, 1, 2, 3, kAt, 6)},
      {"msgrcv", "msqid == 1 && arg1 == 5 && msgsz == 2 && msgtyp == 6 && msgflg == 3",
       ipc(1 << 16 | MSGRCV, 1, 2, 3, 5, 6)},
      {"msgctl", "msqid == 1 && cmd == IPC_STAT && arg2 == 5",
       ipc(MSGCTL, 1, IPC_64 | IPC_STAT, 0, 5, 0)},
      {"shmget", "key == 1 && size == 2 && shmflg == 3", ipc(SHMGET, 1, 2, 3, 0, 0)},
      {"shmat", "shmid == 1 && arg1 == 5 && shmflg == 2", ipc(SHMAT, 1, 2, 3, 5, 0)},
      {"shmdt", "arg0 == 5", ipc(SHMDT, 0, 0, 0, 5, 0)},
      {"shmctl", "shmid == 1 && cmd == IPC_RMID && arg2 == 5",
       ipc(SHMCTL, 1, IPC_64 | IPC_RMID, 0, 5, 0)},
  };
  memory.SetStruct(kAt, std::array<uint32_t, 2>{77, 88});
  for (const auto& test : cases) {
    EXPECT_EQ(TruthOf(test.ruled, test.condition, test.call, memory), Truth::kTrue)
        << test.ruled << " if " << test.condition;
    EXPECT_EQ(TruthOf(test.ruled, absl::StrCat("!(", test.condition, ")"), test.call, memory),
              Truth::kFalse)
        << test.ruled << " if " << test.condition;
  }
}

// ---- What is said of them ----

TEST(MemoryConditions, ArePrintedAsTheyAreWritten) {
  const struct {
    const char* ruled;
    const char* condition;
  } cases[] = {
      {"connect", "addr.family == AF_INET && addr.port == 80"},
      {"connect", "addr.ip in {10.0.0.0/8, ::1}"},
      {"connect", "addr.path ~ \"/run/**\""},
      {"openat2", "(how.flags & O_ACCMODE) == O_RDONLY"},
      {"openat", "realpath(path) under \"/etc\" && dfd.path == \"/\""},
  };
  for (const auto& test : cases) {
    const auto parsed = ParsePolicyText(
        absl::StrCat("default allow\ndeny EPERM ", test.ruled, " if ", test.condition), "t");
    ASSERT_THAT(parsed, IsOk());
    const Syscall* syscall = SyscallTable::Get().Find(Arch::kX86_64, test.ruled);
    const auto rules = parsed->policy.RulesFor(Arch::kX86_64, syscall->nr);
    ASSERT_EQ(rules.size(), 1U);
    EXPECT_EQ(PredicateToString(rules[0].condition, syscall), test.condition);
    EXPECT_FALSE(IsRegisterOnly(rules[0].condition));
  }
}

// One read for all that is asked of one address or structure is the reader's to see to; what is not
// needed is not asked for.
TEST(MemoryConditions, NothingIsReadThatRegistersDecide) {
  FakeArgumentReader memory;
  const Call call = {"connect", {3, kUnreadable, 16}};
  EXPECT_EQ(TruthOf("connect", "fd == 4 && addr.port == 80", call, memory), Truth::kFalse);
  EXPECT_EQ(memory.reads(), 0);
}

TEST(MemoryConditions, TheFilterAnswersWhatRegistersDecide) {
  const auto parsed = ParsePolicyText(
      "default allow\n"
      "deny EPERM connect if fd == 4 && addr.port == 80\n"
      "deny EPERM bpf if uattr.prog_type == BPF_PROG_TYPE_XDP\n"
      "deny EPERM socket\n"
      "deny EPERM bind if addr.family == AF_INET\n",
      "t");
  ASSERT_THAT(parsed, IsOk());
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram program, CompileFilter(parsed->policy, {}));
  constexpr uint32_t kTrace = SECCOMP_RET_TRACE | kTraceData;
  constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  const struct {
    Call call;
    uint32_t answer;
  } cases[] = {
      {{"connect", {4, kAt, 16}}, kTrace},
      {{"connect", {3, kAt, 16}}, SECCOMP_RET_ALLOW},
      {{"bpf", {BPF_PROG_LOAD, kAt, 8}}, kTrace},
      {{"bpf", {BPF_MAP_CREATE, kAt, 8}}, SECCOMP_RET_ALLOW},
      {{"socketcall", {SYS_SOCKET, kAt}, Arch::kI386}, kRefuse},
      {{"socketcall", {SYS_CONNECT, kAt}, Arch::kI386}, kTrace},
      {{"socketcall", {SYS_BIND, kAt}, Arch::kI386}, kTrace},
      {{"socketcall", {SYS_LISTEN, kAt}, Arch::kI386}, SECCOMP_RET_ALLOW},
      {{"ipc", {SEMGET}, Arch::kI386}, SECCOMP_RET_ALLOW},
  };
  for (const auto& test : cases) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer,
                                 RunBpf(program, ToSeccompData(RequestOf(test.call))));
    EXPECT_EQ(SeccompActionToString(answer), SeccompActionToString(test.answer))
        << test.call.name << " " << test.call.args[0];
  }
}

std::vector<int> DeadRules(const std::string& text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  std::vector<int> lines;
  if (!parsed.ok()) return lines;
  for (const PolicyWarning& warning : CheckPolicy(parsed->policy)) {
    lines.push_back(warning.where.line);
  }
  return lines;
}

TEST(MemoryConditions, RulesThatCanNeverMatch) {
  const std::vector<int> none;
  const std::vector<int> third = {3};
  const struct {
    const char* rules;
    std::vector<int> dead;
  } cases[] = {
      {"deny EPERM connect if addr.port in 1..1023\ndeny EIO connect if addr.port == 22", third},
      {"deny EPERM connect if addr.port == 22\ndeny EIO connect if addr.port in 1..1023", none},
      {"deny EPERM connect if addr.port == 22\ndeny EIO connect if addr.port != 22", none},
      // An address without a port, and one that cannot be read, are left for the second.
      {"allow connect if addr.port < 100\ndeny EIO connect if !(addr.port < 100)", none},
      {"deny EPERM connect if addr.port < 100\nallow connect if addr.port < 100", third},
      {"allow connect if addr.port < 100\ndeny EIO connect if addr.port < 100", none},
      {"deny EPERM connect if addr.ip in 10.0.0.0/8\ndeny EIO connect if addr.ip in 10.0.0.0/8",
       third},
      {"allow connect if addr.port == 1\ndeny EIO connect if addr.port == 2 && addr.port == 3",
       none},  // unknown is enough for it
      {"deny EPERM connect if addr.port == 1\nallow connect if addr.port == 2 && addr.port == 3",
       third},
      {"deny EPERM write if fd.path == \"/a\"\nallow write if fd.path == \"/a\"", third},
      {"deny EPERM openat if realpath(path) under \"/a\"\nallow openat if realpath(path) == \"/b\"",
       none},
      {"deny EPERM socket if family == AF_INET\ndeny EPERM socketcall", none},
      {"deny EPERM socketcall\nallow socket", none},  // for the call's own number
      {"deny EPERM socketcall\nallow accept", none},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(DeadRules(absl::StrCat("default log\n", test.rules)), test.dead) << test.rules;
  }
  EXPECT_EQ(DeadRules("arch i386\ndefault log\ndeny EPERM socketcall if call == SYS_ACCEPT\n"
                      "deny EPERM ipc if call == SEMOP\nallow accept\nallow semop if semid == 1"),
            (std::vector<int>{5, 6}));
  EXPECT_EQ(DeadRules("arch i386\ndefault log\ndeny EPERM socketcall\nallow accept"),
            (std::vector<int>{4}));
}

TEST(MemoryConditions, OperatorsThatDoNotFit) {
  const struct {
    const char* statement;
    const char* message;
  } cases[] = {
      {"deny EIO connect if addr.ip == 5", "`addr.ip` is an IP address, not a number"},
      {"deny EIO connect if addr.ip == \"::1\"", "`addr.ip` is an IP address, not a string"},
      {"deny EIO connect if addr.port == ::1", "`addr.port` is a number, not an IP address"},
      {"deny EIO connect if addr.port == \"80\"", "`addr.port` is a number, not a string"},
      {"deny EIO connect if addr.path == 1", "`addr.path` is a string, not a number"},
      {"deny EIO connect if addr.port == 65536", "an unsigned 16-bit number: it can never be"},
      {"deny EIO connect if addr == ::1", "`addr` is a socket address, not an IP address"},
      {"deny EIO openat2 if how == 1 && how == \"x\"", "`how.flags`, `how.mode`, `how.resolve`"},
      {"deny EIO read if fd in {::1, 1}", "IP addresses or other values, not both"},

      {"deny EIO accept if addr.port == 80", "the kernel fills `addr` of `accept` in"},
      {"deny EIO recvfrom if addr.port == 80", "the kernel fills `addr` of `recvfrom` in"},
      {"deny EIO recvmsg if msg.name.port == 80", "the kernel fills `msg` of `recvmsg` in"},
      {"deny EIO fstat if statbuf.size == 80", "the kernel fills `statbuf` of `fstat` in"},
      {"deny EIO openat if flags.x == 1", "`flags` of `openat` has no fields"},
      {"deny EIO openat if realpath(dfd) == \"/\"", "`realpath` takes a path: `dfd` of `openat`"},
      {"deny EIO openat if realpath(paht) == \"/\"", "did you mean `path`?"},
      {"deny EIO openat if realpth(path) == \"/\"", "did you mean `realpath`?"},
      {"deny EIO connect if port == 80", "`connect` has no argument `port`"},
  };
  for (const auto& test : cases) {
    EXPECT_THAT(ErrorOf(test.statement), testing::HasSubstr(test.message)) << test.statement;
  }
}

}  // namespace
}  // namespace provost
