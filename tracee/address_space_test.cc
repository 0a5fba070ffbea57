#include "tracee/address_space.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
    absl::Status status = Check(reinterpret_cast<uint64_t>(at), kSize, false);
    munmap(at, kSize);
    return status;
  }
  absl::Status Check(uint64_t address, size_t size, bool executable) const {
    return CheckSharedReadOnly(getpid(), {.address = address,
                                          .size = size,
                                          .file = IdentityOf(file_.get()),
                                          .offset = 0,
                                          .executable = executable});
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
  const auto address = reinterpret_cast<uint64_t>(at);
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(address, kSize, false)));
  PROVOST_EXPECT_OK(Check(address, kSize / 2, false));
  munmap(at, kSize / 2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(address, kSize / 2, false)));
}

TEST_F(AddressSpaceTest, TellsWhatCanBeExecutedFromWhatCannot) {
  void* at = mmap(nullptr, kSize, PROT_READ, MAP_SHARED, file_.get(), 0);
  ASSERT_NE(at, MAP_FAILED);
  const auto address = reinterpret_cast<uint64_t>(at);
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(address, kSize, true)));
  ASSERT_EQ(mprotect(at, kSize, PROT_READ | PROT_EXEC), 0);
  PROVOST_EXPECT_OK(Check(address, kSize, true));
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(address, kSize, false)));
  munmap(at, kSize);
}

TEST_F(AddressSpaceTest, TellsASealedMappingFromItsNeighbours) {
  constexpr long kMseal = 462;
  void* at = mmap(nullptr, 3 * kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(at, MAP_FAILED);
  char* middle = static_cast<char*>(at) + kSize;
  ASSERT_EQ(mmap(middle, kSize, PROT_READ, MAP_SHARED | MAP_FIXED, file_.get(), 0), middle);
  const auto address = reinterpret_cast<uint64_t>(middle);
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSealed(getpid(), address)));
  if (syscall(kMseal, middle, kSize, 0) != 0) GTEST_SKIP() << "the kernel has no mseal";
  PROVOST_EXPECT_OK(CheckSealed(getpid(), address));
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSealed(getpid(), address - kSize)));
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSealed(getpid(), address + kSize)));
}

TEST_F(AddressSpaceTest, CountsFilters) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const int before, CountFilters(getpid()));
  const pid_t child = fork();
  if (child == 0) {
    sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const sock_fprog program = {1, &allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(1);
    const absl::StatusOr<int> count = CountFilters(getpid());
    _exit(count.ok() && *count == before + 1 ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
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
