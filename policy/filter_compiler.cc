#include "policy/filter_compiler.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/bpf_assembler.h"
#include "policy/predicate.h"
#include "syscalls/syscall_table.h"
#include "syscalls/task_changes.h"

namespace provost {
namespace {

using Node = BpfAssembler::Node;
using Word = BpfAssembler::Word;

constexpr uint32_t kSignBit = 0x80000000;
constexpr uint32_t kWholeWord = 0xffffffff;
constexpr uint32_t kTrace = SECCOMP_RET_TRACE | kTraceData;

constexpr Word kNrWord = {offsetof(seccomp_data, nr)};
constexpr Word kArchWord = {offsetof(seccomp_data, arch)};

uint32_t LowHalf(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t HighHalf(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// x86 is little-endian: the low half stands first.
Word LowWord(const Compare& compare) {
  const size_t offset = offsetof(seccomp_data, args) + compare.arg * sizeof(uint64_t);
  return {static_cast<uint32_t>(offset), LowHalf(compare.mask)};
}

Word HighWord(const Compare& compare) {
  const size_t offset =
      offsetof(seccomp_data, args) + compare.arg * sizeof(uint64_t) + sizeof(uint32_t);
  return {static_cast<uint32_t>(offset), HighHalf(compare.mask)};
}

// What the filter answers a call that gets this decision.
uint32_t Action(const Decision& decision, const FilterOptions& options) {
  if (std::holds_alternative<Allow>(decision.verdict)) return SECCOMP_RET_ALLOW;
  if (AsksForRecord(decision.wish)) return kTrace;
  if (options.needs_tracer != nullptr && options.needs_tracer(decision)) return kTrace;
  if (const auto* deny = std::get_if<Deny>(&decision.verdict)) {
    return SECCOMP_RET_ERRNO | static_cast<uint32_t>(deny->error);
  }
  if (const auto* result = std::get_if<Return>(&decision.verdict)) {
    return result->value == 0 ? SECCOMP_RET_ERRNO : kTrace;
  }
  if (std::holds_alternative<Trap>(decision.verdict)) return SECCOMP_RET_TRAP;
  if (const auto* kill = std::get_if<Kill>(&decision.verdict)) {
    return kill->scope == Kill::Scope::kProcess ? SECCOMP_RET_KILL_PROCESS
                                                : SECCOMP_RET_KILL_THREAD;
  }
  return kTrace;  // What only the tracer does: log, emulate, rewrite, ask.
}

// Compiles conditions that registers alone decide into tests of 32-bit words.
//
// A comparison is one of two 64-bit numbers, and'ed register and value, by halves. The high half is
// a word of seccomp_data for 64-bit widths, and known for 32-bit ones: 0, or what the mask leaves
// of the low half's sign. On i386 it is known for 64-bit widths too: 0, although seccomp_data may
// show something else (Compare says why).
class ConditionCompiler {
 public:
  ConditionCompiler(BpfAssembler& graph, Arch arch)
      : graph_(graph), has_high_words_(arch == Arch::kX86_64) {}

  Node Compile(const Predicate& predicate, Node yes, Node no) {
    if (predicate == nullptr || yes == no) return yes;
    const auto& node = predicate->node;
    if (const auto* constantly = std::get_if<Constantly>(&node)) {
      return constantly->value ? yes : no;
    }
    if (const auto* compare = std::get_if<Compare>(&node)) {
      return CompileCompare(*compare, yes, no);
    }
    if (const auto* all = std::get_if<AllOf>(&node)) {
      return CompileJoin(all->children, false, no, yes);
    }
    if (const auto* any = std::get_if<AnyOf>(&node)) {
      return CompileJoin(any->children, true, yes, no);
    }
    if (const auto* negation = std::get_if<Not>(&node)) return Compile(negation->child, no, yes);
    // What looks at memory or at the task: MayHold and MustHold have replaced them all. Not
    // knowing, ask the tracer.
    return graph_.Return(kTrace);
  }

 private:
  // "This word of the high half, if any, is `high`, and the low half's word is `low`."
  struct Equality {
    std::optional<Word> high_word;
    uint32_t high = 0;
    Word low_word;
    uint32_t low = 0;

    bool SameWords(const Equality& other) const {
      return high_word == other.high_word && high == other.high && low_word == other.low_word;
    }
  };

  // A conjunction or disjunction's part: a child, or several children that compare the same words
  // for equality.
  struct Part {
    Predicate child;  // null: `equalities`
    std::vector<Equality> equalities;
  };

  // A child that comes out `deciding` leads to `decided`; if none does, it goes to `rest`. Children
  // are pure, so that equalities may be tested together wherever they stand.
  Node CompileJoin(const std::vector<Predicate>& children, bool deciding, Node decided, Node rest) {
    const std::vector<Part> parts = Partition(children, deciding);
    Node node = rest;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!part->equalities.empty()) {
        node = CompileMembership(part->equalities, decided, node);
      } else if (deciding) {
        node = Compile(part->child, decided, node);
      } else {
        node = Compile(part->child, node, decided);
      }
    }
    return node;
  }

  std::vector<Part> Partition(const std::vector<Predicate>& children, bool deciding) const {
    const CompareOp grouped = deciding ? CompareOp::kEq : CompareOp::kNe;
    std::vector<Part> parts;
    for (const Predicate& child : children) {
      const auto* compare = child != nullptr ? std::get_if<Compare>(&child->node) : nullptr;
      std::optional<Equality> equality;
      if (compare != nullptr && compare->op == grouped) equality = AsEquality(*compare);
      if (!equality.has_value()) {
        parts.push_back({child, {}});
        continue;
      }
      const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
        return !part.equalities.empty() && part.equalities.front().SameWords(*equality);
      });
      if (same != parts.end()) {
        same->equalities.push_back(*equality);
      } else {
        parts.push_back({nullptr, {*equality}});
      }
    }
    return parts;
  }

  // nullopt for what can never be equal, and for what takes the sign apart.
  std::optional<Equality> AsEquality(const Compare& compare) const {
    Equality equality = {.low_word = LowWord(compare), .low = LowHalf(compare.value)};
    const uint32_t high = HighHalf(compare.value);
    switch (compare.width) {
      case ArgWidth::kU32:
        return high == 0 ? std::make_optional(equality) : std::nullopt;
      case ArgWidth::kS32: {
        // With the sign among the low half's bits, the low half says what the high one is.
        const bool negative = (equality.low & kSignBit) != 0;
        const uint32_t extension = negative ? HighHalf(compare.mask) : 0;
        const bool has_sign = (equality.low_word.mask & kSignBit) != 0;
        if (!has_sign || high != extension) return std::nullopt;
        return equality;
      }
      case ArgWidth::kS64:
      case ArgWidth::kU64:
        if (!has_high_words_) return high == 0 ? std::make_optional(equality) : std::nullopt;
        equality.high_word = HighWord(compare);
        equality.high = high;
        return equality;
    }
    return std::nullopt;
  }

  Node CompileMembership(const std::vector<Equality>& equalities, Node yes, Node no) {
    // From here on a search takes fewer steps than a chain and not many more instructions.
    constexpr size_t kSearchFrom = 9;
    std::vector<uint32_t> values;
    values.reserve(equalities.size());
    for (const Equality& equality : equalities) values.push_back(equality.low);
    const Equality& front = equalities.front();
    Node node = no;
    if (values.size() >= kSearchFrom) {
      node = SearchValues(front.low_word, std::move(values), yes, no);
    } else {
      for (auto value = values.rbegin(); value != values.rend(); ++value) {
        node = graph_.Test(front.low_word, BPF_JEQ, *value, yes, node);
      }
    }
    if (!front.high_word.has_value()) return node;
    return graph_.Test(*front.high_word, BPF_JEQ, front.high, node, no);
  }

  Node SearchValues(Word word, std::vector<uint32_t> values, Node yes, Node no) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::vector<BpfAssembler::Range> ranges;
    if (values.front() != 0) ranges.push_back({0, no});
    for (size_t i = 0; i < values.size(); ++i) {
      ranges.push_back({values[i], yes});
      const bool is_last = values[i] == kWholeWord;
      const bool next_follows = i + 1 < values.size() && values[i + 1] == values[i] + 1;
      if (!is_last && !next_follows) ranges.push_back({values[i] + 1, no});
    }
    return graph_.Search(word, ranges);
  }

  Node CompileCompare(const Compare& compare, Node yes, Node no) {
    switch (compare.op) {
      case CompareOp::kEq:
        return CompileEqual(compare, yes, no);
      case CompareOp::kNe:
        return CompileEqual(compare, no, yes);
      case CompareOp::kGe:
        return CompileOrder(compare, BPF_JGE, yes, no);
      case CompareOp::kGt:
        return CompileOrder(compare, BPF_JGT, yes, no);
      case CompareOp::kLt:
        return CompileOrder(compare, BPF_JGE, no, yes);
      case CompareOp::kLe:
        return CompileOrder(compare, BPF_JGT, no, yes);
    }
    return no;
  }

  Node CompileEqual(const Compare& compare, Node yes, Node no) {
    if (const std::optional<Equality> equality = AsEquality(compare)) {
      return CompileMembership({*equality}, yes, no);
    }
    return CompileOrder(compare, BPF_JEQ, yes, no);
  }

  // `op` is JGE, JGT or JEQ.
  Node CompileOrder(const Compare& compare, uint16_t op, Node yes, Node no) {
    switch (compare.width) {
      case ArgWidth::kU32:
        return CompileKnownHigh(compare, 0, op, yes, no);
      case ArgWidth::kS32: {
        const Word sign = {LowWord(compare).offset};
        const Node negative = CompileKnownHigh(compare, HighHalf(compare.mask), op, yes, no);
        const Node positive = CompileKnownHigh(compare, 0, op, yes, no);
        return graph_.Test(sign, BPF_JSET, kSignBit, negative, positive);
      }
      case ArgWidth::kS64:
        return has_high_words_ ? CompileSignedHigh(compare, op, yes, no)
                               : CompileKnownHigh(compare, 0, op, yes, no);
      case ArgWidth::kU64:
        return has_high_words_ ? CompileUnsignedHigh(compare, op, yes, no)
                               : CompileKnownHigh(compare, 0, op, yes, no);
    }
    return no;
  }

  Node CompileLow(const Compare& compare, uint16_t op, Node yes, Node no) {
    return graph_.Test(LowWord(compare), op, LowHalf(compare.value), yes, no);
  }

  Node CompileKnownHigh(const Compare& compare, uint32_t high, uint16_t op, Node yes, Node no) {
    const uint32_t value = HighHalf(compare.value);
    if (high == value) return CompileLow(compare, op, yes, no);
    if (op == BPF_JEQ) return no;
    const bool is_signed = compare.width == ArgWidth::kS32 || compare.width == ArgWidth::kS64;
    const bool greater =
        is_signed ? static_cast<int32_t>(high) > static_cast<int32_t>(value) : high > value;
    return greater ? yes : no;
  }

  Node CompileUnsignedHigh(const Compare& compare, uint16_t op, Node yes, Node no) {
    const Word word = HighWord(compare);
    const uint32_t value = HighHalf(compare.value);
    const Node low = CompileLow(compare, op, yes, no);
    // Nothing is below 0.
    if (value == 0) return graph_.Test(word, BPF_JEQ, 0, low, yes);
    const Node not_greater = graph_.Test(word, BPF_JEQ, value, low, no);
    return graph_.Test(word, BPF_JGT, value, yes, not_greater);
  }

  // Numbers of one sign compare as unsigned ones do.
  Node CompileSignedHigh(const Compare& compare, uint16_t op, Node yes, Node no) {
    const bool value_is_negative = (HighHalf(compare.value) & kSignBit) != 0;
    const Node same_sign = CompileUnsignedHigh(compare, op, yes, no);
    const Node negative = value_is_negative ? same_sign : no;
    const Node positive = value_is_negative ? yes : same_sign;
    return graph_.Test(HighWord(compare), BPF_JSET, kSignBit, negative, positive);
  }

  BpfAssembler& graph_;
  const bool has_high_words_;
};

class FilterCompiler {
 public:
  FilterCompiler(const Policy& policy, const FilterOptions& options)
      : policy_(policy), options_(options), trace_(graph_.Return(kTrace)) {
    for (const Arch arch : kAllArches) CompileCalls(arch);
  }

  absl::StatusOr<BpfProgram> Run() {
    BpfProgram program = Assemble({});
    if (Fits(program)) return program;
    const std::vector<Group> groups = GroupsBySize();
    size_t left = 1;  // As few of the biggest as will do, by bisection.
    size_t end = groups.size() + 1;
    std::optional<BpfProgram> found;
    while (left < end) {
      const size_t middle = left + (end - left) / 2;
      BpfProgram smaller = Assemble(absl::MakeConstSpan(groups).subspan(0, middle));
      if (Fits(smaller)) {
        end = middle;
        found = std::move(smaller);
      } else {
        left = middle + 1;
      }
    }
    if (found.has_value()) return *std::move(found);
    return TooLong(program.size(), groups);
  }

 private:
  struct Call {
    Arch arch;
    int32_t nr;
    Node node;
  };
  // Calls with one code.
  struct Group {
    Node node;
    int size;
    std::vector<const Call*> calls;
  };

  bool Fits(const BpfProgram& program) const {
    return static_cast<int64_t>(program.size()) <= options_.max_instructions;
  }

  static bool IsExec(Arch arch, int32_t nr) {
    const Syscall* syscall = SyscallTable::Get().Find(arch, nr);
    return syscall != nullptr &&
           (syscall->signature->name == "execve" || syscall->signature->name == "execveat");
  }

  void CompileCalls(Arch arch) {
    const int32_t limit = SyscallTable::Get().Limit(arch);
    const Syscall* prctl = SyscallTable::Get().Find(arch, "prctl");
    const Syscall* seccomp = SyscallTable::Get().Find(arch, "seccomp");
    for (int32_t nr = 0; nr < limit; ++nr) {
      Node node = CompileCall(arch, nr);
      if (prctl != nullptr && nr == prctl->nr) node = CompilePrctl(node);
      if (options_.gated.trace_filters && seccomp != nullptr && nr == seccomp->nr) {
        node = TraceWhere(SECCOMP_SET_MODE_FILTER, node);
      }
      calls_.push_back({arch, nr, Gated(arch, nr, node)});
    }
  }

  Node CompilePrctl(Node prctl) {
    if (options_.trace_task_changes) prctl = TraceWhere(PR_SET_MM, prctl);
    return options_.gated.trace_filters ? TraceWhere(PR_SET_SECCOMP, prctl) : prctl;
  }

  // The tracer is asked about the call where its first argument, an int on both architectures, so
  // that the lower half decides, is `value`.
  Node TraceWhere(uint32_t value, Node call) {
    if (graph_.IsReturn(call) && call != graph_.Return(SECCOMP_RET_ALLOW)) return call;
    constexpr Word kFirst = {offsetof(seccomp_data, args)};
    return graph_.Test(kFirst, BPF_JEQ, value, trace_, call);
  }

  // `otherwise`, but for a call of the tracer's. What always runs is left as it is: the kernel
  // remembers of which numbers a filter looks at nothing else (seccomp_is_const_allow).
  Node Gated(Arch arch, int32_t nr, Node otherwise) {
    const Syscall* syscall = SyscallTable::Get().Find(arch, nr);
    const std::vector<absl::string_view>& names = options_.gated.names;
    const Node allow = graph_.Return(SECCOMP_RET_ALLOW);
    // A call that is traced at the tracer's own change of it runs, too.
    const bool runs = otherwise == allow || otherwise == trace_;
    if (runs || syscall == nullptr ||
        std::find(names.begin(), names.end(), syscall->signature->name) == names.end()) {
      return otherwise;
    }
    constexpr Word kLow = {offsetof(seccomp_data, instruction_pointer)};
    constexpr Word kHigh = {offsetof(seccomp_data, instruction_pointer) + sizeof(uint32_t)};
    const uint64_t gate = options_.gated.instruction;
    return graph_.Test(kHigh, BPF_JEQ, HighHalf(gate),
                       graph_.Test(kLow, BPF_JEQ, LowHalf(gate), allow, otherwise), otherwise);
  }

  // About which calls of a number the tracer is asked, beside those it has to answer.
  enum class Asks : uint8_t { kNone, kRefused, kAllowed };

  Asks AsksAbout(Arch arch, int32_t nr) const {
    if (options_.trace_exec && IsExec(arch, nr)) return Asks::kRefused;
    const bool changes = TaskChangeOf(arch, nr) != TaskChange::kNone;
    return options_.trace_task_changes && changes ? Asks::kAllowed : Asks::kNone;
  }

  Node CompileCall(Arch arch, int32_t nr) {
    const Asks asks = AsksAbout(arch, nr);
    const absl::Span<const BoundRule> rules = policy_.RulesFor(arch, nr);
    // Behind a rule without a condition none is reached.
    const auto last = std::find_if(rules.begin(), rules.end(),
                                   [](const BoundRule& rule) { return rule.IsUnconditional(); });
    size_t count = last - rules.begin();
    const Rule& otherwise = last != rules.end() ? *last->rule : policy_.OtherwiseFor(arch, nr);
    Node node = Answer(otherwise, asks);
    ConditionCompiler conditions(graph_, arch);
    while (count-- > 0) {
      node = CompileRule(conditions, rules[count], Answer(*rules[count].rule, asks), node);
    }
    return node;
  }

  // `otherwise` is where calls go that the rule does not match.
  Node CompileRule(ConditionCompiler& conditions, const BoundRule& rule, Node answer,
                   Node otherwise) {
    // Then it does not matter whether it matches.
    if (answer == otherwise) return answer;
    const Predicate& condition = rule.condition;
    if (rule.rule->state.has_value()) {
      return conditions.Compile(MayHold(condition), trace_, otherwise);
    }
    if (IsRegisterOnly(condition)) return conditions.Compile(condition, answer, otherwise);
    const Node may = conditions.Compile(MayHold(condition), trace_, otherwise);
    return conditions.Compile(MustHold(condition), answer, may);
  }

  Node Answer(const Rule& rule, Asks asks = Asks::kNone) {
    const auto [entry, inserted] = answers_.try_emplace(&rule, 0u);
    if (inserted) entry->second = Action(rule.decision(), options_);
    const Asks kind = entry->second == SECCOMP_RET_ALLOW ? Asks::kAllowed : Asks::kRefused;
    return asks == kind ? trace_ : graph_.Return(entry->second);
  }

  // The program that leaves the calls of `traced` to the tracer.
  BpfProgram Assemble(absl::Span<const Group> traced) {
    absl::flat_hash_set<Node> nodes;
    for (const Group& group : traced) nodes.insert(group.node);
    const Node refused = Answer(policy_.ArchRule());
    Node root = refused;
    for (auto arch = kAllArches.rbegin(); arch != kAllArches.rend(); ++arch) {
      root = graph_.Test(kArchWord, BPF_JEQ, static_cast<uint32_t>(*arch),
                         CompileNumbers(*arch, nodes), root);
    }
    return graph_.Assemble(root);
  }

  Node CompileNumbers(Arch arch, const absl::flat_hash_set<Node>& traced) {
    const Node beyond = Answer(policy_.OtherwiseFor(arch, SyscallTable::Get().Limit(arch)));
    std::vector<BpfAssembler::Range> ranges;
    for (const Call& call : calls_) {
      if (call.arch != arch) continue;
      ranges.push_back(
          {static_cast<uint32_t>(call.nr), traced.contains(call.node) ? trace_ : call.node});
    }
    ranges.push_back({static_cast<uint32_t>(SyscallTable::Get().Limit(arch)), beyond});
    // Numbers of their own, so that searching for them is asking for them first.
    const ControlNumbers& control = options_.control;
    const auto number = [](int32_t nr) { return static_cast<uint32_t>(nr); };
    ranges.push_back({number(control.kill_process), graph_.Return(SECCOMP_RET_KILL_PROCESS)});
    ranges.push_back({number(control.kill_thread), graph_.Return(SECCOMP_RET_KILL_THREAD)});
    ranges.push_back({number(control.trap), graph_.Return(SECCOMP_RET_TRAP)});
    ranges.push_back({number(control.trap + 1), beyond});
    ranges.push_back({kX32Bit, Answer(policy_.ArchRule())});
    return graph_.Search(kNrWord, ranges);
  }

  // What has instructions of its own, biggest first.
  std::vector<Group> GroupsBySize() const {
    absl::flat_hash_map<Node, std::vector<const Call*>> by_node;
    for (const Call& call : calls_) {
      if (!graph_.IsReturn(call.node)) by_node[call.node].push_back(&call);
    }
    std::vector<Group> groups;
    groups.reserve(by_node.size());
    for (auto& [node, calls] : by_node) {
      groups.push_back({node, graph_.Size(node), std::move(calls)});
    }
    std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
      return std::tie(b.size, a.node) < std::tie(a.size, b.node);
    });
    return groups;
  }

  absl::Status TooLong(size_t instructions, const std::vector<Group>& groups) const {
    constexpr size_t kNamed = 5;
    std::vector<std::string> names;
    for (const Group& group : groups) {
      for (const Call* call : group.calls) {
        if (names.size() == kNamed) break;
        const Syscall* syscall = SyscallTable::Get().Find(call->arch, call->nr);
        names.push_back(absl::StrCat(syscall->signature->name, " (", ArchName(call->arch), ", ",
                                     group.size, ")"));
      }
    }
    std::string message = absl::StrCat("the filter would have ", instructions,
                                       " instructions and may have ", options_.max_instructions);
    if (!names.empty()) {
      absl::StrAppend(&message, "; the biggest calls: ", absl::StrJoin(names, ", "));
    }
    return absl::ResourceExhaustedError(message);
  }

  const Policy& policy_;
  const FilterOptions& options_;
  BpfAssembler graph_;
  const Node trace_;
  std::vector<Call> calls_;
  absl::flat_hash_map<const Rule*, uint32_t> answers_;
};

}  // namespace

ControlNumbers ControlNumbers::Random() {
  uint32_t random = 0;
  // Fewer bytes than 256 come at once or, before the machine has gathered any entropy, not at all
  // (getrandom(2)): then the usual numbers serve.
  const ssize_t got = getrandom(&random, sizeof(random), GRND_NONBLOCK);
  return got == sizeof(random) ? From(random) : ControlNumbers();
}

bool NeedsTracer(const Decision& decision, const FilterOptions& options) {
  return Action(decision, options) == kTrace;
}

absl::StatusOr<BpfProgram> CompileFilter(const Policy& policy, const FilterOptions& options) {
  return FilterCompiler(policy, options).Run();
}

}  // namespace provost
