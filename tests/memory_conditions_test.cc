// Conditions on what arguments point to and stand for, on real tasks. policy/memory_test.cc has
// their meaning; here is that the task's memory, descriptors and paths are what is read.

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

struct Case {
  const char* victim;
  // What is denied; and the same by a rule that allows what is left, in front of a refusal.
  std::vector<std::string> denying;
  std::vector<std::string> allowing;
};

const Case kCases[] = {
    {"connect_answers",
     {"deny EACCES connect if addr.ip in 127.0.0.0/8 && addr.port == 9"},
     {"allow connect if addr.path under \"/no\"", "deny EACCES connect"}},
    {"openat2_answers",
     {"deny EACCES openat2 if (how.flags & O_ACCMODE) != O_RDONLY"},
     {"allow openat2 if how.flags only O_CLOEXEC", "deny EACCES openat2"}},
    {"open_through_link_answers",
     {"deny EACCES open, openat if realpath(path) ~ \"/**/secret\""},
     {"allow open, openat if !(realpath(path) =~ \"/secret$\")", "deny EACCES open, openat"}},
    {"write_by_descriptor_answers",
     {"deny EACCES write if fd.path == \"/dev/null\""},
     {"allow write if fd.path != \"/dev/null\"", "deny EACCES write"}},
    {"multiplexed_answers",
     {"deny EACCES socket if family == AF_INET", "deny EACCES connect if addr.port == 9",
      "deny EACCES semget"},
     {"allow socket if family == AF_UNIX", "deny EACCES socketcall",
      "deny EACCES semget if nsems == 1"}},
};

class MemoryConditionsTest : public testing::TestWithParam<Case> {};

TEST_P(MemoryConditionsTest, AreOfTheTaskItself) {
  const std::string answer = std::to_string(-EACCES);
  for (const std::vector<std::string>& statements : {GetParam().denying, GetParam().allowing}) {
    EXPECT_THAT(RunSupervised(OptionsOf(statements), {Victim(GetParam().victim), answer}),
                Succeeded())
        << statements.front();
    // The same with every decision the tracer's.
    std::vector<std::string> logged;
    logged.reserve(statements.size());
    for (const std::string& statement : statements) {
      logged.push_back(statement[0] == 'd' ? absl::StrCat(statement, " log") : statement);
    }
    EXPECT_THAT(RunSupervised(OptionsOf(logged), {Victim(GetParam().victim), answer}), Succeeded())
        << logged.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Victims, MemoryConditionsTest, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& test) {
                           return std::string(test.param.victim);
                         });

}  // namespace
}  // namespace provost
