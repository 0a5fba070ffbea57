#include "emulate/ids_memory.h"

#include <sys/stat.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr FileOwner kRoot = {0, 0};
constexpr FileOwner kNobody = {65534, 65534};

FileStatus RegularFile(ino_t inode, int64_t born) {
  return {.identity = {0xfe00, inode},
          .mode = S_IFREG | 0644,
          .links = 1,
          .uid = 65534,
          .gid = 1000,
          .device = 0,
          .born = born};
}

TEST(FileMemoryTest, WithoutMemoryFilesAreRoots) {
  FileMemory memory(kRoot, kNobody);
  const FileStatus shown = memory.Shown(RegularFile(4, 1));
  EXPECT_EQ(shown.uid, 0u);
  EXPECT_EQ(shown.gid, 0u);
  EXPECT_EQ(shown.mode, S_IFREG | 0644u);
  EXPECT_TRUE(memory.empty());
}

TEST(FileMemoryTest, ForOthersTheirOwnFilesAreAndNoMore) {
  const FileMemory memory({1000, 1001}, kNobody);
  const FileOwner own = memory.ShownOwner({65534, 65534});
  EXPECT_EQ(own.uid, 1000u);
  EXPECT_EQ(own.gid, 1001u);
  const FileOwner roots = memory.ShownOwner({0, 42});
  EXPECT_EQ(roots.uid, 0u);
  EXPECT_EQ(roots.gid, 42u);
}

// An inode's number that another file has got.
TEST(FileMemoryTest, WhatWasBornLaterIsAnotherFile) {
  FileMemory memory(kRoot, kNobody);
  memory.Remember(RegularFile(4, 1)).uid = 7;
  EXPECT_EQ(memory.Shown(RegularFile(4, 1)).uid, 7u);
  EXPECT_EQ(memory.Shown(RegularFile(5, 1)).uid, 0u);
  EXPECT_TRUE(memory.KnowsBirth({0xfe00, 4}, 1));
  EXPECT_FALSE(memory.KnowsBirth({0xfe00, 4}, 2));
  EXPECT_FALSE(memory.KnowsBirth({0xfe00, 4}, 0));
  EXPECT_FALSE(memory.KnowsBirth({0xfe00, 5}, 1));
  // A file system that does not say.
  EXPECT_EQ(memory.Shown(RegularFile(4, 0)).uid, 7u);
  EXPECT_EQ(memory.Shown(RegularFile(4, 2)).uid, 0u);
  EXPECT_FALSE(memory.Knows({0xfe00, 4}));
}

TEST(FileMemoryTest, WhatIsOfAnotherKindIsAnotherFile) {
  FileMemory memory(kRoot, kNobody);
  memory.Remember(RegularFile(4, 0)).mode = S_IFCHR | 0600;
  EXPECT_EQ(memory.Shown(RegularFile(4, 0)).mode, S_IFCHR | 0600u);
  FileStatus directory = RegularFile(4, 0);
  directory.mode = S_IFDIR | 0755;
  EXPECT_EQ(memory.Shown(directory).mode, S_IFDIR | 0755u);
  EXPECT_TRUE(memory.empty());
}

TEST(FileMemoryTest, TextIsFakeroots) {
  FileMemory memory(kRoot, kNobody);
  RememberedFile& device = memory.Remember(RegularFile(10953382, 5));
  device.mode = S_IFCHR | 0644;
  device.device = 1287;
  EXPECT_FALSE(memory.HasAttributes());
  memory.RememberAttribute(RegularFile(10953382, 5), "security.capability", std::string("\0 x", 3));
  memory.Remember(RegularFile(4, 1)).gid = 7;
  const std::string text =
      "dev=fe00,ino=4,mode=100644,uid=0,gid=7,nlink=1,rdev=0\n"
      "dev=fe00,ino=10953382,mode=20644,uid=0,gid=0,nlink=1,rdev=1287\n";
  EXPECT_EQ(memory.ToText(), text);

  FileMemory read(kRoot, kNobody);
  PROVOST_ASSERT_OK(read.FromText(text));
  EXPECT_EQ(read.ToText(), text);
  // It takes the birth of the file that it finds.
  EXPECT_EQ(read.Shown(RegularFile(4, 9)).gid, 7u);
  EXPECT_EQ(read.Shown(RegularFile(4, 8)).gid, 0u);

  FileMemory restored(kRoot, kNobody);
  for (const absl::string_view line : absl::StrSplit(memory.Save(), '\n', absl::SkipEmpty())) {
    PROVOST_ASSERT_OK(restored.RestoreLine(line));
  }
  EXPECT_EQ(restored.Save(), memory.Save());
  EXPECT_TRUE(restored.HasAttributes());
  EXPECT_EQ(restored.Find(RegularFile(10953382, 5))->attributes.at("security.capability"),
            std::string("\0 x", 3));
}

TEST(FileMemoryTest, WrongLinesAreNamed) {
  const std::pair<const char*, const char*> wrongs[] = {
      {"dev=1,ino=1,mode=100644,uid=0,gid=0,nlink=1,rdev=0\nx\n", "2: a line is `dev="},
      {"dev=1,ino=1,mode=100644,uid=0,gid=0,nlink=1", "1: a line is `dev="},
      {"dev=1,ino=1,mode=100648,uid=0,gid=0,nlink=1,rdev=0", "`mode=100648` is no `mode="},
      {"dev=1,mode=1,ino=100644,uid=0,gid=0,nlink=1,rdev=0", "`mode=1` is no `ino="},
      {"dev=1,ino=1,mode=644,uid=0,gid=0,nlink=1,rdev=0", "a mode without a file's type"},
      {"dev=1,ino=1,mode=100644,uid=4294967295,gid=0,nlink=1,rdev=0", "an id above"},
      {"dev=1,ino=1,mode=100644,uid=-1,gid=0,nlink=1,rdev=0", "`uid=-1`"},
      {"dev=1,ino=1,mode=100644,uid= 1,gid=0,nlink=1,rdev=0", "`uid= 1`"},
  };
  for (const auto& [text, says] : wrongs) {
    FileMemory memory(kRoot, kNobody);
    EXPECT_THAT(memory.FromText(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(says)));
  }
}

}  // namespace
}  // namespace provost
