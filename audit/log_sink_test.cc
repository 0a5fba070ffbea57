#include "audit/log_sink.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;
using What = SupervisorEvent::What;

// What the test and an outlet share: the outlet's doings from any thread.
class Place {
 public:
  enum class Mood : uint8_t { kTakes, kBlocks, kFails, kHopeless };

  void Be(Mood mood) {
    const std::lock_guard<std::mutex> lock(mutex_);
    mood_ = mood;
    changed_.notify_all();
  }
  std::string text() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }
  int flushes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return flushes_;
  }

  absl::StatusOr<Outlet::Progress> Put(absl::string_view piece, size_t& sent) {
    const std::lock_guard<std::mutex> lock(mutex_);
    switch (mood_) {
      case Mood::kBlocks:
        // A little always goes out.
        if (sent == 0) text_ += piece[sent++];
        return Outlet::Progress::kBlocked;
      case Mood::kFails:
        return absl::UnavailableError("the place is closed");
      case Mood::kHopeless:
        return absl::FailedPreconditionError("the place is gone");
      case Mood::kTakes:
        break;
    }
    text_.append(piece.data() + sent, piece.size() - sent);
    sent = piece.size();
    return Outlet::Progress::kDone;
  }
  void Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100),
                      [this] { return mood_ != Mood::kBlocks; });
  }
  absl::Status Flush() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++flushes_;
    return absl::OkStatus();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Mood mood_ = Mood::kTakes;
  std::string text_;
  int flushes_ = 0;
};

using Mood = Place::Mood;

class PlaceOutlet final : public Outlet {
 public:
  PlaceOutlet(std::shared_ptr<Place> place, std::string name)
      : place_(std::move(place)), name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) override {
    return place_->Put(piece, sent);
  }
  void Await(int /*milliseconds*/) override { place_->Await(); }
  absl::Status Flush() override { return place_->Flush(); }

 private:
  std::shared_ptr<Place> place_;
  std::string name_;
};

// A sink with places `first` and `second`.
class LogSinkTest : public testing::Test {
 protected:
  void Make(size_t queue_limit = 1 << 20, bool second_required = true) {
    LogSink::Options options;
    options.queue_limit = queue_limit;
    options.tell = [this](const std::string& what) { told_.push_back(what); };
    sink_ = std::make_unique<LogSink>(std::move(options));
    sink_->Add(std::make_unique<PlaceOutlet>(first_, "first"));
    sink_->Add(std::make_unique<PlaceOutlet>(second_, "second"), second_required);
  }
  absl::Status Write(uint64_t offer) {
    DecisionEvent event = SomeDecision(who_);
    event.offer = offer;
    event.request.args[1] = offer;
    return sink_->Write(event);
  }
  // What a place has: for each event "offer", for each op=events-lost "lostN", and "!" for a
  // serial that does not follow the one before.
  static std::string Seen(Place& place) {
    std::string seen;
    uint64_t last = 0;
    for (const std::string& record : Records(place.text())) {
      const uint64_t serial = SerialOf(record);
      if (serial != last && serial != last + 1 && last != 0) seen += "! ";
      last = serial;
      if (absl::StartsWith(record, "type=SYSCALL ")) {
        absl::StrAppend(&seen, Field(record, "a1"), " ");
      }
      if (absl::StrContains(record, "op=events-lost")) {
        absl::StrAppend(&seen, "lost", Field(record, "lost"), " ");
      }
    }
    return seen;
  }

  const Identity who_ = SomeTask();
  std::shared_ptr<Place> first_ = std::make_shared<Place>();
  std::shared_ptr<Place> second_ = std::make_shared<Place>();
  std::vector<std::string> told_;
  std::unique_ptr<LogSink> sink_;
};

TEST_F(LogSinkTest, AnEventIsTheSameEverywhere) {
  Make();
  for (int i = 1; i <= 3; ++i) PROVOST_EXPECT_OK(Write(i));
  EXPECT_EQ(Seen(*first_), "1 2 3 ");
  EXPECT_EQ(first_->text(), second_->text());
  PROVOST_EXPECT_OK(sink_->Flush());
  EXPECT_EQ(first_->flushes() + second_->flushes(), 2);
}

TEST_F(LogSinkTest, WhatIsOfferedAgainGoesToThoseThatHaveItNot) {
  Make();
  PROVOST_ASSERT_OK(Write(1));
  second_->Be(Mood::kFails);
  // Two tasks wait, each with its event.
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(Write(2),
                StatusIs(absl::StatusCode::kUnavailable, testing::Eq("the place is closed")));
    EXPECT_FALSE(Write(3).ok());
  }
  EXPECT_EQ(Seen(*first_), "1 2 3 ");
  EXPECT_EQ(Seen(*second_), "1 ");
  second_->Be(Mood::kTakes);
  PROVOST_EXPECT_OK(Write(2));
  PROVOST_EXPECT_OK(Write(3));
  PROVOST_EXPECT_OK(Write(4));
  EXPECT_EQ(Seen(*first_), "1 2 3 4 ");
  EXPECT_EQ(first_->text(), second_->text());
}

TEST_F(LogSinkTest, OnlyWhoLostEventsSaysSo) {
  Make();
  PROVOST_ASSERT_OK(Write(1));
  second_->Be(Mood::kFails);
  for (int offer = 2; offer <= 4; ++offer) {
    EXPECT_FALSE(Write(offer).ok());
    sink_->GiveUp(offer);
  }
  second_->Be(Mood::kTakes);
  PROVOST_ASSERT_OK(Write(5));
  PROVOST_ASSERT_OK(Write(6));
  EXPECT_EQ(Seen(*first_), "1 2 3 4 5 6 ");
  EXPECT_EQ(Seen(*second_), "1 ! lost3 5 6 ");

  // Lost by all, and the second comes back later than the first.
  first_->Be(Mood::kFails);
  second_->Be(Mood::kFails);
  EXPECT_FALSE(Write(7).ok());
  sink_->GiveUp(7);
  first_->Be(Mood::kTakes);
  EXPECT_FALSE(Write(8).ok());
  sink_->GiveUp(8);
  second_->Be(Mood::kTakes);
  PROVOST_ASSERT_OK(Write(9));
  EXPECT_EQ(Seen(*first_), "1 2 3 4 5 6 lost1 8 9 ");
  EXPECT_EQ(Seen(*second_), "1 ! lost3 5 6 ! lost2 9 ");
}

TEST_F(LogSinkTest, CountsAtTheEndAreEachPlacesOwn) {
  Make();
  PROVOST_ASSERT_OK(sink_->Write(SupervisorEvent{What::kStart, &who_}));
  PROVOST_ASSERT_OK(Write(1));
  second_->Be(Mood::kFails);
  for (int offer = 2; offer <= 4; ++offer) {
    EXPECT_FALSE(Write(offer).ok());
    sink_->GiveUp(offer);
  }
  sink_->CountLost(1);  // nobody was offered it
  second_->Be(Mood::kTakes);
  PROVOST_ASSERT_OK(sink_->Write(SupervisorEvent{What::kEnd, &who_, 1, 4}));
  EXPECT_THAT(first_->text(), HasSubstr("op=supervisor-end events=4 lost=1"));
  EXPECT_THAT(second_->text(), HasSubstr("op=supervisor-end events=1 lost=4"));
  // Whoever has an event or its loss has all serials but those of the losses before the last.
  EXPECT_EQ(Seen(*first_), "1 2 3 4 lost1 ");
  EXPECT_EQ(Seen(*second_), "1 ! lost4 ");
  EXPECT_EQ(sink_->LostByCopies(), "") << "both are required";

  PROVOST_ASSERT_OK(sink_->Write(SupervisorEvent{What::kStart, &who_}));
  PROVOST_ASSERT_OK(Write(5));
  PROVOST_ASSERT_OK(sink_->Write(SupervisorEvent{What::kEnd, &who_, 1, 0}));
  EXPECT_THAT(second_->text(), HasSubstr("op=supervisor-end events=1 lost=0"));
}

TEST_F(LogSinkTest, OneThatIsGivenUpIsNotTheOneThatWaitsStill) {
  Make();
  second_->Be(Mood::kFails);
  EXPECT_FALSE(Write(1).ok());
  EXPECT_FALSE(Write(2).ok());
  sink_->GiveUp(1);  // its task was killed
  second_->Be(Mood::kTakes);
  PROVOST_EXPECT_OK(Write(2));
  EXPECT_EQ(Seen(*first_), "1 2 ");
  EXPECT_EQ(Seen(*second_), "lost1 2 ");
}

TEST_F(LogSinkTest, NobodyWaitsForACopy) {
  Make(1 << 20, /*second_required=*/false);
  PROVOST_ASSERT_OK(Write(1));
  second_->Be(Mood::kHopeless);
  PROVOST_EXPECT_OK(Write(2));
  PROVOST_EXPECT_OK(Write(3));
  PROVOST_EXPECT_OK(sink_->Flush());
  second_->Be(Mood::kTakes);
  PROVOST_EXPECT_OK(Write(4));
  EXPECT_EQ(Seen(*first_), "1 2 3 4 ");
  EXPECT_EQ(Seen(*second_), "1 ! lost2 4 ");
  EXPECT_EQ(told_, (std::vector<std::string>{"the place is gone; it loses events for now",
                                             "second takes events again"}));
  EXPECT_EQ(sink_->LostByCopies(), "2 events for second");
  // Refused by the one that counts, an event is lost once in the copy.
  first_->Be(Mood::kFails);
  second_->Be(Mood::kFails);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Write(5).ok());
  first_->Be(Mood::kTakes);
  second_->Be(Mood::kTakes);
  PROVOST_EXPECT_OK(Write(5));
  PROVOST_EXPECT_OK(Write(6));
  EXPECT_EQ(Seen(*first_), "1 2 3 4 5 6 ");
  EXPECT_EQ(Seen(*second_), "1 ! lost2 4 lost1 6 ");
  EXPECT_EQ(sink_->LostByCopies(), "3 events for second");
}

TEST_F(LogSinkTest, ASlowOutletHoldsUpNobodyUntilItsQueueIsFull) {
  constexpr size_t kLimit = 64 << 10;
  Make(kLimit);
  PROVOST_ASSERT_OK(Write(1));
  second_->Be(Mood::kBlocks);
  uint64_t offer = 1;
  absl::Status status;
  while ((status = Write(++offer)).ok()) ASSERT_LT(offer, 10'000u);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               testing::Eq("second is too slow: the queue before it is full")));
  const size_t event = first_->text().size() / offer;
  EXPECT_LT((offer - 2) * event, kLimit + event) << "no more than its size";
  EXPECT_GT((offer + 2) * event, kLimit) << "no less";
  EXPECT_FALSE(sink_->Drain(0));
  EXPECT_EQ(sink_->Undelivered(), absl::StrCat(offer - 2, " events for second"));
  EXPECT_LT(second_->text().size(), event + 2);
  PROVOST_EXPECT_OK(sink_->Flush()) << "slow is not broken";

  second_->Be(Mood::kTakes);
  EXPECT_TRUE(sink_->Drain(10'000));
  EXPECT_EQ(sink_->Undelivered(), "");
  PROVOST_ASSERT_OK(Write(offer));
  PROVOST_ASSERT_OK(Write(offer + 1));
  EXPECT_TRUE(sink_->Drain(10'000));
  EXPECT_EQ(first_->text(), second_->text()) << "whole and in order";
}

TEST_F(LogSinkTest, AFullQueueTakesTheRunsLastEventWithItsCounts) {
  Make(64 << 10);
  first_->Be(Mood::kBlocks);
  uint64_t taken = 0;
  while (Write(taken + 1).ok()) ASSERT_LT(++taken, 10'000u);
  sink_->GiveUp(taken + 1);
  PROVOST_EXPECT_OK(sink_->Write(SupervisorEvent{What::kEnd, &who_, taken, 1}));
  first_->Be(Mood::kTakes);
  EXPECT_TRUE(sink_->Drain(10'000));
  EXPECT_TRUE(absl::EndsWith(Seen(*first_), absl::StrCat(absl::Hex(taken), " lost1 ")));
  EXPECT_THAT(first_->text(),
              HasSubstr(absl::StrCat("op=supervisor-end events=", taken, " lost=1")));
}

TEST_F(LogSinkTest, AQueueWhoseOutletFailsRefusesAndTriesAgain) {
  Make();
  second_->Be(Mood::kBlocks);
  PROVOST_ASSERT_OK(Write(1));
  PROVOST_ASSERT_OK(Write(2));
  second_->Be(Mood::kFails);
  while (sink_->Flush().ok()) sink_->Drain(10);
  EXPECT_FALSE(Write(3).ok());
  second_->Be(Mood::kTakes);
  EXPECT_TRUE(sink_->Drain(10'000));
  PROVOST_EXPECT_OK(sink_->Flush());
  PROVOST_EXPECT_OK(Write(3));
  // The one letter that went out before the first event was begun anew.
  EXPECT_EQ(second_->text().substr(1), first_->text());
}

TEST_F(LogSinkTest, EndsWhileItsOutletBlocks) {
  Make();
  second_->Be(Mood::kBlocks);
  for (int i = 1; i < 5; ++i) PROVOST_ASSERT_OK(Write(i));
  EXPECT_FALSE(sink_->Drain(10));
  sink_.reset();
  EXPECT_EQ(second_->text().size(), 1u);
}

TEST_F(LogSinkTest, ManyEventsPassAQueueThatComesAndGoes) {
  Make(64 << 10);
  uint64_t offer = 0;
  for (int round = 0; round < 50; ++round) {
    second_->Be(round % 2 == 0 ? Mood::kBlocks : Mood::kTakes);
    for (int i = 0; i < 40; ++i) {
      ++offer;
      while (!Write(offer).ok()) {
        second_->Be(Mood::kTakes);
        sink_->Drain(10'000);
      }
    }
  }
  second_->Be(Mood::kTakes);
  ASSERT_TRUE(sink_->Drain(10'000));
  EXPECT_EQ(first_->text(), second_->text());
  EXPECT_EQ(Records(second_->text()).size(), 3 * offer);
}

TEST_F(LogSinkTest, FormatsAreTheSinksOwn) {
  LogSink::Options options;
  options.format.kind = EventFormat::Kind::kJson;
  options.format.node = "host7";
  LogSink sink(std::move(options));
  sink.Add(std::make_unique<PlaceOutlet>(first_, "first"));
  PROVOST_ASSERT_OK(sink.Write(SomeDecision(who_)));
  PROVOST_ASSERT_OK(sink.Write(SupervisorEvent{What::kEnd, &who_, 1, 0}));
  const std::vector<std::string> lines = Lines(first_->text());
  ASSERT_EQ(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_TRUE(absl::StartsWith(line, "{") && absl::EndsWith(line, "}")) << line;
    EXPECT_THAT(line, HasSubstr("\"host7\""));
  }
}

}  // namespace
}  // namespace provost
