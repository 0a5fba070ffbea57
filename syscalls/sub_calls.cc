#include "syscalls/sub_calls.h"

#include <linux/ipc.h>
#include <linux/net.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <vector>

namespace provost {
namespace {

using From = SubCallArgument::From;
using Version = SubCall::Version;

struct SocketRow {
  absl::string_view name;
  uint16_t code;
  uint8_t words;  // nargs in net/socket.c
};

constexpr SocketRow kSocketRows[] = {
    {"socket", SYS_SOCKET, 3},
    {"bind", SYS_BIND, 3},
    {"connect", SYS_CONNECT, 3},
    {"listen", SYS_LISTEN, 2},
    {"accept", SYS_ACCEPT, 3},
    {"getsockname", SYS_GETSOCKNAME, 3},
    {"getpeername", SYS_GETPEERNAME, 3},
    {"socketpair", SYS_SOCKETPAIR, 4},
    {"sendto", SYS_SEND, 4},
    {"recvfrom", SYS_RECV, 4},
    {"sendto", SYS_SENDTO, 6},
    {"recvfrom", SYS_RECVFROM, 6},
    {"shutdown", SYS_SHUTDOWN, 2},
    {"setsockopt", SYS_SETSOCKOPT, 5},
    {"getsockopt", SYS_GETSOCKOPT, 5},
    {"sendmsg", SYS_SENDMSG, 3},
    {"recvmsg", SYS_RECVMSG, 3},
    {"accept4", SYS_ACCEPT4, 4},
    {"recvmmsg", SYS_RECVMMSG, 5},
    {"sendmmsg", SYS_SENDMMSG, 4},
};

// ipc's own arguments: call, first, second, third, ptr, fifth.
constexpr SubCallArgument kFirst = {From::kRegister, 1};
constexpr SubCallArgument kSecond = {From::kRegister, 2};
constexpr SubCallArgument kThird = {From::kRegister, 3};
constexpr SubCallArgument kPtr = {From::kRegister, 4};
constexpr SubCallArgument kFifth = {From::kRegister, 5};
constexpr SubCallArgument kSecondAsCommand = {From::kCommand, 2};
constexpr SubCallArgument kThirdAsCommand = {From::kCommand, 3};
constexpr SubCallArgument kWord0 = {From::kMemory, 0};
constexpr SubCallArgument kWord1 = {From::kMemory, 1};
constexpr uint8_t kPtrIndex = 4;

struct IpcRow {
  absl::string_view name;
  uint16_t code;
  uint8_t words;  // read from *ptr
  Version version;
  std::array<SubCallArgument, 6> arguments;
};

constexpr IpcRow kIpcRows[] = {
    {"semop", SEMOP, 0, Version::kAny, {{kFirst, kPtr, kSecond}}},
    {"semtimedop", SEMTIMEDOP, 0, Version::kAny, {{kFirst, kPtr, kSecond, kFifth}}},
    {"semget", SEMGET, 0, Version::kAny, {{kFirst, kSecond, kThird}}},
    {"semctl", SEMCTL, 1, Version::kAny, {{kFirst, kSecond, kThirdAsCommand, kWord0}}},
    {"msgsnd", MSGSND, 0, Version::kAny, {{kFirst, kPtr, kSecond, kThird}}},
    // struct compat_ipc_kludge: the buffer, then the type.
    {"msgrcv", MSGRCV, 2, Version::kZero, {{kFirst, kWord0, kSecond, kWord1, kThird}}},
    {"msgrcv", MSGRCV, 0, Version::kNotZero, {{kFirst, kPtr, kSecond, kFifth, kThird}}},
    {"msgget", MSGGET, 0, Version::kAny, {{kFirst, kSecond}}},
    {"msgctl", MSGCTL, 0, Version::kAny, {{kFirst, kSecondAsCommand, kPtr}}},
    {"shmat", SHMAT, 0, Version::kAny, {{kFirst, kPtr, kSecond}}},
    {"shmdt", SHMDT, 0, Version::kAny, {{kPtr}}},
    {"shmget", SHMGET, 0, Version::kAny, {{kFirst, kSecond, kThird}}},
    {"shmctl", SHMCTL, 0, Version::kAny, {{kFirst, kSecondAsCommand, kPtr}}},
};

// The call itself as i386 sees it; `index` makes the number of one that has none.
Syscall CallNamed(absl::string_view name, const std::vector<SubCall>& before) {
  const SyscallTable& table = SyscallTable::Get();
  if (const Syscall* own = table.Find(Arch::kI386, name)) return *own;
  for (const SubCall& other : before) {
    if (other.syscall.signature->name == name) return other.syscall;
  }
  const Syscall* elsewhere = table.Find(Arch::kX86_64, name);
  if (elsewhere == nullptr) abort();  // a row above names no call: a test would say so
  return {Arch::kI386, -2 - static_cast<int32_t>(before.size()), elsewhere->signature};
}

std::vector<SubCall>* MakeSubCalls() {
  auto* calls = new std::vector<SubCall>;
  const SyscallTable& table = SyscallTable::Get();
  for (const SocketRow& row : kSocketRows) {
    SubCall call = {.multiplexer = table.Find(Arch::kI386, "socketcall"),
                    .code = row.code,
                    .syscall = CallNamed(row.name, *calls),
                    .array = 1,
                    .array_words = row.words,
                    .arguments = {}};
    for (uint8_t i = 0; i < row.words; ++i) call.arguments[i] = {From::kMemory, i};
    calls->push_back(call);
  }
  for (const IpcRow& row : kIpcRows) {
    calls->push_back({.multiplexer = table.Find(Arch::kI386, "ipc"),
                      .code = row.code,
                      .version = row.version,
                      .syscall = CallNamed(row.name, *calls),
                      .array = kPtrIndex,
                      .array_words = row.words,
                      .arguments = row.arguments});
  }
  return calls;
}

}  // namespace

absl::Span<const SubCall> SubCalls() {
  static const std::vector<SubCall>* const calls = MakeSubCalls();
  return *calls;
}

const Syscall* FindSubCallOnly(absl::string_view name) {
  for (const SubCall& call : SubCalls()) {
    if (call.syscall.nr < 0 && call.syscall.signature->name == name) return &call.syscall;
  }
  return nullptr;
}

}  // namespace provost
