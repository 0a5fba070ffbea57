#ifndef PROVOST_TOOLS_CLI_EXPLAIN_OUTPUT_H_
#define PROVOST_TOOLS_CLI_EXPLAIN_OUTPUT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "policy/explain.h"
#include "policy/policy.h"
#include "tools/cli/policy_arguments.h"

namespace provost {

// What one of several stacked policies says of a call.
struct PolicyAnswer {
  std::string policy;
  Explanation explanation;
  uint32_t filter;  // what its filter answers: SECCOMP_RET_*
};

struct StackAnswer {
  std::vector<PolicyAnswer> answers;
  size_t winner = 0;      // the index of the most restrictive
  bool by_kernel = true;  // else by the tracer
  // What hardening (policy/harden.h) makes of it, if it does: a call that the policies let run.
  std::optional<Rule> harden;
  // Where the answer is a rewrite: the call it makes, and what is said of that.
  std::string rewritten;
  std::shared_ptr<const StackAnswer> next;  // null: it is the last
  bool too_many = false;                    // the last, and yet another rewrite: ELOOP
};

// Asks policies, of which there is at least one, as `provost run` without an audit log would, and
// of what they rewrite the call to as well.
absl::StatusOr<StackAnswer> AskStack(const std::vector<NamedPolicy>& policies, KnownCall& call);

// "app.policy:3: deny EACCES openat …", "the default, deny EPERM".
std::string DescribeRule(const Rule& rule);

// For people, lines with their ends.
std::string StackAnswerToText(const StackAnswer& answer);
// For programs (docs/EXPLAIN.md).
nlohmann::ordered_json StackAnswerToJson(const StackAnswer& answer);
nlohmann::ordered_json RuleToJson(const Rule& rule);

// JSON with what is no UTF-8 replaced.
std::string Dump(const nlohmann::ordered_json& json);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_EXPLAIN_OUTPUT_H_
