#ifndef PROVOST_POLICY_RULE_INDEX_H_
#define PROVOST_POLICY_RULE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/predicate.h"
#include "syscalls/request.h"

namespace provost {

// Tells, of the conditions of one call's rules, which can hold for a given path, so that a decision
// does not ask all of a thousand of them. What it leaves out is false of that path, so the first
// that matches is the same as if all were asked. Immutable; safe from any thread.
//
// It knows the conditions that hold only of strings with certain beginnings: `path == "/a"`,
// `path ~ "/a/*"`, `path under "/a"`, those joined by ||, or by && with anything. The beginnings of
// a path among n sorted ones are found by one search and a walk over those that contain each other.
class RuleIndex {
 public:
  // Indices of conditions, ascending, each once.
  class Candidates {
   public:
    // The next one, if there is one.
    std::optional<size_t> Next();

   private:
    friend class RuleIndex;
    // What is left of each list.
    absl::InlinedVector<absl::Span<const uint32_t>, 8> lists_;
  };

  // By one argument, the one that most conditions speak of. nullopt if too few do for an index to
  // be worth anything. Null conditions hold always. Keeps nothing of `conditions`.
  static std::optional<RuleIndex> Build(absl::Span<const Predicate> conditions);

  // The first condition that speaks of the argument: those before it need no index.
  size_t first() const { return first_; }

  // Those from first() on that may hold of `request`. Reads the argument; nullopt where it cannot
  // be read, or is no path of the plain form that the index is made for: then all may hold.
  std::optional<Candidates> Find(const SyscallRequest& request, ArgumentReader& arguments) const;

 private:
  struct Beginning {
    std::string text;
    int32_t shorter = -1;           // the longest other one that this begins with
    std::vector<uint32_t> holders;  // conditions that hold only of such strings
  };

  RuleIndex() = default;
  void Add(uint32_t condition, std::vector<std::string> beginnings);
  void Finish();

  uint8_t arg_ = 0;
  size_t first_ = 0;
  std::vector<uint32_t> others_;       // conditions that may hold of any string
  std::vector<Beginning> beginnings_;  // sorted
};

}  // namespace provost

#endif  // PROVOST_POLICY_RULE_INDEX_H_
