#include "audit/json_format.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "audit/formatter.h"
#include "audit/testing.h"
#include "base/call_facts.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "policy/verdict.h"

namespace provost {
namespace {

using Json = nlohmann::json;

constexpr EventStamp kStamp = {1795311668, 7, 3000000001};

// The event's one line, parsed: strictly, so that no byte of it may be wrong.
Json Parsed(const Event& event, const std::string& node = "") {
  std::string out = "before\n";
  FormatEvent(event, kStamp, {.kind = EventFormat::Kind::kJson, .node = node}, out);
  const std::vector<std::string> lines = Lines(out);
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "before");
  for (const char c : lines[1]) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  Json json = Json::parse(lines[1], nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(json.is_object()) << lines[1];
  return json;
}

// The bytes of a field: of NAME_hex where there is one.
std::string Bytes(const Json& object, const std::string& name) {
  const auto hex = object.find(absl::StrCat(name, "_hex"));
  if (hex != object.end()) return absl::HexStringToBytes(hex->get<std::string>());
  const auto text = object.find(name);
  return text != object.end() ? text->get<std::string>() : "";
}

TEST(JsonFormat, ARefusedCall) {
  const Identity who = SomeTask();
  EXPECT_EQ(Parsed(SomeDecision(who), "host7"), Json::parse(R"({
    "type": "SECCOMP", "time": 1795311668.007, "serial": 3000000001, "node": "host7",
    "op": "deny", "key": "no-shadow",
    "arch": "x86_64", "syscall": "openat", "nr": 257,
    "args": ["0xffffff9c", "0x7ffd5a1b2c3d", "0x0", "0x0", "0x5", "0x6"],
    "ip": "0x7f34cb7df829", "success": false, "exit": -13, "errno": "EACCES",
    "pid": 1001, "tid": 1002, "ppid": 1000, "auid": 1000, "ses": 3,
    "uid": 0, "euid": 0, "suid": 0, "fsuid": 0, "gid": 0, "egid": 0, "sgid": 0, "fsgid": 0,
    "tty": "pts3", "comm": "cat", "exe": "/usr/bin/cat", "proctitle": "cat\u0000/etc/shadow"
  })"));
}

TEST(JsonFormat, ArgumentsOfAProgram) {
  const Identity who = SomeTask();
  CallFacts facts;
  facts.exec = ExecArguments{3, {"ls", "", "\n"}};
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  Json json = Parsed(event);
  EXPECT_EQ(json["argc"], 3);
  EXPECT_EQ(json["argv"], Json({"ls", "", "\n"}));
  EXPECT_FALSE(json.contains("argv_hex"));
  facts.exec->words = {"a", "\xff"};
  json = Parsed(event);
  EXPECT_EQ(json["argv"], Json({"a", "\ufffd"}));
  EXPECT_EQ(json["argv_hex"], Json({"61", "FF"}));
}

TEST(JsonFormat, EveryFact) {
  const Identity who = SomeTask();
  CallFacts facts = EveryFact();
  facts.paths[1].capabilities = {0x2000, 0, true, 2, 5};
  DecisionEvent event = SomeDecision(who);
  event.facts = &facts;
  const Json json = Parsed(event);
  const Json expected = Json::parse(R"({
    "contid": 123456, "network_contids": [123456, 7], "cwd": "/root",
    "sockaddr": {"family": "inet", "address": "192.0.2.7", "port": 443,
                 "saddr": "020001BBC00002070000000000000000"},
    "objects": [{"opid": 2222, "oauid": 1000, "ouid": 33, "oses": 5, "ocomm": "victim",
                 "contid": 77},
                {"opid": 2223, "ouid": 0, "ocomm": "other"}],
    "injected": {"sec": -3, "nsec": 500},
    "adjusted": [{"op": "freq", "old": 10, "new": -20}, {"op": "tai", "old": 0, "new": 37}],
    "paths": [{"name": "/etc/shadow", "nametype": "NORMAL", "inode": 1835, "dev": "fe:01",
               "mode": "0100640", "ouid": 0, "ogid": 42, "rdev": "00:00"},
              {"name": "made by me", "nametype": "CREATE", "cap_fp": "0000000000002000",
               "cap_fi": "0000000000000000", "cap_fe": true, "cap_fver": 2, "cap_frootid": 5}]
  })");
  for (const auto& [name, value] : expected.items()) EXPECT_EQ(json[name], value) << name;
}

TEST(JsonFormat, OtherEvents) {
  Identity self;
  self.pid = 77;
  using What = SupervisorEvent::What;
  const struct {
    Event event;
    const char* expected;
  } kTable[] = {
      {SupervisorEvent{.what = What::kStart, .seed = UINT64_MAX},
       R"({"type":"SERVICE_START","op":"supervisor-start","seed":18446744073709551615,"success":true})"},
      {SupervisorEvent{
           .what = What::kStart, .policies = {"/a", "/b"}, .rules = {"deny EPERM read"}},
       R"({"type":"SERVICE_START","op":"supervisor-start","policies":"/a\n/b","rules":"deny EPERM read","success":true})"},
      {SupervisorEvent{.what = What::kStart, .attached = {12, 15}, .unseen = {{13, 58}}},
       R"({"type":"SERVICE_START","op":"supervisor-start","attached":"12,15","unseen":"13:58","success":true})"},
      {SupervisorEvent{.what = What::kEnd, .events = 12, .lost = 3},
       R"({"type":"SERVICE_STOP","op":"supervisor-end","events":12,"lost":3,"success":true})"},
      {SupervisorEvent{.what = What::kEventsLost, .lost = 9},
       R"({"type":"TRUSTED_APP","op":"events-lost","lost":9,"success":false})"},
      {SupervisorEvent{.what = What::kReload, .policies = {"/a"}, .generation = 2},
       R"({"type":"USYS_CONFIG","op":"supervisor-reload","generation":2,"policies":"/a","success":true})"},
      {SupervisorEvent{.what = What::kHung},
       R"({"type":"SERVICE_STOP","op":"supervisor-hung","success":false})"},
      {ContainerEvent{.pid = 5, .contid = UINT64_MAX - 1},
       R"({"type":"CONTAINER_OP","op":"set","opid":5,"contid":18446744073709551614,"success":true})"},
      {ContainerEvent{.pid = 5, .contid = 1, .old_contid = 2, .succeeded = false},
       R"({"type":"CONTAINER_OP","op":"set","opid":5,"contid":1,"old-contid":2,"success":false})"},
      {ConfigChangeEvent{.actions = "errno,log", .old_actions = "(none)"},
       R"-({"type":"CONFIG_CHANGE","op":"seccomp-logging","actions":"errno,log","old-actions":"(none)","success":true})-"},
      {ConfigChangeEvent{.mark = AuditedMark{.pid = 5, .audited = true}},
       R"({"type":"CONFIG_CHANGE","op":"audited","opid":5,"audited":true,"old-audited":false,"success":true})"},
      {ConfigChangeEvent{.succeeded = false, .mark = AuditedMark{.contid = 7, .was_audited = true}},
       R"({"type":"CONFIG_CHANGE","op":"audited","contid":7,"audited":false,"old-audited":true,"success":false})"},
  };
  for (const auto& row : kTable) {
    Json expected = Json::parse(row.expected);
    expected["time"] = 1795311668.007;
    expected["serial"] = 3000000001;
    EXPECT_EQ(Parsed(row.event), expected);
  }
  EXPECT_EQ(Parsed(SupervisorEvent{What::kStart, &self})["pid"], 77);
  Identity asks;
  asks.pid = 78;
  EXPECT_EQ(Parsed(ConfigChangeEvent{.identity = &self, .asked_by = &asks})["pid"], 78);
}

TEST(JsonFormat, WhatIsUnknownIsLeftOut) {
  DecisionEvent event;
  event.request.arch = 0xc00000b7;
  event.request.nr = -1;
  event.decision.verdict = Kill{};
  EXPECT_EQ(Parsed(event), Json::parse(R"({
    "type": "SECCOMP", "time": 1795311668.007, "serial": 3000000001, "op": "kill",
    "arch": "c00000b7", "nr": -1, "args": ["0x0", "0x0", "0x0", "0x0", "0x0", "0x0"],
    "ip": "0x0", "sig": "SIGSYS"
  })"));
  const Identity who = SomeTask();
  event = SomeDecision(who);
  event.request.nr = static_cast<int32_t>(kX32Bit | 2);
  event.result = std::numeric_limits<int64_t>::min();
  const Json json = Parsed(event);
  EXPECT_FALSE(json.contains("syscall"));
  EXPECT_EQ(json["nr"], 1073741826);
  EXPECT_EQ(json["exit"], std::numeric_limits<int64_t>::min());
  EXPECT_EQ(json["success"], true);
  EXPECT_FALSE(json.contains("errno"));
}

TEST(JsonFormat, Addresses) {
  const struct {
    std::string bytes;
    const char* expected;
  } kTable[] = {
      {std::string("\x01\0/run/log\0junk", 15), R"({"family":"local","path":"/run/log"})"},
      {std::string("\x01\0\0abs\0tract", 12),
       R"({"family":"local","path":"\u0000abs\u0000tract"})"},
      {std::string("\x01\0", 2), R"({"family":"local"})"},
      {std::string("\x0a\0\0\x35\0\0\0\0"
                   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0",
                   28),
       R"({"family":"inet6","address":"2001:db8::1","port":53})"},
      {std::string("\x0a\0\0\x35", 4), R"({"family":"inet6"})"},
      {std::string("\x10\0\0\0\x09\0\0\0\0\0\0\0", 12), R"({"family":"netlink","nlnk-pid":9})"},
      {std::string("\x63\x01", 2), R"({"family":"355"})"},
      {"x", R"({})"},
  };
  const Identity who = SomeTask();
  for (const auto& row : kTable) {
    CallFacts facts;
    facts.sockaddr = row.bytes;
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    Json address = Parsed(event)["sockaddr"];
    EXPECT_EQ(Bytes({{"x_hex", address["saddr"]}}, "x"), row.bytes);
    address.erase("saddr");
    EXPECT_EQ(address, Json::parse(row.expected));
  }
}

std::vector<std::string> HostileTexts() {
  std::vector<std::string> texts = {"\n",
                                    "\",\"key\":\"forged\"",
                                    "\\",
                                    "\\\"",
                                    "{}",
                                    "\x1d",
                                    std::string("a\0b\0", 4),
                                    "\x7f",
                                    "\xc2\x80",
                                    std::string("\xc2\x9b") + "31m",
                                    "\xe2\x80\xa8",
                                    "\xff",
                                    "\xc0\x80",
                                    "\xe0\x80\x80",
                                    "\xed\xa0\x80",
                                    "\xf0\x80\x80\x80",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xc3",
                                    "\xe2\x82",
                                    "\xf0\x9f\x98",
                                    "ok\xf0\x9f\x98\x80\xf0",
                                    "caf\xc3\xa9",
                                    "\xef\xbf\xbd",
                                    "\xef\xbb\xbf",
                                    "</script>",
                                    std::string(4096, ' '),
                                    std::string(4096, '\xff'),
                                    std::string(100'000, '"')};
  for (int byte = 1; byte < 256; ++byte) texts.emplace_back(1, static_cast<char>(byte));
  for (int byte = 0x80; byte < 0x100; byte += 5) {
    for (int second = 0x70; second < 0x100; second += 7) {
      texts.push_back({static_cast<char>(byte), static_cast<char>(second), '\x80', '\xbf', 'z'});
    }
  }
  return texts;
}

TEST(JsonFormat, EveryByteComesBack) {
  for (const std::string& text : HostileTexts()) {
    Identity who = SomeTask();
    who.comm = who.exe = who.tty = who.proctitle = text;
    CallFacts facts = EveryFact();
    facts.cwd = text;
    facts.paths[0].name = text;
    facts.objects[0].comm = text;
    facts.sockaddr = absl::StrCat(absl::string_view("\x01\0", 2), text);
    DecisionEvent event = SomeDecision(who);
    event.facts = &facts;
    event.decision.rule = text;
    const Json json = Parsed(event, text);
    for (const char* name : {"node", "key", "comm", "exe", "tty", "proctitle", "cwd"}) {
      EXPECT_EQ(Bytes(json, name), text) << name << ' ' << absl::CHexEscape(text);
    }
    EXPECT_EQ(Bytes(json["paths"][0], "name"), text);
    EXPECT_EQ(Bytes(json["objects"][0], "ocomm"), text);
    EXPECT_EQ(Bytes({{"x_hex", json["sockaddr"]["saddr"]}}, "x"), facts.sockaddr);
    EXPECT_EQ(json["op"], "deny");
  }
}

TEST(JsonFormat, TextThatIsNotUtf8IsBothReadableAndExact) {
  const struct {
    absl::string_view text;
    const char* expected;
  } kTable[] = {
      {"plain", R"(,"x":"plain")"},
      {"caf\xc3\xa9", ",\"x\":\"caf\xc3\xa9\""},
      {"a\xff"
       "b",
       R"(,"x":"a\ufffdb","x_hex":"61FF62")"},
      {"\xe2\x82", R"(,"x":"\ufffd\ufffd","x_hex":"E282")"},
      {"\"\\\n\x7f", R"(,"x":"\"\\\u000a\u007f")"},
      {"\xc2\x9b", R"(,"x":"\u009b")"},
      {"", R"(,"x":"")"},
  };
  for (const auto& row : kTable) {
    std::string out;
    AppendJsonString("x", row.text, out);
    EXPECT_EQ(out, row.expected);
  }
}

}  // namespace
}  // namespace provost
