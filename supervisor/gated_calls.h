#ifndef PROVOST_SUPERVISOR_GATED_CALLS_H_
#define PROVOST_SUPERVISOR_GATED_CALLS_H_

#include "policy/filter_compiler.h"
#include "supervisor/argument_mode.h"
#include "tracee/injected_call.h"

namespace provost {

// What the filters let the tracer have tasks do.
// Emulators give calls memory to read whatever the mode: pass kProtect then.
GatedCalls CallsFor(ArgumentMode mode, const Gate& gate);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_GATED_CALLS_H_
