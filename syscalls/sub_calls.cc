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
  uint16_t code;
  absl::string_view name;
  uint8_t words;  // nargs in net/socket.c
};

constexpr SocketRow kSocketRows[] = {
    {SYS_SOCKET, "socket", 3},
    {SYS_BIND, "bind", 3},
    {SYS_CONNECT, "connect", 3},
    {SYS_LISTEN, "listen", 2},
    {SYS_ACCEPT, "accept", 3},
    {SYS_GETSOCKNAME, "getsockname", 3},
    {SYS_GETPEERNAME, "getpeername", 3},
    {SYS_SOCKETPAIR, "socketpair", 4},
    {SYS_SEND, "sendto", 4},
    {SYS_RECV, "recvfrom", 4},
    {SYS_SENDTO, "sendto", 6},
    {SYS_RECVFROM, "recvfrom", 6},
    {SYS_SHUTDOWN, "shutdown", 2},
    {SYS_SETSOCKOPT, "setsockopt", 5},
    {SYS_GETSOCKOPT, "getsockopt", 5},
    {SYS_SENDMSG, "sendmsg", 3},
    {SYS_RECVMSG, "recvmsg", 3},
    {SYS_ACCEPT4, "accept4", 4},
    {SYS_RECVMMSG, "recvmmsg", 5},
    {SYS_SENDMMSG, "sendmmsg", 4},
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
  uint16_t code;
  absl::string_view name;
  std::array<SubCallArgument, 6> arguments;
  uint8_t words = 0;  // read from *ptr
  Version version = Version::kAny;
};

constexpr IpcRow kIpcRows[] = {
    {SEMOP, "semop", {{kFirst, kPtr, kSecond}}},
    {SEMTIMEDOP, "semtimedop", {{kFirst, kPtr, kSecond, kFifth}}},
    {SEMGET, "semget", {{kFirst, kSecond, kThird}}},
    {SEMCTL, "semctl", {{kFirst, kSecond, kThirdAsCommand, kWord0}}, 1},
    {MSGSND, "msgsnd", {{kFirst, kPtr, kSecond, kThird}}},
    // struct compat_ipc_kludge: the buffer, then the type.
    {MSGRCV, "msgrcv", {{kFirst, kWord0, kSecond, kWord1, kThird}}, 2, Version::kZero},
    {MSGRCV, "msgrcv", {{kFirst, kPtr, kSecond, kFifth, kThird}}, 0, Version::kNotZero},
    {MSGGET, "msgget", {{kFirst, kSecond}}},
    {MSGCTL, "msgctl", {{kFirst, kSecondAsCommand, kPtr}}},
    {SHMAT, "shmat", {{kFirst, kPtr, kSecond}}},
    {SHMDT, "shmdt", {{kPtr}}},
    {SHMGET, "shmget", {{kFirst, kSecond, kThird}}},
    {SHMCTL, "shmctl", {{kFirst, kSecondAsCommand, kPtr}}},
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
