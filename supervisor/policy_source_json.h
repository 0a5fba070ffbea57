#ifndef PROVOST_SUPERVISOR_POLICY_SOURCE_JSON_H_
#define PROVOST_SUPERVISOR_POLICY_SOURCE_JSON_H_

#include "nlohmann/json.hpp"
#include "policy/parser.h"

namespace provost {

// Policies as they go from one process to another, member by member.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicySource::Root, name, directory, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicySource, roots, includes, needs_default)

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_POLICY_SOURCE_JSON_H_
