#ifndef PROVOST_POLICY_FOREIGN_UNORDERED_H_
#define PROVOST_POLICY_FOREIGN_UNORDERED_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/foreign/foreign.h"
#include "policy/foreign/region.h"
#include "policy/policy.h"
#include "policy/verdict.h"

namespace provost {

// What a call gets for some of its arguments, order aside.
struct UnorderedRule {
  Verdict verdict;
  Region where;
};

// One call's rules without order: where two verdicts meet in no call, what is in none gets the
// default.
struct UnorderedCall {
  std::string name;
  std::vector<UnorderedRule> rules;
};

// A policy's rules as the targets that know no order take them: the rules of libseccomp, which
// serve i386 too, and there compare the low 32 bits. Calls in order of name; those that get the
// default always are not there. What this cannot say is added to `losses`: conditions on more than
// registers, records, calls that i386 decides otherwise.
std::vector<UnorderedCall> WithoutOrder(const Policy& policy, absl::string_view target,
                                        Converted& out);

// Notes and losses that are the same for every target: records, `logging on`.
void ReportRecords(const Policy& policy, absl::string_view target, Converted& out);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_UNORDERED_H_
