#ifndef PROVOST_POLICY_BPF_ASSEMBLER_H_
#define PROVOST_POLICY_BPF_ASSEMBLER_H_

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace provost {

// A decision graph over the 32-bit words of seccomp_data that becomes a classic BPF program. Nodes
// are made from the leaves upwards; equal nodes are one node, so that calls with equal rules share
// their code and comparing two nodes compares their meaning (equal nodes mean the same; unequal
// ones may too).
//
// Example: deny socket(2) of all but AF_UNIX.
//   BpfAssembler graph;
//   const auto eaccess = graph.Return(SECCOMP_RET_ERRNO | EACCES);
//   const auto allow = graph.Return(SECCOMP_RET_ALLOW);
//   const auto family = graph.Test({.offset = 16}, BPF_JEQ, AF_UNIX, allow, eaccess);
//   program = graph.Assemble(graph.Test({.offset = 0}, BPF_JEQ, SYS_socket, family, allow));
//
// Not thread-safe.
class BpfAssembler {
 public:
  // A node's identity, valid for the assembler that made it.
  using Node = int32_t;

  // A word of seccomp_data by its offset in bytes, and'ed with a mask.
  struct Word {
    uint32_t offset;
    uint32_t mask = 0xffffffff;
    bool operator==(const Word&) const = default;
  };

  // Ends with this answer.
  Node Return(uint32_t action);

  // Goes to `yes` if the comparison of the word with `k` holds (unsigned), else to `no`. `op` is
  // BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. What is true or false for every value of the word makes
  // no node.
  Node Test(Word word, uint16_t op, uint32_t k, Node yes, Node no);

  // Where the values of a word from `first` up to the next range's go.
  struct Range {
    uint32_t first;
    Node node;
  };
  // A balanced search over `ranges`: in order of `first`, the first one's being 0. Neighbours with
  // equal nodes count as one range.
  Node Search(Word word, const std::vector<Range>& ranges);

  bool IsReturn(Node node) const { return nodes_[node].is_return; }

  // The number of instructions that belong to `node` and what it leads to, without answers and what
  // long jumps take: an estimate for messages and choices.
  int Size(Node node) const;

  // The program whose first instruction is `entry`'s. Its jumps are all encodable; its length is
  // not limited.
  std::vector<sock_filter> Assemble(Node entry) const;

 private:
  friend class BpfLinearizer;

  struct Content {
    bool is_return;
    Word word;
    uint16_t op;
    uint32_t k;
    Node yes;
    Node no;

    bool operator==(const Content&) const = default;
    template <typename H>
    friend H AbslHashValue(H hash, const Content& content) {
      return H::combine(std::move(hash), content.is_return, content.word.offset, content.word.mask,
                        content.op, content.k, content.yes, content.no);
    }
  };

  Node Intern(const Content& content);
  // `last` is the last value that the last of `ranges` holds.
  Node SearchSlice(Word word, absl::Span<const Range> ranges, uint32_t last);
  std::optional<Node> TestSingles(Word word, absl::Span<const Range> ranges, uint32_t last);

  // Children always come before their parents.
  std::vector<Content> nodes_;
  absl::flat_hash_map<Content, Node> index_;
};

}  // namespace provost

#endif  // PROVOST_POLICY_BPF_ASSEMBLER_H_
