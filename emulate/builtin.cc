#include "emulate/builtin.h"

namespace provost {

absl::Span<const BuiltinEmulator> BuiltinEmulators() {
  static constexpr BuiltinEmulator kEmulators[] = {
      {UnameSpec, MakeUname},   {MachineSpec, MakeMachine}, {OlderSpec, MakeOlder},
      {RandomSpec, MakeRandom}, {RemovedSpec, MakeRemoved},
  };
  return kEmulators;
}

}  // namespace provost
