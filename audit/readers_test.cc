// What readers that are not ours make of our records: ausearch and aureport (Debian package auditd)
// and libauparse.

#include <auparse.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "audit/event.h"
#include "audit/event_format.h"
#include "audit/file_sink.h"
#include "audit/formatter.h"
#include "audit/testing.h"
#include "base/call_facts.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "policy/verdict.h"

namespace provost {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using What = SupervisorEvent::What;
using Serials = std::set<uint64_t>;

// Standard output and error of a shell command. Its standard input is no pipe: ausearch would read
// that instead of its file.
std::string Run(const std::string& command) {
  return OutputOf(absl::StrCat(command, " 2>&1 </dev/null"));
}

std::string Ausearch(const std::string& file, absl::string_view options) {
  return Run(absl::StrCat("ausearch -if '", file, "' ", options));
}

std::string Aureport(const std::string& file, absl::string_view options) {
  return Run(absl::StrCat("aureport -if '", file, "' ", options));
}

// The events that a filter of ausearch finds.
Serials Found(const std::string& file, absl::string_view filter) {
  Serials serials;
  const std::string output = Ausearch(file, absl::StrCat("--raw ", filter));
  if (absl::StrContains(output, "<no matches>") || output.empty()) return serials;
  for (const std::string& record : Records(output)) serials.insert(SerialOf(record));
  return serials;
}

// One event as auparse sees it: its records' types in order, and all fields interpreted.
struct Parsed {
  uint64_t serial = 0;
  std::vector<std::string> types;
  std::vector<std::map<std::string, std::string>> fields;
};

std::vector<Parsed> ParseWithAuparse(const std::string& file) {
  std::vector<Parsed> events;
  const std::unique_ptr<auparse_state_t, decltype(&auparse_destroy)> parser(
      auparse_init(AUSOURCE_FILE, file.c_str()), auparse_destroy);
  EXPECT_NE(parser, nullptr);
  while (auparse_next_event(parser.get()) > 0) {
    Parsed& event = events.emplace_back();
    event.serial = auparse_get_serial(parser.get());
    auparse_first_record(parser.get());
    do {
      const char* type = auparse_get_type_name(parser.get());
      event.types.emplace_back(type == nullptr ? "?" : type);
      auto& fields = event.fields.emplace_back();
      auparse_first_field(parser.get());
      do {
        const char* value = auparse_interpret_field(parser.get());
        fields[auparse_get_field_name(parser.get())] = value == nullptr ? "?" : value;
      } while (auparse_next_field(parser.get()) > 0);
    } while (auparse_next_record(parser.get()) > 0);
  }
  return events;
}

// Builds a log with one event of every kind. Each has its own serial, and values that no other has.
class LogOfEveryKind {
 public:
  enum Serial : uint64_t {
    kStart = 3000000000,
    kDeny,
    kReturn,
    kTrap,
    kKill,
    kLogResult,
    kLog,
    kI386,
    kX32,
    kHostile,
    kBare,
    kPath,
    kTwoPaths,
    kConnect,
    kUnix,
    kSignal,
    kClock,
    kExec,
    kHostileFacts,
    kContainer,
    kContainerRefused,
    kConfig,
    kConfigRefused,
    kConfigAsked,
    kLost,
    kEnd,
  };
  static constexpr size_t kEvents = kEnd - kStart + 1;
  // Every decision.
  static Serials Decisions() {
    Serials serials;
    for (uint64_t serial = kDeny; serial <= kHostileFacts; ++serial) serials.insert(serial);
    return serials;
  }

  explicit LogOfEveryKind(EventFormat format = {}) : format_(std::move(format)) {
    Identity self = SomeTask();
    self.pid = 77;
    self.comm = "provost";
    self.exe = "/usr/bin/provost";
    Add(kStart, SupervisorEvent{What::kStart, &self});
    AddDecisions();
    AddOddDecisions();
    AddFacts();
    AddHostileFacts();
    AddContainersAndConfiguration();
    Add(kLost, SupervisorEvent{What::kEventsLost, &self, 0, 2});
    Add(kEnd, SupervisorEvent{What::kEnd, &self, 10, 2});
    WriteFile(path_, text_);
  }

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

 private:
  void Add(Serial serial, const Event& event) {
    FormatEvent(event, {1795311668, static_cast<int32_t>(serial % 1000), serial}, format_, text_);
  }

  void AddDecision(Serial serial, int pid, int nr, const Verdict& verdict, absl::string_view rule,
                   std::optional<int64_t> result) {
    Identity who = SomeTask();
    who.pid = pid;
    who.exe = absl::StrCat("/usr/bin/task", pid);
    who.comm = absl::StrCat("task", pid);
    DecisionEvent event = SomeDecision(who);
    event.request.nr = nr;
    event.decision.verdict = verdict;
    event.decision.rule = rule;
    event.result = result;
    Add(serial, event);
  }

  void AddDecisions() {
    AddDecision(kDeny, 1001, 257, Deny{EACCES}, "no-shadow", -EACCES);
    AddDecision(kReturn, 1002, 39, Return{7}, "fake-pid", 7);
    AddDecision(kTrap, 1003, 42, Trap{}, "rules.policy:12", std::nullopt);
    AddDecision(kKill, 1004, 101, Kill{}, "no-ptrace", std::nullopt);
    AddDecision(kLogResult, 1005, 83, Log{}, "watch-mkdir", 0);
    AddDecision(kLog, 1006, 41, Log{}, "watch-socket", std::nullopt);
  }

  void AddOddDecisions() {
    Identity who = SomeTask();
    who.pid = 1007;
    who.uid = 4321;
    who.euid = 4322;
    who.auid = UINT32_MAX;
    who.ses = 9;
    who.tty = "pts9";
    DecisionEvent event = SomeDecision(who);
    event.request.arch = static_cast<uint32_t>(Arch::kI386);
    event.request.nr = 5;
    event.decision = {Deny{EPERM}, RecordWish::kUnsaid, "thirty-two"};
    event.result = -EPERM;
    Add(kI386, event);

    who = SomeTask();
    who.pid = 1008;
    event = SomeDecision(who);
    event.request.nr = static_cast<int32_t>(kX32Bit | 2);
    event.decision = {Deny{ENOSYS}, RecordWish::kUnsaid, "no-x32"};
    event.result = -ENOSYS;
    Add(kX32, event);

    who = SomeTask();
    who.pid = 1009;
    who.comm = "arch=40000003";
    who.exe = "/tmp/a\ntype=SECCOMP msg=audit(1795311668.000:1): auid=0";
    who.proctitle = std::string("x\0\"y\" key=z\n\x1d", 13);
    event = SomeDecision(who);
    event.decision.rule = "a=b c";
    Add(kHostile, event);

    Identity bare;
    bare.pid = 1010;
    event = SomeDecision(bare);
    event.decision.rule = "";
    event.request.nr = 60;
    event.result = std::nullopt;
    Add(kBare, event);
  }

  void AddWithFacts(Serial serial, int pid, int nr, const CallFacts& facts) {
    Identity who = SomeTask();
    who.pid = pid;
    DecisionEvent event = SomeDecision(who);
    event.request.nr = nr;
    const std::string rule = absl::StrCat("facts-", pid);
    event.decision.rule = rule;
    event.facts = &facts;
    Add(serial, event);
  }

  void AddFacts() {
    AddWithFacts(kPath, 1011, 257, SomeFacts());

    CallFacts rename;
    rename.cwd = "/srv";
    using NameType = PathFact::NameType;
    const std::pair<const char*, NameType> kNames[] = {{"/srv/old dir", NameType::kParent},
                                                       {"/srv/new", NameType::kParent},
                                                       {"/srv/old dir/file", NameType::kDelete},
                                                       {"/srv/new/file", NameType::kCreate}};
    for (const auto& [name, type] : kNames) {
      PathFact& path = rename.paths.emplace_back();
      path.name = name;
      path.name_type = type;
    }
    AddWithFacts(kTwoPaths, 1012, 82, rename);

    CallFacts connect;
    connect.sockaddr = EveryFact().sockaddr;
    connect.contid = 123456;
    connect.network_contids = {123456, 7};
    AddWithFacts(kConnect, 1013, 42, connect);
    connect = CallFacts();
    connect.sockaddr = std::string("\1\0/run/log", 10);
    AddWithFacts(kUnix, 1014, 42, connect);

    CallFacts signal;
    signal.objects = EveryFact().objects;
    signal.contid = 31;
    AddWithFacts(kSignal, 1015, 62, signal);

    CallFacts clock;
    clock.clock = EveryFact().clock;
    AddWithFacts(kClock, 1016, 159, clock);

    CallFacts exec = SomeFacts();
    exec.paths[0].name = "/srv/script";
    exec.paths.push_back(exec.paths[0]);
    exec.paths[1].name = "/bin/sh";
    exec.exec = ExecArguments{4,
                              {"/bin/sh", "/srv/script", "",
                               "a\ntype=SYSCALL msg=audit(1795311668.000:1): key=\"forged\""}};
    Identity who = SomeTask();
    who.pid = 1018;
    DecisionEvent event = SomeDecision(who);
    event.request.nr = 59;
    event.decision = {Log{}, RecordWish::kLogResult, "programs"};
    event.result = 0;
    event.facts = &exec;
    Add(kExec, event);
  }

  void AddHostileFacts() {
    const std::string hostile =
        "a\ntype=SECCOMP msg=audit(1795311668.000:1): auid=0 \x1d"
        "UID=\"root\" key=\"forged\" }";
    CallFacts facts = EveryFact();
    facts.cwd = hostile;
    facts.paths[0].name = hostile;
    facts.paths[1].name = std::string(4096, '\n');
    facts.objects[0].comm = "\n\"arch=4000000";
    facts.sockaddr = absl::StrCat(absl::string_view("\1\0", 2), hostile);
    AddWithFacts(kHostileFacts, 1017, 257, facts);
  }

  void AddContainersAndConfiguration() {
    Identity who = SomeTask();
    who.pid = 78;
    Add(kContainer, ContainerEvent{.identity = &who, .pid = 1013, .contid = 123456});
    Add(kContainerRefused,
        ContainerEvent{
            .identity = &who, .pid = 1013, .contid = 5, .old_contid = 123456, .succeeded = false});
    Add(kConfig, ConfigChangeEvent{&who, "kill_process,errno", "(none)", true});
    Add(kConfigRefused, ConfigChangeEvent{&who, "?", "kill_process,errno", false});
    Add(kConfigAsked,
        ConfigChangeEvent{
            .identity = &who, .asked_by = &who, .mark = AuditedMark{.pid = 1013, .audited = true}});
  }

  EventFormat format_;
  std::string path_ = FreshPath("every-kind.log");
  std::string text_;
};

// What ausearch says on the side: "Malformed …", "Unparsed type:NUMBER".
std::vector<std::string> Complaints(const std::string& file) {
  std::vector<std::string> complaints;
  const std::string output =
      Run(absl::StrCat("sh -c 'ausearch --debug --raw -if \"", file, "\" 2>&1 >/dev/null'"));
  for (const std::string& line : Lines(output + "\n")) {
    if (absl::StrContains(line, "arse") || absl::StrContains(line, "alformed")) {
      complaints.push_back(line);
    }
  }
  return complaints;
}

const EventFormat kFormats[] = {{},
                                {.kind = EventFormat::Kind::kEnriched},
                                {.node = "host7"},
                                {.kind = EventFormat::Kind::kEnriched, .node = "host7"}};

TEST(Readers, AusearchTakesEveryLine) {
  for (const EventFormat& format : kFormats) {
    const LogOfEveryKind log(format);
    // That it knows no type of containers' is all it has to say.
    size_t unknown = 0;
    const std::vector<std::string> written = Lines(log.text());
    for (const std::string& line : written) unknown += absl::StrContains(line, "CONTAINER_");
    const std::vector<std::string> complaints = Complaints(log.path());
    EXPECT_EQ(unknown, 9u);
    EXPECT_EQ(complaints.size(), unknown);
    for (const std::string& line : complaints) EXPECT_THAT(line, HasSubstr("Unparsed type:-1"));
    std::multiset<std::string> read;
    for (const std::string& line : Lines(Ausearch(log.path(), "--raw"))) {
      // Beside enriched records, ausearch ends those that have no names with the separator.
      read.emplace(absl::StripSuffix(line, "\x1d"));
    }
    for (const std::string& line : written) EXPECT_EQ(read.count(line), 1u) << line;
    EXPECT_EQ(read.size(), written.size());
  }
}

TEST(Readers, EveryFilterFindsItsEvent) {
  using L = LogOfEveryKind;
  const Serials decisions = L::Decisions();
  const Serials supervisor = {L::kStart, L::kLost, L::kEnd};
  const struct {
    const char* filter;
    Serials expected;
  } kTable[] = {
      {"-m SECCOMP", decisions},
      {"-m SYSCALL", decisions},
      {"-m PROCTITLE", decisions},
      {"-m TRUSTED_APP", {L::kLost}},
      {"-m SERVICE_START", {L::kStart}},
      {"-m SERVICE_STOP", {L::kEnd}},
      {"-p 1003", {L::kTrap}},
      {"-p 77", supervisor},
      {"-pp 1000 -p 1001", {L::kDeny}},
      {"-sc openat", {L::kDeny, L::kHostile, L::kPath, L::kHostileFacts}},
      {"-sc rename", {L::kTwoPaths}},
      {"-sc execve", {L::kExec}},
      {"-m EXECVE", {L::kExec}},
      {"-f /srv/script", {L::kExec}},
      {"-f /bin/sh", {L::kExec}},
      {"-sc ptrace", {L::kKill}},
      {"-sc 1073741826", {L::kX32}},
      {"--arch i386", {L::kI386}},
      {"--arch i386 -sc open", {L::kI386}},
      {"--arch x86_64 -sc getpid", {L::kReturn}},
      {"-ui 4321", {L::kI386}},
      {"-ue 4322", {L::kI386}},
      {"-ul -1", {L::kI386, L::kBare}},
      {"-ul 1000 -sc mkdir", {L::kLogResult}},
      {"--session 9", {L::kI386}},
      {"-tm pts9", {L::kI386}},
      {"-sv no -m SECCOMP -p 1011", {L::kPath}},
      {"-sv no -m SECCOMP -p 1005", {}},
      {"-sv yes -m SECCOMP", {L::kReturn, L::kLogResult, L::kExec}},
      {"-sv no -m TRUSTED_APP", {L::kLost}},
      {"-e -13 -p 1001", {L::kDeny}},
      {"-e -38", {L::kX32}},
      {"-e -EPERM", {L::kI386}},
      {"-e 7", {L::kReturn}},
      {"-k no-shadow", {L::kDeny}},
      {"-k rules.policy:12", {L::kTrap}},
      {"-k 'a=b c'", {L::kHostile}},
      {"-x /usr/bin/task1004", {L::kKill}},
      {"-x /usr/bin/provost", supervisor},
      {"-x type=SECCOMP", {L::kHostile}},
      {"-c task1006", {L::kLog}},
      {"-c arch=40000003", {L::kHostile}},
      {"-se '?' -m SECCOMP", decisions},
      {"-a 3000000005", {L::kLogResult}},
      {"-f /etc/shadow", {L::kPath}},
      {"-f '/srv/old dir/file'", {L::kTwoPaths}},
      {"-f /srv/new -m SECCOMP", {L::kTwoPaths}},
      {"-hn 192.0.2.7", {L::kConnect}},
      {"-k contid=123456", {L::kConnect, L::kHostileFacts}},
      {"-k contid=31", {L::kSignal}},
      {"-k facts-1013", {L::kConnect}},
      {"-m PATH", {L::kPath, L::kTwoPaths, L::kExec, L::kHostileFacts}},
      {"-m CWD", {L::kPath, L::kTwoPaths, L::kExec, L::kHostileFacts}},
      {"-m SOCKADDR", {L::kConnect, L::kUnix, L::kHostileFacts}},
      {"-m OBJ_PID", {L::kSignal, L::kHostileFacts}},
      {"-m TIME_INJOFFSET", {L::kClock, L::kHostileFacts}},
      {"-m TIME_ADJNTPVAL", {L::kClock, L::kHostileFacts}},
      {"-m CONFIG_CHANGE", {L::kConfig, L::kConfigRefused, L::kConfigAsked}},
      {"-m CONFIG_CHANGE -sv no", {L::kConfigRefused}},
      {"-a 3000000019", {L::kContainer}},
      {"-p 4711", {}},
      {"-k forged", {}},
  };
  for (const EventFormat& format : kFormats) {
    const LogOfEveryKind log(format);
    for (const auto& row : kTable) {
      EXPECT_EQ(Found(log.path(), row.filter), row.expected) << row.filter;
    }
    EXPECT_EQ(Found(log.path(), "-n host7 -m SECCOMP"),
              format.node.empty() ? Serials() : decisions);
  }
}

TEST(Readers, TextAndCsvKnowTheCalls) {
  for (const EventFormat& format : kFormats) {
    const LogOfEveryKind log(format);
    // The CONTAINER_ID records are sentences of their own: see audit/fact_records.h.
    constexpr size_t kContainerIds = 7;
    const std::string text = Ausearch(log.path(), "--format text");
    EXPECT_THAT(text, Not(HasSubstr("unknown-syscall")));
    EXPECT_THAT(text, HasSubstr("unsuccessfully opened-file using"));
    EXPECT_THAT(text, HasSubstr("unsuccessfully opened-file /etc/shadow using /usr/bin/cat"));
    EXPECT_THAT(text, HasSubstr("unsuccessfully connected-to 192.0.2.7 using /usr/bin/cat"));
    EXPECT_THAT(text, HasSubstr("unsuccessfully renamed /srv/old dir/file"));
    EXPECT_THAT(text, HasSubstr("successfully executed /srv/script"));
    EXPECT_EQ(Lines(text).size(), LogOfEveryKind::kEvents + kContainerIds);
    const std::string csv = Ausearch(log.path(), "--format csv");
    EXPECT_THAT(csv, Not(HasSubstr("unknown-syscall")));
    EXPECT_THAT(csv, HasSubstr(",SECCOMP,11/22/26,01:41:08,3000000001,dac-decision,3,"));
    EXPECT_EQ(Lines(csv).size(), 1 + LogOfEveryKind::kEvents + kContainerIds);
  }
}

TEST(Readers, InterpretedRecordsSayWhatHappened) {
  const LogOfEveryKind log;
  const std::string deny = Ausearch(log.path(), "-i -a 3000000001");
  EXPECT_THAT(deny, AllOf(HasSubstr("arch=x86_64 syscall=openat success=no "
                                    "exit=EACCES(Permission denied) a0=AT_FDCWD "),
                          HasSubstr("key=no-shadow"), HasSubstr("code=trace op=deny"),
                          HasSubstr("proctitle=cat /etc/shadow")));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000004"),
              AllOf(HasSubstr("sig=SIGSYS arch=x86_64 syscall=ptrace"), HasSubstr("op=kill")));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000007"),
              HasSubstr("arch=i386 syscall=open success=no exit=EPERM"));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000011"),
              AllOf(HasSubstr("items=1 "), HasSubstr(" : cwd=/root "),
                    HasSubstr("item=0 name=/etc/shadow inode=1835 dev=fe:01 mode=file,640 "
                              "ouid=root ogid=shadow rdev=00:00 nametype=NORMAL")));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000013"),
              AllOf(HasSubstr("saddr={ saddr_fam=inet laddr=192.0.2.7 lport=443 }"),
                    HasSubstr("key=facts-1013 key=contid=123456")));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000017"),
              AllOf(HasSubstr(" : argc=4 a0=/bin/sh a1=/srv/script a2= a3=a"),
                    HasSubstr("item=1 name=/bin/sh inode=1835")));
  EXPECT_THAT(Ausearch(log.path(), "-i -a 3000000015"),
              HasSubstr(" ouid=www-data oses=5 ocomm=victim"));
}

// "COUNT  NAME" rows of an aureport summary.
std::map<std::string, int> Summary(const std::string& file, absl::string_view options) {
  std::map<std::string, int> rows;
  for (const std::string& line : Lines(Aureport(file, absl::StrCat(options, " --summary")))) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int count = 0;
    if (words.size() == 2 && absl::SimpleAtoi(words[0], &count)) rows[words[1]] = count;
  }
  return rows;
}

// The events that a report lists: the last column of its rows.
Serials Listed(const std::string& file, absl::string_view options) {
  Serials serials;
  for (const std::string& line : Lines(Aureport(file, options))) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint64_t serial = 0;
    if (words.size() > 3 && absl::SimpleAtoi(words.back(), &serial)) serials.insert(serial);
  }
  return serials;
}

TEST(Readers, AureportCountsEveryEvent) {
  const LogOfEveryKind log;
  using L = LogOfEveryKind;
  const Serials decisions = L::Decisions();
  Serials keyed = decisions;
  keyed.erase(L::kBare);
  Serials all = decisions;
  all.insert({L::kStart, L::kLost, L::kEnd});
  // A socket's path is a file, too.
  const Serials paths = {L::kPath, L::kTwoPaths, L::kUnix, L::kExec, L::kHostileFacts};

  EXPECT_EQ(Listed(log.path(), "-s"), decisions);
  EXPECT_EQ(Listed(log.path(), "-n"), decisions);
  EXPECT_EQ(Listed(log.path(), "-k"), keyed);
  EXPECT_EQ(Listed(log.path(), "-x"), all);
  EXPECT_EQ(Listed(log.path(), "-p"), all);
  EXPECT_EQ(Listed(log.path(), "-f"), paths);
  EXPECT_EQ(Summary(log.path(), "-f").at("/etc/shadow"), 1);
  EXPECT_EQ(Listed(log.path(), "-c"), (Serials{L::kConfig, L::kConfigRefused, L::kConfigAsked}));
  EXPECT_EQ(Summary(log.path(), "-k").at("contid=123456"), 2);
  const std::map<std::string, int> calls = Summary(log.path(), "--syscall -i");
  EXPECT_EQ(calls.at("openat"), 4);
  EXPECT_EQ(calls.at("getpid"), 1);
  EXPECT_EQ(calls.at("ptrace"), 1);
  EXPECT_EQ(Summary(log.path(), "-k").at("no-shadow"), 1);
  EXPECT_EQ(Summary(log.path(), "-x").at("/usr/bin/provost"), 3);
  // With the CONTAINER_ID records, each an event to aureport.
  EXPECT_THAT(Aureport(log.path(), "--summary"),
              AllOf(HasSubstr("Number of events: 33\n"), HasSubstr("Number of keys: 19\n"),
                    HasSubstr("Number of failed syscalls: 11\n")));
}

// The types of a line's records, by serial, as they were written; unknown ones left out.
std::map<uint64_t, std::vector<std::string>> WrittenTypes(absl::string_view text) {
  std::map<uint64_t, std::vector<std::string>> types;
  for (const std::string& line : Lines(text)) {
    const std::string type = Field(absl::StrCat(" ", line), "type");
    if (!absl::StartsWith(type, "CONTAINER_")) types[SerialOf(line)].push_back(type);
  }
  return types;
}

TEST(Readers, AuparseSeesWholeEvents) {
  for (const EventFormat& format : kFormats) {
    const LogOfEveryKind log(format);
    std::map<uint64_t, std::vector<std::string>> seen;
    for (Parsed& event : ParseWithAuparse(log.path())) {
      // Every event of known types comes whole, and once.
      if (event.types[0] == "?") continue;
      EXPECT_TRUE(seen.emplace(event.serial, std::move(event.types)).second) << event.serial;
    }
    EXPECT_EQ(seen, WrittenTypes(log.text()));
    EXPECT_EQ(seen.size(), LogOfEveryKind::kEvents - 2);
    EXPECT_THAT(
        seen[LogOfEveryKind::kHostileFacts],
        ElementsAre("SECCOMP", "SOCKADDR", "OBJ_PID", "OBJ_PID", "SYSCALL", "TIME_INJOFFSET",
                    "TIME_ADJNTPVAL", "TIME_ADJNTPVAL", "CWD", "PATH", "PATH", "PROCTITLE"));
  }
}

// Each name that enriching adds is what auparse makes of the raw field.
TEST(Readers, EnrichedNamesAreThoseOfAuparse) {
  const LogOfEveryKind raw;
  const LogOfEveryKind log({.kind = EventFormat::Kind::kEnriched});
  std::vector<std::map<std::string, std::string>> records;
  WriteFile(raw.path(), raw.text());
  for (Parsed& event : ParseWithAuparse(raw.path())) {
    for (auto& fields : event.fields) records.push_back(std::move(fields));
  }
  const std::vector<std::string> lines = Lines(log.text());
  ASSERT_EQ(records.size(), lines.size());
  size_t compared = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> parts = absl::StrSplit(lines[i], '\x1d');
    if (parts.size() < 2 || absl::StrContains(parts[1], "\\012")) continue;
    if (absl::StartsWith(parts[1], "SADDR=")) {
      EXPECT_EQ(parts[1], absl::StrCat("SADDR=", records[i].at("saddr")));
      ++compared;
      continue;
    }
    for (const absl::string_view copy : absl::StrSplit(parts[1], ' ')) {
      const std::vector<std::string> field = absl::StrSplit(copy, absl::MaxSplits('=', 1));
      const std::string value = records[i].at(absl::AsciiStrToLower(field[0]));
      EXPECT_EQ(absl::StrReplaceAll(field[1], {{"\"", ""}}), value) << lines[i];
      ++compared;
    }
  }
  EXPECT_GT(compared, 200u);
}

TEST(Readers, AuparseInterpretsTheFields) {
  const LogOfEveryKind log;
  std::map<uint64_t, Parsed> events;
  for (Parsed& event : ParseWithAuparse(log.path())) events[event.serial] = std::move(event);

  const Parsed& deny = events.at(LogOfEveryKind::kDeny);
  EXPECT_EQ(deny.fields[0].at("arch"), "x86_64");
  EXPECT_EQ(deny.fields[0].at("syscall"), "openat");
  EXPECT_EQ(deny.fields[0].at("code"), "trace");
  EXPECT_EQ(deny.fields[0].at("op"), "deny");
  EXPECT_EQ(deny.fields[0].at("uid"), "root");
  EXPECT_EQ(deny.fields[1].at("success"), "no");
  EXPECT_EQ(deny.fields[1].at("exit"), "EACCES(Permission denied)");
  EXPECT_EQ(deny.fields[1].at("key"), "no-shadow");
  EXPECT_EQ(deny.fields[2].at("proctitle"), "cat /etc/shadow");

  const Parsed& hostile = events.at(LogOfEveryKind::kHostile);
  EXPECT_EQ(hostile.fields[0].at("arch"), "x86_64");
  EXPECT_EQ(hostile.fields[0].at("comm"), "arch=40000003");
  EXPECT_THAT(hostile.fields[0].at("exe"), HasSubstr("type=SECCOMP msg=audit("));
  EXPECT_EQ(hostile.fields[1].at("key"), "a=b c");

  EXPECT_EQ(events.at(LogOfEveryKind::kStart).fields[0].at("op"), "supervisor-start");
  const Parsed& end = events.at(LogOfEveryKind::kEnd);
  EXPECT_EQ(end.fields[0].at("op"), "supervisor-end");
  EXPECT_EQ(end.fields[0].at("events"), "10");
  EXPECT_EQ(end.fields[0].at("lost"), "2");

  const Parsed& facts = events.at(LogOfEveryKind::kHostileFacts);
  EXPECT_EQ(facts.fields[0].at("comm"), "cat");
  EXPECT_THAT(facts.fields[8].at("cwd"), HasSubstr("type=SECCOMP msg=audit("));
  EXPECT_THAT(facts.fields[9].at("name"), HasSubstr("type=SECCOMP msg=audit("));
  EXPECT_EQ(facts.fields[9].count("key"), 0u);

  const Parsed& bare = events.at(LogOfEveryKind::kBare);
  EXPECT_EQ(bare.fields[0].at("auid"), "unset");
  EXPECT_EQ(bare.fields[1].at("exe"), "(null)");
  EXPECT_EQ(bare.fields[1].count("success"), 0u);
}

// The longest records possible, each between two ordinary ones.
TEST(Readers, LongRecordsAreReadWhole) {
  const std::string path = FreshPath("long.log");
  std::string text;
  uint64_t serial = 100;
  for (const size_t size : {3584u, 3585u, 4096u}) {
    for (const char filler : {' ', 'x'}) {
      Identity who = SomeTask();
      FormatEvent(SomeDecision(who), {1795311668, 1, serial++}, text);
      who.exe = std::string(size, filler);
      who.comm = std::string(15, filler);
      who.proctitle = std::string(127, '=') + "x";
      DecisionEvent event = SomeDecision(who);
      const std::string key(256, '"');
      event.decision.rule = key;
      FormatEvent(event, {1795311668, 1, serial++}, text);
    }
  }
  WriteFile(path, text);
  EXPECT_THAT(Ausearch(path, "--debug --raw"), Not(HasSubstr("alformed")));
  EXPECT_THAT(Lines(Ausearch(path, "--raw")), testing::UnorderedElementsAreArray(Lines(text)));
  const std::vector<Parsed> events = ParseWithAuparse(path);
  EXPECT_EQ(events.size(), 12u);
  for (const Parsed& event : events) {
    EXPECT_THAT(event.types, ElementsAre("SECCOMP", "SYSCALL", "PROCTITLE"));
  }
}

// A record that breaks off at any byte, closed by the next appender: the neighbours survive, and
// nothing of the torn event is read that it did not say.
TEST(Readers, ATornEventHarmsNoNeighbour) {
  const Identity who = SomeTask();
  std::string torn;
  FormatEvent(SomeDecision(who), {1795311668, 2, 200}, torn);
  for (size_t size = 1; size < torn.size(); size += 37) {
    SCOPED_TRACE(size);
    const std::string path = FreshPath("torn.log");
    std::string text;
    FormatEvent(SomeDecision(who), {1795311668, 1, 100}, text);
    const size_t neighbour = text.size();
    WriteFile(path, text + torn.substr(0, size));
    PROVOST_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<FileSink> sink, FileSink::Open(path));
    PROVOST_ASSERT_OK(sink->Write(SomeDecision(who)));
    const std::vector<std::string> records = Records(ReadFile(path).substr(neighbour));
    const uint64_t after = SerialOf(records.back());
    std::map<uint64_t, size_t> seen;
    for (const Parsed& event : ParseWithAuparse(path)) seen[event.serial] = event.types.size();
    EXPECT_EQ(seen[100], 3u);
    EXPECT_EQ(seen[after], 3u);
    const Serials found = Found(path, "-p 1001 -k no-shadow");
    EXPECT_EQ(found.count(100), 1u);
    EXPECT_EQ(found.count(after), 1u);
  }
}

// What one worker of several appends: `events` decisions, numbered in a1, by "process" `worker`.
void AppendMany(const std::string& path, int worker, int events, int heartbeat = -1) {
  absl::StatusOr<std::unique_ptr<FileSink>> sink = FileSink::Open(path);
  if (!sink.ok()) _exit(1);
  Identity who = SomeTask();
  who.pid = worker;
  // Lengths vary, so that events meet page boundaries everywhere.
  for (int i = 0; i < events; ++i) {
    who.proctitle = std::string(i % 128, 'x');
    DecisionEvent event = SomeDecision(who);
    event.request.args[1] = i;
    if (!(*sink)->Write(event).ok()) _exit(2);
    if (heartbeat >= 0 && i % 100 == 99 && write(heartbeat, "x", 1) != 1) _exit(3);
  }
  if (!(*sink)->Flush().ok()) _exit(4);
}

// Whole events in a log by worker: a1 of each. Fails the test for an event that is there twice.
std::map<int, std::set<int>> WholeEvents(const std::string& path) {
  std::map<int, std::set<int>> whole;
  std::map<std::string, std::vector<std::string>> by_stamp;
  for (std::string& record : Records(ReadFile(path))) {
    const std::vector<std::string> words = absl::StrSplit(record, absl::MaxSplits(' ', 2));
    if (words.size() == 3) by_stamp[words[1]].push_back(std::move(record));
  }
  for (const auto& [stamp, records] : by_stamp) {
    if (records.size() != 3) continue;
    EXPECT_TRUE(absl::StartsWith(records[0], "type=SECCOMP ")) << records[0];
    EXPECT_TRUE(absl::StartsWith(records[1], "type=SYSCALL ")) << records[1];
    EXPECT_TRUE(absl::StartsWith(records[2], "type=PROCTITLE ")) << records[2];
    int worker = 0;
    int number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(Field(records[1], "pid"), &worker));
    EXPECT_TRUE(absl::SimpleHexAtoi(Field(records[1], "a1"), &number));
    EXPECT_TRUE(whole[worker].insert(number).second) << stamp << " says it again";
  }
  return whole;
}

TEST(Readers, SeveralSupervisorsShareOneFile) {
  constexpr int kWorkers = 4;
  constexpr int kEvents = 10'000;
  const std::string path = FreshPath("shared.log");
  std::vector<pid_t> children;
  for (int worker = 1; worker <= kWorkers; ++worker) {
    children.push_back(Fork([&] { AppendMany(path, worker, kEvents); }));
  }
  for (const pid_t child : children) EXPECT_TRUE(EndsWell(child));

  EXPECT_EQ(Records(ReadFile(path)).size(), 3u * kWorkers * kEvents);
  // Who looks while another is in the middle of a write may take its line for a torn one, and put a
  // blank line there.
  EXPECT_LE(Lines(ReadFile(path)).size(), 3u * kWorkers * kEvents + kEvents / 10);
  std::map<int, std::set<int>> whole = WholeEvents(path);
  for (int worker = 1; worker <= kWorkers; ++worker) {
    EXPECT_EQ(whole[worker].size(), static_cast<size_t>(kEvents));
  }
  const std::vector<Parsed> events = ParseWithAuparse(path);
  EXPECT_EQ(events.size(), static_cast<size_t>(kWorkers * kEvents));
  for (const Parsed& event : events) {
    if (event.types.size() != 3) ADD_FAILURE() << event.serial << " has not three records";
  }
}

// Starts an appender without end and kills it once it has appended some hundreds of events.
void KillAnAppender(const std::string& path, int worker, int beats) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = Fork([&] { AppendMany(path, worker, 1'000'000, ends[1]); });
  close(ends[1]);
  char beat;
  for (int i = 0; i < beats; ++i) ASSERT_EQ(read(ends[0], &beat, 1), 1);
  kill(child, SIGKILL);
  EXPECT_FALSE(EndsWell(child));
  close(ends[0]);
}

TEST(Readers, AKilledAppenderHarmsNoOther) {
  constexpr int kEvents = 5'000;
  constexpr int kVictims = 8;
  const std::string path = FreshPath("killed.log");
  const pid_t survivor1 = Fork([&] { AppendMany(path, 1, kEvents); });
  const pid_t survivor2 = Fork([&] { AppendMany(path, 2, kEvents); });
  for (int i = 0; i < kVictims; ++i) KillAnAppender(path, 100 + i, 1 + i % 3);
  EXPECT_TRUE(EndsWell(survivor1));
  EXPECT_TRUE(EndsWell(survivor2));
  // Ends what the last victim may have left open.
  EXPECT_TRUE(EndsWell(Fork([&] { AppendMany(path, 3, 1); })));

  std::map<int, std::set<int>> whole = WholeEvents(path);
  EXPECT_EQ(whole[1].size(), static_cast<size_t>(kEvents));
  EXPECT_EQ(whole[2].size(), static_cast<size_t>(kEvents));
  EXPECT_EQ(whole[3].size(), 1u);
  size_t events = 1 + 2 * kEvents;
  for (int i = 0; i < kVictims; ++i) {
    const std::set<int>& victim = whole[100 + i];
    ASSERT_FALSE(victim.empty());
    EXPECT_EQ(*victim.rbegin() + 1, static_cast<int>(victim.size())) << "all up to the last";
    events += victim.size();
  }
  size_t read_whole = 0;
  for (const Parsed& event : ParseWithAuparse(path)) read_whole += event.types.size() == 3 ? 1 : 0;
  EXPECT_EQ(read_whole, events);
}

// Appends to a log on a tmpfs of 64 KiB until it is full and 5 events are refused, makes room,
// appends 3 more, and copies the log to `copy`. Says what went wrong, or how many were taken first.
std::string FillADisk(const std::string& directory, const std::string& copy) {
  if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 &&
      unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return absl::StrCat("unshare: ", errno);
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=64k") != 0) {
    return absl::StrCat("mount: ", errno);
  }
  WriteFile(directory + "/ballast", std::string(16'384, 'x'));
  absl::StatusOr<std::unique_ptr<FileSink>> sink = FileSink::Open(directory + "/audit.log");
  if (!sink.ok()) return sink.status().ToString();
  const Identity who = SomeTask();
  int taken = 0;
  absl::Status status;
  while ((status = (*sink)->Write(SomeDecision(who))).ok()) ++taken;
  for (int i = 0; i < 4; ++i) {
    if ((*sink)->Write(SomeDecision(who)).ok()) return "a full disk took an event";
  }
  (*sink)->CountLost(5);
  if (unlink((directory + "/ballast").c_str()) != 0) return "unlink";
  for (int i = 0; i < 3; ++i) {
    if (absl::Status again = (*sink)->Write(SomeDecision(who)); !again.ok()) {
      return again.ToString();
    }
  }
  WriteFile(copy, ReadFile(directory + "/audit.log"));
  return absl::StrCat(taken, "|", status.ToString());
}

TEST(Readers, AFullDiskLeavesNoHalfEvent) {
  const std::string directory = FreshPath("small");
  ASSERT_EQ(mkdir(directory.c_str(), 0700), 0);
  const std::string path = FreshPath("full-disk.log");
  const std::string told = InChild([&] { return FillADisk(directory, path); });
  rmdir(directory.c_str());
  const std::vector<std::string> parts = absl::StrSplit(told, '|');
  size_t taken = 0;
  ASSERT_TRUE(parts.size() == 2 && absl::SimpleAtoi(parts[0], &taken)) << told;
  EXPECT_THAT(parts[1], AllOf(HasSubstr("RESOURCE_EXHAUSTED"), HasSubstr("small"),
                              HasSubstr("No space left on device")));

  EXPECT_NE(Records(ReadFile(path)).size(), Lines(ReadFile(path)).size())
      << "the write that fell short was blanked, or there was none";
  EXPECT_THAT(Ausearch(path, "--debug --raw"), Not(HasSubstr("alformed")));
  const std::vector<Parsed> events = ParseWithAuparse(path);
  ASSERT_EQ(events.size(), taken + 1 + 3);
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].types.size(), i == taken ? 1u : 3u);
    if (i > 0) {
      EXPECT_EQ(events[i].serial - events[i - 1].serial, i == taken ? 5u : 1u);
    }
  }
  EXPECT_EQ(events[taken].fields[0].at("op"), "events-lost");
  EXPECT_EQ(events[taken].fields[0].at("lost"), "5");
  EXPECT_EQ(Found(path, "-m SECCOMP").size(), taken + 3);
}

}  // namespace
}  // namespace provost
