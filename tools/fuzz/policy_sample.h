#ifndef PROVOST_TOOLS_FUZZ_POLICY_SAMPLE_H_
#define PROVOST_TOOLS_FUZZ_POLICY_SAMPLE_H_

// Random policies and random calls for them: what the policy fuzzer feeds its oracles.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/decider.h"
#include "policy/predicate.h"
#include "policy/task_field.h"
#include "syscalls/request.h"
#include "syscalls/syscall_table.h"

namespace provost {

// A comparison that libseccomp can say too: a whole register, without a sign.
struct PlainComparison {
  uint8_t arg = 0;
  CompareOp op = CompareOp::kEq;
  uint64_t value = 0;
  std::optional<uint64_t> mask;  // with kEq alone
};

struct SampleCondition {
  enum class Kind : uint8_t { kTest, kAnd, kOr, kNot };
  Kind kind = Kind::kTest;
  std::string test;                      // of kTest, as the language writes it
  std::optional<PlainComparison> plain;  // of kTest: the same for libseccomp, where it can be said
  std::vector<SampleCondition> children;

  std::string Text() const;
};

struct SampleRule {
  std::string action;  // "deny EACCES"
  std::vector<std::string> calls;
  std::optional<SampleCondition> condition;
  std::string setting;  // ` set flags = 0` of a rewrite
  std::string tail;     // ` as "x" log`, or empty

  std::string Text() const;
};

// A policy in pieces, so that pieces can be taken away.
struct SamplePolicy {
  std::vector<std::string> prelude;  // arch, logging, let
  std::string default_action;
  std::vector<SampleRule> rules;

  std::string Text() const;
};

// A task and its memory: strings by address, and bytes that follow from the address (of some
// addresses); everything else is unreadable, and names no file.
class SampleMemory final : public ArgumentReader {
 public:
  absl::StatusOr<absl::string_view> ReadString(uint64_t address) override;
  absl::Status ReadBytes(uint64_t address, absl::Span<char> bytes) override;
  absl::StatusOr<absl::string_view> DescriptorPath(int32_t descriptor) override;
  absl::StatusOr<absl::string_view> ResolvePath(const PathQuery& query) override;
  absl::StatusOr<absl::string_view> ReadTaskText(TaskField field) override;
  absl::StatusOr<uint64_t> ReadTaskNumber(TaskField field) override;
  // What the task is, or nothing: unreadable.
  void SetTask(std::optional<std::string> text, std::optional<uint32_t> number) {
    task_text_ = std::move(text);
    task_number_ = number;
  }
  void Set(uint64_t address, std::string text) { strings_[address] = std::move(text); }

 private:
  std::map<uint64_t, std::string> strings_;
  std::optional<std::string> task_text_;
  std::optional<uint32_t> task_number_;
};

// Draws policies and calls from a seed: the same seed gives the same, on every machine. Not
// thread-safe.
class SampleGenerator {
 public:
  explicit SampleGenerator(uint64_t seed) : random_(seed) {}

  // A policy of the whole language. Some have an error (a value an argument never has): what they
  // would mean is nobody's concern.
  SamplePolicy Policy();
  // A policy that libseccomp can say: x86_64, registers compared whole, one action for each call.
  SamplePolicy PlainPolicy();
  // A call that the rules of the policy drawn last are likely to look at.
  SyscallRequest Request();
  // A call of the table by x86_64 with any arguments, for PlainPolicy.
  SyscallRequest PlainRequest();
  // Memory for a call: each of its addresses is unreadable or a string that the policy drawn last
  // may ask for.
  SampleMemory Memory(const SyscallRequest& request);

  // The productions of the grammar that the policy drawn last uses.
  const std::set<absl::string_view>& productions() const { return productions_; }
  // Every production there is for productions() to name.
  static absl::Span<const absl::string_view> AllProductions();

 private:
  struct Slot;  // an argument that a test can be about

  uint64_t Below(uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }
  bool OneIn(uint64_t count) { return Below(count) == 0; }
  template <typename Items>
  const auto& Pick(const Items& items) {
    return items[Below(std::size(items))];
  }
  void Use(absl::string_view production) { productions_.insert(production); }

  uint64_t Edge();
  static uint64_t Fitting(const Slot& slot, uint64_t value);
  std::string Number(const Slot& slot);
  std::string Bits(const Slot& slot);
  std::string MaskTest(const Slot& slot);
  std::string Integer(uint64_t value, bool is_signed);
  std::string ConstantOf(const Slot& slot);
  std::string NumberSet(const Slot& slot);
  std::string Range(const Slot& slot);
  std::string String();
  std::string StringSet();
  std::string NumberTest(const Slot& slot);
  std::string StringTest(const Slot& slot);
  std::string TaskTest();
  std::string StructureTest(absl::string_view call);
  SampleCondition Counting(std::optional<SampleCondition> rest);
  void Rewrite(SampleRule& rule);
  SampleCondition Condition(absl::Span<const Slot> slots, int depth);
  std::vector<Slot> SlotsOf(absl::Span<const std::string> calls);
  std::string Action();
  std::string Wish(absl::string_view action);
  std::vector<std::string> Calls();
  void Lets(SamplePolicy& policy);
  PlainComparison Plain(uint8_t arg);
  uint64_t Value();
  uint64_t Argument();

  std::mt19937_64 random_;
  std::set<absl::string_view> productions_;
  std::vector<uint64_t> values_;  // numbers that the policy's conditions ask for
  std::vector<std::string> strings_;
  std::vector<const Syscall*> ruled_;
  bool has_lets_ = false;
  bool x86_64_ = true;
  bool i386_ = true;
};

}  // namespace provost

#endif  // PROVOST_TOOLS_FUZZ_POLICY_SAMPLE_H_
