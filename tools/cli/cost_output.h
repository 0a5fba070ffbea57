#ifndef PROVOST_TOOLS_CLI_COST_OUTPUT_H_
#define PROVOST_TOOLS_CLI_COST_OUTPUT_H_

#include <string>

#include "nlohmann/json.hpp"
#include "supervisor/rule_cost.h"

namespace provost {

// What `provost check --cost` says of a policy, called `name`.
std::string CostToText(const std::string& name, const PolicyCost& cost, bool logs);
nlohmann::ordered_json CostToJson(const std::string& name, const PolicyCost& cost, bool logs);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_COST_OUTPUT_H_
