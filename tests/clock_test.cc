// What a run records of calls that adjust the clock, beside what the kernel records of the same.

#include <linux/audit.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "audit/collecting_sink.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/kernel_audit.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

bool MaySetTheClock() {
  timex same = {};
  if (adjtimex(&same) < 0) return false;
  same.modes = ADJ_TICK;
  return adjtimex(&same) >= 0;
}

// Puts tick and frequency back whatever a victim did of its work.
class ClockKeeper {
 public:
  ClockKeeper() { adjtimex(&found_); }
  ~ClockKeeper() {
    found_.modes = ADJ_TICK | ADJ_FREQUENCY;
    EXPECT_GE(adjtimex(&found_), 0);
  }
  ClockKeeper(const ClockKeeper&) = delete;
  ClockKeeper& operator=(const ClockKeeper&) = delete;

 private:
  timex found_ = {};
};

// The records of `type` in `text`, from their first field on.
std::vector<std::string> RecordsOf(absl::string_view type, const std::string& text) {
  std::vector<std::string> records;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, absl::StrCat("type=", type, " "))) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits("): ", 1));
    if (parts.size() == 2) records.emplace_back(absl::StripTrailingAsciiWhitespace(parts[1]));
  }
  return records;
}

TEST(ClockTest, RecordsSayWhatChanged) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  const ClockKeeper keeper;
  CollectingSink sink;
  Options options = OptionsOf(
      {"default allow", "log settimeofday, clock_settime, adjtimex, clock_adjtime as \"clock\""});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("adjusts_clock")}), Succeeded());

  // Every one of them waited for its result.
  ASSERT_EQ(sink.decisions().size(), 13U);
  for (const CollectingSink::Recorded& decision : sink.decisions()) {
    const bool changes = decision.facts.clock.injected.has_value();
    const bool adjusts = !decision.facts.clock.values.empty();
    if (changes || adjusts) {
      EXPECT_TRUE(decision.result.has_value());
    }
  }
  timex now = {};
  adjtimex(&now);
  constexpr int64_t kUnit = 65'536'000;
  EXPECT_THAT(
      RecordsOf("TIME_ADJNTPVAL", sink.text()),
      ElementsAre(absl::StrCat("op=tick old=", now.tick, " new=", now.tick + 1),
                  absl::StrCat("op=tick old=", now.tick + 1, " new=", now.tick),
                  absl::StrCat("op=freq old=", now.freq * kUnit, " new=", (now.freq + 1) * kUnit),
                  absl::StrCat("op=freq old=", (now.freq + 1) * kUnit, " new=", now.freq * kUnit)));
  // 50 microseconds there and back, as exactly as two clocks can be read.
  EXPECT_THAT(RecordsOf("TIME_INJOFFSET", sink.text()),
              ElementsAre(MatchesRegex("sec=0 nsec=(49|50)[0-9][0-9][0-9]"),
                          MatchesRegex("sec=-1 nsec=9999(49|50)[0-9][0-9][0-9]")));
}

TEST(ClockTest, TheKernelRecordsTheSame) {
  if (!MaySetTheClock()) GTEST_SKIP() << "no CAP_SYS_TIME here";
  const ClockKeeper keeper;
  CollectingSink sink;
  Options options = OptionsOf({"default allow", "log adjtimex"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("adjusts_clock")}), Succeeded());
  std::vector<KernelRecord> kernels;
  {
    const auto audit = KernelAudit::Start();
    if (absl::IsFailedPrecondition(audit.status())) GTEST_SKIP() << audit.status().message();
    PROVOST_ASSERT_OK(audit);
    std::string output;
    PROVOST_ASSERT_OK_AND_ASSIGN(kernels, (*audit)->Run({Victim("adjusts_clock")}, output));
    EXPECT_EQ(output, kExitSuccess);
  }
  std::set<std::string> of_adjtimex;
  for (const KernelRecord& record : kernels) {
    const bool is_call = record.type == AUDIT_SYSCALL;
    if (is_call && absl::StrContains(record.text, absl::StrCat(" syscall=", SYS_adjtimex, " "))) {
      of_adjtimex.insert(record.event);
    }
  }
  std::vector<std::string> expected;
  for (const KernelRecord& record : kernels) {
    const bool is_change = record.type == AUDIT_TIME_ADJNTPVAL;
    if (is_change && of_adjtimex.count(record.event) != 0) expected.push_back(record.text);
  }
  EXPECT_EQ(expected.size(), 4U);
  EXPECT_EQ(RecordsOf("TIME_ADJNTPVAL", sink.text()), expected);
}

}  // namespace
}  // namespace provost
