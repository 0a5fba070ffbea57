#ifndef PROVOST_POLICY_FOREIGN_EXPORTERS_H_
#define PROVOST_POLICY_FOREIGN_EXPORTERS_H_

#include "policy/foreign/foreign.h"
#include "policy/policy.h"

namespace provost {

// One function a language; ExportPolicy chooses.
Converted ExportProvost(const Policy& policy);
Converted ExportOci(const Policy& policy);
Converted ExportSnap(const Policy& policy);
Converted ExportMinijail(const Policy& policy);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_EXPORTERS_H_
