#ifndef PROVOST_POLICY_WARNING_H_
#define PROVOST_POLICY_WARNING_H_

#include <string>

#include "policy/policy.h"

namespace provost {

// Something a policy's author should know that is no error.
struct PolicyWarning {
  SourceLocation where;
  std::string message;
};

}  // namespace provost

#endif  // PROVOST_POLICY_WARNING_H_
