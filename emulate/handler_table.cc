#include "emulate/handler_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "emulate/builtin.h"

namespace provost {

const HandlerTable& HandlerTable::Builtin() {
  static const auto* const table = [] {
    auto* made = new HandlerTable;
    for (const BuiltinEmulator& emulator : BuiltinEmulators()) {
      made->Add(emulator.spec(), emulator.factory);
    }
    return made;
  }();
  return *table;
}

void HandlerTable::Add(EmulatorSpec spec, HandlerFactory factory) {
  if (spec.check == nullptr) {
    spec.check = [factory](const Emulation& told) { return factory(told).status(); };
  }
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].name != spec.name) continue;
    specs_[i] = std::move(spec);
    factories_[i] = std::move(factory);
    return;
  }
  specs_.push_back(std::move(spec));
  factories_.push_back(std::move(factory));
}

absl::StatusOr<std::unique_ptr<Handler>> HandlerTable::Make(const Emulation& told) const {
  for (size_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].name == told.emulator) return factories_[i](told);
  }
  return absl::NotFoundError(absl::StrCat("no emulator is called `", told.emulator, "`"));
}

}  // namespace provost
