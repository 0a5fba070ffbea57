#include "emulate/ids_credentials.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#include <cerrno>
#include <vector>

#include "absl/status/status.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::ElementsAre;

Credentials Root() { return {0, 0, {0}}; }

TEST(CredentialsTest, RootHasAllCapabilitiesAndOthersNone) {
  EXPECT_EQ(Root().effective(), AllCapabilities());
  EXPECT_EQ(Root().permitted(), AllCapabilities());
  EXPECT_EQ(Root().inheritable(), 0u);
  EXPECT_EQ(Credentials(7, 0, {}).permitted(), 0u);
  // At least those of Linux 5.9.
  EXPECT_GE(AllCapabilities(), CapabilityBit(CAP_CHECKPOINT_RESTORE));
}

TEST(CredentialsTest, ReUidSavesTheEffectiveIdWhenItOrTheRealOneIsAnother) {
  Credentials credentials = Root();
  EXPECT_EQ(credentials.SetReUid(kNoId, 0), 0);
  EXPECT_EQ(credentials.user().saved, 0u);
  EXPECT_EQ(credentials.SetReUid(kNoId, 7), 0);
  EXPECT_EQ(credentials.user(), (IdSet{0, 7, 7, 7}));
  // Back by the real one, as root's again.
  EXPECT_EQ(credentials.SetReUid(kNoId, 0), 0);
  EXPECT_EQ(credentials.effective(), AllCapabilities());
}

TEST(CredentialsTest, WithoutPrivilegeIdsAreSwappedButNotMade) {
  Credentials credentials = Root();
  ASSERT_EQ(credentials.SetResUid(1, 2, 3), 0);
  EXPECT_EQ(credentials.effective(), 0u);
  EXPECT_EQ(credentials.permitted(), 0u);
  const Credentials before = credentials;
  EXPECT_EQ(credentials.SetResUid(3, 1, 4), -EPERM);
  EXPECT_EQ(credentials.SetReUid(3, kNoId), -EPERM);  // the saved one becomes no real one
  EXPECT_EQ(credentials.SetUid(2), -EPERM);           // nor is the effective one set so
  EXPECT_EQ(credentials.SetUid(kNoId), -EINVAL);
  EXPECT_EQ(credentials, before);
  EXPECT_EQ(credentials.SetResUid(3, 1, 2), 0);
  EXPECT_EQ(credentials.user(), (IdSet{3, 1, 2, 1}));
  EXPECT_EQ(credentials.SetUid(2), 0);
  EXPECT_EQ(credentials.user(), (IdSet{3, 2, 2, 2}));
}

TEST(CredentialsTest, FileSystemIdsTakeFilesCapabilitiesWithThem) {
  Credentials credentials = Root();
  EXPECT_EQ(credentials.SetFsUid(7), 0u);
  EXPECT_FALSE(credentials.Has(CAP_DAC_OVERRIDE));
  EXPECT_TRUE(credentials.Has(CAP_SETUID));
  EXPECT_EQ(credentials.SetFsUid(0), 7u);
  EXPECT_TRUE(credentials.Has(CAP_DAC_OVERRIDE));
  ASSERT_EQ(credentials.SetUid(7), 0);
  EXPECT_EQ(credentials.SetFsUid(0), 7u);
  EXPECT_EQ(credentials.SetFsUid(kNoId), 7u);
}

TEST(CredentialsTest, GroupsAreKeptInOrder) {
  Credentials credentials = Root();
  EXPECT_EQ(credentials.SetGroups({9, 1, 5}), 0);
  EXPECT_THAT(credentials.groups(), ElementsAre(1, 5, 9));
  EXPECT_TRUE(credentials.IsIn(5));
  EXPECT_TRUE(credentials.IsIn(0));
  EXPECT_FALSE(credentials.IsIn(4));
}

TEST(CredentialsTest, CapabilitiesAreGivenUpAndNotTaken) {
  Credentials credentials = Root();
  const CapabilitySet two = CapabilityBit(CAP_CHOWN) | CapabilityBit(CAP_SETUID);
  EXPECT_EQ(credentials.SetCapabilities(two, two, 0), 0);
  EXPECT_EQ(credentials.SetCapabilities(two, CapabilityBit(CAP_CHOWN), 0), -EPERM);
  EXPECT_EQ(credentials.SetCapabilities(0, AllCapabilities(), 0), -EPERM);
  EXPECT_EQ(credentials.SetCapabilities(0, two, CapabilityBit(CAP_KILL)), -EPERM);
  EXPECT_EQ(credentials.SetCapabilities(0, two, two), 0);
  EXPECT_EQ(credentials.effective(), 0u);
  EXPECT_EQ(credentials.SetUid(7), -EPERM);
}

TEST(CredentialsTest, AnotherProgramHasWhatItsUserHas) {
  Credentials credentials = Root();
  ASSERT_EQ(credentials.SetCapabilities(0, 0, 0), 0);
  credentials.Exec();
  EXPECT_EQ(credentials.effective(), AllCapabilities());
  ASSERT_EQ(credentials.Control(PR_SET_KEEPCAPS, 1, 0), 0);
  ASSERT_EQ(credentials.SetResUid(7, 7, 8), 0);
  EXPECT_EQ(credentials.permitted(), AllCapabilities());
  credentials.Exec();
  EXPECT_EQ(credentials.permitted(), 0u);
  EXPECT_EQ(credentials.user().saved, 7u);
  EXPECT_EQ(credentials.Control(PR_GET_KEEPCAPS, 0, 0), 0);
}

TEST(CredentialsTest, AmbientCapabilitiesGoOnToOtherPrograms) {
  Credentials credentials = Root();
  EXPECT_EQ(credentials.Control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN), -EPERM);
  ASSERT_EQ(credentials.SetCapabilities(AllCapabilities(), AllCapabilities(), AllCapabilities()),
            0);
  ASSERT_EQ(credentials.Control(PR_SET_KEEPCAPS, 1, 0), 0);
  ASSERT_EQ(credentials.SetUid(7), 0);
  EXPECT_EQ(credentials.Control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN), 0);
  EXPECT_EQ(credentials.Control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN), 1);
  EXPECT_EQ(credentials.Control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL), 0);
  credentials.Exec();
  EXPECT_EQ(credentials.effective(), CapabilityBit(CAP_CHOWN));
  EXPECT_EQ(credentials.Control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0), 0);
  credentials.Exec();
  EXPECT_EQ(credentials.effective(), 0u);
}

TEST(CredentialsTest, BoundsAndSecureBitsHold) {
  Credentials credentials = Root();
  EXPECT_EQ(credentials.Control(PR_CAPBSET_DROP, CAP_MKNOD, 0), 0);
  EXPECT_EQ(credentials.Control(PR_CAPBSET_READ, CAP_MKNOD, 0), 0);
  EXPECT_EQ(credentials.Control(PR_CAPBSET_READ, 63, 0), -EINVAL);
  credentials.Exec();
  EXPECT_FALSE(credentials.Has(CAP_MKNOD));
  const uint32_t locked = SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;
  EXPECT_EQ(credentials.Control(PR_SET_SECUREBITS, 1U << 20U, 0), -EPERM);
  EXPECT_EQ(credentials.Control(PR_SET_SECUREBITS, locked, 0), 0);
  EXPECT_EQ(credentials.Control(PR_SET_SECUREBITS, 0, 0), -EPERM);
  EXPECT_EQ(credentials.Control(PR_GET_SECUREBITS, 0, 0), locked);
  ASSERT_EQ(credentials.SetUid(7), 0);
  EXPECT_TRUE(credentials.Has(CAP_CHOWN));
  EXPECT_EQ(credentials.Control(PR_GET_DUMPABLE, 0, 0), std::nullopt);
}

TEST(CredentialsTest, TextSaysAll) {
  Credentials credentials(7, 8, {9, 10});
  ASSERT_EQ(credentials.Control(PR_SET_KEEPCAPS, 1, 0), 0);
  for (const Credentials& one : {credentials, Root(), Credentials(1, 2, {})}) {
    const absl::StatusOr<Credentials> read = Credentials::FromText(one.ToText());
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(*read, one);
  }
  for (const char* wrong : {"", "1 2 3", "0 0 0 0 0 0 0 0 0 0 0 0 0 x", "a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Credentials::FromText(wrong).status())) << wrong;
  }
}

}  // namespace
}  // namespace provost
