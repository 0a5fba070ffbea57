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

// Rotation may part a run's beginning, or an event's own records, from the rest.
TEST(LogReaderTest, LooksInTheFilesThatRotationLeft) {
  const Identity who = SomeTask();
  SupervisorEvent start{SupervisorEvent::What::kStart, &who};
  start.policies = {"/srv/first.policy"};
  std::string first;
  FormatEvent(start, {1795311667, 1, 5}, first);
  start.policies = {"/srv/second.policy"};
  FormatEvent(start, {1795311667, 1, 100}, first);
  SupervisorEvent reload{SupervisorEvent::What::kReload, &who};
  reload.policies = {"/srv/reloaded.policy"};
  FormatEvent(reload, {1795311668, 1, 8}, first);
  const CallFacts facts = SomeFacts();
  DecisionEvent decision = SomeDecision(who);
  decision.facts = &facts;
  std::string event;
  FormatEvent(decision, {1795311668, 1, 7}, event);
  const size_t middle = event.find("type=CWD");
  ASSERT_NE(middle, std::string::npos);
  std::string last;
  FormatEvent(SomeDecision(who), {1795311669, 1, 101}, last);
  const std::string path = FreshPath("rotated.log");
  WriteFile(path + ".3", first);
  WriteFile(path + ".2", event.substr(0, middle));
  WriteFile(path + ".1", event.substr(middle));
  WriteFile(path, last);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall call, ReadRecordedCall(path, 7));
  EXPECT_EQ(call.rule, "no-shadow");
  EXPECT_EQ(call.cwd, facts.cwd);
  EXPECT_EQ(call.run_policies, std::vector<std::string>{"/srv/first.policy"});
  FormatEvent(SomeDecision(who), {1795311669, 1, 9}, last);
  WriteFile(path, last);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall reloaded, ReadRecordedCall(path, 9));
  EXPECT_EQ(reloaded.run_policies, std::vector<std::string>{"/srv/reloaded.policy"});
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall other, ReadRecordedCall(path, 101));
  EXPECT_EQ(other.run_policies, std::vector<std::string>{"/srv/second.policy"});
  EXPECT_THAT(ReadRecordedCall(path, 10),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("5, 7, 8 to 9, 100 to 101")));
}

// Then the record has the descriptor's name, and the rules did not see that.
TEST(LogReaderTest, APathThatMayHaveBeenEmptyIsNotKnown) {
  const Identity who = SomeTask();
  const struct {
    int32_t nr;  // x86_64
    uint64_t flags;
    const char* name;
    bool known;
  } kTable[] = {
      {257, 0x1000, "/etc/shadow", true},   // openat: its flags are others
      {262, 0, "/etc/shadow", true},        // newfstatat
      {262, 0x1000, "/etc/shadow", false},  // AT_EMPTY_PATH
      {262, 0x1000, "pipe:[7]", false},
      {262, 0x1000, "shadow", true},   // no descriptor's name
      {260, 0, "/etc/shadow", false},  // fchownat: its flags are not in the record
      {260, 0, "shadow", true},
      {267, 0, "/etc/shadow", false},  // readlinkat: an empty path needs no flag
  };
  for (const auto& row : kTable) {
    CallFacts facts;
    facts.paths.resize(1);
    facts.paths[0].name = row.name;
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    event.request.nr = row.nr;
    event.request.args[3] = row.flags;
    std::string text;
    FormatEvent(event, {1795311668, 1, 7}, text);
    const std::string path = FreshPath("perhaps_empty.log");
    WriteFile(path, text);
    PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall call, ReadRecordedCall(path, 7));
    EXPECT_EQ(call.path.has_value(), row.known) << row.nr << " " << row.name;
  }
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

// Containers' records are of a type that auparse does not know, and end an event for it.
TEST(LogReaderTest, PassesOverWhatIsNoRecordOfACall) {
  const Identity who = SomeTask();
  std::string text = "Nov 22 02:40:09 host kernel: audit\ntype=SYSCALL\n";
  FormatEvent(SomeDecision(who), {1795311668, 1, UINT64_MAX}, text);
  const size_t second = text.find("type=PROCTITLE");
  ASSERT_NE(second, std::string::npos);
  text.insert(second,
              "type=CONTAINER_ID msg=audit(1795311668.001:18446744073709551615): contid=5\n");
  text.pop_back();
  const std::string path = FreshPath("odd.log");
  WriteFile(path, text);
  PROVOST_ASSERT_OK_AND_ASSIGN(const RecordedCall call, ReadRecordedCall(path, UINT64_MAX));
  EXPECT_EQ(call.rule, "no-shadow");
  EXPECT_EQ(call.op, "deny");
  EXPECT_THAT(ReadRecordedCall(path, UINT64_MAX - 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("it holds 18446744073709551615")));
}

TEST(LogReaderTest, WhatIsNoLogIsAnError) {
  EXPECT_THAT(ReadRecordedCall("/", 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/: is a directory without")));
  EXPECT_THAT(ReadRecordedCall("/dev/zero", 1),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/dev/zero: is a device")));
  const std::string endless = FreshPath("endless.log");
  WriteFile(endless, std::string(2 << 20, '\0'));
  EXPECT_THAT(ReadRecordedCall(endless, 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no event has the serial 1")));
}

}  // namespace
}  // namespace provost
