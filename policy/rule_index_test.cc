#include "policy/rule_index.h"

#include <cerrno>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "policy/fake_argument_reader.h"
#include "policy/policy.h"
#include "policy/predicate.h"
#include "policy/predicate_builders.h"
#include "policy/string_pattern.h"

namespace provost {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kAddress = 0x1000;

Predicate GlobIs(absl::string_view glob, uint8_t arg = 1) {
  return MakePredicate({MatchString{arg, *StringPattern::Glob(glob)}});
}
Predicate IsUnder(absl::string_view directory) {
  return MakePredicate({MatchString{1, StringPattern::Under(directory)}});
}

SyscallRequest Call() {
  const int32_t nr = SyscallTable::Get().Find(Arch::kX86_64, "openat")->nr;
  return {.arch = AUDIT_ARCH_X86_64, .nr = nr, .args = {0, kAddress, 0}};
}

// Conditions that match nothing, so that there are enough for an index.
std::vector<Predicate> With(std::vector<Predicate> conditions) {
  for (int i = 0; i < 8; ++i) conditions.push_back(StringIs(1, absl::StrCat("/filler/", i)));
  return conditions;
}

// Those of the conditions that an index leaves for `path`; nullopt: all.
std::optional<std::vector<size_t>> Left(const std::vector<Predicate>& conditions,
                                        absl::string_view path) {
  const std::optional<RuleIndex> index = RuleIndex::Build(conditions);
  EXPECT_TRUE(index.has_value());
  FakeArgumentReader memory({{kAddress, std::string(path)}});
  std::optional<RuleIndex::Candidates> candidates = index->Find(Call(), memory);
  if (!candidates.has_value()) return std::nullopt;
  std::vector<size_t> left;
  while (const std::optional<size_t> next = candidates->Next()) left.push_back(*next);
  return left;
}

TEST(RuleIndexTest, LeavesThoseWhosePathsBeginSo) {
  const std::vector<Predicate> conditions =
      With({GlobIs("/etc/**"), StringIs(1, "/etc/passwd"), IsUnder("/etc"), IsUnder("/usr//./lib/"),
            GlobIs("/e*"), GlobIs("*.so"), nullptr, IsUnder("..")});
  EXPECT_THAT(*Left(conditions, "/etc/passwd"), ElementsAre(0, 1, 2, 4, 5, 6, 7));
  EXPECT_THAT(*Left(conditions, "/etcetera"), ElementsAre(2, 4, 5, 6, 7));
  EXPECT_THAT(*Left(conditions, "/usr/lib"), ElementsAre(3, 5, 6, 7));
  EXPECT_THAT(*Left(conditions, ""), ElementsAre(5, 6, 7));
  EXPECT_THAT(*Left(conditions, "/filler/3"), ElementsAre(5, 6, 7, 11));
}

TEST(RuleIndexTest, LooksIntoConnectives) {
  const Predicate flags = Arg(2, ArgWidth::kS32, CompareOp::kEq, 0);
  const std::vector<Predicate> conditions =
      With({All({flags, GlobIs("/a/*")}), Any({StringIs(1, "/a/x"), StringIs(1, "/b")}),
            Any({StringIs(1, "/a/x"), flags}), Negation(StringIs(1, "/a/x")), GlobIs("/a/*", 3),
            Any({StringIs(1, "/a"), GlobIs("/a/?")})});
  EXPECT_THAT(*Left(conditions, "/a/x"), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(*Left(conditions, "/b"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(*Left(conditions, "/c"), ElementsAre(2, 3, 4));
}

TEST(RuleIndexTest, AnswersForPlainPathsOnly) {
  const std::vector<Predicate> conditions = With({IsUnder("/etc")});
  for (const char* path : {"//etc", "/./etc", "/usr/../etc", "/etc/..", ".", "./etc", "/etc//"}) {
    EXPECT_EQ(Left(conditions, path), std::nullopt) << path;
  }
  for (const char* path : {"/etc/", "/etc/.x", "/etc/..x", "/etc/x..", "etc", "/"}) {
    EXPECT_NE(Left(conditions, path), std::nullopt) << path;
  }
  FakeArgumentReader unreadable;
  EXPECT_FALSE(RuleIndex::Build(conditions)->Find(Call(), unreadable).has_value());
}

TEST(RuleIndexTest, IsNotMadeForAFew) {
  EXPECT_FALSE(RuleIndex::Build({}).has_value());
  std::vector<Predicate> conditions = With({});
  EXPECT_TRUE(RuleIndex::Build(conditions).has_value());
  conditions.pop_back();
  EXPECT_FALSE(RuleIndex::Build(conditions).has_value());
}

// A path over a small alphabet, so that beginnings of it are often beginnings of others.
std::string RandomPath(std::mt19937& random) {
  static constexpr const char* kComponents[] = {"a", "b", "ab", ".", "..", ""};
  std::string path = random() % 4 == 0 ? "" : "/";
  const size_t last = random() % 4;
  for (size_t i = 0; i <= last; ++i) {
    absl::StrAppend(&path, i == 0 ? "" : "/", kComponents[random() % (random() % 3 == 0 ? 6 : 3)]);
  }
  return path;
}

Predicate RandomCondition(std::mt19937& random) {
  switch (random() % 10) {
    case 0:
      return Negation(RandomCondition(random));
    case 1:
      return All({RandomCondition(random), RandomCondition(random)});
    case 2:
      return Any({RandomCondition(random), RandomCondition(random)});
    case 3:
      return Arg(2, ArgWidth::kS32, CompareOp::kEq, random() % 3);
    case 4:
      return All(
          {Arg(2, ArgWidth::kS32, CompareOp::kEq, random() % 3), IsUnder(RandomPath(random))});
    case 5:
    case 6:
      return IsUnder(RandomPath(random));
    case 7:
      return GlobIs(absl::StrCat(RandomPath(random), random() % 2 == 0 ? "*" : "/**"));
    default:
      return StringIs(1, RandomPath(random));
  }
}

// The rule that decides is the first whose condition holds, asked one by one.
TEST(RuleIndexTest, DecidesAsIfEveryRuleWereAsked) {
  std::mt19937 random(20261127);
  int indexed = 0;
  for (int round = 0; round < 2000; ++round) {
    PolicyBuilder builder;
    std::vector<Predicate> conditions;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      conditions.push_back(RandomCondition(random));
      const Verdict verdict = random() % 2 == 0 ? Verdict(Allow{}) : Verdict(Deny{EACCES});
      builder.Add({.name = absl::StrCat(i), .verdict = verdict}, {"openat"},
                  Always(conditions.back()));
    }
    const Policy policy = *builder.Build();
    indexed += RuleIndex::Build(conditions).has_value() ? 1 : 0;
    for (int call = 0; call < 20; ++call) {
      FakeArgumentReader memory;
      if (random() % 10 != 0) memory.Set(kAddress, RandomPath(random));
      SyscallRequest request = Call();
      request.args[2] = random() % 3;
      std::string first = "default";
      for (const BoundRule& bound : policy.RulesFor(Arch::kX86_64, request.nr)) {
        const Truth truth = Evaluate(bound.condition, request, memory);
        if (truth == Truth::kFalse) continue;
        if (truth == Truth::kUnknown && !Refuses(bound.rule->verdict)) continue;
        first = bound.rule->name;
        break;
      }
      PolicyState state;
      ASSERT_EQ(policy.Decide(request, memory, state).rule, first) << "round " << round;
    }
  }
  EXPECT_GT(indexed, 500);
}

TEST(RuleIndexTest, ReadsNothingBeforeAConditionAsks) {
  PolicyBuilder builder;
  for (int i = 0; i < 10; ++i) {
    builder.Add({.verdict = Deny{EACCES}}, {"openat"},
                Always(All({Arg(2, ArgWidth::kS32, CompareOp::kEq, 1),
                            StringIs(1, absl::StrCat("/", i))})));
  }
  const Policy policy = *builder.Build();
  FakeArgumentReader memory({{kAddress, "/7"}});
  PolicyState state;
  EXPECT_EQ(policy.Decide(Call(), memory, state).rule, "default");
  EXPECT_EQ(memory.reads(), 0);
  SyscallRequest request = Call();
  request.args[2] = 1;
  EXPECT_EQ(policy.Decide(request, memory, state).rule, "rule-8");
}

}  // namespace
}  // namespace provost
