#include "tracee/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/types/span.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr size_t kPage = 4096;

// Two pages of this process, the second of which can be made unreadable: process_vm_readv(2) works
// on oneself as on a tracee.
class TraceeMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    void* pages =
        mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(pages, MAP_FAILED);
    pages_ = static_cast<char*>(pages);
  }
  void TearDown() override { munmap(pages_, 2 * kPage); }

  static uint64_t AddressOf(const char* at) { return reinterpret_cast<uint64_t>(at); }
  absl::Status ReadString(const char* at, size_t limit = kPage) {
    return memory_.ReadString(RemotePtr<char>(AddressOf(at)), limit, text_);
  }

  TraceeMemory memory_{getpid()};
  char* pages_ = nullptr;
  std::string text_;
};

TEST_F(TraceeMemoryTest, ReadsAStringAcrossAPageEnd) {
  const std::string path = "/a/path/over/the/end";
  char* at = pages_ + kPage - 7;
  memcpy(at, path.c_str(), path.size() + 1);
  PROVOST_ASSERT_OK(ReadString(at));
  EXPECT_EQ(text_, path);
}

TEST_F(TraceeMemoryTest, WritesWhereTheTaskCouldAndNowhereElse) {
  const std::string bytes = "written";
  PROVOST_ASSERT_OK(memory_.Write(RemotePtr<void>(AddressOf(pages_)), bytes));
  EXPECT_EQ(std::string(pages_), bytes);
  ASSERT_EQ(mprotect(pages_ + kPage, kPage, PROT_READ), 0);
  const char* const end = pages_ + kPage - 3;
  EXPECT_TRUE(absl::IsOutOfRange(memory_.Write(RemotePtr<void>(AddressOf(end)), bytes)));
  EXPECT_EQ(pages_[kPage], '\0');
}

TEST_F(TraceeMemoryTest, AStringMayEndWithItsMapping) {
  ASSERT_EQ(mprotect(pages_ + kPage, kPage, PROT_NONE), 0);
  char* at = pages_ + kPage - 4;
  memcpy(at, "abc", 4);
  PROVOST_ASSERT_OK(ReadString(at));
  EXPECT_EQ(text_, "abc");
}

TEST_F(TraceeMemoryTest, AStringThatRunsIntoUnreadableMemoryIsUnreadable) {
  ASSERT_EQ(mprotect(pages_ + kPage, kPage, PROT_NONE), 0);
  char* at = pages_ + kPage - 3;
  std::copy_n("abc", 3, at);
  EXPECT_THAT(ReadString(at),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("no readable memory")));
}

TEST_F(TraceeMemoryTest, NullIsUnreadable) {
  EXPECT_THAT(ReadString(nullptr), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("0x0")));
}

TEST_F(TraceeMemoryTest, LongStringsEndAtTheLimit) {
  memset(pages_, 'x', 2 * kPage - 1);
  EXPECT_THAT(ReadString(pages_, kPage),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("4096")));
  pages_[kPage - 1] = '\0';
  PROVOST_ASSERT_OK(ReadString(pages_, kPage));
  EXPECT_EQ(text_, std::string(kPage - 1, 'x'));
}

TEST_F(TraceeMemoryTest, ReadsAllOrNothing) {
  ASSERT_EQ(mprotect(pages_ + kPage, kPage, PROT_NONE), 0);
  memcpy(pages_ + kPage - 4, "wxyz", 4);
  std::string bytes(4, '\0');
  const RemotePtr<void> at(AddressOf(pages_ + kPage - 4));
  PROVOST_ASSERT_OK(memory_.Read(at, absl::MakeSpan(bytes)));
  EXPECT_EQ(bytes, "wxyz");
  std::string too_many(5, '\0');
  EXPECT_THAT(memory_.Read(at, absl::MakeSpan(too_many)),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("no readable memory")));
}

}  // namespace
}  // namespace provost
