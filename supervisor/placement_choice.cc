#include "supervisor/placement_choice.h"

#include <algorithm>

namespace provost {
namespace {

// To spin takes a CPU from others: it must be worth that.
constexpr double kWorthSpinning = 0.8;
// To be together costs so much less than to be free that nothing else can be better by much.
constexpr double kGoodEnough = 0.4;

size_t IndexOf(Place place) { return static_cast<size_t>(place); }

}  // namespace

bool PlacementChoice::MayBe(Place place, Nanoseconds now, Possible possible) const {
  switch (place) {
    case Place::kFree:
      return true;
    case Place::kTogether:
      return possible.together && now >= barred_until_;
    case Place::kSpinning:
      return possible.spinning;
  }
  return false;
}

Place PlacementChoice::Next(Nanoseconds now, Nanoseconds cost, Possible possible) {
  if (mode_ == PlacementMode::kOff) return Place::kFree;
  if (cost > kCool) {
    in_trial_ = false;
    return place_ = Place::kFree;
  }
  if (mode_ != PlacementMode::kAuto) {
    const Place wanted = mode_ == PlacementMode::kTogether ? Place::kTogether : Place::kSpinning;
    return place_ = MayBe(wanted, now, possible) ? wanted : Place::kFree;
  }
  if (in_trial_) return NextOfTrial(now, cost, possible);
  if (now < trial_at_) return place_ = MayBe(winner_, now, possible) ? winner_ : Place::kFree;
  BeginTrial(cost);
  return NextOfTrial(now, cost, possible);
}

void PlacementChoice::BeginTogether(Nanoseconds now) {
  place_ = winner_ = Place::kTogether;
  trial_at_ = now + hold_;
}

void PlacementChoice::BeginTrial(Nanoseconds cost) {
  in_trial_ = true;
  is_settling_ = false;
  cost_ = {};
  // What it is in now has just been measured.
  cost_[IndexOf(place_)] = cost;
}

size_t PlacementChoice::NextCandidate(Nanoseconds now, Possible possible) const {
  // To be together is the likeliest to be the best, and so is tried first.
  constexpr std::array kOrder = {Place::kTogether, Place::kFree, Place::kSpinning};
  for (const Place candidate : kOrder) {
    if (cost_[IndexOf(candidate)] == Nanoseconds::zero() && MayBe(candidate, now, possible)) {
      return IndexOf(candidate);
    }
  }
  return kNumPlaces;
}

bool PlacementChoice::HasGoodOne() const {
  const auto seconds = [this](Place place) {
    return std::chrono::duration<double>(cost_[IndexOf(place)]).count();
  };
  const double together = seconds(Place::kTogether);
  return together > 0 && together < kGoodEnough * seconds(Place::kFree);
}

Place PlacementChoice::NextOfTrial(Nanoseconds now, Nanoseconds cost, Possible possible) {
  if (is_settling_) {
    is_settling_ = false;
    return place_;
  }
  cost_[IndexOf(place_)] = std::max(cost, Nanoseconds(1));
  const size_t next = HasGoodOne() ? kNumPlaces : NextCandidate(now, possible);
  if (next == kNumPlaces) return Settle(now);
  is_settling_ = true;
  return place_ = static_cast<Place>(next);
}

Place PlacementChoice::Settle(Nanoseconds now) {
  in_trial_ = false;
  const auto worth = [this](Place place) {
    const double cost = std::chrono::duration<double>(cost_[IndexOf(place)]).count();
    return place == Place::kSpinning ? cost / kWorthSpinning : cost;
  };
  Place best = place_;
  for (const Place place : {Place::kFree, Place::kTogether, Place::kSpinning}) {
    const bool was_tried = cost_[IndexOf(place)] > Nanoseconds::zero();
    if (was_tried && worth(place) < worth(best)) best = place;
  }
  hold_ = best == winner_ ? std::min(hold_ * 2, kLongestHold) : kLeastHold;
  winner_ = best;
  trial_at_ = now + hold_;
  return place_ = best;
}

void PlacementChoice::WasLeft(Nanoseconds now, bool starved) {
  place_ = Place::kFree;
  in_trial_ = false;
  if (!starved) return;
  // Long ago: others come and go.
  if (now > barred_until_ + kLongestBar) bar_ = kLeastBar;
  barred_until_ = now + bar_;
  bar_ = std::min(bar_ * 2, kLongestBar);
}

}  // namespace provost
