#include "policy/predicate.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "policy/fake_argument_reader.h"
#include "policy/predicate_builders.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr ArgWidth kS32 = ArgWidth::kS32;
constexpr ArgWidth kU32 = ArgWidth::kU32;
constexpr ArgWidth kS64 = ArgWidth::kS64;
constexpr ArgWidth kU64 = ArgWidth::kU64;
constexpr uint64_t kAllBits = ~uint64_t{0};
constexpr CompareOp kOps[] = {CompareOp::kEq, CompareOp::kNe, CompareOp::kLt,
                              CompareOp::kLe, CompareOp::kGt, CompareOp::kGe};

// What a register is to a value under a width and a mask.
enum class Order : uint8_t { kLess, kEqual, kGreater };

struct HoldsRow {
  uint64_t mask;
  uint64_t raw;
  uint64_t value;
  ArgWidth width;
  Order order;
};

bool Expected(Order order, CompareOp op) {
  switch (op) {
    case CompareOp::kEq:
      return order == Order::kEqual;
    case CompareOp::kNe:
      return order != Order::kEqual;
    case CompareOp::kLt:
      return order == Order::kLess;
    case CompareOp::kLe:
      return order != Order::kGreater;
    case CompareOp::kGt:
      return order == Order::kGreater;
    case CompareOp::kGe:
      return order != Order::kLess;
  }
  return false;
}

const HoldsRow kHoldsRows[] = {
    // int: the low word, signed; what stands above it does not count.
    {kAllBits, 0, 0, kS32, Order::kEqual},
    {kAllBits, 0x100000002, 2, kS32, Order::kEqual},
    {kAllBits, 0xffffffff, kAllBits, kS32, Order::kEqual},
    {kAllBits, 0xffffffff, 0xffffffff, kS32, Order::kLess},
    {kAllBits, 0xdeadbeefffffffff, kAllBits, kS32, Order::kEqual},
    {kAllBits, 0x7fffffff, 0x7fffffff, kS32, Order::kEqual},
    {kAllBits, 0x80000000, 0x7fffffff, kS32, Order::kLess},
    {kAllBits, 0x80000000, 0xffffffff80000000, kS32, Order::kEqual},
    {kAllBits, 0x7fffffff, 0xffffffff80000000, kS32, Order::kGreater},
    {kAllBits, 0xfffffffb, 0xfffffffffffffffc, kS32, Order::kLess},
    {kAllBits, 0xfffffffd, 0xfffffffffffffffc, kS32, Order::kGreater},
    {kAllBits, 0x80000000, 0xffffffff00000000, kS32, Order::kGreater},
    {kAllBits, 0x7fffffff, 0x100000000, kS32, Order::kLess},
    {0xffffffff, 0xffffffff, 0xffffffff, kS32, Order::kEqual},
    {0x80000000, 0xffffffff, 0x80000000, kS32, Order::kEqual},
    {0xffffffff00000000, 0x80000000, 0xffffffff00000000, kS32, Order::kEqual},
    {0xffffffff00000000, 0x7fffffff, 0, kS32, Order::kEqual},
    {3, 0xfffffffe, 2, kS32, Order::kEqual},
    // unsigned int
    {kAllBits, 0x1ffffffff, 0xffffffff, kU32, Order::kEqual},
    {kAllBits, 0xffffffff, kAllBits, kU32, Order::kLess},
    {kAllBits, 0xffffffff, 0, kU32, Order::kGreater},
    {kAllBits, 0x80000000, 0x7fffffff, kU32, Order::kGreater},
    {0xff00000000, kAllBits, 0, kU32, Order::kEqual},
    {0xf0, 0xabc, 0xb0, kU32, Order::kEqual},
    // long
    {kAllBits, kAllBits, 0, kS64, Order::kLess},
    {kAllBits, kAllBits, kAllBits, kS64, Order::kEqual},
    {kAllBits, 0x8000000000000000, 0x7fffffffffffffff, kS64, Order::kLess},
    {kAllBits, 0x7fffffffffffffff, 0x8000000000000000, kS64, Order::kGreater},
    {kAllBits, 0x80000000, 0x7fffffff, kS64, Order::kGreater},
    {kAllBits, 0xffffffff, kAllBits, kS64, Order::kGreater},
    {kAllBits, 0xffffffff00000000, 0xfffffffeffffffff, kS64, Order::kGreater},
    {0x7fffffffffffffff, kAllBits, 0, kS64, Order::kGreater},
    {0x8000000000000000, kAllBits, 0, kS64, Order::kLess},
    // unsigned long
    {kAllBits, kAllBits, 0, kU64, Order::kGreater},
    {kAllBits, 0x8000000000000000, 0x7fffffffffffffff, kU64, Order::kGreater},
    {kAllBits, 0x100000000, 0xffffffff, kU64, Order::kGreater},
    {kAllBits, 0xffffffff, 0x100000000, kU64, Order::kLess},
    {kAllBits, 0x200000001, 0x100000002, kU64, Order::kGreater},
    {kAllBits, 0x100000001, 0x100000002, kU64, Order::kLess},
    {0xffffffff00000000, 0x1ffffffff, 0x100000000, kU64, Order::kEqual},
    {0, kAllBits, 0, kU64, Order::kEqual},
    {0, kAllBits, 1, kU64, Order::kLess},
};

TEST(Holds, ComparesAsTheKernelReadsTheRegister) {
  for (const HoldsRow& row : kHoldsRows) {
    for (const CompareOp op : kOps) {
      const Compare compare = {
          .arg = 0, .width = row.width, .mask = row.mask, .op = op, .value = row.value};
      EXPECT_EQ(Holds(compare, row.raw), Expected(row.order, op))
          << "width " << static_cast<int>(row.width) << " mask " << std::hex << row.mask << " raw "
          << row.raw << " value " << row.value << " op " << static_cast<int>(op);
    }
  }
}

// Addresses whose string makes StringIs(arg, "x") come out as wanted.
constexpr uint64_t kReadsX = 0x1000;
constexpr uint64_t kReadsY = 0x2000;
constexpr uint64_t kUnreadable = 0x3000;

FakeArgumentReader Memory() { return FakeArgumentReader({{kReadsX, "x"}, {kReadsY, "y"}}); }

uint64_t AddressFor(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return kReadsX;
    case Truth::kFalse:
      return kReadsY;
    case Truth::kUnknown:
      return kUnreadable;
  }
  return 0;
}

constexpr Truth kTruths[] = {Truth::kFalse, Truth::kUnknown, Truth::kTrue};

Truth EvaluateWith(const Predicate& predicate, Truth first, Truth second) {
  SyscallRequest request;
  request.args = {AddressFor(first), AddressFor(second)};
  FakeArgumentReader memory = Memory();
  return Evaluate(predicate, request, memory);
}

TEST(Evaluate, FollowsKleene) {
  const Predicate a = StringIs(0, "x");
  const Predicate b = StringIs(1, "x");
  for (const Truth first : kTruths) {
    EXPECT_EQ(EvaluateWith(Negation(a), first, first),
              static_cast<Truth>(2 - static_cast<int>(first)));
    for (const Truth second : kTruths) {
      EXPECT_EQ(EvaluateWith(All({a, b}), first, second), std::min(first, second));
      EXPECT_EQ(EvaluateWith(Any({a, b}), first, second), std::max(first, second));
    }
  }
}

TEST(Evaluate, EmptyAndNullAndConstant) {
  EXPECT_EQ(EvaluateWith(nullptr, Truth::kFalse, Truth::kFalse), Truth::kTrue);
  EXPECT_EQ(EvaluateWith(All({}), Truth::kFalse, Truth::kFalse), Truth::kTrue);
  EXPECT_EQ(EvaluateWith(Any({}), Truth::kFalse, Truth::kFalse), Truth::kFalse);
  EXPECT_EQ(EvaluateWith(All({nullptr, Constant(false)}), Truth::kTrue, Truth::kTrue),
            Truth::kFalse);
  EXPECT_EQ(EvaluateWith(Negation(nullptr), Truth::kTrue, Truth::kTrue), Truth::kFalse);
}

TEST(Evaluate, AsksRegistersBeforeMemory) {
  SyscallRequest request;
  request.args = {kReadsX, 7};
  FakeArgumentReader memory = Memory();
  const Predicate path = StringIs(0, "x");
  EXPECT_EQ(Evaluate(All({path, Arg(1, kS32, CompareOp::kEq, 8)}), request, memory), Truth::kFalse);
  EXPECT_EQ(Evaluate(Any({path, Arg(1, kS32, CompareOp::kEq, 7)}), request, memory), Truth::kTrue);
  EXPECT_EQ(memory.reads(), 0);
  EXPECT_EQ(Evaluate(All({path, Arg(1, kS32, CompareOp::kEq, 7)}), request, memory), Truth::kTrue);
  EXPECT_EQ(memory.reads(), 1);
}

TEST(Evaluate, ReadsTheArgumentItNames) {
  SyscallRequest request;
  request.args = {0, 0, 0, 0, 0, kReadsX};
  FakeArgumentReader memory = Memory();
  EXPECT_EQ(Evaluate(StringIs(5, "x"), request, memory), Truth::kTrue);
  EXPECT_EQ(Evaluate(StringIs(4, "x"), request, memory), Truth::kUnknown);
}

// What stands above a register of i386 is not the kernel's, nor ours.
TEST(Evaluate, CutsTheRegistersOfI386) {
  constexpr uint64_t kJunk = 0x7700000000;
  FakeArgumentReader memory = Memory();
  memory.Set(kReadsX + kJunk, "y");
  SyscallRequest request = {.arch = AUDIT_ARCH_I386, .nr = 5, .args = {kReadsX + kJunk}};
  for (const ArgWidth width : {kU32, kS64, kU64}) {
    const Predicate equal = Arg(0, width, CompareOp::kEq, kReadsX);
    request.arch = AUDIT_ARCH_I386;
    EXPECT_EQ(Evaluate(equal, request, memory), Truth::kTrue);
    request.arch = AUDIT_ARCH_X86_64;
    EXPECT_EQ(Evaluate(equal, request, memory), width == kU32 ? Truth::kTrue : Truth::kFalse);
  }
  EXPECT_EQ(Evaluate(StringIs(0, "x"), request, memory), Truth::kFalse);
  request.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(Evaluate(StringIs(0, "x"), request, memory), Truth::kTrue);
}

TEST(IsRegisterOnly, FindsMemoryAnywhere) {
  const Predicate compare = Arg(0, kS32, CompareOp::kEq, 1);
  const Predicate path = StringIs(0, "x");
  EXPECT_TRUE(IsRegisterOnly(nullptr));
  EXPECT_TRUE(IsRegisterOnly(compare));
  EXPECT_TRUE(IsRegisterOnly(All({compare, Negation(Any({compare, Constant(true)}))})));
  EXPECT_FALSE(IsRegisterOnly(path));
  EXPECT_FALSE(IsRegisterOnly(All({compare, Any({Negation(path)})})));
}

struct BoundsRow {
  Predicate predicate;
  const char* may;
  const char* must;
};

TEST(MayHoldAndMustHold, ReplaceMemoryByWhatItCouldBe) {
  const Predicate one = Arg(0, kS32, CompareOp::kEq, 1);
  const Predicate two = Arg(1, kS32, CompareOp::kEq, 2);
  const Predicate path = StringIs(2, "x");
  const std::vector<BoundsRow> rows = {
      {nullptr, "always", "always"},
      {one, "arg0 == 1", "arg0 == 1"},
      {path, "always", "never"},
      {Negation(path), "always", "never"},
      {All({one, path}), "arg0 == 1", "never"},
      {Any({one, path}), "always", "arg0 == 1"},
      {All({one, two, path}), "arg0 == 1 && arg1 == 2", "never"},
      {Negation(All({one, path})), "always", "!(arg0 == 1)"},
      {Negation(Any({one, path})), "!(arg0 == 1)", "never"},
      {Any({All({one, path}), two}), "arg0 == 1 || arg1 == 2", "arg1 == 2"},
      {All({Any({one, path}), two}), "arg1 == 2", "arg0 == 1 && arg1 == 2"},
  };
  for (const BoundsRow& row : rows) {
    const std::string text = PredicateToString(row.predicate, nullptr);
    EXPECT_EQ(PredicateToString(MayHold(row.predicate), nullptr), row.may) << text;
    EXPECT_EQ(PredicateToString(MustHold(row.predicate), nullptr), row.must) << text;
    EXPECT_TRUE(IsRegisterOnly(MayHold(row.predicate))) << text;
    EXPECT_TRUE(IsRegisterOnly(MustHold(row.predicate))) << text;
  }
}

struct PrintRow {
  const char* call;  // nullptr: none
  Predicate predicate;
  const char* text;
};

TEST(PredicateToString, WritesTheLanguage) {
  const Predicate fd = Arg(0, kS32, CompareOp::kGe, 3);
  const Predicate path = StringIs(1, "/x");
  const std::vector<PrintRow> rows = {
      {nullptr, nullptr, "always"},
      {nullptr, Constant(false), "never"},
      {nullptr, Arg(2, kS32, CompareOp::kLt, kAllBits), "arg2 < -1"},
      {nullptr, Arg(2, kU64, CompareOp::kGt, kAllBits), "arg2 > 0xffffffffffffffff"},
      {nullptr, Arg(2, kU32, CompareOp::kEq, 0, 0xfff8), "(arg2 & 0xfff8) == 0"},
      {"read", fd, "fd >= 3"},
      {"read", Arg(0, kU64, CompareOp::kEq, 3), "arg0 == 3"},
      {"openat", path, "path == \"/x\""},
      {"openat", Negation(path), "!(path == \"/x\")"},
      {"openat", Arg(2, kS32, CompareOp::kEq, 1, 3), "(flags & O_ACCMODE) == O_WRONLY"},
      {"openat", All({path, Any({Arg(2, kS32, CompareOp::kEq, 1), Constant(true)})}),
       "path == \"/x\" && (flags == O_WRONLY || always)"},
      {"openat", Any({All({path, path}), path}),
       "path == \"/x\" && path == \"/x\" || path == \"/x\""},
      {"openat", Negation(Any({path, path})), "!(path == \"/x\" || path == \"/x\")"},
      {"socket", Arg(0, kS32, CompareOp::kEq, 1), "family == AF_UNIX"},
  };
  for (const PrintRow& row : rows) {
    const Syscall* syscall =
        row.call != nullptr ? SyscallTable::Get().Find(Arch::kX86_64, row.call) : nullptr;
    EXPECT_EQ(PredicateToString(row.predicate, syscall), row.text);
  }
}

}  // namespace
}  // namespace provost
