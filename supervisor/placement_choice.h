#ifndef PROVOST_SUPERVISOR_PLACEMENT_CHOICE_H_
#define PROVOST_SUPERVISOR_PLACEMENT_CHOICE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace provost {

// How the tracing thread and tasks that stop often come to their CPUs (supervisor/placement.h).
enum class Place : uint8_t {
  kFree,      // as the scheduler has it
  kTogether,  // the thread follows the tasks to their CPU, and gives way to them there
  kSpinning,  // it does not sleep between two stops
};
inline constexpr size_t kNumPlaces = 3;

enum class PlacementMode : uint8_t {
  kAuto,      // what turns out to be the fastest
  kTogether,  // while tasks are hot
  kSpin,      // while tasks are hot
  kOff,
};

// Chooses among the places by what stops cost in each: a window of stops at a time, each as long as
// so many stops take. Tasks are hot while a stop comes every kCool or sooner. What is the fastest
// differs between machines, programs and the load of others, so that it is tried, and tried again
// now and then. No clock and no kernel in here.
class PlacementChoice {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Stops in a window.
  static constexpr int kWindow = 16;
  // Between two stops, in the mean.
  static constexpr Nanoseconds kCool = std::chrono::microseconds(200);
  // How long a choice holds: the least at first, then twice as long each time it is the same again.
  static constexpr Nanoseconds kLeastHold = std::chrono::milliseconds(50);
  static constexpr Nanoseconds kLongestHold = std::chrono::milliseconds(1600);
  // How long it is left alone where it was starved; twice as long each time.
  static constexpr Nanoseconds kLeastBar = std::chrono::milliseconds(50);
  static constexpr Nanoseconds kLongestBar = std::chrono::seconds(4);

  struct Possible {
    bool together = false;
    bool spinning = false;
  };

  explicit PlacementChoice(PlacementMode mode) : mode_(mode) {}

  // Begins kTogether, before anything is known: it is the likeliest to be the fastest.
  void BeginTogether(Nanoseconds now);
  // A window is over, in which a stop came every `cost`. Returns the place for the next.
  Place Next(Nanoseconds now, Nanoseconds cost, Possible possible);
  // kTogether was left in the middle of a window, for few stops came: `starved` if that was because
  // others had the CPU. It is kFree now.
  void WasLeft(Nanoseconds now, bool starved);

  Place place() const { return place_; }

 private:
  bool MayBe(Place place, Nanoseconds now, Possible possible) const;
  void BeginTrial(Nanoseconds cost);
  Place NextOfTrial(Nanoseconds now, Nanoseconds cost, Possible possible);
  // The next place to try, or kNumPlaces.
  size_t NextCandidate(Nanoseconds now, Possible possible) const;
  bool HasGoodOne() const;
  Place Settle(Nanoseconds now);

  const PlacementMode mode_;
  Place place_ = Place::kFree;
  Place winner_ = Place::kFree;
  bool in_trial_ = false;
  bool is_settling_ = false;  // the first window of a candidate, which counts for nothing
  std::array<Nanoseconds, kNumPlaces> cost_ = {};  // in this trial; 0: not tried
  Nanoseconds trial_at_ = Nanoseconds::zero();
  Nanoseconds hold_ = kLeastHold;
  Nanoseconds barred_until_ = Nanoseconds::zero();
  Nanoseconds bar_ = kLeastBar;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_PLACEMENT_CHOICE_H_
