#include "supervisor/placement.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/scheduling.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

// A task that does nothing; the thread follows it all the same.
class PlacementTest : public testing::Test {
 protected:
  void SetUp() override {
    PROVOST_ASSERT_OK_AND_ASSIGN(ordinary_, Scheduling::Of(0));
    if (ordinary_.cpus.count() < 2) GTEST_SKIP() << "needs two CPUs";
    if (const absl::Status may = Placement::MayBeTogether(); !may.ok()) GTEST_SKIP() << may;
    task_ = fork();
    if (task_ == 0) {
      for (;;) pause();
    }
    ASSERT_GT(task_, 0);
  }
  void TearDown() override {
    if (task_ <= 0) return;
    kill(task_, SIGKILL);
    waitpid(task_, nullptr, 0);
    ExpectOrdinary();
  }

  void ExpectOrdinary() {
    PROVOST_ASSERT_OK_AND_ASSIGN(const Scheduling now, Scheduling::Of(0));
    EXPECT_EQ(now.policy, ordinary_.policy);
    EXPECT_TRUE(now.cpus == ordinary_.cpus);
  }
  // Stops without end come to `placement`, until it does that.
  template <typename Condition>
  bool StopUntil(Placement& placement, Condition condition) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      placement.OnStop(task_);
    }
    return true;
  }

  Scheduling ordinary_;
  pid_t task_ = 0;
};

TEST_F(PlacementTest, IsOnTheTasksCpuAloneWhileItStopsOften) {
  Placement placement(PlacementMode::kTogether);
  ExpectOrdinary();
  // In one look: a thread that is kept from its CPU for long is put back.
  EXPECT_TRUE(StopUntil(placement, [] {
    const absl::StatusOr<CpuSet> cpus = CpuSet::Of(0);
    return cpus.ok() && cpus->count() == 1 && sched_getscheduler(0) == SCHED_IDLE;
  }));
}

TEST_F(PlacementTest, ComesBackWhenNoStopComes) {
  Placement placement(PlacementMode::kTogether);
  ASSERT_TRUE(StopUntil(placement, [] { return sched_getscheduler(0) == SCHED_IDLE; }));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto is_back = [&] {
    const absl::StatusOr<Scheduling> now = Scheduling::Of(0);
    return now.ok() && now->policy == ordinary_.policy && now->cpus == ordinary_.cpus;
  };
  while (!is_back()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  // And goes again.
  EXPECT_TRUE(StopUntil(placement, [] { return sched_getscheduler(0) == SCHED_IDLE; }));
}

TEST_F(PlacementTest, ComesBackInTheEnd) {
  {
    Placement placement(PlacementMode::kTogether);
    ASSERT_TRUE(StopUntil(placement, [] { return sched_getscheduler(0) == SCHED_IDLE; }));
  }
  ExpectOrdinary();
}

TEST_F(PlacementTest, NewThreadsAreOrdinaryIfTheySaySo) {
  Placement placement(PlacementMode::kTogether);
  ASSERT_TRUE(StopUntil(placement, [] { return sched_getscheduler(0) == SCHED_IDLE; }));
  std::thread([this] {
    TakeOrdinaryScheduling();
    ExpectOrdinary();
  }).join();
}

TEST_F(PlacementTest, WhatSomebodyElseSetsStays) {
  const pid_t self = gettid();
  {
    Placement placement(PlacementMode::kTogether);
    ASSERT_TRUE(StopUntil(placement, [] { return sched_getscheduler(0) == SCHED_IDLE; }));
    std::thread([&] { PROVOST_EXPECT_OK(SetSchedulingPolicy(self, SCHED_BATCH)); }).join();
  }
  EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
  PROVOST_ASSERT_OK(SetSchedulingPolicy(0, ordinary_.policy));
}

TEST_F(PlacementTest, LeavesAThreadAloneThatIsOff) {
  Placement placement(PlacementMode::kOff);
  for (int i = 0; i < 100'000; ++i) placement.OnStop(task_);
  EXPECT_EQ(placement.place(), Place::kFree);
  ExpectOrdinary();
}

TEST_F(PlacementTest, LeavesAThreadAloneThatHasOneCpu) {
  const CpuSet one(sched_getcpu());
  PROVOST_ASSERT_OK(one.Give(0));
  {
    Placement placement(PlacementMode::kTogether);
    for (int i = 0; i < 100'000; ++i) placement.OnStop(task_);
    EXPECT_EQ(placement.place(), Place::kFree);
    EXPECT_EQ(sched_getscheduler(0), ordinary_.policy);
  }
  PROVOST_ASSERT_OK(ordinary_.cpus.Give(0));
}

}  // namespace
}  // namespace provost
