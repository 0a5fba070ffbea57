#include "policy/verdict.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace provost {
namespace {

struct Row {
  Verdict verdict;
  const char* text;
  bool refuses;
};

const Row kRows[] = {
    {Allow{}, "allow", false},
    {Log{}, "log", false},
    {Deny{EACCES}, "deny EACCES", true},
    {Deny{EAGAIN}, "deny EAGAIN", true},
    {Deny{4000}, "deny 4000", true},
    {Return{0}, "return 0", true},
    {Return{-5000}, "return -5000", true},
    {Trap{}, "trap", true},
    {Kill{}, "kill process", true},
    {Kill{Kill::Scope::kProcess}, "kill process", true},
    {Kill{Kill::Scope::kThread}, "kill thread", true},
    {Ask{}, "ask", true},
    {Rewrite{std::make_shared<std::vector<Setting>>(
         std::vector<Setting>{{"flags", 0}, {"fd", ~uint64_t{0}}, {"arg2", 0x100000}})},
     "rewrite set flags = 0, fd = -1, arg2 = 0x100000", true},
    {Emulate{std::make_shared<Emulation>(Emulation{"removed", {}})}, "emulate removed", true},
    {Emulate{std::make_shared<Emulation>(
         Emulation{"ids", {{"uid", int64_t{0}}, {"name", std::string("root")}}})},
     "emulate ids with uid = 0, name = \"root\"", true},
};

TEST(Verdict, PrintsAsTheLanguageWritesIt) {
  for (const Row& row : kRows) EXPECT_EQ(VerdictToString(row.verdict), row.text);
}

TEST(Verdict, RefusesWhatDoesNotRunTheCall) {
  for (const Row& row : kRows) EXPECT_EQ(Refuses(row.verdict), row.refuses) << row.text;
}

TEST(Decision, ComparesVerdictWishAndRule) {
  const Decision decision = {Deny{EPERM}, RecordWish::kLog, "r"};
  EXPECT_EQ(decision, (Decision{Deny{EPERM}, RecordWish::kLog, "r"}));
  EXPECT_NE(decision, (Decision{Deny{EACCES}, RecordWish::kLog, "r"}));
  EXPECT_NE(decision, (Decision{Deny{EPERM}, RecordWish::kQuiet, "r"}));
  EXPECT_NE(decision, (Decision{Deny{EPERM}, RecordWish::kLog, "s"}));
}

}  // namespace
}  // namespace provost
