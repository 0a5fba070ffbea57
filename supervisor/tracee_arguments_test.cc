#include "supervisor/tracee_arguments.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

// process_vm_readv(2) and /proc work on oneself as on a tracee.
class TraceeArgumentsTest : public testing::Test {
 protected:
  uint64_t At(size_t offset) { return reinterpret_cast<uint64_t>(memory_ + offset); }
  std::string Read(size_t offset, size_t size) {
    std::string bytes(size, '?');
    const absl::Status status =
        arguments_.ReadBytes(At(offset), absl::MakeSpan(bytes.data(), bytes.size()));
    return status.ok() ? bytes : "unreadable";
  }

  // The compiler does not see who reads it.
  volatile char memory_[17] = "abcdefghijklmnop";
  pid_t process_ = 0;
  TraceeArguments arguments_{getpid(), process_, nullptr};
};

TEST_F(TraceeArgumentsTest, ADecisionSeesOneValueOfEachByte) {
  EXPECT_EQ(Read(2, 4), "cdef");
  for (int i = 0; i < 16; ++i) memory_[i] = 'X';
  EXPECT_EQ(Read(2, 4), "cdef");
  EXPECT_EQ(Read(3, 2), "de");
  // What was not seen yet is as it is now, beside what was.
  EXPECT_EQ(Read(0, 8), "XXcdefXX");
  memory_[0] = 'Y';
  EXPECT_EQ(Read(0, 3), "XXc");
  TraceeArguments another(getpid(), process_, nullptr);
  char first = 0;
  PROVOST_ASSERT_OK(another.ReadBytes(At(0), absl::MakeSpan(&first, 1)));
  EXPECT_EQ(first, 'Y');
}

TEST_F(TraceeArgumentsTest, WhatCannotBeReadIsAnError) {
  char byte = 0;
  EXPECT_FALSE(arguments_.ReadBytes(8, absl::MakeSpan(&byte, 1)).ok());
  EXPECT_FALSE(arguments_.ReadBytes(8, absl::MakeSpan(&byte, 1)).ok());
  EXPECT_FALSE(arguments_.DescriptorPath(1000).ok());
  PROVOST_EXPECT_OK(arguments_.died());
}

TEST_F(TraceeArgumentsTest, FilesAreLookedUpOnce) {
  UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = null.get();
  EXPECT_EQ(*arguments_.DescriptorPath(number), "/dev/null");
  null.reset();
  EXPECT_EQ(*arguments_.DescriptorPath(number), "/dev/null");
  EXPECT_EQ(*arguments_.ResolvePath({AT_FDCWD, "/dev/../dev/null", true, false}), "/dev/null");
}

}  // namespace
}  // namespace provost
