// Exported policies, read back, decide as they did; what cannot be said is listed.

#include <cerrno>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/foreign/foreign.h"
#include "policy/foreign/region.h"
#include "policy/foreign/sampling.h"
#include "policy/parser.h"
#include "policy/predicate_builders.h"

namespace provost {
namespace {

using F = PolicyFormat;

constexpr uint32_t kSeed = 20260222;

class RandomPredicate {
 public:
  explicit RandomPredicate(uint32_t seed) : random_(seed) {}

  uint64_t Number() {
    constexpr uint64_t kEdges[] = {0,          1,          2,          5,
                                   0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
                                   1ull << 63, ~0ull,      ~0xfffull,  0xffffffff80000000};
    return kEdges[random_() % std::size(kEdges)] + random_() % 2;
  }

  Predicate Some(int depth) {
    constexpr ArgWidth kWidths[] = {ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64};
    constexpr uint64_t kMasks[] = {~0ull, ~0ull, 3, 0x80000000, 0xf0f, 1ull << 63, ~3ull, 0};
    const uint32_t kind = random_() % (depth > 0 ? 8 : 4);
    if (kind < 4) {
      return Arg(static_cast<uint8_t>(random_() % 2), kWidths[random_() % 4],
                 static_cast<CompareOp>(random_() % 6), Number(), kMasks[random_() % 8]);
    }
    if (kind == 4) return Negation(Some(depth - 1));
    if (kind == 5) return Constant(random_() % 2 == 0);
    std::vector<Predicate> children = {Some(depth - 1), Some(depth - 1)};
    return kind == 6 ? All(std::move(children)) : Any(std::move(children));
  }

 private:
  std::mt19937 random_;
};

// A region holds exactly the registers for which the condition is true.
TEST(RegionTest, IsTheCondition) {
  int found = 0;
  for (uint32_t round = 0; round < 1500; ++round) {
    RandomPredicate random(kSeed + round);
    const Predicate predicate = random.Some(2);
    for (const Arch arch : kAllArches) {
      const std::optional<Region> region = RegionOf(predicate, arch);
      if (!region) continue;
      ++found;
      const std::optional<Region> outside = Without(EveryCall(), *region);
      for (int i = 0; i < 20; ++i) {
        SyscallRequest request = {.arch = static_cast<uint32_t>(arch),
                                  .args = {random.Number(), random.Number()}};
        if (arch == Arch::kI386) {
          for (uint64_t& arg : request.args) arg = static_cast<uint32_t>(arg);
        }
        FakeArgumentReader nothing;
        const bool expected = Evaluate(predicate, request, nothing) == Truth::kTrue;
        ASSERT_EQ(Holds(*region, request.args), expected)
            << PredicateToString(predicate, nullptr) << " " << DescribeCall(request);
        if (outside) {
          ASSERT_EQ(Holds(*outside, request.args), !expected)
              << PredicateToString(predicate, nullptr) << " " << DescribeCall(request);
        }
      }
    }
  }
  EXPECT_GT(found, 2500);
}

TEST(RegionTest, LooksAtRegistersOnly) {
  EXPECT_FALSE(RegionOf(StringIs(0, "x"), Arch::kX86_64).has_value());
  EXPECT_FALSE(RegionOf(All({StringIs(0, "x"), Constant(true)}), Arch::kX86_64).has_value());
  EXPECT_TRUE(RegionOf(nullptr, Arch::kX86_64).has_value());
}

struct RoundTrip {
  F format;
  const char* policy;
  int losses = 0;
};

TEST(ExportTest, ReadBackDecidesTheSame) {
  for (const RoundTrip& trip : std::vector<RoundTrip>{
           {F::kProvost,
            "arch x86_64\ndefault deny EPERM\nallow @basic-io, exit_group\n"
            "allow openat if path ~ \"/lib/**\" && (flags & O_ACCMODE) == O_RDONLY\n"
            "deny EACCES openat if path == \"/etc/\\\"x\" as \"no \\\"x\\\"\" log\n"
            "allow socket if family in {AF_UNIX, AF_INET} && !(type & SOCK_RAW)\n"
            "allow mmap if prot only PROT_READ|PROT_WRITE || fd == -1\n"
            "allow lseek if arg1 > 5 && offset < 100\nlog kill if sig in 1..9 as \"k\" log result\n"
            "return 0 getuid, geteuid\ntrap mount\nkill thread ptrace quiet\nallow mkdir if mode "
            "== 0644\n"},
           {F::kProvost,
            "default log\nharden off\nlogging on\ndeny EIO read if fd > 2\nkill process mmap2\n"},
           {F::kOci,
            "default deny EPERM\nallow read if fd == 0\ndeny EACCES read if fd in 5..300\n"
            "allow read\nkill process ptrace\ntrap mount\nlog getpid\nreturn 0 getuid\n"
            "allow mprotect if prot only PROT_READ\n"},
           {F::kOci,
            "default allow\ndeny EPERM openat if (flags & O_ACCMODE) != O_RDONLY\n"
            "kill thread kill if pid <= -2\n"},
           {F::kSnap,
            "default deny EPERM\nallow read if fd == 0\ndeny EACCES write if fd == 3\nallow write\n"
            "allow ioctl if cmd != TIOCSTI\nallow fchownat if user == 0xffffffff\n"
            "allow lseek if whence == SEEK_SET && fd < 3\nallow openat if (flags & O_ACCMODE) == "
            "0\n"},
           {F::kSnap, "default log\ndeny EACCES ptrace\n"},
           {F::kSnap, "default allow\n"},
           {F::kMinijail,
            "arch x86_64\ndefault kill process\nallow read if fd == 0 || fd == 0xffffffff\n"
            "deny EIO read if count > 0x100000000\nallow read if buf != 0\n"
            "allow mmap if prot only PROT_READ|PROT_WRITE\nlog getpid\nreturn 0 getuid\n"
            "deny ENOSYS openat if flags has O_CREAT|O_EXCL\nallow openat\ntrap mount\n"
            "kill thread ptrace\n"},
           {F::kMinijail, "arch x86_64\ndefault deny EPERM\nallow read, write if fd < 3\n"},
           {F::kMinijail, "arch x86_64\ndefault allow\nkill process ptrace if request != 0\n"},
       }) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyText(trip.policy, "test"));
    PROVOST_ASSERT_OK_AND_ASSIGN(const Converted written, ExportPolicy(trip.format, parsed.policy));
    for (const PlacedNote& loss : written.losses) {
      ADD_FAILURE() << trip.policy << "\n" << loss.message;
    }
    std::string text = written.text;
    if (trip.format != F::kProvost) {
      PROVOST_ASSERT_OK_AND_ASSIGN(
          const Converted reread,
          ImportPolicy(trip.format, written.text, "exported", ImportOptions()));
      for (const PlacedNote& loss : reread.losses) {
        // Everything that is known is named where minijail has no such default: the calls too that
        // are never refused, but as what is let run.
        ADD_FAILURE() << written.text << "\n" << loss.message;
      }
      text = reread.text;
    }
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy again, ParsePolicyText(text, "again"));
    CallSampler sampler(parsed.policy, kSeed);
    for (int i = 0; i < 5000; ++i) {
      const SyscallRequest request = sampler.Next();
      FakeArgumentReader memory({{request.args[1], i % 3 == 0   ? "/lib/x"
                                                   : i % 3 == 1 ? "/etc/\"x"
                                                                : "y"}});
      PolicyState counted;
      PolicyState counted_again;
      const Decision before = parsed.policy.Decide(request, memory, counted);
      const Decision after = again.policy.Decide(request, memory, counted_again);
      ASSERT_EQ(VerdictToString(before.verdict), VerdictToString(after.verdict))
          << DescribeCall(request) << "\n"
          << trip.policy << "\n"
          << text;
      if (trip.format == F::kProvost) {
        ASSERT_EQ(before.rule, after.rule) << trip.policy << "\n" << text;
        ASSERT_EQ(before.wish, after.wish) << trip.policy << "\n" << text;
      }
    }
  }
}

// Canonical text is its own canonical text.
TEST(ExportTest, CanonicalTextStays) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy simple,
                               ParsePolicyText("let low = {0, 1, 2}\ndefault deny EPERM log\n"
                                               "allow read, write if fd in low || count == 0\n",
                                               "test"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const Converted once, ExportPolicy(F::kProvost, simple.policy));
  EXPECT_EQ(once.text,
            "default deny EPERM log\n"
            "allow read, write if fd == 0 || fd == 1 || fd == 2 || count == 0 as \"test:3\"\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy again, ParsePolicyText(once.text, "again"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const Converted twice, ExportPolicy(F::kProvost, again.policy));
  EXPECT_EQ(once.text, twice.text);
}

TEST(ExportTest, LossesAreListed) {
  struct Lossy {
    F format;
    const char* policy;
    const char* message;
  };
  for (const Lossy& one : std::vector<Lossy>{
           {F::kOci, "default allow\ndeny EIO openat if path == \"/x\"\n", "more than registers"},
           {F::kOci, "default allow\nreturn 5 getuid\n", "no such action"},
           {F::kOci, "default allow\ndeny EIO read log\n", "says nothing of records"},
           {F::kOci, "default allow\nlogging on\n", "`logging on`"},
           {F::kOci, "default allow\nharden off\n", "`harden`"},
           {F::kOci, "default allow\ndeny EIO read if arg0 == 0x100000000\n",
            "one rule for x86_64"},
           {F::kOci, "default deny EIO\nallow socket if family == AF_UNIX\n",
            "socketcall's number 1"},
           {F::kSnap, "default kill process\nallow read\n", "gets EPERM"},
           {F::kSnap, "default deny EPERM\ndeny EIO read\n", "denies with EACCES or EPERM"},
           {F::kSnap, "default deny EPERM\nallow chown if user > 5\n", "compares whole"},
           {F::kSnap, "arch x86_64\ndefault deny EPERM\nallow read\n", "calls of i386"},
           {F::kMinijail, "default kill process\nallow read\n", "one architecture"},
           {F::kMinijail, "arch x86_64\ndefault kill process\nreturn 7 read\n", "no such action"},
       }) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyText(one.policy, "test"));
    PROVOST_ASSERT_OK_AND_ASSIGN(const Converted written, ExportPolicy(one.format, parsed.policy));
    bool found = false;
    for (const PlacedNote& loss : written.losses) {
      found = found || absl::StrContains(loss.message, one.message);
    }
    EXPECT_TRUE(found) << one.policy << written.text;
  }
  EXPECT_FALSE(ExportPolicy(F::kKafel, Policy()).ok());
}

}  // namespace
}  // namespace provost
