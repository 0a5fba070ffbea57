// How two programs that make policies of audit logs read them: minijail's generator of policies
// (with libauparse: names of calls from SECCOMP records, arguments from SYSCALL records of the same
// name of a task) and the profile recorder of Kubernetes' security profiles operator (a pattern
// over single lines). Both must work on our log.

#include <auparse.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "audit/event_format.h"
#include "audit/formatter.h"
#include "audit/testing.h"
#include "base/call_facts.h"
#include "gtest/gtest.h"
#include "re2/re2.h"

namespace provost {
namespace {

// A log with a run's first and last record and calls of two programs, in between one of every kind
// of record that a call can have.
class LogOfCalls {
 public:
  explicit LogOfCalls(EventFormat format) : format_(std::move(format)) {
    Identity self = SomeTask();
    self.comm = "provost";
    Add(SupervisorEvent{SupervisorEvent::What::kStart, &self});
    AddCall("app", 257, {0xffffff9c, 0x7ffd00001000, 0, 0}, SomeFacts());  // openat
    AddCall("app", 41, {1, 1, 0, 0}, {});                                  // socket
    AddCall("app", 42, {3, 0x7ffd00001000, 16, 0}, EveryFact());           // connect
    AddCall("app", 16, {0, 0x5401, 0, 0}, {});                             // ioctl TCGETS
    AddCall("app", 157, {15, 0x7ffd00001000, 0, 0}, {});                   // prctl PR_SET_NAME
    AddCall("app", 10, {0x7f0000000000, 4096, 5, 0}, {});                  // mprotect
    AddCall("app", 39, {0, 0, 0, 0}, {});                                  // getpid
    AddCall("other", 59, {0x7ffd00001000, 0, 0, 0}, SomeFacts());          // execve
    AddCall("exe=\"/bin/x\" syscall=1", 231, {0, 0, 0, 0}, {});            // exit_group
    Add(SupervisorEvent{SupervisorEvent::What::kEnd, &self, 9, 0});
    WriteFile(path_, text_);
  }

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

 private:
  void Add(const Event& event) {
    FormatEvent(event, {1795311668, static_cast<int32_t>(serial_ % 1000), serial_}, format_, text_);
    ++serial_;
  }

  void AddCall(absl::string_view comm, int32_t nr, const std::array<uint64_t, 4>& args,
               const CallFacts& facts) {
    Identity who = SomeTask();
    who.pid = static_cast<int32_t>(5000 + serial_);
    who.comm = std::string(comm);
    who.exe = "/usr/bin/app";
    DecisionEvent event = SomeDecision(who);
    event.request.nr = nr;
    for (size_t i = 0; i < args.size(); ++i) event.request.args[i] = args[i];
    event.decision.verdict = Log{};
    event.decision.rule = "learn";
    event.facts = &facts;
    Add(event);
  }

  EventFormat format_;
  uint64_t serial_ = 7;
  std::string path_ = FreshPath("calls.log");
  std::string text_;
};

std::vector<EventFormat> Formats() {
  EventFormat enriched;
  enriched.kind = EventFormat::Kind::kEnriched;
  EventFormat node;
  node.node = "web1";
  return {EventFormat(), enriched, node};
}

// The field called `name` of the record that the parser is at, without leaving the record.
bool GoToField(auparse_state_t* parser, absl::string_view name) {
  auparse_first_field(parser);
  do {
    const char* field = auparse_get_field_name(parser);
    if (field != nullptr && name == field) return true;
  } while (auparse_next_field(parser) > 0);
  return false;
}

struct Learnt {
  std::map<std::string, int> calls;                        // how often each was seen
  std::map<std::string, std::set<std::string>> arguments;  // of calls whose arguments matter
};

// Takes one record by the generator's rule.
void Learn(auparse_state_t* parser, absl::string_view comm,
           const std::map<std::string, int>& inspected, Learnt& learnt) {
  ASSERT_TRUE(GoToField(parser, "type"));
  const std::string type = auparse_get_field_str(parser);
  if (type != "SECCOMP" && type != "SYSCALL") return;
  if (!GoToField(parser, "comm") || auparse_get_field_str(parser) != absl::StrCat("\"", comm, "\""))
    return;
  ASSERT_TRUE(GoToField(parser, "syscall")) << "it stops there";
  const std::string call = auparse_interpret_field(parser);
  const auto argument = inspected.find(call);
  if ((argument != inspected.end()) != (type == "SYSCALL")) return;
  if (argument != inspected.end()) {
    ASSERT_TRUE(GoToField(parser, absl::StrCat("a", argument->second))) << "it stops there";
    learnt.arguments[call].insert(auparse_interpret_field(parser));
  }
  ++learnt.calls[call];
}

Learnt LearnFrom(const std::string& path, const std::string& comm) {
  const std::map<std::string, int> inspected = {
      {"socket", 0}, {"ioctl", 1}, {"prctl", 0}, {"mmap", 2}, {"mprotect", 2}};
  Learnt learnt;
  const std::unique_ptr<auparse_state_t, decltype(&auparse_destroy)> owner(
      auparse_init(AUSOURCE_FILE, path.c_str()), auparse_destroy);
  auparse_state_t* parser = owner.get();
  EXPECT_GT(auparse_first_record(parser), 0) << "it takes such a log for none";
  const std::string quoted = absl::StrCat("\"", comm, "\"");
  EXPECT_EQ(ausearch_add_item(parser, "type", "=", "SECCOMP", AUSEARCH_RULE_CLEAR), 0);
  EXPECT_EQ(ausearch_add_item(parser, "type", "=", "SYSCALL", AUSEARCH_RULE_OR), 0);
  EXPECT_EQ(ausearch_add_item(parser, "comm", "=", quoted.c_str(), AUSEARCH_RULE_AND), 0);
  while (ausearch_next_event(parser) > 0) {
    auparse_first_record(parser);
    for (unsigned i = auparse_get_num_records(parser); i > 0; --i) {
      Learn(parser, comm, inspected, learnt);
      auparse_next_record(parser);
    }
  }
  return learnt;
}

TEST(ForeignReadingsTest, MinijailTakesNamesFromSeccompAndArgumentsFromSyscall) {
  for (const EventFormat& format : Formats()) {
    const LogOfCalls log(format);
    const Learnt learnt = LearnFrom(log.path(), "app");
    EXPECT_EQ(learnt.calls, (std::map<std::string, int>{{"openat", 1},
                                                        {"socket", 1},
                                                        {"connect", 1},
                                                        {"ioctl", 1},
                                                        {"prctl", 1},
                                                        {"mprotect", 1},
                                                        {"getpid", 1}}));
    EXPECT_EQ(learnt.arguments, (std::map<std::string, std::set<std::string>>{
                                    {"socket", {"local"}},
                                    {"ioctl", {"TCGETS"}},
                                    {"prctl", {"PR_SET_NAME"}},
                                    {"mprotect", {"PROT_READ|PROT_EXEC"}}}));
    EXPECT_EQ(LearnFrom(log.path(), "other").calls, (std::map<std::string, int>{{"execve", 1}}));
  }
}

TEST(ForeignReadingsTest, KubernetesProfileRecorderTakesEachLineOfACall) {
  // Greedy, as theirs is: each field is the last of its name before the next.
  const RE2 pattern(
      R"re(type=SECCOMP.+audit\((.+)\).+pid=\b([0-9]+)\b.+exe="(.+)".+syscall=\b([0-9]+)\b)re");
  ASSERT_TRUE(pattern.ok());
  for (const EventFormat& format : Formats()) {
    const LogOfCalls log(format);
    std::vector<int> pids;
    std::vector<int> calls;
    for (const std::string& line : Lines(log.text())) {
      std::string stamp;
      std::string exe;
      int pid = 0;
      int call = 0;
      if (!RE2::PartialMatch(line, pattern, &stamp, &pid, &exe, &call)) continue;
      EXPECT_EQ(exe, "/usr/bin/app");
      EXPECT_EQ(stamp, absl::StrCat("1795311668.", absl::Dec(pid - 5000, absl::kZeroPad3), ":",
                                    pid - 5000));
      pids.push_back(pid);
      calls.push_back(call);
    }
    EXPECT_EQ(calls, (std::vector<int>{257, 41, 42, 16, 157, 10, 39, 59, 231}));
    EXPECT_EQ(pids.front(), 5008);
    EXPECT_EQ(pids.back(), 5016);
  }
}

}  // namespace
}  // namespace provost
