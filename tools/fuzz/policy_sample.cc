#include "tools/fuzz/policy_sample.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "policy/compare_op.h"
#include "policy/policy.h"
#include "syscalls/constants.h"
#include "syscalls/groups.h"
#include "syscalls/signature.h"

namespace provost {
namespace {

constexpr absl::string_view kProductions[] = {"arch one",
                                              "arch both",
                                              "logging",
                                              "let number",
                                              "let range",
                                              "let set",
                                              "let string",
                                              "let strings",
                                              "default",
                                              "allow",
                                              "log",
                                              "deny",
                                              "return",
                                              "trap",
                                              "kill",
                                              "kill process",
                                              "kill thread",
                                              "calls",
                                              "call list",
                                              "?call",
                                              "@group",
                                              "%class",
                                              "every call",
                                              "as",
                                              "wish log",
                                              "wish log result",
                                              "wish quiet",
                                              "wish audited",
                                              "container",
                                              "&&",
                                              "||",
                                              "!",
                                              "==",
                                              "!=",
                                              "<",
                                              "<=",
                                              ">",
                                              ">=",
                                              "in set",
                                              "in range",
                                              "has",
                                              "only",
                                              "&",
                                              "mask ==",
                                              "mask in",
                                              "decimal",
                                              "hexadecimal",
                                              "octal",
                                              "binary",
                                              "negative",
                                              "suffix",
                                              "constant",
                                              "constants |",
                                              "let name",
                                              "set of sets",
                                              "raw register",
                                              "string ==",
                                              "string !=",
                                              "string in",
                                              "string ~",
                                              "string !~",
                                              "string =~",
                                              "string under",
                                              "pattern set",
                                              "proc number",
                                              "proc text",
                                              "proc.arch",
                                              "nth",
                                              "every",
                                              "first",
                                              "after",
                                              "rate",
                                              "chance",
                                              "each process",
                                              "ask",
                                              "rewrite",
                                              "fd.path",
                                              "realpath",
                                              "address part",
                                              "structure part"};

constexpr uint64_t kEdges[] = {0,
                               1,
                               2,
                               3,
                               7,
                               0x7f,
                               0xff,
                               0x100,
                               0x7fffffff,
                               0x80000000,
                               0xfffffffe,
                               0xffffffff,
                               1ull << 32,
                               1ull << 33,
                               (1ull << 32) + 1,
                               (1ull << 63) - 1,
                               1ull << 63,
                               ~0ull << 32,
                               ~0ull << 31,
                               ~1ull,
                               ~0ull};

// Without a dot or a slash, with both, and what patterns are made of.
constexpr const char* kStrings[] = {
    "/etc/passwd",   "/etc/shadow",  "/etc",     "/etc/../etc/hosts",
    "relative/file", "/lib/libc.so", "/lib/a/b", "",
    "/etcetera",     "name",         "/"};
constexpr const char* kGlobs[] = {"/etc/*",      "/lib/**",   "**",        "*",
                                  "/etc/sha?ow", "/[el]*/**", "/etc/[!p]*"};
constexpr const char* kExpressions[] = {"^/etc/", "\\\\.so$", "shadow|passwd", "^$", "."};

bool IsNarrow(ArgWidth width) { return width == ArgWidth::kS32 || width == ArgWidth::kU32; }

}  // namespace

struct SampleGenerator::Slot {
  std::string name;
  ArgWidth width = ArgWidth::kU64;
  const ConstantSet* constants = nullptr;
  bool is_string = false;
  std::string structure_of;  // the call, if it is the only one
};

std::string SampleCondition::Text() const {
  if (kind == Kind::kTest) return test;
  std::vector<std::string> parts;
  for (const SampleCondition& child : children) {
    parts.push_back(child.kind == Kind::kTest && kind != Kind::kNot
                        ? child.Text()
                        : absl::StrCat("(", child.Text(), ")"));
  }
  if (kind == Kind::kNot) return absl::StrCat("!", parts[0]);
  return absl::StrJoin(parts, kind == Kind::kAnd ? " && " : " || ");
}

std::string SampleRule::Text() const {
  return absl::StrCat(action, " ", absl::StrJoin(calls, ", "), setting,
                      condition ? absl::StrCat(" if ", condition->Text()) : "", tail);
}

std::string SamplePolicy::Text() const {
  std::string text;
  for (const std::string& statement : prelude) absl::StrAppend(&text, statement, "\n");
  absl::StrAppend(&text, "default ", default_action, "\n");
  for (const SampleRule& rule : rules) absl::StrAppend(&text, rule.Text(), "\n");
  return text;
}

absl::StatusOr<absl::string_view> SampleMemory::ReadString(uint64_t address) {
  const auto found = strings_.find(address);
  if (found == strings_.end()) return absl::NotFoundError("unreadable");
  return absl::string_view(found->second);
}

// Small 32-bit words, as the arguments of socketcall are.
absl::Status SampleMemory::ReadBytes(uint64_t address, absl::Span<char> bytes) {
  if (address % 3 == 0) return absl::NotFoundError("unreadable");
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool is_low = i % sizeof(uint32_t) == 0;
    bytes[i] = is_low ? static_cast<char>((address + i * 7) % 13) : '\0';
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> SampleMemory::DescriptorPath(int32_t /*descriptor*/) {
  return ReadTaskText(TaskField::kExe);
}

absl::StatusOr<absl::string_view> SampleMemory::ResolvePath(const PathQuery& /*query*/) {
  return ReadTaskText(TaskField::kExe);
}

absl::StatusOr<absl::string_view> SampleMemory::ReadTaskText(TaskField /*field*/) {
  if (!task_text_) return absl::NotFoundError("unreadable");
  return absl::string_view(*task_text_);
}

absl::StatusOr<uint64_t> SampleMemory::ReadTaskNumber(TaskField /*field*/) {
  if (!task_number_) return absl::NotFoundError("unreadable");
  return *task_number_;
}

absl::Span<const absl::string_view> SampleGenerator::AllProductions() { return kProductions; }

// ---- Values. ----

uint64_t SampleGenerator::Edge() { return OneIn(3) ? Below(16) : Pick(kEdges) + Below(3) - 1; }

std::string SampleGenerator::Integer(uint64_t value, bool is_signed) {
  if (is_signed && static_cast<int64_t>(value) < 0) {
    Use("negative");
    return absl::StrCat(static_cast<int64_t>(value));
  }
  if (value != 0 && value % 1024 == 0 && value < (1ull << 40) && OneIn(2)) {
    Use("suffix");
    if (value % (1 << 30) == 0) return absl::StrCat(value >> 30, "G");
    if (value % (1 << 20) == 0) return absl::StrCat(value >> 20, "M");
    return absl::StrCat(value >> 10, "K");
  }
  switch (Below(5)) {
    case 0:
      Use("octal");
      return absl::StrFormat("0%o", value);
    case 1: {
      Use("binary");
      std::string digits;
      for (uint64_t rest = value; rest != 0; rest >>= 1) digits.insert(0, 1, '0' + (rest & 1));
      return absl::StrCat("0b", digits.empty() ? "0" : digits);
    }
    case 2:
      Use("hexadecimal");
      return absl::StrCat("0x", absl::Hex(value));
    default:
      Use("decimal");
      return absl::StrCat(value);
  }
}

std::string SampleGenerator::ConstantOf(const Slot& slot) {
  const Constant& constant = Pick(slot.constants->constants);
  values_.push_back(constant.value);
  Use("constant");
  if (!slot.constants->is_mask || !OneIn(2)) return std::string(constant.name);
  const Constant& other = Pick(slot.constants->constants);
  values_.push_back(constant.value | other.value);
  Use("constants |");
  return absl::StrCat(constant.name, "|", other.name);
}

// What the argument can be.
uint64_t SampleGenerator::Fitting(const Slot& slot, uint64_t value) {
  if (!IsNarrow(slot.width)) return value;
  return IsSigned(slot.width) ? static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)})
                              : static_cast<uint32_t>(value);
}

std::string SampleGenerator::Number(const Slot& slot) {
  if (slot.constants != nullptr && !slot.constants->constants.empty() && !OneIn(3)) {
    return ConstantOf(slot);
  }
  if (has_lets_ && OneIn(8)) {
    Use("let name");
    return "let_number";
  }
  const uint64_t value = Fitting(slot, Edge());
  values_.push_back(value);
  return Integer(value, IsSigned(slot.width));
}

std::string SampleGenerator::Bits(const Slot& slot) {
  if (slot.constants != nullptr && slot.constants->is_mask && !OneIn(3)) return ConstantOf(slot);
  uint64_t bits = Fitting(slot, Edge() | 1ull << Below(64));
  if (bits == 0) bits = 1;
  values_.push_back(bits);
  return Integer(bits, IsSigned(slot.width));
}

// `(x & MASK) ==` and `in`, with numbers that have no bits outside of the mask.
std::string SampleGenerator::MaskTest(const Slot& slot) {
  const uint64_t mask = Fitting(slot, OneIn(2) ? Edge() : random_());
  const auto number = [&] {
    const uint64_t value = OneIn(3) ? mask : Edge() & mask;
    values_.push_back(value);
    return Integer(value, IsSigned(slot.width));
  };
  const std::string masked =
      absl::StrCat("(", slot.name, " & ", Integer(mask, IsSigned(slot.width)), ") ");
  if (OneIn(2)) {
    Use("mask ==");
    return absl::StrCat(masked, OneIn(2) ? "==" : "!=", " ", number());
  }
  Use("mask in");
  return absl::StrCat(masked, "in {", number(), ", ", number(), "}");
}

std::string SampleGenerator::Range(const Slot& slot) {
  const bool is_signed = IsSigned(slot.width);
  uint64_t first = Fitting(slot, Edge());
  uint64_t last = Fitting(slot, first + Below(100));
  const bool backwards =
      is_signed ? static_cast<int64_t>(last) < static_cast<int64_t>(first) : last < first;
  if (backwards) std::swap(first, last);
  values_.push_back(first);
  values_.push_back(last);
  return absl::StrCat(Integer(first, is_signed), "..", Integer(last, is_signed));
}

std::string SampleGenerator::NumberSet(const Slot& slot) {
  std::vector<std::string> elements;
  for (uint64_t i = 0, count = 1 + Below(6); i < count; ++i) {
    elements.push_back(OneIn(5) ? Range(slot) : Number(slot));
  }
  if (has_lets_ && OneIn(4)) {
    Use("set of sets");
    elements.emplace_back("let_set");
  }
  return absl::StrCat("{", absl::StrJoin(elements, ", "), "}");
}

std::string SampleGenerator::String() {
  const std::string text = Pick(kStrings);
  strings_.push_back(text);
  return absl::StrCat("\"", text, "\"");
}

std::string SampleGenerator::StringSet() {
  std::vector<std::string> elements;
  for (uint64_t i = 0, count = 1 + Below(3); i < count; ++i) elements.push_back(String());
  return absl::StrCat("{", absl::StrJoin(elements, ", "), "}");
}

// ---- Conditions. ----

std::string SampleGenerator::NumberTest(const Slot& slot) {
  const std::string& name = slot.name;
  switch (Below(9)) {
    case 0:
      Use("in set");
      return absl::StrCat(name, " in ", NumberSet(slot));
    case 1:
      Use("in range");
      return absl::StrCat(name, " in ", has_lets_ && OneIn(3) ? "let_range" : Range(slot));
    case 2:
      Use("has");
      return absl::StrCat(name, " has ", Bits(slot));
    case 3:
      Use("only");
      return absl::StrCat(name, " only ", Number(slot));
    case 4:
      Use("&");
      return absl::StrCat(name, " & ", Bits(slot));
    case 5:
    case 6:
      return MaskTest(slot);
    default: {
      const std::string op = Symbol(static_cast<CompareOp>(Below(6)));
      Use(*std::find(std::begin(kProductions), std::end(kProductions), op));
      return absl::StrCat(name, " ", op, " ", Number(slot));
    }
  }
}

std::string SampleGenerator::StringTest(const Slot& slot) {
  const auto pattern = [this](absl::Span<const char* const> patterns) {
    strings_.emplace_back(Pick(kStrings));
    std::string one = absl::StrCat("\"", Pick(patterns), "\"");
    if (!OneIn(3)) return one;
    Use("pattern set");
    return absl::StrCat("{", one, ", \"", Pick(patterns), "\"}");
  };
  const bool named = has_lets_ && OneIn(5);
  switch (Below(7)) {
    case 0:
      Use("string ==");
      return absl::StrCat(slot.name, " == ", named ? "let_string" : String());
    case 1:
      Use("string !=");
      return absl::StrCat(slot.name, " != ", String());
    case 2:
      Use("string in");
      return absl::StrCat(slot.name, " in ", named ? "let_strings" : StringSet());
    case 3:
      Use("string ~");
      return absl::StrCat(slot.name, " ~ ", pattern(kGlobs));
    case 4:
      Use("string !~");
      return absl::StrCat(slot.name, " !~ ", pattern(kGlobs));
    case 5:
      Use("string =~");
      return absl::StrCat(slot.name, " =~ ", pattern(kExpressions));
    default:
      Use("string under");
      return absl::StrCat(slot.name, " under ", OneIn(2) ? "\"/etc\"" : "\"/lib\"");
  }
}

std::string SampleGenerator::TaskTest() {
  switch (Below(3)) {
    case 0:
      Use("proc.arch");
      return OneIn(2) ? "proc.arch == x86_64" : "proc.arch != i386";
    case 1: {
      Use("proc text");
      Slot slot;
      slot.name = OneIn(2) ? "proc.exe" : "proc.comm";
      return StringTest(slot);
    }
    default: {
      Use("proc number");
      constexpr const char* kFields[] = {"proc.uid", "proc.gid", "proc.pid"};
      return absl::StrCat(Pick(kFields), OneIn(2) ? " == " : " > ", Below(5));
    }
  }
}

// What a structure behind an argument of the call holds; nothing for most calls.
std::string SampleGenerator::StructureTest(absl::string_view call) {
  constexpr const char* kAddress[] = {
      "addr.port == 80",        "addr.port in 1..1023",         "addr.family == AF_INET",
      "addr.family != AF_UNIX", "addr.ip in {10.0.0.0/8, ::1}", "addr.path ~ \"@*\""};
  constexpr std::pair<absl::string_view, const char*> kStructures[] = {
      {"openat2", "how.flags & O_CREAT"},     {"openat2", "how.resolve == 0"},
      {"clone3", "uargs.flags has CLONE_VM"}, {"clone3", "uargs.exit_signal == SIGCHLD"},
      {"prlimit64", "new_rlim.max < 1024"},   {"prlimit64", "new_rlim.cur in {0, 1, 1K..2K}"}};
  if (call == "connect" || call == "bind") {
    Use("address part");
    return Pick(kAddress);
  }
  const auto& [name, test] = Pick(kStructures);
  if (name != call) return "";
  Use("structure part");
  return test;
}

// `rest` with a test of how often it held before.
SampleCondition SampleGenerator::Counting(std::optional<SampleCondition> rest) {
  constexpr absl::string_view kTests[] = {"nth", "every", "first", "after", "rate", "chance"};
  const absl::string_view name = Pick(kTests);
  Use(name);
  SampleCondition test;
  if (name == "rate") {
    test.test = absl::StrCat("rate(", 1 + Below(3), "/s)");
  } else if (name == "chance") {
    test.test = absl::StrCat("chance(", Below(100), "%)");
  } else {
    test.test = absl::StrCat(name, "(", 1 + Below(3), ")");
  }
  if (OneIn(3)) {
    Use("each process");
    test.test += " each process";
  }
  if (!rest) return test;
  SampleCondition both;
  both.kind = SampleCondition::Kind::kAnd;
  both.children = {*std::move(rest), std::move(test)};
  return both;
}

// Makes a rewrite of a rule for one call with a number to set, if it is one.
void SampleGenerator::Rewrite(SampleRule& rule) {
  if (rule.calls.size() != 1) return;
  const Syscall* syscall = SyscallTable::Get().Find(Arch::kX86_64, rule.calls[0]);
  if (syscall == nullptr || syscall->signature->args.empty()) return;
  const struct Argument& argument = Pick(syscall->signature->args);
  if (argument.IsPointer()) return;
  Use("rewrite");
  rule.action = "rewrite";
  rule.setting = absl::StrCat(" set ", argument.name, " = ", Below(16));
}

SampleCondition SampleGenerator::Condition(absl::Span<const Slot> slots, int depth) {
  SampleCondition condition;
  if (depth == 0 || OneIn(2)) {
    const Slot& slot = Pick(slots);
    if (!slot.structure_of.empty() && OneIn(2)) {
      condition.test = StructureTest(slot.structure_of);
      if (!condition.test.empty()) return condition;
    }
    if (OneIn(12)) {
      condition.test = TaskTest();
      return condition;
    }
    condition.test = slot.is_string ? StringTest(slot) : NumberTest(slot);
    return condition;
  }
  if (OneIn(4)) {
    Use("!");
    condition.kind = SampleCondition::Kind::kNot;
    condition.children.push_back(Condition(slots, depth - 1));
    return condition;
  }
  const bool all = OneIn(2);
  Use(all ? "&&" : "||");
  condition.kind = all ? SampleCondition::Kind::kAnd : SampleCondition::Kind::kOr;
  for (uint64_t i = 0, count = 2 + Below(3); i < count; ++i) {
    condition.children.push_back(Condition(slots, depth - 1));
  }
  return condition;
}

// What a condition can ask of every call of a rule: the raw registers, and the named arguments if
// it is one call.
std::vector<SampleGenerator::Slot> SampleGenerator::SlotsOf(absl::Span<const std::string> calls) {
  std::vector<Slot> slots;
  if (calls.size() == 1) {
    const Syscall* syscall = SyscallTable::Get().Find(Arch::kX86_64, calls[0]);
    if (syscall == nullptr) syscall = SyscallTable::Get().Find(Arch::kI386, calls[0]);
    if (syscall != nullptr) {
      for (const struct Argument& argument : syscall->signature->args) {
        slots.push_back({std::string(argument.name), WidthOn(syscall->arch, argument),
                         argument.constants, argument.IsPathOrString(), calls[0]});
        if (argument.kind == ArgKind::kFd && OneIn(3)) {
          Use("fd.path");
          slots.push_back({absl::StrCat(argument.name, ".path"), ArgWidth::kU64, nullptr, true});
        }
        if (argument.kind == ArgKind::kPath && OneIn(3)) {
          Use("realpath");
          slots.push_back(
              {absl::StrCat("realpath(", argument.name, ")"), ArgWidth::kU64, nullptr, true});
        }
      }
    }
  }
  if (slots.empty() || OneIn(5)) {
    Use("raw register");
    slots.clear();
    for (int i = 0; i < 3; ++i) slots.push_back({absl::StrCat("arg", i)});
  }
  return slots;
}

// ---- Statements. ----

std::string SampleGenerator::Action() {
  constexpr const char* kErrnos[] = {"EPERM", "EACCES", "ENOENT", "EIO", "ENOSYS"};
  switch (Below(12)) {
    case 0:
      Use("log");
      return "log";
    case 1:
      Use("return");
      return absl::StrCat("return ", OneIn(2) ? 0 : Below(1000));
    case 2:
      Use("trap");
      return "trap";
    case 3:
      Use("kill");
      return "kill";
    case 4:
      Use("kill process");
      return "kill process";
    case 5:
      Use("kill thread");
      return "kill thread";
    case 6:
      Use("ask");
      return "ask";
    case 7:
    case 8:
      Use("allow");
      return "allow";
    default:
      Use("deny");
      return absl::StrCat("deny ", Pick(kErrnos));
  }
}

// What an allowed call does not take, and what `log` asks for already.
std::string SampleGenerator::Wish(absl::string_view action) {
  if (action == "allow") return "";
  switch (action == "log" ? 1 : Below(12)) {
    case 0:
      Use("wish log");
      return " log";
    case 1:
      Use("wish log result");
      return " log result";
    case 2:
      Use("wish quiet");
      return " quiet";
    case 3:
      Use("wish audited");
      return " audited";
    default:
      return "";
  }
}

std::vector<std::string> SampleGenerator::Calls() {
  const Arch arch = i386_ && (!x86_64_ || OneIn(4)) ? Arch::kI386 : Arch::kX86_64;
  const absl::Span<const Syscall> all = SyscallTable::Get().All(arch);
  const auto one = [&] {
    constexpr const char* kWithStructures[] = {"connect", "bind", "openat2", "clone3", "prlimit64"};
    const Syscall* chosen =
        OneIn(6) ? SyscallTable::Get().Find(arch, Pick(kWithStructures)) : nullptr;
    const Syscall& syscall = chosen != nullptr ? *chosen : Pick(all);
    ruled_.push_back(&syscall);
    return std::string(syscall.signature->name);
  };
  switch (Below(16)) {
    case 0:
      Use("every call");
      return {"*"};
    case 1:
    case 2: {
      const SyscallGroup& group = Pick(AllGroups());
      Use(group.name[0] == '@' ? "@group" : "%class");
      if (const Syscall* member = SyscallTable::Get().Find(arch, Pick(group.members))) {
        ruled_.push_back(member);
      }
      return {std::string(group.name)};
    }
    case 3:
      Use("?call");
      return {absl::StrCat("?", one())};
    case 4:
    case 5: {
      Use("call list");
      std::vector<std::string> calls;
      for (uint64_t i = 0, count = 2 + Below(4); i < count; ++i) calls.push_back(one());
      return calls;
    }
    default:
      Use("calls");
      return {one()};
  }
}

void SampleGenerator::Lets(SamplePolicy& policy) {
  has_lets_ = OneIn(3);
  if (!has_lets_) return;
  const Slot slot;
  for (const absl::string_view production :
       {"let number", "let range", "let set", "let string", "let strings"}) {
    Use(production);
  }
  // Before anything may name them.
  has_lets_ = false;
  policy.prelude.push_back(absl::StrCat("let let_number = ", Below(64)));
  policy.prelude.push_back(absl::StrCat("let let_range = 3..", 3 + Below(90)));
  policy.prelude.push_back(absl::StrCat("let let_set = ", NumberSet(slot)));
  policy.prelude.push_back(absl::StrCat("let let_string = ", String()));
  policy.prelude.push_back(absl::StrCat("let let_strings = ", StringSet()));
  has_lets_ = true;
}

SamplePolicy SampleGenerator::Policy() {
  productions_.clear();
  values_.clear();
  strings_.clear();
  ruled_.clear();
  SamplePolicy policy;
  x86_64_ = !OneIn(8);
  i386_ = !x86_64_ || OneIn(2);
  if (x86_64_ != i386_) {
    Use("arch one");
    policy.prelude.emplace_back(x86_64_ ? "arch x86_64" : "arch i386");
  } else if (OneIn(4)) {
    Use("arch both");
    policy.prelude.emplace_back("arch x86_64, i386");
  }
  if (OneIn(10)) {
    Use("logging");
    policy.prelude.emplace_back(OneIn(2) ? "logging on" : "logging off");
  }
  if (OneIn(12)) {
    Use("container");
    policy.prelude.push_back(absl::StrCat("container ", OneIn(2) ? Below(1000) : random_() >> 1));
  }
  Lets(policy);
  Use("default");
  do {
    policy.default_action = Action();
  } while (policy.default_action == "ask");
  policy.default_action += Wish(policy.default_action);
  for (uint64_t i = 0, count = 1 + Below(7); i < count; ++i) {
    SampleRule rule;
    rule.action = Action();
    rule.calls = Calls();
    if (!OneIn(4)) rule.condition = Condition(SlotsOf(rule.calls), 3);
    if (OneIn(10)) rule.condition = Counting(std::move(rule.condition));
    if (OneIn(12)) Rewrite(rule);
    if (OneIn(10)) {
      Use("as");
      rule.tail = absl::StrCat(" as \"rule ", i, "\"");
    }
    rule.tail += Wish(rule.action);
    policy.rules.push_back(std::move(rule));
  }
  return policy;
}

PlainComparison SampleGenerator::Plain(uint8_t arg) {
  PlainComparison comparison = {arg, static_cast<CompareOp>(Below(6)), Edge(), std::nullopt};
  if (comparison.op == CompareOp::kEq && OneIn(3)) {
    comparison.mask = Edge() | 1ull << Below(64);
    comparison.value &= *comparison.mask;
  }
  values_.push_back(comparison.value);
  return comparison;
}

SamplePolicy SampleGenerator::PlainPolicy() {
  productions_.clear();
  values_.clear();
  strings_.clear();
  ruled_.clear();
  constexpr const char* kActions[] = {"deny EPERM", "deny EIO", "trap", "kill process", "allow"};
  constexpr const char* kDefaults[] = {"allow", "deny ENOSYS", "kill thread"};
  SamplePolicy policy;
  policy.prelude = {"arch x86_64"};
  policy.default_action = Pick(kDefaults);
  const absl::Span<const Syscall> all = SyscallTable::Get().All(Arch::kX86_64);
  for (uint64_t i = 0, count = 1 + Below(3); i < count; ++i) {
    const Syscall& syscall = Pick(all);
    // The rules of one call have one action: libseccomp's have no order.
    if (std::find(ruled_.begin(), ruled_.end(), &syscall) != ruled_.end()) continue;
    if (provost::Policy::IsNeverRefused(Arch::kX86_64, syscall.nr)) continue;
    ruled_.push_back(&syscall);
    const std::string action = Pick(kActions);
    if (action == policy.default_action) continue;
    for (uint64_t n = 0, rules = 1 + Below(3); n < rules; ++n) {
      SampleRule rule = {action, {std::string(syscall.signature->name)}, SampleCondition(), ""};
      rule.condition->kind = SampleCondition::Kind::kAnd;
      const uint64_t first = Below(3);
      for (uint64_t arg = first, last = first + Below(2); arg <= last; ++arg) {
        SampleCondition test;
        test.plain = Plain(static_cast<uint8_t>(arg));
        const std::string name =
            test.plain->mask ? absl::StrCat("(arg", arg, " & 0x", absl::Hex(*test.plain->mask), ")")
                             : absl::StrCat("arg", arg);
        test.test =
            absl::StrCat(name, " ", Symbol(test.plain->op), " 0x", absl::Hex(test.plain->value));
        rule.condition->children.push_back(std::move(test));
      }
      policy.rules.push_back(std::move(rule));
    }
  }
  return policy;
}

// ---- Calls. ----

uint64_t SampleGenerator::Value() {
  if (values_.empty() || OneIn(4)) return Edge();
  uint64_t value = Pick(values_);
  if (OneIn(3)) value += Below(3) - 1;
  return value;
}

// Half of them with something where the kernel does not look.
uint64_t SampleGenerator::Argument() {
  const uint64_t value = Value();
  switch (Below(6)) {
    case 0:
      return value ^ 1ull << Below(64);
    case 1:
      return value | Edge() << 32;
    case 2:
      return static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
    default:
      return value;
  }
}

SyscallRequest SampleGenerator::Request() {
  SyscallRequest request;
  const Arch arch = !ruled_.empty() && !OneIn(8) ? Pick(ruled_)->arch
                    : OneIn(3)                   ? Arch::kI386
                                                 : Arch::kX86_64;
  request.arch = static_cast<uint32_t>(arch);
  if (!ruled_.empty() && !OneIn(6)) {
    const Syscall* ruled = Pick(ruled_);
    // The same call by the other entry, now and then.
    const Syscall* here = SyscallTable::Get().Find(arch, ruled->signature->name);
    request.nr = here != nullptr ? here->nr : ruled->nr;
  } else {
    request.nr = Pick(SyscallTable::Get().All(arch)).nr;
  }
  if (OneIn(30)) {
    constexpr uint32_t kNumbers[] = {0xffffffff, 0x80000000, 0x7fffffff, 0x40000000,
                                     0x40000001, 400,        5000,       20000};
    request.nr = static_cast<int32_t>(Pick(kNumbers));
  }
  for (uint64_t& argument : request.args) argument = Argument();
  return request;
}

SyscallRequest SampleGenerator::PlainRequest() {
  SyscallRequest request = {.arch = static_cast<uint32_t>(Arch::kX86_64)};
  request.nr = ruled_.empty() || OneIn(8) ? Pick(SyscallTable::Get().All(Arch::kX86_64)).nr
                                          : Pick(ruled_)->nr;
  for (uint64_t& argument : request.args) argument = Value();
  return request;
}

SampleMemory SampleGenerator::Memory(const SyscallRequest& request) {
  SampleMemory memory;
  for (const uint64_t raw : request.args) {
    if (OneIn(4)) continue;
    const uint64_t address = request.IsI386() ? static_cast<uint32_t>(raw) : raw;
    memory.Set(address, !strings_.empty() && OneIn(2) ? Pick(strings_) : Pick(kStrings));
  }
  if (!OneIn(4)) memory.SetTask(Pick(kStrings), static_cast<uint32_t>(Below(5)));
  return memory;
}

}  // namespace provost
