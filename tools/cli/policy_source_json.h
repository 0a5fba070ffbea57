#ifndef PROVOST_TOOLS_CLI_POLICY_SOURCE_JSON_H_
#define PROVOST_TOOLS_CLI_POLICY_SOURCE_JSON_H_

#include "nlohmann/json.hpp"
#include "policy/parser.h"

namespace provost {

// A policy's text as one program leaves it to another.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicySource::Root, name, directory, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicySource, roots, includes, needs_default)

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_POLICY_SOURCE_JSON_H_
