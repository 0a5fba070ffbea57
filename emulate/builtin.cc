#include "emulate/builtin.h"

namespace provost {

absl::Span<const BuiltinEmulator> BuiltinEmulators() {
  // A row a line, in the order in which they are listed.
  // clang-format off
  static constexpr BuiltinEmulator kEmulators[] = {
      {ClockSpec, MakeClock},
      {UnameSpec, MakeUname},
      {MachineSpec, MakeMachine},
      {OlderSpec, MakeOlder},
      {RandomSpec, MakeRandom},
      {RemovedSpec, MakeRemoved},
      {ScriptSpec, MakeScript},
      {PathsSpec, MakePaths},
      {IdsSpec, MakeIds},
  };
  // clang-format on
  return kEmulators;
}

}  // namespace provost
