#include "policy/register_domain.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "policy/predicate.h"

namespace provost {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

Compare Make(ArgWidth width, CompareOp op, uint64_t value, uint64_t mask = kAll) {
  return Compare{.arg = 0, .width = width, .mask = mask, .op = op, .value = value};
}

bool Possible(ArgWidth width, const std::vector<Compare>& compares) {
  RegisterDomain domain(width);
  for (const Compare& compare : compares) {
    if (!domain.Add(compare, true)) return false;
  }
  return true;
}

class EveryWidthTest : public testing::TestWithParam<ArgWidth> {};

TEST_P(EveryWidthTest, SeesContradictions) {
  const ArgWidth width = GetParam();
  const auto is = [width](CompareOp op, uint64_t value, uint64_t mask = kAll) {
    return Make(width, op, value, mask);
  };
  using Op = CompareOp;
  EXPECT_TRUE(Possible(width, {is(Op::kEq, 3), is(Op::kLt, 4)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 3), is(Op::kEq, 4)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 3), is(Op::kNe, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kNe, 3), is(Op::kEq, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kGt, 3), is(Op::kLt, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kGt, 3), is(Op::kLt, 4)}));
  EXPECT_TRUE(Possible(width, {is(Op::kGe, 3), is(Op::kLt, 4)}));
  EXPECT_FALSE(Possible(width, {is(Op::kGe, 3), is(Op::kLt, 4), is(Op::kNe, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kNe, 3), is(Op::kNe, 4), is(Op::kGe, 3), is(Op::kLe, 4)}));
  EXPECT_TRUE(Possible(width, {is(Op::kNe, 3), is(Op::kNe, 4), is(Op::kGe, 3), is(Op::kLe, 5)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 1, 1), is(Op::kEq, 0, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 4), is(Op::kEq, 0, 4)}));
  EXPECT_FALSE(Possible(width, {is(Op::kNe, 0, 4), is(Op::kEq, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 0, ~uint64_t{3}), is(Op::kNe, 0, 4)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 0, ~uint64_t{3}), is(Op::kGt, 3)}));
  EXPECT_TRUE(Possible(width, {is(Op::kEq, 0, ~uint64_t{3}), is(Op::kGe, 3)}));
  EXPECT_FALSE(Possible(width, {is(Op::kGt, 12, 12)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 3, 12)}));
  EXPECT_TRUE(Possible(width, {is(Op::kNe, 3, 12)}));
  EXPECT_FALSE(Possible(width, {is(Op::kEq, 0, 12), is(Op::kEq, 3, 3), is(Op::kNe, 3, 15)}));
}

INSTANTIATE_TEST_SUITE_P(Widths, EveryWidthTest,
                         testing::Values(ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64,
                                         ArgWidth::kU64));

TEST(RegisterDomainTest, KnowsTheRangeOfAWidth) {
  using Op = CompareOp;
  EXPECT_FALSE(Possible(ArgWidth::kU32, {Make(ArgWidth::kU32, Op::kGt, 0xffffffff)}));
  EXPECT_FALSE(Possible(ArgWidth::kU32, {Make(ArgWidth::kU32, Op::kLt, 0)}));
  EXPECT_TRUE(Possible(ArgWidth::kU64, {Make(ArgWidth::kU64, Op::kGt, 0xffffffff)}));
  EXPECT_FALSE(Possible(ArgWidth::kU64, {Make(ArgWidth::kU64, Op::kGt, kAll)}));
  EXPECT_FALSE(Possible(ArgWidth::kS32, {Make(ArgWidth::kS32, Op::kGt, 0x7fffffff)}));
  EXPECT_FALSE(
      Possible(ArgWidth::kS32, {Make(ArgWidth::kS32, Op::kLt, static_cast<uint64_t>(INT32_MIN))}));
  EXPECT_TRUE(Possible(ArgWidth::kS32, {Make(ArgWidth::kS32, Op::kLt, 0)}));
  EXPECT_TRUE(Possible(ArgWidth::kS64, {Make(ArgWidth::kS64, Op::kGt, 0x7fffffff)}));
}

TEST(RegisterDomainTest, KnowsTheSignOfAnInt) {
  using Op = CompareOp;
  const ArgWidth s32 = ArgWidth::kS32;
  EXPECT_FALSE(Possible(s32, {Make(s32, Op::kEq, 0x80000000, 0x80000000), Make(s32, Op::kGe, 0)}));
  EXPECT_FALSE(Possible(s32, {Make(s32, Op::kEq, 0, 0x80000000), Make(s32, Op::kLt, 0)}));
  EXPECT_TRUE(Possible(s32, {Make(s32, Op::kEq, 0x80000000, 0x80000000), Make(s32, Op::kLt, 0)}));
  EXPECT_FALSE(Possible(s32, {Make(s32, Op::kEq, 0xffffff9c)}));  // never extended so
}

TEST(RegisterDomainTest, ADenialIsTheOppositeClaim) {
  RegisterDomain domain(ArgWidth::kU64);
  EXPECT_TRUE(domain.Add(Make(ArgWidth::kU64, CompareOp::kLt, 5), false));
  EXPECT_TRUE(domain.Add(Make(ArgWidth::kU64, CompareOp::kGt, 5), false));
  EXPECT_FALSE(domain.Add(Make(ArgWidth::kU64, CompareOp::kEq, 5), false));
}

// What is called impossible is not found among registers that are likely to make it come true.
TEST(RegisterDomainTest, NeverCallsImpossibleWhatIsPossible) {
  std::mt19937_64 random(20240609);
  constexpr std::array kWidths = {ArgWidth::kS32, ArgWidth::kU32, ArgWidth::kS64, ArgWidth::kU64};
  constexpr std::array<uint64_t, 12> kMasks = {kAll,
                                               kAll,
                                               kAll,
                                               1,
                                               3,
                                               6,
                                               8,
                                               15,
                                               ~uint64_t{3},
                                               0x80000000,
                                               0xffffffff80000000,
                                               0xffffffff00000000};
  constexpr std::array<uint64_t, 8> kBases = {
      0, 0xffffffff, 0x80000000, kAll, 0x7fffffff, 1ULL << 63, 0xffffffff80000000, 1ULL << 32};
  const auto near = [&] { return kBases[random() % kBases.size()] + random() % 9 - 4; };
  int impossible = 0;
  for (int i = 0; i < 20000; ++i) {
    const ArgWidth width = kWidths[random() % kWidths.size()];
    std::vector<Compare> compares;
    for (size_t left = 1 + random() % 4; left > 0; --left) {
      compares.push_back(Make(width, static_cast<CompareOp>(random() % 6), near(),
                              kMasks[random() % kMasks.size()]));
    }
    if (Possible(width, compares)) continue;
    ++impossible;
    for (const uint64_t base : kBases) {
      for (uint64_t offset = 0; offset < 40; ++offset) {
        bool all = true;
        for (const Compare& compare : compares) all = all && Holds(compare, base + offset - 20);
        ASSERT_FALSE(all) << "register " << base + offset - 20;
      }
    }
  }
  EXPECT_GT(impossible, 2000);
}

}  // namespace
}  // namespace provost
