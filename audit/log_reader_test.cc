#include "audit/log_reader.h"

#include <string>
#include <utility>

#include "audit/event.h"
#include "audit/formatter.h"
#include "audit/testing.h"
#include "base/call_facts.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

// Serials 7, 8 (the run's own), 9 and 20.
std::string SomeLog() {
  const Identity who = SomeTask();
  std::string text;
  FormatEvent(SomeDecision(who), {1795311668, 1, 7}, text);
  FormatEvent(SupervisorEvent{SupervisorEvent::What::kStart, &who}, {1795311668, 1, 8}, text);
  DecisionEvent second = SomeDecision(who);
  second.request.arch = static_cast<uint32_t>(Arch::kI386);
  second.request.nr = 5;
  second.request.args = {1, 0xffffffff, 3, 4, 5, 6};
  second.decision.rule = "a = \"b\"";
  second.result = std::nullopt;
  FormatEvent(second, {1795311668, 1, 9}, text);
  second.decision.rule = "";
  FormatEvent(second, {1795311669, 1, 20}, text);
  // In a container: records before its first, and a second key.
  CallFacts facts;
  facts.contid = 5;
  facts.network_contids = {5, 6};
  DecisionEvent contained = SomeDecision(who);
  contained.facts = &facts;
  FormatEvent(contained, {1795311669, 1, 21}, text);
  std::string path = FreshPath("log_reader.log");
  WriteFile(path, text);
  return path;
}

TEST(LogReaderTest, ReadsWhatWasWritten) {
  const std::string path = SomeLog();
  const Identity who = SomeTask();
  const DecisionEvent written = SomeDecision(who);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall first, ReadRecordedCall(path, 7));
  EXPECT_EQ(first.request.arch, written.request.arch);
  EXPECT_EQ(first.request.nr, written.request.nr);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(first.request.args[i], written.request.args[i]);
  EXPECT_EQ(first.request.args[4], 0U);
  EXPECT_EQ(first.rule, "no-shadow");
  EXPECT_EQ(first.op, "deny");
  EXPECT_EQ(first.exit, written.result);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall second, ReadRecordedCall(path, 9));
  EXPECT_TRUE(second.request.IsI386());
  EXPECT_EQ(second.request.args[1], 0xffffffff);
  EXPECT_EQ(second.rule, "a = \"b\"");
  EXPECT_FALSE(second.exit.has_value());
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall third, ReadRecordedCall(path, 20));
  EXPECT_EQ(third.rule, "");
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall contained, ReadRecordedCall(path, 21));
  EXPECT_EQ(contained.rule, "no-shadow");
  EXPECT_EQ(contained.op, "deny");
}

TEST(LogReaderTest, SaysWhichSerialsThereAre) {
  const std::string path = SomeLog();
  EXPECT_THAT(ReadRecordedCall(path, 10),
              StatusIs(absl::StatusCode::kNotFound,
                       path + ": no event has the serial 10: it holds 7 to 9, 20 to 21"));
  EXPECT_THAT(ReadRecordedCall(path, 8),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the run's own")));
  EXPECT_THAT(ReadRecordedCall("/nonexistent/log", 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("No such file")));
  const std::string empty = FreshPath("empty.log");
  WriteFile(empty, "");
  EXPECT_THAT(ReadRecordedCall(empty, 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("it holds no event")));
}

}  // namespace
}  // namespace provost
