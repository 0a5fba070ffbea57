#include "policy/memory_binder.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "policy/definitions.h"
#include "policy/memory_operand.h"
#include "policy/source_text.h"
#include "syscalls/constant_sets.h"
#include "syscalls/path_lookup.h"
#include "syscalls/structs.h"

namespace provost {
namespace {

struct AddressField {
  AddressPart part;
  Argument value;
};

// sa_family_t and in_port_t have 16 bits.
constexpr AddressField kAddressFields[] = {
    {AddressPart::kFamily,
     {"family", ArgKind::kEnum, ArgWidth::kU32, &kSocketFamilies, -1, /*kept_bits=*/16}},
    {AddressPart::kPort, {"port", ArgKind::kInteger, ArgWidth::kU32, nullptr, -1, 16}},
    {AddressPart::kIp, {"ip"}},
    {AddressPart::kPath, {"path", ArgKind::kString}},
};

constexpr Argument kPathValue = {"path", ArgKind::kString};

bool IsDescriptor(const Argument& argument) {
  return argument.kind == ArgKind::kFd || argument.kind == ArgKind::kDirFd;
}

std::string Quoted(absl::string_view text) { return absl::StrCat("`", text, "`"); }

// "there are `addr.family`, `addr.port`"
std::string ListFields(absl::string_view argument, const std::vector<std::string>& fields) {
  const std::string separator = absl::StrCat("`, `", argument, ".");
  return absl::StrCat(fields.size() == 1 ? "there is `" : "there are `", argument, ".",
                      absl::StrJoin(fields, separator), "`");
}

class Binder {
 public:
  Binder(const Operand& operand, const Syscall& syscall, const Argument& argument, int index)
      : operand_(operand), syscall_(syscall), argument_(argument), index_(index) {}

  absl::StatusOr<BoundArgument> Bind() const {
    if (operand_.real_path) return BindRealPath();
    if (IsDescriptor(argument_)) return BindDescriptor();
    if (argument_.kind == ArgKind::kSockaddr) return BindAddress();
    if (argument_.structure != nullptr) return BindStruct(*argument_.structure);
    return NoFields();
  }

 private:
  static uint8_t Bit(int index) { return index < 0 ? 0 : static_cast<uint8_t>(1 << index); }

  BoundArgument Place(ArgWidth width, const Argument& value, uint8_t registers,
                      const decltype(MemoryOperand::reading)& reading) const {
    auto memory = std::make_shared<MemoryOperand>();
    memory->text = operand_.Text();
    memory->registers = static_cast<uint8_t>(Bit(index_) | registers);
    memory->value = &value;
    memory->reading = reading;
    return {static_cast<uint8_t>(index_), width, &value, std::move(memory), nullptr};
  }

  absl::Status Error(absl::string_view message, const std::vector<std::string>& notes = {}) const {
    return ErrorAt(operand_.span, std::string(message), notes);
  }
  std::string Name() const { return Quoted(operand_.argument); }
  std::string Call() const { return Quoted(syscall_.signature->name); }

  absl::Status FilledIn() const {
    return Error(absl::StrCat("the kernel fills ", Name(), " of ", Call(), " in"),
                 {"nothing stands there before the call"});
  }

  absl::Status NoSuchField() const {
    const std::vector<std::string> fields = FieldsOf(argument_);
    const std::vector<absl::string_view> views(fields.begin(), fields.end());
    std::vector<std::string> notes;
    for (const std::string& near : Nearest(operand_.field, views, 1)) {
      notes = DidYouMean({absl::StrCat(operand_.argument, ".", near)});
    }
    notes.push_back(ListFields(operand_.argument, fields));
    return Error(absl::StrCat(Name(), " of ", Call(), " has no field ", Quoted(operand_.field)),
                 notes);
  }

  absl::Status NoFields() const {
    if (argument_.kind == ArgKind::kStructOut || argument_.kind == ArgKind::kBufferOut) {
      return FilledIn();
    }
    // The row cannot say that of a structure the kernel reads for the rest.
    const bool receives = absl::StartsWith(syscall_.signature->name, "recv") &&
                          argument_.kind == ArgKind::kStructInOut;
    if (receives && absl::StartsWith(operand_.field, "name")) return FilledIn();
    if (argument_.kind == ArgKind::kStructIn || argument_.kind == ArgKind::kStructInOut) {
      return Error(absl::StrCat("the fields of ", Name(), " of ", Call(), " are not known"));
    }
    std::vector<std::string> notes;
    if (argument_.kind == ArgKind::kPath) {
      notes.push_back(absl::StrCat("the file it leads to is `realpath(", operand_.argument, ")`"));
    }
    for (const Argument& other : syscall_.signature->args) {
      const std::vector<std::string> fields = FieldsOf(other);
      if (!fields.empty()) notes.push_back(ListFields(other.name, fields));
    }
    return Error(absl::StrCat(Name(), " of ", Call(), " has no fields"), notes);
  }

  absl::StatusOr<BoundArgument> BindRealPath() const {
    if (argument_.kind != ArgKind::kPath) {
      std::vector<std::string> notes;
      if (IsDescriptor(argument_)) {
        notes.push_back(absl::StrCat("what a descriptor names is `", operand_.argument, ".path`"));
      }
      return Error(absl::StrCat("`realpath` takes a path: ", Name(), " of ", Call(), " is none"),
                   notes);
    }
    const RealPathReading reading = {.path = static_cast<uint8_t>(index_),
                                     .descriptor = argument_.companion,
                                     .lookup = LookupOf(*syscall_.signature, index_)};
    return Place(ArgWidth::kU64, kPathValue,
                 static_cast<uint8_t>(Bit(reading.descriptor) | Bit(reading.lookup.flags)),
                 reading);
  }

  absl::StatusOr<BoundArgument> BindDescriptor() const {
    if (operand_.field != "path") return NoSuchField();
    return Place(
        ArgWidth::kU64, kPathValue, 0,
        DescriptorReading{static_cast<uint8_t>(index_), argument_.kind == ArgKind::kDirFd});
  }

  absl::StatusOr<BoundArgument> BindAddress() const {
    const int8_t length = argument_.companion;
    // Behind a pointer, the length is the kernel's answer, too.
    if (syscall_.signature->args[length].kind != ArgKind::kLength) return FilledIn();
    AddressReading reading;
    reading.pointer = static_cast<uint8_t>(index_);
    reading.length = static_cast<uint8_t>(length);
    reading.optional = argument_.optional;
    return BindAddressField(operand_.field, reading, Bit(length));
  }

  absl::StatusOr<BoundArgument> BindAddressField(absl::string_view field, AddressReading reading,
                                                 uint8_t registers) const {
    reading.unspecified_is_inet = syscall_.signature->name != "connect";
    for (const AddressField& known : kAddressFields) {
      if (known.value.name != field) continue;
      reading.part = known.part;
      return Place(known.value.width, known.value, registers, reading);
    }
    return NoSuchField();
  }

  absl::StatusOr<BoundArgument> BindStruct(const StructType& type) const {
    StructReading structure;
    structure.type = &type;
    structure.pointer = static_cast<uint8_t>(index_);
    structure.optional = argument_.optional;
    if (type.extent != StructType::Extent::kFixed) {
      structure.extent = argument_.companion;
      structure.extent_width =
          WidthOn(syscall_.arch, syscall_.signature->args[argument_.companion]);
    }
    const uint8_t registers = Bit(structure.extent);
    if (type.address >= 0) {
      absl::string_view field = operand_.field;
      const std::string prefix = absl::StrCat(type.fields[type.address].value.name, ".");
      if (absl::ConsumePrefix(&field, prefix)) {
        AddressReading reading;
        reading.message = structure;
        return BindAddressField(field, reading, registers);
      }
    }
    const StructField* field = type.Find(operand_.field);
    if (field == nullptr || field->value.kind == ArgKind::kSockaddr ||
        field->On(syscall_.arch).size == 0) {
      return NoSuchField();
    }
    BoundArgument place = Place(WidthOf(*field, syscall_.arch), field->value, registers,
                                FieldReading{structure, field});
    place.only_if = SelectorOf(type, *field);
    return place;
  }

  // Null if the field is always there.
  Predicate SelectorOf(const StructType& type, const StructField& field) const {
    if (field.selected_by.empty()) return nullptr;
    const int index = syscall_.signature->IndexOf(type.selector);
    const ArgWidth width = WidthOn(syscall_.arch, syscall_.signature->args[index]);
    std::vector<Predicate> values;
    for (const uint32_t value : field.selected_by) {
      values.push_back(std::make_shared<const PredicateNode>(
          PredicateNode{Compare{.arg = static_cast<uint8_t>(index),
                                .width = width,
                                .op = CompareOp::kEq,
                                .value = value}}));
    }
    if (values.size() == 1) return values.front();
    return std::make_shared<const PredicateNode>(PredicateNode{AnyOf{std::move(values)}});
  }

  const Operand& operand_;
  const Syscall& syscall_;
  const Argument& argument_;
  const int index_;
};

}  // namespace

std::optional<int> MemoryArgumentOf(const Operand& operand, const Syscall& syscall) {
  const Signature& signature = *syscall.signature;
  if (const std::optional<int> index = RawRegister(operand.argument)) {
    if (static_cast<size_t>(*index) < signature.args.size()) return index;
    return std::nullopt;
  }
  const int index = signature.IndexOf(operand.argument);
  if (index >= 0) return index;
  if (operand.argument != "addr" || operand.real_path) return std::nullopt;
  for (size_t i = 0; i < signature.args.size(); ++i) {
    if (signature.args[i].kind == ArgKind::kSockaddr) return static_cast<int>(i);
  }
  return std::nullopt;
}

absl::StatusOr<BoundArgument> BindMemory(const Operand& operand, const Syscall& syscall) {
  const std::optional<int> index = MemoryArgumentOf(operand, syscall);
  if (!index.has_value()) {
    return ErrorAt(operand.span, absl::StrCat("`", syscall.signature->name, "` has no argument `",
                                              operand.argument, "`"));
  }
  return Binder(operand, syscall, syscall.signature->args[*index], *index).Bind();
}

std::vector<std::string> FieldsOf(const Argument& argument) {
  std::vector<std::string> fields;
  const auto add_address = [&fields](absl::string_view prefix) {
    for (const AddressField& field : kAddressFields) {
      fields.push_back(absl::StrCat(prefix, field.value.name));
    }
  };
  if (IsDescriptor(argument)) return {"path"};
  if (argument.kind == ArgKind::kSockaddr) add_address("");
  if (argument.structure == nullptr) return fields;
  for (const StructField& field : argument.structure->fields) {
    if (field.value.kind == ArgKind::kSockaddr) {
      add_address(absl::StrCat(field.value.name, "."));
    } else {
      fields.emplace_back(field.value.name);
    }
  }
  return fields;
}

}  // namespace provost
