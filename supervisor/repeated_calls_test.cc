#include "supervisor/repeated_calls.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "policy/policy_state.h"

namespace provost {
namespace {

constexpr int32_t kRead = 0;
constexpr int32_t kNanosleep = 35;
constexpr int32_t kRestart = 219;

SyscallRequest Call(int32_t nr, uint64_t ip = 0x1000, uint64_t sp = 0x7000) {
  SyscallRequest request;
  request.arch = AUDIT_ARCH_X86_64;
  request.nr = nr;
  request.args = {3, 4, 5};
  request.ip = ip;
  request.sp = sp;
  return request;
}

InterruptedCall Interrupted(const SyscallRequest& request) {
  return {request.nr, request.ip, request.sp};
}

class RepeatedCallsTest : public testing::Test {
 protected:
  // True if the call that enters is known to have been counted; marks it as counted.
  bool IsKnown(const SyscallRequest& request) {
    CountedCall& counted = calls_.Enter(request);
    const bool known = counted.Find(&state_, 0).has_value();
    if (!known) counted.Add(&state_, 0, true);
    return known;
  }

  PolicyState state_;
  RepeatedCalls calls_;
};

TEST_F(RepeatedCallsTest, TheSameCallAgainIsNew) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  EXPECT_FALSE(IsKnown(Call(kRead)));
}

TEST_F(RepeatedCallsTest, AnInterruptedCallIsKnownAsOftenAsItIsRestarted) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  for (int i = 0; i < 20; ++i) {
    calls_.Interrupt(Interrupted(Call(kRead)));
    EXPECT_TRUE(IsKnown(Call(kRead)));
  }
  EXPECT_FALSE(IsKnown(Call(kRead)));
}

TEST_F(RepeatedCallsTest, RestartSyscallGoesOnWithIt) {
  EXPECT_FALSE(IsKnown(Call(kNanosleep)));
  calls_.Interrupt(Interrupted(Call(kNanosleep)));
  EXPECT_TRUE(IsKnown(Call(kRestart)));
  calls_.Interrupt(Interrupted(Call(kRestart)));
  EXPECT_TRUE(IsKnown(Call(kRestart)));
  EXPECT_FALSE(IsKnown(Call(kRestart)));
}

TEST_F(RepeatedCallsTest, HandlersCallsAreTheirOwn) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  calls_.Interrupt(Interrupted(Call(kRead)));
  EXPECT_FALSE(IsKnown(Call(kRead, 0x2000, 0x6000)));
  calls_.Interrupt(Interrupted(Call(kRead, 0x2000, 0x6000)));
  EXPECT_FALSE(IsKnown(Call(kRead, 0x3000, 0x5000)));
  EXPECT_TRUE(IsKnown(Call(kRead, 0x2000, 0x6000)));
  EXPECT_TRUE(IsKnown(Call(kRead)));
}

TEST_F(RepeatedCallsTest, OtherArgumentsAreAnotherCall) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  calls_.Interrupt(Interrupted(Call(kRead)));
  SyscallRequest other = Call(kRead);
  other.args[2] = 6;
  EXPECT_FALSE(IsKnown(other));
}

TEST_F(RepeatedCallsTest, OnlyTheCallItWasInIsInterrupted) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  // A call that did not stop, then the stop again that the group's stop is.
  calls_.Interrupt(Interrupted(Call(kNanosleep, 0x9000)));
  EXPECT_FALSE(IsKnown(Call(kRead)));
  calls_.Interrupt(Interrupted(Call(kRead)));
  calls_.Interrupt(Interrupted(Call(kRead)));
  EXPECT_TRUE(IsKnown(Call(kRead)));
  EXPECT_FALSE(IsKnown(Call(kRead)));
}

TEST_F(RepeatedCallsTest, AnotherProgramHasBegunNothing) {
  EXPECT_FALSE(IsKnown(Call(kRead)));
  calls_.Interrupt(Interrupted(Call(kRead)));
  calls_.Clear();
  EXPECT_FALSE(IsKnown(Call(kRead)));
}

TEST_F(RepeatedCallsTest, WhatIsNeverRestartedIsForgotten) {
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(IsKnown(Call(kRead, 0x1000 + i)));
    calls_.Interrupt(Interrupted(Call(kRead, 0x1000 + i)));
  }
  EXPECT_FALSE(IsKnown(Call(kRead, 0x1000)));
  EXPECT_TRUE(IsKnown(Call(kRead, 0x1000 + 99)));
}

}  // namespace
}  // namespace provost
