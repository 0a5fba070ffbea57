#include "policy/action_binder.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "policy/argument_value.h"
#include "policy/definitions.h"
#include "policy/rewrite.h"
#include "policy/source_text.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

template <typename Named>
std::vector<absl::string_view> NamesOf(const std::vector<Named>& items) {
  std::vector<absl::string_view> names;
  names.reserve(items.size());
  for (const Named& item : items) names.push_back(item.name);
  return names;
}

template <typename Named>
const Named* Find(const std::vector<Named>& items, absl::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [name](const Named& item) { return item.name == name; });
  return found != items.end() ? &*found : nullptr;
}

// "there is `a`", "there are `a` and `b`" …
std::string ThereAre(const std::vector<absl::string_view>& names) {
  return absl::StrCat(names.size() == 1 ? "there is `" : "there are `",
                      absl::StrJoin(names, "`, `"), "`");
}

absl::Status SetTwice(const std::vector<Assignment>& assignments, size_t index) {
  const Word& name = assignments[index].name;
  for (size_t i = 0; i < index; ++i) {
    if (assignments[i].name.text != name.text) continue;
    return ErrorAt(name.span, absl::StrCat("`", name.text, "` is set already"));
  }
  return absl::OkStatus();
}

absl::string_view KindName(EmulatorKey::Kind kind) {
  switch (kind) {
    case EmulatorKey::Kind::kInteger:
      return "a number";
    case EmulatorKey::Kind::kString:
      return "a string";
    case EmulatorKey::Kind::kText:
      return "a string or a number";
    case EmulatorKey::Kind::kMap:
      return "a map, as in `{\"a\" => \"b\"}`";
    case EmulatorKey::Kind::kFile:
      return "the path of a file, a string";
  }
  return "";
}

bool Fits(EmulatorKey::Kind kind, const Value& value) {
  if (kind == EmulatorKey::Kind::kMap) return value.IsMap();
  if (value.shape != Value::Shape::kSingle || value.IsNetwork()) return false;
  const bool wants_string = kind == EmulatorKey::Kind::kString || kind == EmulatorKey::Kind::kFile;
  return kind == EmulatorKey::Kind::kText || value.IsString() == wants_string;
}

absl::StatusOr<EmulatorValue> BindValue(const EmulatorKey& key, const Value& value,
                                        const FileReader& read_file) {
  if (!Fits(key.kind, value)) {
    return ErrorAt(value.span, absl::StrCat("`", key.name, "` is ", KindName(key.kind)));
  }
  if (value.IsMap()) {
    EmulatorMap map;
    for (size_t i = 0; i < value.strings.size(); ++i) {
      map.emplace_back(value.strings[i].text, value.targets[i].text);
    }
    return EmulatorValue(std::move(map));
  }
  if (key.kind == EmulatorKey::Kind::kFile) {
    PROVOST_ASSIGN_OR_RETURN(EmulatorFile file, read_file(value.strings.front()));
    return EmulatorValue(std::move(file));
  }
  if (value.IsString()) return EmulatorValue(value.strings.front().text);
  const absl::int128 number = value.integers.front().first;
  if (number > INT64_MAX) return ErrorAt(value.span, "this number is too large");
  const auto value64 = static_cast<int64_t>(absl::Int128Low64(number));
  if (key.kind == EmulatorKey::Kind::kText) return EmulatorValue(absl::StrCat(value64));
  return EmulatorValue(value64);
}

// Calls after which registers are not put back: the new task would keep what was written into them.
bool StartsTask(absl::string_view call) {
  return call == "clone" || call == "clone3" || call == "fork" || call == "vfork";
}

// The number that `assignment` gives the argument of this call.
absl::StatusOr<uint64_t> BindNumber(const Assignment& assignment, const Syscall& syscall) {
  const std::string& name = assignment.name.text;
  const absl::string_view call = syscall.signature->name;
  const std::optional<int> index = SettableArgument(syscall, name);
  if (!index.has_value()) {
    std::vector<absl::string_view> own;
    for (const Argument& argument : syscall.signature->args) own.push_back(argument.name);
    std::vector<std::string> notes = DidYouMean(Nearest(name, own));
    notes.push_back(own.empty()
                        ? "it has no arguments"
                        : absl::StrCat("its arguments are `", absl::StrJoin(own, "`, `"), "`"));
    return ErrorAt(
        assignment.name.span,
        absl::StrCat("`", call, "` of ", ArchName(syscall.arch), " has no argument `", name, "`"),
        notes);
  }
  const bool is_register = RawRegister(name).has_value();
  const Argument* argument = is_register ? nullptr : &syscall.signature->args[*index];
  const ArgWidth width = argument != nullptr           ? WidthOn(syscall.arch, *argument)
                         : syscall.arch == Arch::kI386 ? ArgWidth::kU32
                                                       : ArgWidth::kU64;
  if (assignment.value.IsString()) {
    const bool is_string = argument != nullptr && argument->IsPathOrString();
    return ErrorAt(assignment.value.span,
                   is_string ? "rewriting a string is not supported in this version"
                             : absl::StrCat("`", name, "` is no string"));
  }
  if (argument != nullptr && argument->IsPointer()) {
    return ErrorAt(assignment.name.span,
                   absl::StrCat("`", name, "` points at memory: a number is no value for it"),
                   {absl::StrCat("the register itself is `arg", *index, "`")});
  }
  if (assignment.value.shape != Value::Shape::kSingle) {
    return ErrorAt(assignment.value.span, "one number belongs here");
  }
  const IntegerItem& item = assignment.value.integers.front();
  const BoundArgument place = {static_cast<uint8_t>(*index), width, argument};
  const std::optional<uint64_t> value = EqualValue(item.first, item, place);
  if (!value.has_value()) {
    return ErrorAt(item.span, absl::StrCat("`", name, "` of ", call, " is ",
                                           IsSigned(width) ? "a signed " : "an unsigned ",
                                           BitsOf(width), "-bit number: this does not fit"));
  }
  return *value;
}

}  // namespace

namespace {

// The emulator that a rule names; where it names calls, the one that takes them.
absl::StatusOr<const EmulatorSpec*> FindEmulator(const EmulatorTable& emulators,
                                                 const RuleStatement& rule) {
  const Word& name = rule.emulator;
  const auto takes_calls = std::find_if(emulators.begin(), emulators.end(),
                                        [](const EmulatorSpec& spec) { return spec.takes_calls; });
  if (takes_calls != emulators.end()) {
    const std::string& key = takes_calls->keys.front().name;
    const bool is_told =
        std::any_of(rule.assignments.begin(), rule.assignments.end(),
                    [&](const Assignment& assignment) { return assignment.name.text == key; });
    if (is_told) return &*takes_calls;
  }
  const EmulatorSpec* spec = Find(emulators, name.text);
  if (spec != nullptr && !spec->takes_calls && rule.more_emulated.empty()) return spec;
  if (spec != nullptr && !rule.more_emulated.empty()) {
    return ErrorAt(rule.more_emulated.front().span, "a rule names one emulator");
  }
  std::vector<std::string> notes;
  if (emulators.empty()) {
    notes.emplace_back("this version has no emulators");
  } else {
    notes = DidYouMean(Nearest(name.text, NamesOf(emulators)));
    notes.push_back(ThereAre(NamesOf(emulators)));
  }
  if (takes_calls != emulators.end() && SyscallTable::Get().IsKnownName(name.text)) {
    notes.push_back(
        absl::StrCat("calls are emulated `with ", takes_calls->keys.front().name, " = …`"));
  }
  return ErrorAt(name.span, absl::StrCat("no emulator is called `", name.text, "`"), notes);
}

absl::StatusOr<std::shared_ptr<const Emulation>> BindSettings(const EmulatorSpec& spec,
                                                              const FileReader& read_file,
                                                              const RuleStatement& rule) {
  auto emulation = std::make_shared<Emulation>();
  emulation->emulator = spec.name;
  for (size_t i = 0; i < rule.assignments.size(); ++i) {
    const Assignment& assignment = rule.assignments[i];
    PROVOST_RETURN_IF_ERROR(SetTwice(rule.assignments, i));
    const EmulatorKey* key = Find(spec.keys, assignment.name.text);
    if (key == nullptr) {
      std::vector<std::string> notes =
          DidYouMean(Nearest(assignment.name.text, NamesOf(spec.keys)));
      notes.push_back(spec.keys.empty() ? "it has no settings" : ThereAre(NamesOf(spec.keys)));
      return ErrorAt(assignment.name.span,
                     absl::StrCat("the emulator `", spec.name, "` has no setting `",
                                  assignment.name.text, "`"),
                     notes);
    }
    PROVOST_ASSIGN_OR_RETURN(EmulatorValue value, BindValue(*key, assignment.value, read_file));
    emulation->settings.emplace_back(key->name, std::move(value));
  }
  return emulation;
}

}  // namespace

absl::Status BindEmulator(const EmulatorTable& emulators, const FileReader& read_file,
                          RuleStatement& rule) {
  if (!std::holds_alternative<Emulate>(rule.verdict)) return absl::OkStatus();
  const Word& name = rule.emulator;
  PROVOST_ASSIGN_OR_RETURN(const EmulatorSpec* spec, FindEmulator(emulators, rule));
  PROVOST_ASSIGN_OR_RETURN(std::shared_ptr<const Emulation> emulation,
                           BindSettings(*spec, read_file, rule));
  if (spec->check != nullptr) {
    const absl::Status told = spec->check(*emulation);
    if (!told.ok()) return ErrorAt(name.span, std::string(told.message()));
  }
  if (spec->takes_calls) {
    rule.calls.push_back({CallReference::Kind::kName, name});
    for (const Word& call : rule.more_emulated) {
      rule.calls.push_back({CallReference::Kind::kName, call});
    }
    for (const CallReference& call : rule.calls) {
      if (SyscallTable::Get().IsKnownName(call.name.text)) continue;
      return ErrorAt(call.name.span, absl::StrCat("no syscall is called `", call.name.text, "`"),
                     DidYouMean(SyscallTable::Get().Suggest(call.name.text)));
    }
  } else {
    const std::vector<std::string> calls =
        spec->calls_when != nullptr ? spec->calls_when(*emulation) : spec->calls;
    for (const std::string& call : calls) {
      rule.calls.push_back({CallReference::Kind::kNameIfKnown, {call, name.span}});
    }
  }
  rule.verdict = Emulate{std::move(emulation)};
  return absl::OkStatus();
}

absl::Status BindRewrite(absl::Span<const ResolvedCall> calls, RuleStatement& rule) {
  if (!std::holds_alternative<Rewrite>(rule.verdict)) return absl::OkStatus();
  auto settings = std::make_shared<std::vector<Setting>>();
  for (size_t i = 0; i < rule.assignments.size(); ++i) {
    const Assignment& assignment = rule.assignments[i];
    PROVOST_RETURN_IF_ERROR(SetTwice(rule.assignments, i));
    uint64_t number = 0;
    for (const ResolvedCall& call : calls) {
      if (StartsTask(call.name)) {
        return ErrorAt(call.reference->name.span,
                       absl::StrCat("`", call.name, "` is not rewritten in this version"),
                       {"the task that it starts would see the changed registers"});
      }
      for (const Syscall* syscall : call.syscalls) {
        PROVOST_ASSIGN_OR_RETURN(number, BindNumber(assignment, *syscall));
      }
    }
    settings->push_back({assignment.name.text, number});
  }
  rule.verdict = Rewrite{std::move(settings)};
  return absl::OkStatus();
}

}  // namespace provost
