#include "supervisor/argument_copy.h"

#include <fcntl.h>
#include <linux/net.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

using Rest = ArgumentCopy::Rest;

constexpr uint64_t kAt = 0x10000;

// Calls of this process itself, whose memory can be read like a task's.
class ArgumentCopyTest : public testing::Test {
 protected:
  static uint64_t AddressOf(const void* at) { return reinterpret_cast<uint64_t>(at); }

  static SyscallRequest Call(const char* name, const std::array<uint64_t, 6>& args,
                             Arch arch = Arch::kX86_64) {
    const Syscall* syscall = SyscallTable::Get().Find(arch, name);
    EXPECT_NE(syscall, nullptr) << name;
    return {.arch = static_cast<uint32_t>(arch), .nr = syscall->nr, .args = args};
  }

  // The copy of what was read, placed at kAt.
  void Copy(const SyscallRequest& call, Rest rest = Rest::kNone) {
    const ArgumentCopy copy(call, arguments_);
    EXPECT_EQ(copy.rest(), rest);
    bytes_.assign(copy.size(), '?');
    runs_ = copy.Place(bytes_.data(), kAt);
  }
  void ReadString(const void* at) { (void)arguments_.ReadString(AddressOf(at)); }
  template <typename T>
  void ReadBytes(const T& value, size_t size = sizeof(T)) {
    std::string bytes(size, '\0');
    EXPECT_TRUE(arguments_.ReadBytes(AddressOf(&value), absl::MakeSpan(bytes.data(), size)).ok());
  }
  std::string StringOf(size_t arg) const { return bytes_.data() + (runs_.args[arg] - kAt); }
  template <typename T>
  T ValueAt(uint64_t address) const {
    T value;
    EXPECT_LE(address - kAt + sizeof(value), bytes_.size());
    memcpy(&value, bytes_.data() + (address - kAt), sizeof(value));
    return value;
  }

  pid_t process_ = getpid();
  TraceeArguments arguments_{getpid(), process_, nullptr};
  std::string bytes_;
  SyscallRequest runs_;
};

TEST_F(ArgumentCopyTest, WhatWasNotReadStaysWhereItIs) {
  const char path[] = "/etc/hostname";
  const SyscallRequest call = Call("openat", {1, AddressOf(path), 2});
  EXPECT_TRUE(ArgumentCopy(call, arguments_).is_empty());
  Copy(call);
  EXPECT_EQ(runs_.args, call.args);
}

TEST_F(ArgumentCopyTest, AStringIsTheOneThatWasRead) {
  char path[] = "/etc/hostname";
  ReadString(path);
  strcpy(path, "/etc/shadow");
  Copy(Call("openat", {static_cast<uint64_t>(AT_FDCWD), AddressOf(path), O_RDONLY}));
  EXPECT_EQ(StringOf(1), "/etc/hostname");
  EXPECT_EQ(runs_.args[0], static_cast<uint64_t>(AT_FDCWD));
  EXPECT_EQ(runs_.args[2], static_cast<uint64_t>(O_RDONLY));
}

TEST_F(ArgumentCopyTest, BothPathsOfACallAreKept) {
  char from[] = "/from";
  char to[] = "/to";
  ReadString(from);
  ReadString(to);
  from[1] = to[1] = 'X';
  Copy(Call("renameat2", {3, AddressOf(from), 4, AddressOf(to), 0}));
  EXPECT_EQ(StringOf(1), "/from");
  EXPECT_EQ(StringOf(3), "/to");
}

TEST_F(ArgumentCopyTest, OfTwoPathsOneAloneMayHaveBeenRead) {
  const char from[] = "/from";
  const char to[] = "/to";
  ReadString(from);
  Copy(Call("renameat2", {3, AddressOf(from), 4, AddressOf(to), 0}));
  EXPECT_EQ(StringOf(1), "/from");
  EXPECT_EQ(runs_.args[3], AddressOf(to));
}

TEST_F(ArgumentCopyTest, AStructureIsKeptToItsEndAndAsItWasSeen) {
  struct {
    open_how how = {.flags = O_RDONLY, .mode = 0, .resolve = RESOLVE_BENEATH};
    uint64_t later = 0;
  } sized;
  ReadBytes(sized.how);
  sized.how.flags = O_WRONLY;
  sized.later = 7;
  Copy(Call("openat2", {0, AddressOf("x"), AddressOf(&sized), sizeof(sized)}));
  const auto how = ValueAt<open_how>(runs_.args[2]);
  EXPECT_EQ(how.flags, static_cast<uint64_t>(O_RDONLY));
  EXPECT_EQ(how.resolve, static_cast<uint64_t>(RESOLVE_BENEATH));
  EXPECT_EQ(ValueAt<uint64_t>(runs_.args[2] + sizeof(open_how)), 7u);
}

TEST_F(ArgumentCopyTest, APointerInAStructureLeadsToTheCopy) {
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = 9};
  char data = 'd';
  iovec vector = {&data, 1};
  msghdr message = {
      .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &vector, .msg_iovlen = 1};
  ReadBytes(message);
  ReadBytes(address);
  address.sin_port = 10;
  message.msg_name = nullptr;
  Copy(Call("sendmsg", {3, AddressOf(&message), 0}));
  const auto copied = ValueAt<msghdr>(runs_.args[1]);
  EXPECT_EQ(copied.msg_iov, &vector);
  EXPECT_EQ(ValueAt<sockaddr_in>(AddressOf(copied.msg_name)).sin_port, 9);
}

TEST_F(ArgumentCopyTest, SoDoesAWordOfSocketcall) {
  // Where i386's registers reach.
  void* page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  auto* words = static_cast<uint32_t*>(page);
  auto* address = reinterpret_cast<sockaddr_in*>(words + 64);
  *address = {.sin_family = AF_INET, .sin_port = 9};
  words[0] = 5;
  words[1] = static_cast<uint32_t>(AddressOf(address));
  words[2] = sizeof(*address);
  std::string bytes(12, '\0');
  ASSERT_TRUE(arguments_.ReadBytes(AddressOf(words), absl::MakeSpan(bytes.data(), 12)).ok());
  ReadBytes(*address);
  address->sin_port = 10;
  words[1] = 0;
  const SyscallRequest call =
      Call("socketcall", {SYS_CONNECT, AddressOf(words), 0, 0, 0, 0}, Arch::kI386);
  Copy(call);
  EXPECT_EQ(runs_.args[0], call.args[0]);
  EXPECT_EQ(ValueAt<uint32_t>(runs_.args[1]), 5u);
  const auto to = ValueAt<uint32_t>(runs_.args[1] + 4);
  EXPECT_EQ(ValueAt<uint32_t>(runs_.args[1] + 8), sizeof(sockaddr_in));
  EXPECT_EQ(ValueAt<sockaddr_in>(to).sin_port, 9);
  munmap(page, 4096);
}

TEST_F(ArgumentCopyTest, MountReadsAPageOfData) {
  std::string data(3 * 4096, 'x');
  data.replace(0, sizeof("first"), "first", sizeof("first"));
  data[100] = 'y';
  ReadString(data.data());
  data[0] = 'F';
  Copy(Call("mount", {0, 0, 0, 0, AddressOf(data.data())}));
  ASSERT_EQ(bytes_.size(), 4096u);
  EXPECT_EQ(StringOf(4), "first");
  EXPECT_EQ(bytes_.substr(6), data.substr(6, 4090));
}

TEST_F(ArgumentCopyTest, APathThatCouldNotBeReadCannotBeReadLater) {
  void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  ReadString(page);
  Copy(Call("openat", {0, AddressOf(page), 0}));
  EXPECT_GE(runs_.args[1], 0xffff800000000000u);
  // NULL may stand for no path at all.
  ReadString(nullptr);
  Copy(Call("utimensat", {0, 0, 0, 0}));
  EXPECT_EQ(runs_.args[1], 0u);
  munmap(page, 4096);

  const std::string long_path(PATH_MAX + 10, 'p');
  ReadString(long_path.data());
  Copy(Call("openat", {0, AddressOf(long_path.data()), 0}));
  EXPECT_EQ(bytes_.find('\0'), std::string::npos);
  EXPECT_GE(bytes_.size(), static_cast<size_t>(PATH_MAX));
}

TEST_F(ArgumentCopyTest, WhatTheKernelWritesToStaysWhereItIs) {
  std::vector<mmsghdr> messages(2);
  ReadBytes(messages[0]);
  const SyscallRequest call = Call("sendmmsg", {3, AddressOf(messages.data()), 2, 0});
  Copy(call, Rest::kWritten);
  EXPECT_EQ(runs_.args, call.args);
}

TEST_F(ArgumentCopyTest, MemoryThatNoArgumentLeadsToIsNamedSo) {
  const char path[] = "/etc/hostname";
  const int other = 1;
  ReadString(path);
  ReadBytes(other);
  Copy(Call("openat", {0, AddressOf(path), 0}), Rest::kUnplaced);
}

}  // namespace
}  // namespace provost
