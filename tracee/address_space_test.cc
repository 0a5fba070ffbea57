#include "tracee/address_space.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

constexpr size_t kSize = 8192;

FileIdentity IdentityOf(int fd) {
  struct stat status = {};
  EXPECT_EQ(fstat(fd, &status), 0);
  return {status.st_dev, status.st_ino};
}

class AddressSpaceTest : public testing::Test {
 protected:
  void SetUp() override {
    file_.reset(memfd_create("mapped", MFD_CLOEXEC));
    ASSERT_TRUE(file_.valid());
    ASSERT_EQ(ftruncate(file_.get(), kSize), 0);
  }
  absl::Status Check(int protection, int flags, const UniqueFd& file) {
    void* at = mmap(nullptr, kSize, protection, flags, file.get(), 0);
    EXPECT_NE(at, MAP_FAILED);
    absl::Status status = CheckSharedReadOnly(getpid(), reinterpret_cast<uint64_t>(at), kSize,
                                              IdentityOf(file_.get()));
    munmap(at, kSize);
    return status;
  }

  UniqueFd file_;
};

TEST_F(AddressSpaceTest, KnowsTheMappingThatWasMade) {
  PROVOST_EXPECT_OK(Check(PROT_READ, MAP_SHARED, file_));
}

TEST_F(AddressSpaceTest, AMappingThatOthersCouldChangeIsNotTheOne) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(PROT_READ | PROT_WRITE, MAP_SHARED, file_)));
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(PROT_READ, MAP_PRIVATE, file_)));
  const UniqueFd other(memfd_create("mapped", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(other.get(), kSize), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(PROT_READ, MAP_SHARED, other)));
}

TEST_F(AddressSpaceTest, NorIsOneThatIsGoneOrShorter) {
  void* at = mmap(nullptr, kSize, PROT_READ, MAP_SHARED, file_.get(), 0);
  ASSERT_NE(at, MAP_FAILED);
  ASSERT_EQ(munmap(static_cast<char*>(at) + kSize / 2, kSize / 2), 0);
  const FileIdentity file = IdentityOf(file_.get());
  const auto address = reinterpret_cast<uint64_t>(at);
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSharedReadOnly(getpid(), address, kSize, file)));
  PROVOST_EXPECT_OK(CheckSharedReadOnly(getpid(), address, kSize / 2, file));
  munmap(at, kSize / 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSharedReadOnly(getpid(), address, kSize / 2, file)));
}

TEST_F(AddressSpaceTest, CopiesADescriptorOfAnother) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int fd = memfd_create("theirs", 0);
    if (write(ready[1], &fd, sizeof(fd)) == sizeof(fd)) pause();
    _exit(0);
  }
  int fd = -1;
  ASSERT_EQ(read(ready[0], &fd, sizeof(fd)), static_cast<ssize_t>(sizeof(fd)));
  const absl::StatusOr<UniqueFd> copy = CopyDescriptor(child, fd);
  PROVOST_EXPECT_OK(copy.status());
  if (copy.ok()) {
    EXPECT_EQ(write(copy->get(), "x", 1), 1);
  }
  EXPECT_FALSE(CopyDescriptor(child, fd + 100).ok());
  EXPECT_FALSE(ShareMemory(getpid(), child));
  EXPECT_TRUE(ShareMemory(getpid(), getpid()));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace provost
