#include "emulate/builtin.h"

namespace provost {

absl::Span<const BuiltinEmulator> BuiltinEmulators() {
  static constexpr BuiltinEmulator kEmulators[] = {
      {UnameSpec, MakeUname},
      {RandomSpec, MakeRandom},
      {PathsSpec, MakePaths},
  };
  return kEmulators;
}

}  // namespace provost
