// The parts of `provost report` one by one; tests/report_test.cc has the whole.

#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "audit/log_lines.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "tools/report/event_assembler.h"
#include "tools/report/event_filter.h"
#include "tools/report/log_event.h"
#include "tools/report/render.h"
#include "tools/report/serial_gaps.h"
#include "tools/report/summary.h"
#include "tools/report/when.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1795315209;  // Sunday, 2026-11-22 02:40:09 UTC

class InUtc : public testing::Test {
 protected:
  InUtc() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};
using WhenTest = InUtc;
using AssemblerTest = InUtc;

TEST_F(WhenTest, ReadsWhatAusearchReads) {
  const struct {
    const char* text;
    WhenFor what;
    int64_t expected;
  } kTable[] = {
      {"@17", WhenFor::kStart, 17},
      {"now", WhenFor::kStart, kNow},
      {"recent", WhenFor::kStart, kNow - 600},
      {"today", WhenFor::kStart, kNow - 9609},
      {"today", WhenFor::kEnd, kNow},
      {"yesterday", WhenFor::kStart, kNow - 9609 - 86400},
      {"this-week", WhenFor::kStart, kNow - 9609},
      {"week-ago", WhenFor::kEnd, kNow - 7 * 86400},
      {"this-month", WhenFor::kStart, kNow - 9609 - 21 * 86400},
      {"this-year", WhenFor::kStart, 1767225600},
      {"2026-11-22 02:40:09", WhenFor::kStart, kNow},
      {"2026-11-22T02:40:09", WhenFor::kStart, kNow},
      {"11/22/26 02:40", WhenFor::kStart, kNow - 9},
      {"11/22/2026 02:40:09", WhenFor::kEnd, kNow},
      {"yesterday 02:40:09", WhenFor::kStart, kNow - 86400},
      {"02:40:10", WhenFor::kStart, kNow + 1},
      {"2026-11-22", WhenFor::kStart, kNow - 9609},
      {"2026-11-22", WhenFor::kEnd, kNow - 9609 + 86399},
  };
  for (const auto& row : kTable) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const int64_t when, ParseWhen(row.text, row.what, kNow));
    EXPECT_EQ(when, row.expected) << row.text;
  }
  for (const char* wrong : {"", "soon", "@", "@x", "2026-02-30", "2026-13-01", "25:00", "02:60:00",
                            "2026-11-22 ", " 02:40", "2026-11-22 02:40:09 x"}) {
    EXPECT_THAT(ParseWhen(wrong, WhenFor::kStart, kNow),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no time: say")))
        << wrong;
  }
}

TEST_F(WhenTest, Spans) {
  for (const auto& [text, seconds] : std::vector<std::pair<const char*, int64_t>>{
           {"30s", 30}, {"10m", 600}, {"1h", 3600}, {"2d", 172800}}) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const int64_t span, ParseSpan(text));
    EXPECT_EQ(span, seconds) << text;
  }
  for (const char* wrong : {"", "m", "0m", "-1m", "1", "1w", "9999999d"}) {
    EXPECT_THAT(ParseSpan(wrong),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no span of time")))
        << wrong;
  }
}

// The events of lines, each with the serials of its lines' events in the order they came out.
std::vector<LogEvent> Assemble(const std::vector<std::string>& lines) {
  std::vector<LogEvent> events;
  EventAssembler assembler([&](LogEvent& event) { events.push_back(event); });
  for (const std::string& line : lines) {
    const absl::StatusOr<RecordHeader> header = ParseRecordHeader(line);
    EXPECT_TRUE(header.ok()) << line;
    if (header.ok()) assembler.Add(*header, line);
  }
  assembler.Finish();
  return events;
}

std::vector<std::string> AnEvent(const std::string& stamp) {
  const std::string msg = absl::StrCat(" msg=audit(", stamp, "): ");
  return {
      absl::StrCat("type=SECCOMP", msg,
                   "auid=1000 uid=0 gid=0 ses=3 subj=? pid=19409 comm=\"cat\" "
                   "exe=2F746D702F610A62 sig=0 arch=c000003e syscall=257 compat=0 "
                   "ip=0x7f19bb051011 code=0x7ff00000 op=deny"),
      absl::StrCat("type=SYSCALL", msg,
                   "arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffe6186ab24 a2=0 "
                   "a3=0 items=1 ppid=19408 pid=19409 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 "
                   "egid=0 sgid=0 fsgid=0 tty=pts3 ses=3 comm=\"cat\" exe=2F746D702F610A62 subj=? "
                   "key=6E6F2D736861646F7701636F6E7469643D31323334"),
      absl::StrCat("type=CONTAINER_ID", msg, "contid=1234,77"),
      absl::StrCat("type=CONTAINER_ID", msg, "contid=9 opid=23"),
      absl::StrCat("type=CWD", msg, "cwd=\"/\""),
      absl::StrCat("type=PATH", msg, "item=0 name=\"/etc/shadow\" nametype=NORMAL"),
      absl::StrCat("type=PROCTITLE", msg, "proctitle=636174002F6574632F736861646F77"),
  };
}

TEST_F(AssemblerTest, TakesEveryFieldThoughAuparseEndsTheEventAtAnUnknownRecord) {
  const std::vector<LogEvent> events = Assemble(AnEvent("1795315209.058:26"));
  ASSERT_EQ(events.size(), 1U);
  const LogEvent& event = events[0];
  EXPECT_EQ(event.types.size(), 7U);
  EXPECT_EQ(event.syscall, "openat");
  EXPECT_EQ(event.verdict, "deny");
  EXPECT_EQ(event.rules, std::vector<std::string>{"no-shadow"});
  EXPECT_EQ(event.containers, (std::vector<uint64_t>{1234, 77}));
  EXPECT_EQ(event.other_containers, std::vector<uint64_t>{9});
  EXPECT_EQ(event.paths, std::vector<std::string>{"/etc/shadow"});
  EXPECT_EQ(event.program, "/tmp/a\nb");
  EXPECT_EQ(event.command, "cat /etc/shadow");
  EXPECT_EQ(event.terminal, "pts3");
  EXPECT_EQ(event.exit, -13);
  EXPECT_EQ(event.auid, 1000U);
  EXPECT_EQ(event.session, 3U);
  EXPECT_EQ(event.ppid, 19408);
  EXPECT_TRUE(event.Refused());
  EXPECT_EQ(EventToText(event, false),
            "2026-11-22 02:40:09.058  deny     openat = -EACCES        /tmp/a\\x0ab[19409]  uid "
            "root  rule no-shadow  path /etc/shadow  container 1234, 77\n");
}

TEST_F(AssemblerTest, EventsInterleaveAndComeOutInOrder) {
  std::vector<std::string> lines;
  const std::vector<std::string> a = AnEvent("1795315209.058:1");
  const std::vector<std::string> b = AnEvent("1795315209.058:2");
  const std::vector<std::string> later = AnEvent("1795315212.000:3");
  for (size_t i = 0; i < a.size(); ++i) lines.insert(lines.end(), {a[i], b[i]});
  // Another machine's event of the same time and serial, which nobody ends.
  lines.push_back(absl::StrCat("node=web1 ", a[0]));
  lines.insert(lines.end(), later.begin(), later.end());
  const std::vector<LogEvent> events = Assemble(lines);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].serial, 1U);
  EXPECT_EQ(events[1].serial, 2U);
  EXPECT_EQ(events[2].node, "web1");
  EXPECT_EQ(events[2].lines.size(), 1U);
  EXPECT_EQ(events[3].serial, 3U);
  for (const size_t whole : {0, 1, 3}) EXPECT_EQ(events[whole].lines.size(), 7U);
}

TEST(FilterTest, SaysWhatIsWrong) {
  const struct {
    const char* option;
    const char* value;
    const char* complaint;
  } kTable[] = {
      {"syscall", "opennat", "--syscall: `opennat` is no system call; did you mean openat"},
      {"arch", "vax-11", "is no architecture"},
      {"exit", "EPRM", "is no errno; did you mean EPERM"},
      {"success", "maybe", "is neither yes nor no"},
      {"verdict", "refuse", "is no verdict: say log, deny"},
      {"pid", "-5", "--pid: `-5` is no number"},
      {"uid", "no such user", "is no user of this machine"},
      {"contid", "18446744073709551616", "is no number"},
      {"message", "SECOMP", "is no type of record"},
      {"message", "99999", "is no type of record: they are from 1000 to 2999"},
      {"start", "soon", "--start: `soon` is no time"},
      {"key", "", "is empty"},
  };
  for (const auto& row : kTable) {
    EventFilter filter;
    EXPECT_THAT(filter.Add(row.option, row.value, kNow),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(row.complaint)));
  }
}

TEST(FilterTest, OfContainersAndVerdicts) {
  const std::vector<LogEvent> events = Assemble(AnEvent("1795315209.058:26"));
  ASSERT_EQ(events.size(), 1U);
  const struct {
    const char* option;
    const char* value;
    bool matches;
  } kTable[] = {
      {"contid", "1234", true},
      {"contid", "77", true},
      {"contid", "9", true},
      {"contid", "7", false},
      {"contid", "unset", false},
      {"key", "contid=1234", true},
      {"verdict", "deny", true},
      {"verdict", "kill", false},
      {"exit", "EACCES", true},
      {"message", "seccomp", true},
      {"message", "all", true},
      {"message", "user_login", false},
      {"message", "container_id", true},
      {"message", "1326", true},
      {"loginuid", "unset", false},
      {"start", "@1795315209", true},
      {"end", "@1795315208", false},
  };
  for (const auto& row : kTable) {
    EventFilter filter;
    PROVOST_ASSERT_OK(filter.Add(row.option, row.value, kNow));
    EXPECT_EQ(filter.Matches(events[0]), row.matches) << row.option << " " << row.value;
  }
}

TEST(RenderTest, NothingReachesATerminalRaw) {
  EXPECT_EQ(Visible("plain ä €"), "plain ä €");
  EXPECT_EQ(Visible("a\x1b[31m\n\t\x7f"), "a\\x1b[31m\\x0a\\x09\\x7f");
  EXPECT_EQ(Visible("\xff\xc3("), "\\xff\\xc3(");
  EXPECT_EQ(Visible("\xc2\x9b"
                    "2J"),
            "\\xc2\\x9b2J");  // CSI as one character
  EXPECT_EQ(Visible("a\xe2\x80\xae"
                    "b"),
            "a\\xe2\\x80\\xaeb");  // right to left
  EXPECT_EQ(Visible("back\\x41"), "back\\\\x41");
  EXPECT_EQ(Visible("\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf"),
            "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xc0\\xaf");
}

class GapsTest : public testing::Test {
 protected:
  std::string Note(uint64_t serial, const std::string& rest = "type=SECCOMP") {
    const size_t blank = rest.find(' ');
    const std::string record =
        absl::StrCat(rest.substr(0, blank), " msg=audit(1.000:", serial,
                     "):", blank == std::string::npos ? "" : rest.substr(blank), " ");
    const absl::StatusOr<RecordHeader> header = ParseRecordHeader(record);
    EXPECT_TRUE(header.ok()) << record;
    return header.ok() ? gaps_.Note(*header, record).value_or("") : "";
  }
  static constexpr uint64_t kOne = 2'000'000'000;
  static constexpr uint64_t kTwo = 3'000'000'000;
  SerialGaps gaps_;
};

TEST_F(GapsTest, AreSaidOfEachRunOnceWhereFilesMayBeMissing) {
  EXPECT_EQ(Note(kOne, "type=SERVICE_START msg='op=x op=supervisor-start"), "");
  EXPECT_EQ(Note(kTwo), "");
  EXPECT_EQ(Note(kTwo, "type=SYSCALL"), "") << "the same event";
  EXPECT_EQ(Note(kOne + 5), "") << "no file is missing: not ours to explain";
  gaps_.Suspect();
  EXPECT_EQ(Note(kOne + 6), "");
  EXPECT_EQ(Note(kTwo + 3), absl::StrCat("2 events were deleted before they could be read, of "
                                         "those with the serials ",
                                         kTwo + 1, " to ", kTwo + 2));
  EXPECT_EQ(Note(kTwo + 9), "") << "said once";
  EXPECT_EQ(Note(7), "") << "the kernel's";
}

TEST_F(GapsTest, WhatASupervisorSaysItLostIsNotMissing) {
  EXPECT_EQ(Note(kOne), "");
  EXPECT_EQ(Note(kTwo), "");
  gaps_.Suspect();
  EXPECT_EQ(Note(kOne + 3, "type=TRUSTED_APP msg='x op=events-lost lost=3"), "");
  EXPECT_THAT(Note(kTwo + 5, "type=TRUSTED_APP msg='x op=events-lost lost=3"),
              HasSubstr("2 events were deleted"));
}

TEST_F(GapsTest, OfRunsWhoseBeginningIsMissing) {
  EXPECT_EQ(Note(kOne, "type=SERVICE_STOP msg='x op=supervisor-end"), "");
  gaps_.Suspect();
  EXPECT_THAT(Note(kTwo), HasSubstr("the beginning of a run was deleted"));
  EXPECT_EQ(Note(kTwo + 1), "");
  EXPECT_EQ(Note(kOne + 1, "type=SERVICE_START msg='x op=supervisor-start"), "");
  EXPECT_EQ(Note(kOne + 2), "");
}

TEST(OverviewTest, CountsWhatWasLostOnce) {
  const auto own = [](const char* op, int64_t pid, uint64_t lost) {
    LogEvent event;
    event.seconds = kNow;
    event.types = {"TRUSTED_APP"};
    event.op = op;
    event.pid = pid;
    event.lost = lost;
    return event;
  };
  Overview overview;
  overview.Add(own("supervisor-start", 7, 0));
  overview.Add(own("events-lost", 7, 3));
  overview.Add(own("supervisor-start", 8, 0));
  overview.Add(own("events-lost", 8, 10));
  overview.Add(own("supervisor-end", 7, 5));
  overview.Add(own("supervisor-start", 7, 0));
  overview.Add(own("events-lost", 7, 1));
  EXPECT_EQ(overview.lost(), 5U + 10 + 1);
  EXPECT_EQ(overview.runs_begun(), 3U);
  EXPECT_EQ(overview.runs_ended(), 1U);
}

}  // namespace
}  // namespace provost
