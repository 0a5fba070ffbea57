#include "supervisor/clock_changes.h"

#include <sys/timex.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// A task whose memory is one number, at address 16.
class OneNumber : public ArgumentMemory {
 public:
  explicit OneNumber(uint32_t number) : number_(number) {}
  absl::StatusOr<absl::string_view> ReadString(uint64_t) override {
    return absl::UnimplementedError("no string");
  }
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override {
    if (address != 16 || bytes.size() != sizeof(number_)) return absl::OutOfRangeError("no memory");
    memcpy(bytes.data(), &number_, sizeof(number_));
    return absl::OkStatus();
  }

 private:
  uint32_t number_;
};

// "sets" and the modes in hex; empty: no call that changes the clock.
std::string Called(Arch arch, const char* name, uint64_t arg0, uint64_t arg1, uint32_t modes) {
  const Syscall* syscall = SyscallTable::Get().Find(arch, name);
  if (syscall == nullptr) return "no such call";
  OneNumber memory(modes);
  const auto call = ReadClockCall(
      {.arch = static_cast<uint32_t>(arch), .nr = syscall->nr, .args = {arg0, arg1, 0, 0, 0, 0}},
      memory);
  if (!call) return "";
  return absl::StrCat(call->sets_time ? "sets " : "", absl::Hex(call->modes));
}

TEST(ClockCallTest, KnowsWhatChangesTheClock) {
  const auto x64 = Arch::kX86_64;
  const auto i386 = Arch::kI386;
  EXPECT_EQ(Called(x64, "settimeofday", 16, 0, 0), "sets 0");
  EXPECT_EQ(Called(x64, "settimeofday", 0, 16, 0), "") << "the time zone alone";
  EXPECT_EQ(Called(x64, "clock_settime", CLOCK_REALTIME, 16, 0), "sets 0");
  EXPECT_EQ(Called(x64, "clock_settime", CLOCK_MONOTONIC, 16, 0), "");
  EXPECT_EQ(Called(i386, "stime", 16, 0, 0), "sets 0");
  EXPECT_EQ(Called(i386, "clock_settime64", CLOCK_REALTIME, 16, 0), "sets 0");
  EXPECT_EQ(Called(x64, "adjtimex", 16, 0, ADJ_TICK), "4000");
  EXPECT_EQ(Called(x64, "adjtimex", 16, 0, 0), "") << "reads";
  EXPECT_EQ(Called(x64, "adjtimex", 16, 0, ADJ_OFFSET_SS_READ), "") << "reads";
  EXPECT_EQ(Called(x64, "adjtimex", 16, 0, ADJ_OFFSET_SS_READ | ADJ_SETOFFSET), "a101");
  EXPECT_EQ(Called(x64, "adjtimex", 17, 0, ADJ_TICK), "") << "unreadable: the call fails";
  EXPECT_EQ(Called(x64, "clock_adjtime", CLOCK_REALTIME, 16, ADJ_TAI), "80");
  EXPECT_EQ(Called(x64, "clock_adjtime", CLOCK_MONOTONIC, 16, ADJ_TAI), "");
  EXPECT_EQ(Called(i386, "clock_adjtime64", CLOCK_REALTIME, 16, ADJ_STATUS), "10");
  EXPECT_EQ(Called(x64, "clock_gettime", CLOCK_REALTIME, 16, ADJ_TICK), "");
}

std::string Describe(const ClockChange& change) {
  static constexpr const char* kNames[] = {"offset", "freq", "status", "tai", "tick", "adjust"};
  std::string text;
  if (change.injected) {
    absl::StrAppend(&text, "sec=", change.injected->seconds, " nsec=", change.injected->nanoseconds,
                    ";");
  }
  for (const ClockChange::Value& value : change.values) {
    absl::StrAppend(&text, kNames[static_cast<size_t>(value.what)], " ", value.old_value, " ",
                    value.new_value, ";");
  }
  return text;
}

TEST(DiffClocksTest, SaysWhatTheCallChanged) {
  const ClockState before = {.realtime_offset = 1'795'000'000'000'000'000,
                             .uncertainty = 40,
                             .offset = 1000,
                             .freq = -3,
                             .status = 0x2040,
                             .tai = 37,
                             .tick = 10000,
                             .adjust = 5};
  ClockState other = before;
  other.offset = -7;
  other.freq = 2;
  other.status = 0x2041;
  other.tai = 38;
  other.tick = 10001;
  other.adjust = 0;
  const auto at = [&](int64_t injected) {
    ClockState state = before;
    state.realtime_offset += injected;
    return state;
  };
  constexpr int64_t kSecond = 1'000'000'000;
  const ClockCall sets = {.sets_time = true};
  const struct {
    ClockCall call;
    ClockState after;
    const char* expected;
  } kTable[] = {
      {sets, before, ""},
      {sets, at(80), ""},  // no more than reading the clocks may be wrong by
      {sets, at(81), "sec=0 nsec=81;"},
      {sets, at(3 * kSecond + 5), "sec=3 nsec=5;"},
      {sets, at(-3 * kSecond), "sec=-3 nsec=0;"},
      {sets, at(-100), "sec=-1 nsec=999999900;"},
      {{.modes = ADJ_SETOFFSET}, at(kSecond), "sec=1 nsec=0;"},
      {{.modes = ADJ_TICK}, at(kSecond), ""},  // somebody else's doing
      {sets, other, ""},
      {{.modes = ADJ_OFFSET}, other, "offset 1000 -7;freq -196608000 131072000;status 8256 8257;"},
      {{.modes = ADJ_FREQUENCY}, other, "freq -196608000 131072000;"},
      {{.modes = ADJ_STATUS}, other, "status 8256 8257;"},
      {{.modes = ADJ_NANO}, other, "status 8256 8257;"},
      {{.modes = ADJ_TAI}, other, "tai 37 38;"},
      {{.modes = ADJ_TICK}, other, "tick 10000 10001;"},
      {{.modes = ADJ_TICK}, before, ""},
      {{.modes = ADJ_OFFSET_SINGLESHOT | ADJ_TICK}, other, "adjust 5 0;"},
      {{.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST}, other, ""},
      {{.modes = ADJ_TICK | ADJ_TAI | ADJ_FREQUENCY},
       other,
       "freq -196608000 131072000;tai 37 38;tick 10000 10001;"},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(Describe(DiffClocks(row.call, before, row.after)), row.expected)
        << row.call.sets_time << " " << row.call.modes;
  }
}

TEST(ClockStateTest, NothingChangesWhileNobodySets) {
  const ClockState first = ReadClockState();
  const ClockState second = ReadClockState();
  EXPECT_GE(first.tick, 9000);
  EXPECT_LE(first.tick, 11000);
  EXPECT_EQ(Describe(DiffClocks({.sets_time = true, .modes = ADJ_TICK | ADJ_TAI | ADJ_FREQUENCY},
                                first, second)),
            "");
}

}  // namespace
}  // namespace provost
