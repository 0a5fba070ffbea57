#ifndef PROVOST_POLICY_PREDICATE_MEMORY_H_
#define PROVOST_POLICY_PREDICATE_MEMORY_H_

#include <optional>

#include "policy/decider.h"
#include "policy/predicate.h"
#include "syscalls/request.h"
#include "syscalls/sub_calls.h"

namespace provost {

// The part of Evaluate that reads memory.
Truth EvaluateMemory(const MemoryTest& test, const SyscallRequest& request,
                     ArgumentReader& arguments);

// The request for the call that a multiplexer's `request` asks for; its number is that of `call`.
// nullopt if its arguments cannot be read.
std::optional<SyscallRequest> RequestOf(const SubCall& call, const SyscallRequest& request,
                                        ArgumentReader& arguments);

}  // namespace provost

#endif  // PROVOST_POLICY_PREDICATE_MEMORY_H_
