#include "emulate/builtin.h"

namespace provost {

absl::Span<const BuiltinEmulator> BuiltinEmulators() {
  static constexpr BuiltinEmulator kEmulators[] = {
      {ClockSpec, MakeClock},
      {UnameSpec, MakeUname},
      {RandomSpec, MakeRandom},
  };
  return kEmulators;
}

}  // namespace provost
