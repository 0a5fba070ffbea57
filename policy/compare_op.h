#ifndef PROVOST_POLICY_COMPARE_OP_H_
#define PROVOST_POLICY_COMPARE_OP_H_

#include "policy/predicate.h"

namespace provost {

// The comparison that holds where `op` does not.
CompareOp Opposite(CompareOp op);

// "==", "<=": as our language, minijail's and C write it.
const char* Symbol(CompareOp op);

}  // namespace provost

#endif  // PROVOST_POLICY_COMPARE_OP_H_
