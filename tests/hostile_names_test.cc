// Programs that call themselves, their files, addresses and arguments what could pass for something
// else in a log: every event stays one event, to every reader, and says what it should.

#include <auparse.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Json = nlohmann::json;
using Counts = std::map<std::string, uint64_t>;

const std::vector<std::string>& HostileNames() {
  static const auto& names = *new std::vector<std::string>{
      "a\nb",
      "x\ntype=SECCOMP msg=audit(1795311668.000:1): auid=0 uid=0 key=\"forged\"",
      "\ntype=SYSCALL msg=audit(1795311668.000:2): arch=c000003e syscall=59 key=\"forged\"\n",
      "node=evil type=USER_LOGIN msg=audit(1.000:1): pid=1 key=\"forged\"",
      "\x1dUID=\"nobody\" key=\"forged\"",
      "\"",
      "\" key=\"forged\"",
      "' res=success' key=\"forged\"",
      "arch=40000003",
      "syscall=1 arch=40000003",
      "msg=audit(1795311668.000:3):",
      "\r\n",
      "\xff\xfe\x80\xc3(",
      "\x1b[2J\x1b]0;forged\x07",
      "\xe2\x80\xaereversed",
      "%s%n%d",
      "(null)",
      "\"<too_long>\"",
      "6B65793D666F72676564",  // in hexadecimal already: key=forged
      "ABC",
      "{\"type\":\"SECCOMP\"}",
      "}",
      std::string(4000, ' '),
      std::string(4095, '\n'),
      std::string(200, '"'),
      "",
      ".",
  };
  return names;
}

// What each of them does, by the rule that records it; the calls of one that may fail for its name
// alone (chdir) leave the last away.
const Counts& EventsOfEach() {
  static const auto& counts =
      *new Counts{{"exec", 1}, {"ppid", 1}, {"rename", 1}, {"open", 1}, {"connect", 1}};
  return counts;
}

class HostileNamesTest : public testing::Test {
 protected:
  // Runs them all and returns the log's path. The programs are called after their arguments as far
  // as a file can be.
  std::string Record(const std::vector<std::string>& options) {
    const std::string top = TemporaryPath("hostile");
    std::filesystem::remove_all(top);
    std::filesystem::create_directories(top);
    const std::vector<std::string>& names = HostileNames();
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string number = absl::StrCat(i + 1);
      std::string program = absl::StrCat("p", number, absl::StrReplaceAll(names[i], {{"/", "_"}}));
      program.resize(std::min<size_t>(program.size(), 250));
      std::filesystem::copy_file(Victim("names_itself"), absl::StrCat(top, "/", program));
      EXPECT_EQ(symlink(program.c_str(), absl::StrCat(top, "/", number).c_str()), 0);
    }
    std::string log = absl::StrCat(top, "/../hostile.log");
    std::filesystem::remove(log);
    std::vector<std::string> arguments = options;
    for (const char* rule :
         {"log execve as \"exec\" log result", "log getppid as \"ppid\"", "log mkdir as \"mkdir\"",
          "log rename as \"rename\"", "log open, openat as \"open\"",
          "log connect as \"connect\" log result", "log chdir as \"chdir\" log result"}) {
      arguments.insert(arguments.end(), {"-e", rule});
    }
    arguments.insert(arguments.end(), {"-o", log});
    std::vector<std::string> program = {Victim("names_itself"), top};
    program.insert(program.end(), names.begin(), names.end());
    const Ended ended = Provost(arguments, program);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    return log;
  }
};

std::string Text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Ended Shell(const std::string& command) {
  return RunNatively({"/bin/sh", "-c", absl::StrCat("export LC_ALL=C TZ=UTC; ", command)});
}

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// Of each rule: how many events, as the log's own SYSCALL records count them by their keys.
Counts Written(const std::string& text) {
  Counts counts;
  for (const std::string& line : LinesOf(text)) {
    const size_t at = line.find(" key=\"");
    if (!absl::StrContains(line, "type=SYSCALL ") || at == std::string::npos) continue;
    const std::string key = line.substr(at + 6);
    ++counts[key.substr(0, key.find('"'))];
  }
  return counts;
}

void ExpectEachDidAll(const Counts& counts) {
  const uint64_t programs = HostileNames().size();
  for (const auto& [rule, events] : EventsOfEach()) {
    // The driver changes directory and opens nothing; the first execve is its own.
    const uint64_t more = rule == "exec" ? 1 : 0;
    EXPECT_EQ(counts.count(rule) == 0 ? 0 : counts.at(rule), programs * events + more) << rule;
  }
  EXPECT_EQ(counts.size(), EventsOfEach().size() + 2) << "mkdir and chdir, and nothing else";
}

Counts ReportedRules(const std::string& log) {
  const Ended ended = RunNatively(
      {Runfile("tools/cli/provost"), "report", "--no-rotated", "--json", "--by", "rule", log});
  EXPECT_THAT(ended.err, IsEmpty());
  Counts counts;
  const Json json = Json::parse(ended.out);
  for (const Json& row : json["rows"]) {
    if (!row["rule"].is_null()) counts[row["rule"]] = row["events"];
  }
  return counts;
}

Counts AureportRules(const std::string& log) {
  Counts counts;
  const Ended ended = Shell(absl::StrCat("aureport -k --summary -if '", log, "' </dev/null"));
  for (const std::string& line : LinesOf(ended.out)) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint64_t count = 0;
    if (words.size() == 2 && absl::SimpleAtoi(words[0], &count)) counts[words[1]] = count;
  }
  return counts;
}

// Of each key: how many events have it to libauparse; all of the log's events under "".
Counts AuparseRules(const std::string& log) {
  Counts counts;
  const std::unique_ptr<auparse_state_t, decltype(&auparse_destroy)> parser(
      auparse_init(AUSOURCE_FILE, log.c_str()), auparse_destroy);
  std::set<uint64_t> serials;
  while (auparse_next_event(parser.get()) > 0) {
    EXPECT_TRUE(serials.insert(auparse_get_serial(parser.get())).second) << "in two pieces";
    ++counts[""];
    if (auparse_find_field(parser.get(), "key") == nullptr) continue;
    const char* key = auparse_interpret_field(parser.get());
    if (key != nullptr) ++counts[key];
  }
  // One run, and nothing that it did not write: its serials stand in a row.
  EXPECT_EQ(*serials.rbegin() - *serials.begin() + 1, serials.size());
  return counts;
}

TEST_F(HostileNamesTest, EveryEventStaysOneToEveryReader) {
  for (const std::vector<std::string>& format :
       {std::vector<std::string>{}, {"--audit-format", "enriched"}, {"--audit-node", "host7"}}) {
    const std::string log = Record(format);
    const Counts written = Written(Text(log));
    ExpectEachDidAll(written);
    uint64_t calls = 0;
    for (const auto& [rule, count] : written) calls += count;

    EXPECT_EQ(ReportedRules(log), written);
    EXPECT_EQ(AureportRules(log), written);
    Counts parsed = AuparseRules(log);
    EXPECT_EQ(parsed[""], calls + 2) << "and the run's own first and last";
    parsed.erase("");
    EXPECT_EQ(parsed, written);

    const auto ausearch = [&](const std::string& options) {
      return Shell(absl::StrCat("ausearch -if '", log, "' ", options, " </dev/null"));
    };
    const Ended raw = ausearch("--debug --raw");
    EXPECT_THAT(raw.err, Not(HasSubstr("alformed")));
    EXPECT_EQ(LinesOf(raw.out).size(), LinesOf(Text(log)).size());
    EXPECT_EQ(LinesOf(ausearch("--format text").out).size(), calls + 2);
    EXPECT_EQ(LinesOf(ausearch("-m SECCOMP --raw").out).size(), LinesOf(Text(log)).size() - 2);
    for (const char* forged :
         {"-k forged", "-n evil", "-m USER_LOGIN", "-a 1", "-a 2", "--arch i386", "-ui nobody"}) {
      EXPECT_EQ(ausearch(forged).exit_code, 1) << forged;
    }
    for (const std::string& line : LinesOf(ausearch("-i").out)) {
      EXPECT_TRUE(absl::StartsWith(line, "type=") || absl::StartsWith(line, "node=host7 type=") ||
                  line == "----")
          << line;
    }
  }
}

TEST_F(HostileNamesTest, EveryStringComesBackAsItWas) {
  const std::string log = Record({});
  const Ended ended = RunNatively({Runfile("tools/cli/provost"), "report", "--no-rotated", "--json",
                                   "--list", "-k", "open", log});
  const std::vector<std::string> lines = LinesOf(ended.out);
  ASSERT_EQ(lines.size(), HostileNames().size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& name = HostileNames()[i];
    if (absl::StrContains(name, "\xff")) continue;  // no JSON can hold it
    const Json event = Json::parse(lines[i]);
    if (!name.empty()) {
      EXPECT_EQ(event["comm"], name.substr(0, 15)) << i;
      EXPECT_EQ(event["paths"], Json({name})) << i;
    }
    const std::string exe = event["exe"];
    EXPECT_THAT(exe, HasSubstr(absl::StrCat("/p", i + 1, name.substr(0, 200)))) << i;
  }
}

TEST_F(HostileNamesTest, AnEventIsOneObjectOfJson) {
  const std::string log = Record({"--audit-format", "json"});
  Counts counts;
  size_t executed = 0;
  for (const std::string& line : LinesOf(Text(log))) {
    const Json event = Json::parse(line, nullptr, false);
    ASSERT_FALSE(event.is_discarded()) << line;
    if (event.contains("key")) ++counts[event["key"]];
    if (event.value("key", "") != "exec" || event["argc"] != 3) continue;
    ++executed;
    // Two of 4,000 bytes are all that a record holds of three.
    EXPECT_GE(event["argv"].size(), 2U);
    const std::string first = event["argv"].front();
    EXPECT_TRUE(absl::StartsWith(first, std::string(event["argv"].back())));
    if (first.size() < 2000) {
      EXPECT_EQ(event["argv"].size(), 3U);
      EXPECT_EQ(event["argv"].back(), first);
    }
  }
  ExpectEachDidAll(counts);
  EXPECT_EQ(executed, HostileNames().size());
}

// To a person at a terminal nothing comes as it is.
TEST_F(HostileNamesTest, ReportsAreOneLineAnEvent) {
  const std::string log = Record({});
  const Ended list =
      RunNatively({Runfile("tools/cli/provost"), "report", "--no-rotated", "--list", log});
  uint64_t calls = 0;
  for (const auto& [rule, count] : Written(Text(log))) calls += count;
  EXPECT_EQ(LinesOf(list.out).size(), calls + 2);
  for (const char byte : list.out) {
    const auto code = static_cast<unsigned char>(byte);
    EXPECT_TRUE(byte == '\n' || (code >= 0x20 && code != 0x7f)) << static_cast<int>(code);
  }
}

}  // namespace
}  // namespace provost
