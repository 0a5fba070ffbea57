#include "policy/foreign/seccomp_rules.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/foreign/region.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Numbers from linux/net.h and linux/ipc.h.
constexpr std::array<MultiplexedCall, 32> kMultiplexed = {{
    {"socket", "socketcall", 1},
    {"bind", "socketcall", 2},
    {"connect", "socketcall", 3},
    {"listen", "socketcall", 4},
    {"accept", "socketcall", 5},
    {"getsockname", "socketcall", 6},
    {"getpeername", "socketcall", 7},
    {"socketpair", "socketcall", 8},
    {"send", "socketcall", 9},
    {"recv", "socketcall", 10},
    {"sendto", "socketcall", 11},
    {"recvfrom", "socketcall", 12},
    {"shutdown", "socketcall", 13},
    {"setsockopt", "socketcall", 14},
    {"getsockopt", "socketcall", 15},
    {"sendmsg", "socketcall", 16},
    {"recvmsg", "socketcall", 17},
    {"accept4", "socketcall", 18},
    {"recvmmsg", "socketcall", 19},
    {"sendmmsg", "socketcall", 20},
    {"semop", "ipc", 1},
    {"semget", "ipc", 2},
    {"semctl", "ipc", 3},
    {"semtimedop", "ipc", 4},
    {"msgsnd", "ipc", 11},
    {"msgrcv", "ipc", 12},
    {"msgget", "ipc", 13},
    {"msgctl", "ipc", 14},
    {"shmat", "ipc", 21},
    {"shmdt", "ipc", 22},
    {"shmget", "ipc", 23},
    {"shmctl", "ipc", 24},
}};

constexpr uint64_t kLow32 = 0xffffffff;

CompareOp OpOf(SeccompTest::Op op) {
  switch (op) {
    case SeccompTest::Op::kNe:
      return CompareOp::kNe;
    case SeccompTest::Op::kLt:
      return CompareOp::kLt;
    case SeccompTest::Op::kLe:
      return CompareOp::kLe;
    case SeccompTest::Op::kGe:
      return CompareOp::kGe;
    case SeccompTest::Op::kGt:
      return CompareOp::kGt;
    case SeccompTest::Op::kEq:
    case SeccompTest::Op::kMaskedEq:
      break;
  }
  return CompareOp::kEq;
}

ConditionText ConditionOf(SeccompTest test, bool low_half) {
  if (test.op == SeccompTest::Op::kMaskedEq) {
    const uint64_t mask = low_half ? test.value & kLow32 : test.value;
    // libseccomp masks the number as well.
    return ConditionText::Bits(test.arg, mask, test.second & mask);
  }
  return ConditionText::Compare(test.arg, OpOf(test.op),
                                low_half ? test.value & kLow32 : test.value);
}

ConditionText ConditionOf(const std::vector<SeccompTest>& tests, bool low_half) {
  std::vector<ConditionText> parts;
  parts.reserve(tests.size());
  for (const SeccompTest& test : tests) parts.push_back(ConditionOf(test, low_half));
  return ConditionText::And(parts);
}

Region RegionOfTests(const std::vector<SeccompTest>& tests) {
  Box box;
  for (const SeccompTest& test : tests) {
    if (test.op == SeccompTest::Op::kMaskedEq) {
      box[test.arg] = ValueSet::Bits(test.value, test.second);
    } else if (test.op == SeccompTest::Op::kEq) {
      box[test.arg] = ValueSet::Bits(~uint64_t{0}, test.value);
    } else {
      box[test.arg] = ValueSet::Order(OpOf(test.op), test.value);
    }
  }
  return {box};
}

// True if i386, which libseccomp tells the low half of the numbers alone, is told something else
// than the numbers themselves say of registers without an upper half.
bool HasUpperHalf(const std::vector<SeccompTest>& tests) {
  return std::any_of(tests.begin(), tests.end(), [](const SeccompTest& test) {
    const bool masked = test.op == SeccompTest::Op::kMaskedEq;
    return (masked ? test.second & test.value : test.value) > kLow32;
  });
}

const MultiplexedCall* FindMultiplexed(absl::string_view name) {
  for (const MultiplexedCall& call : kMultiplexed) {
    if (call.name == name) return &call;
  }
  return nullptr;
}

}  // namespace

absl::Span<const MultiplexedCall> MultiplexedCalls() { return kMultiplexed; }

bool IsMultiplexed(absl::string_view call) { return FindMultiplexed(call) != nullptr; }

void SeccompRules::Add(size_t offset, const Verdict& verdict, const std::vector<std::string>& calls,
                       const std::vector<SeccompTest>& tests) {
  entries_.push_back({offset, verdict, calls, tests});
  Place(entries_.back());
  for (const std::string& name : calls) {
    const MultiplexedCall* call = FindMultiplexed(name);
    if (call == nullptr) continue;
    std::vector<SeccompTest> through = {{0, SeccompTest::Op::kEq, call->number, 0}};
    // The number takes the place of what the rule says of the first argument; the others are
    // compared although they are something else here.
    for (const SeccompTest& test : tests) {
      if (test.arg != 0) through.push_back(test);
    }
    entries_.push_back({offset, verdict, {std::string(call->through)}, std::move(through)});
    Place(entries_.back());
  }
}

void SeccompRules::Place(const Entry& entry) {
  const int index = static_cast<int>(entries_.size()) - 1;
  for (const std::string& name : entry.calls) {
    Call& call = calls_[name];
    if (call.always >= 0) continue;
    if (entry.tests.empty()) {
      call.always = index;
      call.sometimes.clear();
    } else {
      call.sometimes.push_back(index);
    }
  }
}

void SeccompRules::ReportOverlaps(StatementWriter& writer) const {
  for (const auto& [name, call] : calls_) {
    if (!writer.Has(name)) continue;
    for (size_t i = 0; i < call.sometimes.size(); ++i) {
      const Entry& earlier = entries_[call.sometimes[i]];
      for (size_t j = i + 1; j < call.sometimes.size(); ++j) {
        const Entry& later = entries_[call.sometimes[j]];
        if (earlier.verdict == later.verdict) continue;
        const std::optional<Region> both =
            Meet(RegionOfTests(earlier.tests), RegionOfTests(later.tests));
        if (both && both->empty()) continue;
        writer.Loss(
            later.offset,
            absl::StrCat("`", name, "`: this rule and the one of line ",
                         writer.source().Locate(earlier.offset).line,
                         " can both match; libseccomp chooses one by its own order, provost "
                         "the earlier"));
        break;
      }
    }
  }
}

void SeccompRules::Write(StatementWriter& writer) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    std::vector<std::string> both;
    std::vector<std::string> i386_only;
    for (const std::string& name : entry.calls) {
      const Call& call = calls_.at(name);
      const auto index = static_cast<int>(i);
      const bool counts =
          call.always == index ||
          std::find(call.sometimes.begin(), call.sometimes.end(), index) != call.sometimes.end();
      // send and recv are nothing but numbers of socketcall.
      if (!counts || (IsMultiplexed(name) && !SyscallTable::Get().IsKnownName(name))) continue;
      const bool on_x86_64 = SyscallTable::Get().Find(Arch::kX86_64, name) != nullptr;
      const bool on_i386 = SyscallTable::Get().Find(Arch::kI386, name) != nullptr;
      (on_i386 && !on_x86_64 ? i386_only : both).push_back(name);
      const bool rules_i386 = std::find(writer.arches().begin(), writer.arches().end(),
                                        Arch::kI386) != writer.arches().end();
      if (on_i386 && on_x86_64 && rules_i386 && HasUpperHalf(entry.tests)) {
        writer.Loss(entry.offset,
                    absl::StrCat("`", name,
                                 "`: on i386 libseccomp compares the low 32 bits of the "
                                 "number alone; provost compares all of it"));
      }
    }
    const bool rules_x86_64 = std::find(writer.arches().begin(), writer.arches().end(),
                                        Arch::kX86_64) != writer.arches().end();
    writer.Rule(entry.offset, entry.verdict, both, ConditionOf(entry.tests, !rules_x86_64));
    writer.Rule(entry.offset, entry.verdict, i386_only, ConditionOf(entry.tests, true));
  }
  ReportOverlaps(writer);
}

}  // namespace provost
