#include "policy/bpf_assembler.h"

#include <linux/seccomp.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"

namespace provost {
namespace {

using Node = BpfAssembler::Node;
using Word = BpfAssembler::Word;

constexpr Word kNr = {0};
constexpr Word kLow = {16};

uint32_t Answer(const std::vector<sock_filter>& program, int32_t nr, uint64_t arg = 0) {
  seccomp_data data = {};
  data.nr = nr;
  data.args[0] = arg;
  const absl::StatusOr<uint32_t> answer = RunBpf(program, data);
  EXPECT_THAT(answer, IsOk());
  return answer.value_or(0xdeadbeef);
}

TEST(BpfAssembler, AnAnswerIsAProgram) {
  BpfAssembler graph;
  const std::vector<sock_filter> program = graph.Assemble(graph.Return(7));
  ASSERT_EQ(program.size(), 1u);
  EXPECT_EQ(Answer(program, 0), 7u);
}

TEST(BpfAssembler, EqualNodesAreOne) {
  BpfAssembler graph;
  const Node one = graph.Return(1);
  const Node two = graph.Return(2);
  EXPECT_EQ(graph.Return(1), one);
  const Node test = graph.Test(kNr, BPF_JEQ, 5, one, two);
  EXPECT_EQ(graph.Test(kNr, BPF_JEQ, 5, one, two), test);
  EXPECT_NE(graph.Test(kLow, BPF_JEQ, 5, one, two), test);
  EXPECT_NE(graph.Test({0, 0xff}, BPF_JEQ, 5, one, two), test);
  EXPECT_TRUE(graph.IsReturn(one));
  EXPECT_FALSE(graph.IsReturn(test));
}

TEST(BpfAssembler, MakesNoTestOfTheObvious) {
  BpfAssembler graph;
  const Node yes = graph.Return(1);
  const Node no = graph.Return(2);
  struct Row {
    uint32_t mask;
    uint16_t op;
    uint32_t k;
    Node node;
  };
  const Row rows[] = {
      {0xffffffff, BPF_JGE, 0, yes}, {0xffffffff, BPF_JGT, 0xffffffff, no},
      {0xff, BPF_JGE, 0x100, no},    {0xff, BPF_JGT, 0xff, no},
      {0xffffffff, BPF_JSET, 0, no}, {0xf0, BPF_JSET, 0x0f, no},
      {0xf0, BPF_JEQ, 1, no},        {0, BPF_JEQ, 0, yes},
      {0, BPF_JGT, 0, no},           {0, BPF_JGE, 1, no},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(graph.Test({0, row.mask}, row.op, row.k, yes, no), row.node)
        << std::hex << row.mask << " " << row.op << " " << row.k;
  }
  EXPECT_EQ(graph.Test(kNr, BPF_JEQ, 3, yes, yes), yes);
}

TEST(BpfAssembler, TestsBitsWithoutMaskingFirst) {
  BpfAssembler graph;
  const Node yes = graph.Return(1);
  const Node no = graph.Return(2);
  // Load, test, two answers.
  for (const Node node :
       {graph.Test({0, 0x80}, BPF_JEQ, 0x80, yes, no), graph.Test({0, 0xf0}, BPF_JEQ, 0, no, yes),
        graph.Test({0, 0xf0}, BPF_JGT, 0, yes, no)}) {
    const std::vector<sock_filter> program = graph.Assemble(node);
    EXPECT_EQ(program.size(), 4u);
    EXPECT_EQ(Answer(program, 0x80), 1u);
    EXPECT_EQ(Answer(program, 0x0f), 2u);
  }
}

TEST(BpfAssembler, LoadsAWordOnce) {
  BpfAssembler graph;
  Node node = graph.Return(100);
  for (uint32_t value = 8; value-- > 0;) {
    node = graph.Test(kNr, BPF_JEQ, value, graph.Return(value), node);
  }
  const std::vector<sock_filter> program = graph.Assemble(node);
  EXPECT_EQ(program.size(), 1u + 8 + 9);
  EXPECT_EQ(graph.Size(node), 1 + 8);
  for (int32_t value = 0; value < 8; ++value) {
    EXPECT_EQ(Answer(program, value), static_cast<uint32_t>(value));
  }
  EXPECT_EQ(Answer(program, 8), 100u);
}

// A node is entered with and without its word in the accumulator, masked and not.
TEST(BpfAssembler, EntersATestWithWhatTheAccumulatorHolds) {
  BpfAssembler graph;
  const Node one = graph.Return(1);
  const Node two = graph.Return(2);
  const Node three = graph.Return(3);
  const Node low_bits = graph.Test({0, 0x0f}, BPF_JEQ, 5, one, two);
  const Node masked_more = graph.Test({0, 0x3f}, BPF_JGT, 0x20, low_bits, three);
  const Node masked_less = graph.Test({0, 0x07}, BPF_JGT, 3, low_bits, masked_more);
  const Node whole = graph.Test(kNr, BPF_JGT, 0x100, low_bits, masked_less);
  const Node other = graph.Test(kLow, BPF_JEQ, 1, low_bits, whole);
  const std::vector<sock_filter> program = graph.Assemble(other);
  ASSERT_THAT(VerifyBpf(program), IsOk());
  for (uint32_t nr = 0; nr < 0x400; ++nr) {
    const uint32_t bits = (nr & 0x0f) == 5 ? 1 : 2;
    const uint32_t more = (nr & 0x3f) > 0x20 ? bits : 3;
    const uint32_t less = (nr & 7) > 3 ? bits : more;
    EXPECT_EQ(Answer(program, static_cast<int32_t>(nr), 0), nr > 0x100 ? bits : less) << nr;
    EXPECT_EQ(Answer(program, static_cast<int32_t>(nr), 1), bits) << nr;
  }
}

TEST(BpfAssembler, SearchFindsTheRange) {
  std::mt19937 random(4711);
  for (int round = 0; round < 300; ++round) {
    BpfAssembler graph;
    std::map<uint32_t, uint32_t> answers = {{0, random() % 4}};
    const int count = static_cast<int>(random() % 40);
    for (int i = 0; i < count; ++i) {
      const uint32_t first = random() % 8 == 0 ? 0xffffffff - random() % 4 : random() % 60;
      answers[first] = random() % 4;
    }
    std::vector<BpfAssembler::Range> ranges;
    ranges.reserve(answers.size());
    for (const auto& [first, answer] : answers) ranges.push_back({first, graph.Return(answer)});
    const std::vector<sock_filter> program = graph.Assemble(graph.Search(kNr, ranges));
    ASSERT_THAT(VerifyBpf(program), IsOk());
    for (int64_t value = -6; value < 64; ++value) {
      const auto nr = static_cast<uint32_t>(value);
      const uint32_t expected = std::prev(answers.upper_bound(nr))->second;
      ASSERT_EQ(Answer(program, static_cast<int32_t>(nr)), expected) << round << " " << nr;
    }
  }
}

TEST(BpfAssembler, SearchIsBalanced) {
  BpfAssembler graph;
  std::vector<BpfAssembler::Range> ranges;
  for (uint32_t i = 0; i < 1024; ++i) ranges.push_back({i * 16, graph.Return(i)});
  const std::vector<sock_filter> program = graph.Assemble(graph.Search(kNr, ranges));
  for (uint32_t i = 0; i < 1024; ++i) {
    seccomp_data data = {};
    data.nr = static_cast<int32_t>(i * 16 + 3);
    int executed = 0;
    EXPECT_EQ(*RunBpf(program, data, &executed), i);
    // Load, ten comparisons, an answer, and jumps to what is far.
    EXPECT_LE(executed, 1 + 10 + 1 + 10);
  }
}

// Branches reach 255 instructions and no further: both targets of one test at every distance around
// that.
TEST(BpfAssembler, KnowsHowFarBranchesReach) {
  for (uint32_t length = 200; length < 300; ++length) {
    for (const bool swapped : {false, true}) {
      BpfAssembler graph;
      const Node one = graph.Test(kLow, BPF_JEQ, 7, graph.Return(1), graph.Return(2));
      const Node two = graph.Test(kLow, BPF_JGT, 9, graph.Return(3), one);
      // Stands between the test in question and its targets.
      Node between = two;
      for (uint32_t i = 0; i < length; ++i) {
        between = graph.Test(kNr, BPF_JEQ, 5000 + i, graph.Return(4), between);
      }
      const Node test = graph.Test(kNr, BPF_JGT, 100, swapped ? one : two, swapped ? two : one);
      const std::vector<sock_filter> program =
          graph.Assemble(graph.Test({4}, BPF_JEQ, 1, between, test));
      ASSERT_THAT(VerifyBpf(program), IsOk()) << length;
      for (const int32_t nr : {100, 101}) {
        const bool to_one = (nr > 100) == swapped;
        EXPECT_EQ(Answer(program, nr, 7), 1u) << length;
        EXPECT_EQ(Answer(program, nr, 8), 2u) << length;
        EXPECT_EQ(Answer(program, nr, 10), to_one ? 2u : 3u) << length;
      }
    }
  }
}

// Random graphs whose edges go near and far.
TEST(BpfAssembler, ReachesFarTargets) {
  std::mt19937 random(1234);
  for (int round = 0; round < 40; ++round) {
    BpfAssembler graph;
    struct Shape {
      uint32_t k;
      uint16_t op;
      Word word;
      size_t yes, no;
    };
    constexpr size_t kAnswers = 5;
    std::vector<Node> nodes;
    std::vector<Shape> shapes(kAnswers);
    for (uint32_t i = 0; i < kAnswers; ++i) nodes.push_back(graph.Return(i));
    const size_t size = 200 + random() % 1500;
    while (nodes.size() < size) {
      const bool chain = random() % 3 != 0;
      const Shape shape = {.k = static_cast<uint32_t>(random() % 64),
                           .op = random() % 2 == 0 ? uint16_t{BPF_JEQ} : uint16_t{BPF_JGE},
                           .word = random() % 2 == 0 ? Word{0, 0x3f} : Word{16, 0x3f},
                           .yes = random() % nodes.size(),
                           .no = chain ? nodes.size() - 1 : random() % nodes.size()};
      shapes.push_back(shape);
      nodes.push_back(graph.Test(shape.word, shape.op, shape.k, nodes[shape.yes], nodes[shape.no]));
    }
    const std::vector<sock_filter> program = graph.Assemble(nodes.back());
    if (program.size() <= BPF_MAXINSNS) {
      ASSERT_THAT(VerifyBpf(program), IsOk());
    }
    for (uint32_t input = 0; input < 64; ++input) {
      const uint32_t low = random() % 64;
      size_t at = nodes.size() - 1;
      while (at >= kAnswers) {
        const Shape& shape = shapes[at];
        const uint32_t value = shape.word.offset == 0 ? input : low;
        const bool taken = shape.op == BPF_JEQ ? value == shape.k : value >= shape.k;
        at = taken ? shape.yes : shape.no;
      }
      ASSERT_EQ(Answer(program, static_cast<int32_t>(input), low), at) << round;
    }
  }
}

}  // namespace
}  // namespace provost
