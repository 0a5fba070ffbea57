#include "supervisor/gated_calls.h"

#include "supervisor/argument_pages.h"
#include "tracee/filter_installer.h"

namespace provost {

GatedCalls CallsFor(ArgumentMode mode, const Gate& gate) {
  GatedCalls calls = {.instruction = gate.instruction(),
                      .names = {kInstallingCalls.begin(), kInstallingCalls.end()},
                      .trace_filters = true};
  if (mode != ArgumentMode::kTrust) {
    calls.names.insert(calls.names.end(), kInjectedCalls.begin(), kInjectedCalls.end());
  }
  return calls;
}

}  // namespace provost
