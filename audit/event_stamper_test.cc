#include "audit/event_stamper.h"

#include <time.h>

#include <cstdint>
#include <set>
#include <string>

#include "audit/formatter.h"
#include "audit/testing.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

TEST(EventStamper, SerialsRiseByOne) {
  EventStamper stamper(7);
  EXPECT_EQ(stamper.Next().serial, 7u);
  EXPECT_EQ(stamper.Next().serial, 8u);
  stamper.Skip(0);
  EXPECT_EQ(stamper.Next().serial, 9u);
  stamper.Skip(3);
  EXPECT_EQ(stamper.Next().serial, 13u);
}

TEST(EventStamper, NeverGivesZeroNorMoreThanTheKernelsWidth) {
  EventStamper stamper(UINT32_MAX - 1);
  EXPECT_EQ(stamper.Next().serial, UINT32_MAX - 1);
  EXPECT_EQ(stamper.Next().serial, UINT32_MAX);
  EXPECT_EQ(stamper.Next().serial, 1u);
  stamper.Skip(UINT32_MAX);
  EXPECT_EQ(stamper.Next().serial, 2u);
  stamper.Skip(UINT32_MAX - 3);
  EXPECT_EQ(stamper.Next().serial, UINT32_MAX);
  EXPECT_EQ(stamper.Next().serial, 1u);
}

TEST(EventStamper, ACopyThrownAwayHasUsedNothing) {
  EventStamper stamper(7);
  EventStamper copy = stamper;
  copy.Next();
  copy.Skip(100);
  EXPECT_EQ(stamper.Next().serial, 7u);
}

TEST(EventStamper, StartsHighAndEachTimeElsewhere) {
  std::set<uint64_t> starts;
  for (int i = 0; i < 100; ++i) {
    const uint64_t serial = EventStamper().Next().serial;
    EXPECT_GE(serial, 1u << 30);
    EXPECT_LT(serial, 3u << 30);
    starts.insert(serial);
  }
  // A collision among 100 of 2^31 happens in two runs of a million.
  EXPECT_GE(starts.size(), 99u);
}

// Readers merge two events that share time and serial.
TEST(EventStamper, ForkedChildrenStartElsewhere) {
  std::set<std::string> starts;
  for (int i = 0; i < 3; ++i) {
    starts.insert(InChild([] { return std::to_string(EventStamper().Next().serial); }));
  }
  EXPECT_EQ(starts.size(), 3u);
}

TEST(EventStamper, TakesTheTimeOfTheWallClock) {
  timespec before;
  timespec after;
  clock_gettime(CLOCK_REALTIME, &before);
  const EventStamp stamp = EventStamper(1).Next();
  clock_gettime(CLOCK_REALTIME, &after);
  const int64_t stamped = stamp.seconds * 1000 + stamp.milliseconds;
  EXPECT_GE(stamped, before.tv_sec * 1000 + before.tv_nsec / 1'000'000);
  EXPECT_LE(stamped, after.tv_sec * 1000 + after.tv_nsec / 1'000'000);
  EXPECT_GE(stamp.milliseconds, 0);
  EXPECT_LE(stamp.milliseconds, 999);
}

}  // namespace
}  // namespace provost
