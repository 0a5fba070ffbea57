#ifndef PROVOST_POLICY_PREDICATE_H_
#define PROVOST_POLICY_PREDICATE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "policy/decider.h"
#include "policy/task_field.h"
#include "syscalls/request.h"
#include "syscalls/signature.h"
#include "syscalls/syscall_table.h"

namespace provost {

struct MemoryOperand;  // memory_operand.h
struct IpNetwork;      // ip_network.h
struct SubCall;        // syscalls/sub_calls.h
class StringPattern;   // string_pattern.h: glob, regular expression, exact, prefix; compiled once,
                       // immutable

// The condition of a rule, bound to one call of one architecture: arguments are indices with
// widths, names are gone. An immutable tree, shared freely; null means "always". Everything that
// reads conditions (evaluator, compiler, printer, checker) is a visitor over this closed variant.
struct PredicateNode;
using Predicate = std::shared_ptr<const PredicateNode>;

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

// Compares one register. The register is cut to `width`, sign- or zero-extended to 64 bits, and'ed
// with `mask`, and compared with `value` (same extension): signed for kS32 and kS64, unsigned
// otherwise. On i386 a register is its low 32 bits before all this, whatever stands above. Every
// register operator of the language is this:
//   x in a..b       ->  x >= a && x <= b            x in {a, b}  ->  x == a || x == b
//   x only M        ->  (x & ~M) == 0               x has M      ->  (x & M) == M
struct Compare {
  uint8_t arg;
  ArgWidth width;
  uint64_t mask = ~uint64_t{0};
  CompareOp op;
  uint64_t value;
};

// Matches the string that an argument points at. Unreadable strings make it Truth::kUnknown.
struct MatchString {
  uint8_t arg;
  std::shared_ptr<const StringPattern> pattern;
};

// Compares what memory, a descriptor or a path stands for (memory_operand.h). What cannot be read
// makes it Truth::kUnknown; a field that is not there, such as the port of a unix address, makes it
// false, whatever is asked of it. Of an array, each element is asked: unless they all agree it is
// unknown.
struct MemoryTest {
  struct Text {
    std::shared_ptr<const StringPattern> pattern;
    bool negated = false;
  };
  struct Ip {
    std::shared_ptr<const std::vector<IpNetwork>> networks;  // any of them
    bool negated = false;
  };

  std::shared_ptr<const MemoryOperand> operand;
  std::variant<Compare, Text, Ip> check;  // Compare: of the number read; its `arg` means nothing
};

// A condition of the call that a multiplexer (i386's socketcall, ipc) is asked to make: `condition`
// sees the arguments of that call. Unknown if they cannot be read.
struct OfSubCall {
  const SubCall* call;  // static
  Predicate condition;  // not null
};

// The same of the task that makes the call: a number of it (`compare.arg` says nothing) or a text.
// What cannot be read makes them Truth::kUnknown.
struct CompareTask {
  TaskField field;
  Compare compare;
};
struct MatchTask {
  TaskField field;
  std::shared_ptr<const StringPattern> pattern;
};

struct Constantly {
  bool value;
};
struct AllOf {
  std::vector<Predicate> children;
};
struct AnyOf {
  std::vector<Predicate> children;
};
struct Not {
  Predicate child;
};

struct PredicateNode {
  std::variant<Constantly, Compare, MatchString, MemoryTest, OfSubCall, CompareTask, MatchTask,
               AllOf, AnyOf, Not>
      node;
};

// Kleene's three values: an argument that cannot be read makes a condition unknown. A rule whose
// condition is unknown matches if its action refuses the call, and does not if it lets it run.
enum class Truth : uint8_t { kFalse, kUnknown, kTrue };

Truth Evaluate(const Predicate& predicate, const SyscallRequest& request,
               ArgumentReader& arguments);

// True if it is known without reading memory, and cheaply, that the condition is false. False says
// nothing.
bool RegistersExclude(const Predicate& predicate, const SyscallRequest& request);

// True if registers alone decide it. What a task is counts as memory, here and below.
bool IsRegisterOnly(const Predicate& predicate);

// The register-only condition that holds whenever `predicate` could come out true or unknown for
// some contents of memory. The filter asks it first, so that only calls that may match a rule stop.
Predicate MayHold(const Predicate& predicate);

// The register-only condition under which `predicate` comes out true whatever memory holds: the
// filter answers by itself there.
Predicate MustHold(const Predicate& predicate);

// The comparison alone, shared by evaluator and tests. `raw` is the register.
bool Holds(const Compare& compare, uint64_t raw);

// The condition as the language writes it, for messages: `(flags & O_ACCMODE) == O_RDONLY && path ~
// "/etc/**"`; "always" for null. Arguments are `arg0` … where `syscall` is null or has no name for
// them, and where the comparison reads more of the register than the call does.
std::string PredicateToString(const Predicate& predicate, const Syscall* syscall);

}  // namespace provost

#endif  // PROVOST_POLICY_PREDICATE_H_
