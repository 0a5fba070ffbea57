#include "supervisor/placement_choice.h"

#include <chrono>
#include <map>

#include "gtest/gtest.h"

namespace provost {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Nanoseconds = PlacementChoice::Nanoseconds;

// A machine on which a stop costs so much in each place.
class Machine {
 public:
  explicit Machine(PlacementMode mode) : choice(mode) {}

  // Runs until so much time has passed; returns how much of it was spent in each place.
  std::map<Place, Nanoseconds> Run(Nanoseconds time) {
    std::map<Place, Nanoseconds> spent;
    for (const Nanoseconds end = now + time; now < end;) {
      const Place place = choice.place();
      const Nanoseconds window = cost[place] * PlacementChoice::kWindow;
      now += window;
      spent[place] += window;
      choice.Next(now, cost[place], possible);
    }
    return spent;
  }

  PlacementChoice choice;
  PlacementChoice::Possible possible = {.together = true, .spinning = true};
  std::map<Place, Nanoseconds> cost = {{Place::kFree, microseconds(50)},
                                       {Place::kTogether, microseconds(12)},
                                       {Place::kSpinning, microseconds(20)}};
  Nanoseconds now = seconds(1000);
};

TEST(PlacementChoiceTest, TakesTheFastest) {
  for (const Place fastest : {Place::kFree, Place::kTogether, Place::kSpinning}) {
    Machine machine(PlacementMode::kAuto);
    machine.cost = {{Place::kFree, microseconds(50)},
                    {Place::kTogether, microseconds(50)},
                    {Place::kSpinning, microseconds(50)}};
    machine.cost[fastest] = microseconds(10);
    machine.Run(milliseconds(100));
    const auto spent = machine.Run(seconds(10));
    EXPECT_GE(spent.at(fastest), milliseconds(9800)) << static_cast<int>(fastest);
  }
}

TEST(PlacementChoiceTest, NoticesThatAnotherHasBecomeTheFastest) {
  Machine machine(PlacementMode::kAuto);
  machine.Run(seconds(10));
  EXPECT_EQ(machine.choice.place(), Place::kTogether);
  machine.cost[Place::kTogether] = microseconds(60);
  machine.Run(PlacementChoice::kLongestHold + milliseconds(50));
  EXPECT_EQ(machine.Run(seconds(1)).count(Place::kSpinning), 1u);
  EXPECT_EQ(machine.choice.place(), Place::kSpinning);
}

TEST(PlacementChoiceTest, SpinsOnlyIfThatIsWorthACpu) {
  Machine machine(PlacementMode::kAuto);
  machine.possible.together = false;
  machine.cost[Place::kSpinning] = microseconds(45);
  machine.Run(milliseconds(100));
  EXPECT_GE(machine.Run(seconds(10))[Place::kFree], milliseconds(9800));
}

TEST(PlacementChoiceTest, DoesOnlyWhatIsPossible) {
  Machine machine(PlacementMode::kAuto);
  machine.possible = {};
  const auto spent = machine.Run(seconds(1));
  EXPECT_EQ(spent.size(), 1u);
  EXPECT_EQ(spent.count(Place::kFree), 1u);
}

TEST(PlacementChoiceTest, IsFreeWhereTasksAreNotHot) {
  for (const PlacementMode mode :
       {PlacementMode::kAuto, PlacementMode::kTogether, PlacementMode::kSpin}) {
    Machine machine(mode);
    machine.Run(milliseconds(100));
    EXPECT_NE(machine.choice.place(), Place::kFree);
    for (auto& [place, cost] : machine.cost) cost = PlacementChoice::kCool * 2;
    machine.Run(milliseconds(100));
    EXPECT_EQ(machine.Run(seconds(1)).size(), 1u);
    EXPECT_EQ(machine.choice.place(), Place::kFree);
  }
}

TEST(PlacementChoiceTest, DoesAsItIsTold) {
  Machine off(PlacementMode::kOff);
  EXPECT_EQ(off.Run(seconds(1)).count(Place::kFree), 1u);
  EXPECT_EQ(off.choice.place(), Place::kFree);
  Machine together(PlacementMode::kTogether);
  together.cost[Place::kTogether] = microseconds(60);
  EXPECT_GE(together.Run(seconds(1))[Place::kTogether], milliseconds(990));
  Machine spin(PlacementMode::kSpin);
  EXPECT_GE(spin.Run(seconds(1))[Place::kSpinning], milliseconds(990));
}

TEST(PlacementChoiceTest, StaysAwayLongerEachTimeItIsStarved) {
  Machine machine(PlacementMode::kAuto);
  machine.possible.spinning = false;
  Nanoseconds barred = PlacementChoice::kLeastBar;
  for (int i = 0; i < 5; ++i) {
    machine.Run(PlacementChoice::kLongestHold);
    ASSERT_EQ(machine.choice.place(), Place::kTogether) << i;
    machine.choice.WasLeft(machine.now, /*starved=*/true);
    EXPECT_EQ(machine.choice.place(), Place::kFree);
    EXPECT_EQ(machine.Run(barred - milliseconds(2)).count(Place::kTogether), 0u) << i;
    barred = barred * 2;
  }
}

TEST(PlacementChoiceTest, ComesBackAtOnceWhereTasksHadOnlyCooled) {
  Machine machine(PlacementMode::kAuto);
  machine.Run(seconds(10));
  ASSERT_EQ(machine.choice.place(), Place::kTogether);
  machine.choice.WasLeft(machine.now, /*starved=*/false);
  EXPECT_EQ(machine.choice.place(), Place::kFree);
  EXPECT_LE(machine.Run(milliseconds(50))[Place::kFree], milliseconds(2));
  EXPECT_EQ(machine.choice.place(), Place::kTogether);
}

}  // namespace
}  // namespace provost
