#include "supervisor/lineage.h"

#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "supervisor/containers.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

using Marks = Containers::Marks;

constexpr Marks kNone;
constexpr Marks kIn7 = {.contid = 7, .audited = false};

// A run whose program is process 10, started by process 2, with what /proc would say.
class LineageTest : public testing::Test {
 protected:
  LineageTest()
      : lineage_(containers_, [this](pid_t tid) -> absl::StatusOr<TaskStatus> {
          const auto found = proc_.find(tid);
          if (found == proc_.end()) return absl::NotFoundError("no such task");
          return found->second;
        }) {
    proc_[10] = {.process = 10, .parent = 2};
  }

  // A run in which 10 has a child 20, and 20 is in container 7.
  void Begin() {
    lineage_.Begin(kNone);
    lineage_.Seen(10);
    proc_[20] = {.process = 20, .parent = 10};
    lineage_.Follow({20, 10});
    PROVOST_ASSERT_OK(containers_.Set(20, 7));
  }

  Containers containers_;
  absl::flat_hash_map<pid_t, TaskStatus> proc_;
  Lineage lineage_;
};

TEST_F(LineageTest, UntilMarksDifferNothingIsRead) {
  proc_.clear();
  lineage_.Begin({.contid = 5, .audited = true});
  lineage_.Seen(10);
  lineage_.Created(11, 10);
  lineage_.Seen(11);
  EXPECT_EQ(containers_.MarksOf(11), (Marks{5, true}));
  EXPECT_EQ(containers_.Of(12), std::nullopt);
  lineage_.Ended(11);
  EXPECT_EQ(containers_.Of(11), std::nullopt);
}

TEST_F(LineageTest, FollowsTheTasksThatThereAre) {
  lineage_.Begin({.contid = std::nullopt, .audited = true});
  proc_[11] = {.process = 10, .parent = 2};
  proc_[20] = {.process = 20, .parent = 10};
  proc_[30] = {.process = 30, .parent = 20};
  proc_[40] = {.process = 40, .parent = 1};  // an orphan
  lineage_.Follow({30, 20, 11, 40, 10});
  for (const pid_t tid : {10, 11, 20, 30, 40}) {
    EXPECT_EQ(containers_.MarksOf(tid), (Marks{std::nullopt, true})) << tid;
  }
  using testing::HasSubstr;
  EXPECT_THAT(containers_.Set(10, 7),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("children (EBUSY)")));
  EXPECT_THAT(containers_.Set(20, 7),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("EBUSY")));
  PROVOST_EXPECT_OK(containers_.Set(30, 7));
  PROVOST_EXPECT_OK(containers_.Set(40, 8));
  lineage_.Ended(20);  // its child is an orphan now
  EXPECT_THAT(containers_.Set(10, 7),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("threads (EALREADY)")));
  lineage_.Ended(11);
  PROVOST_EXPECT_OK(containers_.Set(10, 9));
}

// The two reports of a birth come in either order.
TEST_F(LineageTest, AChildIsWhatItsCreatorIs) {
  Begin();
  proc_[21] = {.process = 21, .parent = 20};
  lineage_.Created(21, 20);
  EXPECT_EQ(containers_.Of(21), 7u) << "before its own first stop";
  lineage_.Seen(21);
  EXPECT_EQ(containers_.Of(21), 7u);
  proc_[22] = {.process = 22, .parent = 20};
  lineage_.Seen(22);
  EXPECT_EQ(containers_.Of(22), 7u) << "before its creator's event";
  lineage_.Created(22, 20);
  EXPECT_EQ(containers_.Of(22), 7u);
  proc_[23] = {.process = 20, .parent = 10};
  lineage_.Seen(23);
  EXPECT_EQ(containers_.Of(23), 7u) << "a thread";
  lineage_.Created(23, 20);
  proc_[11] = {.process = 11, .parent = 10};
  lineage_.Seen(11);
  EXPECT_EQ(containers_.Of(11), std::nullopt);
  lineage_.Created(11, 10);
  EXPECT_EQ(containers_.Of(11), std::nullopt);
}

TEST_F(LineageTest, AParentNeedNotBeTheCreator) {
  Begin();
  // 20 makes 24 with CLONE_PARENT, and it is seen and has a child of its own before 20 says so.
  proc_[24] = {.process = 24, .parent = 10};
  proc_[25] = {.process = 25, .parent = 24};
  lineage_.Seen(24);
  lineage_.Created(25, 24);
  EXPECT_EQ(containers_.Of(25), std::nullopt);
  lineage_.Created(24, 20);
  EXPECT_EQ(containers_.Of(24), 7u);
  EXPECT_EQ(containers_.Of(25), 7u);
  // The other way round it leaves nothing behind either.
  proc_[26] = {.process = 26, .parent = 20};
  lineage_.Seen(26);
  EXPECT_EQ(containers_.Of(26), 7u);
  lineage_.Created(26, 10);
  EXPECT_EQ(containers_.Of(26), std::nullopt);
}

TEST_F(LineageTest, NobodyGetsOutByDying) {
  Begin();
  // 20 made them and was killed before it could say so: a sibling's by CLONE_PARENT, and an orphan.
  proc_[24] = {.process = 24, .parent = 10};
  proc_[25] = {.process = 25, .parent = 1};
  lineage_.Seen(24);
  lineage_.Seen(25);
  EXPECT_EQ(containers_.Of(24), std::nullopt);
  lineage_.Ended(20);
  EXPECT_EQ(containers_.Of(24), 7u);
  EXPECT_EQ(containers_.Of(25), 7u);
  // This one is seen only after its end was.
  proc_[26] = {.process = 26, .parent = 1};
  lineage_.Seen(26);
  EXPECT_EQ(containers_.Of(26), 7u);
  // What its creator says later counts.
  lineage_.Created(26, 10);
  EXPECT_EQ(containers_.Of(26), std::nullopt);
  // A child of somebody else is none of its business.
  proc_[11] = {.process = 11, .parent = 10};
  lineage_.Created(11, 10);
  lineage_.Ended(24);
  EXPECT_EQ(containers_.Of(11), std::nullopt);
}

TEST_F(LineageTest, NewsOfWhoIsGoneLeavesNothing) {
  Begin();
  lineage_.Created(21, 20);  // not in /proc any more
  EXPECT_FALSE(containers_.Knows(21));
  proc_[22] = {.process = 22, .parent = 20, .ended = true};
  lineage_.Created(22, 20);
  EXPECT_FALSE(containers_.Knows(22));
  lineage_.Ended(22);
}

TEST_F(LineageTest, ExecLeavesOneThread) {
  Begin();
  for (const pid_t thread : {11, 12, 13}) {
    proc_[thread] = {.process = 10, .parent = 2};
    lineage_.Created(thread, 10);
  }
  lineage_.Ended(20);
  PROVOST_ASSERT_OK_AND_ASSIGN(const bool was, containers_.SetAudited(12, true));
  EXPECT_FALSE(was);
  lineage_.Executed(10, 12);
  EXPECT_FALSE(containers_.Knows(12));
  EXPECT_FALSE(containers_.Knows(13));
  EXPECT_TRUE(containers_.IsAudited(10));
  PROVOST_EXPECT_OK(containers_.Set(10, 8));
  lineage_.Ended(13);  // reported all the same
  EXPECT_EQ(containers_.Of(10), 8u);
}

}  // namespace
}  // namespace provost
