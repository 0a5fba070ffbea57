#include "policy/policy_diff.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/call_text.h"
#include "policy/explain.h"
#include "policy/predicate.h"
#include "policy/string_pattern.h"
#include "policy/verdict.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr size_t kMaxValues = 400;  // of one argument
constexpr size_t kMaxStrings = 200;
constexpr int kUnknownNumber = 0x3ff;

// Of each argument.
using Values = std::array<std::vector<uint64_t>, 6>;
using Names = std::pair<const Rule*, const Rule*>;

// What stands between the quotes of a pattern as the language writes it, escapes resolved.
std::string Operand(const std::string& pattern) {
  const size_t open = pattern.find('"');
  std::string text;
  for (size_t i = open + 1; open != std::string::npos && i + 1 < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 2 < pattern.size()) ++i;
    text.push_back(pattern[i]);
  }
  return text;
}

// A text that a glob may match: each wildcard replaced by something.
std::string FillGlob(absl::string_view glob, absl::string_view star) {
  std::string text;
  for (size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*') {
      const bool two = i + 1 < glob.size() && glob[i + 1] == '*';
      absl::StrAppend(&text, star, two && !star.empty() ? "/y" : "");
      i += two ? 1 : 0;
    } else if (c == '?') {
      text.push_back('x');
    } else if (c == '[') {
      const size_t end = glob.find(']', i + 2);
      if (end == absl::string_view::npos) return text;
      const bool negated = glob[i + 1] == '!';
      text.push_back(negated ? '~' : glob[i + 1]);
      i = end;
    } else if (c == '\\' && i + 1 < glob.size()) {
      text.push_back(glob[++i]);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

// A text that a regular expression may match: what of it is plain.
std::string PlainPart(absl::string_view regex) {
  std::string text;
  for (size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\' && i + 1 < regex.size()) {
      text.push_back(regex[++i]);
    } else if (c == '.') {
      text.push_back('x');
    } else if (absl::string_view("^$*+?()[]{}|").find(c) == absl::string_view::npos) {
      text.push_back(c);
    }
  }
  return text;
}

// What is worth trying for the arguments of one call.
class Candidates {
 public:
  explicit Candidates(const Syscall& syscall) : syscall_(syscall) {
    for (int i = 0; i < 6; ++i) numbers_[i] = {0};
  }

  void Collect(absl::Span<const BoundRule> rules) {
    for (const BoundRule& bound : rules) Collect(bound.condition);
  }

  // Makes the values: numbers as they are, strings as addresses in `memory`.
  Values Make(CallMemory& memory) const {
    Values values;
    for (int i = 0; i < 6; ++i) {
      values[i].assign(numbers_[i].begin(), numbers_[i].end());
      for (const std::string& text : strings_[i]) {
        values[i].push_back(memory.Place(syscall_.arch, text + '\0'));
      }
    }
    return values;
  }

 private:
  void Collect(const Predicate& predicate) {
    if (predicate == nullptr) return;
    if (const auto* all = std::get_if<AllOf>(&predicate->node)) {
      for (const Predicate& child : all->children) Collect(child);
    } else if (const auto* any = std::get_if<AnyOf>(&predicate->node)) {
      for (const Predicate& child : any->children) Collect(child);
    } else if (const auto* negation = std::get_if<Not>(&predicate->node)) {
      Collect(negation->child);
    } else if (const auto* compare = std::get_if<Compare>(&predicate->node)) {
      CollectNumbers(*compare);
    } else if (const auto* match = std::get_if<MatchString>(&predicate->node)) {
      CollectStrings(*match);
    }
  }

  void CollectNumbers(const Compare& compare) {
    const uint64_t value = compare.value;
    for (const uint64_t base : {value, value | ~compare.mask, compare.mask, ~compare.mask}) {
      for (const uint64_t near : {base - 1, base, base + 1}) AddNumber(compare.arg, near);
    }
    // Other halves of the register: what an int leaves out.
    AddNumber(compare.arg, value | uint64_t{1} << 32);
    AddNumber(compare.arg, value ^ uint64_t{1} << 31);
    AddNumber(compare.arg, value ^ uint64_t{1} << 63);
    AddNumber(compare.arg, static_cast<uint32_t>(value));
    AddNumber(compare.arg,
              static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value))));
    for (int bit = 0; bit < 32; ++bit) AddNumber(compare.arg, value ^ uint64_t{1} << bit);
  }

  void CollectStrings(const MatchString& match) {
    const std::string pattern = match.pattern->ToString();
    const std::string operand = Operand(pattern);
    if (const std::string* exact = match.pattern->ExactText()) AddString(match.arg, *exact);
    for (const char* star : {"x", "", "x.y"}) AddString(match.arg, FillGlob(operand, star));
    AddString(match.arg, operand);
    AddString(match.arg, operand + "/x");
    AddString(match.arg, operand + "x");
    AddString(match.arg, PlainPart(operand));
    AddString(match.arg, operand.substr(0, operand.rfind('/') + 1) + "../x");
    AddString(match.arg, "");
    AddString(match.arg, "/");
    AddString(match.arg, "x");
  }

  void AddNumber(int arg, uint64_t number) {
    if (syscall_.arch == Arch::kI386) number = static_cast<uint32_t>(number);
    if (numbers_[arg].size() < kMaxValues) numbers_[arg].insert(Canonical(arg, number));
  }

  // Numbers of an int as programs give them, so that a witness says them by name: what stands above
  // is kept only where it means something to arg0 … arg5.
  uint64_t Canonical(int arg, uint64_t number) const {
    const absl::Span<const Argument> args = syscall_.signature->args;
    if (arg >= static_cast<int>(args.size()) || number > UINT32_MAX) return number;
    const bool is_signed = WidthOn(Arch::kX86_64, args[arg]) == ArgWidth::kS32;
    if (!is_signed || syscall_.arch == Arch::kI386) return number;
    return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(number)));
  }

  void AddString(int arg, const std::string& text) {
    if (text.find('\0') == std::string::npos && strings_[arg].size() < kMaxStrings) {
      strings_[arg].insert(text);
    }
  }

  const Syscall& syscall_;
  std::array<std::set<uint64_t>, 6> numbers_;
  std::array<std::set<std::string>, 6> strings_;
};

class Differ {
 public:
  Differ(const Policy& first, const Policy& second, const DiffOptions& options)
      : first_(first), second_(second), options_(options) {}

  DiffResult Run() {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) TryCall(syscall);
      TryNumber(arch, kUnknownNumber);
    }
    TryNumber(Arch::kX86_64, static_cast<int32_t>(kX32Bit));
    return std::move(result_);
  }

 private:
  void TryNumber(Arch arch, int32_t nr) {
    KnownCall call;
    call.request.arch = static_cast<uint32_t>(arch);
    call.request.nr = nr;
    std::set<Names> seen;
    ++result_.calls;
    Try(arch, call, Values(), seen);
  }

  void TryCall(const Syscall& syscall) {
    // The same for the same seed, whatever other calls are ruled.
    std::mt19937_64 random(options_.seed * 1000003 + syscall.nr * 2 +
                           (syscall.arch == Arch::kI386 ? 1 : 0));
    Candidates candidates(syscall);
    candidates.Collect(first_.RulesFor(syscall.arch, syscall.nr));
    candidates.Collect(second_.RulesFor(syscall.arch, syscall.nr));
    KnownCall call;
    call.request.arch = static_cast<uint32_t>(syscall.arch);
    call.request.nr = syscall.nr;
    const Values values = candidates.Make(call.memory);
    std::set<Names> seen;
    ++result_.calls;
    Try(syscall.arch, call, values, seen);
    const bool plain = std::all_of(values.begin(), values.end(),
                                   [](const auto& some) { return some.size() == 1; });
    if (plain) return;
    for (int i = 0; i < 6; ++i) {
      for (const uint64_t value : values[i]) {
        call.request.args = {};
        call.request.args[i] = value;
        Try(syscall.arch, call, values, seen);
      }
    }
    for (int sample = 0; sample < options_.samples; ++sample) {
      for (int i = 0; i < 6; ++i) call.request.args[i] = values[i][random() % values[i].size()];
      Try(syscall.arch, call, values, seen);
    }
  }

  Names Decide(KnownCall& call) {
    ++result_.tried;
    return {&DecidingRule(first_, call), &DecidingRule(second_, call)};
  }

  void Try(Arch arch, KnownCall& call, const Values& values, std::set<Names>& seen) {
    const Names rules = Decide(call);
    if (rules.first->verdict == rules.second->verdict || !seen.insert(rules).second) return;
    const std::array<uint64_t, 6> args = call.request.args;
    Simplify(call, values, rules);
    Report(arch, call, rules.first, rules.second);
    call.request.args = args;
  }

  // Puts for each argument the first value under which the same rules decide: the smallest number,
  // else a string.
  void Simplify(KnownCall& call, const Values& values, const Names& rules) {
    for (int i = 0; i < 6; ++i) {
      const uint64_t found = call.request.args[i];
      bool simpler = false;
      for (size_t k = 0; k < values[i].size() && !simpler && values[i][k] != found; ++k) {
        call.request.args[i] = values[i][k];
        simpler = Decide(call) == rules;
      }
      if (!simpler) call.request.args[i] = found;
    }
  }

  void Report(Arch arch, const KnownCall& call, const Rule* first, const Rule* second) {
    const auto [known, is_new] =
        by_rules_.try_emplace({arch, first, second}, result_.differences.size());
    if (is_new) {
      result_.differences.push_back(
          {arch, FormatCall(call.request, call.memory), first, second, {}});
      return;
    }
    const Syscall* syscall = SyscallTable::Get().Find(call.request);
    result_.differences[known->second].also.push_back(syscall == nullptr
                                                          ? FormatCall(call.request, call.memory)
                                                          : std::string(syscall->signature->name));
  }

  const Policy& first_;
  const Policy& second_;
  const DiffOptions& options_;
  std::map<std::tuple<Arch, const Rule*, const Rule*>, size_t> by_rules_;
  DiffResult result_;
};

}  // namespace

DiffResult DiffPolicies(const Policy& first, const Policy& second, const DiffOptions& options) {
  return Differ(first, second, options).Run();
}

}  // namespace provost
