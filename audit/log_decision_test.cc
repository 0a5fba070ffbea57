#include "audit/log_decision.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/verdict.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr char kAllNames[] = "kill_process kill_thread trap errno user_notif trace log";

TEST(ActionsLogged, ParsesWhatTheSysctlWould) {
  const struct {
    const char* text;
    const char* canonical;
  } kTable[] = {
      {"", ""},
      {"   ", ""},
      {"errno", "errno"},
      {" errno ", "errno"},
      {"errno  log", "errno log"},  // at which the sysctl itself stops reading
      {"log   trap    errno", "trap errno log"},
      {"log\ttrace\n", "trace log"},
      {"errno errno trap errno", "trap errno"},
      {"log trace user_notif errno trap kill_thread kill_process", kAllNames},
      {kAllNames, kAllNames},
  };
  for (const auto& row : kTable) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const ActionsLogged actions, ActionsLogged::Parse(row.text));
    EXPECT_EQ(actions.ToString(), row.canonical) << "'" << row.text << "'";
    EXPECT_EQ(*ActionsLogged::Parse(actions.ToString()), actions);
  }
}

TEST(ActionsLogged, RefusesWhatItDoesNotKnow) {
  const struct {
    const char* text;
    const char* complaint;
  } kTable[] = {
      {"allow", "never recorded"},
      {"errno allow", "never recorded"},
      {"ERRNO", "lower case"},
      {"errno Log", "'Log'"},
      {"errno,log", "commas"},
      {"errno, log", "'errno,'"},
      {"kill", "'kill' is not an action that can be logged: known are kill_process kill_thread"},
      {"kill-process", "known are"},
      {"errno\x01", "'errno\\x01'"},
      {"none", "known are"},
      {"(none)", "known are"},
  };
  for (const auto& row : kTable) {
    EXPECT_THAT(ActionsLogged::Parse(row.text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(row.complaint)))
        << row.text;
  }
}

TEST(ActionsLogged, AllHasEveryAction) {
  EXPECT_EQ(ActionsLogged::All().ToString(), kAllNames);
  EXPECT_EQ(*ActionsLogged::Parse(kAllNames), ActionsLogged::All());
  for (int i = 0; i < ActionsLogged::kNumActions; ++i) {
    const auto action = static_cast<ActionsLogged::Action>(i);
    EXPECT_TRUE(ActionsLogged::All().Has(action));
    EXPECT_FALSE(ActionsLogged().Has(action));
  }
}

TEST(ActionsLogged, ListsAsTheKernelRecordsThem) {
  EXPECT_EQ(ActionsLogged().ToList(), "(none)");
  EXPECT_EQ(ActionsLogged::Parse("log")->ToList(), "log");
  EXPECT_EQ(ActionsLogged::Parse("log errno kill_process")->ToList(), "kill_process,errno,log");
  EXPECT_EQ(ActionsLogged::All().ToList(),
            "kill_process,kill_thread,trap,errno,user_notif,trace,log");
}

// The answers for one verdict, one letter each: y recorded, n not. By wish: unsaid, log, log
// result, quiet, audited.
struct Row {
  Verdict verdict;
  const char* action;          // its name in the list
  const char* listed;          // listed, policy silent
  const char* listed_logging;  // listed, `logging on`
};

const Row kTable[] = {
    {Allow{}, "", "nnnnn", "nnnnn"},
    {Log{}, "log", "yyyny", "yyyny"},
    {Deny{13}, "errno", "nyyny", "yyyny"},
    {Return{0}, "trace", "nyyny", "yyyny"},
    {Ask{}, "trace", "nyyny", "yyyny"},
    {Rewrite{std::make_shared<std::vector<Setting>>()}, "trace", "nyyny", "yyyny"},
    {Emulate{std::make_shared<Emulation>()}, "trace", "nyyny", "yyyny"},
    {Trap{}, "trap", "nyyny", "yyyny"},
    {Kill{Kill::Scope::kThread}, "kill_thread", "yyyny", "yyyny"},
    {Kill{Kill::Scope::kProcess}, "kill_process", "yyyny", "yyyny"},
};

constexpr RecordWish kWishes[] = {RecordWish::kUnsaid, RecordWish::kLog, RecordWish::kLogResult,
                                  RecordWish::kQuiet, RecordWish::kAudited};

std::string Answers(const Verdict& verdict, const ActionsLogged& actions, bool logging,
                    bool audited) {
  std::string answers;
  for (const RecordWish wish : kWishes) {
    const Decision decision = {verdict, wish, "rule"};
    answers += LogDecision(decision, actions, logging, audited) ? 'y' : 'n';
  }
  return answers;
}

TEST(LogDecision, FollowsTheTable) {
  for (const Row& row : kTable) {
    SCOPED_TRACE(VerdictToString(row.verdict));
    const ActionsLogged only = *ActionsLogged::Parse(row.action);
    for (const ActionsLogged& listed : {only, ActionsLogged::All()}) {
      EXPECT_EQ(Answers(row.verdict, listed, /*logging=*/false, /*audited=*/false), row.listed);
      EXPECT_EQ(Answers(row.verdict, listed, /*logging=*/true, /*audited=*/false),
                row.listed_logging);
    }
  }
}

TEST(LogDecision, RecordsNothingThatIsNotListed) {
  for (const Row& row : kTable) {
    SCOPED_TRACE(VerdictToString(row.verdict));
    std::string others;
    for (const char* name :
         {"kill_process", "kill_thread", "trap", "errno", "user_notif", "trace", "log"}) {
      if (absl::string_view(name) != row.action) absl::StrAppend(&others, " ", name);
    }
    const ActionsLogged unlisted = *ActionsLogged::Parse(others);
    for (const bool logging : {false, true}) {
      const char* const only_audited = row.verdict == Verdict(Allow{}) ? "nnnnn" : "nnnny";
      EXPECT_EQ(Answers(row.verdict, unlisted, logging, /*audited=*/false), only_audited);
      EXPECT_EQ(Answers(row.verdict, ActionsLogged(), logging, /*audited=*/false), only_audited);
    }
  }
}

TEST(LogDecision, RecordsAllButAllowOfAnAuditedTask) {
  for (const Row& row : kTable) {
    SCOPED_TRACE(VerdictToString(row.verdict));
    const bool is_allow = row.verdict == Verdict(Allow{});
    for (const bool logging : {false, true}) {
      for (const ActionsLogged& actions : {ActionsLogged(), ActionsLogged::All()}) {
        EXPECT_EQ(Answers(row.verdict, actions, logging, /*audited=*/true),
                  is_allow ? "nnnnn" : "yyyyy");
      }
    }
  }
}

}  // namespace
}  // namespace provost
