#include "policy/bpf_assembler.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace provost {
namespace {

constexpr uint32_t kWholeWord = 0xffffffff;
// What jt and jf can hold.
constexpr size_t kMaxBranch = 255;
constexpr int kUnplaced = -1;

bool IsSingleBit(uint32_t word) { return word != 0 && (word & (word - 1)) == 0; }

}  // namespace

BpfAssembler::Node BpfAssembler::Intern(const Content& content) {
  const auto [entry, inserted] = index_.try_emplace(content, static_cast<Node>(nodes_.size()));
  if (inserted) nodes_.push_back(content);
  return entry->second;
}

BpfAssembler::Node BpfAssembler::Return(uint32_t action) {
  return Intern({.is_return = true, .k = action});
}

BpfAssembler::Node BpfAssembler::Test(Word word, uint16_t op, uint32_t k, Node yes, Node no) {
  if (yes == no) return yes;
  switch (op) {
    case BPF_JGT:
      if (k >= word.mask) return no;
      if (k == 0) return Test(word, BPF_JEQ, 0, no, yes);
      break;
    case BPF_JGE:
      if (k == 0) return yes;
      if (k > word.mask) return no;
      break;
    case BPF_JSET:
      // One instruction does both: no need to mask first.
      k &= word.mask;
      word.mask = kWholeWord;
      if (k == 0) return no;
      break;
    default:
      if ((k & ~word.mask) != 0) return no;
      if (word.mask != kWholeWord && k == 0) return Test(word, BPF_JSET, word.mask, no, yes);
      if (k == word.mask && IsSingleBit(k)) return Test(word, BPF_JSET, k, yes, no);
      break;
  }
  return Intern({.is_return = false, .word = word, .op = op, .k = k, .yes = yes, .no = no});
}

BpfAssembler::Node BpfAssembler::Search(Word word, const std::vector<Range>& ranges) {
  std::vector<Range> merged;
  for (const Range& range : ranges) {
    if (merged.empty() || merged.back().node != range.node) merged.push_back(range);
  }
  return SearchSlice(word, merged, kWholeWord);
}

BpfAssembler::Node BpfAssembler::SearchSlice(Word word, absl::Span<const Range> ranges,
                                             uint32_t last) {
  if (ranges.size() == 1) return ranges[0].node;
  if (const std::optional<Node> node = TestSingles(word, ranges, last)) return *node;
  const size_t middle = ranges.size() / 2;
  const uint32_t first = ranges[middle].first;
  const Node no = SearchSlice(word, ranges.subspan(0, middle), first - 1);
  const Node yes = SearchSlice(word, ranges.subspan(middle), last);
  return Test(word, BPF_JGE, first, yes, no);
}

// A few single values that stand out of one node are tested one by one: an equality takes one
// instruction where two bounds take two.
std::optional<BpfAssembler::Node> BpfAssembler::TestSingles(Word word,
                                                            absl::Span<const Range> ranges,
                                                            uint32_t last) {
  constexpr size_t kMaxSingles = 3;
  std::vector<Range> singles;
  std::optional<Node> base;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const uint32_t range_last = i + 1 < ranges.size() ? ranges[i + 1].first - 1 : last;
    if (ranges[i].first == range_last && ranges[i].node != base) {
      singles.push_back(ranges[i]);
    } else if (!base.has_value() || *base == ranges[i].node) {
      base = ranges[i].node;
    } else {
      return std::nullopt;
    }
  }
  if (!base.has_value() || singles.size() > kMaxSingles) return std::nullopt;
  Node node = *base;
  for (auto single = singles.rbegin(); single != singles.rend(); ++single) {
    node = Test(word, BPF_JEQ, single->first, single->node, node);
  }
  return node;
}

// Turns a graph into instructions, from the last to the first: jumps only go forward, so everything
// a node leads to has its place when the node gets its own.
class BpfLinearizer {
 public:
  using Node = BpfAssembler::Node;
  using Content = BpfAssembler::Content;
  using Word = BpfAssembler::Word;

  BpfLinearizer(const BpfAssembler& graph, Node entry)
      : nodes_(graph.nodes_), entries_(static_cast<size_t>(entry) + 1), entry_(entry) {}

  std::vector<sock_filter> Run() {
    FindWays();
    Emit();
    // What is placed last is the entry, unless the whole program is one answer.
    if (nodes_[entry_].is_return) BringNear({entry_, Way::kLoad}, 0);
    std::reverse(reversed_.begin(), reversed_.end());
    return std::move(reversed_);
  }

  // Instructions of tests alone.
  int Count() {
    FindWays();
    int count = 0;
    for (Node node = 0; node <= entry_; ++node) {
      if (nodes_[node].is_return) continue;
      for (const Way way : {Way::kLoad, Way::kMask, Way::kCompare}) count += Needs(node, way);
    }
    return count;
  }

 private:
  // A test is up to three instructions: load the word, mask it, compare it. Whoever comes with the
  // word in the accumulator enters behind the load.
  enum class Way : uint8_t { kLoad, kMask, kCompare };
  static constexpr size_t kWays = 3;

  struct Entry {
    std::array<bool, kWays> used = {};
    // Where the last copy of it, or the last jump to it, stands in `reversed_`.
    std::array<int, kWays> place = {kUnplaced, kUnplaced, kUnplaced};
    bool reached = false;
    bool emitted = false;
  };

  struct Target {
    Node node;
    Way way;
  };

  // How to enter `node` with `word` in the accumulator.
  Target Enter(Node node, const Word& word) const {
    const Content& content = nodes_[node];
    if (content.is_return || content.word.offset != word.offset) return {node, Way::kLoad};
    if (content.word.mask == word.mask) return {node, Way::kCompare};
    const bool bits_are_there = (content.word.mask & word.mask) == content.word.mask;
    return {node, bits_are_there ? Way::kMask : Way::kLoad};
  }

  void Use(const Target& target) {
    entries_[target.node].reached = true;
    entries_[target.node].used[static_cast<size_t>(target.way)] = true;
  }

  void FindWays() {
    Use({entry_, Way::kLoad});
    for (Node node = entry_; node >= 0; --node) {
      const Content& content = nodes_[node];
      if (!entries_[node].reached || content.is_return) continue;
      Use(Enter(content.yes, content.word));
      Use(Enter(content.no, content.word));
    }
  }

  bool Used(Node node, Way way) const { return entries_[node].used[static_cast<size_t>(way)]; }

  // True if the test needs the instruction that `way` enters at.
  bool Needs(Node node, Way way) const {
    switch (way) {
      case Way::kLoad:
        return Used(node, Way::kLoad);
      case Way::kMask:
        return nodes_[node].word.mask != kWholeWord &&
               (Used(node, Way::kLoad) || Used(node, Way::kMask));
      case Way::kCompare:
        return entries_[node].reached;
    }
    return false;
  }

  // Post-order, with a stack of its own: chains of rules are as deep as they are long. `no` is
  // visited last and so stands next: a rule that does not match falls through to the next one.
  void Emit() {
    std::vector<std::pair<Node, int>> stack = {{entry_, 0}};
    while (!stack.empty()) {
      auto& [node, visited] = stack.back();
      const Content& content = nodes_[node];
      if (content.is_return || entries_[node].emitted) {
        stack.pop_back();
        continue;
      }
      if (visited < 2) {
        const Node child = visited == 0 ? content.yes : content.no;
        ++visited;
        stack.emplace_back(child, 0);
        continue;
      }
      EmitTest(node);
      stack.pop_back();
    }
  }

  void EmitTest(Node node) {
    const Content& content = nodes_[node];
    const Target yes = Enter(content.yes, content.word);
    const Target no = Enter(content.no, content.word);
    // Bringing `no` near can push `yes` one further away.
    BringNear(yes, 1);
    BringNear(no, 0);
    const auto compare = static_cast<uint16_t>(BPF_JMP | content.op | BPF_K);
    Push(node, Way::kCompare,
         {compare, static_cast<uint8_t>(Distance(yes)), static_cast<uint8_t>(Distance(no)),
          content.k});
    if (Needs(node, Way::kMask)) {
      Push(node, Way::kMask, {BPF_ALU | BPF_AND | BPF_K, 0, 0, content.word.mask});
    }
    if (Needs(node, Way::kLoad)) {
      Push(node, Way::kLoad, {BPF_LD | BPF_W | BPF_ABS, 0, 0, content.word.offset});
    }
    entries_[node].emitted = true;
  }

  void Push(Node node, Way way, sock_filter instruction) {
    Place({node, way}) = static_cast<int>(reversed_.size());
    reversed_.push_back(instruction);
  }

  int& Place(const Target& target) {
    return entries_[target.node].place[static_cast<size_t>(target.way)];
  }

  // Instructions between the next one pushed and the target.
  size_t Distance(const Target& target) {
    return reversed_.size() - 1 - static_cast<size_t>(Place(target));
  }

  // Makes a branch to `target` possible even if `more` instructions come between. An answer is
  // copied: that takes no more room than a jump to it.
  void BringNear(const Target& target, size_t more) {
    const bool placed = Place(target) != kUnplaced;
    if (placed && Distance(target) + more <= kMaxBranch) return;
    const Content& content = nodes_[target.node];
    if (content.is_return) {
      Push(target.node, target.way, {BPF_RET | BPF_K, 0, 0, content.k});
    } else {
      const auto distance = static_cast<uint32_t>(Distance(target));
      Push(target.node, target.way, {BPF_JMP | BPF_JA, 0, 0, distance});
    }
  }

  const std::vector<Content>& nodes_;
  std::vector<Entry> entries_;
  const Node entry_;
  std::vector<sock_filter> reversed_;
};

int BpfAssembler::Size(Node node) const { return BpfLinearizer(*this, node).Count(); }

std::vector<sock_filter> BpfAssembler::Assemble(Node entry) const {
  return BpfLinearizer(*this, entry).Run();
}

}  // namespace provost
