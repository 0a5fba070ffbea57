#include "audit/collecting_sink.h"

#include <variant>

#include "audit/null_sink.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

TEST(CollectingSink, KeepsCopies) {
  CollectingSink sink;
  {
    const Identity who = SomeTask();
    const std::string rule = "a rule that goes away";
    DecisionEvent event = SomeDecision(who);
    event.decision.rule = rule;
    PROVOST_ASSERT_OK(sink.Write(event));
    PROVOST_ASSERT_OK(sink.Write(SupervisorEvent{SupervisorEvent::What::kEnd, &who, 1, 0}));
  }
  ASSERT_EQ(sink.decisions().size(), 1u);
  EXPECT_EQ(sink.decisions()[0].identity.comm, "cat");
  EXPECT_EQ(sink.decisions()[0].rule, "a rule that goes away");
  EXPECT_EQ(sink.decisions()[0].verdict, Verdict(Deny{13}));
  EXPECT_EQ(sink.decisions()[0].result, -13);
  ASSERT_EQ(sink.supervisor_events().size(), 1u);
  EXPECT_EQ(sink.supervisor_events()[0].events, 1u);
  const std::vector<std::string> lines = Lines(sink.text());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(SerialOf(lines[0]), 1u);
  EXPECT_EQ(SerialOf(lines[3]), 2u);
}

TEST(CollectingSink, RefusesWhenTold) {
  CollectingSink sink;
  const Identity who = SomeTask();
  sink.Refuse(absl::ResourceExhaustedError("full"));
  EXPECT_THAT(sink.Write(SomeDecision(who)),
              StatusIs(absl::StatusCode::kResourceExhausted, testing::Eq("full")));
  EXPECT_TRUE(sink.decisions().empty());
  sink.Refuse(absl::OkStatus());
  PROVOST_EXPECT_OK(sink.Write(SomeDecision(who)));
  EXPECT_EQ(sink.decisions().size(), 1u);
  sink.CountLost(2);
  sink.CountLost(1);
  EXPECT_EQ(sink.lost(), 3u);
  PROVOST_EXPECT_OK(sink.Flush());
  EXPECT_EQ(sink.flushes(), 1);
}

TEST(NullSink, TakesEverything) {
  NullSink sink;
  const Identity who = SomeTask();
  PROVOST_EXPECT_OK(sink.Write(SomeDecision(who)));
  sink.CountLost(1);
  PROVOST_EXPECT_OK(sink.Flush());
}

}  // namespace
}  // namespace provost
