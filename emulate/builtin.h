#ifndef PROVOST_EMULATE_BUILTIN_H_
#define PROVOST_EMULATE_BUILTIN_H_

// The emulators that come with provost, for handler_table.cc. Each is a file of its own.

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "emulate/handler.h"
#include "policy/emulator_table.h"
#include "policy/verdict.h"

namespace provost {

struct BuiltinEmulator {
  EmulatorSpec (*spec)();
  absl::StatusOr<std::unique_ptr<Handler>> (*factory)(const Emulation& told);
};
absl::Span<const BuiltinEmulator> BuiltinEmulators();

// clock.cc
EmulatorSpec ClockSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeClock(const Emulation& told);
// uname.cc
EmulatorSpec UnameSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeUname(const Emulation& told);
// machine.cc
EmulatorSpec MachineSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeMachine(const Emulation& told);
// older.cc
EmulatorSpec OlderSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeOlder(const Emulation& told);
// removed.cc
EmulatorSpec RemovedSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeRemoved(const Emulation& told);
// script.cc
EmulatorSpec ScriptSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeScript(const Emulation& told);
// random.cc
EmulatorSpec RandomSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeRandom(const Emulation& told);
// paths.cc
EmulatorSpec PathsSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakePaths(const Emulation& told);
// ids.cc
EmulatorSpec IdsSpec();
absl::StatusOr<std::unique_ptr<Handler>> MakeIds(const Emulation& told);

}  // namespace provost

#endif  // PROVOST_EMULATE_BUILTIN_H_
