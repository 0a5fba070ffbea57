#include "tests/support/ways.h"

#include "absl/strings/str_cat.h"
#include "tests/support/sinks.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

const char* WayName(Way way) {
  switch (way) {
    case Way::kNatively:
      return "Natively";
    case Way::kNoPolicy:
      return "NoPolicy";
    case Way::kEveryCall:
      return "EveryCall";
    case Way::kEveryResult:
      return "EveryResult";
  }
  return "";
}

void ExpectNativeSuccess(const std::string& name) {
  const Ended ended = RunNatively({Victim(name)});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, kExitSuccess) << ended;
  EXPECT_FALSE(ended.timed_out);
}

}  // namespace

void ExpectSuccess(const std::string& name, Way way, Hardened hardened) {
  const auto run = [&](Options options) {
    options.unsafe_harden_off = hardened == Hardened::kNo;
    EXPECT_THAT(RunSupervised(options, {Victim(name)}), Succeeded());
  };
  switch (way) {
    case Way::kNatively:
      ExpectNativeSuccess(name);
      break;
    case Way::kNoPolicy:
      run(Options());
      break;
    case Way::kEveryCall:
      run(OptionsOf({"default log"}));
      break;
    case Way::kEveryResult: {
      Options options = OptionsOf({"default log log result"});
      CountingSink sink;
      options.sink = &sink;
      run(options);
      // At the least execve, a few of libc's start and end.
      EXPECT_GT(sink.decisions(), 5);
      break;
    }
  }
}

std::string VictimWayName(const testing::TestParamInfo<VictimWay>& info) {
  return absl::StrCat(std::get<0>(info.param), "_", WayName(std::get<1>(info.param)));
}

}  // namespace provost
