#include "emulate/builtin.h"

namespace provost {

absl::Span<const BuiltinEmulator> BuiltinEmulators() {
  static constexpr BuiltinEmulator kEmulators[] = {
      {UnameSpec, MakeUname},
      {RandomSpec, MakeRandom},
      {IdsSpec, MakeIds},
  };
  return kEmulators;
}

}  // namespace provost
