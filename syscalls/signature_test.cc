#include "syscalls/signature.h"

#include "gtest/gtest.h"

namespace provost {
namespace {

constexpr Argument kArguments[] = {
    {"dfd", ArgKind::kDirFd, ArgWidth::kS32, nullptr, -1},
    {"path", ArgKind::kPath, ArgWidth::kU64, nullptr, 0},
    {"flags", ArgKind::kFlags, ArgWidth::kS32, nullptr, -1},
};
constexpr Signature kSignature = {"call", kArguments};

TEST(Signature, FindsAnArgumentByName) {
  EXPECT_EQ(kSignature.IndexOf("dfd"), 0);
  EXPECT_EQ(kSignature.IndexOf("flags"), 2);
  EXPECT_EQ(kSignature.IndexOf("pat"), -1);
  EXPECT_EQ(kSignature.IndexOf(""), -1);
}

TEST(Argument, PointersAreTheKindsWithMemoryOfTheCall) {
  const auto is_pointer = [](ArgKind kind) {
    return Argument{"a", kind, ArgWidth::kU64, nullptr, -1}.IsPointer();
  };
  for (ArgKind kind : {ArgKind::kPath, ArgKind::kString, ArgKind::kBufferIn, ArgKind::kBufferOut,
                       ArgKind::kSockaddr, ArgKind::kStringArray, ArgKind::kIovec,
                       ArgKind::kStructIn, ArgKind::kStructOut, ArgKind::kStructInOut}) {
    EXPECT_TRUE(is_pointer(kind)) << static_cast<int>(kind);
  }
  for (ArgKind kind : {ArgKind::kInteger, ArgKind::kFd, ArgKind::kLength, ArgKind::kOffset,
                       ArgKind::kAddress, ArgKind::kFunction}) {
    EXPECT_FALSE(is_pointer(kind)) << static_cast<int>(kind);
  }
}

TEST(Argument, PathsAndStrings) {
  EXPECT_TRUE(kArguments[1].IsPathOrString());
  EXPECT_TRUE((Argument{"name", ArgKind::kString}.IsPathOrString()));
  EXPECT_FALSE((Argument{"buf", ArgKind::kBufferIn}.IsPathOrString()));
}

}  // namespace
}  // namespace provost
