#include "audit/formatter.h"

#include <netinet/in.h>
#include <signal.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "audit/event.h"
#include "audit/testing.h"
#include "audit/untrusted.h"
#include "base/call_facts.h"
#include "base/identity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/verdict.h"

namespace provost {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr EventStamp kStamp = {1795311668, 7, 3000000001};
constexpr size_t kMaxLine = 8560;

std::vector<std::string> Format(const Event& event, const EventFormat& format = {}) {
  std::string out;
  FormatEvent(event, kStamp, format, out);
  return Lines(out);
}

// Without the stamp that every record has: "PATH: item=0 …".
std::vector<std::string> Bodies(const Event& event) {
  std::vector<std::string> bodies = Format(event);
  for (std::string& line : bodies) {
    line = absl::StrReplaceAll(absl::StripPrefix(line, "type="),
                               {{" msg=audit(1795311668.007:3000000001)", ""}});
  }
  return bodies;
}

std::string Encoded(absl::string_view text) {
  std::string out;
  AppendUntrusted(text, out);
  return out;
}

int Count(absl::string_view text, absl::string_view what) {
  int count = 0;
  for (size_t at = text.find(what); at != absl::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(AppendUntrusted, QuotesOrWritesHex) {
  const struct {
    absl::string_view text;
    absl::string_view encoded;
  } kTable[] = {
      {"", "\"\""},
      {"cat", "\"cat\""},
      {"!~", "\"!~\""},
      {"it's", "\"it's\""},
      {"a b", "612062"},
      {"a\"b", "612262"},
      {"a=b", "613D62"},
      {"\n", "0A"},
      {"\x1d", "1D"},
      {"\x7f", "7F"},
      {"\x80\xff", "80FF"},
      {absl::string_view("a\0b", 3), "610062"},
      {"arch=40000003", "617263683D3430303030303033"},
      {"caf\xc3\xa9", "636166C3A9"},
  };
  for (const auto& row : kTable) EXPECT_EQ(Encoded(row.text), row.encoded);
}

TEST(FormatEvent, ARefusedCall) {
  const Identity who = SomeTask();
  EXPECT_THAT(
      Format(SomeDecision(who)),
      ElementsAre(
          "type=SECCOMP msg=audit(1795311668.007:3000000001): auid=1000 uid=0 gid=0 ses=3 subj=? "
          "pid=1001 comm=\"cat\" exe=\"/usr/bin/cat\" sig=0 arch=c000003e syscall=257 compat=0 "
          "ip=0x7f34cb7df829 code=0x7ff00000 op=deny",
          "type=SYSCALL msg=audit(1795311668.007:3000000001): arch=c000003e syscall=257 success=no "
          "exit=-13 a0=ffffff9c a1=7ffd5a1b2c3d a2=0 a3=0 items=0 ppid=1000 pid=1001 auid=1000 "
          "uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts3 ses=3 comm=\"cat\" "
          "exe=\"/usr/bin/cat\" subj=? key=\"no-shadow\"",
          "type=PROCTITLE msg=audit(1795311668.007:3000000001): "
          "proctitle=636174002F6574632F736861646F77"));
}

// What Linux 6.18 wrote of a call under SECCOMP_RET_LOG. Ours differs in what was decided, and has
// a subject.
TEST(FormatEvent, TheSeccompRecordIsTheKernels) {
  Identity who;
  who.pid = 8131;
  who.comm = "t";
  who.exe = "/tmp/a/t";
  DecisionEvent event = SomeDecision(who);
  event.request.nr = 110;
  event.request.ip = 0x7f34cb7df829;
  const std::string ours = absl::StrReplaceAll(
      Format(event)[0], {{" subj=?", ""}, {" op=deny", ""}, {"7ff00000", "7ffc0000"}});
  EXPECT_THAT(ours, EndsWith(": auid=4294967295 uid=0 gid=0 ses=4294967295 pid=8131 comm=\"t\" "
                             "exe=\"/tmp/a/t\" sig=0 arch=c000003e syscall=110 compat=0 "
                             "ip=0x7f34cb7df829 code=0x7ffc0000"));
}

TEST(FormatEvent, EveryIdHasItsPlace) {
  Identity who = SomeTask();
  who.auid = UINT32_MAX;
  who.ses = UINT32_MAX;
  who.uid = 1;
  who.euid = 2;
  who.suid = 3;
  who.fsuid = 4;
  who.gid = 5;
  who.egid = 6;
  who.sgid = 7;
  who.fsgid = 8;
  who.tty = "";
  const std::vector<std::string> lines = Format(SomeDecision(who));
  EXPECT_THAT(lines[0], HasSubstr("): auid=4294967295 uid=1 gid=5 ses=4294967295 subj=? pid=1001"));
  EXPECT_THAT(lines[1], HasSubstr(" ppid=1000 pid=1001 auid=4294967295 uid=1 gid=5 euid=2 suid=3 "
                                  "fsuid=4 egid=6 sgid=7 fsgid=8 tty=(none) ses=4294967295 "));
}

TEST(FormatEvent, AnI386CallHas32BitArguments) {
  const Identity who = SomeTask();
  DecisionEvent event = SomeDecision(who);
  event.request.arch = static_cast<uint32_t>(Arch::kI386);
  event.request.nr = 5;
  event.request.args = {0xffffffffffffff9c, 0x1234567890abcdef, 0, 0xffffffff, 0, 0};
  event.request.ip = 0xf7fc4579;
  const std::vector<std::string> lines = Format(event);
  EXPECT_THAT(lines[0], HasSubstr(" arch=40000003 syscall=5 compat=1 ip=0xf7fc4579 "));
  EXPECT_THAT(lines[1], HasSubstr("): arch=40000003 syscall=5 success=no exit=-13 a0=ffffff9c "
                                  "a1=90abcdef a2=0 a3=ffffffff items=0"));
}

TEST(FormatEvent, AnX64CallHas64BitArguments) {
  const Identity who = SomeTask();
  DecisionEvent event = SomeDecision(who);
  event.request.args = {UINT64_MAX, 0x8000000000000000, 1, 0xffffffff, 0, 0};
  EXPECT_THAT(Format(event)[1],
              HasSubstr(" a0=ffffffffffffffff a1=8000000000000000 a2=1 a3=ffffffff items=0"));
}

TEST(FormatEvent, NumbersAreThoseAskedFor) {
  const Identity who = SomeTask();
  DecisionEvent event = SomeDecision(who);
  event.request.nr = static_cast<int32_t>(kX32Bit | 59);
  EXPECT_THAT(Format(event)[0], HasSubstr(" arch=c000003e syscall=1073741883 compat=0 "));
  EXPECT_THAT(Format(event)[1], HasSubstr("arch=c000003e syscall=1073741883 "));
  event.request.nr = -1;
  EXPECT_THAT(Format(event)[0], HasSubstr(" syscall=-1 "));
  event.request.arch = 0xc00000b7;  // aarch64: no architecture of ours, and still a record
  EXPECT_THAT(Format(event)[0], HasSubstr(" arch=c00000b7 syscall=-1 compat=0 "));
}

TEST(FormatEvent, SaysWhatWasDecided) {
  const struct {
    Verdict verdict;
    const char* expected;
  } kTable[] = {
      {Allow{}, "op=allow"},
      {Log{}, "op=log"},
      {Deny{1}, "op=deny"},
      {Return{0}, "op=return"},
      {Trap{}, "op=trap"},
      {Kill{Kill::Scope::kThread}, "op=kill"},
      {Kill{Kill::Scope::kProcess}, "op=kill"},
      {Ask{}, "op=ask"},
      {Rewrite{std::make_shared<std::vector<Setting>>()}, "op=rewrite"},
      {Emulate{std::make_shared<Emulation>()}, "op=emulate"},
  };
  const Identity who = SomeTask();
  for (const auto& row : kTable) {
    DecisionEvent event = SomeDecision(who);
    event.decision.verdict = row.verdict;
    const std::string record = Format(event)[0];
    EXPECT_THAT(record, EndsWith(absl::StrCat(" code=0x7ff00000 ", row.expected)));
    const bool is_kill = std::holds_alternative<Kill>(row.verdict);
    EXPECT_EQ(Field(record, "sig"), is_kill ? "31" : "0");
  }
  static_assert(SIGSYS == 31);
}

TEST(FormatEvent, SuccessIsTheKernelsErrorRange) {
  const struct {
    int64_t result;
    const char* expected;
  } kTable[] = {
      {0, " success=yes exit=0 "},
      {7, " success=yes exit=7 "},
      {-1, " success=no exit=-1 "},
      {-4095, " success=no exit=-4095 "},
      {-4096, " success=yes exit=-4096 "},
      {std::numeric_limits<int64_t>::max(), " success=yes exit=9223372036854775807 "},
      {std::numeric_limits<int64_t>::min(), " success=yes exit=-9223372036854775808 "},
  };
  const Identity who = SomeTask();
  DecisionEvent event = SomeDecision(who);
  for (const auto& row : kTable) {
    event.result = row.result;
    EXPECT_THAT(Format(event)[1], HasSubstr(row.expected));
  }
  event.result = std::nullopt;
  EXPECT_THAT(Format(event)[1], HasSubstr(": arch=c000003e syscall=257 a0=ffffff9c "));
}

TEST(FormatEvent, WhatIsUnknownIsWrittenAsTheKernelWritesIt) {
  Identity who;
  who.pid = 5;
  DecisionEvent event = SomeDecision(who);
  event.decision.rule = "";
  const std::vector<std::string> lines = Format(event);
  EXPECT_THAT(lines[0], HasSubstr(" pid=5 comm=\"\" exe=(null) sig=0 "));
  EXPECT_THAT(lines[1],
              HasSubstr(" tty=(none) ses=4294967295 comm=\"\" exe=(null) subj=? key=(null)"));
  EXPECT_THAT(lines[2], HasSubstr("): proctitle=\"(null)\""));
}

TEST(FormatEvent, AMissingIdentityIsUnset) {
  DecisionEvent event = SomeDecision(Identity());
  event.identity = nullptr;
  const std::vector<std::string> lines = Format(event);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr("auid=4294967295 uid=4294967295 gid=4294967295 "));
  EXPECT_THAT(lines[1], HasSubstr(" fsgid=4294967295 "));
}

TEST(FormatEvent, ProctitleIsCutAndTrimmedAsByTheKernel) {
  const struct {
    std::string argv;
    std::string expected;
  } kTable[] = {
      {"sh", "\"sh\""},
      {std::string("sh\0", 3), "\"sh\""},
      {std::string("sh\0-c\0\0\0", 8), "7368002D63"},
      {std::string("\0\0\0", 3), "\"(null)\""},
      {"\n\t", "\"(null)\""},
      {"sh ", "736820"},
      {"sh\x9f", "\"sh\""},
      {"sh\xa0", "7368A0"},  // isprint() in the kernel is that of Latin-1
      {std::string(128, 'a'), absl::StrCat("\"", std::string(128, 'a'), "\"")},
      {std::string(129, 'a'), absl::StrCat("\"", std::string(128, 'a'), "\"")},
  };
  for (const auto& row : kTable) {
    Identity who = SomeTask();
    who.proctitle = row.argv;
    EXPECT_EQ(Field(Format(SomeDecision(who))[2], "proctitle"), row.expected);
  }
}

TEST(FormatEvent, MillisecondsHaveThreeDigits) {
  const Identity who = SomeTask();
  for (const auto& [milliseconds, text] :
       {std::pair{0, "(5.000:1)"}, {9, "(5.009:1)"}, {10, "(5.010:1)"}, {999, "(5.999:1)"}}) {
    std::string out;
    FormatEvent(SomeDecision(who), {5, milliseconds, 1}, out);
    for (const std::string& line : Lines(out)) {
      EXPECT_THAT(line, HasSubstr(absl::StrCat(" msg=audit", text, ": ")));
    }
  }
}

TEST(FormatEvent, AppendsToWhatIsThere) {
  const Identity who = SomeTask();
  std::string out = "before\n";
  FormatEvent(SomeDecision(who), kStamp, out);
  FormatEvent(SomeDecision(who), kStamp, out);
  EXPECT_THAT(out, StartsWith("before\ntype=SECCOMP "));
  EXPECT_EQ(Lines(out).size(), 7u);
}

TEST(FormatEvent, TheSupervisorsOwnEvents) {
  Identity self;
  self.pid = 77;
  self.uid = 1000;
  self.auid = 1000;
  self.ses = 3;
  self.comm = "provost";
  self.exe = "/usr/bin/provost";
  self.tty = "pts3";
  using What = SupervisorEvent::What;
  const std::string rest =
      " msg=audit(1795311668.007:3000000001): pid=77 uid=1000 auid=1000 ses=3 subj=? msg='";
  const std::string head = absl::StrCat("type=SERVICE_START", rest, "unit=provost ");
  const std::string tail =
      " comm=\"provost\" exe=\"/usr/bin/provost\" hostname=? addr=? terminal=pts3 res=";
  EXPECT_THAT(Format(SupervisorEvent{What::kStart, &self}),
              ElementsAre(absl::StrCat(head, "op=supervisor-start", tail, "success'")));
  EXPECT_THAT(Format(SupervisorEvent{.what = What::kStart, .identity = &self, .seed = 7}),
              ElementsAre(absl::StrCat(head, "op=supervisor-start seed=7", tail, "success'")));
  EXPECT_THAT(
      Format(SupervisorEvent{
          .what = What::kStart, .identity = &self, .policies = {"/a.policy"}, .rules = {"x", "y"}}),
      ElementsAre(absl::StrCat(head, "op=supervisor-start policies=\"/a.policy\" rules=780179",
                               tail, "success'")));
  // Half a policy would be another one.
  EXPECT_THAT(Format(SupervisorEvent{.what = What::kStart,
                                     .identity = &self,
                                     .policies = {},
                                     .rules = {std::string(1701, 'x')}}),
              ElementsAre(absl::StrCat(head, "op=supervisor-start rules=?", tail, "success'")));
  EXPECT_THAT(
      Format(SupervisorEvent{.what = What::kStart,
                             .identity = &self,
                             .attached = {12, 15},
                             .unseen = {{13, 58}, {15, -1}}}),
      ElementsAre(absl::StrCat(head, "op=supervisor-start attached=12,15 unseen=13:58,15:-1", tail,
                               "success'")));
  EXPECT_THAT(Format(SupervisorEvent{What::kEnd, &self, 12, 3}),
              ElementsAre(absl::StrCat("type=SERVICE_STOP", rest,
                                       "unit=provost op=supervisor-end events=12 lost=3", tail,
                                       "success'")));
  EXPECT_THAT(Format(SupervisorEvent{What::kEventsLost, &self, 0, 9}),
              ElementsAre(absl::StrCat("type=TRUSTED_APP", rest, "op=events-lost lost=9", tail,
                                       "failed'")));
  EXPECT_THAT(Format(SupervisorEvent{
                  .what = What::kReload, .identity = &self, .rules = {"x"}, .generation = 2}),
              ElementsAre(absl::StrCat("type=USYS_CONFIG", rest,
                                       "unit=provost op=supervisor-reload generation=2 rules=\"x\"",
                                       tail, "success'")));
  EXPECT_THAT(Format(SupervisorEvent{What::kHung, &self}),
              ElementsAre(absl::StrCat("type=SERVICE_STOP", rest, "unit=provost op=supervisor-hung",
                                       tail, "failed'")));
}

TEST(FormatEvent, TheSupervisorsNamesCannotEndItsMessage) {
  Identity self;
  self.comm = "it's";
  self.exe = "/opt/it's/provost";
  self.tty = "a'b";
  const std::string line = Format(SupervisorEvent{SupervisorEvent::What::kStart, &self})[0];
  EXPECT_EQ(Count(line, "'"), 2);
  EXPECT_THAT(line, HasSubstr(" comm=69742773 exe=2F6F70742F697427732F70726F766F7374 "));
  EXPECT_THAT(line, HasSubstr(" terminal=? res=success'"));
}

// Every string a task has a say in, hostile in every way known.
const absl::string_view kHostile[] = {
    "\n",
    "a\nb",
    "\ntype=SECCOMP msg=audit(1795311668.007:3000000001): auid=0",
    "type=SECCOMP msg=audit(1795311668.007:3000000002): arch=0 syscall=0",
    "\035AUID=\"root\"",
    "\"",
    "\" key=\"forged\"",
    "x\" pid=1",
    "arch=40000003",
    "syscall=59",
    "key=x",
    "a0=",
    "success=yes",
    "\xff\xfe\xc3\x28\x80",
    absl::string_view("a\0b\0", 4),
    absl::string_view("\0", 1),
    "\r\x1b[2J\x07",
    "\x7f",
    "(null)",
    "(none)",
    "?",
    "'",
    "' op=supervisor-end",
    "\\x0a",
    "%n%s",
};

std::vector<std::string> HostileTexts() {
  std::vector<std::string> texts;
  for (const absl::string_view text : kHostile) texts.emplace_back(text);
  texts.emplace_back(4096, ' ');
  texts.emplace_back(4096, 'x');
  texts.emplace_back(4096, '\n');
  texts.emplace_back(100'000, '=');
  return texts;
}

std::string TypeOf(absl::string_view line) {
  return std::string(line.substr(5, line.find(' ') - 5));
}

// What each record may say once, and nothing a reader could take for a second one.
void ExpectSoundRecord(const std::string& line, bool enriched) {
  EXPECT_LE(line.size(), kMaxLine);
  EXPECT_EQ(Count(line, "type=") - Count(line, " nametype="), 1) << line;
  EXPECT_EQ(Count(line, "msg=audit(1795311668.007:3000000001): "), 1) << line;
  EXPECT_EQ(Count(line, "msg="), 1) << line;
  EXPECT_LE(Count(line, "\x1d"), enriched ? 1 : 0) << line;
  std::multiset<std::string> names;
  for (const absl::string_view word : absl::StrSplit(line, absl::ByAnyChar(" \x1d{"))) {
    const std::vector<std::string> parts = absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (parts.size() == 2) names.insert(parts[0]);
  }
  for (const std::string& name : names) EXPECT_EQ(names.count(name), 1u) << name << " in " << line;
  for (const char c : line) {
    ASSERT_TRUE((c >= 0x20 && c <= 0x7e) || c == '\x1d') << static_cast<int>(c) << " in " << line;
  }
}

// The event is `types`, in that order, each record sound.
void ExpectOneSoundEvent(const Event& event, const std::vector<std::string>& types) {
  for (const EventFormat::Kind kind : {EventFormat::Kind::kRaw, EventFormat::Kind::kEnriched}) {
    std::vector<std::string> seen;
    for (const std::string& line : Format(event, {.kind = kind})) {
      ExpectSoundRecord(line, kind == EventFormat::Kind::kEnriched);
      seen.push_back(TypeOf(line));
      if (seen.back() != "SECCOMP" && seen.back() != "SYSCALL") continue;
      for (const char* field : {"arch", "syscall", "pid", "auid", "comm", "exe", "subj"}) {
        EXPECT_EQ(Count(line, absl::StrCat(" ", field, "=")), 1) << field << " in " << line;
      }
    }
    EXPECT_EQ(seen, types);
  }
}

TEST(FormatEvent, HostileStringsStayInsideTheirField) {
  const std::vector<std::string> types = {"SECCOMP", "SYSCALL", "PROCTITLE"};
  for (const std::string& text : HostileTexts()) {
    Identity who = SomeTask();
    DecisionEvent event = SomeDecision(who);
    for (std::string* field : {&who.comm, &who.exe, &who.tty, &who.proctitle}) {
      const std::string before = *field;
      *field = text;
      ExpectOneSoundEvent(event, types);
      *field = before;
    }
    event.decision.rule = text;
    ExpectOneSoundEvent(event, types);
    who.comm = who.exe = who.tty = who.proctitle = text;
    ExpectOneSoundEvent(event, types);
    ExpectOneSoundEvent(ContainerEvent{.identity = &who}, {"CONTAINER_OP"});
    ExpectOneSoundEvent(ConfigChangeEvent{.actions = text, .old_actions = text, .asked_by = &who},
                        {"CONFIG_CHANGE"});
    const std::vector<std::string> own =
        Format(SupervisorEvent{SupervisorEvent::What::kStart, &who});
    ASSERT_EQ(own.size(), 1u);
    EXPECT_EQ(Count(own[0], "'"), 2) << own[0];
    EXPECT_EQ(Count(own[0], "op="), 1) << own[0];
    EXPECT_LE(own[0].size(), kMaxLine);
  }
}

// Of EveryFact().
const std::vector<std::string> kEveryType = {
    "CONTAINER_ID",   "CONTAINER_ID", "CONTAINER_ID", "SECCOMP",        "SOCKADDR",
    "OBJ_PID",        "OBJ_PID",      "SYSCALL",      "TIME_INJOFFSET", "TIME_ADJNTPVAL",
    "TIME_ADJNTPVAL", "CWD",          "PATH",         "PATH",           "PROCTITLE"};

// The event's one record of that type.
std::string RecordOf(const Event& event, absl::string_view type) {
  std::string found;
  for (const std::string& line : Format(event)) {
    if (TypeOf(line) != type) continue;
    EXPECT_EQ(found, "") << type;
    found = line;
  }
  return found;
}

TEST(FormatEvent, HostileFactsStayInsideTheirField) {
  const Identity who = SomeTask();
  for (const std::string& text : HostileTexts()) {
    CallFacts facts = EveryFact();
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    event.decision.rule = text;
    ExpectOneSoundEvent(event, kEveryType);
    for (std::string* field : {&*facts.cwd, &*facts.paths[0].name, &facts.objects[0].comm}) {
      *field = text;
      ExpectOneSoundEvent(event, kEveryType);
    }
    // Of a family that the text happens to have, and long enough for any.
    const std::string filler(sizeof(sockaddr_in6), '\0');
    facts.sockaddr = text + filler;
    ExpectOneSoundEvent(event, kEveryType);
    facts.sockaddr = absl::StrCat(absl::string_view("\x01\0", 2), text, filler);
    ExpectOneSoundEvent(event, kEveryType);
  }
}

TEST(FormatEvent, ArgumentsOfAProgram) {
  const Identity who = SomeTask();
  CallFacts facts = SomeFacts();
  facts.exec = ExecArguments{4, {"ls", "", "a b", "k=v"}};
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  ExpectOneSoundEvent(event, {"SECCOMP", "SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"});
  EXPECT_THAT(RecordOf(event, "EXECVE"),
              testing::EndsWith(": argc=4 a0=\"ls\" a1=\"\" a2=612062 a3=6B3D76"));
  for (const std::string& text : HostileTexts()) {
    facts.exec->words = {text, text};
    ExpectOneSoundEvent(event, {"SECCOMP", "SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"});
  }
  // What does not fit is cut, and said to be longer.
  facts.exec = ExecArguments{9, {std::string(3000, '\n'), std::string(3000, '\n'), "x"}};
  const std::string cut = RecordOf(event, "EXECVE");
  EXPECT_LE(cut.size(), kMaxLine);
  EXPECT_THAT(cut, HasSubstr(" a1_len=6000 a1[0]=0A0A"));
  EXPECT_EQ(cut.find(" a2"), std::string::npos);
  EXPECT_EQ(cut.substr(cut.find("a1[0]=") + 6).size() % 2, 0u);
  facts.exec->words = {std::string(100'000, 'x')};
  EXPECT_LE(RecordOf(event, "EXECVE").size(), kMaxLine);
}

TEST(FormatEvent, EveryRecordInItsPlace) {
  const Identity who = SomeTask();
  const CallFacts facts = EveryFact();
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  std::vector<std::string> bodies = Bodies(event);
  ASSERT_EQ(bodies.size(), kEveryType.size());
  EXPECT_THAT(bodies[7], HasSubstr(" a3=0 items=2 ppid=1000 "));
  // "no-shadow", 0x01, "contid=123456"
  EXPECT_EQ(Field(bodies[7], "key"), "6E6F2D736861646F7701636F6E7469643D313233343536");
  bodies.erase(bodies.begin() + 7);
  bodies.erase(bodies.begin() + 3);
  EXPECT_THAT(
      bodies,
      ElementsAre("CONTAINER_ID: contid=123456", "CONTAINER_ID: contid=77 opid=2222",
                  "CONTAINER_ID: contid=123456,7 op=net",
                  "SOCKADDR: saddr=020001BBC00002070000000000000000",
                  "OBJ_PID: opid=2222 oauid=1000 ouid=33 oses=5 ocomm=\"victim\"",
                  "OBJ_PID: opid=2223 oauid=-1 ouid=0 oses=-1 ocomm=\"other\"",
                  "TIME_INJOFFSET: sec=-3 nsec=500", "TIME_ADJNTPVAL: op=freq old=10 new=-20",
                  "TIME_ADJNTPVAL: op=tai old=0 new=37", "CWD: cwd=\"/root\"",
                  "PATH: item=0 name=\"/etc/shadow\" inode=1835 dev=fe:01 mode=0100640 ouid=0 "
                  "ogid=42 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
                  "cap_frootid=0",
                  "PATH: item=1 name=6D616465206279206D65 nametype=CREATE cap_fp=0 cap_fi=0 "
                  "cap_fe=0 cap_fver=0 cap_frootid=0",
                  "PROCTITLE: proctitle=636174002F6574632F736861646F77"));
}

TEST(FormatEvent, AnAddressIsAsLongAsReadersNeedIt) {
  const Identity who = SomeTask();
  const std::string inet6 = std::string("\x0a\0\x01\xbb", 4) + std::string(19, '\0') + "\1";
  const struct {
    std::string given;
    std::string shown;
  } kTable[] = {
      {inet6, "0A0001BB" + std::string(38, '0') + "01" + "00000000"},
      {inet6 + std::string(3, '\7'), "0A0001BB" + std::string(38, '0') + "0107070700"},
      {inet6.substr(0, 23), "0A0001BB" + std::string(48, '0')},
      {std::string("\2\0\x01\xbb\x7f\0\0\1", 8), "020001BB7F0000010000000000000000"},
      {std::string("\2\0\x01\xbb\x7f\0\0\1\0\0\0\0\0\0\7", 15), "020001BB7F0000010000000000000700"},
      {std::string("\1\0", 2), "01000000"},
      {std::string("\1\0\0", 3), "01000000"},
      {std::string("\1\0\0x", 4), "01000078"},
      {std::string("\x10\0\0\0", 4), "100000000000000000000000"},
      {"\1", "01000000"},
      {"\x1d", "1D"},
      {std::string("\x1d\0", 2), "1D00"},
  };
  for (const auto& row : kTable) {
    CallFacts facts;
    facts.sockaddr = row.given;
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    const std::vector<std::string> bodies = Bodies(event);
    const std::string wanted = "SOCKADDR: saddr=" + row.shown;
    EXPECT_NE(std::find(bodies.begin(), bodies.end(), wanted), bodies.end()) << wanted;
    EXPECT_EQ(bodies.size(), 4U) << wanted;
  }
}

TEST(FormatEvent, APathAsTheKernelHasIt) {
  PathFact device;
  device.name = "/dev/null";
  device.inode = {.number = UINT64_MAX,
                  .device = {0, 0x1234},
                  .mode = 0020666,
                  .uid = 1,
                  .gid = 2,
                  .rdev = {1, 3}};
  device.name_type = PathFact::NameType::kParent;
  PathFact capable;
  capable.name = "ping";
  capable.name_type = PathFact::NameType::kDelete;
  capable.capabilities = {0x2000, UINT64_MAX, true, 0x2000000, 100000};
  const struct {
    PathFact path;
    const char* expected;
  } kTable[] = {
      {device,
       "name=\"/dev/null\" inode=18446744073709551615 dev=00:1234 mode=020666 ouid=1 ogid=2 "
       "rdev=01:03 nametype=PARENT cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"},
      {capable,
       "name=\"ping\" nametype=DELETE cap_fp=0000000000002000 cap_fi=ffffffffffffffff cap_fe=1 "
       "cap_fver=2000000 cap_frootid=100000"},
      {PathFact(),
       "name=(null) nametype=UNKNOWN cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"},
      {PathFact{.name = ""},
       "name=\"\" nametype=UNKNOWN cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"},
  };
  const Identity who = SomeTask();
  for (const auto& row : kTable) {
    CallFacts facts;
    facts.paths = {row.path};
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    const std::vector<std::string> bodies = Bodies(event);  // no CWD: it could not be read
    ASSERT_EQ(bodies.size(), 4u);
    EXPECT_EQ(bodies[2], absl::StrCat("PATH: item=0 ", row.expected));
  }
}

TEST(FormatEvent, NothingIsSaidOfNoFacts) {
  const Identity who = SomeTask();
  CallFacts facts;
  facts.cwd = "/root";  // of no use without a path
  DecisionEvent event = SomeDecision(who);
  const std::vector<std::string> without = Format(event);
  event.facts = &facts;
  EXPECT_EQ(Format(event), without);
  facts.contid = 5;
  facts.network_contids = {5};  // itself alone: said once
  EXPECT_EQ(Format(event).size(), without.size() + 1);
}

TEST(FormatEvent, KeysCannotBeMadeUp) {
  const Identity who = SomeTask();
  const struct {
    absl::string_view rule;
    std::optional<uint64_t> contid;
    absl::string_view keys;  // decoded; "" is (null)
  } kTable[] = {
      {"r", std::nullopt, "r"},
      {"r", 5,
       "r\x01"
       "contid=5"},
      {"", 5, "contid=5"},
      {"", UINT64_MAX - 1, "contid=18446744073709551614"},
      {"r\x01"
       "contid=6",
       std::nullopt, "r contid=6"},
      {"r\x01"
       "contid=6",
       5,
       "r contid=6\x01"
       "contid=5"},
  };
  for (const auto& row : kTable) {
    CallFacts facts;
    facts.contid = row.contid;
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    event.decision.rule = row.rule;
    EXPECT_EQ(Field(RecordOf(event, "SYSCALL"), "key"), Encoded(row.keys));
  }
}

TEST(FormatEvent, ManyContainersTakeSeveralRecords) {
  const Identity who = SomeTask();
  CallFacts facts;
  for (uint64_t i = 0; i < 1000; ++i) facts.network_contids.push_back(UINT64_MAX - 1000 + i);
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  std::vector<std::string> ids;
  for (const std::string& line : Format(event)) {
    ExpectSoundRecord(line, false);
    if (TypeOf(line) != "CONTAINER_ID") continue;
    for (const absl::string_view id : absl::StrSplit(Field(line, "contid"), ',')) {
      ids.emplace_back(id);
    }
  }
  ASSERT_EQ(ids.size(), 1000u);
  EXPECT_EQ(ids[0], "18446744073709550615");
  EXPECT_EQ(ids[999], "18446744073709551614");
}

TEST(FormatEvent, ContainersAndConfigurationAreEvents) {
  Identity who = SomeTask();
  EXPECT_THAT(
      Bodies(ContainerEvent{.identity = &who, .pid = 2222, .contid = 123456}),
      ElementsAre("CONTAINER_OP: op=set opid=2222 contid=123456 old-contid=18446744073709551615 "
                  "pid=1001 auid=1000 uid=0 tty=pts3 ses=3 subj=? comm=\"cat\" "
                  "exe=\"/usr/bin/cat\" res=1"));
  const ContainerEvent refused = {
      .identity = &who, .pid = 2222, .contid = 5, .old_contid = 6, .succeeded = false};
  EXPECT_THAT(Bodies(refused)[0], AllOf(HasSubstr(" contid=5 old-contid=6 "), EndsWith(" res=0")));
  EXPECT_THAT(
      Bodies(ConfigChangeEvent{.actions = "errno,log", .old_actions = "(none)"}),
      ElementsAre("CONFIG_CHANGE: op=seccomp-logging actions=errno,log old-actions=(none) res=1"));
  EXPECT_THAT(Bodies(ConfigChangeEvent{.actions = "?", .old_actions = "log", .succeeded = false}),
              ElementsAre("CONFIG_CHANGE: op=seccomp-logging actions=? old-actions=log res=0"));
}

TEST(FormatEvent, WhoHadSomethingChangedIsSaid) {
  Identity who = SomeTask();
  who.pid = 4711;
  who.uid = 12;
  who.auid = 1000;
  who.ses = 3;
  who.comm = "set me";
  who.exe = "/usr/bin/provost";
  ConfigChangeEvent change = {.actions = "errno", .old_actions = "log", .asked_by = &who};
  const std::string head = "CONFIG_CHANGE: pid=4711 uid=12 auid=1000 ses=3 subj=? ";
  const std::string tail = " comm=736574206D65 exe=\"/usr/bin/provost\" res=";
  EXPECT_THAT(Bodies(change),
              ElementsAre(head + "op=seccomp-logging actions=errno old-actions=log" + tail + "1"));
  change.mark = AuditedMark{.pid = 23, .audited = true};
  EXPECT_THAT(Bodies(change),
              ElementsAre(head + "op=audited opid=23 audited=1 old-audited=0" + tail + "1"));
  change.mark = AuditedMark{.contid = 7001, .was_audited = true};
  change.succeeded = false;
  EXPECT_THAT(Bodies(change),
              ElementsAre(head + "op=audited contid=7001 audited=0 old-audited=1" + tail + "0"));
}

TEST(FormatEvent, ANodeStandsBeforeEachLine) {
  const Identity who = SomeTask();
  const CallFacts facts = EveryFact();
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  const std::string longest(64, 'n');
  const struct {
    std::string node;
    std::string start;
  } kTable[] = {
      {"host7.example", "node=host7.example type="},
      {"", "type="},
      {"a b\nc=\"d\"", "node=a_b_c__d_ type="},
      {"\xc3\xa9", "node=__ type="},
      {longest, absl::StrCat("node=", longest, " type=")},
      {longest + "m", absl::StrCat("node=", longest, " type=")},
  };
  const std::vector<std::string> plain = Format(event);
  for (const auto& row : kTable) {
    const std::vector<std::string> lines = Format(event, {.node = row.node});
    ASSERT_EQ(lines.size(), plain.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(lines[i], absl::StrCat(row.start, absl::StripPrefix(plain[i], "type=")));
    }
  }
}

TEST(FormatEvent, EnrichedLinesAreTheRawOnesAndNames) {
  const Identity who = SomeTask();
  CallFacts facts = EveryFact();
  facts.paths[0].inode->gid = 0;
  facts.objects[0].uid = UINT32_MAX;
  facts.objects[0].auid = 0;
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  const std::vector<std::string> raw = Format(event);
  const std::vector<std::string> enriched = Format(event, {.kind = EventFormat::Kind::kEnriched});
  ASSERT_EQ(enriched.size(), raw.size());
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < raw.size(); ++i) {
    const std::vector<std::string> parts = absl::StrSplit(enriched[i], '\x1d');
    EXPECT_EQ(parts[0], raw[i]);
    ASSERT_LE(parts.size(), 2u);
    if (parts.size() == 2) names.emplace(TypeOf(raw[i]), parts[1]);
  }
  EXPECT_EQ(names.size(), 5u);
  EXPECT_THAT(names["SECCOMP"], EndsWith(" UID=\"root\" GID=\"root\" ARCH=x86_64 SYSCALL=openat"));
  EXPECT_THAT(names["SYSCALL"], StartsWith("ARCH=x86_64 SYSCALL=openat AUID="));
  EXPECT_THAT(names["SYSCALL"],
              EndsWith(" UID=\"root\" GID=\"root\" EUID=\"root\" SUID=\"root\" "
                       "FSUID=\"root\" EGID=\"root\" SGID=\"root\" FSGID=\"root\""));
  EXPECT_EQ(names["SOCKADDR"], "SADDR={ saddr_fam=inet laddr=192.0.2.7 lport=443 }");
  EXPECT_EQ(names["OBJ_PID"], "OAUID=\"root\" OUID=\"unset\"");
  EXPECT_EQ(names["PATH"], "OUID=\"root\" OGID=\"root\"");
}

Identity WidestIdentity() {
  Identity who;
  who.pid = who.tid = who.ppid = std::numeric_limits<int32_t>::min();
  who.auid = who.ses = UINT32_MAX;
  who.uid = who.euid = who.suid = who.fsuid = UINT32_MAX;
  who.gid = who.egid = who.sgid = who.fsgid = UINT32_MAX;
  who.comm = std::string(15, '\n');
  who.tty = std::string(32, 't');
  who.proctitle = std::string(127, '\n') + "x";
  return who;
}

TEST(FormatEvent, TheWidestRecordStaysBelowTheCap) {
  Identity who = WidestIdentity();
  DecisionEvent event = SomeDecision(who);
  const std::string key(256, '=');
  event.decision.rule = key;
  event.request.arch = UINT32_MAX;
  event.request.nr = std::numeric_limits<int32_t>::min();
  event.request.args.fill(UINT64_MAX);
  event.request.ip = UINT64_MAX;
  event.result = std::numeric_limits<int64_t>::min();
  CallFacts facts;
  facts.contid = UINT64_MAX;
  facts.cwd = std::string(4096, '\n');
  facts.sockaddr = std::string(128, '\x01');
  OtherTask& object = facts.objects.emplace_back();
  object.pid = std::numeric_limits<int32_t>::min();
  object.comm = who.comm;
  PathFact path;
  path.name = facts.cwd;
  path.inode = {UINT64_MAX, {UINT32_MAX, UINT32_MAX}, UINT32_MAX, UINT32_MAX,
                UINT32_MAX, {UINT32_MAX, UINT32_MAX}};
  path.capabilities = {UINT64_MAX, UINT64_MAX, true, UINT32_MAX, UINT32_MAX};
  facts.paths.assign(100, path);
  event.facts = &facts;
  const EventFormat format = {.kind = EventFormat::Kind::kEnriched, .node = std::string(64, 'n')};
  for (const size_t size : {3583u, 3584u, 3585u, 4096u, 100'000u}) {
    who.exe = std::string(size, '\n');
    std::string out;
    FormatEvent(event, {std::numeric_limits<int64_t>::max(), 999, UINT32_MAX}, format, out);
    for (const std::string& line : Lines(out)) EXPECT_LE(line.size(), kMaxLine);
    EXPECT_EQ(Field(Lines(out)[1], "exe"), size <= 3584 ? Encoded(who.exe) : "\"<too_long>\"");
    EXPECT_EQ(Field(Lines(out)[5], "cwd"), Encoded(*facts.cwd));
    EXPECT_EQ(Field(Lines(out)[105], "name"), Encoded(*facts.cwd));
  }
}

TEST(FormatEvent, APathOfTheLongestKindIsWhole) {
  Identity who = SomeTask();
  who.exe = absl::StrCat("/", std::string(4094, 'x'));  // PATH_MAX less its NUL
  const std::vector<std::string> lines = Format(SomeDecision(who));
  EXPECT_EQ(Field(lines[0], "exe"), Encoded(who.exe));
  EXPECT_EQ(Field(lines[1], "exe"), Encoded(who.exe));
}

TEST(FormatEvent, NamesAreCutWhereTheKernelCutsThem) {
  Identity who = SomeTask();
  who.comm = "a-name-that-is-too-long";
  DecisionEvent event = SomeDecision(who);
  const std::string key(300, 'k');
  event.decision.rule = key;
  const std::vector<std::string> lines = Format(event);
  EXPECT_EQ(Field(lines[0], "comm"), "\"a-name-that-is-\"");
  EXPECT_EQ(Field(lines[1], "key"), absl::StrCat("\"", std::string(256, 'k'), "\""));
  EXPECT_THAT(lines[1], Not(HasSubstr(std::string(257, 'k'))));
}

}  // namespace
}  // namespace provost
