#include "supervisor/containers.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "tracee/network_namespace.h"

namespace provost {
namespace {

using testing::HasSubstr;
using Kin = Containers::Kin;
using Contids = std::vector<uint64_t>;

TEST(Containers, ChildrenInheritAndThreadsShare) {
  Containers containers;
  containers.Begin(1);
  EXPECT_EQ(containers.Of(1), std::nullopt);
  PROVOST_ASSERT_OK(containers.Set(1, 0));  // 0 is an identifier like any other
  EXPECT_EQ(containers.Of(1), 0u);
  containers.Born(2, 1, Kin::kThread);
  containers.Born(3, 2, Kin::kChild);
  containers.Born(4, 3, Kin::kThread);
  containers.Born(5, 4, Kin::kChild);
  for (const pid_t tid : {2, 3, 4, 5}) EXPECT_EQ(containers.Of(tid), 0u) << tid;
  EXPECT_EQ(containers.Of(6), std::nullopt);
}

TEST(Containers, AThreadIsLabelledWithItsProcess) {
  Containers containers;
  containers.Begin(1);
  containers.Born(2, 1, Kin::kThread);
  containers.Ended(1);  // its first thread; the process goes on
  PROVOST_ASSERT_OK(containers.Set(2, 7));
  EXPECT_EQ(containers.Of(2), 7u);
  EXPECT_EQ(containers.Of(1), std::nullopt);
}

TEST(Containers, RefusesAsTheProposalDoes) {
  Containers containers;
  for (const pid_t tid : {1, 2, 3, 4}) containers.Begin(tid);
  containers.Born(20, 2, Kin::kChild);
  containers.Born(30, 3, Kin::kThread);
  PROVOST_ASSERT_OK(containers.Set(4, UINT64_MAX - 1));
  containers.Born(40, 4, Kin::kChild);
  const struct {
    pid_t tid;
    uint64_t contid;
    absl::StatusCode code;
    const char* complaint;
  } kTable[] = {
      {1, Containers::kUnset, absl::StatusCode::kInvalidArgument, "without a container"},
      {9, 5, absl::StatusCode::kNotFound, "task 9 is not one of the run's"},
      {2, 5, absl::StatusCode::kFailedPrecondition,
       "task 2 cannot be put into container 5: it has children (EBUSY)"},
      {3, 5, absl::StatusCode::kFailedPrecondition, "has threads (EALREADY)"},
      {30, 5, absl::StatusCode::kFailedPrecondition, "has threads"},
      {4, 5, absl::StatusCode::kAlreadyExists, "is in container 18446744073709551614"},
      {4, UINT64_MAX - 1, absl::StatusCode::kAlreadyExists, "is in container"},
      {40, 5, absl::StatusCode::kAlreadyExists, "is in container"},
  };
  for (const auto& row : kTable) {
    const auto before = containers.Of(row.tid);
    EXPECT_THAT(containers.Set(row.tid, row.contid), StatusIs(row.code, HasSubstr(row.complaint)));
    EXPECT_EQ(containers.Of(row.tid), before);
  }
  // What stood against it can go.
  containers.Ended(20);
  containers.Ended(30);
  PROVOST_EXPECT_OK(containers.Set(2, 5));
  PROVOST_EXPECT_OK(containers.Set(3, 5));
}

TEST(Containers, WhatHasEndedIsForgotten) {
  Containers containers;
  containers.Begin(1);
  PROVOST_ASSERT_OK(containers.Set(1, 7));
  containers.Born(2, 1, Kin::kChild);
  containers.Ended(1);
  containers.Ended(1);
  containers.Ended(99);
  EXPECT_EQ(containers.Of(1), std::nullopt);
  EXPECT_EQ(containers.Of(2), 7u);  // an orphan keeps it
  // A later process of the same id is another one, and not the orphan's parent.
  containers.Begin(1);
  EXPECT_EQ(containers.Of(1), std::nullopt);
  containers.Ended(2);
  PROVOST_EXPECT_OK(containers.Set(1, 8));
  EXPECT_EQ(containers.Of(1), 8u);
}

TEST(Containers, TheNewsOfABirthMayComeTwiceOrLate) {
  Containers containers;
  containers.Begin(1);
  PROVOST_ASSERT_OK(containers.Set(1, 7));
  containers.Born(2, 1, Kin::kChild);
  containers.Born(2, 1, Kin::kChild);
  containers.Born(2, 1, Kin::kThread);
  containers.Ended(2);
  containers.Born(3, 99, Kin::kChild);  // of an unknown creator
  EXPECT_EQ(containers.Of(3), std::nullopt);
  PROVOST_EXPECT_OK(containers.Set(3, 9));
}

TEST(Containers, ThoseThatShareANetworkNamespace) {
  Containers containers;
  constexpr NetworkNamespace kHost = {4, 100};
  constexpr NetworkNamespace kOther = {4, 101};
  std::map<pid_t, NetworkNamespace> networks;
  int asked = 0;
  const auto read = [&](pid_t tid) -> std::optional<NetworkNamespace> {
    ++asked;
    const auto found = networks.find(tid);
    if (found == networks.end()) return std::nullopt;
    return found->second;
  };
  for (const pid_t tid : {1, 2, 3, 4}) {
    containers.Begin(tid);
    networks[tid] = kHost;
  }
  EXPECT_FALSE(containers.HasLabels());
  PROVOST_ASSERT_OK(containers.Set(1, 50));
  EXPECT_TRUE(containers.HasLabels());
  EXPECT_EQ(containers.SharingNetwork(1, read), (Contids{50}));
  EXPECT_EQ(asked, 0) << "there is no other container";
  PROVOST_ASSERT_OK(containers.Set(2, 20));
  PROVOST_ASSERT_OK(containers.Set(3, 30));
  networks[3] = kOther;
  containers.Born(10, 1, Kin::kChild);
  containers.Born(11, 1, Kin::kThread);
  networks[10] = networks[11] = kHost;
  EXPECT_EQ(containers.SharingNetwork(1, read), (Contids{20, 50}));
  EXPECT_EQ(containers.SharingNetwork(10, read), (Contids{20, 50}));
  EXPECT_EQ(containers.SharingNetwork(3, read), (Contids{30}));
  EXPECT_EQ(containers.SharingNetwork(4, read), (Contids{20, 50}));  // without one itself
  EXPECT_EQ(containers.SharingNetwork(99, read), Contids());
  networks[11] = kOther;  // a thread of its own namespace
  EXPECT_EQ(containers.SharingNetwork(3, read), (Contids{30, 50}));
  containers.Ended(2);
  EXPECT_EQ(containers.SharingNetwork(4, read), (Contids{50}));
  networks.erase(4);  // hidden from us
  EXPECT_EQ(containers.SharingNetwork(4, read), Contids());
}

TEST(Containers, AMarkIsSharedInheritedAndTakenBack) {
  Containers containers;
  containers.Begin(1, {.contid = std::nullopt, .audited = true});
  containers.Born(2, 1, Kin::kChild);
  containers.Born(3, 2, Kin::kThread);
  EXPECT_TRUE(containers.IsAudited(2));
  EXPECT_THAT(containers.SetAudited(3, false), IsOk());
  EXPECT_FALSE(containers.IsAudited(2));
  EXPECT_TRUE(containers.IsAudited(1));
  containers.Born(4, 3, Kin::kChild);
  EXPECT_FALSE(containers.IsAudited(4));
  PROVOST_ASSERT_OK_AND_ASSIGN(const bool was, containers.SetAudited(1, true));
  EXPECT_TRUE(was);
  EXPECT_THAT(containers.SetAudited(9, true),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("task 9 is not one of the run's")));
  EXPECT_FALSE(containers.IsAudited(9));
}

TEST(Containers, AContainerIsAuditedAsAWhole) {
  Containers containers;
  containers.Begin(1);
  containers.Begin(2);
  PROVOST_ASSERT_OK(containers.Set(1, 7));
  EXPECT_THAT(containers.SetContainerAudited(Containers::kUnset, true),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a container")));
  PROVOST_ASSERT_OK_AND_ASSIGN(bool was, containers.SetContainerAudited(7, true));
  EXPECT_FALSE(was);
  EXPECT_TRUE(containers.IsAudited(1));
  EXPECT_FALSE(containers.IsAudited(2));
  PROVOST_ASSERT_OK(containers.Set(2, 7));  // later
  EXPECT_TRUE(containers.IsAudited(2));
  EXPECT_THAT(containers.SetAudited(2, false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("its container 7 is")));
  std::map<pid_t, Containers::Marks> listed;
  for (const auto& [pid, marks] : containers.Processes()) listed[pid] = marks;
  EXPECT_EQ(listed, (std::map<pid_t, Containers::Marks>{{1, {7, true}}, {2, {7, true}}}));
  PROVOST_ASSERT_OK_AND_ASSIGN(was, containers.SetContainerAudited(7, false));
  EXPECT_TRUE(was);
  EXPECT_FALSE(containers.IsAudited(1));
}

TEST(Containers, OfEachContainerOneProcessStandsForIt) {
  Containers containers;
  for (const pid_t tid : {1, 2, 3}) containers.Begin(tid);
  EXPECT_TRUE(containers.Representatives().empty());
  PROVOST_ASSERT_OK(containers.Set(2, 7));
  containers.Born(20, 2, Kin::kChild);
  PROVOST_ASSERT_OK(containers.Set(3, 8));
  using Map = std::map<pid_t, uint64_t>;
  EXPECT_EQ(containers.Representatives(), (Map{{2, 7}, {3, 8}}));
  containers.Ended(2);
  EXPECT_EQ(containers.Representatives(), (Map{{3, 8}, {20, 7}}));
}

}  // namespace
}  // namespace provost
