#include "supervisor/argument_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "supervisor/call_return.h"

namespace provost {
namespace {

constexpr size_t kSize = 65536;
constexpr size_t kSlots = CallReturn::kCodeSize;  // where they begin

class ArgumentRegionTest : public testing::Test {
 protected:
  void SetUp() override { PROVOST_ASSERT_OK_AND_ASSIGN(region_, ArgumentRegion::Make(kSize)); }
  std::shared_ptr<ArgumentRegion> region_;
};

TEST_F(ArgumentRegionTest, WhoHasItsDescriptorCanReadItAndNoMore) {
  memcpy(region_->At(0), "seen", sizeof("seen"));
  const int fd = region_->descriptor();
  void* at = mmap(nullptr, kSize, PROT_READ, MAP_SHARED, fd, 0);
  ASSERT_NE(at, MAP_FAILED);
  EXPECT_STREQ(static_cast<char*>(at), "seen");
  EXPECT_EQ(mprotect(at, kSize, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(madvise(at, kSize, MADV_REMOVE), -1);
  const UniqueFd memory(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(memory.valid());
  EXPECT_EQ(pwrite(memory.get(), "X", 1, reinterpret_cast<off_t>(at)), -1);
  iovec local = {const_cast<char*>("X"), 1};
  iovec remote = {at, 1};
  EXPECT_EQ(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), -1);

  const UniqueFd again(open(absl::StrCat("/proc/self/fd/", fd).c_str(), O_RDWR | O_CLOEXEC));
  for (const int each : {fd, again.get()}) {
    EXPECT_EQ(write(each, "X", 1), -1);
    EXPECT_EQ(ftruncate(each, 0), -1);
    EXPECT_EQ(ftruncate(each, 2 * kSize), -1);
    EXPECT_EQ(fallocate(each, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kSize), -1);
    EXPECT_EQ(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, each, 0), MAP_FAILED);
    EXPECT_EQ(fcntl(each, F_ADD_SEALS, F_SEAL_WRITE), -1);
  }
  memcpy(region_->At(0), "ours", sizeof("ours"));
  EXPECT_STREQ(static_cast<char*>(at), "ours");
  munmap(at, kSize);
}

TEST_F(ArgumentRegionTest, SlotsDoNotOverlapAndComeBack) {
  std::vector<ArgumentSlot> slots;
  size_t taken = 0;
  while (true) {
    const size_t size = 1 + (taken * 37) % 500;
    const std::optional<size_t> offset = region_->Take(size);
    if (!offset.has_value()) break;
    EXPECT_GE(*offset, kSlots);
    slots.emplace_back(region_, *offset, size, 0x1000, 0);
    for (size_t i = 0; i < size; ++i) ASSERT_EQ(slots.back().bytes()[i], '\0');
    memset(slots.back().bytes(), 'a', size);
    EXPECT_EQ(slots.back().address(), 0x1000 + *offset);
    ++taken;
  }
  EXPECT_GT(taken, 100u);
  // Every second one first, so that neighbours come together again in every order.
  for (size_t i = 0; i < slots.size(); i += 2) slots[i].Reset();
  EXPECT_FALSE(region_->Take(kSize).has_value());
  slots.clear();
  const std::optional<size_t> all = region_->Take(kSize);
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(std::string(region_->At(kSlots), kSize), std::string(kSize, '\0'));
}

}  // namespace
}  // namespace provost
